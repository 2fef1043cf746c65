"""The one place where torch models are run: fast frozen copies, batches within a memory budget, gradients, activations."""

from ._batches import batch_size_within, blocks, slices
from ._classifier import (
    FeatureRange,
    FittedClassifier,
    FittedNetworkClassifier,
    cam_layer_of,
    feature_range,
    module_of,
    output_of,
    silence_of,
    unwrap,
)
from ._config import config_context, get_config, set_config
from ._from_estimator import freeze, predictor
from ._layers import layer_name
from ._masking import BASELINES, is_constant, mask, minmax, resolve_baseline
from ._network import FrozenNetwork
from ._predictor import OpaquePredictor, Predictor, unperturbed_probabilities
from ._progress import progress_bars
from ._recorded_copy import UpperPart
from ._scores import Output, Scores, scores_of
from ._sharing import candidate_passes, shared, shared_passes, unshared_passes

__all__ = [
    "BASELINES",
    "FeatureRange",
    "FittedClassifier",
    "FittedNetworkClassifier",
    "FrozenNetwork",
    "OpaquePredictor",
    "Output",
    "Predictor",
    "Scores",
    "UpperPart",
    "batch_size_within",
    "blocks",
    "cam_layer_of",
    "candidate_passes",
    "config_context",
    "feature_range",
    "freeze",
    "get_config",
    "is_constant",
    "layer_name",
    "mask",
    "minmax",
    "module_of",
    "output_of",
    "predictor",
    "progress_bars",
    "resolve_baseline",
    "scores_of",
    "set_config",
    "shared",
    "shared_passes",
    "silence_of",
    "slices",
    "unperturbed_probabilities",
    "unshared_passes",
    "unwrap",
]
