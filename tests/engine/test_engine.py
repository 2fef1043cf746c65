"""The engine computes what the module computes, whatever the module does, and leaves it as it was."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest
import sklearn
import torch
from scipy.ndimage import gaussian_filter
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from skorch import NeuralNetClassifier
from torch import nn
from torch.nn import functional

from skxai.engine import (
    FeatureRange,
    FrozenNetwork,
    OpaquePredictor,
    batch_size_within,
    blocks,
    candidate_passes,
    feature_range,
    freeze,
    is_constant,
    mask,
    minmax,
    predictor,
    resolve_baseline,
    shared,
    shared_passes,
    slices,
)
from skxai.engine._layers import layer_name
from skxai.engine._network import _halving
from skxai.engine._recorded_copy import RecordedCopy
from skxai.explainers import FasterScoreCAM, GradCAM, GradCAMPlusPlus, ScoreCAM, VanillaSaliency
from skxai.metrics import deletion_auc
from skxai.models import PretrainedClassifier

SHAPE = (1, 8, 10)


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((5, *SHAPE)).astype(np.float32)


def seeded(module):
    """Give a module random weights and, where it has any, the statistics of a trained batch norm."""
    torch_state = torch.random.get_rng_state()
    torch.manual_seed(0)
    for layer in module.modules():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.5, 2)
            nn.init.normal_(layer.weight)
    torch.random.set_rng_state(torch_state)
    return module.eval()


def conv_norm_relu():
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))


def head():
    return nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 3))


class InPlace(nn.Module):
    """Works in place on its input and on the output of its convolution."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 4, 3, padding=1), head()

    def forward(self, x):
        x.mul_(2)
        x = self.conv(x)
        x += 0.1
        return self.head(functional.relu_(x))


class Passing(nn.Module):
    """Has a layer that returns the very tensor which it is given, and goes around it, too."""

    def __init__(self):
        super().__init__()
        self.conv, self.same, self.dense = nn.Conv1d(8, 4, 3, padding=1), nn.Identity(), nn.Linear(40, 3)

    def forward(self, x):
        x = self.conv(x[:, 0])
        return self.dense((x + 2 * self.same(x)).flatten(1))


class Untraceable(nn.Module):
    """Decides by its data, which fx can't follow."""

    def __init__(self):
        super().__init__()
        self.features, self.head = conv_norm_relu(), head()

    def forward(self, x):
        x = self.features(x)
        return self.head(x if x.sum() > 0 else -x)


class View(nn.Module):
    """Needs contiguous memory, which channels-last is not."""

    def __init__(self):
        super().__init__()
        self.features, self.dense = conv_norm_relu(), nn.Linear(320, 3)

    def forward(self, x):
        return self.dense(self.features(x).view(x.size(0), -1))


class Shared(nn.Module):
    """Uses one convolution twice, and a batch norm after the second use only."""

    def __init__(self):
        super().__init__()
        self.stem, self.conv, self.norm, self.head = (
            nn.Conv2d(1, 4, 1), nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), head(),
        )  # fmt: skip

    def forward(self, x):
        return self.head(self.norm(self.conv(self.conv(self.stem(x)).relu())))


class Branches(nn.Module):
    """Has a batch norm on a convolution whose output is used elsewhere too, and one that follows no convolution."""

    def __init__(self):
        super().__init__()
        self.first, self.conv, self.norm, self.head = nn.BatchNorm2d(1), nn.Conv2d(1, 4, 1), nn.BatchNorm2d(4), head()

    def forward(self, x):
        x = self.conv(self.first(x))
        return self.head(x + self.norm(x).relu())


class Tuple(nn.Module):
    """Returns logits and something else, as training code likes it."""

    def __init__(self):
        super().__init__()
        self.features, self.head = conv_norm_relu(), head()

    def forward(self, x):
        embedding = self.features(x)
        return self.head(embedding), embedding


def hooked():
    module = nn.Sequential(*conv_norm_relu(), *head())
    module[2].register_forward_hook(double)
    return module


def double(module, inputs, output):
    return 2 * output


