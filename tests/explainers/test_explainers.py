"""Each method is its formula, checked against the formula written naively; and what all explainers promise."""

import copy
import os
import warnings

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, cross_val_score
from skorch import NeuralNetClassifier
from torch import nn
from torch.nn import functional

from skxai.explainers import (
    Explainer,
    FasterScoreCAM,
    GradCAM,
    GradCAMPlusPlus,
    ScoreCAM,
    SmoothGrad,
    VanillaSaliency,
)
from skxai.metrics import deletion_auc, insertion_auc, insertion_curve
from skxai.models import PretrainedClassifier, ResNetClassifier, TorchClassifier
from skxai.testing.discovery import all_explainers

EXPLAINERS = [explainer for _, explainer in all_explainers()]
CAMS = [explainer for explainer in EXPLAINERS if "layer" in explainer(None).get_params(deep=False)]
SHAPE = (1, 9, 12)


class Net(nn.Module):
    """A convolution, whose feature maps are half as large as the clip, and dense layers that are not linear in them."""

    def __init__(self, n_classes=3):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, stride=2, padding=1)
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(180, 8), nn.Tanh(), nn.Linear(8, n_classes))

    def forward(self, x):
        return self.dense(self.conv(x).relu())


@pytest.fixture
def X():
    return np.random.default_rng(0).random((4, *SHAPE), dtype=np.float32)


@pytest.fixture
def net():
    state = torch.get_rng_state()
    torch.manual_seed(3)
    net = Net()
    torch.set_rng_state(state)
    return net.eval()


def maps_of(explainer, net, X, target=1, **params):
    return explainer(PretrainedClassifier(net), target=target, **params).fit(X).transform(X)


def activations_and_gradients(net, X, target=1):
    """Return A and ∂S_c/∂A of one clip after the other, in float64."""
    net, found = copy.deepcopy(net).double(), []
    for x in torch.from_numpy(X).double():
        A = net.conv(x[None]).detach().requires_grad_()
        net.dense(A.relu())[0, target].backward()
        found.append((A.detach()[0], A.grad[0]))
    return found


def upsampled(M):
    return functional.interpolate(M[None, None], SHAPE[1:], mode="bilinear", align_corners=False)[0].numpy()


def assert_maps(actual, expected):
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-4 * scale)


class TestGradients:
    def test_vanilla_saliency_is_the_absolute_gradient(self, net, X):
        x = torch.from_numpy(X).requires_grad_()
        net(x)[:, 1].sum().backward()
        assert_maps(maps_of(VanillaSaliency, net, X), x.grad.abs().numpy())

    def test_smooth_grad_without_noise_is_vanilla_saliency(self, net, X):
        smooth = maps_of(SmoothGrad, net, X, noise_level=0, random_state=0)
        assert_maps(smooth, maps_of(VanillaSaliency, net, X))

    def test_smooth_grad_is_the_mean_over_noise_scaled_to_each_clips_range(self, net, X):
        X = X * np.array([1, 10, 0.1, 0], dtype=np.float32).reshape(-1, 1, 1, 1)
        noise = np.random.default_rng(7).standard_normal((6, *SHAPE), dtype=np.float32)
        expected = np.zeros_like(X)
        for clip in range(len(X)):
            for draw in noise:
                x = torch.from_numpy(X[clip] + 0.3 * (X[clip].max() - X[clip].min()) * draw)[None].requires_grad_()
                net(x)[0, 1].backward()
                expected[clip] += x.grad[0].abs().numpy() / 6
        assert_maps(maps_of(SmoothGrad, net, X, noise_level=0.3, n_samples=6, random_state=7), expected)

    def test_draws_of_more_samples_begin_with_those_of_fewer(self, net, X):
        maps = {n: maps_of(SmoothGrad, net, X, n_samples=n, random_state=0) for n in (5, 10)}
        generator = np.random.default_rng(0)
        generator.standard_normal((5, *SHAPE), dtype=np.float32)
        later = np.zeros_like(X)
        for draw in generator.standard_normal((5, *SHAPE), dtype=np.float32):
            extent = np.ptp(X.reshape(4, -1), axis=1).reshape(4, 1, 1, 1)
            x = torch.from_numpy(X + 0.2 * extent * draw).requires_grad_()
            net(x)[:, 1].sum().backward()
            later += x.grad.abs().numpy() / 5
        assert_maps(maps[10], (maps[5] + later) / 2)

    def test_random_state_none_draws_anew_in_each_fit_and_keeps_the_draws(self, net, X):
        first, second = (SmoothGrad(PretrainedClassifier(net)).fit(X) for _ in range(2))
        assert (first.transform(X) != second.transform(X)).any()
        np.testing.assert_array_equal(first.transform(X), first.transform(X))


