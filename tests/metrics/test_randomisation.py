"""Parameter randomisation reaches every explainer, and tells one that does not look at the network."""

import copy
import gc
import warnings
import weakref

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from torch import nn

from skxai.engine import shared_passes
from skxai.explainers import GradCAM, VanillaSaliency
from skxai.metrics import (
    input_invariance,
    label_randomisation,
    model_parameter_randomisation,
    model_parameter_randomisation_curve,
)
from skxai.metrics.model_parameter_randomisation import RandomisationCurve, randomised_modules
from skxai.models import AcoumonClassifier, PretrainedClassifier
from skxai.testing.checks._assertions import untouched
from skxai.testing.checks._classifiers import check_another_module_is_explained
from skxai.testing.checks._metrics import _example
from skxai.testing.checks._subjects import CLASSES, SHAPES, clips, fit_on, small_net
from skxai.testing.discovery import all_explainers, all_metrics

ARGUMENTS = {"SmoothGradCV": {"noise_levels": (0.2,), "n_samples": (2,)}, "SmoothGrad": {"n_samples": 3}}
SHAPE = SHAPES[-1]


@pytest.fixture
def X():
    return clips(SHAPE, n=6)


def fitted_on_small_net(name, make, X):
    return fit_on(make(AcoumonClassifier(), **ARGUMENTS.get(name, {})), small_net(SHAPE), X)


@pytest.mark.parametrize(("name", "make"), all_explainers(), ids=dict(all_explainers()))
def test_reaches_every_explainer(name, make, X):
    explainer = fitted_on_small_net(name, make, X)
    maps = explainer.transform(X)
    curve = model_parameter_randomisation_curve(explainer, X, maps, random_state=1)
    assert curve.stages == ("dense", "body.0", "conv1")
    if not make.explains_model:
        np.testing.assert_allclose(curve.correlations, 1)
        return
    for number, module in enumerate(randomised_modules(small_net(SHAPE), seed=1)):
        after = explainer.explain_module(module, X, explainer.predict(X))
        looks_at = make.explains_target or curve.stages[number] != "dense"  # the classes are told apart in the dense layer
        changed = np.abs(after - maps).max() > 1e-3 * np.abs(maps).max()
        assert changed == looks_at, f"after {curve.stages[number]} the maps {'change' if changed else 'stay'}"
        expected = [_spearman(a, b) for a, b in zip(maps, after)]
        np.testing.assert_allclose(curve.correlations[:, number], expected, atol=1e-3)
    assert np.nanmean(curve.correlations[:, -1]) < 0.9


def _spearman(a, b):
    a, b = np.abs(a).ravel(), np.abs(b).ravel()
    return np.nan if np.ptp(a) == 0 or np.ptp(b) == 0 else spearmanr(a, b).statistic


class Deaf(VanillaSaliency):
    """The fault of a peer: whatever module it is given, it explains the one that it was fitted with."""

    def _network(self, X, module=None):
        return super()._network(X)


def test_an_explainer_that_ignores_the_module_is_caught(X):
    deaf = fit_on(Deaf(AcoumonClassifier()), small_net(SHAPE), X)
    np.testing.assert_allclose(model_parameter_randomisation(deaf, X, deaf.transform(X)), 1)
    with pytest.raises(AssertionError, match="explain_module and an explainer that was fitted on the module"):
        check_another_module_is_explained(Deaf(AcoumonClassifier()))


