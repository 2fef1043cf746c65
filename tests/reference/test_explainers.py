"""Every explainer agrees with its oracle, on trained networks and real audio."""

import pytest

from .comparisons import EXPLAINERS, TOLERANCE, explainer_difference


@pytest.mark.parametrize("subject", ["esc10_mel", "scenes_mel"])
@pytest.mark.parametrize("name", EXPLAINERS)
def test_small_network_on_mel_spectrograms(name, subject, request, agreement):
    agreement(name, "oracle", explainer_difference(name, request.getfixturevalue(subject)), TOLERANCE)


@pytest.mark.parametrize("name", ["VanillaSaliency", "GradCAM", "GradCAMPlusPlus", "FasterScoreCAM", "HiResCAM"])
def test_residual_network_on_cepstra(name, esc10_mfcc, agreement):
    agreement(name, "oracle", explainer_difference(name, esc10_mfcc), TOLERANCE)


@pytest.mark.parametrize("name", ["GradCAM", "LayerCAM", "EigenCAM"])
def test_last_convolution_is_the_default_layer(name, esc10_mel, agreement):
    agreement(name, "oracle", explainer_difference(name, esc10_mel, layer=None), TOLERANCE)


@pytest.mark.parametrize("baseline", ["mean", "blur", "uniform", -30.0])
def test_baselines(baseline, esc10_mel, agreement):
    difference = explainer_difference("FasterScoreCAM", esc10_mel, baseline=baseline)
    agreement("FasterScoreCAM", "oracle", difference, TOLERANCE)
