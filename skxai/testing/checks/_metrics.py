"""The contracts of metrics, one function each."""

import inspect
import warnings

import numpy as np
import sklearn
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from torch import nn

from ...datasets import EventTruth
from ...explainers import VanillaSaliency
from ...metrics import find_metric
from ...models import PretrainedClassifier
from ...models.base import torch_threads
from ._assertions import raises, untouched
from ._subjects import clips


def _evidence(n=60, seed=0):
    """Return an explainer of a classifier whose evidence is known, the clips, the true map of each, and where the classes are.

    Two by eight of 64 pixels speak for an event, strongly and by different degrees; each of the others a little against it,
    and the last two rows for another class, "silence". All clips are predicted as "event", every other one of them is
    doubtful: hiding the event as well as hiding the rest changes some label and raises some probability.
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
    for_silence = np.zeros((8, 8))
    for_silence[6:] = 0.2
    linear = nn.Linear(64, 2)
    with torch.no_grad():  # the difference of the scores is the evidence
        linear.weight[:] = torch.as_tensor(np.stack([(weight + for_silence).ravel(), for_silence.ravel()]))
        linear.bias[:] = torch.tensor([-0.02, 0])
    classifier = PretrainedClassifier(nn.Sequential(nn.Flatten(), linear), ["event", "silence"])
    masks = np.zeros((n, 2, 1, 8, 8), dtype=np.float32)
    masks[:, 0, :, 3:5], masks[:, 1, :, 6:] = 1, 1
    truth = EventTruth(["event", "silence"], masks, masks * X[:, None])
    return VanillaSaliency(classifier).fit(X), X, X * weight.astype(np.float32), truth


def _example(metric):
    """Return the arguments of a metric, ``(explainer, X, maps, y, further)``, with maps that have no ties.

    ``further(clips)`` gives what the metric needs besides, of these clips. Some clips are silent at their end.
    """
    explainer, X, true_maps, truth = _evidence()
    X[3::6, ..., 6:] = 0
    noise = np.random.default_rng(1).random(X.shape, dtype=np.float32)
    return explainer, X, true_maps + noise, explainer.predict(X), _further(metric, truth)


def _further(metric, truth):
    return lambda clips=slice(None): {"truth": truth[clips]} if metric.requires_truth else {}


def check_metric_is_declared(metric):
    """A metric has a direction, bounds, a scorer's name and the signature (estimator, X, maps, y=None, *, …)."""
    assert find_metric(getattr(metric, "__name__", "")) is metric, "it was not declared with skxai.metrics.metric."
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
    explainer, X, maps, y, further = _example(metric)
    values = metric(explainer, X, maps, y, **further())
    assert isinstance(values, np.ndarray), f"it must return an array; got {type(values).__name__}."
    assert values.shape == (len(X),), f"it must return one value for each of {len(X)} clips; got shape {values.shape}."
    assert np.issubdtype(values.dtype, np.floating), f"it must return floats; got {values.dtype}."
    assert not np.isnan(values).all(), "it is NaN for all clips of a classifier that reacts to every pixel."
    _check_bounds(metric, values)


def _check_bounds(metric, values):
    low, high = metric.bounds
    assert (np.isnan(values) | ((low <= values) & (values <= high))).all(), (
        f"its values lie in [{np.nanmin(values)}, {np.nanmax(values)}], outside its bounds {metric.bounds}."
    )


def check_values_do_not_depend_on_other_clips(metric):
    """Values follow their clips when those change places, and stay when the others leave."""
    explainer, X, maps, y, further = _example(metric)
    values = metric(explainer, X, maps, y, **further())
    order = np.random.default_rng(0).permutation(len(X))
    shuffled = metric(explainer, X[order], maps[order], y[order], **further(order))
    np.testing.assert_allclose(shuffled, values[order], rtol=1e-4, atol=1e-4, err_msg="clips in another order")
    single = metric(explainer, X[3:4], maps[3:4], y[3:4], **further([3]))
    np.testing.assert_allclose(single, values[3:4], rtol=1e-4, atol=1e-4, err_msg="a clip alone")


def check_values_do_not_depend_on_batch_size(metric):
    """Values depend neither on ``batch_size`` nor on working memory."""
    explainer, X, maps, y, further = _example(metric)
    values = metric(explainer, X, maps, y, **further())
    if "batch_size" in inspect.signature(metric).parameters:
        for size in (1, 7):
            other = metric(explainer, X[:8], maps[:8], y[:8], batch_size=size, **further(np.arange(8)))
            np.testing.assert_allclose(other, values[:8], rtol=1e-4, atol=1e-4, err_msg=f"batch_size={size}")
    with sklearn.config_context(working_memory=0.05):
        other = metric(explainer, X, maps, y, **further())
    np.testing.assert_allclose(other, values, rtol=1e-4, atol=1e-4, err_msg="little memory")


def check_values_are_reproducible(metric):
    """The same arguments give the same values: randomness comes from a ``random_state`` that has a fixed default."""
    *arguments, further = _example(metric)
    np.testing.assert_array_equal(metric(*arguments, **further()), metric(*arguments, **further()))


