"""Any attribution method of captum's as an explainer."""

import contextlib
import importlib
import inspect
import warnings
from typing import Any, Self

import torch

from ..engine import layer_name, slices
from ..utils.locks import ForkSafeLock
from ..utils.random import RandomStateLike, numpy_seed, torch_seed
from ..utils.validation import StrOptions
from ._base import Explainer, MemoryLike
from ._captum_methods import CLIPS_OF_FIT, METHODS, N_OF_FIT, add_rules, baselines, feature_mask, limit_of, settings_of, window

# captum draws from the global generators and hangs hooks on layers, whose results it keeps there: one batch at a time.
_ONE_AT_A_TIME = ForkSafeLock()


class CaptumExplainer(Explainer):
    r"""An attribution method of captum's, under the contracts of all explainers.

    It needs captum: ``pip install skxai[captum]``. The method explains the scores S before the softmax, on a copy of the
    network: the classifier's own module, torch's and NumPy's random states stay as they were. What is drawn comes from
    ``random_state`` and is the same for every clip, so that maps do not depend on the batch.

    See ``VanillaSaliency`` for the parameters and attributes that are not listed.

    Parameters
    ----------
    method : str, default="IntegratedGradients"
        A class of ``captum.attr``: by gradients "Saliency", "InputXGradient", "IntegratedGradients", "GradientShap"; by rules
        for layers "GuidedBackprop", "Deconvolution", "GuidedGradCam", "DeepLift", "DeepLiftShap", "LRP"; by perturbation
        "Occlusion", "FeatureAblation", "FeaturePermutation", "ShapleyValueSampling", "ShapleyValues", "Lime", "KernelShap".
    random_state : int, RandomState instance or None, default=None
        Seed of what the method draws. It is read in ``fit``: every ``transform`` gives the same maps.
    **params
        Parameters of the method, of captum's constructor or of its ``attribute``, by captum's names, such as ``n_steps`` or
        ``multiply_by_inputs``. They can be searched as any other. Four have a form that suits clips besides captum's own, and
        defaults where captum has none:

        - ``baselines``: a name or number as the ``baseline`` of ``Occlusion``; "clips of fit", which are 16 clips drawn from
          those of ``fit``; or an array. "floor", silence, by default; "clips of fit" for GradientShap and DeepLiftShap, whose
          baseline is a distribution.
        - ``feature_mask``: the size of patches that are perturbed as one, a number of values or a share of the clip as the
          ``window`` of ``Occlusion``, or captum's array of their numbers. 0.125 by default, which is 8 × 8 patches, and 6
          patches for ShapleyValues, which runs through all their orders.
        - ``sliding_window_shapes``, ``strides``: as ``window`` and ``stride`` of ``Occlusion``, with the same defaults.
        - ``layer``, of GuidedGradCam: the name of a layer; None is the last convolution.

        ``n_samples`` is 500 by default for Lime and KernelShap, 20 for GradientShap; ``perturbations_per_eval`` and
        ``internal_batch_size`` follow ``batch_size``.

    Attributes
    ----------
    clips_of_fit_ : ndarray of shape (m, ...) or None
        Clips of ``fit`` that the method compares with; None where it does not.

    Raises
    ------
    ImportError
        In ``fit``, if captum is missing.
    ValueError
        In ``fit``, for a parameter that the method does not have, or a network that it cannot explain, with captum's reason.
        What captum would pass over in silence is refused, too: for GuidedBackprop, Deconvolution and GuidedGradCam ReLUs that
        are functions and not layers, for DeepLift and DeepLiftShap anything nonlinear outside of layers, or in layers for
        which captum has no rule, for LRP anything but a change of shape outside of layers.

    Notes
    -----
    LRP has captum's rule for linear layers also for those linear layers, and changes of shape, that captum's table lacks, such
    as ``Conv1d`` and ``Flatten``. Maps of DeepLift add up to the difference of the scores up to captum's rule for max pooling.
    FeaturePermutation exchanges a patch with those of other clips, in captum with whatever is in the batch. Here these are
    clips of ``fit``. ``method`` of captum's IntegratedGradients, the quadrature, cannot be given: it is Gauss–Legendre.

    See Also
    --------
    IntegratedGradients, Occlusion : Of skxai's own, on its faster engine.

    References
    ----------
    .. [1] Kokhlikyan et al., "Captum: a unified and generic model interpretability library for PyTorch", arXiv:2009.07896,
       2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import CaptumExplainer
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> explainer = CaptumExplainer(AcoumonClassifier(random_state=0), method="Lime", n_samples=20, random_state=0)
    >>> explainer.fit(X, y).transform(X[:2]).shape
    (2, 1, 32, 32)
    """

    _parameter_constraints = {**Explainer._parameter_constraints, "method": [StrOptions(set(METHODS))]}
    _params: dict[str, Any] = {}  # of the method; never changed in place
    _in_parallel = False  # one batch at a time, see _ONE_AT_A_TIME

    def __init__(
        self,
        estimator: Any,
        method: str = "IntegratedGradients",
        *,
        target: Any = None,
        batch_size: int | None = None,
        memory: MemoryLike = None,
        random_state: RandomStateLike = None,
        verbose: int = 0,
        **params: Any,
    ) -> None:
        super().__init__(estimator, target=target, batch_size=batch_size, memory=memory, verbose=verbose)
        self.method = method
        self.random_state = random_state
        if params:
            self._params = params

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, those of the method among them; with ``deep`` those of the classifier, too."""
        return {**super().get_params(deep), **self._params}

    def set_params(self, **params: Any) -> Self:
        """Set parameters; names that are not the explainer's own are the method's."""
        own = {*inspect.signature(type(self)).parameters} - {"params"}
        of_method = {name: value for name, value in params.items() if name not in own and "__" not in name}
        super().set_params(**{name: value for name, value in params.items() if name not in of_method})
        if of_method:
            self._params = {**self._params, **of_method}
        return self

    def _fit_classifier(self, X, y):
        attribution = _captum(self.method)
        known = sorted({name for names in settings_of(attribution) for name in names})
        unknown = [name for name in self._params if name not in known]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not a parameter of captum's {self.method}; they are {', '.join(known)}.")
        return super()._fit_classifier(X, y)

    def _check_network(self, X):
        network, method = self._network(X), METHODS[self.method]
        self.clips_of_fit_ = self._drawn(X)
        x, column = network.tensor(X[:1]), network.class_indices(X[:1], self.target)
        refused = f"captum's {self.method} cannot explain {network.owner} with {self._settings()}: "
        limit = limit_of(self.method, network.scores_module(), x) if method.sees_layers else None
        if limit is not None:
            raise ValueError(refused + limit)
        try:
            self._explain(network, x, torch.as_tensor(column, device=network.device))
        except Exception as error:  # whatever captum raises
            raise ValueError(f"{refused}{type(error).__name__}: {error}") from error

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        method = METHODS[self.method]
        with _ONE_AT_A_TIME, _without_captums_news(), torch.set_grad_enabled(method.by_gradient):
            # A new copy each time: captum leaves what it hung on layers behind after an error.
            scores = network.scores_module() if method.by_gradient else _forward_only(network)
            parts = slices(len(x), 1 if method.clip_by_clip else len(x))
            return torch.cat([self._attribute(network, scores, x[clips].clone(), target[clips]) for clips in parts])

    def _attribute(self, network, scores, x, target):
        """Return captum's attributions of clips ``x (b, ...)``, of one if the method is called clip by clip."""
        attribution = _captum(self.method)
        settings, (of_constructor, of_call) = self._settings(), settings_of(attribution)
        n_clips, n_inputs = len(x), 1
        if "baselines" in settings:
            settings["baselines"] = self._baselines(settings["baselines"], x)
        if "feature_mask" in settings:
            settings["feature_mask"] = feature_mask(settings["feature_mask"], x)
        if "sliding_window_shapes" in settings:
            shape = window(settings["sliding_window_shapes"], x, "sliding_window_shapes")
            settings["sliding_window_shapes"] = shape
            settings["strides"] = window(settings["strides"], x, "strides", of=shape)
        if "layer" in settings:
            settings["layer"] = scores.module.get_submodule(layer_name(scores.module, settings["layer"]))
        if self.method == "LRP":
            add_rules(scores)
        if self.method == "FeaturePermutation":
            x = torch.cat([x, network.tensor(self.clips_of_fit_)])
            target, n_inputs = target.expand(len(x)), len(x)
        if "perturbations_per_eval" in of_call:
            settings.setdefault("perturbations_per_eval", max(1, network.batch_size // n_inputs))
        if "internal_batch_size" in of_call:
            settings.setdefault("internal_batch_size", network.gradient_batch_size)
        constructed = {name: value for name, value in settings.items() if name in of_constructor}
        called = {name: value for name, value in settings.items() if name not in of_constructor}
        if METHODS[self.method].by_gradient:
            x = x.requires_grad_()
        with torch_seed(self.seed_), numpy_seed(self.seed_):
            return attribution(scores, **constructed).attribute(x, target=target, **called)[:n_clips].detach()

    def _settings(self):
        """Return the parameters of the method: those that are given, and the defaults for clips."""
        return {**METHODS[self.method].defaults, **self._params}

    def _baselines(self, given, x):
        found = baselines(given, x, self.feature_range_, self.seed_, self.clips_of_fit_)
        # A distribution of one is one for captum, too, but for its check.
        return found.repeat(2, *[1] * (x.dim() - 1)) if self.method == "DeepLiftShap" and len(found) == 1 else found

    def _drawn(self, X):
        """Return clips of ``fit`` for a method that compares with them, at least two, as captum asks for."""
        given = self._settings().get("baselines")
        if self.method == "FeaturePermutation" or (isinstance(given, str) and given == CLIPS_OF_FIT):
            return X[self._random().choice(len(X), max(2, min(N_OF_FIT, len(X))), replace=len(X) < 2)]
        return None


def _captum(method):
    """Return a class of captum's."""
    try:
        return getattr(importlib.import_module("captum.attr"), method)
    except ImportError as error:
        raise ImportError(f"CaptumExplainer needs captum: pip install skxai[captum]. {error}") from error


@contextlib.contextmanager
def _without_captums_news():
    """Leave out the warnings that captum gives wherever it is used as it should be."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"(?s).*(backward hooks|required_grads)", category=UserWarning)
        yield


def _forward_only(network):
    """Return what captum may call for scores where it needs no gradients: the engine's fastest copy."""
    return lambda inputs: network.logits(inputs.clone()).clone()
