"""
Which representation can be explained best?
===========================================

The same network on 32 × 32 mel spectrograms, linear spectrograms (STFT) and cepstra (MFCC): one grid search over the *first*
step of the pipeline and the last. Insertion AUC − deletion AUC is 0 for a random map whatever the features, so that they can be
compared by it. Pixels go to each clip's mean, or to the lowest value, which is silence in a spectrogram but none in cepstra.

``python examples/plot_grad_cam_over_representation.py FOLDER`` takes your audio in the place of built-in scenes.
"""

import sys
import tempfile

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import sem, ttest_rel
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from skxai.explainers import GradCAM, SmoothGrad
from skxai.features import MFCC, FeatureScaler, MelSpectrogram, ResizeFeatures, Spectrogram
from skxai.metrics import explanation_scorer
from skxai.models import AcoumonClassifier
from skxai.studies import load_clips

clips = load_clips(sys.argv[1] if len(sys.argv) > 1 else None, slice_duration=1.0, n_scenes=600)
clips = clips.take(np.arange(0, len(clips.y), 2))  # every second one: of slices, still some of each recording
spectra = {"mel": MelSpectrogram(clips.sample_rate, n_mels=32), "STFT": Spectrogram(clips.sample_rate)}
spectra["MFCC"] = MFCC(clips.sample_rate, n_mfcc=32)
auc = {name: explanation_scorer("insertion_auc", "neg_deletion_auc", step=0.05, baseline=name) for name in ("mean", "floor")}


def scores(pipe, X, y):
    """Score the maps of a fold's test clips, and the classifier behind them."""
    found = {baseline: sum(scorer(pipe, X).values()) for baseline, scorer in auc.items()}
    return {**found, "accuracy": accuracy_score(y, pipe.predict(X))}


with tempfile.TemporaryDirectory() as cache:
    network = AcoumonClassifier(lr=3e-4, random_state=0)
    methods = {"Grad-CAM": GradCAM(network, memory=cache), "SmoothGrad": SmoothGrad(network, random_state=0, memory=cache)}
    steps = [("spectrum", None), ("size", ResizeFeatures((32, 32))), ("scale", FeatureScaler()), ("explainer", None)]
    grid = {"explainer": list(methods.values()), "spectrum": list(spectra.values())}
    search = GridSearchCV(Pipeline(steps), grid, scoring=scores, refit=False, cv=StratifiedGroupKFold(5), error_score="raise")
    results = search.fit(clips.X, clips.y, groups=clips.groups).cv_results_

# %%
# Bars are means over five folds, with the standard error; a fold has a network of its own.
of = {name: np.array([results[f"split{i}_test_{name}"] for i in range(5)]).reshape(5, 2, 3) for name in (*auc, "accuracy")}
accuracy = of["accuracy"][:, 0].mean(axis=0)
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
for ax, baseline in zip(axes, auc):
    for i, (method, hatch) in enumerate(zip(methods, ("", "//"))):
        mean, error, at = of[baseline][:, i].mean(axis=0), sem(of[baseline][:, i]), np.arange(3) + 0.4 * i - 0.2
        ax.bar(at, mean, 0.36, yerr=error, capsize=3, hatch=hatch, edgecolor="white", label=method)
    ax.set_xticks(range(3), [f"{name}\naccuracy {value:.2f}" for name, value in zip(spectra, accuracy)])
    ax.set(title=f"pixels go to the {baseline}", ylabel="insertion − deletion AUC (0: random)")
axes[0].legend()
said = []
for method, values in zip(methods, of["mean"].swapaxes(0, 1)):
    (mel, stft, mfcc), interval = values.mean(axis=0), ttest_rel(values[:, 0], values[:, 2]).confidence_interval()
    said.append(f"{mel:.3f}, {stft:.3f} and {mfcc:.3f} of {method} (mel less MFCC {interval.low:+.3f} to {interval.high:+.3f})")
print(
    f"Over {len(clips.y)} clips, mel, STFT and MFCC give accuracies of {', '.join(f'{value:.2f}' for value in accuracy)} and, "
    f"towards the mean, insertion − deletion AUCs of {' and '.join(said)}, with 95 % intervals over five folds; towards the "
    f"floor, those of MFCC are {' and '.join(f'{value:.3f}' for value in of['floor'][..., 2].mean(axis=0))}."
)
plt.show()