class TestCurve:
    def test_metric_is_its_mean_over_the_stages_that_are_defined(self, X):
        explainer = fit_on(VanillaSaliency(AcoumonClassifier()), small_net(SHAPE), X)
        maps = explainer.transform(X)
        maps[2] = 0
        curve = model_parameter_randomisation_curve(explainer, X, maps, random_state=4)
        values = model_parameter_randomisation(explainer, X, maps, random_state=4)
        np.testing.assert_array_equal(np.isnan(values), np.arange(6) == 2)
        np.testing.assert_array_equal(values, curve.per_clip())
        defined = np.delete(curve.correlations, 2, axis=0)
        np.testing.assert_allclose(np.delete(values, 2), defined.mean(axis=1))
        np.testing.assert_allclose(curve.mean(), defined.mean(axis=0))
        np.testing.assert_array_equal(curve.target, explainer.predict(X))

    def test_undefined_correlations_are_left_out_of_the_means_without_a_warning(self):
        correlations = np.array([[0.5, np.nan, 0.1], [np.nan, np.nan, np.nan]])
        curve = RandomisationCurve("cascading", ("c", "b", "a"), correlations, np.zeros(2))
        np.testing.assert_allclose(curve.mean(), [0.5, np.nan, 0.1])
        np.testing.assert_allclose(curve.per_clip(), [0.3, np.nan])

    def test_stages_are_named_where_they_are_thinned_out(self):
        net = nn.Sequential(*[nn.Linear(4, 4) for _ in range(9)])
        X = np.random.default_rng(0).random((3, 4), dtype=np.float32)
        explainer = VanillaSaliency(PretrainedClassifier(net)).fit(X)
        maps = explainer.transform(X)
        everything = model_parameter_randomisation_curve(explainer, X, maps, n_stages=None)
        thinned = model_parameter_randomisation_curve(explainer, X, maps, n_stages=3)
        assert everything.stages == tuple("876543210")
        assert thinned.stages == ("8", "4", "0")
        np.testing.assert_allclose(thinned.correlations, everything.correlations[:, [0, 4, 8]])

    def test_only_explainers_can_explain_anew(self, X):
        classifier = LogisticRegression().fit(X.reshape(6, -1), [0, 1] * 3)
        with pytest.raises(TypeError, match="must be an explainer for model_parameter_randomisation; got LogisticRegression"):
            model_parameter_randomisation_curve(classifier, X.reshape(6, -1), X.reshape(6, -1))

    def test_networks_are_not_kept_by_shared_passes(self, X, monkeypatch):
        explainer = fit_on(GradCAM(AcoumonClassifier()), small_net(SHAPE), X)
        seen = []

        def explain_module(module, *arguments):
            seen.append(weakref.ref(module))
            return GradCAM.explain_module(explainer, module, *arguments)

        monkeypatch.setattr(explainer, "explain_module", explain_module, raising=False)
        with shared_passes():
            model_parameter_randomisation(explainer, X, explainer.transform(X))
            gc.collect()
            assert len(seen) == 3
            assert not any(module() is not None for module in seen)


class TestQuantusConvention:
    @pytest.mark.parametrize("order", ["cascading", "independent"])
    def test_is_quantus_written_again(self, order, X):
        """Its MPRT: one layer more in each stage, from the top, or one alone, all under ``seed`` + 1, and no "original"."""
        trained = small_net(SHAPE).eval()
        explainer = fit_on(VanillaSaliency(AcoumonClassifier()), trained, X)
        maps, target = explainer.transform(X), [CLASSES.index(label) for label in explainer.predict(X)]
        randomised, correlations = copy.deepcopy(trained), []
        with torch.random.fork_rng():
            for _, layer in reversed([pair for pair in randomised.named_modules() if hasattr(pair[1], "reset_parameters")]):
                if order == "independent":
                    randomised.load_state_dict(trained.state_dict())
                torch.manual_seed(42 + 1)
                layer.reset_parameters()
                x = torch.tensor(X, requires_grad=True)
                (gradient,) = torch.autograd.grad(randomised(x)[torch.arange(len(X)), target].sum(), x)
                correlations.append([_spearman(a, b) for a, b in zip(maps, gradient.numpy())])
        settings = {"order": order, "n_stages": None, "convention": "quantus", "random_state": 42}
        curve = model_parameter_randomisation_curve(explainer, X, maps, **settings)
        assert curve.stages == ("dense", "body.1", "body.0", "norm1", "conv1")
        np.testing.assert_allclose(curve.correlations.T, correlations, atol=1e-3)

    def test_layers_of_one_shape_get_the_same_weights_and_otherwise_do_not(self):
        net = nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 5))
        *_, quantus = randomised_modules(net, convention="quantus")
        *_, ours = randomised_modules(net)
        assert torch.equal(quantus[0].weight, quantus[1].weight)
        assert not torch.equal(ours[0].weight, ours[1].weight)

    def test_unknown_convention_is_refused(self, X):
        explainer = fit_on(VanillaSaliency(AcoumonClassifier()), small_net(SHAPE), X)
        with pytest.raises(ValueError, match="None or one of quantus for model_parameter_randomisation; got 'captum'"):
            model_parameter_randomisation(explainer, X, X, convention="captum")


