"""skxai beside torch-cam."""

import contextlib
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional

from skxai.explainers import GradCAM, LayerCAM, ScoreCAM, XGradCAM
from skxai.metrics import average_drop, average_increase, deletion_auc, insertion_auc

from .side_by_side import LAYER, SHAPE, apart, peer

pytestmark = pytest.mark.filterwarnings("ignore")  # the peer's are its own
SOFTMAX = partial(torch.softmax, dim=-1)


@pytest.fixture(scope="module")
def torch_cam():
    return peer("torchcam", "torchcam", "torch-cam")


class GivenMaps:
    """What torch-cam's metrics ask of an explainer, with maps that are there already."""

    def __init__(self, module, maps):
        self.model, self.maps = module, torch.from_numpy(maps)[:, 0]

    def __call__(self, *args, **kwargs):
        return [self.maps.clone()]

    def fuse_cams(self, cams):
        return cams[0]

    _hooks_off = staticmethod(contextlib.nullcontext)


def one_by_one(metric, subject, maps, columns, **params):
    """Return what the peer's metric has summed up for each clip: a dict of lists."""
    results = {}
    for x, column, of_clip in zip(subject.x, columns.tolist(), maps):
        measure = metric(GivenMaps(subject.module(), of_clip[None]), SOFTMAX, **params)
        measure.update(x[None], column)
        for name, value in measure.summary().items():
            results.setdefault(name, []).append(value)
    return results


@pytest.mark.parametrize("steps", [20, 100])
def test_deletion_and_insertion(torch_cam, subject, agreement, steps):
    _, name = torch_cam
    metrics, _ = peer("torchcam.metrics", "torchcam", "torch-cam")
    maps = subject.maps(GradCAM)
    maps = np.round(10 * maps / maps.max(axis=(1, 2, 3), keepdims=True))  # long ties, whose order decides too
    theirs = one_by_one(metrics.DeletionInsertionMetric, subject, maps, subject.columns, steps=steps)
    for metric in (deletion_auc, insertion_auc):
        ours = metric(subject.classifier, subject.X, maps, convention="torch-cam", step=1 / steps)
        agreement(metric.__name__, name, apart(ours, theirs[metric.__name__]), 1e-5)


def test_confidence(torch_cam, subject, agreement):
    _, name = torch_cam
    metrics, _ = peer("torchcam.metrics", "torchcam", "torch-cam")
    maps = subject.maps(GradCAM, convention="torch-cam")
    theirs = one_by_one(metrics.ClassificationMetric, subject, maps, subject.mixed_columns)
    for metric, key in ((average_drop, "avg_drop"), (average_increase, "conf_increase")):
        columns = subject.mixed_columns.numpy()
        ours = metric(subject.classifier, subject.X, maps, target=columns, convention="torch-cam")
        agreement(metric.__name__, name, apart(ours, theirs[key]), 1e-5)


def cams(method, subject, **params):
    """Return the peer's maps at the size of its feature maps."""
    module = subject.module()
    with method(module, LAYER, input_shape=SHAPE) as extractor:
        scores = module(subject.x)
        return extractor(subject.columns.tolist(), scores, **params)[0].detach()


@pytest.mark.parametrize("explainer", [GradCAM, LayerCAM, XGradCAM, ScoreCAM], ids=lambda explainer: explainer.__name__)
def test_maps(torch_cam, subject, agreement, explainer):
    _, name = torch_cam
    methods, _ = peer("torchcam.methods", "torchcam", "torch-cam")
    theirs = cams(getattr(methods, explainer.__name__), subject)
    upsampled = functional.interpolate(theirs[:, None], SHAPE[1:], mode="bilinear", align_corners=False)
    agreement(explainer.__name__, name, apart(subject.maps(explainer, convention="torch-cam"), upsampled), 1e-5)


def test_its_grad_cam_plus_plus_lacks_the_division(torch_cam, subject):
    methods, _ = peer("torchcam.methods", "torchcam", "torch-cam")
    module, found = subject.module(), {}
    module.get_submodule(LAYER).register_forward_hook(lambda layer, inputs, output: found.update(A=output))
    scores = module(subject.x).gather(1, subject.columns[:, None]).sum()
    A, (g,) = found["A"].detach(), torch.autograd.grad(scores, found["A"])
    undivided = (g.relu() ** 3).sum((2, 3), keepdim=True)
    ratio = torch.where(g != 0, 1 / (2 + A.sum((2, 3), keepdim=True) * g), 0)
    divided = (ratio * g.relu()).sum((2, 3), keepdim=True)
    theirs = cams(methods.GradCAMpp, subject, normalized=True)
    without, by_equation_19 = ((weights * A).sum(1).relu() for weights in (undivided, divided))
    scaled = [(m - m.amin((1, 2), True)) / (m - m.amin((1, 2), True)).amax((1, 2), True) for m in (without, by_equation_19)]
    assert apart(scaled[0], theirs) < 1e-3
    assert apart(scaled[1], theirs) > 0.05