ODD = [InPlace, Untraceable, View, Shared, Branches, Tuple, hooked]


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
class TestOddModules:
    def test_probabilities_are_the_modules_own(self, make, X):
        module = seeded(make())
        expected = copy.deepcopy(module)(torch.from_numpy(X.copy()))
        expected = torch.softmax(expected[0] if isinstance(expected, tuple) else expected, 1)
        before = X.copy()
        got = PretrainedClassifier(module).predict_proba(X)
        np.testing.assert_allclose(got, expected.detach(), rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(X, before)

    def test_gradients_are_the_modules_own(self, make, X):
        module = seeded(make())
        network = freeze(PretrainedClassifier(module), X)
        inputs = torch.from_numpy(X.copy()).requires_grad_()
        output = copy.deepcopy(module)(inputs.clone())
        (output[0] if isinstance(output, tuple) else output)[:, 1].sum().backward()
        got = network.input_gradient(torch.from_numpy(X), np.ones(5, dtype=int))
        np.testing.assert_allclose(got, inputs.grad, rtol=1e-3, atol=1e-5 * inputs.grad.abs().max())


class TestSoftmaxEndings:
    @pytest.mark.parametrize("ending", [nn.Softmax(dim=1), nn.LogSoftmax(dim=1)])
    def test_scores_are_what_enters_the_softmax(self, ending, X):
        net = seeded(nn.Sequential(*conv_norm_relu(), *head()))
        output = "probabilities" if isinstance(ending, nn.Softmax) else "logits"
        network = freeze(PretrainedClassifier(nn.Sequential(*net, ending), output=output), X)
        scores = network.logits(torch.from_numpy(X))
        expected = net(torch.from_numpy(X)).detach()
        if isinstance(ending, nn.Softmax):
            torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(scores.softmax(1), expected.softmax(1), rtol=1e-4, atol=1e-5)

    def test_where_it_cannot_be_removed_log_p_stands_in(self, X):
        class Hidden(Untraceable):
            def forward(self, x):
                return super().forward(x).softmax(1)

        module = seeded(Hidden())
        network = freeze(PretrainedClassifier(module, output="probabilities"), X)
        torch.testing.assert_close(network.probabilities(torch.from_numpy(X)), module(torch.from_numpy(X)).detach())

    def test_output_may_be_a_function(self, X):
        module = seeded(Tuple())
        classifier = PretrainedClassifier(module, [0, 1, 2], output=pick_logits)
        np.testing.assert_allclose(classifier.predict_proba(X), PretrainedClassifier(module).predict_proba(X), rtol=1e-6)


def pick_logits(output):
    return output[0]


class TestFolding:
    def norms(self, network):
        named = [each for part in network._recorded.modules for each in part.named_modules()]
        return [name.split(".")[-1] for name, layer in named if isinstance(layer, nn.BatchNorm2d)]

    def test_batch_norm_goes_into_the_convolution_before_it(self, X):
        module = seeded(nn.Sequential(*conv_norm_relu(), *head()))
        assert not self.norms(freeze(PretrainedClassifier(module), X))
        assert isinstance(module[1], nn.BatchNorm2d)

    def test_never_across_the_asked_layer(self, X):
        module = seeded(nn.Sequential(*conv_norm_relu(), nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), *head()))
        assert self.norms(freeze(PretrainedClassifier(module), X, layer="0")) == ["1"]
        assert self.norms(freeze(PretrainedClassifier(module), X, layer="4")) == ["4"]
        assert self.norms(freeze(PretrainedClassifier(module), X, layer="2")) == []

    def test_inside_a_container_that_is_asked_for(self, X):
        module = seeded(nn.Sequential(conv_norm_relu(), head()))
        network = freeze(PretrainedClassifier(module), X, layer="0")
        assert not self.norms(network)
        activations = network.activations(torch.from_numpy(X))
        torch.testing.assert_close(activations, module[0](torch.from_numpy(X)).detach(), rtol=1e-4, atol=1e-5)


class Recurrent(nn.Module):
    """Has a layer that returns a tuple."""

    def __init__(self):
        super().__init__()
        self.rows, self.dense = nn.GRU(10, 6, batch_first=True), nn.Linear(48, 3)

    def forward(self, x):
        return self.dense(self.rows(x[:, 0])[0].flatten(1))


