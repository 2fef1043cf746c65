"""
Tune SmoothGrad by faithfulness
===============================

How much noise should SmoothGrad add, and how often? 20 % and 20 samples were chosen by eye, on images. Here a grid search
chooses them by what they are for: the map's most relevant pixels should bring the class back soonest (insertion) and take it
away soonest (deletion).

The network of each fold is trained once, however many candidates the grid holds: ``memory`` keeps it.
"""

import tempfile

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

from skxai.datasets import make_audio_events
from skxai.explainers import SmoothGrad
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.metrics import explanation_scorer
from skxai.models import AcoumonClassifier

scenes = make_audio_events(150, sample_rate=16000, random_state=0)

with tempfile.TemporaryDirectory() as cache:
    pipe = make_pipeline(
        MelSpectrogram(16000, n_mels=32),
        ResizeFeatures((32, 32)),
        FeatureScaler("minmax"),
        SmoothGrad(AcoumonClassifier(lr=3e-4, random_state=0), random_state=0, memory=cache),
    )
    search = GridSearchCV(
        pipe,
        {"smoothgrad__noise_level": [0.05, 0.1, 0.2], "smoothgrad__n_samples": [5, 10, 20]},
        scoring=explanation_scorer("insertion_auc", "neg_deletion_auc", step=0.05),
        refit=False,
        cv=StratifiedKFold(3),
    )
    search.fit(scenes.data, scenes.target)

# %%
# One row a candidate. Insertion and deletion are two scores of the same search; here their sum decides.

results = pd.DataFrame(search.cv_results_).rename(columns=lambda name: name.removeprefix("param_smoothgrad__"))
results["faithfulness"] = results["mean_test_insertion_auc"] + results["mean_test_neg_deletion_auc"]
print(results[["noise_level", "n_samples", "faithfulness"]].sort_values("faithfulness", ascending=False).to_string(index=False))

# %%

figure, ax = plt.subplots(layout="constrained")
for (noise_level, rows), style in zip(results.groupby("noise_level"), ("o-", "s--", "^:")):
    ax.plot(rows["n_samples"], rows["faithfulness"], style, label=f"noise level {noise_level:g}")
ax.set(xlabel="number of samples", ylabel="insertion AUC − deletion AUC", title="SmoothGrad, tuned by faithfulness")
ax.legend()
plt.show()
