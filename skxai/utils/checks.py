"""The contracts of explainers and metrics, for those of this package and for anybody's own.

Each check is a small function that states one contract and raises where it is broken: ``check_explainer`` and
``check_metric`` run all of them, a test suite parametrizes over ``explainer_checks()`` and ``metric_checks()``, so that a
broken contract is one failing test. This module and ``discovery`` stand above the packages whose members they look at, and
only display, report and cli may import them.
"""

import contextlib
import inspect
import pickle
import random
import warnings

import joblib
import numpy as np
import sklearn
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from skorch import NeuralNetClassifier
from torch import nn

from ..explainers import Explainer, VanillaSaliency
from ..metrics._base import is_metric
from ..models import PretrainedClassifier
from ..models._shapes import as_image
from .random import torch_seed

__all__ = ["check_explainer", "check_metric", "explainer_checks", "metric_checks"]

CLASSES = ["alarm", "cough", "wheeze"]
SHAPES = [(24,), (10, 12), (1, 10, 12)]
TOLERANCE = 1e-5  # relative to the greatest value: what the order of float32 sums may change


def check_explainer(explainer, *, expected_failed_checks=None):
    """Check that an explainer keeps the contracts of skxai.

    Parameters
    ----------
    explainer : Explainer
        With any parameters. It is cloned, and its ``estimator`` is exchanged for the small networks of the checks; a
        ``layer`` should be None or an index.
    expected_failed_checks : dict from str to str or None, default=None
        Names of checks that are not run, each with the reason.

    Raises
    ------
    AssertionError
        Says which contract is broken, and how.

    See Also
    --------
    sklearn.utils.estimator_checks.check_estimator : The contracts of all estimators, which come on top.

    Examples
    --------
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.models import AcoumonClassifier
    >>> from skxai.utils.checks import check_explainer
    >>> check_explainer(VanillaSaliency(AcoumonClassifier()))
    """
    _run(explainer_checks(), explainer, type(explainer).__name__, expected_failed_checks)


def check_metric(metric, *, expected_failed_checks=None):
    """Check that a metric keeps the contracts of skxai.

    Parameters
    ----------
    metric : callable
        A function that was declared with ``skxai.metrics.metric``.
    expected_failed_checks : dict from str to str or None, default=None
        Names of checks that are not run, each with the reason.

    Raises
    ------
    AssertionError
        Says which contract is broken, and how.

    Examples
    --------
    >>> from skxai.metrics import average_drop
    >>> from skxai.utils.checks import check_metric
    >>> check_metric(average_drop)
    """
    _run(metric_checks(), metric, getattr(metric, "__name__", repr(metric)), expected_failed_checks)


def explainer_checks():
    """Return the checks of an explainer.

    Returns
    -------
    list of callable
        Each ``check(explainer)`` raises where its contract is broken; its name and its docstring say which that is.

    Examples
    --------
    >>> from skxai.utils.checks import explainer_checks
    >>> explainer_checks()[0].__name__
    'check_maps_have_the_shape_of_the_features'
    """
    return [
        check_maps_have_the_shape_of_the_features,
        check_maps_do_not_depend_on_batches,
        check_maps_do_not_depend_on_threads,
        check_maps_do_not_depend_on_gradient_mode,
        check_fit_is_reproducible,
        check_constant_network_gives_zero_maps,
        check_planted_event_is_found,
        check_target_chooses_the_class,
        check_unknown_target_is_refused,
        check_bad_features_are_refused,
        check_user_state_stays,
        check_user_state_stays_after_an_error,
        check_all_kinds_of_classifiers,
        check_softmax_at_the_end_changes_nothing,
        check_fast_and_plain_network_agree,
        check_fitted_explainer_pickles,
        check_another_module_is_explained,
        check_verbs_are_inherited,
    ]


def metric_checks():
    """Return the checks of a metric.

    Returns
    -------
    list of callable
        Each ``check(metric)`` raises where its contract is broken; its name and its docstring say which that is.

    Examples
    --------
    >>> from skxai.utils.checks import metric_checks
    >>> metric_checks()[0].__name__
    'check_metric_is_declared'
    """
    return [
        check_metric_is_declared,
        check_one_value_a_clip_within_bounds,
        check_values_do_not_depend_on_other_clips,
        check_values_do_not_depend_on_batch_size,
        check_values_are_reproducible,
        check_truth_beats_chance_beats_its_opposite,
        check_constant_map_spoils_no_other_clip,
        check_any_classifier_will_do,
        check_bad_maps_are_refused,
        check_arguments_and_random_state_stay,
    ]


