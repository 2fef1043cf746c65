"""Each metric broken in one place, as it is in some peer or easily would be: its oracle notices."""

import copy
import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from skxai.datasets import EventTruth
from skxai.engine import FeatureRange, FrozenNetwork
from skxai.explainers import Explainer
from skxai.metrics import (
    PerturbationCurve,
    _truth,
    discriminativity,
    localisation,
    masked_prediction,
    monotonicity,
    perturbation,
    perturbation_curve,
    silence,
    top_weights,
)

from .mutations import Instead, Mutations, check_is_caught

# Modules in whose place the package shows their function.
faithfulness_estimate_module = importlib.import_module("skxai.metrics.faithfulness_estimate")
randomisation = importlib.import_module("skxai.metrics.model_parameter_randomisation")
input_invariance_module = importlib.import_module("skxai.metrics.input_invariance")
MUTATIONS = Mutations()
breaks = MUTATIONS.breaks


@breaks("average_drop", "deletion_auc")
def softmax_taken_twice(patch):
    probabilities = FrozenNetwork.probabilities
    patch.setattr(FrozenNetwork, "probabilities", lambda self, inputs: probabilities(self, inputs).softmax(1))


@breaks("average_drop")
def explained_input_multiplies(patch):
    patch.setattr(masked_prediction, "mask", lambda x, weight, baseline: weight * x)


@breaks("average_drop", "average_increase")
def before_and_after_exchanged(patch):
    predictions = masked_prediction.masked_predictions

    def exchanged(*arguments, **parameters):
        it, after, changed = predictions(*arguments, **parameters)
        return replace(it, before=after), it.before, changed

    patch.setattr(masked_prediction, "masked_predictions", exchanged)


@breaks("prediction_change")
def labels_that_stay_are_counted(patch):
    predictions = masked_prediction.masked_predictions

    def kept(*arguments, **parameters):
        it, after, changed = predictions(*arguments, **parameters)
        return it, after, 1 - changed

    patch.setattr(masked_prediction, "masked_predictions", kept)


@breaks("average_drop")
def all_of_the_map_is_kept(patch):
    patch.setattr(masked_prediction, "top_half", lambda maps, top, random_state: masked_prediction.minmax(maps))


@breaks("average_drop")
def kept_part_is_not_scaled(patch):
    patch.setattr(masked_prediction, "minmax", torch.ones_like)


@breaks("mean_top_weights")
def half_of_the_map_by_position(patch):
    patch.setattr(top_weights, "np", Instead(np, sort=lambda values, axis: values))


@breaks("average_drop", "deletion_auc", "insertion_auc", "deletion_accuracy_auc", "faithfulness_estimate")
def baseline_is_the_lowest_of_the_clip(patch):
    patch.setattr(perturbation, "resolve_baseline", lambda baseline, x, *_: x.amin((1, 2, 3), keepdim=True))


@breaks("deletion_auc", "insertion_auc", "deletion_accuracy_auc", "label_flip_rate", "faithfulness_estimate")
def baseline_is_zero(patch):
    patch.setattr(perturbation, "resolve_baseline", lambda baseline, x, *_: torch.zeros(1, 1, 1, 1))


@breaks("deletion_auc", "insertion_auc", "average_drop")
def ties_by_position(patch):
    def in_place(maps, random_state=0, *, descending=True):
        order = maps.flatten(1).argsort(dim=1, descending=descending, stable=True)
        return order.argsort(dim=1).view_as(maps)

    for module in (perturbation_curve, masked_prediction):
        patch.setattr(module, "ranks", in_place)


@breaks("deletion_auc", "insertion_auc", "average_drop", "deletion_accuracy_auc", "insertion_accuracy_auc")
def least_relevant_first(patch):
    for module in (perturbation_curve, masked_prediction):
        patch.setattr(module, "ranks", lambda maps, random_state=0: perturbation.ranks(-maps, random_state))


def without(columns):
    """Return a curve without some of its points."""
    whole = perturbation_curve._curve

    def cut(*arguments, **parameters):
        curve = whole(*arguments, **parameters)
        return replace(
            curve,
            fractions=curve.fractions[columns],
            probability=curve.probability[:, columns],
            predictions=curve.predictions[:, columns],
        )

    return cut


@breaks("deletion_auc", "insertion_auc", "insertion_accuracy_auc")
def first_point_of_the_curve_forgotten(patch):
    patch.setattr(perturbation_curve, "_curve", without(slice(1, None)))


@breaks("deletion_auc", "insertion_auc", "deletion_accuracy_auc")
def last_point_of_the_curve_forgotten(patch):
    patch.setattr(perturbation_curve, "_curve", without(slice(None, -1)))


@breaks("deletion_auc", "insertion_auc", "deletion_accuracy_auc", "insertion_accuracy_auc")
def area_is_the_mean_of_the_points(patch):
    patch.setattr(PerturbationCurve, "auc", lambda self, by="probability": self.curves(by).mean(axis=1))


@breaks("deletion_auc", "insertion_accuracy_auc")
def area_grows_with_the_number_of_steps(patch):
    patch.setattr(PerturbationCurve, "auc", lambda self, by="probability": np.trapezoid(self.curves(by), dx=1, axis=1))


