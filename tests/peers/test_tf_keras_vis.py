"""skxai beside the numbers of tf-keras-vis that ``make_tf_keras_vis.py`` wrote, for the network that is kept with them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from skxai.explainers import FasterScoreCAM, GradCAM, GradCAMPlusPlus, LayerCAM, ScoreCAM, SmoothGrad, VanillaSaliency

from .make_tf_keras_vis import N_CHANNELS, N_DRAWS, SEED
from .side_by_side import SmallNet, Subject, apart

EXPLAINERS = {
    "VanillaSaliency": (VanillaSaliency, {}),
    "SmoothGrad without noise": (SmoothGrad, {"noise_level": 0}),
    "SmoothGrad": (SmoothGrad, {"noise_level": 0.2, "n_samples": N_DRAWS, "random_state": SEED}),
    "GradCAM": (GradCAM, {}),
    "GradCAMPlusPlus": (GradCAMPlusPlus, {}),
    "LayerCAM": (LayerCAM, {}),
    "ScoreCAM": (ScoreCAM, {}),
    "FasterScoreCAM": (FasterScoreCAM, {"n_channels": N_CHANNELS}),
}


@pytest.fixture(scope="module")
def stored():
    with np.load(Path(__file__).with_name("tf_keras_vis.npz")) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def subject(stored):
    module = SmallNet()
    weights = {name.removeprefix("weight "): values for name, values in stored.items() if name.startswith("weight ")}
    module.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    return Subject(module.eval(), stored["X"])


@pytest.mark.parametrize("name", EXPLAINERS)
def test_maps(stored, subject, agreement, name):
    explainer, params = EXPLAINERS[name]
    ours = subject.maps(explainer, convention="tf-keras-vis", **params)
    agreement(name, f"tf-keras-vis {stored['tf-keras-vis']}", apart(ours, stored[name]), 1e-4)


def test_its_faster_score_cam_depends_on_the_batch(stored):
    assert apart(stored["FasterScoreCAM of all clips together"], stored["FasterScoreCAM"]) > 0.05


def test_its_score_cam_takes_a_second_softmax(stored):
    assert apart(stored["ScoreCAM of a model that ends in a softmax"], stored["ScoreCAM"]) > 0.05


def test_its_grad_cam_plus_plus_overflows(stored, subject):
    assert not np.isfinite(stored["GradCAMPlusPlus of large scores"]).all()
    assert np.isfinite(subject.with_gradients_times(1000).maps(GradCAMPlusPlus, convention="tf-keras-vis")).all()
