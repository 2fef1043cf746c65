"""Input invariance: 1 for methods without a fixed reference on the features' scale, below 1 for those with one."""

import numpy as np
import pytest
import torch

from skxai.explainers import GradCAM, GradCAMPlusPlus, ScoreCAM, SmoothGrad, VanillaSaliency
from skxai.metrics import input_invariance
from skxai.metrics.input_invariance import shifted_module
from skxai.models import AcoumonClassifier
from skxai.testing.checks._subjects import SHAPES, clips, fit_on, small_net

SHAPE = SHAPES[-1]


@pytest.fixture
def X():
    return clips(SHAPE)


class InputTimesGradient(VanillaSaliency):
    """x ⊙ ∂S_c/∂x: its reference is the value 0."""

    def _explain(self, network, x, target):
        return x * network.input_gradient(x, target)


def invariance(explainer, X, **params):
    fitted = fit_on(explainer, small_net(SHAPE), X, target="cough")
    return input_invariance(fitted, X, fitted.transform(X), **params)


@pytest.mark.parametrize(
    "explainer",
    [
        VanillaSaliency(AcoumonClassifier()),
        SmoothGrad(AcoumonClassifier(), n_samples=3),
        GradCAM(AcoumonClassifier(), layer="body.0"),
        GradCAMPlusPlus(AcoumonClassifier()),
        ScoreCAM(AcoumonClassifier(), baseline="mean"),
    ],
    ids=lambda explainer: type(explainer).__name__,
)
@pytest.mark.parametrize("shift", [1.0, -2.5])
def test_methods_without_a_fixed_reference_have_it(explainer, X, shift):
    values = invariance(explainer, X, shift=shift)
    assert np.nanmin(values) > 0.999
    assert not np.isnan(values).all()


@pytest.mark.parametrize(
    "explainer",
    [InputTimesGradient(AcoumonClassifier()), ScoreCAM(AcoumonClassifier(), baseline=0.0), ScoreCAM(AcoumonClassifier())],
    ids=["zero is no relevance", "zero hides", "the floor hides"],
)
def test_a_fixed_reference_shows(explainer, X):
    values = invariance(explainer, X, shift=3.0)
    assert np.nanmean(values) < 0.9
    np.testing.assert_allclose(invariance(explainer, X, shift=0)[~np.isnan(values)], 1, atol=1e-3)


def test_shifted_network_computes_the_same_of_shifted_clips(X):
    net = small_net(SHAPE).eval()
    net.register_forward_pre_hook(lambda module, inputs: (inputs[0] ** 2,))  # the user's own comes after the shift
    shifted = shifted_module(net, 3.0)
    assert [name for name, _ in shifted.named_modules()] == [name for name, _ in net.named_modules()]
    with torch.no_grad():
        inputs = torch.from_numpy(X)
        torch.testing.assert_close(shifted(inputs + 3), net(inputs), atol=1e-4, rtol=1e-4)
        assert not torch.allclose(shifted(inputs), net(inputs), atol=1e-2)
    assert len(net._forward_pre_hooks) == 1


def test_shift_is_in_ranges_of_the_features(X, monkeypatch):
    fitted, shifts = fit_on(VanillaSaliency(AcoumonClassifier()), small_net(SHAPE), X * 80 - 80), []

    def explain_module(module, shifted, target):
        shifts.append(shifted - (X * 80 - 80))
        return VanillaSaliency.explain_module(fitted, module, shifted, target)

    monkeypatch.setattr(fitted, "explain_module", explain_module)
    input_invariance(fitted, X * 80 - 80, X, shift=0.5)
    np.testing.assert_allclose(shifts[0], 40 * np.ptp(X), rtol=1e-4)


@pytest.mark.parametrize("shift", [np.nan, np.inf, "far", True, None])
def test_shift_must_be_a_number(X, shift):
    with pytest.raises(ValueError, match="shift of input_invariance must be a finite number; got"):
        invariance(VanillaSaliency(AcoumonClassifier()), X, shift=shift)
