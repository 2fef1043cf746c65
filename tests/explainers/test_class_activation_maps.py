"""Where class activation maps are the same, what they add up to, and what they do not depend on."""

import copy

import numpy as np
import pytest
import torch
from sklearn.frozen import FrozenEstimator
from torch import nn

from skxai.explainers import AblationCAM, EigenCAM, GradCAM, HiResCAM, LayerCAM, ScoreCAM, XGradCAM
from skxai.models import M5Classifier, PretrainedClassifier
from skxai.testing.checks._explainers import check_target_chooses_the_class
from skxai.testing.discovery import all_explainers

SHAPE = (1, 6, 7)  # and so are the feature maps: nothing is resized
N_MAPS, N_CLASSES = 4, 3


def network(*head):
    """Return a convolution and a ReLU, named "1", below a head, with weights of both signs."""
    net = nn.Sequential(nn.Conv2d(1, N_MAPS, 3, padding=1), nn.ReLU(), *head)
    torch.manual_seed(1)
    for layer in net:
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()
    return net.eval()


def pooled():
    net = network(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(N_MAPS, N_CLASSES))
    with torch.no_grad():
        net[-1].weight[1] = torch.tensor([1.0, -0.3, 0.7, -0.2])
    return net


def linear():
    return network(nn.Flatten(), nn.Linear(N_MAPS * 42, N_CLASSES))


@pytest.fixture
def X():
    return np.random.default_rng(0).random((5, *SHAPE), dtype=np.float32)


def maps_of(explainer, net, X, target=1, layer="1", **params):
    return explainer(PretrainedClassifier(net), target=target, layer=layer, **params).fit(X).transform(X)


def feature_maps(net, X):
    """Return A ``(n, k, f, t)`` behind the ReLU."""
    with torch.no_grad():
        return net[:2](torch.from_numpy(X))


def scores(net, X):
    with torch.no_grad():
        return net(torch.from_numpy(X)).numpy()


def assert_maps(actual, expected):
    scale = np.abs(np.asarray(expected)).max()
    assert scale > 0
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5 * scale)


class TestUnderGlobalAveragePooling:
    """The gradient is w_k / Z all over a feature map: its mean, its mean over what is active, and itself are one."""

    @pytest.mark.parametrize("explainer", [HiResCAM, XGradCAM])
    def test_is_grad_cam(self, explainer, X):
        assert_maps(maps_of(explainer, pooled(), X), maps_of(GradCAM, pooled(), X))

    def test_layer_cam_is_grad_cam_of_the_positive_weights(self, X):
        net = pooled()
        positive = copy.deepcopy(net)
        with torch.no_grad():
            positive[-1].weight.clamp_(min=0)
        assert_maps(maps_of(LayerCAM, net, X), maps_of(GradCAM, positive, X))

    def test_ablation_cam_takes_each_map_by_its_share_of_the_score(self, X):
        net = pooled()
        A, w = feature_maps(net, X), net[-1].weight[1].detach()
        share = (w * A.mean((2, 3)))[..., None, None]
        assert_maps(maps_of(AblationCAM, net, X), (share * A).sum(1, keepdim=True).relu())


class TestUnderALinearLayer:
    def test_hires_cam_adds_up_to_the_score_less_the_bias(self, X):
        net = linear()
        maps = maps_of(HiResCAM, net, X, convention="captum")
        np.testing.assert_allclose(maps.sum((1, 2, 3)), scores(net, X)[:, 1] - net[-1].bias[1].item(), rtol=1e-4, atol=1e-5)
        assert_maps(maps_of(HiResCAM, net, X), np.maximum(maps, 0))

    def test_grad_cam_does_not_add_up(self, X):
        net = linear()
        maps = maps_of(GradCAM, net, X, convention="captum")
        assert np.abs(maps.sum((1, 2, 3)) - scores(net, X)[:, 1] + net[-1].bias[1].item()).max() > 0.01

    def test_of_positive_weights_three_methods_add_up_to_the_same(self, X):
        net = linear()
        with torch.no_grad():
            net[-1].weight.abs_()
        hires, layer, xgrad = (maps_of(explainer, net, X) for explainer in (HiResCAM, LayerCAM, XGradCAM))
        assert_maps(layer, hires)  # no gradient is negative
        np.testing.assert_allclose(xgrad.sum((1, 2, 3)), hires.sum((1, 2, 3)), rtol=1e-4)
        assert np.abs(xgrad - hires).max() > 0.01 * hires.max()

    def test_ablation_cam_weighs_by_what_a_map_adds_to_the_score(self, X):
        net = linear()
        A, w = feature_maps(net, X), net[-1].weight[1].detach().view(N_MAPS, *SHAPE[1:])
        added = (w * A).sum((2, 3), keepdim=True)
        assert_maps(maps_of(AblationCAM, net, X), (added * A).sum(1, keepdim=True).relu())


