"""What makes a copy faster leaves what it computes as it was: outputs, gradients, and the maps at every layer."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from skxai.engine import _forward_copy, _recorded_copy, freeze
from skxai.engine._accelerate import Accelerated, accelerated
from skxai.engine._copies import detached_copy, output_sizes
from skxai.engine._one_axis import over_images
from skxai.engine._rewrite import rewritten
from skxai.engine._trim_kernels import trim_kernels
from skxai.models import PretrainedClassifier, ResNetClassifier
from skxai.models.acoumon import AcoumonNet
from skxai.models.m5 import M5Net
from skxai.models.resnet import BasicBlock, Bottleneck
from skxai.testing.checks._subjects import fit_on
from skxai.testing.discovery import all_explainers

SPATIAL = (nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.MaxPool2d)


def randomised(module):
    """Give every layer random weights and batch norm the statistics of a trained one, so that nothing cancels."""
    generator = torch.Generator().manual_seed(0)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.dtype == torch.float32:
            scale = (2 / max(tensor[0].numel(), 1)) ** 0.5 if tensor.dim() > 1 else 0.3
            tensor.data = torch.randn(tensor.shape, generator=generator) * scale
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.running_var.data = layer.running_var.abs() + 0.5
            layer.weight.data = layer.weight.abs() + 0.5
    return module.eval()


def m5():
    return randomised(M5Net((1200,), 3, n_filters=4)), (1200,)


def acoumon():
    return randomised(AcoumonNet((1, 32, 32), 3)), (1, 32, 32)


class Residual(nn.Module):
    """What residual networks are made of, a few channels wide: on cepstra the last block sees one row and much padding."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 8, 7, 2, 3, bias=False), nn.BatchNorm2d(8)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        self.layer1, self.layer2, self.layer3 = BasicBlock(8, 8, 1), BasicBlock(8, 12, 2), Bottleneck(12, 4, 2)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(16, 3)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(self.avgpool(self.layer3(self.layer2(self.layer1(x)))).flatten(1))


def residual():
    return randomised(Residual()), (1, 13, 72)


class Functional(nn.Module):
    """Written as many people write it: functions, a pooling of a ReLU, and a view."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(6, 8, 3, padding=1)
        self.norm, self.pool, self.dense = nn.BatchNorm2d(8), nn.MaxPool2d(2), nn.Linear(8 * 4 * 5, 3)
        self.activation = torch.relu

    def forward(self, x):
        x = self.pool(self.activation(self.first(x)))
        x = self.pool(self.activation(self.norm(self.second(x))))
        return self.dense(x.view(x.size(0), -1))


def functional():
    return randomised(Functional()), (1, 16, 20)


def without_kinks(module):
    """Make gradients continuous: where rounding decides whether a ReLU is on, the gradient itself does not hold 1e-5."""
    for name, layer in list(module.named_modules()):
        if isinstance(layer, nn.ReLU):
            module.set_submodule(name, nn.Softplus())
        elif isinstance(layer, nn.MaxPool1d):
            module.set_submodule(name, nn.AvgPool1d(layer.kernel_size, ceil_mode=layer.ceil_mode))
        elif isinstance(layer, nn.MaxPool2d):
            module.set_submodule(name, nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding))
    if isinstance(module, Functional):
        module.activation = nn.functional.softplus
    return module


@pytest.fixture
def plain_engine(monkeypatch):
    """Let the engine run the module as it is: a copy in eval mode, in torch's own layout."""

    def plain_copy(module, example, purpose, **kwargs):
        plain = detached_copy(module)
        return Accelerated(plain, False, *output_sizes(plain, example))

    def use():
        for user in (_forward_copy, _recorded_copy):
            monkeypatch.setattr(user, "accelerated", plain_copy)

    return use


