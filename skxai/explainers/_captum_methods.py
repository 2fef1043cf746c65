"""What captum's attribution methods need to be run on clips: how each is called, its settings for audio, its limits."""

import inspect
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from ..engine import BASELINES, resolve_baseline
from ._picture import as_clips, sizes

CLIPS_OF_FIT = "clips of fit"  # a baseline: some of the clips that were seen in fit
N_OF_FIT = 16  # how many
EIGHTH = 0.125
FEW = "6 patches"  # the orders of 6 are 720


@dataclass(frozen=True)
class Method:
    """How a method of captum's is run."""

    defaults: dict = field(default_factory=dict)  # what captum leaves to the user, or does not suit clips
    sees_layers: bool = False  # captum hangs hooks on the layers, so that it must get the module
    by_gradient: bool = True  # the others run the network forward only
    clip_by_clip: bool = False  # each clip alone: because captum draws, or keeps many inputs of a clip at once


def _layers(**defaults):
    return Method(defaults, sees_layers=True)


def _perturbing(**defaults):
    return Method(defaults, by_gradient=False, clip_by_clip=True)


METHODS = {
    "Saliency": Method(),
    "InputXGradient": Method(),
    "IntegratedGradients": Method({"baselines": "floor"}, clip_by_clip=True),
    "GradientShap": Method({"baselines": CLIPS_OF_FIT, "n_samples": 20}, clip_by_clip=True),
    "GuidedBackprop": _layers(),
    "Deconvolution": _layers(),
    "GuidedGradCam": _layers(layer=None),
    "DeepLift": _layers(baselines="floor"),
    "DeepLiftShap": Method({"baselines": CLIPS_OF_FIT}, sees_layers=True, clip_by_clip=True),
    "LRP": _layers(),
    "Occlusion": _perturbing(baselines="floor", sliding_window_shapes=EIGHTH, strides=0.5),
    "FeatureAblation": _perturbing(baselines="floor", feature_mask=EIGHTH),
    "FeaturePermutation": _perturbing(feature_mask=EIGHTH),
    "ShapleyValueSampling": _perturbing(baselines="floor", feature_mask=EIGHTH),
    "ShapleyValues": _perturbing(baselines="floor", feature_mask=FEW),
    "Lime": _perturbing(baselines="floor", feature_mask=EIGHTH, n_samples=500),
    "KernelShap": _perturbing(baselines="floor", feature_mask=EIGHTH, n_samples=500),
}

# What is not a setting of a method: what it is called with here, and what would change the kind of its result.
TAKEN = {
    "self", "model", "forward_func", "inputs", "target", "additional_forward_args", "return_convergence_delta",
    "return_input_shape", "show_progress", "verbose", "method", "device_ids", "kwargs",
}  # fmt: skip


def settings_of(attribution):
    """Return the names of the parameters of a class of captum's: of its constructor, and of ``attribute``."""
    return [
        [name for name in inspect.signature(function).parameters if name not in TAKEN]
        for function in (attribution.__init__, attribution.attribute)
    ]


# -- parameters from the form that suits clips to captum's -----------------------------------------------------------------


def baselines(given, x, feature_range, seed, of_fit):
    """Return the baselines of clips ``x (b, ...)`` as a tensor: one for each clip, or a distribution.

    ``given`` is a name or number of ``resolve_baseline``, "clips of fit", or an array of the shape of a clip or ``(m, ...)``.
    """
    if isinstance(given, str) and given == CLIPS_OF_FIT:
        return torch.as_tensor(of_fit, device=x.device)
    if isinstance(given, (torch.Tensor, np.ndarray)) and np.ndim(given) > 0:
        given = torch.as_tensor(given, dtype=x.dtype, device=x.device)
        return given.expand_as(x) if given.dim() < x.dim() else given
    try:
        return resolve_baseline(given, x, feature_range, seed).expand_as(x).contiguous()
    except ValueError:
        names = ", ".join([*BASELINES, repr(CLIPS_OF_FIT)])
        raise ValueError(
            f"baselines of CaptumExplainer must be a finite number, one of {names}, or an array of the shape of a clip or of "
            f"several; got {given!r}."
        ) from None


