"""
Explaining a network that hears samples, not spectrograms
=========================================================

M5 (Dai et al. 2017) learns its filters from the waveform itself. Its maps have a value for each sample: when, but not at which
frequencies, it heard what it decided by. In scenes it is known when the event sounds, so that one can count how much of the
relevance lies within; a map that knows nothing has the event's share of the time there, and mere loudness has more.

Whether a method is faithful needs no truth: silence 40 ms of the clip at a time, and see whether the class loses as much as the
map says (the faithfulness estimate). Hiding sample after sample would mostly remove the loud ones. Silence is 0 for M5, not
the lowest sample.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.frozen import FrozenEstimator

from skxai.display import SaliencyDisplay
from skxai.explainers import EnergyMap, FasterScoreCAM, GradCAM, IntegratedGradients, VanillaSaliency
from skxai.features import FeatureAxes
from skxai.metrics import evaluate
from skxai.models import M5Classifier
from skxai.studies import load_clips, split_clips

clips = load_clips(None, n_scenes=600, scenes_sample_rate=8000)
train, _, held_out = split_clips(clips, n_test=40)
network = M5Classifier(random_state=0).fit(clips.X[train], clips.y[train])
accuracy = network.score(clips.X[held_out], clips.y[held_out])
explained = held_out[network.predict(clips.X[held_out]) == clips.y[held_out]]  # elsewhere there is no event to be found

# %%
# The truth: the samples between the event's onset and its offset.

X, axes = clips.X[explained], FeatureAxes.of_waveforms(clips.X.shape[1], clips.sample_rate)
events = [clips.events[clip] for clip in explained]
sounding = np.array([(axes.times >= event.onset) & (axes.times < event.offset) for (event,) in events], dtype=np.float32)

methods = {
    "gradient": VanillaSaliency,
    "integrated gradients": IntegratedGradients,
    "Grad-CAM": GradCAM,
    "Faster Score-CAM": FasterScoreCAM,
    "loudness": EnergyMap,
}
maps, mass, faithful = {}, {}, {}
for name, make in methods.items():
    explainer = make(FrozenEstimator(network)).fit(X)
    maps[name] = explainer.transform(X)
    scoring = ["relevance_mass_accuracy", "faithfulness_estimate"]
    found = evaluate(explainer, X, None, scoring, maps=maps[name], truth=sounding, segments=(1, 25))
    mass[name], faithful[name] = (np.nanmean(found[metric]) for metric in ("relevance_mass_accuracy", "faithfulness_estimate"))

# %%
# One clip: the waveform, and under it what each method takes for relevant.

clip = [int(np.argmin(sounding.mean(axis=1)))]
title = f"{clips.y[explained][clip[0]]}, {clips.names[explained][clip[0]]}"
of_clip = {name: np.abs(each[clip]) for name, each in maps.items()}
SaliencyDisplay.from_maps(of_clip, X[clip], axes=axes, titles=[title], events=[events[clip[0]]])

said = [f"{mass[name]:.0%} for {name} (faithfulness estimate {faithful[name]:+.2f})" for name in methods]
print(
    f"On {len(explained)} clips that M5 gets right (accuracy {accuracy:.2f}), events sound for {sounding.mean():.0%} of the "
    f"time and have this share of the relevance: {', '.join(said)}."
)
plt.show()
