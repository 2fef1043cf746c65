"""The one place where torch models are run: fast frozen copies, batches within a memory budget, gradients, activations."""

from ._batches import batch_size_within, blocks, slices
from ._forward import Scores, scores_of
from ._from_estimator import freeze, output_of, predictor, unwrap
from ._layers import layer_name
from ._masking import BASELINES, FeatureRange, feature_range, is_constant, mask, minmax, resolve_baseline
from ._network import FrozenNetwork
from ._precision import config_context
from ._predictor import OpaquePredictor, Predictor, unperturbed_probabilities
from ._progress import progress_bars
from ._sharing import candidate_passes, shared, shared_passes, unshared_passes

__all__ = [
    "BASELINES",
    "FeatureRange",
    "FrozenNetwork",
    "OpaquePredictor",
    "Predictor",
    "Scores",
    "batch_size_within",
    "blocks",
    "candidate_passes",
    "config_context",
    "feature_range",
    "freeze",
    "is_constant",
    "layer_name",
    "mask",
    "minmax",
    "output_of",
    "predictor",
    "progress_bars",
    "resolve_baseline",
    "scores_of",
    "shared",
    "shared_passes",
    "slices",
    "unperturbed_probabilities",
    "unshared_passes",
    "unwrap",
]