class TestGradCAM:
    def test_is_the_formula(self, net, X):
        expected = [upsampled((g.mean((1, 2), keepdim=True) * A).sum(0).relu()) for A, g in activations_and_gradients(net, X)]
        assert_maps(maps_of(GradCAM, net, X), np.stack(expected))

    def test_plus_plus_is_equation_19(self, net, X):
        expected = []
        for A, g in activations_and_gradients(net, X):
            denominator = 2 * g**2 + A.sum((1, 2), keepdim=True) * g**3
            alpha = torch.where(denominator != 0, g**2 / denominator, 0)
            expected.append(upsampled(((alpha * g.relu()).sum((1, 2), keepdim=True) * A).sum(0).relu()))
        assert_maps(maps_of(GradCAMPlusPlus, net, X), np.stack(expected))

    def test_plus_plus_weighs_small_gradients_too(self, net, X):
        tiny = copy.deepcopy(net)
        with torch.no_grad():
            tiny.dense[3].weight *= 1e-8
        scaled = maps_of(GradCAMPlusPlus, tiny, X)  # α → ½ where the gradient vanishes, so w → ½ Σ ReLU(g)
        expected = [upsampled((g.relu().sum((1, 2), keepdim=True) / 2 * A).sum(0).relu())
                    for A, g in activations_and_gradients(tiny, X)]  # fmt: skip
        assert_maps(scaled, np.stack(expected))

    def test_grad_cam_plus_plus_has_no_weight_where_its_denominator_is_zero(self):
        net = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.Flatten(), nn.Linear(2, 2, bias=False))
        with torch.no_grad():
            net[0].weight.fill_(1)
            net[2].weight.copy_(torch.tensor([[1.0, 1.0], [0.0, 0.0]]))
        X = np.array([[[[1.0, -3.0]]]], dtype=np.float32)  # Σ A = −2 and g = 1: 2 g² + Σ A g³ = 0
        explainer = GradCAMPlusPlus(PretrainedClassifier(net), target=0).fit(np.concatenate([X, -X]))
        np.testing.assert_array_equal(explainer.transform(X), 0)


class TestScoreCAM:
    @pytest.mark.parametrize("baseline", ["floor", "mean", 0.3])
    def test_is_the_formula(self, net, X, baseline):
        expected = []
        for x, (A, _) in zip(torch.from_numpy(X), activations_and_gradients(net, X)):
            b = {"floor": X.min(), "mean": x.mean()}.get(baseline, baseline)
            M = torch.zeros(A.shape[1:], dtype=torch.float64)
            for A_k in A:
                m = torch.from_numpy(upsampled(A_k)).float()
                m = (m - m.min()) / (m.max() - m.min())
                M += torch.softmax(net((b + m * (x - b))[None]), 1)[0, 1].item() * A_k
            expected.append(upsampled(M.relu()))
        assert_maps(maps_of(ScoreCAM, net, X, baseline=baseline), np.stack(expected))

    def test_constant_channel_counts_nothing(self, net, X):
        bright, dark = copy.deepcopy(net), copy.deepcopy(net)
        for module, bias in ((bright, 5.0), (dark, 0.0)):
            with torch.no_grad():
                module.conv.weight[2], module.conv.bias[2] = 0, bias
                module.dense[1].weight[:, 60:90] = 0  # nobody hears the constant channel
        assert_maps(maps_of(ScoreCAM, bright, X), maps_of(ScoreCAM, dark, X))

    @pytest.mark.parametrize("n_channels", [6, 100])
    def test_faster_with_all_channels_is_score_cam(self, net, X, n_channels):
        assert_maps(maps_of(FasterScoreCAM, net, X, n_channels=n_channels), maps_of(ScoreCAM, net, X))

    def test_faster_takes_each_clips_own_channels(self, net, X):
        X[1:] *= -3
        maps = maps_of(FasterScoreCAM, net, X, n_channels=2, baseline=0.0)
        for clip, (A, _) in enumerate(activations_and_gradients(net, X)):
            chosen = A.std((1, 2)).topk(2).indices
            weights = {k: self.weight(net, torch.from_numpy(X[clip]), A[k]) for k in chosen.tolist()}
            expected = upsampled(sum(weight * A[k] for k, weight in weights.items()).relu())
            assert_maps(maps[clip], expected)

    def weight(self, net, x, A_k):
        m = torch.from_numpy(upsampled(A_k)).float()
        m = (m - m.min()) / (m.max() - m.min())
        return torch.softmax(net((m * x)[None]), 1)[0, 1].item()


