"""A form of a copy is used if it agrees with the module as well as float32 lets it; the log says why it is not."""

import logging

import numpy as np
import pytest
import torch
from torch import fx, nn

from skxai.engine import _accelerate, freeze
from skxai.engine._accelerate import accelerated
from skxai.models import PretrainedClassifier


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
    return isinstance(accelerated(Sensitive(gain).eval(), torch.rand(1, 1, 12, 12), "hooks").module, fx.GraphModule)


@pytest.mark.parametrize("gain", [1.0, 3e4])
def test_a_copy_is_rewritten_however_coarse_float32_is(gain):
    assert is_rewritten(gain)


@pytest.mark.parametrize("gain", [1.0, 3e4])
def test_a_copy_that_computes_something_else_is_not_used(gain, monkeypatch):
    def wrong(module, *args):
        graph = fx.symbolic_trace(module)
        graph.norm.bias = nn.Parameter(graph.norm.bias + 0.5, requires_grad=False)
        return graph, False

    monkeypatch.setattr(_accelerate, "rewritten", wrong)
    assert not is_rewritten(gain)


class Refusing(nn.Module):
    """Refuses whatever is no plain tensor in torch's own layout, as code that reads memory does."""

    def __init__(self, refuses):
        super().__init__()
        self.conv, self.dense, self.refuses = nn.Conv2d(1, 4, 3), nn.Linear(4, 2), refuses

    def forward(self, x):
        x = self.conv(x)
        if self.refuses(x):
            raise KeyError("unknown")
        return self.dense(x.mean((2, 3)))


def is_traced(x):
    return isinstance(x, fx.Proxy)


def is_traced_or_blocked(x):
    return is_traced(x) or x.is_mkldnn


def is_channels_last(x):
    return is_traced(x) or (not x.is_mkldnn and not x.is_contiguous())


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN")
@pytest.mark.parametrize(
    ("refuses", "form"),
    [(is_traced, "rewritten graph"), (is_traced_or_blocked, "Blocked"), (is_channels_last, "channels-last memory")],
)
def test_the_log_says_why_a_form_is_refused(refuses, form, caplog, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    module = Refusing(refuses).eval()
    x = torch.rand(2, 1, 8, 9)
    with caplog.at_level(logging.DEBUG, logger="skxai.engine"):
        got = accelerated(module, x[:1], "scores").module(x)
    torch.testing.assert_close(got, module(x))
    assert any(form in message and "KeyError" in message for message in caplog.messages)


def test_the_log_says_that_a_form_gives_another_output(caplog, monkeypatch):
    monkeypatch.setattr(_accelerate, "trim_kernels", lambda module, example: nn.init.zeros_(module.conv.weight))
    with caplog.at_level(logging.DEBUG, logger="skxai.engine"):
        accelerated(Sensitive(1.0).eval(), torch.rand(1, 1, 12, 12), "hooks")
    assert any("Sensitive: form 'smaller kernels' is refused for another output" in message for message in caplog.messages)


def test_a_torch_without_set_submodule_is_not_hidden(monkeypatch):
    monkeypatch.delattr(nn.Module, "set_submodule")
    X = np.zeros((1, 1, 12, 12), dtype=np.float32)
    with pytest.raises(AttributeError, match="set_submodule"):
        freeze(PretrainedClassifier(Sensitive(1.0).eval(), [0, 1, 2, 3]), X)


def test_a_convolution_may_be_called_by_keyword():
    class ByKeyword(Sensitive):
        def forward(self, x):
            return self.conv(input=x).mean((2, 3))

    module, x = ByKeyword(1.0).eval(), torch.rand(1, 1, 12, 12)
    for purpose in ("scores", "gradients"):
        torch.testing.assert_close(accelerated(module, x, purpose).module(x), module(x))
