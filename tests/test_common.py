"""Every contract over every class that the package offers. A new method, metric or transformer needs no edit here."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from skxai.models import TorchClassifier, resnet
from skxai.models.shapes import as_image
from skxai.testing.checks import explainer_checks, metric_checks
from skxai.testing.discovery import all_classifiers, all_explainers, all_features, all_metrics

# scikit-learn's check of the array API skips itself, since torch's arrays come in through NumPy here.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")


class TinyNet(nn.Module):
    """The least convolutional network with batch norm, for clips of 1 to 3 dimensions."""

    def __init__(self, input_shape, n_classes):
        super().__init__()
        self.image, channels = as_image(input_shape)
        self.features = nn.Sequential(nn.Conv2d(channels, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.classifier = nn.Sequential(nn.AdaptiveAvgPool2d((1, 2)), nn.Flatten(), nn.Linear(8, n_classes))

    def forward(self, x):
        return self.classifier(self.features(self.image(x)))


class Moments(nn.Module):
    """Logits from mean and deviation: a trained module that takes clips of any size, and tells them apart by their sign."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(2, 2)
        with torch.no_grad():
            self.dense.weight.copy_(torch.tensor([[1.0, -0.1], [-1.0, 0.1]]))
            self.dense.bias.zero_()

    def forward(self, x):
        x = x.flatten(1)
        return self.dense(torch.stack([x.mean(1), x.std(1, correction=0)], dim=1))

    # joblib hashes what is pickled. Of tensors that differs between equal copies, of numbers it tells whether fit changed any.
    def __getstate__(self):
        return self.training, {name: value.tolist() for name, value in self.state_dict().items()}

    def __setstate__(self, state):
        self.__init__()
        training, weights = state
        self.train(training).load_state_dict({name: torch.tensor(value) for name, value in weights.items()})


# Arguments without which a class cannot be made, or would be too slow here.
ARGUMENTS = {
    "FixedLength": {"duration": 0.01, "sample_rate": 1000},
    "BandpassFilter": {"low": 100, "high": 1600, "sample_rate": 16000},
    "Spectrogram": {"sample_rate": 16000},
    "MelSpectrogram": {"sample_rate": 16000},
    "MFCC": {"sample_rate": 16000},
    "AcoumonClassifier": {"max_epochs": 1, "batch_size": 300, "random_state": 0},
    "M5Classifier": {"n_filters": 4, "max_epochs": 1, "batch_size": 300, "random_state": 0},
    "ResNetClassifier": {"max_epochs": 1, "batch_size": 300, "random_state": 0},
    "TorchClassifier": {"module": TinyNet, "max_epochs": 1, "random_state": 0},
    "PretrainedClassifier": {"module": Moments()},
    "IntegratedGradients": {"n_steps": 10},
    "CaptumExplainer": {"n_steps": 5},
    "RISE": {"n_masks": 100},
    "SmoothGradCV": {"noise_levels": (0.2,), "n_samples": (2, 3), "cv": 3},
}


def made(named):
    return [make(**ARGUMENTS.get(name, {})) for name, make in named]


def name_of(value):
    return getattr(value, "__name__", type(value).__name__)


CLASSIFIER = TorchClassifier(TinyNet, max_epochs=1, random_state=0)
EXPLAINERS = [make(CLASSIFIER, **ARGUMENTS.get(name, {})) for name, make in all_explainers()]
FEATURES = made(all_features())


@pytest.fixture(scope="module", autouse=True)
def shallow_resnet():
    """A ResNet of one block a stage: scikit-learn's checks train it a hundred times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(resnet.ARCHITECTURES, 18, (resnet.BasicBlock, (1, 1, 1, 1)))
        yield


@parametrize_with_checks(FEATURES + made(all_classifiers()) + EXPLAINERS)
def test_sklearn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("check", explainer_checks(), ids=name_of)
@pytest.mark.parametrize("explainer", EXPLAINERS, ids=name_of)
def test_explainer(explainer, check):
    check(explainer)


@pytest.mark.parametrize("check", metric_checks(), ids=name_of)
@pytest.mark.parametrize("metric", [metric for _, metric in all_metrics()], ids=name_of)
def test_metric(metric, check):
    check(metric)


@pytest.mark.parametrize("transformer", FEATURES, ids=name_of)
class TestFeatureTransformer:
    @pytest.fixture
    def waveforms(self):
        return np.random.default_rng(0).standard_normal((3, 2000)).astype(np.float32)

    def test_pickled_transformer_gives_the_same(self, transformer, waveforms):
        fitted = clone(transformer).fit(waveforms)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(waveforms), fitted.transform(waveforms))

    def test_output_is_float32_and_batches_do_not_matter(self, transformer, waveforms):
        fitted = clone(transformer).fit(waveforms)
        together = fitted.transform(waveforms.astype(float))
        alone = np.concatenate([fitted.transform(waveform[None]) for waveform in waveforms])
        assert together.dtype == np.float32
        np.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-5)

    @pytest.mark.usefixtures("two_threads")
    def test_input_and_globals_stay_untouched(self, transformer, waveforms):
        before, rng, numpy_rng = waveforms.copy(), torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
        threads = torch.get_num_threads()
        waveforms.setflags(write=False)
        output = clone(transformer).fit_transform(waveforms[:, ::-1][:, ::-1])
        assert not np.shares_memory(output, waveforms)
        np.testing.assert_array_equal(waveforms, before)
        assert torch.equal(torch.get_rng_state(), rng)
        assert torch.get_num_threads() == threads
        np.testing.assert_array_equal(np.random.get_state()[1], numpy_rng)  # noqa: NPY002

    def test_nan_is_refused(self, transformer, waveforms):
        waveforms[1, 7] = np.nan
        with pytest.raises(ValueError, match=f"(?s)NaN.*{type(transformer).__name__}|{type(transformer).__name__}.*NaN"):
            clone(transformer).fit(waveforms)

    def test_clips_of_another_length_than_in_fit_are_refused(self, transformer, waveforms):
        fitted = clone(transformer).fit(waveforms)
        with pytest.raises(ValueError, match=f"X has 1999 features, but {type(transformer).__name__} is expecting 2000"):
            fitted.transform(waveforms[:, 1:])