def _run(checks, subject, name, expected_failed_checks):
    expected = expected_failed_checks or {}
    unknown = set(expected) - {check.__name__ for check in checks}
    if unknown:
        raise ValueError(
            f"expected_failed_checks must hold names of checks, {', '.join(check.__name__ for check in checks)}; "
            f"got {sorted(unknown)}."
        )
    for check in checks:
        if check.__name__ in expected:
            continue
        try:
            check(subject)
        except Exception as error:
            contract = inspect.getdoc(check).splitlines()[0]
            raise AssertionError(f"{name} fails {check.__name__}: {contract} {type(error).__name__}: {error}") from error


# -- the networks and clips of the checks ------------------------------------------------------------------------------


class UnfoldedNorm(nn.BatchNorm2d):
    """A batch norm of a type that the engine does not know, and so leaves where it is."""


class SmallNet(nn.Module):
    """Two convolutions with batch norm and what engines trip over: in-place operations, a view, a residual sum.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one clip, of 1 to 3 dimensions.
    n_classes : int, default=3
    norm : type, default=torch.nn.BatchNorm2d
    """

    def __init__(self, input_shape, n_classes=3, norm=nn.BatchNorm2d):
        super().__init__()
        self.image, channels = as_image(input_shape)
        self.conv1 = nn.Conv2d(channels, 6, 3, padding=1, bias=False)
        self.norm1 = norm(6)
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.body = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), norm(6), nn.ReLU(inplace=True))
        self.dropout = nn.Dropout(0.5)
        self.mean = nn.AdaptiveAvgPool2d((2, 3))
        self.dense = nn.Linear(36, n_classes)

    def forward(self, x):
        """Return logits ``(n, n_classes)``."""
        x = self.pool(self.norm1(self.conv1(self.image(x))).relu_())
        x = self.mean(self.dropout(x + self.body(x)))
        return self.dense(x.reshape(x.shape[0], -1))


def _small_net(shape, norm=nn.BatchNorm2d, seed=0):
    """Return a ``SmallNet`` with random weights and random statistics, as if it were trained."""
    with torch_seed(seed):
        net = SmallNet(shape, norm=norm)
        for layer in net.modules():
            if isinstance(layer, nn.BatchNorm2d):
                nn.init.normal_(layer.running_mean, std=0.3)
                nn.init.uniform_(layer.running_var, 0.3, 2)
                nn.init.normal_(layer.weight, 1, 0.3)
                nn.init.normal_(layer.bias, std=0.3)
    return net


class FragileNet(SmallNet):
    """A ``SmallNet`` that fails on a loud clip."""

    def forward(self, x):
        """Return logits, or raise."""
        if x.max() > 100:
            raise RuntimeError("too loud for FragileNet")
        return super().forward(x)


