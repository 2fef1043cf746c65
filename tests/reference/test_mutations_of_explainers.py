"""Each explainer broken in one place, as it is in some peer or easily would be: its oracle notices."""

import copy
import itertools

import numpy as np
import pytest
import torch

from skxai.engine import FrozenNetwork, _recorded
from skxai.explainers import (
    EnergyMap,
    FasterScoreCAM,
    GradCAM,
    SmoothGrad,
    _cam,
    edge_map,
    grad_cam_plus_plus,
    random_map,
    score_cam,
    smooth_grad,
)
from skxai.explainers._conventions import Resizing

from .mutations import Instead, Mutations, check_is_caught

MUTATIONS = Mutations()
breaks = MUTATIONS.breaks


@breaks("VanillaSaliency", "GradCAM")
def gradient_of_the_probability(patch):
    scores_of = _recorded.scores_of
    patch.setattr(_recorded, "scores_of", lambda *arguments: scores_of(*arguments).softmax(1))


@breaks("SmoothGrad")
def last_draw_without_noise(patch):
    noise = smooth_grad._noise

    def silenced(generator, n_draws, shape):
        drawn = np.concatenate([*noise(generator, n_draws, shape)]) if n_draws else np.empty((0, *shape), np.float32)
        drawn[-1:] = 0
        yield drawn

    patch.setattr(smooth_grad, "_noise", silenced)


@breaks("SmoothGrad")
def absolute_noise_level(patch):
    patch.setitem(smooth_grad.CONVENTIONS, None, smooth_grad.CONVENTIONS["captum"])


@breaks("SmoothGrad")
def sigma_of_the_whole_batch(patch):
    means = SmoothGrad._means

    def with_common_sigma(self, network, x, target, counts):
        maps = []
        for clip in range(len(x)):
            other = copy.copy(self)
            other.noise_level = self.noise_level * float((x.max() - x.min()) / (x[clip].max() - x[clip].min()))
            maps += means(other, network, x[clip : clip + 1], target[clip : clip + 1], counts)
        yield torch.cat(maps)

    patch.setattr(SmoothGrad, "_means", with_common_sigma)


@breaks("SmoothGrad", batch_size=1)
def other_draws_for_each_batch(patch):
    generators = map(np.random.default_rng, itertools.count())
    patch.setattr(SmoothGrad, "_random", lambda self: next(generators))


@breaks("GradCAM")
def weights_of_the_sum_of_gradients(patch):
    patch.setattr(GradCAM, "_weights", lambda self, activations, gradients: gradients.sum(2))


@breaks("GradCAM", "ScoreCAM")
def no_relu(patch):
    summed = _cam.weighted_sum
    for module in (_cam, score_cam):
        patch.setattr(module, "weighted_sum", lambda activations, weights, signed=False: summed(activations, weights, True))


@breaks("GradCAM", "ScoreCAM")
def corners_stay_corners(patch):
    patch.setitem(_cam.RESIZINGS, None, Resizing(corners=True))


@breaks("GradCAMPlusPlus")
def division_dropped(patch):
    patch.setitem(grad_cam_plus_plus.ALPHAS, None, lambda activations, gradients: gradients**2)


@breaks("GradCAMPlusPlus")
def mean_of_the_feature_map_in_alpha(patch):
    alpha = grad_cam_plus_plus.ALPHAS[None]
    patch.setitem(
        grad_cam_plus_plus.ALPHAS, None, lambda activations, gradients: alpha(activations / activations.shape[2], gradients)
    )


@breaks("ScoreCAM", "FasterScoreCAM")
def softmax_taken_twice(patch):
    probabilities = FrozenNetwork.probabilities
    patch.setattr(FrozenNetwork, "probabilities", lambda self, inputs: probabilities(self, inputs).softmax(1))


@breaks("ScoreCAM", "FasterScoreCAM")
def masks_multiply(patch):
    patch.setattr(score_cam, "mask", lambda x, weight, baseline: weight * x)


@breaks("ScoreCAM")
def masks_scaled_before_upsampling(patch):
    patch.setitem(score_cam.MASKS, None, Resizing(before=1e-8))


@breaks("ScoreCAM")
def softmax_over_the_channels(patch):
    patch.setattr(score_cam, "OVER_CHANNELS", (None,))


@breaks("FasterScoreCAM")
def batch_chooses_the_channels(patch):
    def of_any_clip(self, activations):
        chosen = activations.flatten(2).std(2).topk(self.n_channels, dim=1).indices.unique()
        return activations[:, chosen]

    patch.setattr(FasterScoreCAM, "_channels", of_any_clip)


@breaks("FasterScoreCAM")
def first_clip_chooses_the_channels(patch):
    def of_the_first(self, activations):
        return activations[:, activations[0].flatten(1).std(1).topk(self.n_channels).indices]

    patch.setattr(FasterScoreCAM, "_channels", of_the_first)


@breaks("FasterScoreCAM")
def greatest_mean_chooses_the_channels(patch):
    def of_the_mean(self, activations):
        chosen = activations.flatten(2).mean(2).topk(self.n_channels, dim=1).indices
        return torch.stack([clip[channels] for clip, channels in zip(activations, chosen)])

    patch.setattr(FasterScoreCAM, "_channels", of_the_mean)


@breaks("RandomMap")
def same_noise_for_every_clip(patch):
    patch.setattr(random_map, "_noise", lambda clip, seed: np.random.default_rng(seed).random(clip.shape, dtype=np.float32))


@breaks("EnergyMap")
def energy_without_its_floor(patch):
    patch.setattr(EnergyMap, "_explain", lambda self, network, x, target: x)


@breaks("EdgeMap")
def silence_around_the_clip(patch):
    pad = edge_map.functional.pad
    patch.setattr(edge_map, "functional", Instead(edge_map.functional, pad=lambda x, margins, mode: pad(x, margins)))


@pytest.mark.parametrize(("mutate", "name", "settings"), MUTATIONS.values(), ids=MUTATIONS)
def test_is_caught(mutate, name, settings, scenes_mel, monkeypatch):
    check_is_caught(mutate, name, settings, scenes_mel, monkeypatch)