def layers_of(explainer, module, make):
    if "layer" not in explainer(None).get_params(deep=False):
        return [None]
    if make is m5:  # of each block one, at another place
        names = ["features.0", "features.6", "features.10", "features.15"]
    elif make is residual:  # each kind of place: stem, blocks of both kinds, where the stride is, a layer that is run twice
        names = ["conv1", "bn1", "maxpool", "layer1.relu", "layer2.downsample.0", "layer3.downsample.1", "layer3.conv3"]
    else:
        names = [name for name, layer in module.named_modules() if isinstance(layer, SPATIAL) and "classifier" not in name]
    if make is acoumon:  # its four blocks are alike: the first and the last
        names = [*names[:4], *names[-4:]]
    if explainer.__name__ in ("GradCAMPlusPlus", "XGradCAM"):
        # α = 1 / (2 + g·ΣA) has poles where ΣA < 0, 1 / ΣA where it is 0: before a ReLU float32 itself does not hold 1e-5.
        names = [name for name in names if isinstance(module.get_submodule(name), (nn.ReLU, nn.MaxPool1d, nn.MaxPool2d))]
    return names


@pytest.mark.parametrize("make", [acoumon, residual, functional, m5], ids=lambda make: make.__name__)
@pytest.mark.parametrize("explainer", [explainer for _, explainer in all_explainers()], ids=lambda value: value.__name__)
@pytest.mark.filterwarnings("ignore:layer=.*the maps of .* are constant:UserWarning")
def test_maps_at_every_layer_equal_the_plain_modules(explainer, make, plain_engine):
    module, shape = make()
    layers = layers_of(explainer, module, make)
    if layers == [None]:
        module = without_kinks(module)
    X = np.random.default_rng(0).standard_normal((5, *shape)).astype(np.float32)

    def maps_at(layer):
        parameters = {} if layer is None else {"layer": layer}
        few = {"n_masks": 50, "n_steps": 10}
        parameters |= {name: few[name] for name in few if name in explainer(None).get_params(deep=False)}
        return fit_on(explainer(None), copy.deepcopy(module), X, **parameters).transform(X[:3])

    fast = [maps_at(layer) for layer in layers]
    plain_engine()
    # The difference of two scores has fewer digits than they have.
    tolerance = 1e-4 if explainer.__name__ in ("AblationCAM", "Occlusion") else 1e-5
    for layer, maps in zip(layers, fast):
        expected = maps_at(layer)
        assert expected.any(), f"nothing to compare at {layer}"
        least = tolerance * np.abs(expected).max()
        np.testing.assert_allclose(maps, expected, rtol=tolerance, atol=least, err_msg=f"at {layer}")


class TestRewriting:
    def test_pooling_comes_before_the_relu_unless_either_is_asked_for(self):
        module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2)).eval()

        def order(layer):
            graph, _ = rewritten(copy.deepcopy(module), layer, False)
            return [node.target for node in graph.graph.nodes if node.op == "call_module"]

        assert order(None) == order("0") == ["0", "2", "1", "3", "4"]
        assert order("1") == order("2") == ["0", "1", "2", "3", "4"]

    def test_relu_that_is_used_elsewhere_stays_where_it_is(self):
        class Skip(nn.Module):
            def __init__(self):
                super().__init__()
                self.relu, self.pool = nn.ReLU(), nn.MaxPool2d(1)

            def forward(self, x):
                x = self.relu(x)
                return (self.pool(x) + x).flatten(1)

        graph, _ = rewritten(Skip().eval(), None, False)
        x = torch.randn(2, 1, 3, 4)
        torch.testing.assert_close(graph(x), Skip()(x))

    def test_view_no_longer_keeps_a_module_from_the_fast_layout(self):
        module, shape = functional()
        dense = accelerated(module, torch.zeros(1, *shape), "hooks").module
        assert dense.first.weight.is_contiguous(memory_format=torch.channels_last)
        network = freeze(PretrainedClassifier(module), np.zeros((1, *shape), dtype=np.float32))
        assert type(network._forward.module).__name__ in ("Blocked", "ChannelsLast")
        assert type(network._recorded.module).__name__ == "Differentiable"