class Detector(nn.Module):
    """Hears a tone, which is a row, and a click, which is a column, and nothing else: it is known what it goes by."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 7, padding=3)
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.weight[0, 0, 3, :] = 1 / 7
            self.conv.weight[1, 0, :, 3] = 1 / 7
            self.conv.bias.fill_(-0.6)
        # The last convolution gives the evidence itself, which is not negative: Grad-CAM++ is derived for such maps.
        self.evidence = nn.Conv2d(2, 2, 1, bias=False)
        with torch.no_grad():
            self.evidence.weight.copy_(torch.eye(2).view(2, 2, 1, 1))

    def forward(self, x):
        """Return logits ``(n, 2)`` of clips ``(n, 1, f, t)``."""
        return 60 * self.evidence(self.conv(x).relu()).mean((2, 3))


def _clips(shape, n=9, seed=0):
    return np.random.default_rng(seed).random((n, *shape), dtype=np.float32)


def _tones_and_clicks(n=5, seed=0):
    """Return clips ``(n, 1, 20, 24)`` with a tone and a click each, and the masks of both."""
    generator = np.random.default_rng(seed)
    tones, clicks = np.zeros((2, n, 1, 20, 24), dtype=bool)
    for tone, click in zip(tones, clicks):
        tone[:, generator.integers(2, 18)] = True
        click[:, :, generator.integers(2, 22)] = True
    return (tones | clicks).astype(np.float32), tones, clicks


def _fitted(explainer, module, X, **params):
    """Return a clone of the explainer, fitted on the module as a classifier that is trained already."""
    estimator = module if isinstance(module, BaseEstimator) else PretrainedClassifier(module, CLASSES)
    explainer = clone(explainer).set_params(estimator=estimator, **params)
    if "random_state" in explainer.get_params(deep=False):
        explainer.set_params(random_state=0)
    return explainer.fit(X)


def _assert_same(actual, expected, message, tolerance=TOLERANCE):
    scale = np.abs(expected).max() or 1.0
    difference = np.abs(np.asarray(actual, float) - expected).max() / scale
    assert difference <= tolerance, f"{message}: they differ by {difference:.2g} of the greatest value."


@contextlib.contextmanager
def _raises(kind, *words, because):
    """Expect an error whose message holds all of the words."""
    try:
        yield
    except kind as error:
        message = str(error)
    except Exception as error:
        raise AssertionError(f"{because} must raise {kind.__name__}; got {type(error).__name__}: {error}") from error
    else:
        raise AssertionError(f"{because} must raise {kind.__name__}; it raised nothing.")
    missing = [word for word in words if word.lower() not in message.lower()]
    assert not missing, f"{because} must raise a message with {missing[0]!r}; got {message!r}"


@contextlib.contextmanager
def _untouched(module=None, *arrays):
    """Assert that a block changes neither the module, nor the arrays, nor any global state, also when it raises."""
    before = _global_state(), _module_state(module), [joblib.hash(array) for array in arrays]
    try:
        yield
    finally:
        after = _global_state(), _module_state(module), [joblib.hash(array) for array in arrays]
    for old, new in zip(before[:2], after[:2]):
        changed = [name for name in old if old[name] != new.get(name)]
        assert not changed, f"changed: {', '.join(changed)}."
    assert before[2] == after[2], "changed: an array that was given as an argument."


def _global_state():
    return {
        "torch's random state": joblib.hash(torch.get_rng_state().numpy()),
        "NumPy's random state": joblib.hash(np.random.get_state()),  # noqa: NPY002
        "Python's random state": random.getstate(),
        "torch's number of threads": torch.get_num_threads(),
        "torch's gradient mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "torch's default dtype": torch.get_default_dtype(),
        "scikit-learn's configuration": sklearn.get_config(),
    }


def _module_state(module):
    if module is None:
        return {}
    named = dict(module.named_modules())
    parameters = dict(module.named_parameters())
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "the module's weights or buffers": joblib.hash({name: value.numpy() for name, value in module.state_dict().items()}),
        "the module's training mode": {name: layer.training for name, layer in named.items()},
        "the module's hooks": {name: [list(getattr(layer, hook)) for hook in hooks] for name, layer in named.items()},
        "the module's attributes": {name: sorted(vars(layer)) for name, layer in named.items()},
        "the module's in-place flags": {name: getattr(layer, "inplace", None) for name, layer in named.items()},
        "the module's parameter objects": {name: id(value) for name, value in parameters.items()},
        "the module's requires_grad": {name: value.requires_grad for name, value in parameters.items()},
        "the module's .grad": {
            name: None if value.grad is None else joblib.hash(value.grad.numpy()) for name, value in parameters.items()
        },
    }


def _module_in_use(module):
    """Return the module as in the middle of somebody's training: training mode, gradients, a hook, a frozen layer."""
    module.train()
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    module.conv1.weight.requires_grad_(False)
    module.dense.register_forward_hook(_no_change)
    return module


def _no_change(module, inputs, output):
    return None


# -- contracts of explainers -------------------------------------------------------------------------------------------


def check_maps_have_the_shape_of_the_features(explainer):
    """Maps have the shape of X, in 2, 3 and 4 dimensions; they are float32 and finite."""
    for shape in SHAPES:
        X = _clips(shape)
        maps = _fitted(explainer, _small_net(shape), X).transform(X)
        assert isinstance(maps, np.ndarray), f"transform must return an array; got {type(maps).__name__}."
        assert maps.shape == X.shape, f"maps of X of shape {X.shape} have the shape {maps.shape}."
        assert maps.dtype == np.float32, f"maps are of dtype {maps.dtype}, not float32."
        assert np.isfinite(maps).all(), f"maps of X of shape {X.shape} are not finite."


