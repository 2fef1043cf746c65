"""The engine runs a module on the device where it lies: with the CPU's results, and without waiting for it inside a batch.

The tests run on a GPU where torch has one, and on any other device by its name in ``SKXAI_DEVICE``. The pretend accelerator,
which any machine has, is one of those: ``test_on_the_pretend_accelerator`` runs them on it in a process of its own.
"""

import contextlib
import copy
import os
import subprocess
import sys

import numpy as np
import pretend_accelerator
import pytest
import sklearn
import torch
from host_transfers import Transfers
from sklearn.frozen import FrozenEstimator
from test_common import EXPLAINERS, name_of
from test_engine import ODD, seeded
from torch import nn

from skxai.datasets import EventTruth
from skxai.engine import FrozenNetwork, batch_size_within, config_context, freeze, shared_passes
from skxai.explainers import CaptumExplainer, GradCAM, IntegratedGradients, Occlusion, ScoreCAM, SmoothGrad, VanillaSaliency
from skxai.metrics import deletion_auc, label_randomisation, model_parameter_randomisation
from skxai.metrics.perturbation import ranks
from skxai.models import AcoumonClassifier, PretrainedClassifier
from skxai.testing.checks._assertions import assert_same, untouched
from skxai.testing.checks._subjects import CLASSES, clips, fit_on, small_net, small_waveform_net
from skxai.testing.discovery import all_metrics

DEVICE = os.environ.get("SKXAI_DEVICE", "cuda")
if DEVICE == pretend_accelerator.NAME:
    pretend_accelerator.register()

SHAPE = (1, 10, 12)
TOLERANCE = 1e-4

# What reads a batch on the host, and why.
WAITS = {
    "CaptumExplainer": "captum asks for numbers of a tensor between its own steps",
    "RandomMap": "NumPy draws the noise, by the content of the clip; no network is asked",
}


@pytest.fixture(params=[DEVICE])
def device(request):
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("needs a GPU that torch can use")
    return request.param


