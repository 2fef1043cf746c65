"""Each explainer broken in one place, as it is in some peer or easily would be: its oracle notices."""

import copy
import itertools

import numpy as np
import pytest
import torch

from skxai.engine import FrozenNetwork, _recorded_copy
from skxai.explainers import (
    RISE,
    EnergyMap,
    Explainer,
    FasterScoreCAM,
    GradCAM,
    HiResCAM,
    IntegratedGradients,
    LayerCAM,
    SmoothGrad,
    XGradCAM,
    _cam,
    ablation_cam,
    edge_map,
    eigen_cam,
    grad_cam_plus_plus,
    integrated_gradients,
    occlusion,
    random_map,
    rise,
    score_cam,
    smooth_grad,
)
from skxai.explainers._conventions import Resizing

from .mutations import Instead, Mutations, check_is_caught

MUTATIONS = Mutations()
breaks = MUTATIONS.breaks


@breaks("VanillaSaliency", "IntegratedGradients", "GradCAM", "LayerCAM", "AblationCAM")
def probability_in_the_place_of_the_score(patch):
    scores_of = _recorded_copy.scores_of
    patch.setattr(_recorded_copy, "scores_of", lambda *arguments: scores_of(*arguments).softmax(1))


@breaks("SmoothGrad")
def last_draw_without_noise(patch):
    noise = smooth_grad._noise

    def silenced(generator, n_draws, shape):
        drawn = noise(generator, n_draws, shape)
        drawn[-1] = 0
        return drawn

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


@breaks("SmoothGrad", "RISE", batch_size=1)
def other_draws_for_each_batch(patch):
    generators = map(np.random.default_rng, itertools.count())
    patch.setattr(Explainer, "_random", lambda self: next(generators))


@breaks("GradCAM")
def weights_of_the_sum_of_gradients(patch):
    patch.setattr(GradCAM, "_weights", lambda self, activations, gradients: gradients.sum(2))


@breaks("GradCAM", "HiResCAM", "ScoreCAM", "AblationCAM")
def no_relu(patch):
    summed = _cam.weighted_sum
    for module in (_cam, score_cam, ablation_cam):
        patch.setattr(module, "weighted_sum", lambda activations, weights, signed=False: summed(activations, weights, True))


@breaks("GradCAM", "ScoreCAM", "EigenCAM")
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


@breaks("LayerCAM")
def negative_gradients_count(patch):
    patch.setattr(LayerCAM, "_weights", lambda self, activations, gradients: gradients)


@breaks("HiResCAM", "XGradCAM")
def gradients_averaged_over_the_feature_map(patch):
    for method in (HiResCAM, XGradCAM):
        patch.setattr(method, "_weights", lambda self, activations, gradients: gradients.mean(2))


@breaks("EigenCAM")
def feature_maps_centred(patch):
    component = eigen_cam._first_component
    patch.setattr(eigen_cam, "_first_component", lambda maps: component(maps - maps.mean(2, keepdim=True)))


@breaks("EigenCAM")
def other_sign_of_the_component(patch):
    component = eigen_cam._first_component
    patch.setattr(eigen_cam, "_first_component", lambda maps: -component(maps))


@breaks("AblationCAM")
def feature_maps_replaced_by_their_mean(patch):
    patch.setattr(ablation_cam, "_zero", lambda maps: maps.mean((2, 3), keepdim=True))


@breaks("AblationCAM")
def weights_divided_by_the_score(patch):
    sweep = FrozenNetwork.sweep_upper_part

    def relative(self, *arguments):
        scores = sweep(self, *arguments)
        return scores / scores[:, -1:]

    patch.setattr(FrozenNetwork, "sweep_upper_part", relative)


@breaks("ScoreCAM", "FasterScoreCAM", "Occlusion", "RISE")
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


@breaks("IntegratedGradients")
def steps_of_equal_weight(patch):
    def riemann(n_steps):
        return np.linspace(0, 1, n_steps), np.full(n_steps, 1 / n_steps)

    patch.setattr(integrated_gradients, "_quadrature", riemann)


@breaks("IntegratedGradients", "Occlusion", "RISE")
def zero_for_a_baseline(patch):
    for module in (integrated_gradients, occlusion, rise):
        patch.setattr(module, "resolve_baseline", lambda baseline, x, feature_range, seed: torch.zeros_like(x[:1]))


@breaks("IntegratedGradients")
def gradient_without_the_difference(patch):
    explain = IntegratedGradients._explain

    def of_unit_difference(self, network, x, target):
        return explain(self, network, x, target) / (x - self.feature_range_[0]).clamp(min=1e-3)

    patch.setattr(IntegratedGradients, "_explain", of_unit_difference)


@breaks("Occlusion")
def last_window_moved_back(patch):
    covered = occlusion._covered

    def inside(extent, window, stride):
        windows = covered(extent, window, stride)
        windows[-1] = torch.arange(extent) >= extent - window
        return windows

    patch.setattr(occlusion, "_covered", inside)


@breaks("Occlusion")
def sum_over_the_windows(patch):
    as_clips = occlusion.as_clips

    def not_divided(maps, x):
        count = torch.ones(1, 1, 32, 32)
        for axis, (window, stride) in enumerate([(9, 5), (8, 4)], 2):
            each = occlusion._covered(32, window, stride).sum(0)
            count = count * each.view(*[-1 if axis == other else 1 for other in range(4)])
        return as_clips(maps * count[0], x)

    patch.setattr(occlusion, "as_clips", not_divided)


@breaks("RISE")
def hidden_by_a_product(patch):
    patch.setattr(rise, "mask", lambda x, weight, baseline: weight * x)


@breaks("RISE")
def grids_not_shifted(patch):
    masks = rise._Masks.__init__

    def at_the_corner(self, *arguments):
        masks(self, *arguments)
        self.shifts.zero_()

    patch.setattr(rise._Masks, "__init__", at_the_corner)


@breaks("RISE")
def cells_with_hard_edges(patch):
    interpolate = rise.functional.interpolate
    nearest = Instead(rise.functional, interpolate=lambda x, size, mode: interpolate(x, size=size, mode="nearest"))
    patch.setattr(rise, "functional", nearest)


@breaks("RISE")
def divided_by_the_number_alone(patch):
    explain = RISE._explain
    patch.setattr(RISE, "_explain", lambda self, *batch: explain(self, *batch) * self.probability)


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
