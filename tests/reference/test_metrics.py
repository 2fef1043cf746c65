"""Every metric agrees with its oracle, on trained networks, real audio and maps with long ties."""

import pytest

from .comparisons import METRICS, TOLERANCE, metric_difference


@pytest.mark.parametrize("subject", ["esc10_mel", "scenes_mel"])
@pytest.mark.parametrize("name", METRICS)
def test_small_network_on_mel_spectrograms(name, subject, request, agreement):
    agreement(name, "oracle", metric_difference(name, request.getfixturevalue(subject)), TOLERANCE)


@pytest.mark.parametrize("name", ["average_drop", "deletion_auc"])
def test_residual_network_on_cepstra(name, esc10_mfcc, agreement):
    agreement(name, "oracle", metric_difference(name, esc10_mfcc, explainer="VanillaSaliency"), TOLERANCE)


@pytest.mark.parametrize("baseline", ["mean", "blur", "uniform", -30.0])
@pytest.mark.parametrize("name", ["average_drop", "insertion_auc"])
def test_baselines(name, baseline, esc10_mel, agreement):
    agreement(name, "oracle", metric_difference(name, esc10_mel, baseline=baseline), TOLERANCE)