@pytest.mark.skipif(DEVICE != "cuda", reason="would start itself")
@pytest.mark.skipif(not pretend_accelerator.can_be_registered(), reason="needs a torch that takes a backend in Python")
def test_on_the_pretend_accelerator():
    """That torch has one more device, and counts on it, cannot be undone: other tests would no longer be what they are."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", __file__],
        env={**os.environ, "SKXAI_DEVICE": pretend_accelerator.NAME},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.fixture
def net():
    return decided(small_net(SHAPE))


@pytest.fixture
def X():
    return clips(SHAPE, 6)


def decided(net):
    """Let a random network tell clips apart, so that labels do change."""
    with torch.no_grad():
        net.dense.weight.mul_(30)
        net.eval()
        net.dense.bias.sub_(net(torch.from_numpy(clips(SHAPE, 20, seed=1))).mean(0))
    return net.train()


def expect_to_wait(request, explainer):
    """Take it for known where an explainer reads on the host."""
    if name_of(explainer) in WAITS:
        request.applymarker(pytest.mark.xfail(reason=WAITS[name_of(explainer)], raises=AssertionError, strict=True))


def moved(net, device):
    return copy.deepcopy(net).to(device)


def fitted(explainer, net, X, **params):
    explainer = explainer(PretrainedClassifier(net)) if isinstance(explainer, type) else explainer
    return fit_on(explainer, net, X, **params)


def conventions():
    return [
        pytest.param(explainer, convention, id=f"{name_of(explainer)}-{convention}")
        for explainer in EXPLAINERS
        for constraint in explainer._parameter_constraints.get("convention", [])
        for convention in sorted(getattr(constraint, "options", []))
    ]


every_explainer = pytest.mark.parametrize("explainer", EXPLAINERS, ids=name_of)
every_metric = pytest.mark.parametrize("metric", [metric for _, metric in all_metrics()], ids=name_of)


class TestMapsAreThoseOfTheCPU:
    @every_explainer
    def test_of_every_explainer(self, explainer, net, X, device):
        module = moved(net, device)
        with untouched(module, X):
            maps = fitted(explainer, module, X).transform(X)
        assert {tensor.device.type for tensor in module.state_dict().values()} == {device}
        assert_same(maps, fitted(explainer, net, X).transform(X), f"maps on {device} and on the CPU", TOLERANCE)

    @pytest.mark.parametrize(("explainer", "convention"), conventions())
    def test_by_every_convention(self, explainer, convention, net, X, device):
        on_device, on_cpu = (
            fitted(explainer, module, X, convention=convention).transform(X) for module in (moved(net, device), net)
        )
        assert_same(on_device, on_cpu, f"maps on {device} and on the CPU", TOLERANCE)

    @every_explainer
    def test_of_waveforms(self, explainer, device):
        X, net = clips((64,), 4), small_waveform_net()
        on_device, on_cpu = (fitted(explainer, module, X).transform(X) for module in (moved(net, device), net))
        assert_same(on_device, on_cpu, f"maps on {device} and on the CPU", TOLERANCE)

    @pytest.mark.parametrize("baseline", ["mean", "blur", "uniform"])
    @pytest.mark.parametrize("make", [IntegratedGradients, Occlusion, ScoreCAM])
    def test_from_every_baseline(self, make, baseline, net, X, device):
        on_device, on_cpu = (fitted(make, module, X, baseline=baseline).transform(X) for module in (moved(net, device), net))
        assert_same(on_device, on_cpu, f"maps on {device} and on the CPU", TOLERANCE)

    def test_of_a_classifier_that_was_trained_on_the_cpu(self, device):
        X = clips((1, 16, 16), 8)
        classifier = AcoumonClassifier(max_epochs=1, device="cpu", random_state=0).fit(X, np.resize(CLASSES, 8))
        other = copy.deepcopy(classifier)
        other.module_.to(device)
        on_device, on_cpu = (GradCAM(FrozenEstimator(trained)).fit(X).transform(X) for trained in (other, classifier))
        assert_same(on_device, on_cpu, f"maps on {device} and on the CPU", TOLERANCE)


class TestValuesAreThoseOfTheCPU:
    @pytest.fixture
    def evidence(self, net):
        """Clips of which some end in silence, maps without ties, labels, and where the classes are."""
        X, maps, generator = clips(SHAPE, 8), clips(SHAPE, 8, seed=1), np.random.default_rng(2)
        X[3::4, ..., 8:] = 0
        masks = (generator.random((8, len(CLASSES), *SHAPE)) < 0.3).astype(np.float32)
        return X, maps, np.resize(CLASSES, 8), EventTruth(CLASSES, masks, masks * X[:, None])

    @every_metric
    def test_of_every_metric(self, metric, net, evidence, device):
        X, maps, y, truth = evidence
        further = {"truth": truth} if metric.requires_truth else {}
        on_device, on_cpu = (metric(fitted(GradCAM, module, X), X, maps, y, **further) for module in (moved(net, device), net))
        np.testing.assert_allclose(on_device, on_cpu, rtol=TOLERANCE, atol=TOLERANCE)

    @pytest.mark.parametrize("descending", [True, False])
    def test_of_pixels_that_are_ranked_inside_ties(self, descending, device):
        maps = torch.from_numpy(np.random.default_rng(0).integers(-2, 3, (4, *SHAPE)).astype(np.float32))
        on_device, on_cpu = (ranks(tensor, 7, descending=descending) for tensor in (maps.to(device), maps))
        assert on_device.device.type == device
        np.testing.assert_array_equal(on_device.cpu(), on_cpu)

    @pytest.mark.parametrize("convention", [None, "quantus"])
    def test_of_networks_with_new_weights(self, convention, net, evidence, device):
        X, maps, y, _ = evidence
        on_device, on_cpu = (
            model_parameter_randomisation(fitted(VanillaSaliency, module, X), X, maps, y, convention=convention)
            for module in (moved(net, device), net)
        )
        np.testing.assert_allclose(on_device, on_cpu, atol=0.01)  # rank correlations: a rounding error may exchange two ranks

    def test_of_a_network_that_is_trained_anew(self, evidence, device):
        X, maps, y, _ = evidence
        net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(320, 3))
        on_device, on_cpu = (
            label_randomisation(fitted(VanillaSaliency, module, X), X, maps, y, max_epochs=2)
            for module in (moved(net, device), net)
        )
        np.testing.assert_allclose(on_device, on_cpu, atol=0.01)


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
class TestOddModules:
    def test_are_the_same_on_the_device(self, make, device):
        X = np.random.default_rng(0).standard_normal((5, 1, 8, 10)).astype(np.float32)
        net, target = seeded(make()), np.array([0, 1, 2, 0, 1])
        found = []
        for module in (moved(net, device), net):
            classifier = PretrainedClassifier(module)
            network = freeze(classifier, X, last_convolution=True)
            x = network.tensor(X)
            tensors = (freeze(classifier, X).input_gradient(x, target), *network.activation_gradients(x, target))
            found.append([classifier.predict_proba(X), *(tensor.cpu().numpy() for tensor in tensors)])
        for on_device, on_cpu in zip(*found):
            assert_same(on_device, on_cpu, make.__name__, TOLERANCE)


class TestNothingIsReadInsideABatch:
    @pytest.fixture
    def watched(self, monkeypatch):
        """The transfers inside the blocks of work: of the outermost ones, and of those that they are cut into."""
        levels, depth, run = [Transfers(), Transfers()], [], FrozenNetwork.run

        def run_watched(network, function, blocks):
            def watched(*block):
                if len(depth) == len(levels):
                    return function(*block)
                depth.append(None)
                try:
                    with levels[len(depth) - 1]:
                        return function(*block)
                finally:
                    depth.pop()

            return run(network, watched, blocks)

        monkeypatch.setattr(FrozenNetwork, "run", run_watched)
        return levels

    @every_explainer
    def test_by_explainers(self, explainer, net, X, device, watched, request):
        expect_to_wait(request, explainer)
        with shared_passes():
            fitted(explainer, moved(net, device), X).transform(X)
        clips_of_batch, variants = watched
        assert clips_of_batch.to_device, "nothing was watched"
        assert clips_of_batch.to_host == variants.to_host == []
        assert variants.to_device == [], "what all variants share is brought to the device once for a batch"

    @pytest.mark.parametrize("baseline", ["mean", "blur", "uniform"])
    def test_from_every_baseline(self, baseline, net, X, device, watched):
        fitted(ScoreCAM, moved(net, device), X, baseline=baseline).transform(X)
        assert watched[0].to_host == watched[1].to_host == []

    @every_metric
    def test_by_metrics(self, metric, net, X, device, watched):
        explainer = fitted(GradCAM, moved(net, device), X)
        truth = EventTruth(CLASSES, np.ones((6, 3, *SHAPE), dtype=np.float32))
        metric(
            explainer, X, clips(SHAPE, 6, seed=1), np.resize(CLASSES, 6), **({"truth": truth} if metric.requires_truth else {})
        )
        assert watched[0].to_host == []

    @every_explainer
    def test_a_batch_of_maps_is_read_once(self, explainer, net, X, device, request):
        expect_to_wait(request, explainer)
        explainer = fitted(explainer, moved(net, device), X)
        explainer.explain(X, CLASSES[0])  # copies of the network are made, and their output is looked at
        with Transfers() as transfers:
            explainer.explain(X, CLASSES[0])
        assert len(transfers.to_host) == 2, "whether the network is as it was, and the maps"

    def test_each_batch_of_maps_is_read_once(self, net, X, device):
        explainer = fitted(GradCAM, moved(net, device), X, batch_size=2)
        explainer.explain(X, CLASSES[0])
        with Transfers() as transfers:
            explainer.explain(X, CLASSES[0])
        assert len(transfers.to_host) == 1 + 3


class TestMemoryOfTheDevice:
    @pytest.mark.parametrize(
        ("make", "params"),
        [
            (VanillaSaliency, {}),
            (GradCAM, {}),
            (ScoreCAM, {}),
            (Occlusion, {"window": 0.5}),
            (IntegratedGradients, {"n_steps": 5}),
            (SmoothGrad, {"n_samples": 6}),
        ],
    )
    def test_maps_are_the_same_where_it_is_short(self, make, params, net, X, device, monkeypatch):
        explainer = fitted(make, moved(net, device), X, **params)
        expected = explainer.transform(X)
        with short_of_memory(monkeypatch, 4) as refused:
            maps = explainer.transform(X)
        assert refused
        assert_same(maps, expected, "maps in halved batches", TOLERANCE)

    def test_values_are_the_same_where_it_is_short(self, net, X, device, monkeypatch):
        explainer, maps = fitted(GradCAM, moved(net, device), X), clips(SHAPE, 6, seed=1)
        expected = deletion_auc(explainer, X, maps)
        with short_of_memory(monkeypatch, 4):
            np.testing.assert_allclose(deletion_auc(explainer, X, maps), expected, atol=TOLERANCE)


@contextlib.contextmanager
def short_of_memory(monkeypatch, n_inputs):
    """Let the device have no memory for more than so many inputs in one pass; the block gets the sizes that were refused."""
    refused = []

    def within(run):
        def limited(network, inputs, *args):
            if len(inputs) > n_inputs:
                refused.append(len(inputs))
                raise torch.OutOfMemoryError("out of memory")
            return run(network, inputs, *args)

        return limited

    with monkeypatch.context() as patch:
        for name in ("logits", "input_gradient", "activations", "activations_and_prediction", "activation_gradients"):
            patch.setattr(FrozenNetwork, name, within(getattr(FrozenNetwork, name)))
        yield refused


def test_module_with_nothing_but_buffers_is_found_on_its_device(X, device):
    class Fixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("weight", torch.linspace(-1, 1, 360).view(3, 120))

        def forward(self, x):
            return x.flatten(1) @ self.weight.T

    on_device, on_cpu = (PretrainedClassifier(module, CLASSES).predict_proba(X) for module in (Fixed().to(device), Fixed()))
    np.testing.assert_allclose(on_device, on_cpu, atol=TOLERANCE)


def test_bfloat16_is_about_the_same(net, X, device):
    exact = PretrainedClassifier(net, CLASSES).predict_proba(X)
    with config_context(precision="bfloat16"):
        rough = PretrainedClassifier(moved(net, device), CLASSES).predict_proba(X)
    assert 0 < np.abs(rough - exact).max() < 0.1


def test_random_numbers_of_the_device_stay(net, X, device):
    torch.manual_seed(5)  # another than the explainer's
    of_device = torch.get_device_module(device)
    before = of_device.get_rng_state()
    fitted(CaptumExplainer, moved(net, device), X).transform(X)
    assert torch.equal(of_device.get_rng_state(), before)


def test_batches_are_larger_than_on_a_cpu(device):
    with sklearn.config_context(working_memory=1024):
        assert batch_size_within(1000, device) > batch_size_within(1000, "cpu")


class TestDevice:
    """What the tests above go by: the pretend device refuses what a real one refuses, and transfers are seen."""

    @pytest.fixture
    def x(self, device):
        return torch.arange(6.0, device=device).view(2, 3)

    @pytest.mark.parametrize(
        "mixed",
        [
            lambda x: x + torch.ones(3),
            lambda x: torch.where(torch.ones(3, dtype=torch.bool), x, 0),
            lambda x: torch.ones(2, 3)[x[0].long()],
            lambda x: x.gather(1, torch.zeros(2, 1, dtype=torch.long)),
            lambda x: x @ torch.ones(3, 1),
        ],
    )
    def test_tensors_of_two_devices_do_not_mix(self, mixed, x):
        with pytest.raises(RuntimeError, match=r"same device|indices should be"):
            mixed(x)

    def test_numbers_and_indices_do_mix(self, x):
        assert (x + torch.tensor(1.0)).tolist() == [[1, 2, 3], [4, 5, 6]]
        assert x[torch.tensor([1])].tolist() == [[3, 4, 5]]

    @pytest.mark.parametrize("of_cpu", [lambda x: x.numpy(), lambda x: x.to_mkldnn()])
    def test_has_not_what_only_a_cpu_has(self, of_cpu, x):
        with pytest.raises((RuntimeError, TypeError), match=r"numpy|mkldnn"):
            of_cpu(x)

    @pytest.mark.parametrize(
        "read",
        [
            lambda x: x.cpu(),
            lambda x: x.sum().item(),
            lambda x: bool((x > 0).any()),
            lambda x: torch.zeros(2, 3).copy_(x),
            lambda x: x[x > 2],
            lambda x: torch.equal(x, x),
        ],
    )
    @pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
    def test_what_the_host_reads_is_seen(self, read, mode, x):
        with mode(), Transfers() as transfers:
            read(x)
        assert len(transfers.to_host) == 1

    def test_what_stays_on_the_device_is_not(self, x):
        with Transfers() as transfers:
            x[:, torch.arange(2, device=x.device)].argmax(1).to(torch.int32).clone()
        assert transfers.to_host == transfers.to_device == []

    def test_draws_other_numbers_than_the_cpu(self, x):
        torch.manual_seed(0)
        assert torch.rand_like(x).tolist() != torch.rand(2, 3).tolist()