class TestLayers:
    def test_activations_are_the_layers_output_even_if_it_is_changed_in_place_later(self, X):
        module = seeded(InPlace())
        network = freeze(PretrainedClassifier(module), X, layer="conv")
        expected = module.conv(2 * torch.from_numpy(X)).detach()
        assert (expected < 0).any()
        values = network.activations(torch.from_numpy(X))
        with_gradients, gradients = network.activation_gradients(torch.from_numpy(X), np.zeros(5, dtype=int))
        torch.testing.assert_close(values, expected)
        torch.testing.assert_close(with_gradients, expected)
        assert ((gradients != 0) <= (expected + 0.1 > 0)).all()

    def test_layer_may_return_a_tuple(self, X):
        module = seeded(Recurrent())
        network = freeze(PretrainedClassifier(module), X, layer="rows")
        activations, gradients = network.activation_gradients(torch.from_numpy(X), np.full(5, 2))
        torch.testing.assert_close(activations, module.rows(torch.from_numpy(X[:, 0]))[0].detach())
        torch.testing.assert_close(gradients, module.dense.weight[2].detach().view(8, 6).expand(5, 8, 6))

    def test_what_goes_around_a_layer_is_not_in_its_gradient(self, X):
        module = seeded(Passing())
        network = freeze(PretrainedClassifier(module), X, layer="same")
        _, gradients = network.activation_gradients(torch.from_numpy(X), np.full(5, 2))
        torch.testing.assert_close(gradients, 2 * module.dense.weight[2].detach().view(4, 10).expand(5, 4, 10))

    def test_is_found_by_name_index_and_container(self):
        module = nn.Sequential(conv_norm_relu(), nn.Conv2d(4, 4, 1), head())
        assert layer_name(module, "0.1") == "0.1"
        assert layer_name(module, "0") == "0"
        assert layer_name(module, 0) == layer_name(module, -2) == "0.0"
        assert layer_name(module) == layer_name(module, -1) == layer_name(module, 1) == "1"

    def test_unknown_layer_is_refused_with_those_there_are(self):
        with pytest.raises(ValueError, match=r"layer='conv9' is not a layer of Sequential.* 0$|layer='conv9'.*0\."):
            layer_name(conv_norm_relu(), "conv9")
        with pytest.raises(ValueError, match="layer=3 must be an index into the 1 convolutions of Sequential: 0"):
            layer_name(conv_norm_relu(), 3)

    def test_module_without_convolution_is_refused(self):
        with pytest.raises(ValueError, match="Sequential has none"):
            layer_name(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))

    def test_layer_without_spatial_axis_is_refused(self, X):
        network = freeze(PretrainedClassifier(seeded(View())), X, layer="dense")
        with pytest.raises(ValueError, match=r"layer='dense' of View must return a tensor .*spatial.*shape \(5, 3\)"):
            network.activations(torch.from_numpy(X))

    def test_layer_that_is_not_run_is_refused(self, X):
        class Idle(View):
            def __init__(self):
                super().__init__()
                self.idle = nn.Conv2d(1, 1, 1)

        network = freeze(PretrainedClassifier(seeded(Idle()), [0, 1, 2]), X, layer="idle")
        with pytest.raises(ValueError, match=r"layer='idle'.*not run"):
            network.activations(torch.from_numpy(X))