class Waves(nn.Module):
    """A 1-D convolutional network on waveforms."""

    def __init__(self, n_classes=2):
        super().__init__()
        self.conv1, self.norm = nn.Conv1d(1, 4, 9, stride=4, padding=4), nn.BatchNorm1d(4)
        self.conv2, self.dense = nn.Conv1d(4, 5, 3, padding=1), nn.Linear(5, n_classes)

    def forward(self, x):
        x = self.conv2(self.norm(self.conv1(x[:, None])).relu()).relu()
        return self.dense(x.mean(2))


class TestShapesOfNetworks:
    @pytest.mark.parametrize("explainer", EXPLAINERS, ids=lambda explainer: explainer.__name__)
    def test_waveforms_are_explained_too(self, explainer):
        X = np.random.default_rng(0).standard_normal((5, 101)).astype(np.float32)
        maps = maps_of(explainer, Waves(), X)
        assert maps.shape == X.shape
        assert np.isfinite(maps).all()

    @pytest.mark.parametrize("explainer", CAMS, ids=lambda explainer: explainer.__name__)
    def test_channels_of_a_clip_share_a_map(self, explainer):
        stereo = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(3 * 4 * 5, 2))
        X = np.random.default_rng(0).random((3, 2, 6, 7), dtype=np.float32)
        maps = maps_of(explainer, stereo, X)
        assert maps.shape == X.shape
        np.testing.assert_array_equal(maps[:, 0], maps[:, 1])

    @pytest.mark.parametrize("explainer", CAMS, ids=lambda explainer: explainer.__name__)
    def test_network_without_convolution_has_no_class_activation_map(self, explainer, X):
        dense = nn.Sequential(nn.Flatten(), nn.Linear(108, 2))
        with pytest.raises(ValueError, match="convolution, but Sequential has none"):
            explainer(PretrainedClassifier(dense)).fit(X)

    def test_unknown_layer_is_refused_in_fit(self, net, X):
        with pytest.raises(ValueError, match="layer='conv7' is not a layer of Net; it has, for example, conv"):
            GradCAM(PretrainedClassifier(net), layer="conv7").fit(X)
        with pytest.raises(ValueError, match="layer=5 must be an index into the 1 convolutions of Net: conv"):
            GradCAM(PretrainedClassifier(net), layer=5).fit(X)

    def test_layer_that_sees_no_frequencies_is_warned_of_with_one_that_does(self):
        X = np.random.default_rng(0).standard_normal((2, 1, 13, 400)).astype(np.float32)
        resnet = ResNetClassifier(max_epochs=1, random_state=0)
        with pytest.warns(UserWarning, match=r"\(1, 13\).*GradCAM are constant along the frequency.*layer='([\w.]+)'") as found:
            explainer = GradCAM(FrozenEstimator(resnet.fit(X, [0, 1]))).fit(X)
        assert np.ptp(explainer.transform(X), axis=2).max() < 1e-6
        layer = str(found[0].message).split("layer='")[2].split("'")[0]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            better = GradCAM(explainer.estimator, layer=layer).fit(X)
        assert np.ptp(better.transform(X), axis=2).max() > 0


class Tiny(nn.Sequential):
    """A small network for clips of SHAPE, whose every making is written to a file."""

    def __init__(self, n_classes, log=os.devnull):
        super().__init__(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, n_classes))
        with open(log, "a") as file:
            file.write("trained\n")


@pytest.fixture
def log(tmp_path):
    log = tmp_path / "trainings"
    log.touch()
    return log


@pytest.fixture
def labelled():
    return np.random.default_rng(0).random((18, *SHAPE), dtype=np.float32), np.resize(["cough", "wheeze"], 18)


def tiny(log):
    return TorchClassifier(Tiny, module_params={"log": str(log)}, max_epochs=1, random_state=0)


def trainings(log):
    return len(log.read_text().splitlines())


