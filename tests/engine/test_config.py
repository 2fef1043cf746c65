"""bfloat16 is faster, off by default, and says nearly the same; float32 is not rounded on a GPU; effects on the process."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from torch.backends import cudnn

import skxai
from skxai.datasets import make_audio_events
from skxai.engine import _cache, _threads, freeze
from skxai.engine._config import _defaults, forward_dtype
from skxai.engine._network import _exact_convolutions
from skxai.explainers import GradCAM, ScoreCAM
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.metrics import deletion_auc, insertion_auc
from skxai.models import AcoumonClassifier


@pytest.fixture(scope="module")
def trained():
    scenes = make_audio_events(120, duration=1.0, random_state=0)
    features = make_pipeline(MelSpectrogram(scenes.sample_rate, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"))
    X = features.fit_transform(scenes.data)
    return FrozenEstimator(AcoumonClassifier(lr=3e-4, random_state=0).fit(X, scenes.target)), X[:24]


needs_bfloat16 = pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="the processor has no instructions for bfloat16"
)


@needs_bfloat16
def test_curves_and_maps_are_nearly_those_of_float32(trained):
    classifier, X = trained
    explainer = ScoreCAM(classifier, layer=-2).fit(X)
    maps = explainer.transform(X)
    exact = [metric(classifier, X, maps) for metric in (deletion_auc, insertion_auc)]
    with skxai.config_context(precision="bfloat16"):
        rough_maps = explainer.transform(X)
        rough = [metric(classifier, X, maps) for metric in (deletion_auc, insertion_auc)]
    assert not np.array_equal(maps, rough_maps)
    for values, rough_values in zip(exact, rough):
        assert not np.array_equal(values, rough_values)
        assert abs(values.mean() - rough_values.mean()) < 0.01
        assert np.abs(values - rough_values).max() < 0.05
    correlations = [spearmanr(one.ravel(), other.ravel())[0] for one, other in zip(maps, rough_maps) if one.any()]
    assert np.mean(correlations) >= 0.99


@needs_bfloat16
def test_gradients_stay_float32(trained):
    classifier, X = trained
    explainer = GradCAM(classifier).fit(X)
    maps = explainer.transform(X)
    with skxai.config_context(precision="bfloat16"):
        np.testing.assert_array_equal(explainer.transform(X), maps)


def test_float32_is_the_default_and_comes_back(trained):
    classifier, X = trained
    before = classifier.predict_proba(X)
    with pytest.raises(RuntimeError), skxai.config_context(precision="bfloat16"):
        raise RuntimeError
    np.testing.assert_array_equal(classifier.predict_proba(X), before)


def test_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="precision must be one of float32, bfloat16; got 'float16'"):
        skxai.config_context(precision="float16").__enter__()


def test_processor_without_it_computes_in_float32_and_says_so(trained, monkeypatch):
    classifier, X = trained
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    with skxai.config_context(precision="bfloat16"), pytest.warns(UserWarning, match="bfloat16.*AVX-512.*float32 is used"):
        assert forward_dtype(torch.device("cpu")) is torch.float32
    assert freeze(classifier, X)._forward is not None


class TestSettings:
    def test_hold_for_the_process_and_others_inside_a_block(self):
        before = skxai.get_config()
        assert before == {"precision": "float32", "tune_process": True}
        try:
            skxai.set_config(tune_process=False)
            assert skxai.get_config() == {"precision": "float32", "tune_process": False}
            with skxai.config_context(precision="bfloat16"), skxai.config_context(tune_process=True):
                assert skxai.get_config() == {"precision": "bfloat16", "tune_process": True}
            assert skxai.get_config() == {"precision": "float32", "tune_process": False}
        finally:
            skxai.set_config(**before)

    def test_environment_is_the_default(self):
        assert [_defaults({"SKXAI_TUNE_PROCESS": value})["tune_process"] for value in ("0", "1")] == [False, True]
        assert _defaults({})["tune_process"]

    def test_other_values_are_refused(self):
        with pytest.raises(TypeError, match="tune_process must be True or False; got 1"):
            skxai.set_config(tune_process=1)


@pytest.mark.usefixtures("two_threads")
def test_process_is_left_alone_where_it_is_asked_for(trained, monkeypatch):
    classifier, X = trained
    expected = classifier.predict_proba(X)
    touched = []
    monkeypatch.setattr(_threads, "_pool", lambda n_threads: touched.append("pool"))
    monkeypatch.setattr(_cache.gc, "collect", lambda: touched.append("garbage"))
    monkeypatch.setattr(_cache.ctypes, "CDLL", lambda name: touched.append("malloc_trim"))
    monkeypatch.setattr(_cache, "LARGE", 0)
    monkeypatch.setattr(_cache, "_MADE", OrderedDict())
    allowed = cudnn.allow_tf32
    with skxai.config_context(tune_process=False):
        np.testing.assert_allclose(classifier.predict_proba(X), expected, rtol=1e-5, atol=1e-6)
        with _exact_convolutions(torch.device("cuda")):
            assert cudnn.allow_tf32 == allowed
    assert not touched
    _cache._return_freed_memory()
    assert touched[:2] == ["garbage", "malloc_trim"]


class TestRoundingOfConvolutions:
    """cuDNN's switches are there without a GPU, too."""

    @pytest.fixture(autouse=True)
    def as_before(self):
        self.unset()
        yield
        self.unset()
        cudnn.allow_tf32 = True

    def unset(self):
        """Let each switch go by the one above it."""
        if hasattr(torch.backends, "fp32_precision"):
            for owner in (torch.backends, cudnn, cudnn.conv, cudnn.rnn):
                owner.fp32_precision = "none"

    def test_is_off_inside_and_as_before_outside(self):
        for allowed in (False, True):
            cudnn.allow_tf32 = allowed
            with _exact_convolutions(torch.device("cuda")):
                assert not cudnn.allow_tf32
            assert cudnn.allow_tf32 == allowed

    @pytest.mark.skipif(not hasattr(torch.backends, "fp32_precision"), reason="torch has the newer switches from 2.9 on")
    @pytest.mark.parametrize("of", [torch.backends, cudnn, getattr(cudnn, "conv", None)], ids=["all", "cudnn", "convolutions"])
    @pytest.mark.parametrize("precision", ["ieee", "tf32"])
    def test_is_off_whichever_switch_the_user_has_set(self, of, precision):
        of.fp32_precision = precision
        with _exact_convolutions(torch.device("cuda")):
            assert cudnn.conv.fp32_precision == "ieee"
        assert cudnn.conv.fp32_precision == precision