def check_maps_do_not_depend_on_batches(explainer):
    """A clip's map depends neither on the batch size, nor on memory, nor on the order of clips or the clips beside it."""
    shape = SHAPES[-1]
    X, net = _clips(shape, n=16), _small_net(shape)
    maps = _fitted(explainer, net, X, batch_size=None).transform(X)
    for size in (1, 7, 100):
        _assert_same(_fitted(explainer, net, X, batch_size=size).transform(X), maps, f"batch_size=None and batch_size={size}")
    fitted = _fitted(explainer, net, X)
    with sklearn.config_context(working_memory=0.05):
        _assert_same(fitted.transform(X), maps, "much and little working_memory")
    _assert_same(fitted.transform(X[::-1])[::-1], maps, "clips in order and in reversed order")
    _assert_same(fitted.transform(X[5:6]), maps[5:6], "a clip among others and alone")


def check_maps_do_not_depend_on_threads(explainer):
    """Maps do not depend on the number of torch's threads."""
    shape = SHAPES[-1]
    X = _clips(shape)
    fitted, threads = _fitted(explainer, _small_net(shape), X), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = fitted.transform(X)
        torch.set_num_threads(2)
        two = fitted.transform(X)
    finally:
        torch.set_num_threads(threads)
    _assert_same(two, one, "maps with one and with two threads")


def check_maps_do_not_depend_on_gradient_mode(explainer):
    """Maps are the same inside torch.no_grad() and torch.inference_mode()."""
    shape = SHAPES[-1]
    X, net = _clips(shape), _small_net(shape)
    maps = _fitted(explainer, net, X).transform(X)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            _assert_same(_fitted(explainer, net, X).transform(X), maps, f"maps outside and inside torch.{mode.__name__}()")


def check_fit_is_reproducible(explainer):
    """The same seed gives the same maps, in every transform and after every fit."""
    shape = SHAPES[-1]
    X, net = _clips(shape), _small_net(shape)
    fitted = _fitted(explainer, net, X)
    maps = fitted.transform(X)
    np.testing.assert_array_equal(fitted.transform(X), maps, "two transforms differ.")
    np.testing.assert_array_equal(_fitted(explainer, net, X).transform(X), maps, "two fits with the same seed differ.")


def check_constant_network_gives_zero_maps(explainer):
    """Nothing is relevant to a network that does not look at its input."""
    shape = SHAPES[-1]
    X, net = _clips(shape), _small_net(shape)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    maps = _fitted(explainer, net, X).transform(X)
    assert (maps == 0).all(), f"a network with all weights 0 has maps up to {np.abs(maps).max():.2g}."


def check_planted_event_is_found(explainer):
    """Most of the relevance lies on what the network goes by, and not on another event in the same clip."""
    X, tones, clicks = _tones_and_clicks()
    fitted = _fitted(explainer, PretrainedClassifier(Detector(), ["tone", "click"]), X)
    for target, event, other in (("tone", tones, clicks), ("click", clicks, tones)):
        relevance = np.abs(fitted.explain(X, target)).reshape(len(X), -1)
        assert (relevance.sum(axis=1) > 0).all(), f"the maps of {target!r} are zero, though there is a {target} in each clip."
        share = (relevance * (event & ~other).reshape(len(X), -1)).sum(axis=1) / relevance.sum(axis=1)
        assert share.min() > 0.5, (
            f"in one clip only {share.min():.0%} of the relevance for {target!r} lie on the {target}, which alone the network "
            "goes by."
        )


def check_target_chooses_the_class(explainer):
    """``target`` is the predicted class by default, or a label, or one label for each clip."""
    shape = SHAPES[-1]
    X, net = _clips(shape), _small_net(shape)
    fitted = _fitted(explainer, net, X, target=None)
    per_class = {label: fitted.explain(X, label) for label in CLASSES}
    for label in CLASSES:
        by_parameter = _fitted(explainer, net, X, target=label).transform(X)
        _assert_same(by_parameter, per_class[label], f"the parameter target={label!r} and explain(X, {label!r})")
    for given, labels in ((None, fitted.predict(X)), (np.resize(CLASSES, len(X)), np.resize(CLASSES, len(X)))):
        expected = np.stack([per_class[label][clip] for clip, label in enumerate(labels)])
        _assert_same(fitted.explain(X, given), expected, f"explain(X, {given!r}) and each clip's class")


