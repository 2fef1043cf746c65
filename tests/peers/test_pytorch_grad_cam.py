"""skxai beside pytorch-grad-cam."""

import numpy as np
import pytest
import torch
from torch import nn

from skxai.explainers import (
    AblationCAM,
    EigenCAM,
    GradCAM,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    ScoreCAM,
    XGradCAM,
)
from skxai.metrics import average_drop, average_increase

from .side_by_side import LAYER, Subject, apart, peer

pytestmark = pytest.mark.filterwarnings("ignore")  # the peer's are its own


@pytest.fixture(scope="module")
def grad_cam(torchvision):
    return peer("pytorch_grad_cam", "grad-cam", "pytorch-grad-cam")


def cams(method, subject, layer=LAYER):
    """Return the peer's maps ``(n, 1, f, t)`` of the predicted classes."""
    module = subject.module()
    return method(module, [module.get_submodule(layer)])(subject.x, None)[:, None]


CAMS = [GradCAM, GradCAMPlusPlus, LayerCAM, HiResCAM, XGradCAM, EigenCAM, ScoreCAM, AblationCAM]


@pytest.mark.parametrize("explainer", CAMS, ids=lambda explainer: explainer.__name__)
def test_maps(grad_cam, subject, agreement, explainer):
    package, name = grad_cam
    ours = subject.maps(explainer, convention="pytorch-grad-cam")
    agreement(explainer.__name__, name, apart(ours, cams(getattr(package, explainer.__name__), subject)), 1e-4)


def test_ablation_cam_behind_a_relu(grad_cam, subject, agreement):
    package, name = grad_cam
    ours = subject.maps(AblationCAM, convention="pytorch-grad-cam", layer="features.6")
    agreement("AblationCAM, behind a ReLU", name, apart(ours, cams(package.AblationCAM, subject, "features.6")), 1e-4)


def test_its_ablation_depends_on_the_order_of_the_feature_maps(grad_cam):
    package, _ = grad_cam
    layer, negative = package.ablation_layer.AblationLayer(), torch.full((1, 3, 2, 2), -1.0)
    layer.activations_to_be_ablated(negative[0])
    layer.set_next_batch(0, negative, 3)
    values = [removed[k, 0, 0].item() for k, removed in enumerate(layer(None))]
    np.testing.assert_allclose(values, [-1 - 1e7, -1 - 2e7, -1 - 3e7])


def test_its_eigen_cam_has_the_sign_that_lapack_gives(grad_cam):
    package, _ = grad_cam
    maps = np.random.default_rng(0).random((1, 4, 3, 5), dtype=np.float32)
    (projected,) = package.utils.svd_on_activations.get_2d_projection(maps)
    assert projected.sum() == pytest.approx(0, abs=1e-5)  # centred: neither sign is the one that the total has
    assert projected.min() < 0 < projected.max()


def test_grad_cam_plus_plus_where_its_epsilon_does_not_matter(grad_cam, subject, agreement):
    package, name = grad_cam
    steep = subject.with_gradients_times(1e3)
    ours = steep.maps(GradCAMPlusPlus)
    low, high = (extreme(ours, axis=(1, 2, 3), keepdims=True) for extreme in (np.min, np.max))
    difference = apart((ours - low) / (high - low), cams(package.GradCAMPlusPlus, steep))
    agreement("GradCAMPlusPlus, gradients × 1000", name, difference, 1e-4)


def test_its_epsilon_removes_small_gradients(grad_cam, subject):
    package, _ = grad_cam
    module = subject.module()
    cam = package.GradCAMPlusPlus(module, [module.get_submodule(LAYER)])
    gradients = np.full((1, 1, 1, 1), 1e-4, np.float32)
    weights = cam.get_cam_weights(None, None, None, np.zeros_like(gradients), gradients)
    assert (weights / gradients).item() == pytest.approx(1e-8 / (2e-8 + 1e-6))  # α, which is ½ by equation 19


def test_its_scaling_turns_a_constant_map_to_zeros(grad_cam):
    package, _ = grad_cam
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.Flatten(), nn.Linear(12, 2, bias=False))
    with torch.no_grad():
        net[0].weight.zero_()
        net[0].bias.fill_(1)
        net[2].weight.fill_(1)
    constant = Subject(net.eval(), np.random.default_rng(0).random((1, 1, 3, 4), dtype=np.float32))
    assert (cams(package.GradCAM, constant, "0") == 0).all()
    assert (constant.maps(GradCAM, convention="pytorch-grad-cam") == 0).all()
    assert (constant.maps(GradCAM) == 1).all()


@pytest.mark.parametrize("metric", [average_drop, average_increase], ids=lambda metric: metric.__name__)
def test_confidence(grad_cam, subject, agreement, metric):
    package, name = grad_cam
    columns = subject.mixed_columns.numpy()
    targets = [package.utils.model_targets.ClassifierOutputSoftmaxTarget(column) for column in columns]
    of_peer = {"average_drop": "DropInConfidence", "average_increase": "IncreaseInConfidence"}[metric.__name__]
    maps = subject.maps(GradCAM, convention="pytorch-grad-cam")
    theirs = getattr(package.metrics.cam_mult_image, of_peer)()(subject.x, maps, targets, subject.module())
    ours = metric(subject.classifier, subject.X, maps, target=columns, convention="pytorch-grad-cam")
    agreement(metric.__name__, name, apart(ours, theirs), 1e-4)
