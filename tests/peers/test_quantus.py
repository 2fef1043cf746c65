"""skxai beside Quantus."""

import sys

import numpy as np
import pytest
import torch
from scipy.stats import rankdata

from skxai.explainers import SmoothGrad, VanillaSaliency
from skxai.metrics import deletion_curve, model_parameter_randomisation_curve, monotonicity_correlation

from .side_by_side import apart, peer

pytestmark = pytest.mark.filterwarnings("ignore")  # the peer's are its own
STEP = 16  # pixels


@pytest.fixture(scope="module")
def quantus():
    """Quantus imports TensorFlow where it finds it, for seconds: it shall not find it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "tensorflow", None)
        yield peer("quantus", "quantus", "Quantus")


@pytest.fixture(scope="module")
def maps(subject):
    """The order of maps, 1 for the least relevant pixel: without ties, which Quantus breaks as an unstable sort happens to."""
    maps = subject.maps(SmoothGrad, n_samples=5, random_state=0).reshape(len(subject.X), -1)
    return rankdata(maps, method="ordinal", axis=1).astype(np.float32).reshape(subject.X.shape)


def call(metric, subject, maps, **params):
    arguments = {"x_batch": subject.X, "y_batch": subject.columns.numpy(), "a_batch": maps, "channel_first": True}
    return metric(model=subject.module(), **arguments, **params)


def monotonicity(package):
    return package.MonotonicityCorrelation(nr_samples=3, features_in_step=STEP, disable_warnings=True)


def test_monotonicity_correlation_with_the_same_draws(quantus, subject, maps, agreement, monkeypatch):
    package, name = quantus
    draws = iter(np.random.default_rng(5).uniform(size=maps[0].size))
    with monkeypatch.context() as patch:  # all clips get the draws that skxai gives them
        patch.setattr(np.random, "uniform", lambda low, high, size: np.full(size, low + (high - low) * next(draws)))
        theirs = call(monotonicity(package), subject, maps)
    params = {"features_in_step": STEP, "n_draws": 3, "random_state": 5}
    ours = monotonicity_correlation(subject.classifier, subject.X, maps, convention="quantus", **params)
    agreement("monotonicity_correlation", name, apart(ours, theirs), 1e-3)


def test_its_monotonicity_correlation_stops_at_an_improbable_class_and_skxai_does_not(quantus, subject, maps):
    package, _ = quantus
    scores = subject.trained(subject.x)[0].detach()
    sure = subject.with_gradients_times(14 / (scores.max() - scores.min()))  # p of the last class is about exp(−14)
    improbable = sure.columns.clone()
    improbable[0] = scores.argmin()
    with pytest.raises(ValueError, match="NumPy boolean array indexing assignment"):
        monotonicity(package)(model=sure.module(), x_batch=sure.X, y_batch=improbable.numpy(), a_batch=maps, channel_first=True)
    params = {"features_in_step": STEP, "n_draws": 3, "convention": "quantus", "target": improbable.numpy()}
    assert np.isfinite(monotonicity_correlation(sure.classifier, sure.X, maps, **params)).all()


def test_pixel_flipping(quantus, subject, maps, agreement):
    package, name = quantus
    theirs = call(package.PixelFlipping(features_in_step=STEP, disable_warnings=True), subject, maps)
    step = STEP / maps[0].size
    ours = deletion_curve(subject.classifier, subject.X, maps, convention="quantus", step=step)
    agreement("deletion_curve", name, apart(ours.probability, theirs), 1e-5)
    # Its area has the step for a unit, and 0 for the width of the one that it leaves out.
    np.testing.assert_allclose(ours.auc() / step, np.trapezoid(theirs, dx=1), rtol=1e-5)


@pytest.mark.skipif(hasattr(np, "trapz"), reason="NumPy still has trapz")
def test_its_area_under_pixel_flipping_is_gone_with_numpys(quantus, subject, maps):
    package, _ = quantus
    metric = package.PixelFlipping(features_in_step=STEP, return_auc_per_sample=True, disable_warnings=True)
    with pytest.raises(AttributeError, match="trapz"):
        call(metric, subject, maps)


def explain(model, inputs, targets, **kwargs):
    x = torch.as_tensor(inputs).requires_grad_()
    model(x).gather(1, torch.as_tensor(targets)[:, None]).sum().backward()
    return x.grad.abs().numpy()


def randomised(package, subject, maps, **params):
    """Return the peer's correlations, of gradients that it computes itself."""
    metric = package.MPRT(layer_order="top_down", seed=3, disable_warnings=True, **params)
    return call(metric, subject, maps, explain_func=explain)


def test_model_parameter_randomisation(quantus, subject, agreement):
    package, name = quantus
    explainer = VanillaSaliency(subject.classifier).fit(subject.X)
    maps = explainer.transform(subject.X)
    theirs = randomised(package, subject, maps)
    own = theirs.pop("original")
    curve = model_parameter_randomisation_curve(explainer, subject.X, maps, n_stages=None, convention="quantus", random_state=3)
    assert curve.stages == tuple(theirs)
    agreement("model_parameter_randomisation_curve", name, apart(curve.correlations, np.transpose(list(theirs.values()))), 1e-3)
    # Its mean counts the maps' correlation with themselves, 1, as that with one more randomised network.
    np.testing.assert_allclose(own, 1, atol=1e-3)
    mean = np.array(randomised(package, subject, maps, return_average_correlation=True))
    n_stages = len(theirs)
    np.testing.assert_allclose(mean, (curve.per_clip() * n_stages + 1) / (n_stages + 1), atol=1e-3)


def test_its_model_parameter_randomisation_seeds_torchs_global_generator(quantus, subject, maps):
    package, _ = quantus
    state = torch.get_rng_state()
    randomised(package, subject, maps)
    assert not torch.equal(torch.get_rng_state(), state)