class TestTraining:
    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_memory_trains_once_a_fold_however_many_candidates(self, log, labelled, tmp_path, n_jobs):
        explainer = SmoothGrad(tiny(log), n_samples=2, random_state=0, memory=str(tmp_path / "cache"))
        search = GridSearchCV(explainer, {"noise_level": [0.1, 0.2, 0.3]}, cv=3, refit=False, n_jobs=n_jobs)
        search.fit(*labelled)
        assert trainings(log) == 3
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    def test_other_data_or_another_classifier_is_trained_anew(self, log, labelled, tmp_path):
        X, y = labelled
        memory = str(tmp_path / "cache")
        first = GradCAM(tiny(log), memory=memory).fit(X, y)
        again = VanillaSaliency(tiny(log), memory=memory).fit(X, y)
        assert trainings(log) == 1
        np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
        GradCAM(tiny(log), memory=memory).fit(X + 1, y)
        GradCAM(tiny(log), memory=memory).fit(X, y[::-1])
        GradCAM(tiny(log).set_params(lr=0.1), memory=memory).fit(X, y)
        assert trainings(log) == 4

    def test_frozen_classifier_is_never_trained(self, log, labelled):
        X, y = labelled
        classifier = tiny(log).fit(X, y)
        explainer = GradCAM(FrozenEstimator(classifier))
        scores = cross_val_score(explainer, X, y, cv=3)
        assert trainings(log) == 1
        assert np.isfinite(scores).all()
        assert explainer.fit(X).estimator_.estimator is classifier
        np.testing.assert_array_equal(explainer.predict(X), classifier.predict(X))

    def test_plain_skorch_net_learns_string_labels(self, labelled):
        X, y = labelled
        net = NeuralNetClassifier(
            Tiny, module__n_classes=2, criterion=nn.CrossEntropyLoss, max_epochs=1, train_split=None, verbose=0
        )
        explainer = GradCAM(net).fit(X, y)
        assert set(explainer.predict(X)) <= {"cough", "wheeze"}
        assert explainer.explain(X, "cough").shape == X.shape
        by_accuracy = insertion_curve(explainer, X, explainer.transform(X), y).curves(by="accuracy")
        np.testing.assert_array_equal(by_accuracy[:, -1], explainer.predict(X) == y)
        reverse = GradCAM(clone(net).set_params(classes=["wheeze", "cough"])).fit(X, y)
        assert reverse.classes_.tolist() == ["wheeze", "cough"]
        with pytest.raises(ValueError, match="y holds 'cough', which is not in classes of NeuralNetClassifier"):
            GradCAM(clone(net).set_params(classes=["wheeze", "alarm"])).fit(X, y)
        with pytest.raises(ValueError, match="requires y"):
            GradCAM(net).fit(X)

    def test_score_is_insertion_less_deletion(self, labelled):
        X, y = labelled
        explainer = VanillaSaliency(TorchClassifier(Tiny, max_epochs=1, random_state=0)).fit(X, y)
        maps = explainer.transform(X)
        expected = insertion_auc(explainer, X, maps).mean() - deletion_auc(explainer, X, maps).mean()
        assert explainer.score(X, y) == pytest.approx(expected)

    def test_classifier_without_a_network_is_refused(self, labelled):
        X, y = labelled
        with pytest.raises(TypeError, match=r"estimator must be a classifier with a torch module.*got RandomForestClassifier"):
            VanillaSaliency(RandomForestClassifier(2)).fit(X.reshape(18, -1), y)


class TestErrors:
    def test_map_that_is_not_finite_names_the_clip(self, X):
        loud = nn.Sequential(nn.Flatten(), nn.Linear(108, 2), Exponential())
        X[2] *= 1e4
        explainer = VanillaSaliency(PretrainedClassifier(loud, [0, 1])).fit(X[:2])
        with pytest.raises(ValueError, match="VanillaSaliency got a map that is not finite for clip 2 of X"):
            explainer.explain(X, 0)

    def test_progress_is_shown_on_request(self, net, X, capsys):
        maps_of(VanillaSaliency, net, X)
        assert capsys.readouterr() == ("", "")
        maps_of(VanillaSaliency, net, X, verbose=1)
        assert "VanillaSaliency: maps" in capsys.readouterr().err

    @pytest.mark.parametrize(("explainer", "params"), [(SmoothGrad, {"noise_level": -1}), (SmoothGrad, {"n_samples": 0}),
                                                       (FasterScoreCAM, {"n_channels": 0}), (ScoreCAM, {"baseline": "zero"}),
                                                       (GradCAM, {"batch_size": 0})])  # fmt: skip
    def test_parameter_out_of_range_is_named(self, net, X, explainer, params):
        (name,) = params
        with pytest.raises(ValueError, match=f"'{name}' parameter of {explainer.__name__}"):
            maps_of(explainer, net, X, **params)


class Exponential(nn.Module):
    """Overflows for loud clips."""

    def forward(self, x):
        return torch.exp(x.abs())


def test_new_explainer_takes_fifteen_lines(net, X):
    class InputTimesGradient(Explainer):
        def __init__(self, estimator, *, target=None, batch_size=None, memory=None, verbose=0):
            self.estimator = estimator
            self.target = target
            self.batch_size = batch_size
            self.memory = memory
            self.verbose = verbose

        def _explain(self, network, x, target):
            return x * network.input_gradient(x, target)

    vanilla = maps_of(VanillaSaliency, net, X)
    assert_maps(np.abs(maps_of(InputTimesGradient, net, X)), X * vanilla)
