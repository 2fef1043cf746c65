"""From a fitted estimator to the predictor that runs it."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn

from ._classifier import module_of, output_of, unwrap
from ._layers import layer_name
from ._network import FrozenNetwork
from ._predictor import OpaquePredictor, Predictor
from ._sharing import shared


@shared
def freeze(
    estimator: BaseEstimator,
    X: np.ndarray,
    *,
    layer: str | int | None = None,
    last_convolution: bool = False,
    batch_size: int | None = None,
    module: nn.Module | None = None,
) -> FrozenNetwork:
    """Make the fast copy of the network of a fitted classifier, which may be inside an explainer or ``FrozenEstimator``.

    The first clip of ``X (n, ...)`` serves as the example. ``layer``, a name or an index into the convolutions, is recorded;
    None is no layer, or with ``last_convolution`` the last convolution. ``batch_size`` None is within the working memory.
    ``module`` takes the place of the classifier's own, such as a randomised copy. Raise TypeError if the estimator holds no
    torch module, ValueError if there is no such layer, or if the module does not return one score for each class.
    """
    estimator = unwrap(estimator)
    module = module_of(estimator) if module is None else module
    if module is None:
        check_is_fitted(estimator)
        raise TypeError(
            f"estimator must be a classifier with a torch module (a classifier of skxai, or skorch's NeuralNetClassifier); "
            f"got {type(estimator).__name__}."
        )
    return FrozenNetwork(
        module,
        X[:1],
        classes=estimator.classes_,
        output=output_of(estimator),
        layer=layer_name(module, layer) if layer is not None or last_convolution else None,
        batch_size=batch_size,
    )


@shared
def predictor(estimator: BaseEstimator, X: np.ndarray, *, batch_size: int | None = None) -> Predictor:
    """Return a ``Predictor`` of any fitted classifier with ``predict_proba``, or of the classifier inside an explainer.

    The first clip of ``X (n, ...)`` serves as the example; ``batch_size`` None is within the working memory.
    """
    classifier = unwrap(estimator)
    if module_of(classifier) is not None:
        return freeze(classifier, X, batch_size=batch_size)
    if not hasattr(classifier, "predict_proba"):
        raise TypeError(f"estimator must be a fitted classifier with predict_proba; got {type(classifier).__name__}.")
    check_is_fitted(classifier)
    return OpaquePredictor(classifier, X[:1].size, batch_size)