def check_unknown_target_is_refused(explainer):
    """A class that the classifier does not know is refused, with the ones that it knows, in fit and in explain."""
    shape = SHAPES[-1]
    X, net = _clips(shape), _small_net(shape)
    with _raises(ValueError, "siren", CLASSES[0], because="fit with target='siren'"):
        _fitted(explainer, net, X, target="siren")
    fitted = _fitted(explainer, net, X)
    with _raises(ValueError, "siren", CLASSES[0], because="explain(X, 'siren')"):
        fitted.explain(X, "siren")
    with _raises(ValueError, "target", str(len(X)), because="explain(X, target) with too few targets"):
        fitted.explain(X, CLASSES[:2])


def check_bad_features_are_refused(explainer):
    """NaN, infinite values, empty clips, another shape than in fit and a missing fit are refused."""
    shape = SHAPES[-1]
    X, net, name = _clips(shape), _small_net(shape), type(explainer).__name__
    fitted = _fitted(explainer, net, X)
    with _raises(NotFittedError, name, because="transform before fit"):
        clone(explainer).transform(X)
    for bad, word in ((np.nan, "NaN"), (np.inf, "infinity")):
        spoilt = X.copy()
        spoilt[3, 0, 1, 2] = bad
        with _raises(ValueError, word, because=f"fit on X with {word}"):
            _fitted(explainer, net, spoilt)
        with _raises(ValueError, word, because=f"transform of X with {word}"):
            fitted.transform(spoilt)
    with _raises(ValueError, "(1, 10, 11)", "(1, 10, 12)", name, because="transform of clips of another shape"):
        fitted.transform(X[..., :-1])
    with _raises(ValueError, "dimensions", name, because="transform of X of 5 dimensions"):
        fitted.transform(X[None])
    with _raises(ValueError, "(9, 1, 10, 0)", name, because="fit on clips without values"):
        _fitted(explainer, net, X[..., :0])
    with _raises(ValueError, "0 sample", because="transform of no clips"):
        fitted.transform(X[:0])


def check_user_state_stays(explainer):
    """The user's module, its modes, hooks and gradients, X, y, all random states and torch's settings stay as they were."""
    shape = SHAPES[-1]
    X, y = _clips(shape), np.resize(CLASSES, 9)
    module = _module_in_use(_small_net(shape))
    X.setflags(write=False)
    with _untouched(module, X, y):
        fitted = clone(explainer).set_params(estimator=PretrainedClassifier(module, CLASSES)).fit(X, y)
        fitted.transform(X)
        fitted.predict(X)


def check_user_state_stays_after_an_error(explainer):
    """Where the module fails on a later batch its error comes through, nothing has changed, and the next transform is right."""
    shape = SHAPES[-1]
    X = _clips(shape)
    module = FragileNet(shape)
    module.load_state_dict(_small_net(shape).state_dict())
    fitted = _fitted(explainer, _module_in_use(module), X, batch_size=2)
    maps = fitted.transform(X)
    loud = X.copy()
    loud[-1] = 1000
    with _untouched(module, X, loud):
        with _raises(RuntimeError, "too loud for FragileNet", because="a module that fails on the last batch"):
            fitted.transform(loud)
        _assert_same(fitted.transform(X), maps, "maps before and after an error")


def check_all_kinds_of_classifiers(explainer):
    """A classifier of skxai, skorch's, and both in FrozenEstimator give the same maps for the same module."""
    shape = SHAPES[-1]
    X, net = _clips(shape), _small_net(shape)
    plain = _fitted(explainer, net, X)
    target = plain.predict(X)
    maps = plain.explain(X, target)
    frozen = FrozenEstimator(PretrainedClassifier(net, CLASSES))
    _assert_same(_fitted(explainer, frozen, X).explain(X, target), maps, "a classifier plain and in FrozenEstimator")
    skorch = NeuralNetClassifier(
        SmallNet,
        module__input_shape=shape,
        criterion=nn.CrossEntropyLoss,
        classes=CLASSES,
        max_epochs=1,
        train_split=None,
        verbose=0,
    ).initialize()
    skorch.module_.load_state_dict(net.state_dict())
    fitted = _fitted(explainer, FrozenEstimator(skorch), X)
    assert fitted.estimator_ is skorch or fitted.estimator_.module_ is skorch.module_, "FrozenEstimator was trained or copied."
    _assert_same(fitted.explain(X, target), maps, "a module in PretrainedClassifier and in skorch's NeuralNetClassifier")
    with torch_seed(0):
        trained = clone(explainer).set_params(estimator=clone(skorch).set_params(classes=None)).fit(X, np.resize(CLASSES, 9))
    assert trained.transform(X).shape == X.shape
    assert set(trained.predict(X)) <= set(CLASSES), "predict must return labels."