class TestBatches:
    def test_slices_cover_all_once(self):
        assert [list(range(10))[batch] for batch in slices(10, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]

    @pytest.mark.parametrize("size", [1, 3, 7, 20, 1000])
    def test_blocks_cover_the_grid_once_within_the_size(self, size):
        grid = np.zeros((5, 13), dtype=int)
        for clips, variants in blocks(5, 13, size):
            grid[clips, variants] += 1
            assert grid[clips, variants].size <= size
        assert (grid == 1).all()

    def test_blocks_are_as_equal_as_can_be(self):
        assert [list(range(10))[clips] for clips, _ in blocks(10, 1, 4)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8, 9]]

    @pytest.mark.parametrize("n_threads", [2, 4])
    def test_blocks_keep_all_threads_busy(self, n_threads):
        for grid in ((1, 100), (100, 1), (7, 13), (64, 1)):
            sizes = [np.ones(grid)[block].size for block in blocks(*grid, 1000, n_threads)]
            assert len(sizes) >= n_threads
            assert max(sizes) <= 2 * np.mean(sizes)

    def test_few_blocks_are_as_many_as_keep_all_threads_busy_to_the_end(self):
        for grid in ((21, 21), (5, 100), (64, 10), (16, 101)):
            sizes = [np.ones(grid)[block].size for block in blocks(*grid, 128, 4)]
            assert len(sizes) % 4 == 0
            assert max(sizes) <= 128

    def test_small_grid_stays_whole(self):
        assert list(blocks(4, 5, 1000, 4)) == [(slice(0, 4), slice(0, 5))]
        assert max(np.ones((4, 5))[block].size for block in blocks(4, 5, 10, 4)) <= 10

    @pytest.mark.usefixtures("two_threads")
    def test_working_memory_bounds_the_batches_of_all_threads(self, X):
        for mebibytes in (0.1, 0.5, 1):
            with sklearn.config_context(working_memory=mebibytes):
                network = freeze(PretrainedClassifier(seeded(View())), X)
                assert 1 <= network.gradient_batch_size <= network.batch_size
                bytes_per_clip = network._recorded.graph_bytes
                at_once = network.n_threads * network.gradient_batch_size
                assert at_once * bytes_per_clip <= max(mebibytes * 2**20, network.n_threads * bytes_per_clip)
        with sklearn.config_context(working_memory=0.1):
            assert batch_size_within(10**9) == 1
            network = freeze(PretrainedClassifier(seeded(View())), X, batch_size=4 * network.n_threads)
            assert network.gradient_batch_size == 4

    def test_memory_of_a_clip_counts_its_activations(self, X):
        network = freeze(PretrainedClassifier(seeded(View())), X)
        assert network._recorded.graph_bytes >= 4 * (80 + 320 + 320 + 3)  # clip, convolution, ReLU, scores


DECIBELS = FeatureRange(-80.0, 0.0, -80.0)


class TestMasking:
    def test_mask_keeps_where_it_is_1_and_hides_where_it_is_0(self):
        x, b = torch.randn(2, 1, 3, 4), torch.tensor(-80.0).view(1, 1, 1, 1)
        torch.testing.assert_close(mask(x, torch.ones_like(x), b), x)
        torch.testing.assert_close(mask(x, torch.zeros_like(x), b), torch.full_like(x, -80))
        half = torch.full_like(x, 0.5)
        torch.testing.assert_close(mask(x, half, b), b + half * (x - b))
        torch.testing.assert_close(mask(x, half, torch.zeros(1, 1, 1, 1)), half * x)

    def test_floor_of_decibels_is_silence_and_the_product_is_not(self):
        x = torch.tensor([[-60.0, -10.0]])
        hidden = mask(x, torch.zeros_like(x), resolve_baseline("floor", x, DECIBELS))
        assert hidden.tolist() == [[-80.0, -80.0]]
        assert (hidden != 0 * x).all()

    def test_floor_of_waveforms_is_silence_and_not_the_lowest_sample(self):
        X = np.array([[0.4, -0.9, 0.2], [0.0, 0.8, 0.1]], dtype=np.float32)
        for silence, expected in ((0.0, 0.0), (None, X.min())):
            classifier = PretrainedClassifier(nn.Linear(3, 2), silence=silence).fit(X)
            explainer = VanillaSaliency(classifier).fit(X)
            for owner in (classifier, clone(classifier), FrozenEstimator(classifier), explainer):
                found = resolve_baseline("floor", torch.from_numpy(X), feature_range(owner, X))
                assert (found == np.float32(expected)).all()

    def test_baselines_are_what_they_are_called(self):
        x = torch.randn(3, 1, 6, 8)
        for given, expected in ((-5, -5), ("floor", -80)):
            assert (resolve_baseline(given, x, DECIBELS) == expected).all()
        torch.testing.assert_close(resolve_baseline("mean", x, DECIBELS).flatten(), x.mean((1, 2, 3)))
        uniform = resolve_baseline("uniform", x, FeatureRange(2.0, 3.0, 2.5), seed=1)
        assert uniform.shape == (1, 1, 6, 8)
        assert 2 <= uniform.min() < uniform.max() <= 3
        assert torch.equal(uniform, resolve_baseline("uniform", x[:1], FeatureRange(2.0, 3.0, 2.5), seed=1))
        blurred = resolve_baseline("blur", x, DECIBELS)
        assert blurred.shape == x.shape
        assert blurred.var() < x.var()
        assert torch.equal(resolve_baseline("blur", x[1:2], DECIBELS), blurred[1:2])
        constant = torch.full((1, 1, 6, 8), 4.0)
        torch.testing.assert_close(resolve_baseline("blur", constant, DECIBELS), constant)

    @pytest.mark.parametrize("shape", [(1, 32, 32), (13, 40), (7,), (1, 2, 3), (1, 5, 1), (3, 1000)])
    def test_blur_is_the_gaussian_filter_of_scipy(self, shape):
        x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
        sigma = (0, *(extent / 10 if extent > 1 else 0 for extent in shape))
        expected = torch.from_numpy(gaussian_filter(x.double().numpy(), sigma, mode="nearest"))
        torch.testing.assert_close(resolve_baseline("blur", x, DECIBELS).double(), expected, rtol=1e-6, atol=1e-6)

    @pytest.mark.parametrize("baseline", ["zero", float("nan"), None, True])
    def test_another_baseline_is_refused(self, baseline):
        with pytest.raises(ValueError, match="baseline must be a finite number or one of floor, mean, blur, uniform"):
            resolve_baseline(baseline, torch.zeros(1, 4), DECIBELS)

    def test_minmax_scales_each_map_and_a_constant_one_is_undefined(self):
        scaled = minmax(torch.tensor([[1.0, 2.0, 3.0], [4.0, 4.0, 4.0]]))
        torch.testing.assert_close(scaled[0], torch.tensor([0.0, 0.5, 1.0]))
        assert scaled[1].isnan().all()

    def test_constant_maps_have_one_value(self):
        maps = np.array([[[1, 2]], [[4, 4]], [[np.nan, np.nan]], [[0.0, -0.0]]], dtype=np.float32)
        assert is_constant(maps).tolist() == is_constant(torch.from_numpy(maps)).tolist() == [False, True, False, True]


