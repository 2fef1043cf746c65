"""Audio CNN classifiers: trained by skorch, or trained already by somebody else."""

from .acoumon import AcoumonClassifier, AcoumonNet
from .m5 import M5Classifier, M5Net
from .pretrained import PretrainedClassifier
from .resnet import ResNet, ResNetClassifier
from .torch_classifier import TorchClassifier

__all__ = [
    "AcoumonClassifier",
    "AcoumonNet",
    "M5Classifier",
    "M5Net",
    "PretrainedClassifier",
    "ResNet",
    "ResNetClassifier",
    "TorchClassifier",
]
