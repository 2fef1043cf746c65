"""Tracing a network changes nothing for anybody else: neither the layers' classes nor what other threads call."""

import threading

import numpy as np
import pytest
import torch
from torch import fx, nn

from skxai.engine import FrozenNetwork
from skxai.engine._tracing import _Tracer


class Registered(nn.Module):
    """A module whose subclasses are written down, as some frameworks do."""

    known = []

    def __init_subclass__(cls, **named):
        super().__init_subclass__(**named)
        Registered.known.append(cls)


class Scaled(Registered):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.register_buffer("shift", torch.tensor(1.0))
        self.dense = nn.Linear(3, 2)

    def forward(self, x):
        return self.dense(x * self.scale + self.shift)


def test_graph_is_that_of_fx():
    module = nn.Sequential(Scaled(), nn.ReLU(), nn.Sequential(nn.Linear(2, 2)))
    got, expected = _Tracer(None).trace(module), fx.Tracer().trace(module)
    assert [(node.op, str(node.target)) for node in got.nodes] == [(node.op, str(node.target)) for node in expected.nodes]
    x = torch.rand(4, 3)
    assert torch.equal(fx.GraphModule(module, got)(x), module(x))


@pytest.mark.parametrize("fails", [False, True])
def test_layers_have_their_own_classes_again(fails):
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = Scaled()

        def forward(self, x):
            y = self.layer(x)
            return y if not fails or y.sum() > 0 else -y

    module, known = Branches(), list(Registered.known)
    if fails:
        with pytest.raises(fx.proxy.TraceError):
            _Tracer(None).trace(module)
    else:
        _Tracer(None).trace(module)
    assert [type(layer) for layer in module.modules()] == [Branches, Scaled, nn.Linear]
    assert Registered.known == known


def test_other_threads_call_their_modules_meanwhile():
    stop, failures, calls = threading.Event(), [], [0]
    own = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))

    def use():
        x = torch.rand(1, 1, 8, 8)
        while not stop.is_set():
            try:
                own(x)
            except Exception as error:
                failures.append(error)
            calls[0] += 1

    users = [threading.Thread(target=use) for _ in range(4)]
    for user in users:
        user.start()
    try:
        for _ in range(30):
            module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2)).eval()
            FrozenNetwork(module, np.ones((1, 1, 8, 8), dtype=np.float32), classes=[0, 1])
    finally:
        stop.set()
        for user in users:
            user.join()
    assert calls[0] > 0
    assert failures == []
