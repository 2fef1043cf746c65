"""
Compare explainers by cross-validation
======================================

Which method is most faithful to *this kind* of network, not to the one that happened to be trained? Each fold trains a
network, explains the clips that it has not seen, and scores the maps. The explainers of a fold share its network.
"""

from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline

from skxai.comparison import compare_explainers
from skxai.datasets import make_audio_events
from skxai.explainers import FasterScoreCAM, GradCAM, GradCAMPlusPlus, VanillaSaliency
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.models import AcoumonClassifier

scenes = make_audio_events(120, sample_rate=16000, random_state=0)
network = AcoumonClassifier(lr=3e-4, random_state=0)


def pipeline(explainer):
    """Lead waveforms to an explainer."""
    return make_pipeline(MelSpectrogram(16000, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"), explainer)


comparison = compare_explainers(
    {
        "saliency": pipeline(VanillaSaliency(network)),
        "Grad-CAM": pipeline(GradCAM(network)),
        "Grad-CAM, a layer below": pipeline(GradCAM(network, layer=-2)),
        "Grad-CAM++": pipeline(GradCAMPlusPlus(network)),
        "Faster Score-CAM": pipeline(FasterScoreCAM(network)),
    },
    scenes.data,
    scenes.target,
    scoring=["insertion_auc", "neg_deletion_auc", "neg_average_drop", "label_flip_rate"],
    cv=StratifiedKFold(3),
    step=0.05,
)
print(comparison)