def check_softmax_at_the_end_changes_nothing(explainer):
    """A module that ends in a softmax is explained by what enters the softmax."""
    shape = SHAPES[-1]
    X, net = _clips(shape), _small_net(shape)
    ended = PretrainedClassifier(nn.Sequential(net, nn.Softmax(dim=1)), CLASSES, output="probabilities")
    _assert_same(
        _fitted(explainer, ended, X).transform(X),
        _fitted(explainer, net, X).transform(X),
        "maps of a network with a softmax at its end and without",
    )


def check_fast_and_plain_network_agree(explainer):
    """The engine's fast copy and the module as it is give the same maps, at every layer that can be asked for."""
    shape = SHAPES[-1]
    X, net = _clips(shape), _small_net(shape)
    plain = _small_net(shape, norm=UnfoldedNorm)
    layers = [{}]
    if "layer" in explainer.get_params(deep=False):
        layers = [{"layer": name} for name in ("conv1", "norm1", "pool", "body", "body.0", "body.1", "body.2", "dropout", 0)]
    for params in layers:
        _assert_same(
            _fitted(explainer, net, X, **params).transform(X),
            _fitted(explainer, plain, X, **params).transform(X),
            f"maps of the fast and of the plain network{f' at {params}' if params else ''}",
        )


def check_fitted_explainer_pickles(explainer):
    """A fitted explainer gives the same maps after pickling; a clone has its parameters and is not fitted."""
    shape = SHAPES[-1]
    X = _clips(shape)
    fitted = _fitted(explainer, _small_net(shape), X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), fitted.transform(X))
    copy = clone(fitted)
    assert not hasattr(copy, "estimator_"), "a clone must not be fitted."
    assert copy.get_params(deep=False).keys() == fitted.get_params(deep=False).keys()


def check_another_module_is_explained(explainer):
    """``explain_module`` gives the maps of the module that it is given, as randomisation checks need."""
    shape = SHAPES[-1]
    X, net, other = _clips(shape), _small_net(shape), _small_net(shape, seed=1)
    fitted = _fitted(explainer, net, X)
    for module in (net, other):
        _assert_same(
            fitted.explain_module(module, X, CLASSES[0]),
            _fitted(explainer, module, X).explain(X, CLASSES[0]),
            "explain_module and an explainer that was fitted on the module",
        )


def check_verbs_are_inherited(explainer):
    """The verbs are those of ``Explainer``, which check arguments and cut batches; a method writes ``_explain``."""
    assert isinstance(explainer, Explainer), "an explainer must be a subclass of skxai.explainers.Explainer."
    verbs = ("fit", "transform", "explain", "predict", "predict_proba", "score", "explain_module")
    overridden = [verb for verb in verbs if getattr(type(explainer), verb) is not getattr(Explainer, verb)]
    assert not overridden, f"{overridden[0]} is overridden."


# -- contracts of metrics ----------------------------------------------------------------------------------------------


def _evidence(n=60, seed=0):
    """Return an explainer of a classifier whose evidence is known, with the clips and the true map of each.

    Two by eight of 64 pixels speak for an event, strongly and by different degrees; each of the others a little against it.
    All clips are predicted as "event", every other one of them is doubtful: hiding the event as well as hiding the rest
    changes some label and raises some probability.
    """
    generator = np.random.default_rng(seed)
    weight = np.full((8, 8), -0.3)
    weight[3:5] = generator.uniform(0.5, 1.5, (2, 8))
    X = []
    while len(X) < n:
        clip = generator.uniform(0, 1) ** 0.5 * generator.uniform(0, 1, (8, 8))
        clip[3:5] = generator.uniform(0, 1) * generator.uniform(0, 1, (2, 8))
        if 0.05 < (weight * clip).sum() < (0.3 if len(X) % 2 else np.inf):
            X.append(clip)
    X = np.array(X, dtype=np.float32)[:, None]
    X[0, 0, 0, 0] = 0  # the floor
    linear = nn.Linear(64, 2)
    with torch.no_grad():
        linear.weight[:] = torch.as_tensor(np.stack([weight.ravel(), np.zeros(64)]))
        linear.bias[:] = torch.tensor([-0.02, 0])
    classifier = PretrainedClassifier(nn.Sequential(nn.Flatten(), linear), ["event", "silence"])
    return VanillaSaliency(classifier).fit(X), X, X * weight.astype(np.float32)