def check_truth_beats_chance_beats_its_opposite(metric):
    """In the metric's direction true maps come before random ones, and those before the opposite of the truth."""
    if not metric.ranks_methods:
        return
    explainer, X, true_maps, truth = _evidence()
    further = _further(metric, truth)
    true_maps = true_maps - true_maps.min(axis=(1, 2, 3), keepdims=True)
    opposite = true_maps.max(axis=(1, 2, 3), keepdims=True) - true_maps
    chance = np.random.default_rng(0).permuted(true_maps.reshape(len(X), -1), axis=1).reshape(X.shape)
    y = np.full(len(X), "event")
    best, middle, worst = (
        (1 if metric.greater_is_better else -1) * np.nanmean(metric(explainer, X, maps, y, **further()))
        for maps in (true_maps, chance, opposite)
    )
    assert best > middle > worst, (
        f"{metric.scorer_name} must be greatest for true maps and least for their opposite; "
        f"got {best:.3f} for the truth, {middle:.3f} for chance and {worst:.3f} for the opposite."
    )


def check_truth_is_asked_for(metric):
    """A metric that needs the truth says so where it is missing, of other clips or features, or of other classes."""
    if not metric.requires_truth:
        return
    explainer, X, maps, y, further = _example(metric)
    assert "truth" in inspect.signature(metric).parameters, "it must have a keyword truth=None."
    truth = further()["truth"]
    with raises(ValueError, "truth", metric.__name__, because="no truth"):
        metric(explainer, X, maps, y)
    with raises(ValueError, "truth", str(len(X)), str(len(X) - 1), because="a truth of fewer clips"):
        metric(explainer, X, maps, y, truth=truth[np.arange(len(X) - 1)])
    with raises(ValueError, "truth", "(1, 8, 8)", because="a truth of clips of another shape"):
        metric(explainer, X, maps, y, truth=EventTruth(truth.classes, truth.masks[..., :-1]))
    with raises(ValueError, "truth", "event", "siren", because="a truth of classes that the classifier does not know"):
        metric(explainer, X, maps, y, truth=EventTruth(["siren", "horn"], truth.masks))
    silent = EventTruth(truth.classes, np.where(np.arange(len(X)).reshape(-1, 1, 1, 1, 1) == 2, 0, truth.masks))
    assert np.isnan(metric(explainer, X, maps, y, truth=silent)[2]), "it must be NaN where the explained class does not sound."


def check_constant_map_spoils_no_other_clip(metric):
    """A constant map gives NaN or a value within the bounds, without a warning; the other clips keep their values."""
    explainer, X, maps, y, further = _example(metric)
    values = metric(explainer, X, maps, y, **further())
    maps[2] = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = metric(explainer, X, maps, y, **further())
    _check_bounds(metric, again)
    others = np.arange(len(X)) != 2
    np.testing.assert_allclose(again[others], values[others], rtol=1e-4, atol=1e-4, err_msg="a constant map of another clip")


class MeanOfHalves(ClassifierMixin, BaseEstimator):
    """A classifier that is no network: which half of the pixels is louder?"""

    classes_ = np.array(["first", "second"])

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        """Return probabilities ``(n, 2)``, float64."""
        first, second = np.array_split(np.asarray(X, float).reshape(len(X), -1), 2, axis=1)
        first = 1 / (1 + np.exp(-3 * (first.mean(axis=1) - second.mean(axis=1))))
        return np.column_stack([first, 1 - first])


def check_any_classifier_will_do(metric):
    """A classifier without a network serves in 2 and 4 dimensions, unless an explainer is required: then it is refused."""
    for shape in ((16,), (1, 6, 8)):
        X = clips(shape)
        maps, y, classifier = clips(shape, seed=1), np.resize(["first", "second"], 9), MeanOfHalves()
        first = (np.arange(X[0].size).reshape(shape) < X[0].size // 2) * np.ones_like(X)
        further = _further(metric, EventTruth(["first", "second"], np.stack([first, 1 - first], axis=1)))
        if metric.requires_explainer:
            with raises(TypeError, "explainer", "MeanOfHalves", because="a classifier in the place of an explainer"):
                metric(classifier, X, maps, y, **further())
            continue
        values = metric(classifier, X, maps, y, **further())
        assert values.shape == (9,), f"it must return one value for each of 9 clips; got shape {values.shape}."
        _check_bounds(metric, values)


def check_bad_maps_are_refused(metric):
    """Maps of another shape than X, and maps with NaN, are refused."""
    explainer, X, maps, y, further = _example(metric)
    with raises(ValueError, "maps", str(X.shape), because="maps of another shape than X"):
        metric(explainer, X, maps[..., :-1], y, **further())
    with raises(ValueError, "maps", because="fewer maps than clips"):
        metric(explainer, X, maps[:-1], y, **further())
    maps[3, 0, 1, 2] = np.nan
    with raises(ValueError, "maps", "NaN", because="maps with NaN"):
        metric(explainer, X, maps, y, **further())


def check_arguments_and_random_state_stay(metric):
    """X, maps, y, the classifier's module, all random states and torch's settings stay as they were."""
    explainer, X, maps, y, further = _example(metric)
    needs = further()
    truth = [array for given in needs.values() for array in (given.masks, given.energy)]
    for array in (X, maps, y, *truth):
        array.setflags(write=False)
    module = explainer.estimator_.module_
    module.train()
    with torch_threads(2), untouched(module, X, maps, y, *truth):
        metric(explainer, X, maps, y, **needs)
