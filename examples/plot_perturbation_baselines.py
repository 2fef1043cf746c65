"""
Does the perturbation baseline choose the winner?
=================================================

Deletion, insertion and average drop replace parts of a clip by a baseline that stands for nothing to hear. Which method looks
most faithful should not depend on it; here it is tried. Features are standardised, so that 0, the baseline of most packages, is
the average of the training clips and not silence. One network, one set of maps: only the metrics' baseline changes.
``python examples/plot_perturbation_baselines.py FOLDER`` takes your audio in the place of built-in scenes.
"""

import itertools
import sys

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import rankdata, zscore
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxai.explainers import GradCAM, GradCAMPlusPlus, ScoreCAM, SmoothGrad, VanillaSaliency
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.metrics import evaluate
from skxai.models import AcoumonClassifier
from skxai.studies import load_clips, split_clips
from skxai.utils.statistics import bootstrap_means

clips = load_clips(sys.argv[1] if len(sys.argv) > 1 else None, slice_duration=1.0, n_scenes=600)
train, held_out, explained = split_clips(clips, n_test=100)
pipe = make_pipeline(MelSpectrogram(clips.sample_rate, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("standard"))
X_train, X_test, X = (pipe.fit(clips.X[train]).transform(clips.X[part]) for part in (train, held_out, explained))
net = FrozenEstimator(AcoumonClassifier(lr=3e-4, random_state=0).fit(X_train, clips.y[train]))

# %%
# Values by clip, baseline, metric and method; losses are negated, so that greater is better.
baselines, scoring = ["floor", "mean", "blur", "uniform", 0.0], ["insertion_auc", "neg_deletion_auc", "neg_average_drop"]
explainers = [VanillaSaliency(net), SmoothGrad(net, random_state=0), GradCAM(net), GradCAMPlusPlus(net), ScoreCAM(net)]
values = np.empty((len(X), len(baselines), len(scoring), len(explainers)))
for (i, explainer), (j, baseline) in itertools.product(enumerate(explainers), enumerate(baselines)):
    found = evaluate(explainer.fit(X_train), X, scoring=scoring, step=0.05, baseline=baseline)
    values[:, j, :, i] = np.transpose(list(found.values())) * [1, -1, -1]


def agreement(a, b):
    """Return Spearman's correlation of the methods (last axis) between baselines, averaged over the metrics."""
    a, b = (zscore(rankdata(means, axis=-1).reshape(*means.shape[:-2], -1), axis=-1) for means in (a, b))
    return a @ b.swapaxes(-1, -2) / a.shape[-1]


means, redrawn = np.nanmean(values, axis=0), bootstrap_means(values, clips.groups[explained])
pairs = np.triu_indices(len(baselines), 1)
between = agreement(means, means)[pairs].mean()
low, high = np.quantile(agreement(redrawn, redrawn)[:, *pairs].mean(axis=1), [0.025, 0.975])
same = np.diagonal(agreement(redrawn, means), axis1=1, axis2=2).mean()  # what redrawing the clips alone changes

plt.style.use("tableau-colorblind10")
figure, axes = plt.subplots(1, 3, figsize=(11, 3.8), layout="constrained")
ranks, names = rankdata(-means, axis=-1), [type(explainer).__name__ for explainer in explainers]
for i, ax in enumerate(axes):
    for line, marker in zip(ax.plot(ranks[:, i], label=names), "os^Dv"):
        line.set_marker(marker)
    ax.set(title=scoring[i].removeprefix("neg_"), ylabel="rank (1: most faithful)", ylim=(5.3, 0.7))
    ax.set_xticks(range(5), baselines)
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
first = [" or ".join(sorted({names[best] for best in of_metric.argmin(axis=1)})) for of_metric in ranks.swapaxes(0, 1)]
print(
    f"On {len(X)} clips (accuracy {net.score(X_test, clips.y[held_out]):.2f}) the rankings of five methods by two baselines "
    f"correlate by {between:+.2f} (95 % interval {low:+.2f} to {high:+.2f}), by one baseline on redrawn clips by "
    f"{same:+.2f}; first is {first[0]} by insertion, {first[1]} by deletion, {first[2]} by average drop."
)
plt.show()
