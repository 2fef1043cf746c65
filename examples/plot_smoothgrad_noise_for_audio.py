"""
How much noise does SmoothGrad want on audio?
=============================================

20 % of a clip's range of values was chosen by eye, on photographs. Spectrograms are other pictures: a grid search asks how much
noise makes the maps of a sound classifier most faithful. No noise is the plain gradient. The spread is that of five folds, each
with a network of its own, which ``memory`` trains once; no recording is in two folds.

``python examples/plot_smoothgrad_noise_for_audio.py FOLDER`` takes your audio in the place of built-in scenes.
"""

import sys
import tempfile

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import sem, ttest_rel
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline

from skxai.explainers import SmoothGrad
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.metrics import explanation_scorer
from skxai.models import AcoumonClassifier
from skxai.studies import load_clips

clips = load_clips(sys.argv[1] if len(sys.argv) > 1 else None, slice_duration=1.0, n_scenes=600)
clips = clips.take(np.arange(0, len(clips.y), 2))  # every second one: of slices, still some of each recording
noise_levels = [0, 0.02, 0.05, 0.1, 0.2, 0.4]
faithfulness = explanation_scorer("insertion_auc", "neg_deletion_auc", "neg_average_drop", step=0.05)


def scores(pipe, X, y):
    """Score the maps of a fold's test clips, and the classifier behind them."""
    found = faithfulness(pipe, X, y)
    difference = found["insertion_auc"] + found["neg_deletion_auc"]
    return {"auc": difference, "drop": -found["neg_average_drop"], "accuracy": accuracy_score(y, pipe.predict(X))}


with tempfile.TemporaryDirectory() as cache:
    explainer = SmoothGrad(AcoumonClassifier(lr=3e-4, random_state=0), random_state=0, memory=cache)
    mel = MelSpectrogram(clips.sample_rate, n_mels=32)
    pipe = make_pipeline(mel, ResizeFeatures((32, 32)), FeatureScaler("minmax"), explainer)
    grid = {"smoothgrad__noise_level": noise_levels}
    search = GridSearchCV(pipe, grid, scoring=scores, refit=False, cv=StratifiedGroupKFold(5))
    results = search.fit(clips.X, clips.y, groups=clips.groups).cv_results_

# %%
# A grey line a fold; the black one is their mean with its standard error.

folds = {name: np.array([results[f"split{fold}_test_{name}"] for fold in range(5)]) for name in ("auc", "drop", "accuracy")}
labels = {"auc": "insertion − deletion AUC ↑ (0: random)", "drop": "average drop ↓"}
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for ax, (name, label) in zip(axes, labels.items()):
    ax.plot(folds[name].T, color="0.75", linewidth=1)
    ax.errorbar(range(len(noise_levels)), folds[name].mean(axis=0), sem(folds[name]), fmt="ko-", capsize=3)
    ax.set_xticks(range(len(noise_levels)), [f"{level:.0%}" for level in noise_levels])
    ax.set(xlabel="noise level", ylabel=label)

auc, usual = folds["auc"].mean(axis=0), noise_levels.index(0.2)
best, least_drop = auc.argmax(), folds["drop"].mean(axis=0).argmin()
low, high = (0, 0) if best == usual else ttest_rel(folds["auc"][:, best], folds["auc"][:, usual]).confidence_interval()
print(
    f"Over {len(clips.y)} clips (accuracy {folds['accuracy'].mean():.2f}) insertion − deletion AUC is greatest with noise of "
    f"{noise_levels[best]:.0%}: {auc[best]:.3f} against {auc[usual]:.3f} with the usual 20 % (95 % interval of the difference "
    f"over five folds {low:+.3f} to {high:+.3f}) and {auc[0]:.3f} with none; average drop is least with "
    f"{noise_levels[least_drop]:.0%}."
)
plt.show()
