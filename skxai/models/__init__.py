"""Audio CNN classifiers: trained by skorch, or trained already by somebody else. One import below registers one of them."""

from inspect import isclass

from .acoumon import AcoumonClassifier, AcoumonNet
from .m5 import M5Classifier, M5Net
from .pretrained import PretrainedClassifier
from .resnet import ResNet, ResNetClassifier
from .torch_classifier import TorchClassifier

__all__ = sorted(name for name, value in globals().items() if isclass(value))
