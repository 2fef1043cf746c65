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

__all__ = sorted(name for name in globals() if not name.startswith("_"))
