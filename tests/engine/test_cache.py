"""Copies are made once for a module, and again when anything of it has changed."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from skxai.engine import _cache, freeze
from skxai.engine._cache import _sums
from skxai.engine._forms import shared_convolutions
from skxai.models import PretrainedClassifier
from skxai.models.acoumon import AcoumonNet


@pytest.fixture
def module():
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 2)).eval()


X = np.random.default_rng(0).standard_normal((4, 1, 8, 8)).astype(np.float32)


def expected(module):
    with torch.no_grad():
        return module(torch.from_numpy(X)).softmax(1)


def test_copies_are_made_once(module):
    first, second = (freeze(PretrainedClassifier(module), X) for _ in range(2))
    assert first._recorded is second._recorded
    assert first._forward is second._forward
    assert freeze(PretrainedClassifier(module), X, layer="0")._recorded is not first._recorded
    assert freeze(PretrainedClassifier(module), X, layer="0")._forward is first._forward


def double_by_data(module):
    module[0].weight.data.mul_(2)


def double_in_place(module):
    with torch.no_grad():
        module[4].bias[0] += 1


def double_by_numpy(module):
    module[4].weight.detach().numpy()[:] *= 2


def swap_rows_by_numpy(module):
    rows = module[4].weight.detach().numpy()
    rows[:] = rows[::-1].copy()


def turn_kernels_by_numpy(module):
    kernels = module[0].weight.detach().numpy()
    kernels[:] = kernels[..., ::-1, ::-1].copy()


def new_tensor(module):
    module[0].bias = nn.Parameter(module[0].bias.detach() + 1)


def other_statistics(module):
    module[1].running_mean.add_(1)


def other_setting(module):
    module[1].eps = 0.5


def other_layer(module):
    module[2] = nn.Sigmoid()


def hook(module):
    module[2].register_forward_hook(lambda layer, inputs, output: output + 1)


CHANGES = [
    double_by_data,
    double_in_place,
    double_by_numpy,
    swap_rows_by_numpy,
    turn_kernels_by_numpy,
    new_tensor,
    other_statistics,
    other_setting,
    other_layer,
    hook,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_any_change_is_noticed(change, module):
    before = PretrainedClassifier(module, [0, 1]).predict_proba(X)
    change(module)
    after = PretrainedClassifier(module, [0, 1]).predict_proba(X)
    assert np.abs(after - before).max() > 1e-4
    torch.testing.assert_close(torch.from_numpy(after), expected(module), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64, torch.complex64, torch.complex128, torch.bool])
@pytest.mark.parametrize("start", [0, 1])
def test_a_change_of_any_value_is_noticed(dtype, start):
    weights = torch.zeros(12, dtype=dtype)[start:]  # as a view of another tensor, which may not begin at a whole word
    before = _sums([weights])
    for index in range(len(weights)):
        weights.fill_(0)[index] = 1
        assert _sums([weights]) != before
    assert _sums([weights.fill_(0)]) == before


@pytest.mark.parametrize("size", [12, 5000])
def test_values_that_change_places_are_noticed(size):
    weights = torch.randn(size, generator=torch.Generator().manual_seed(0))
    before = _sums([weights])
    for first, second in [(0, 1), (0, size - 1), (2, 3), (size // 2, size // 2 + 1), (size - 2, size - 1)]:
        weights[[first, second]] = weights[[second, first]]
        assert _sums([weights]) != before
        weights[[first, second]] = weights[[second, first]]
    assert _sums([weights]) == before


def test_threads_that_copy_many_networks_do_not_wait_for_each_other_for_ever():
    def explain(seed):
        module = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 2)).eval()
        classifier = PretrainedClassifier(module)
        return [freeze(classifier, X, layer="0").activation_gradients(torch.from_numpy(X)) for _ in range(3)]

    with ThreadPoolExecutor(16) as pool:
        done = [pool.submit(explain, seed) for seed in range(48)]
        assert all(len(each.result(timeout=300)) == 3 for each in done)


def test_mode_of_training_is_no_change(module):
    network = freeze(PretrainedClassifier(module), X)
    module.train()
    assert freeze(PretrainedClassifier(module), X)._recorded is network._recorded
    assert module.training


def test_module_is_not_kept_alive():
    modules = [nn.Sequential(nn.Flatten(), nn.Linear(64, 2)) for _ in range(3)]
    for each in modules:
        freeze(PretrainedClassifier(each), X)
    addresses, alive = {id(each) for each in modules}, [weakref.ref(each) for each in modules]
    assert addresses <= {address for address, _ in _cache._MADE}
    modules.clear()
    del each
    gc.collect()
    assert not any(reference() for reference in alive)
    assert not addresses & {address for address, _ in _cache._MADE}


def test_copies_stay_within_their_limit(module, monkeypatch):
    layers = ["0", "1", "2"]
    weights = sum(weight.nbytes for weight in module.parameters())
    monkeypatch.setattr(_cache, "LIMIT", 3 * weights)
    for layer in layers:
        assert freeze(PretrainedClassifier(module), X, layer=layer)._recorded
        assert sum(copy.size for copy in _cache._MADE.values()) <= 3 * weights
    used_last = [key[-1] for _, key in _cache._MADE]
    assert used_last == ["1", torch.float32, "2"]
    monkeypatch.setattr(_cache, "LIMIT", 0)
    assert freeze(PretrainedClassifier(module), X, layer="0")._recorded
    assert [key[-1] for _, key in _cache._MADE] == [torch.float32, "0"]


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN")
@pytest.mark.parametrize(("layer", "n_below"), [(-1, 3), (1, 1), (0, 0)])
def test_weights_below_a_layer_are_held_once(layer, n_below):
    clip = np.zeros((1, 1, 32, 32), dtype=np.float32)
    network = freeze(PretrainedClassifier(AcoumonNet((1, 32, 32), 2).eval(), [0, 1]), clip, layer=layer)
    network.activations(network.tensor(clip))
    forward = shared_convolutions(network._forward.module)
    below, _, _ = network._recorded._parts
    assert len(forward) == 4
    assert sum(any(layer is known for known in forward.values()) for layer in below.modules()) == n_below