def _example(metric):
    """Return the arguments of a metric, ``(explainer, X, maps, y)``, with maps that have no ties."""
    explainer, X, truth = _evidence()
    noise = np.random.default_rng(1).random(X.shape, dtype=np.float32)
    return explainer, X, truth + noise, explainer.predict(X)


def check_metric_is_declared(metric):
    """A metric has a direction, bounds, a scorer's name and the signature (estimator, X, maps, y=None, *, …)."""
    assert is_metric(metric), "it was not declared with skxai.metrics.metric."
    low, high = metric.bounds
    assert low < high, f"bounds must be (low, high); got {metric.bounds}."
    assert metric.scorer_name == ("" if metric.greater_is_better else "neg_") + metric.__name__
    parameters = list(inspect.signature(metric).parameters.values())
    names = [parameter.name for parameter in parameters[:4]]
    assert names == ["estimator", "X", "maps", "y"], f"the first arguments must be estimator, X, maps, y; got {names}."
    assert parameters[3].default is None, "y must be optional."
    positional = [parameter.name for parameter in parameters[4:] if parameter.kind is not parameter.KEYWORD_ONLY]
    assert not positional, f"{positional[0]} must be keyword-only."
    required = [parameter.name for parameter in parameters[4:] if parameter.default is parameter.empty]
    assert not required, f"{required[0]} must have a default."


def check_one_value_a_clip_within_bounds(metric):
    """There is one number for each clip, within the declared bounds or NaN."""
    explainer, X, maps, y = _example(metric)
    values = metric(explainer, X, maps, y)
    assert isinstance(values, np.ndarray), f"it must return an array; got {type(values).__name__}."
    assert values.shape == (len(X),), f"it must return one value for each of {len(X)} clips; got shape {values.shape}."
    assert np.issubdtype(values.dtype, np.floating), f"it must return floats; got {values.dtype}."
    defined = values[~np.isnan(values)]
    assert len(defined), "it is NaN for all clips of a classifier that reacts to every pixel."
    low, high = metric.bounds
    assert ((low <= defined) & (defined <= high)).all(), (
        f"its values lie in [{defined.min()}, {defined.max()}], outside its bounds {metric.bounds}."
    )


def check_values_do_not_depend_on_other_clips(metric):
    """Values follow their clips when those change places, and stay when the others leave."""
    explainer, X, maps, y = _example(metric)
    values = metric(explainer, X, maps, y)
    order = np.random.default_rng(0).permutation(len(X))
    shuffled = metric(explainer, X[order], maps[order], y[order])
    np.testing.assert_allclose(shuffled, values[order], rtol=1e-4, atol=1e-4, err_msg="clips in another order")
    alone = metric(explainer, X[3:4], maps[3:4], y[3:4])
    np.testing.assert_allclose(alone, values[3:4], rtol=1e-4, atol=1e-4, err_msg="a clip alone")


def check_values_do_not_depend_on_batch_size(metric):
    """Values depend neither on ``batch_size`` nor on working memory."""
    explainer, X, maps, y = _example(metric)
    values = metric(explainer, X, maps, y)
    if "batch_size" in inspect.signature(metric).parameters:
        for size in (1, 7):
            other = metric(explainer, X[:8], maps[:8], y[:8], batch_size=size)
            np.testing.assert_allclose(other, values[:8], rtol=1e-4, atol=1e-4, err_msg=f"batch_size={size}")
    with sklearn.config_context(working_memory=0.05):
        np.testing.assert_allclose(metric(explainer, X, maps, y), values, rtol=1e-4, atol=1e-4, err_msg="little memory")


