"""
SmoothGrad with cross-validation of its own
===========================================

``SmoothGradCV`` is to ``SmoothGrad`` as scikit-learn's ``LassoCV`` is to ``Lasso``: it chooses the noise level and the number
of samples itself. The draws of 50 samples begin with those of 20, so that all of them cost what the largest does; the
results are those of ``GridSearchCV``. Here the network is trained already, and ``FrozenEstimator`` keeps it as it is.
"""

import matplotlib.pyplot as plt
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxai.datasets import make_audio_events
from skxai.explainers import SmoothGradCV
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.metrics import get_scorer
from skxai.models import AcoumonClassifier

scenes = make_audio_events(150, sample_rate=16000, random_state=0)
features = make_pipeline(MelSpectrogram(16000, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"))
X, y = features.fit_transform(scenes.data), scenes.target
classifier = AcoumonClassifier(lr=3e-4, random_state=0).fit(X[:100], y[:100])

explainer = SmoothGradCV(
    FrozenEstimator(classifier),
    noise_levels=[0.02, 0.05, 0.1, 0.2, 0.4],
    n_samples=[5, 10, 20, 50],
    scoring=get_scorer("insertion_auc", step=0.05),
    random_state=0,
).fit(X[100:], y[100:])
print(f"noise level {explainer.noise_level_:g} and {explainer.n_samples_} samples: insertion AUC {explainer.best_score_:.3f}")

# %%
# The grid, one curve a number of samples.

scores = explainer.cv_results_["mean_test_score"].reshape(4, 5)  # candidates in GridSearchCV's order: n_samples, noise_level
figure, ax = plt.subplots(layout="constrained")
for n_samples, row, style in zip(explainer.n_samples, scores, ("o-", "s--", "^:", "v-.")):
    ax.plot(explainer.noise_levels, row, style, label=f"{n_samples} samples")
ax.set(xscale="log", xlabel="noise level", ylabel="insertion AUC", title="SmoothGrad, tuned by faithfulness")
ax.legend()
plt.show()
