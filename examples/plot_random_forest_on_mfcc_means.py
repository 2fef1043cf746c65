"""
What does a random forest on MFCC means go by?
==============================================

The classic baseline of sound classification is no network: a random forest on the mean of each cepstral coefficient. Occlusion
and RISE ask a classifier for probabilities only, so that they explain it too, clip by clip, where the forest's own importances
are one list for all. Is the order in which they put the coefficients truer than chance, and truer than that list?
``python examples/plot_random_forest_on_mfcc_means.py FOLDER`` takes your audio in the place of built-in scenes.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skxai.explainers import RISE, Occlusion, RandomMap
from skxai.features import MFCC
from skxai.metrics import evaluate
from skxai.studies import load_clips, split_clips
from skxai.utils.statistics import bootstrap_interval

clips = load_clips(sys.argv[1] if len(sys.argv) > 1 else None, slice_duration=1.0, n_scenes=600)
train, held_out, explained = split_clips(clips, n_test=100)
over_time = FunctionTransformer(np.mean, kw_args={"axis": (1, 3)})  # of cepstra (n, 1, 13, t)
pipe = make_pipeline(MFCC(clips.sample_rate, n_mfcc=13), over_time, StandardScaler())
X_train, X_test, X = (pipe.fit(clips.X[train]).transform(clips.X[part]) for part in (train, held_out, explained))
forest = RandomForestClassifier(200, random_state=0).fit(X_train, clips.y[train])

# %%
# A hidden coefficient is at 0, its mean over the training clips. Each is hidden alone, or at random with half of the others.

hide = {"baseline": 0.0, "random_state": 0}
methods = {
    "Occlusion": Occlusion(FrozenEstimator(forest), window=1, **hide).fit(X_train),
    "RISE": RISE(FrozenEstimator(forest), cell=1, **hide).fit(X_train),
    "random order": RandomMap(FrozenEstimator(forest), random_state=0).fit(X_train),
}
maps = {name: explainer.transform(X) for name, explainer in methods.items()}
maps["importances"] = np.tile(forest.feature_importances_, (len(X), 1))
scoring, values = ["insertion_auc", "neg_deletion_auc"], []
for found in maps.values():
    scores = evaluate(methods["Occlusion"], X, maps=found, scoring=scoring, step=1 / 13, baseline=0.0)
    values.append(scores["insertion_auc"] - scores["deletion_auc"])
values, groups = np.transpose(values), clips.groups[explained]

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", width_ratios=[3, 2])
by_class = pd.DataFrame(maps["Occlusion"]).groupby(forest.predict(X)).mean()
limit = by_class.abs().max(axis=None)
image = left.imshow(by_class, cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="auto")
figure.colorbar(image, ax=left, label="drop of the probability")
left.set(xlabel="cepstral coefficient", xticks=range(13), yticks=range(len(by_class)), yticklabels=by_class.index)
means, (low, high) = values.mean(axis=0), bootstrap_interval(values, groups)
right.barh(list(maps), means, xerr=[means - low, high - means], color="0.7", capsize=3)
right.set(xlabel="insertion − deletion AUC ↑ (0: random)")
low, high = bootstrap_interval(values[:, 0] - values[:, 3], groups)
print(
    f"On {len(X)} clips (accuracy {forest.score(X_test, clips.y[held_out]):.2f}) insertion − deletion AUC is {means[0]:.3f} by "
    f"Occlusion and {means[1]:.3f} by RISE, against {means[2]:.3f} in random order and {means[3]:.3f} in the order of the "
    f"forest's importances (95 % interval of Occlusion less these {low:+.3f} to {high:+.3f}); over all clips coefficient "
    f"{np.abs(maps['Occlusion']).mean(axis=0).argmax()} matters most."
)
plt.show()
