"""skxai beside captum."""

import numpy as np
import pytest
import torch

from skxai.explainers import GradCAM, HiResCAM, IntegratedGradients, Occlusion, SmoothGrad, VanillaSaliency

from .side_by_side import LAYER, SHAPE, apart, peer

pytestmark = pytest.mark.filterwarnings("ignore")  # the peer's are its own


@pytest.fixture(scope="module")
def captum():
    return peer("captum.attr", "captum")


def test_saliency(captum, subject, agreement):
    attr, name = captum
    theirs = attr.Saliency(subject.module()).attribute(subject.x, target=subject.columns)
    agreement("VanillaSaliency", name, apart(subject.maps(VanillaSaliency, convention="captum"), theirs), 1e-5)


def test_noise_tunnel_with_the_same_noise(captum, subject, agreement, monkeypatch):
    attr, name = captum
    noise = torch.from_numpy(np.random.default_rng(7).standard_normal((12, *SHAPE), dtype=np.float32))
    tunnel = attr.NoiseTunnel(attr.Saliency(subject.module()))
    with monkeypatch.context() as patch:
        patch.setattr(torch, "normal", lambda mean, std: mean + std * noise.repeat(len(subject.X), 1, 1, 1))
        theirs = tunnel.attribute(subject.x, nt_samples=12, stdevs=0.3, target=subject.columns)
    ours = subject.maps(SmoothGrad, convention="captum", noise_level=0.3, n_samples=12, random_state=7)
    agreement("SmoothGrad", name, apart(ours, theirs), 1e-5)


def test_noise_tunnel_depends_on_its_batch_size_and_skxai_does_not(captum, subject):
    attr, _ = captum
    tunnel, theirs = attr.NoiseTunnel(attr.Saliency(subject.module())), []
    for size in (12, 5):
        torch.manual_seed(0)
        theirs.append(
            tunnel.attribute(subject.x, nt_samples=12, nt_samples_batch_size=size, stdevs=0.3, target=subject.columns)
        )
    assert apart(*theirs) > 0.01
    ours = [
        subject.maps(SmoothGrad, convention="captum", noise_level=0.3, n_samples=12, random_state=0, batch_size=size)
        for size in (12, 5)
    ]
    assert apart(*ours) < 1e-5


def test_integrated_gradients(captum, subject, agreement):
    attr, name = captum
    # Next to a constant baseline all pixels are about equal, and rounding decides which of them is pooled.
    draws = np.random.default_rng(3).uniform(subject.X.min(), subject.X.max(), size=(1, *SHAPE)).astype(np.float32)
    baselines = torch.from_numpy(draws).expand_as(subject.x)
    theirs = attr.IntegratedGradients(subject.module()).attribute(subject.x, baselines, target=subject.columns, n_steps=40)
    ours = subject.maps(IntegratedGradients, baseline="uniform", n_steps=40, random_state=3)
    agreement("IntegratedGradients", name, apart(ours, theirs.detach()), 1e-5)


@pytest.mark.parametrize(("window", "stride"), [((8, 6), (4, 3)), ((5, 7), (3, 7))])  # the second does not fit the clips
def test_occlusion_of_the_probability(captum, subject, agreement, window, stride):
    attr, name = captum
    module = torch.nn.Sequential(subject.module(), torch.nn.Softmax(dim=1))
    with torch.no_grad():
        theirs = attr.Occlusion(module).attribute(
            subject.x, (1, *window), (1, *stride), baselines=0.3, target=subject.columns, perturbations_per_eval=16
        )
    ours = subject.maps(Occlusion, window=window, stride=stride, baseline=0.3)
    agreement("Occlusion", name, apart(ours, theirs), 1e-5)


def test_grad_cam_keeps_its_sign(captum, subject, agreement):
    attr, name = captum
    module = subject.module()
    cams = attr.LayerGradCam(module, module.get_submodule(LAYER)).attribute(subject.x, target=subject.columns)
    theirs = attr.LayerAttribution.interpolate(cams, SHAPE[1:], interpolate_mode="bilinear").detach()
    assert theirs.min() < 0
    agreement("GradCAM", name, apart(subject.maps(GradCAM, convention="captum"), theirs), 1e-5)


def test_gradient_times_activation_is_hires_cam_with_its_sign(captum, subject, agreement):
    attr, name = captum
    module = subject.module()
    products = attr.LayerGradientXActivation(module, module.get_submodule(LAYER)).attribute(subject.x, target=subject.columns)
    cams = products.sum(1, keepdim=True)
    theirs = attr.LayerAttribution.interpolate(cams, SHAPE[1:], interpolate_mode="bilinear").detach()
    assert theirs.min() < 0
    agreement("HiResCAM", name, apart(subject.maps(HiResCAM, convention="captum"), theirs), 1e-5)
