"""The contracts of explainers about their maps and what they leave alone, one function each."""

import pickle

import numpy as np
import sklearn
import torch
from scipy.ndimage import maximum_filter
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from ...explainers import Explainer
from ...models import PretrainedClassifier
from ...models.base import torch_threads
from ._assertions import assert_same_maps, margin_of, raises, untouched
from ._subjects import CLASSES, SHAPES, Detector, FragileNet, clips, fit_on, module_in_use, small_net, tones_and_clicks


def check_maps_have_the_shape_of_the_features(explainer):
    """Maps have the shape of X, in 2, 3 and 4 dimensions; they are float32 and finite."""
    for shape in SHAPES:
        X = clips(shape)
        maps = fit_on(explainer, small_net(shape), X).transform(X)
        assert isinstance(maps, np.ndarray), f"transform must return an array; got {type(maps).__name__}."
        assert maps.shape == X.shape, f"maps of X of shape {X.shape} have the shape {maps.shape}."
        assert maps.dtype == np.float32, f"maps are of dtype {maps.dtype}, not float32."
        assert np.isfinite(maps).all(), f"maps of X of shape {X.shape} are not finite."


def check_maps_do_not_depend_on_batches(explainer):
    """A clip's map depends neither on the batch size, nor on memory, nor on the order of clips or the clips beside it."""
    X, net = clips(n=16), small_net()
    maps = fit_on(explainer, net, X, batch_size=None).transform(X)
    for size in (1, 7, 100):
        assert_same_maps(
            explainer, fit_on(explainer, net, X, batch_size=size).transform(X), maps, f"batch_size=None and batch_size={size}"
        )
    fitted = fit_on(explainer, net, X)
    with sklearn.config_context(working_memory=0.05):
        assert_same_maps(explainer, fitted.transform(X), maps, "much and little working_memory")
    assert_same_maps(explainer, fitted.transform(X[::-1])[::-1], maps, "clips in order and in reversed order")
    assert_same_maps(explainer, fitted.transform(X[5:6]), maps[5:6], "a clip among others and alone")


def check_maps_do_not_depend_on_threads(explainer):
    """Maps do not depend on the number of torch's threads."""
    X = clips()
    fitted = fit_on(explainer, small_net(), X)
    with torch_threads(1):
        one = fitted.transform(X)
    with torch_threads(2):
        two = fitted.transform(X)
    assert_same_maps(explainer, two, one, "maps with one and with two threads")


def check_maps_do_not_depend_on_gradient_mode(explainer):
    """Maps are the same inside torch.no_grad() and torch.inference_mode()."""
    X, net = clips(), small_net()
    maps = fit_on(explainer, net, X).transform(X)
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            assert_same_maps(
                explainer, fit_on(explainer, net, X).transform(X), maps, f"maps outside and inside torch.{mode.__name__}()"
            )


def check_fit_is_reproducible(explainer):
    """The same seed gives the same maps, in every transform and after every fit."""
    X, net = clips(), small_net()
    fitted = fit_on(explainer, net, X)
    maps = fitted.transform(X)
    np.testing.assert_array_equal(fitted.transform(X), maps, "two transforms differ.")
    np.testing.assert_array_equal(fit_on(explainer, net, X).transform(X), maps, "two fits with the same seed differ.")


def check_constant_network_gives_zero_maps(explainer):
    """Nothing is relevant to a network that does not look at its input; controls explain no network."""
    if not explainer.explains_model:
        return
    X, net = clips(), small_net()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    maps = fit_on(explainer, net, X).transform(X)
    assert (maps == 0).all(), f"a network with all weights 0 has maps up to {np.abs(maps).max():.2g}."


def check_planted_event_is_found(explainer):
    """Most of the relevance for a class lies on what the network goes by, and not on another event in the same clip.

    What is above 0 speaks for the class. A method that does not depend on the class, declared by ``explains_target = False``,
    may show either event; one that hides a ``window`` or ``cell`` of the clip at a time may be wrong by the size of one, an
    eighth of the clip by default. Controls find nothing.
    """
    if not explainer.explains_model:
        return
    X, tones, clicks = tones_and_clicks()
    fitted = fit_on(explainer, PretrainedClassifier(Detector(), ["tone", "click"]), X)
    evidence = {"tone": tones & ~clicks, "click": clicks & ~tones}
    if not explainer.explains_target:
        evidence = dict.fromkeys(evidence, tones | clicks)
    reach = 2 * margin_of(explainer) + 1
    for target, event in evidence.items():
        event = maximum_filter(event, (1, 1, reach, reach))
        relevance = np.maximum(fitted.explain(X, target), 0).reshape(len(X), -1)
        assert (relevance.sum(axis=1) > 0).all(), f"the maps of {target!r} are zero, though there is a {target} in each clip."
        share = (relevance * event.reshape(len(X), -1)).sum(axis=1) / relevance.sum(axis=1)
        assert share.min() > 0.5, (
            f"in one clip only {share.min():.0%} of the relevance for {target!r} lie on what the network goes by."
        )


def check_control_does_not_look_at_the_model(explainer):
    """A control, declared by ``explains_model = False``, has the same maps for all networks and classes, and never runs one."""
    X, net, other = clips(), small_net(), small_net(seed=1)
    fitted = fit_on(explainer, net, X)
    maps = fitted.explain(X, CLASSES[0])
    assert maps.any(), "the maps of ordinary clips are zero."
    others = (fitted.explain(X, CLASSES[1]), fit_on(explainer, other, X).explain(X, CLASSES[0]))
    same = all(np.array_equal(maps, of_other) for of_other in others)
    if explainer.explains_model:
        assert not same, "maps do not depend on network and class: declare the class with explains_model = False."
    else:
        assert same, "maps depend on network or class, though the class is declared with explains_model = False."


