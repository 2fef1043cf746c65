"""Class activation maps: a weighted sum of the feature maps of one layer, brought to the size of the features."""

import warnings
from abc import abstractmethod
from numbers import Integral
from typing import Any

import torch

from ..engine import cam_layer_of, freeze
from ._base import Explainer, MemoryLike
from ._conventions import Resizing, names_of

# How the map becomes one of the features' size, by convention. captum keeps its sign; all others have taken the ReLU.
RESIZINGS = {
    None: Resizing(),
    "captum": Resizing(),
    "pytorch-grad-cam": Resizing(before=1e-7, after=1e-7),
    "tf-keras-vis": Resizing(corners=True, after=1e-7),
    "torch-cam": Resizing(before=1e-8),
}


class CAM(Explainer):
    """Base class of class activation maps; for the parameters see ``GradCAM``."""

    _parameter_constraints = {
        **Explainer._parameter_constraints,
        "layer": [str, Integral, None],
        "convention": names_of(RESIZINGS),
    }

    def __init__(
        self,
        estimator: Any,
        *,
        target: Any = None,
        layer: str | int | None = None,
        convention: str | None = None,
        batch_size: int | None = None,
        memory: MemoryLike = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(estimator, target=target, batch_size=batch_size, memory=memory, verbose=verbose)
        self.layer = layer
        self.convention = convention

    def _network(self, X, module=None):
        layer = cam_layer_of(self.estimator_) if self.layer is None else self.layer
        return freeze(self.estimator_, X, layer=layer, last_convolution=True, batch_size=self.batch_size, module=module)

    def _check_network(self, X):
        network = self._network(X)
        activations = network.activations(network.tensor(X[:1]))  # raises where the layer gives no feature maps
        collapsed = _collapsed_axes(X.shape[1:], tuple(activations.shape[2:]))
        if collapsed:
            enough = [
                name for name, shape in network.convolution_shapes(X[:1]).items() if not _collapsed_axes(X.shape[1:], shape[1:])
            ]
            advice = f" The last convolution that resolves them is layer={enough[-1]!r}." if enough else ""
            warnings.warn(
                f"layer={network.layer!r} sees clips of shape {X.shape[1:]} as {tuple(activations.shape[2:])}: the maps of "
                f"{type(self).__name__} are constant along the {' and the '.join(collapsed)} axis.{advice}",
                UserWarning,
                stacklevel=3,
            )


class GradientCAM(CAM):
    """A CAM whose weights follow from the gradients at the layer. Subclasses say how, in ``_weights``."""

    _finds_target = True

    @abstractmethod
    def _weights(self, activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
        """Return the weights of feature maps ``(b, k, p)``, or of their p pixels, from the gradients ``(b, k, p)`` of S_c."""

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        activations, gradients = network.activation_gradients(x, target)
        weights = self._weights(activations.flatten(2), gradients.flatten(2))
        maps = weighted_sum(activations, weights, signed=self.convention == "captum")
        return project(maps, x.shape, RESIZINGS[self.convention])


def weighted_sum(activations, weights, signed=False):
    """Return ReLU(Σ_k w_k ⊙ A_k) ``(b, ...)`` of feature maps ``(b, k, ...)``; signed without the ReLU.

    The weights are those of the maps ``(b, k)``, or of their pixels ``(b, k, p)``.
    """
    flat = activations.flatten(2)
    maps = torch.bmm(weights[:, None], flat) if weights.dim() == 2 else (weights * flat).sum(1)
    return (maps if signed else maps.relu()).reshape(len(activations), *activations.shape[2:])


def project(maps, shape, resizing=RESIZINGS[None]):
    """Bring maps ``(b, m, ...)``, or ``(b, ...)``, of a layer to the last axes of features of ``shape (b, ...)``, (bi)linearly.

    Channels of the features share a map: the result has a shape that expands to ``shape``.
    """
    spatial = maps.dim() - 1
    resized = resizing(maps[:, None], spatial_size(shape, spatial))
    return resized.reshape(len(maps), *([1] * (len(shape) - 1 - len(shape[1:][-spatial:]))), *shape[1:][-spatial:])


def spatial_size(shape, spatial):
    """Return the last ``spatial`` axes of features of ``shape``; a clip of fewer axes is an image of one row."""
    clip = tuple(shape[1:])
    return (1,) * (spatial - len(clip)) + clip[-spatial:]


def _collapsed_axes(clip_shape, map_shape):
    """Name the axes along which features have extent and the feature maps have none."""
    if len(clip_shape) < 2 or len(map_shape) != 2:
        return []
    axes = zip(("frequency (or cepstral)", "time"), clip_shape[-2:], map_shape)
    return [name for name, extent, resolution in axes if extent > 1 and resolution == 1]