class Token(nn.Module):
    """Has a weight that belongs to no layer."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(6, 3)
        self.scale = nn.Parameter(torch.arange(6.0))

    def forward(self, x):
        return self.dense(x * self.scale)


def test_seed_of_a_networks_own_weights_does_not_give_them_back():
    torch.manual_seed(0)
    net = nn.Linear(5, 5)
    (randomised,) = randomised_modules(net, seed=0)
    assert (randomised.weight - net.weight).abs().max() > 0.05


class TestWeightsOfNoLayer:
    def test_change_places(self):
        net = Token()
        top, everything = randomised_modules(net)
        assert torch.equal(top.scale, net.scale)
        assert not torch.equal(everything.scale, net.scale)
        assert torch.equal(everything.scale.sort().values, net.scale)

    def test_change_alone_beside_layers_that_have_their_own(self):
        net = nn.Sequential(Token(), nn.ReLU())  # a container without weights of its own is no stage
        dense, scale = randomised_modules(net, order="independent")
        assert torch.equal(dense[0].scale, net[0].scale)
        assert not torch.equal(dense[0].dense.weight, net[0].dense.weight)
        assert torch.equal(scale[0].dense.weight, net[0].dense.weight)
        assert torch.equal(scale[0].dense.bias, net[0].dense.bias)
        assert not torch.equal(scale[0].scale, net[0].scale)

    def test_are_named_by_the_module(self):
        X = np.random.default_rng(0).random((3, 6), dtype=np.float32)
        explainer = VanillaSaliency(PretrainedClassifier(Token())).fit(X)
        assert model_parameter_randomisation_curve(explainer, X, explainer.transform(X)).stages == ("dense", "Token")

    def test_a_network_without_any_is_refused(self):
        with pytest.raises(ValueError, match="Flatten has no layer with weights: there is nothing to randomise"):
            list(randomised_modules(nn.Flatten()))


@pytest.mark.parametrize("metric", [metric for _, metric in all_metrics()], ids=dict(all_metrics()))
def test_zero_map_is_undefined_or_an_order_by_chance(metric):
    """The map of a constant network says nothing. Where only the order of the pixels counts, chance decides, and the seed."""
    *arguments, further = _example(metric)
    arguments[2] = np.zeros_like(arguments[2])
    values = metric(*arguments, **further())
    if not np.isnan(values).all():
        others = [metric(*arguments, random_state=seed, **further()) for seed in (1, 2, 3)]
        assert any(not np.array_equal(values, other) for other in others)


SANITY = {
    "model_parameter_randomisation": lambda *arguments: model_parameter_randomisation(*arguments),
    "label_randomisation": lambda *arguments: label_randomisation(*arguments, max_epochs=1),
    "input_invariance": lambda *arguments: input_invariance(*arguments),
}


@pytest.mark.parametrize("check", SANITY.values(), ids=SANITY)
class TestEverySanityCheck:
    def test_constant_network_has_no_correlation_and_no_warning(self, check, X):
        net = small_net(SHAPE)
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.zero_()
        explainer = fit_on(VanillaSaliency(AcoumonClassifier()), net, X)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isnan(check(explainer, X, explainer.transform(X), np.resize(CLASSES, 6))).all()

    @pytest.mark.usefixtures("two_threads")
    def test_network_in_use_arrays_and_random_states_stay(self, check, X):
        net, y = small_net(SHAPE).train(), np.resize(CLASSES, 6)
        for parameter in net.parameters():
            parameter.grad = torch.ones_like(parameter)
        net.conv1.weight.requires_grad_(False)
        explainer = fit_on(VanillaSaliency(AcoumonClassifier()), net, X)
        maps = explainer.transform(X)
        for array in (X, maps, y):
            array.setflags(write=False)
        with untouched(net, X, maps, y):
            check(explainer, X, maps, y)

    def test_in_inference_mode_it_is_the_same(self, check, X):
        y = np.resize(CLASSES, 6)
        explainer = fit_on(VanillaSaliency(AcoumonClassifier()), small_net(SHAPE), X)
        maps = explainer.transform(X)
        values = check(explainer, X, maps, y)
        with torch.inference_mode():
            np.testing.assert_array_equal(check(explainer, X, maps, y), values)
