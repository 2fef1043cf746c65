"""
Evaluate in parallel with joblib
================================

Explainers and scorers are plain estimators and callables: they pickle, so that ``n_jobs`` works wherever scikit-learn and
joblib offer it. Here two questions are put to one trained network, in parallel: how faithful is Grad-CAM at each of its
layers, and how much do the clips differ?
"""

import matplotlib.pyplot as plt
from joblib import Parallel, delayed
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skxai.datasets import make_audio_events
from skxai.display import ScoreDistributionDisplay
from skxai.explainers import GradCAM
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.metrics import evaluate
from skxai.models import AcoumonClassifier

scenes = make_audio_events(200, sample_rate=16000, random_state=0)
train, test, y_train, y_test = train_test_split(scenes.data, scenes.target, stratify=scenes.target, random_state=0)
features = make_pipeline(MelSpectrogram(16000, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"))
X_train, X_test = features.fit_transform(train), features.transform(test)
network = AcoumonClassifier(lr=3e-4, random_state=0).fit(X_train, y_train)
print(f"accuracy {network.score(X_test, y_test):.2f}")

# %%
# ``FrozenEstimator`` says that the network is trained: fitting the explainer trains nothing.

explainers = {f"convolution {layer + 1}": GradCAM(FrozenEstimator(network), layer=layer).fit(X_train) for layer in range(4)}
scores = Parallel(n_jobs=2)(
    delayed(evaluate)(explainer, X_test, y_test, ["insertion_auc"]) for explainer in explainers.values()
)

# %%

insertion = {name: values["insertion_auc"] for name, values in zip(explainers, scores)}
for name, values in insertion.items():
    print(f"{name}: insertion AUC {values.mean():.3f}")
ScoreDistributionDisplay.from_scores(insertion, score_name="insertion AUC").plot()
plt.show()
