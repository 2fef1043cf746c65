"""Which memory layout a copy gets, by processor, and that maps are the same in either."""

import numpy as np
import pytest
import torch

from skxai.engine import freeze
from skxai.engine._forms import Blocked, ChannelsLast, shared_convolutions
from skxai.explainers import SmoothGradCV
from skxai.models import AcoumonClassifier, PretrainedClassifier
from skxai.models.acoumon import AcoumonNet
from skxai.models.resnet import ResNet
from skxai.testing.checks._classifiers import check_fast_and_plain_network_agree
from skxai.testing.discovery import all_explainers

pytestmark = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="needs oneDNN")

NETWORKS = {"Acoumon": lambda: AcoumonNet((1, 32, 32), 3), "ResNet-18": lambda: ResNet((1, 13, 60), 3, 18)}
SHAPES = {"Acoumon": (1, 32, 32), "ResNet-18": (1, 13, 60)}
CLASSES = ["alarm", "cough", "wheeze"]
EXPLAINERS = [make for _, make in all_explainers() if make.requires_module and make is not SmoothGradCV]


@pytest.fixture
def processor(monkeypatch, request):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: request.param)


def frozen(name, **params):
    torch.manual_seed(0)
    module = NETWORKS[name]().eval()
    return freeze(PretrainedClassifier(module, CLASSES), np.zeros((1, *SHAPES[name]), dtype=np.float32), **params)


@pytest.mark.parametrize(
    ("processor", "name", "form"),
    [
        ("AVX512", "Acoumon", Blocked),
        ("AVX512", "ResNet-18", Blocked),
        ("AVX2", "Acoumon", Blocked),  # kernels of 8 × 4
        ("AVX2", "ResNet-18", ChannelsLast),  # mostly of 3 × 3
        ("DEFAULT", "ResNet-18", Blocked),
    ],
    indirect=["processor"],
)
def test_form_follows_the_processor_and_the_kernels(processor, name, form):
    assert type(frozen(name)._forward.module) is form


@pytest.mark.parametrize("processor", ["AVX2"], indirect=True)
@pytest.mark.parametrize(("layer", "n_shared"), [(None, 20), (-1, 19)])  # nothing is folded into the layer itself
def test_channels_last_weights_are_held_once_for_gradients_and_below_a_layer(processor, layer, n_shared):
    network = frozen("ResNet-18", layer=layer)
    forward = set(shared_convolutions(network._forward.module).values())
    recorded = {child for module in network._recorded.modules for child in module.modules()}
    assert len(forward) == 20
    assert len(forward & recorded) == n_shared


@pytest.mark.parametrize("processor", ["AVX2", "AVX512"], indirect=True)
@pytest.mark.parametrize("make", EXPLAINERS, ids=lambda make: make.__name__)
def test_maps_are_those_of_the_plain_network_on_either_processor(processor, make):
    check_fast_and_plain_network_agree(make(AcoumonClassifier()))


@pytest.mark.parametrize("processor", ["AVX2", "AVX512"], indirect=True)
def test_gradients_flow_through_a_copy_that_was_made_in_inference_mode(processor):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # where another thread makes the copies, the mode does not reach it
    try:
        with torch.inference_mode():
            network = frozen("ResNet-18")
        gradient = network.input_gradient(torch.rand(2, *SHAPES["ResNet-18"]))
    finally:
        torch.set_num_threads(threads)
    assert gradient.abs().sum() > 0