def check_values_are_reproducible(metric):
    """The same arguments give the same values: randomness comes from a ``random_state`` that has a fixed default."""
    arguments = _example(metric)
    np.testing.assert_array_equal(metric(*arguments), metric(*arguments))


def check_truth_beats_chance_beats_its_opposite(metric):
    """In the metric's direction true maps come before random ones, and those before the opposite of the truth."""
    if not metric.measures_truth:
        return
    explainer, X, truth = _evidence()
    truth = truth - truth.min(axis=(1, 2, 3), keepdims=True)
    opposite = truth.max(axis=(1, 2, 3), keepdims=True) - truth
    chance = np.random.default_rng(0).permuted(truth.reshape(len(X), -1), axis=1).reshape(X.shape)
    y = np.full(len(X), "event")
    best, middle, worst = (
        (1 if metric.greater_is_better else -1) * np.nanmean(metric(explainer, X, maps, y))
        for maps in (truth, chance, opposite)
    )
    assert best > middle > worst, (
        f"{metric.scorer_name} must be greatest for true maps and least for their opposite; "
        f"got {best:.3f} for the truth, {middle:.3f} for chance and {worst:.3f} for the opposite."
    )


def check_constant_map_spoils_no_other_clip(metric):
    """A constant map gives NaN or a value within the bounds, without a warning; the other clips keep their values."""
    explainer, X, maps, y = _example(metric)
    values = metric(explainer, X, maps, y)
    maps[2] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = metric(explainer, X, maps, y)
    low, high = metric.bounds
    assert np.isnan(again[2]) or low <= again[2] <= high, f"a constant map gives {again[2]}."
    others = np.arange(len(X)) != 2
    np.testing.assert_allclose(again[others], values[others], rtol=1e-4, atol=1e-4, err_msg="a constant map of another clip")


class MeanOfHalves(ClassifierMixin, BaseEstimator):
    """A classifier that is no network: which half of the pixels is louder?"""

    classes_ = np.array(["first", "second"])

    def __sklearn_is_fitted__(self):
        """Return True: there is nothing to learn."""
        return True

    def fit(self, X, y=None):
        """Learn nothing."""
        return self

    def predict_proba(self, X):
        """Return probabilities ``(n, 2)``, float64."""
        first, second = np.array_split(np.asarray(X, float).reshape(len(X), -1), 2, axis=1)
        first = 1 / (1 + np.exp(-3 * (first.mean(axis=1) - second.mean(axis=1))))
        return np.column_stack([first, 1 - first])


def check_any_classifier_will_do(metric):
    """A classifier without a network serves in 2 and 4 dimensions, unless an explainer is required: then it is refused."""
    for shape in ((16,), (1, 6, 8)):
        X = _clips(shape)
        maps, y, classifier = _clips(shape, seed=1), np.resize(["first", "second"], 9), MeanOfHalves()
        if metric.requires_explainer:
            with _raises(TypeError, "explainer", "MeanOfHalves", because="a classifier in the place of an explainer"):
                metric(classifier, X, maps, y)
            continue
        values = metric(classifier, X, maps, y)
        assert values.shape == (9,), f"it must return one value for each of 9 clips; got shape {values.shape}."
        low, high = metric.bounds
        assert (np.isnan(values) | ((low <= values) & (values <= high))).all(), f"its values leave its bounds {metric.bounds}."


def check_bad_maps_are_refused(metric):
    """Maps of another shape than X, and maps with NaN, are refused."""
    explainer, X, maps, y = _example(metric)
    with _raises(ValueError, "maps", str(X.shape), because="maps of another shape than X"):
        metric(explainer, X, maps[..., :-1], y)
    with _raises(ValueError, "maps", because="fewer maps than clips"):
        metric(explainer, X, maps[:-1], y)
    maps[3, 0, 1, 2] = np.nan
    with _raises(ValueError, "maps", "NaN", because="maps with NaN"):
        metric(explainer, X, maps, y)


def check_arguments_and_random_state_stay(metric):
    """X, maps, y, the classifier's module, all random states and torch's settings stay as they were."""
    explainer, X, maps, y = _example(metric)
    for array in (X, maps, y):
        array.setflags(write=False)
    module = explainer.estimator_.module_
    module.train()
    with _untouched(module, X, maps, y):
        metric(explainer, X, maps, y)