def check_target_chooses_the_class(explainer):
    """``target`` is the predicted class by default, or a label, or one label for each clip; other classes have other maps.

    Unless the method is declared with ``explains_target = False``: then all classes have the same.
    """
    X, net = clips(), small_net()
    fitted = fit_on(explainer, net, X, target=None)
    per_class = {label: fitted.explain(X, label) for label in CLASSES}
    same = all(np.array_equal(maps, per_class[CLASSES[0]]) for maps in per_class.values())
    if explainer.explains_model and explainer.explains_target:
        assert not same, "maps do not depend on the class: declare the explainer's class with explains_target = False."
    else:
        assert same, "maps depend on the class, though the explainer's class is declared with explains_target = False."
    for label in CLASSES:
        by_parameter = fit_on(explainer, net, X, target=label).transform(X)
        assert_same_maps(explainer, by_parameter, per_class[label], f"the parameter target={label!r} and explain(X, {label!r})")
    for given, labels in ((None, fitted.predict(X)), (np.resize(CLASSES, len(X)), np.resize(CLASSES, len(X)))):
        expected = np.stack([per_class[label][clip] for clip, label in enumerate(labels)])
        assert_same_maps(explainer, fitted.explain(X, given), expected, f"explain(X, {given!r}) and each clip's class")


def check_unknown_target_is_refused(explainer):
    """A class that the classifier does not know is refused, with the ones that it knows, in fit and in explain."""
    X, net = clips(), small_net()
    with raises(ValueError, "siren", CLASSES[0], because="fit with target='siren'"):
        fit_on(explainer, net, X, target="siren")
    fitted = fit_on(explainer, net, X)
    with raises(ValueError, "siren", CLASSES[0], because="explain(X, 'siren')"):
        fitted.explain(X, "siren")
    with raises(ValueError, "target", str(len(X)), because="explain(X, target) with too few targets"):
        fitted.explain(X, CLASSES[:2])


def check_bad_features_are_refused(explainer):
    """NaN, infinite values, empty clips, another shape than in fit and a missing fit are refused."""
    X, net, name = clips(), small_net(), type(explainer).__name__
    fitted = fit_on(explainer, net, X)
    with raises(NotFittedError, name, because="transform before fit"):
        clone(explainer).transform(X)
    for bad, word in ((np.nan, "NaN"), (np.inf, "infinity")):
        spoilt = X.copy()
        spoilt[3, 0, 1, 2] = bad
        with raises(ValueError, word, because=f"fit on X with {word}"):
            fit_on(explainer, net, spoilt)
        with raises(ValueError, word, because=f"transform of X with {word}"):
            fitted.transform(spoilt)
    with raises(ValueError, "(1, 10, 11)", "(1, 10, 12)", name, because="transform of clips of another shape"):
        fitted.transform(X[..., :-1])
    with raises(ValueError, "dimensions", name, because="transform of X of 5 dimensions"):
        fitted.transform(X[None])
    with raises(ValueError, "(9, 1, 10, 0)", name, because="fit on clips without values"):
        fit_on(explainer, net, X[..., :0])
    with raises(ValueError, "0 sample", because="transform of no clips"):
        fitted.transform(X[:0])


def check_user_state_stays(explainer):
    """The user's module, its modes, hooks and gradients, X, y, all random states and torch's settings stay as they were."""
    X, y = clips(), np.resize(CLASSES, 9)
    module = module_in_use(small_net())
    X.setflags(write=False)
    with torch_threads(2), untouched(module, X, y):  # a single thread would not show that their number is lost
        fitted = clone(explainer).set_params(estimator=PretrainedClassifier(module, CLASSES)).fit(X, y)
        fitted.transform(X)
        fitted.predict(X)


def check_user_state_stays_after_an_error(explainer):
    """Where the module fails on a later batch its error comes through, nothing has changed, and the next transform is right.

    Controls do not run the module.
    """
    if not explainer.explains_model:
        return
    X = clips()
    module = FragileNet()
    module.load_state_dict(small_net().state_dict())
    fitted = fit_on(explainer, module_in_use(module), X, batch_size=2)
    maps = fitted.transform(X)
    loud = X.copy()
    loud[-1] = 1000
    with torch_threads(2), untouched(module, X, loud):
        with raises(RuntimeError, "too loud for FragileNet", because="a module that fails on the last batch"):
            fitted.transform(loud)
        assert_same_maps(explainer, fitted.transform(X), maps, "maps before and after an error")


def check_fitted_explainer_pickles(explainer):
    """A fitted explainer gives the same maps after pickling; a clone has its parameters and is not fitted."""
    X = clips()
    fitted = fit_on(explainer, small_net(), X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), fitted.transform(X))
    copy = clone(fitted)
    assert not hasattr(copy, "estimator_"), "a clone must not be fitted."
    assert copy.get_params(deep=False).keys() == fitted.get_params(deep=False).keys()


def check_verbs_are_inherited(explainer):
    """The verbs are those of ``Explainer``, which check arguments and cut batches; a method writes ``_explain``."""
    assert isinstance(explainer, Explainer), "an explainer must be a subclass of skxai.explainers.Explainer."
    verbs = ("fit", "transform", "explain", "predict", "predict_proba", "score", "explain_module")
    overridden = [verb for verb in verbs if getattr(type(explainer), verb) is not getattr(Explainer, verb)]
    assert not overridden, f"{overridden[0]} is overridden."
