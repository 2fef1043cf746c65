"""A rewritten copy is kept if it agrees with the module as well as float32 lets it."""

import pytest
import torch
from torch import fx, nn

from skxai.engine import _freeze
from skxai.engine._freeze import frozen_copy


class Sensitive(nn.Module):
    """Multiplies the rounding errors of its convolution by ``gain``, as a deep network does with those of its first layers."""

    def __init__(self, gain):
        super().__init__()
        self.gain = gain
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        nn.init.normal_(self.norm.running_mean)
        nn.init.uniform_(self.norm.running_var, 0.5, 2)

    def forward(self, x):
        return torch.sin(self.gain * self.norm(self.conv(x))).mean((2, 3))


def is_rewritten(gain):
    return isinstance(frozen_copy(Sensitive(gain).eval(), torch.rand(1, 1, 12, 12)).module, fx.GraphModule)


@pytest.mark.parametrize("gain", [1.0, 3e4])
def test_a_copy_is_rewritten_however_coarse_float32_is(gain):
    assert is_rewritten(gain)


@pytest.mark.parametrize("gain", [1.0, 3e4])
def test_a_copy_that_computes_something_else_is_not_used(gain, monkeypatch):
    def wrong(module, layer, strip_softmax):
        graph = fx.symbolic_trace(module)
        graph.norm.bias = nn.Parameter(graph.norm.bias + 0.5, requires_grad=False)
        return graph, False

    monkeypatch.setattr(_freeze, "rewritten", wrong)
    assert not is_rewritten(gain)