class TestPredictor:
    def test_any_classifier_with_probabilities(self, X):
        flat, y = X.reshape(5, -1), ["a", "b", "a", "b", "a"]
        forest = RandomForestClassifier(10, random_state=0).fit(flat, y)
        found = predictor(forest, flat)
        assert isinstance(found, OpaquePredictor)
        np.testing.assert_allclose(found.predict_proba(flat), forest.predict_proba(flat), rtol=1e-6)
        assert feature_range(forest, flat) == (flat.min(), flat.max(), flat.min())
        assert found.batch_size == 1024
        with sklearn.config_context(working_memory=0.25):
            assert predictor(forest, flat).batch_size == 2**17 // (12 * 80)

    def test_classifier_without_probabilities_is_refused(self, X):
        with pytest.raises(TypeError, match="estimator must be a fitted classifier with predict_proba; got LinearSVC"):
            predictor(LinearSVC().fit(X.reshape(5, -1), [0, 1, 0, 1, 0]), X.reshape(5, -1))

    def test_classifier_without_a_network_cannot_be_frozen(self, X):
        forest = RandomForestClassifier(3).fit(X.reshape(5, -1), [0, 1, 0, 1, 0])
        with pytest.raises(TypeError, match=r"torch module.*got RandomForestClassifier"):
            freeze(forest, X)

    def test_another_number_of_scores_than_classes_is_refused(self, X):
        with pytest.raises(ValueError, match=r"View must return scores of shape \(n, 2\).*got shape \(1, 3\)"):
            PretrainedClassifier(View(), ["a", "b"]).predict_proba(X)

    def test_clip_that_the_module_cannot_take_is_refused(self, X):
        with pytest.raises(ValueError, match=r"View cannot take clips of shape \(1, 8, 9\)"):
            PretrainedClassifier(View()).predict_proba(X[..., 1:])

    def test_criterion_that_says_nothing_of_the_output_is_refused(self, X):
        net = NeuralNetClassifier(View, criterion=nn.MultiMarginLoss, classes=[0, 1, 2]).initialize()
        with pytest.raises(ValueError, match=r"criterion.*MultiMarginLoss.*PretrainedClassifier"):
            predictor(net, X)

    def test_network_copy_shares_nothing_with_the_module(self, X):
        module = seeded(View())
        weights = [weight for layer in (None, "features.0") for weight in weights_of(module, X, layer)]
        pointers = {weight.data_ptr() for weight in weights}
        assert not pointers & {parameter.data_ptr() for parameter in module.parameters()}
        assert not any(weight.requires_grad for weight in weights)