class TestAblationCAM:
    def test_zero_of_the_scores_does_not_matter(self, X):
        net, lower = linear(), linear()
        with torch.no_grad():
            net[-1].bias += 10  # of all classes: the probabilities stay
            lower[-1].bias -= 10
        assert scores(net, X)[:, 1].min() > 0 > scores(lower, X)[:, 1].max()
        assert_maps(maps_of(AblationCAM, lower, X), maps_of(AblationCAM, net, X))
        with_its_sign = [maps_of(AblationCAM, each, X, convention="pytorch-grad-cam") for each in (net, lower)]
        assert np.abs(with_its_sign[0] - with_its_sign[1]).max() > 0.5

    def test_weights_times_the_score_are_the_papers(self, X):
        net = network(nn.Flatten(), nn.Linear(N_MAPS * 42, 8), nn.Tanh(), nn.Linear(8, N_CLASSES))
        A, score = feature_maps(net, X), scores(net, X)[:, 1]
        expected = torch.zeros(5, *SHAPE[1:])
        for k in range(N_MAPS):
            without = A.clone()
            without[:, k] = 0
            with torch.no_grad():
                relative = (score - net[2:](without)[:, 1].numpy()) / score
            expected += torch.from_numpy(relative)[:, None, None] * A[:, k]
        expected = np.maximum(score[:, None, None] * expected.numpy(), 0)
        assert_maps(maps_of(AblationCAM, net, X)[:, 0], expected)


class TestXGradCAM:
    def test_dead_feature_map_does_not_matter(self, X):
        net = linear()
        with torch.no_grad():
            net[0].weight[2], net[0].bias[2] = 0, -1
        assert (feature_maps(net, X)[:, 2] == 0).all()
        maps = maps_of(XGradCAM, net, X)
        with torch.no_grad():
            net[-1].weight[:, 2 * 42 : 3 * 42] = 100
        assert_maps(maps_of(XGradCAM, net, X), maps)


class TestEigenCAM:
    def test_is_not_negative_behind_a_relu(self, X):
        assert (maps_of(EigenCAM, linear(), X) >= -1e-6).all()

    def test_of_one_pattern_in_all_feature_maps_is_the_pattern(self, X):
        net = linear()
        factors = torch.tensor([1.0, 0.5, 3.0, 0.0])
        with torch.no_grad():
            net[0].weight.copy_(net[0].weight[:1].abs() * factors.view(-1, 1, 1, 1))
            net[0].bias.zero_()
        pattern = feature_maps(net, X)[:, :1]
        assert_maps(maps_of(EigenCAM, net, X), factors.norm() * pattern)

    def test_does_not_depend_on_the_basis_of_the_feature_maps(self, X):
        net = linear()
        turned, (rotation, _) = copy.deepcopy(net), torch.linalg.qr(torch.randn(N_MAPS, N_MAPS))
        with torch.no_grad():
            for weights in (turned[0].weight, turned[0].bias):
                weights.copy_(torch.tensordot(rotation, weights, 1))
        maps = maps_of(EigenCAM, net, X, layer="0")
        assert (maps.sum((1, 2, 3)) > 0).all()
        assert_maps(maps_of(EigenCAM, turned, X, layer="0"), maps)
        mirrored = copy.deepcopy(net)
        with torch.no_grad():
            mirrored[0].weight.neg_()
            mirrored[0].bias.neg_()
        assert_maps(maps_of(EigenCAM, mirrored, X, layer="0"), maps)

    def test_does_not_depend_on_what_follows_the_layer(self, X):
        net, other = linear(), linear()
        nn.init.normal_(other[-1].weight)
        np.testing.assert_array_equal(maps_of(EigenCAM, net, X, target=0), maps_of(EigenCAM, other, X, target=2))

    def test_is_the_one_that_is_declared_not_to_ask_for_the_class(self):
        assert {make for _, make in all_explainers() if make.explains_model and not make.explains_target} == {EigenCAM}

    @pytest.mark.parametrize(("explainer", "declared"), [(EigenCAM, True), (GradCAM, False)])
    def test_wrong_declaration_is_noticed(self, explainer, declared):
        wrong = type("Wrong", (explainer,), {"explains_target": declared})
        with pytest.raises(AssertionError, match="explains_target = False"):
            check_target_chooses_the_class(wrong(None))


def test_a_classifier_names_the_layer_to_look_at():
    X = np.random.default_rng(0).standard_normal((12, 800)).astype(np.float32)
    classifier = M5Classifier(n_filters=8, max_epochs=1, random_state=0).fit(X, np.arange(12) % 2)
    # The last batch norm lifts what the convolution leaves: below it all feature maps are negative.
    with torch.no_grad():
        classifier.module_.features[12].bias.fill_(-100)
        classifier.module_.features[13].running_mean.fill_(-100)
    layers = (None, classifier.cam_layer_, -1)
    at_none, at_relu, at_convolution = (ScoreCAM(FrozenEstimator(classifier), layer=at).fit(X).transform(X) for at in layers)
    np.testing.assert_array_equal(at_none, at_relu)
    assert at_none.any(axis=1).all()
    assert not at_convolution.any()