@breaks("deletion_auc", "insertion_auc")
def step_is_one_over_the_points(patch):
    def area(self, by="probability"):
        return np.trapezoid(self.curves(by), dx=1 / len(self.fractions), axis=1)

    patch.setattr(PerturbationCurve, "auc", area)


@breaks("monotonicity_correlation")
def groups_sorted_descending(patch):
    patch.setattr(monotonicity, "ranks", lambda maps, random_state, descending: perturbation.ranks(maps, random_state))


@breaks("monotonicity_correlation")
def draws_between_0_and_1_on_any_scale(patch):
    prepare_clips = monotonicity.prepare_clips
    patch.setattr(
        monotonicity,
        "prepare_clips",
        lambda *arguments: replace(prepare_clips(*arguments), feature_range=FeatureRange(0.0, 1.0, 0.0)),
    )


@breaks("monotonicity_correlation")
def one_draw_for_all_pixels_of_a_group(patch):
    class Shared:
        def __init__(self, seed):
            self.generator = np.random.default_rng(seed)

        def uniform(self, low, high, size):
            return np.broadcast_to(self.generator.uniform(low, high, (size[0], 1, 1, 1)), size)

    patch.setattr(monotonicity, "np", Instead(np, random=Instead(np.random, default_rng=Shared)))


@breaks("monotonicity_correlation", "faithfulness_estimate")
def probability_of_whatever_is_predicted(patch):
    sweep = FrozenNetwork.sweep

    def of_the_winner(self, n_clips, n_variants, make, target):
        _, predicted = sweep(self, n_clips, n_variants, make, target)
        columns = [sweep(self, n_clips, n_variants, make, torch.full_like(target, c))[0] for c in range(len(self.classes_))]
        return torch.stack(columns).amax(0), predicted

    patch.setattr(FrozenNetwork, "sweep", of_the_winner)


@breaks("faithfulness_estimate")
def rows_and_columns_exchanged(patch):
    grid = faithfulness_estimate_module._grid
    patch.setattr(faithfulness_estimate_module, "_grid", lambda clip_shape, segments: grid(clip_shape, segments[::-1]))


@breaks("model_parameter_randomisation")
def one_seed_for_all_layers(patch):
    reinitialise = randomisation.reinitialise
    patch.setattr(randomisation, "reinitialise", lambda layer, seed: reinitialise(layer, 0))


@breaks("model_parameter_randomisation")
def similarity_of_the_map_with_itself(patch):
    randomised_modules = randomisation.randomised_modules

    def with_the_trained_one(module, *arguments):
        yield module
        yield from randomised_modules(module, *arguments)

    patch.setattr(randomisation, "randomised_modules", with_the_trained_one)


@breaks("model_parameter_randomisation")
def cascade_forgets_the_layers_above(patch):
    randomised_modules = randomisation.randomised_modules
    patch.setattr(
        randomisation,
        "randomised_modules",
        lambda module, order, *arguments: randomised_modules(module, "independent", *arguments),
    )


@breaks("model_parameter_randomisation")
def explainer_is_never_reached(patch):
    patch.setattr(Explainer, "explain_module", lambda self, module, X, target: self.explain(X, target))


@breaks("input_invariance")
def shift_is_not_taken_away(patch):
    patch.setattr(input_invariance_module, "shifted_module", lambda module, offset: copy.deepcopy(module))


@breaks("relevance_mass_accuracy")
def mask_of_yes_and_no(patch):
    match_cells = localisation.match_cells

    def of_yes_and_no(*arguments, **parameters):
        cells = match_cells(*arguments, **parameters)
        return replace(cells, mask=cells.mask >= 0.5)

    patch.setattr(localisation, "match_cells", of_yes_and_no)


@breaks("relevance_rank_accuracy", "pointing_game", "max_iou")
def event_is_wherever_the_mask_is_not_0(patch):
    patch.setattr(_truth.Cells, "inside", property(lambda self: self.mask > 0))


@breaks("relevance_mass_accuracy", "relevance_rank_accuracy", "visual_coherence", "class_discriminativity")
def truth_of_the_label_and_not_of_the_explained_class(patch):
    for module in (_truth, discriminativity):
        patch.setattr(module, "explained_labels", lambda estimator, X, maps, truth, *_: truth.classes[truth.sounding.argmax(1)])


@breaks("visual_coherence")
def level_in_the_place_of_energy(patch):
    patch.setattr(EventTruth, "energy_of", lambda self, labels: None)


@breaks("class_discriminativity")
def maps_are_not_scaled_to_one(patch):
    patch.setattr(discriminativity, "_normalised", lambda maps: np.abs(maps).reshape(len(maps), -1))


@breaks("class_discriminativity")
def other_class_is_not_explained(patch):
    explain = Explainer.explain
    patch.setattr(Explainer, "explain", lambda self, X, target=None: explain(self, X))


@breaks("silence_mass")
def column_with_a_silent_cell_is_silent(patch):
    def any_cell(X, *_, **__):
        return (X.min(axis=(1, 2, 3), keepdims=True) + 30 >= X).any(axis=(1, 2))

    patch.setattr(silence, "silent_columns", any_cell)


@pytest.mark.parametrize(("mutate", "name", "settings"), MUTATIONS.values(), ids=MUTATIONS)
def test_is_caught(mutate, name, settings, scenes_mel, monkeypatch):
    check_is_caught(mutate, name, settings, scenes_mel, monkeypatch)
