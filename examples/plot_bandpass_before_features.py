"""
A band-pass filter before the features
======================================

Lung sounds are often filtered to 100–2000 Hz before anything else. Does that cost accuracy, and does it change what is
explained? The filter is a step of the pipeline that a grid search turns on and off; all else stays as it is, the mel
spectrogram up to half the sample rate too.

``python examples/plot_bandpass_before_features.py FOLDER`` takes your audio in the place of built-in scenes.
"""

import sys
import tempfile

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import ttest_rel
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline

from skxai.explainers import SmoothGrad
from skxai.features import BandpassFilter, FeatureScaler, MelSpectrogram, ResizeFeatures, feature_axes
from skxai.metrics import explanation_scorer
from skxai.models import AcoumonClassifier
from skxai.studies import load_clips

clips = load_clips(sys.argv[1] if len(sys.argv) > 1 else None, slice_duration=1.0, n_scenes=600)
clips = clips.take(np.arange(0, len(clips.y), 2))  # every second one: of slices, still some of each recording
faithfulness = explanation_scorer("insertion_auc", "neg_deletion_auc", step=0.05)


def scores(pipe, X, y):
    """Score a fold's test clips: the classifier, its maps, and where in frequency they lie."""
    relevance, rows = pipe.transform(X).mean(axis=(0, 1, 3)), feature_axes(pipe).frequencies
    inside = relevance[(rows >= 100) & (rows <= 2000)].sum() / relevance.sum()
    return {"accuracy": accuracy_score(y, pipe.predict(X)), "auc": sum(faithfulness(pipe, X).values()), "inside": inside}


with tempfile.TemporaryDirectory() as cache:
    steps = {
        "filter": "passthrough",
        "mel": MelSpectrogram(clips.sample_rate, n_mels=32),
        "size": ResizeFeatures((32, 32)),
        "scale": FeatureScaler("minmax"),
        "explainer": SmoothGrad(AcoumonClassifier(lr=3e-4, random_state=0), random_state=0, memory=cache),
    }
    grid = {"filter": ["passthrough", BandpassFilter(100, 2000, clips.sample_rate)]}
    search = GridSearchCV(Pipeline(list(steps.items())), grid, scoring=scores, refit=False, cv=StratifiedGroupKFold(5))
    results = search.fit(clips.X, clips.y, groups=clips.groups).cv_results_

# %%
# A line a fold, from the pipeline without the filter to the one with it.

labels = {"accuracy": "accuracy", "auc": "insertion − deletion AUC (0: random)", "inside": "relevance between 100 and 2000 Hz"}
figure, axes = plt.subplots(1, 3, figsize=(9, 3.6), layout="constrained")
said = []
for ax, (name, label) in zip(axes, labels.items()):
    without, with_filter = np.transpose([results[f"split{fold}_test_{name}"] for fold in range(5)])
    ax.plot([without, with_filter], "o-", color="0.7")
    ax.plot([without.mean(), with_filter.mean()], "ks-", linewidth=2)
    ax.set(xlim=(-0.3, 1.3), ylabel=label)
    ax.set_xticks([0, 1], ["all frequencies", "100–2000 Hz"])
    low, high = ttest_rel(with_filter, without).confidence_interval()
    said.append(
        f"{label} from {without.mean():.3f} to {with_filter.mean():.3f} (95 % interval of the change {low:+.3f} to {high:+.3f})"
    )
print(f"Over {len(clips.y)} clips in five folds, the band-pass filter takes {', '.join(said)}.")
plt.show()
