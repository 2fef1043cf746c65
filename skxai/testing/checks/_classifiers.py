"""The contracts of explainers about the classifiers that they take, one function each."""

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch import NeuralNetClassifier
from torch import nn

from ...models import PretrainedClassifier
from ...utils.random import torch_seed
from ._assertions import assert_same_maps, margin_of, raises
from ._subjects import CLASSES, SmallNet, UnfoldedNorm, UnfoldedWaveformNorm, clips, fit_on, small_net, small_waveform_net


def check_all_kinds_of_classifiers(explainer):
    """A classifier of skxai, skorch's, and both in FrozenEstimator give the same maps for the same module."""
    X, net = clips(), small_net()
    plain = fit_on(explainer, net, X)
    target = plain.predict(X)
    maps = plain.explain(X, target)
    frozen = FrozenEstimator(PretrainedClassifier(net, CLASSES))
    assert_same_maps(
        explainer, fit_on(explainer, frozen, X).explain(X, target), maps, "a classifier plain and in FrozenEstimator"
    )
    settings = {"criterion": nn.CrossEntropyLoss, "classes": CLASSES, "max_epochs": 1, "train_split": None, "verbose": 0}
    skorch = NeuralNetClassifier(SmallNet, **settings).initialize()
    skorch.module_.load_state_dict(net.state_dict())
    fitted = fit_on(explainer, FrozenEstimator(skorch), X)
    assert fitted.estimator_ is skorch or fitted.estimator_.module_ is skorch.module_, "FrozenEstimator was trained or copied."
    assert_same_maps(
        explainer, fitted.explain(X, target), maps, "a module in PretrainedClassifier and in skorch's NeuralNetClassifier"
    )
    with torch_seed(0):
        trained = clone(explainer).set_params(estimator=clone(skorch).set_params(classes=None)).fit(X, np.resize(CLASSES, 9))
    assert trained.transform(X).shape == X.shape
    assert set(trained.predict(X)) <= set(CLASSES), "predict must return labels."


def check_classifier_without_a_module(explainer):
    """A random forest is explained by what it goes by, and refused by methods that declare ``requires_module = True``."""
    X = clips((1, 9, 6), n=60)
    y = np.where(X[:, 0, 4].mean(axis=1) > 0.5, "loud", "quiet")
    forest = RandomForestClassifier(20, random_state=0)
    by_row = make_pipeline(FunctionTransformer(_mean_over_time), forest)
    for features, classifier in ((X[:, 0].mean(axis=2), forest), (X, by_row)):
        unfitted = clone(explainer).set_params(estimator=clone(classifier))
        if explainer.requires_module:
            with raises(TypeError, "torch module", type(classifier).__name__, because="a classifier without a torch module"):
                unfitted.fit(features, y)
            continue
        fitted = unfitted.fit(features, y)
        maps = fitted.transform(features)
        assert maps.shape == features.shape, f"maps of X of shape {features.shape} have the shape {maps.shape}."
        np.testing.assert_array_equal(fitted.predict(features), classifier.fit(features, y).predict(features))
        again = fit_on(explainer, FrozenEstimator(classifier), features)
        assert again.estimator_ is classifier or again.estimator_.estimator is classifier, (
            "FrozenEstimator was trained or copied."
        )
        if explainer.explains_model:
            loud = fitted.explain(features[y == "loud"], "loud")
            found = int(loud.reshape(len(loud), 9, -1).mean(axis=(0, 2)).argmax())
            assert abs(found - 4) <= min(1, margin_of(explainer)), (
                f"row {found} has most of the relevance, but the forest goes by row 4."
            )


def _mean_over_time(X):
    return X.mean(axis=(1, 3))


def check_softmax_at_the_end_changes_nothing(explainer):
    """A module that ends in a softmax is explained by what enters the softmax."""
    X, net = clips(), small_net()
    ended = PretrainedClassifier(nn.Sequential(net, nn.Softmax(dim=1)), CLASSES, output="probabilities")
    assert_same_maps(
        explainer,
        fit_on(explainer, ended, X).transform(X),
        fit_on(explainer, net, X).transform(X),
        "maps of a network with a softmax at its end and without",
    )


def check_fast_and_plain_network_agree(explainer):
    """The engine's fast copy and the module as it is give the same maps, at every layer that can be asked for."""
    X, net = clips(), small_net()
    plain = small_net(norm=UnfoldedNorm)
    layers = [{}]
    if "layer" in explainer.get_params(deep=False):
        layers = [{"layer": name} for name in ("conv1", "norm1", "pool", "body", "body.0", "body.1", "body.2", "dropout", 0)]
    for params in layers:
        assert_same_maps(
            explainer,
            fit_on(explainer, net, X, **params).transform(X),
            fit_on(explainer, plain, X, **params).transform(X),
            f"maps of the fast and of the plain network{f' at {params}' if params else ''}",
        )


def check_waveforms_are_explained(explainer):
    """Maps of a network on waveforms have a value a sample, and are those of the plain network, at every convolution."""
    X = 8 * clips((101,)) - 4
    by_layer = "layer" in explainer.get_params(deep=False)
    for params in ({}, {"layer": "conv1"}) if by_layer else ({},):
        fast, plain = (
            fit_on(explainer, PretrainedClassifier(small_waveform_net(norm), CLASSES, silence=0.0), X, **params).transform(X)
            for norm in (nn.BatchNorm1d, UnfoldedWaveformNorm)
        )
        assert fast.shape == X.shape, f"maps of waveforms of shape {X.shape} have the shape {fast.shape}."
        assert_same_maps(
            explainer, fast, plain, f"maps of the fast and of the plain network on waveforms{f' at {params}' if params else ''}"
        )


def check_another_module_is_explained(explainer):
    """``explain_module`` gives the maps of the module that it is given, as randomisation checks need."""
    X, net, other = clips(), small_net(), small_net(seed=1)
    fitted = fit_on(explainer, net, X)
    for module in (net, other):
        assert_same_maps(
            explainer,
            fitted.explain_module(module, X, CLASSES[0]),
            fit_on(explainer, module, X).explain(X, CLASSES[0]),
            "explain_module and an explainer that was fitted on the module",
        )