def feature_mask(given, x):
    """Return the number of the patch that each value of a clip is in, in the shape of ``x (1, ...)``.

    ``given`` is the size of a patch, see ``sizes``, "6 patches", or an array of the numbers themselves.
    """
    if given is None:  # captum's own: each value by itself
        return None
    if isinstance(given, (torch.Tensor, np.ndarray)) and np.ndim(given) > 0:
        return torch.as_tensor(given, dtype=torch.long, device=x.device).expand_as(x)
    axes = tuple(x.shape[1:][-2:])
    if isinstance(given, str) and given == FEW:
        given = (1 / 6,) if len(axes) == 1 else (1 / 2, 1 / 3)
    height, width = sizes(given, axes, name="feature_mask", owner="CaptumExplainer")
    rows, columns = (torch.arange(extent, device=x.device) // size for extent, size in zip((1, *axes)[-2:], (height, width)))
    patches = rows[:, None] * (int(columns[-1]) + 1) + columns
    return as_clips(patches[None], x).expand_as(x)


def window(given, x, name, of=None):
    """Return a size along all axes of a clip of ``x (b, ...)``, channels among them, as captum takes it.

    ``given`` is a size on the picture, see ``sizes``, of which channels are no axis, or captum's own tuple. A share is of the
    clip, or of the window ``of``.
    """
    clip = tuple(x.shape[1:])
    if given is None or (isinstance(given, (tuple, list)) and len(given) == len(clip) > 2):
        return given if given is None else tuple(given)
    whole = clip if of is None else of
    rows, columns = sizes(given, whole[-2:], name=name, owner="CaptumExplainer")
    return (*whole[:-2], rows, columns)[-len(clip) :]


# -- what captum goes by: layers ---------------------------------------------------------------------------------------

SHAPES = {
    "__get__", "__getitem__", "clone", "contiguous", "detach", "dim", "expand", "flatten", "movedim", "numel", "permute",
    "reshape", "size", "squeeze", "to", "transpose", "unflatten", "unsqueeze", "view", "view_as",
}  # fmt: skip
SUMS = {
    "add", "add_", "sub", "sub_", "mean", "sum", "cat", "stack", "avg_pool1d", "avg_pool2d", "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
}  # fmt: skip
RELUS = {"relu", "relu_"}
# Modules of torch whose layers are not linear, besides those of pooling by a maximum or a norm.
NONLINEAR = {"activation", "distance", "instancenorm", "normalization", "rnn", "transformer"}
# The nonlinear layers for which captum has a rule; others it would take for linear.
OF_DEEP_LIFT = {"ReLU", "ELU", "LeakyReLU", "Sigmoid", "Tanh", "Softplus", "Softmax", "MaxPool1d", "MaxPool2d", "MaxPool3d"}
# Linear layers, and such as only change the shape, that are missing in captum's table of rules for LRP.
ALSO_LINEAR = (
    nn.Conv1d, nn.Conv3d, nn.BatchNorm1d, nn.BatchNorm3d, nn.AvgPool1d, nn.AdaptiveAvgPool1d, nn.Flatten, nn.Unflatten,
    nn.Identity,
)  # fmt: skip


def limit_of(method, module, x):
    """Return what of a module captum's method would pass over without saying so, as a reason to refuse it, or None."""
    functions = _functions_outside_layers(module, x)
    if method == "LRP":
        passed_over = functions - SHAPES
    elif method.startswith("DeepLift"):
        passed_over = functions - SHAPES - SUMS | _nonlinear_layers(module) - OF_DEEP_LIFT
    else:
        passed_over = functions & RELUS
    if not passed_over:
        return None
    return f"it goes by layers, and has no rule for {', '.join(sorted(passed_over))} of this module."


def add_rules(module):
    """Give layers that are missing in captum's table of LRP the rule that it has for all linear layers."""
    from captum.attr._utils.lrp_rules import EpsilonRule

    for layer in module.modules():
        if isinstance(layer, ALSO_LINEAR):
            layer.rule = EpsilonRule()


def _nonlinear_layers(module):
    kinds = {(type(layer).__module__.removeprefix("torch.nn.modules."), type(layer).__name__) for layer in module.modules()}
    return {name for place, name in kinds if place in NONLINEAR or "MaxPool" in name or "LPPool" in name}


def _functions_outside_layers(module, x):
    """Return the names of the operations that a module does by itself, and not in a layer of torch's."""
    layers = [layer for layer in module.modules() if type(layer).__module__.startswith("torch.nn")]
    noted, handles = _Functions(), []
    for layer in (layer for layer in layers if not any(True for _ in layer.children())):
        handles.append(layer.register_forward_pre_hook(noted.enter))
        handles.append(layer.register_forward_hook(noted.leave))
    try:
        with torch.no_grad(), noted:
            module(x)
    finally:
        for handle in handles:
            handle.remove()
    return noted.names


class _Functions(TorchFunctionMode):
    """Notes the names of the operations that are called outside of layers."""

    def __init__(self):
        super().__init__()
        self.depth, self.names = 0, set()

    def enter(self, layer, inputs):
        self.depth += 1

    def leave(self, layer, inputs, output):
        self.depth -= 1

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if self.depth == 0:
            self.names.add(getattr(function, "__name__", repr(function)))
        return function(*args, **(kwargs or {}))
