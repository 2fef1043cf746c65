"""Gradients by the input that are computed in oneDNN's blocked layout."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from skxai.engine import freeze
from skxai.engine._accelerate import accelerated
from skxai.engine._differentiable import Differentiable
from skxai.engine._forms import shared_convolutions
from skxai.models import PretrainedClassifier
from skxai.models.acoumon import AcoumonNet
from skxai.models.resnet import ResNet

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN")


def gradient(module, x):
    leaf = x.clone().requires_grad_()
    score = module(leaf.clone()).amax(1).sum()
    return torch.autograd.grad(score, leaf)[0]


def assert_gradients_agree(module, x):
    exact = gradient(copy.deepcopy(module).double(), x.double())
    found = gradient(accelerated(module, x[:1], "gradients").module, x)
    assert exact.any()
    torch.testing.assert_close(found.double(), exact, rtol=0, atol=1e-5 * float(exact.abs().max()))


def is_blocked(module, shape):
    return isinstance(accelerated(module, torch.rand(1, *shape), "gradients").module, Differentiable)


@pytest.mark.parametrize(
    ("shape", "settings"),
    [
        ((1, 32, 32), {"kernel_size": (8, 4), "padding": (4, 2)}),
        ((1, 13, 40), {"kernel_size": 3, "padding": 1}),  # 13 rows: rectangles of one row
        ((1, 7, 11), {"kernel_size": 3}),
        ((2, 16, 16), {"kernel_size": 5, "padding": 2}),
        ((3, 12, 20), {"kernel_size": (1, 9), "padding": (0, 4)}),
        ((4, 10, 10), {"kernel_size": 3, "padding": 2, "dilation": 2}),
        ((17, 8, 8), {"kernel_size": (4, 2), "padding": (0, 1)}),
        ((1, 8, 8), {"kernel_size": 1}),
    ],
)
def test_gradient_of_a_convolution(shape, settings):
    torch.manual_seed(0)
    first = nn.Conv2d(shape[0], 20, **settings)
    second = nn.Conv2d(20, 6, 3, padding=1)
    # Without a ReLU: beside a kink a rounding error counts.
    module = nn.Sequential(first, second, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3)).eval()
    assert is_blocked(module, shape)
    assert_gradients_agree(module, torch.randn(5, *shape))


@pytest.mark.parametrize(
    "settings",
    [{"stride": 2}, {"groups": 2}, {"padding": 3}, {"padding": "same"}, {"padding": 1, "padding_mode": "reflect"}],
    ids=str,
)
def test_convolution_whose_gradient_is_none_of_stride_1_is_left_to_torch(settings):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(2, 4, 3, **settings), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).eval()
    assert not is_blocked(module, (2, 9, 9))
    assert_gradients_agree(module, torch.randn(5, 2, 9, 9))


def test_layer_that_is_run_at_two_sizes():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.pool, self.linear = nn.Conv2d(1, 1, 3, padding=1), nn.MaxPool2d(3), nn.Linear(64, 3)

        def forward(self, x):
            return self.linear(torch.flatten(self.conv(self.pool(self.conv(x))), 1))

    torch.manual_seed(0)
    module = Twice().eval()
    assert is_blocked(module, (1, 24, 24))
    assert_gradients_agree(module, torch.randn(4, 1, 24, 24))


def test_ties_in_a_pooling_are_resolved_as_torch_does():
    torch.manual_seed(0)
    module = AcoumonNet((1, 32, 32), 3).eval()
    x = torch.rand(8, 1, 32, 32)
    x[:4, :, :, 10:] = 0  # as the silence after a sound that is short
    x[4:, :, 12:24] = 0.25
    assert is_blocked(module, (1, 32, 32))
    assert_gradients_agree(module, x)


def test_network_with_strides_is_left_to_torch():
    torch.manual_seed(0)
    assert not is_blocked(ResNet((1, 13, 100), 3, 18).eval(), (1, 13, 100))


def test_weights_of_passes_forward_are_held_once():
    clip = np.zeros((1, 1, 32, 32), dtype=np.float32)
    network = freeze(PretrainedClassifier(AcoumonNet((1, 32, 32), 2).eval(), [0, 1]), clip)
    forward = set(shared_convolutions(network._forward.module).values())
    assert len(forward) == 4
    assert forward <= set(network._recorded.module.modules())