class TestOneAxis:
    @pytest.mark.parametrize(
        "layer",
        [
            nn.Conv1d(4, 6, 5),
            nn.Conv1d(4, 6, 5, stride=3, padding=2, dilation=2, groups=2, bias=False),
            nn.Conv1d(4, 6, 5, padding="same"),
            nn.Conv1d(4, 6, 3, padding=1, padding_mode="circular"),
            nn.MaxPool1d(4, ceil_mode=True),
            nn.MaxPool1d((3,), (2,), 1, dilation=2),
        ],
        ids=repr,
    )
    def test_layers_over_images_of_one_row_compute_the_same(self, layer):
        module = nn.Sequential(nn.ReLU(), layer).requires_grad_(False)
        x = torch.randn(3, 4, 41)
        expected, state = module(x), torch.get_rng_state()
        torch.testing.assert_close(over_images(module)(x), expected)
        assert torch.equal(torch.get_rng_state(), state)

    def test_network_on_waveforms_runs_in_the_fast_layout_of_images(self):
        module, shape = m5()
        network = freeze(PretrainedClassifier(module), np.zeros((1, *shape), dtype=np.float32))
        for copied in (network._forward.module, network._recorded.module):
            last = copied.get_submodule("features.12").layer
            assert type(last) is nn.Conv2d
            assert last.weight.is_contiguous(memory_format=torch.channels_last)

    def test_module_that_needs_its_own_layout_keeps_it(self):
        class Viewed(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv, self.dense = nn.Conv1d(1, 4, 3), nn.Linear(4 * 10, 2)

            def forward(self, x):
                assert x.dim() == 2  # fx does not trace it, so that the view stays one
                return self.dense(self.conv(x[:, None]).view(len(x), -1) if x.sum() < 1e9 else x[:, :2])

        module = Viewed().eval()
        X = np.random.default_rng(0).standard_normal((3, 12)).astype(np.float32)
        network = freeze(PretrainedClassifier(module), X)
        assert type(network._forward.module.conv) is nn.Conv1d
        with torch.no_grad():
            torch.testing.assert_close(network.logits(torch.from_numpy(X)), module(torch.from_numpy(X)))


class TestTrimming:
    @pytest.mark.parametrize("stride", [1, 2])
    @pytest.mark.parametrize(("rows", "kernel", "trimmed"), [(1, 3, 1), (1, 7, 1), (2, 7, 3), (3, 3, 3), (8, 3, 3)])
    def test_kernel_keeps_what_sees_more_than_padding(self, rows, kernel, trimmed, stride):
        convolution = nn.Conv2d(2, 3, (kernel, 3), padding=(kernel // 2, 1), stride=(stride, 1)).requires_grad_(False)
        x = torch.randn(2, 2, rows, 9)
        expected = convolution(x)
        trim_kernels(convolution, x[:1])
        torch.testing.assert_close(convolution(x), expected)
        if stride == 1:
            assert convolution.weight.shape[2] == trimmed

    @pytest.mark.parametrize("settings", [{"groups": 2}, {"dilation": 2, "padding": 2}, {"padding_mode": "reflect"}])
    def test_other_convolutions_compute_the_same(self, settings):
        convolution = nn.Conv2d(2, 4, 3, **{"padding": 1, **settings}).requires_grad_(False)
        x = torch.randn(2, 2, 3, 5)
        expected = convolution(x)
        trim_kernels(convolution, x[:1])
        torch.testing.assert_close(convolution(x), expected)

    def test_convolution_of_two_sizes_is_left_alone(self):
        class Twice(nn.Module):
            def __init__(self):
                super().__init__()
                self.conv = nn.Conv2d(1, 1, 3, padding=1)

            def forward(self, x):
                return self.conv(x).sum((2, 3)) + self.conv(x[:, :, :1]).sum((2, 3))

        module = Twice().requires_grad_(False)
        x = torch.randn(2, 1, 4, 4)
        expected = module(x)
        trim_kernels(module, x[:1])
        assert module.conv.weight.shape == (1, 1, 3, 3)
        torch.testing.assert_close(module(x), expected)

    def test_resnet_on_cepstra_ends_in_kernels_of_one_row_and_predicts_the_same(self):
        make, arguments = ResNetClassifier(18)._module((1, 13, 40), 3)
        module = randomised(make(**arguments))
        X = np.random.default_rng(0).standard_normal((3, 1, 13, 40)).astype(np.float32)
        network = freeze(PretrainedClassifier(module), X[:1])
        with torch.no_grad():
            logits = module(torch.from_numpy(X))
            torch.testing.assert_close(network.logits(torch.from_numpy(X)), logits, rtol=1e-5, atol=1e-4)
        torch.testing.assert_close(torch.from_numpy(network.predict_proba(X)), logits.softmax(1), rtol=1e-4, atol=1e-6)
        assert network._recorded.module.get_submodule("layer4.1.conv2").weight.shape[2:] == (1, 3)
        assert module.get_submodule("layer4.1.conv2").weight.shape[2:] == (3, 3)