def weights_of(module, X, layer):
    network = FrozenNetwork(module, X[:1], classes=[0, 1, 2], layer=layer)
    copies = [*network._recorded.modules, network._forward.module]
    return [weight for copy in copies for weight in copy.parameters()]


class TestSharedPasses:
    def test_same_arguments_run_once_and_only_inside(self):
        calls = []

        @shared
        def expensive(X, y=None, step=0.01):
            calls.append(step)
            return len(calls)

        X = np.zeros(3)
        with shared_passes():
            assert expensive(X) == expensive(X, None, step=0.01) == 1
            with shared_passes():
                assert expensive(X) == 1
            assert expensive(X.copy()) == 2
            assert expensive(X, step=0.02) == 3
        assert expensive(X) == 4
        assert expensive(X) == 5

    def test_candidate_sees_what_is_shared_and_leaves_nothing_behind(self):
        calls = []

        @shared
        def expensive(step):
            calls.append(step)
            return len(calls)

        with shared_passes():
            assert expensive(1) == 1
            for expected in (2, 3):
                with candidate_passes(), shared_passes():
                    assert (expensive(1), expensive(2), expensive(2)) == (1, expected, expected)
            assert expensive(1) == 1
        with candidate_passes():  # nothing is shared around it
            assert (expensive(1), expensive(1)) == (4, 5)

    def test_equal_arguments_are_the_same_where_it_is_asked_for(self):
        calls = []

        @shared(equal=["steps"])
        def expensive(steps, X):
            calls.append(1)
            return len(calls)

        X = np.zeros(3)
        with shared_passes():
            assert expensive({"a": np.ones(2)}, X) == expensive({"a": np.ones(2)}, X) == 1
            assert expensive({"a": np.zeros(2)}, X) == 2

    @pytest.fixture
    def n_passes(self, monkeypatch):
        """Return a list with the number of clips of each pass in which a layer was recorded."""
        recorded, check = [], RecordedCopy._checked

        def counted(self, record):
            recorded.append(len(record))
            return check(self, record)

        monkeypatch.setattr(RecordedCopy, "_checked", counted)
        return recorded

    @pytest.mark.parametrize("target", [1, None])
    def test_class_activation_maps_share_one_recorded_forward(self, X, n_passes, target):
        classifier = FrozenEstimator(PretrainedClassifier(seeded(View())))
        methods = [method(classifier, target=target).fit(X) for method in (GradCAMPlusPlus, GradCAM, ScoreCAM, FasterScoreCAM)]
        alone = [method.transform(X) for method in methods]
        n_passes.clear()
        with shared_passes():
            together = [method.transform(X) for method in methods]
        assert sum(n_passes) == len(X)
        for one, other in zip(alone, together):
            np.testing.assert_array_equal(one, other)

    def test_recorded_forwards_stay_within_their_budget(self, X, n_passes):
        network = freeze(PretrainedClassifier(seeded(View())), X, layer="features.0")
        bytes_per_clip = 4 * 8 * 10 * 4
        with sklearn.config_context(working_memory=8 * 2 * bytes_per_clip / 2**20), shared_passes():
            clips = [network.tensor(X[[clip]]) for clip in range(4)]
            first = [network.activations(clip) for clip in clips]
            assert sum(n_passes) == 4
            again = [network.activations(clip) for clip in clips]
        assert sum(n_passes) == 6
        torch.testing.assert_close(first, again)

    def test_feature_maps_beside_gradients_and_scores_take_their_budget_once(self, X, n_passes):
        network = freeze(PretrainedClassifier(seeded(View())), X, layer="features.0")
        bytes_of_maps, bytes_of_scores = 4 * 8 * 10 * 4, 4 * len(network.classes_)
        with sklearn.config_context(working_memory=8 * (2 * bytes_of_maps + bytes_of_scores) / 2**20), shared_passes():
            clips = [network.tensor(X[[clip]]) for clip in range(2)]
            for clip in (*clips, *clips):
                network.activation_gradients(clip)
        assert sum(n_passes) == 3

    @pytest.mark.parametrize("method", ["activations", "activations_and_prediction", "activation_gradients"])
    def test_who_gets_a_recorded_pass_cannot_change_it(self, X, method):
        network = freeze(PretrainedClassifier(seeded(View())), X, layer="features.0")
        x = network.tensor(X)
        with shared_passes(), torch.no_grad():
            found = [getattr(network, method)(x) for _ in range(3)]
            expected = copy.deepcopy(found[2])
            for given in found[:2]:
                for tensor in given if isinstance(given, tuple) else (given,):
                    tensor.zero_()
            torch.testing.assert_close(found[2], expected, rtol=0, atol=0)
            torch.testing.assert_close(getattr(network, method)(x), expected, rtol=0, atol=0)

    def test_who_gets_an_array_cannot_change_it(self, X):
        @shared
        def several(X):
            return X, {"twice": [2 * X]}, FeatureRange(0.0, 1.0, 0.0), Result(X + 1)

        same, of_dict, feature_range, of_dataclass = several(X)
        assert all(array.flags.writeable for array in (same, of_dict["twice"][0], of_dataclass.values))
        with shared_passes():
            same, of_dict, feature_range, of_dataclass = several(X)
        assert not any(array.flags.writeable for array in (same, of_dict["twice"][0], of_dataclass.values))
        assert np.shares_memory(same, X)
        assert X.flags.writeable
        assert feature_range == FeatureRange(0.0, 1.0, 0.0)

    def test_parameters_and_refits_of_an_estimator_count(self, X):
        y, calls = np.array(["a", "b", "a", "b", "a"]), []

        @shared
        def once(estimator):
            calls.append(estimator)
            return len(calls)

        pipeline = make_pipeline(StandardScaler(), SVC()).fit(X.reshape(5, -1), y)
        explainer = VanillaSaliency(PretrainedClassifier(seeded(View()), ["a", "b", "c"])).fit(X)
        with shared_passes():
            assert once(pipeline) == once(pipeline) == 1
            assert once(pipeline.set_params(svc__C=2.0)) == 2
            assert once(pipeline.fit(X.reshape(5, -1) + 1, y)) == 3
            assert once(explainer) == once(explainer) == 4
            assert once(explainer.set_params(target="b")) == once(explainer) == 5
            assert once(explainer.set_params(estimator__silence=1.0)) == 6
            assert once(explainer.fit(X)) == once(explainer) == 7
            with torch.no_grad():
                explainer.estimator_.module_.dense.bias[0] += 1
            assert once(explainer) == once(explainer) == 8

    def test_a_metric_sees_set_params_between_two_calls(self, X):
        explainer = VanillaSaliency(FrozenEstimator(PretrainedClassifier(seeded(View()), ["a", "b", "c"]))).fit(X)
        maps = np.abs(X)
        with shared_passes():
            found = [deletion_auc(explainer.set_params(target=target), X, maps) for target in ("a", "b")]
        expected = [deletion_auc(explainer, X, maps, target=target) for target in ("a", "b")]
        np.testing.assert_array_equal(found, expected)
        assert (found[0] != found[1]).any()


@dataclass(frozen=True)
class Result:
    values: np.ndarray


class TestMemoryOfTheDevice:
    def test_block_is_halved_until_it_fits(self):
        grid, sizes = np.zeros((6, 11), dtype=int), []

        def fits_seven(clips, variants):
            size = grid[clips, variants].size
            sizes.append(size)
            if size > 7:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return size

        for block, size in _halving(fits_seven, (slice(0, 6), slice(0, 11))):
            grid[block] += 1
            assert grid[block].size == size
        assert (grid == 1).all()
        assert max(sizes) == 66

    def test_one_input_too_large_is_an_error(self):
        def never_fits(clips):
            raise torch.OutOfMemoryError("CUDA out of memory")

        with pytest.raises(torch.OutOfMemoryError):
            list(_halving(never_fits, (slice(0, 5),)))
