"""captum's methods as explainers: captum's numbers, skxai's contracts."""

import ast
import copy
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from torch import nn

import skxai
from skxai.explainers import CaptumExplainer, IntegratedGradients
from skxai.explainers._captum_methods import METHODS
from skxai.models import PretrainedClassifier, TorchClassifier
from skxai.testing.checks._assertions import assert_same, untouched
from skxai.utils.random import torch_seed

captum = pytest.importorskip("captum.attr")
SHAPE = (1, 8, 12)
GRID = torch.arange(8)[:, None] // 4 * 3 + torch.arange(12) // 4  # 2 × 3 patches
# Few draws and patches, and how captum is called by hand for the same.
GIVEN = {
    "ShapleyValues": {"feature_mask": (8, 4)},
    "ShapleyValueSampling": {"feature_mask": (4, 4), "n_samples": 3},
    "FeatureAblation": {"feature_mask": (0.5, 1 / 3)},
    "FeaturePermutation": {"feature_mask": (4, 4)},
    "Lime": {"feature_mask": (4, 4), "n_samples": 20},
    "KernelShap": {"feature_mask": (4, 4), "n_samples": 20},
    "Occlusion": {"sliding_window_shapes": (3, 4), "strides": 2},
    "IntegratedGradients": {"n_steps": 7, "multiply_by_inputs": False},
    "GradientShap": {"baselines": "floor", "n_samples": 4, "stdevs": 0.1},
    "DeepLift": {"baselines": 0.2, "eps": 1e-8},
    "DeepLiftShap": {"baselines": "mean"},
}
BY_HAND = {
    "Occlusion": {"sliding_window_shapes": (1, 3, 4), "strides": (1, 2, 2)},
    "ShapleyValues": {"feature_mask": GRID % 3},
}
WITHOUT_BASELINE = {"Saliency", "InputXGradient", "GuidedBackprop", "Deconvolution", "GuidedGradCam", "LRP"}


def network():
    """A network of layers only, each used once."""
    with torch_seed(2):
        net = nn.Sequential(
            nn.Conv2d(1, 5, 3, padding=1), nn.BatchNorm2d(5), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(120, 9), nn.ReLU(), nn.Linear(9, 3),
        )  # fmt: skip
    with torch.no_grad():
        net[-1].weight *= 20  # Lime's regularisation takes small scores for none
    return net.eval()


@pytest.fixture
def X():
    return np.random.default_rng(0).random((4, *SHAPE), dtype=np.float32)


def fitted(method, X, module=None, **params):
    classifier = PretrainedClassifier(network() if module is None else module)
    return CaptumExplainer(classifier, method, **{"target": 1, "random_state": 0} | params).fit(X)


def by_hand(method, X):
    """Return what captum gives for the plain module, clip by clip, drawing from the same seed."""
    given = {name: value for name, value in GIVEN.get(method, {}).items() if name != "baselines"} | BY_HAND.get(method, {})
    if given.get("feature_mask") is not None:
        given["feature_mask"] = BY_HAND.get(method, {"feature_mask": GRID})["feature_mask"].expand(1, *SHAPE)
    net, maps = network(), []
    net[2].inplace = False
    made = {name: given.pop(name) for name in ("multiply_by_inputs", "eps") if name in given}
    if method == "GuidedGradCam":
        made["layer"] = net[0]
    if method == "LRP":
        from captum.attr._utils.lrp_rules import EpsilonRule
    for clip in torch.from_numpy(X.copy()).split(1):
        if method not in WITHOUT_BASELINE:
            number = {"DeepLift": 0.2, "DeepLiftShap": float(clip.mean())}.get(method, float(X.min()))
            given["baselines"] = torch.full_like(clip, number)
            if method == "DeepLiftShap":
                given["baselines"] = given["baselines"].repeat(2, 1, 1, 1)
        if method == "LRP":
            net[4].rule = EpsilonRule()
        torch.manual_seed(0)
        np.random.seed(0)  # noqa: NPY002
        found = getattr(captum, method)(net, **made).attribute(clip.requires_grad_(), target=1, **given)
        maps.append(found.detach().numpy())
    return np.concatenate(maps)


@pytest.mark.parametrize("method", METHODS)
class TestMethods:
    def test_maps_are_a_clips_own_and_leave_the_users_things_alone(self, method, X):
        module = network().train()
        for parameter in module.parameters():
            parameter.grad = torch.ones_like(parameter)
        with untouched(module, X):
            explainer = fitted(method, X, module, **GIVEN.get(method, {}))
            maps = explainer.transform(X)
        assert maps.shape == X.shape
        assert maps.dtype == np.float32
        assert maps.any()
        assert_same(explainer.transform(X[2:3]), maps[2:3], "a clip among others and alone")
        again = fitted(method, X, module, **GIVEN.get(method, {}))
        np.testing.assert_array_equal(again.transform(X), maps, "two fits with the same seed differ.")

    @pytest.mark.filterwarnings("ignore")
    def test_is_captums_number(self, method, X):
        if method == "FeaturePermutation":
            pytest.skip("captum permutes with the batch, skxai with clips of fit")
        state = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
        expected = by_hand(method, X)
        torch.set_rng_state(state[0])
        np.random.set_state(state[1])  # noqa: NPY002
        assert_same(fitted(method, X, **GIVEN.get(method, {})).transform(X), expected, "skxai and captum by hand", 1e-4)

    def test_defaults_just_work(self, method, X):
        if method == "ShapleyValues":
            pytest.skip("720 orders of 6 patches for every clip")
        assert fitted(method, X[:2]).transform(X[:1]).any()


def test_feature_permutation_exchanges_with_clips_of_fit(X):
    X[:, :, :4] = X[0, :, :4]  # what all clips share is not changed by any exchange
    explainer = fitted("FeaturePermutation", X, feature_mask=(4, 1.0))
    maps = explainer.transform(X)
    np.testing.assert_allclose(maps[:, :, :4], 0, atol=1e-6)
    assert np.abs(maps[:, :, 4:]).max() > 1e-3
    assert len(explainer.clips_of_fit_) == 4


def test_integrated_gradients_are_skxais_own(X):
    classifier = PretrainedClassifier(network())
    own = IntegratedGradients(classifier, n_steps=9, target=1).fit(X).transform(X)
    assert_same(fitted("IntegratedGradients", X, n_steps=9).transform(X), own, "integrated gradients", 1e-4)


@pytest.mark.parametrize("method", ["Occlusion", "FeatureAblation", "KernelShap"])
@pytest.mark.parametrize("shape", [(24,), (10, 12), (2, 10, 12)])
def test_windows_and_patches_fit_clips_of_any_dimensions(method, shape):
    X = np.random.default_rng(0).random((3, *shape), dtype=np.float32)
    with torch_seed(0):
        module = nn.Sequential(nn.Flatten(), nn.Linear(X[0].size, 2))
    settings = {"n_samples": 300} if method == "KernelShap" else {}
    maps = fitted(method, X, module, **settings).transform(X)
    assert maps.shape == X.shape
    if len(shape) == 3:
        np.testing.assert_allclose(maps[:, 0], maps[:, 1], rtol=1e-5, err_msg="channels are hidden together.")


@pytest.mark.parametrize("n", [2, 4])
def test_clips_of_fit_are_drawn_once_each(X, n):
    for seed in range(4):
        explainer = fitted("FeaturePermutation", X[:n], random_state=seed)
        assert len(np.unique(explainer.clips_of_fit_, axis=0)) == n


def test_captums_own_forms_of_windows_masks_and_baselines(X):
    captums_windows = {"sliding_window_shapes": (1, 3, 4), "strides": (1, 2, 2)}
    pairs = [
        ("Occlusion", captums_windows, {"sliding_window_shapes": (3, 4), "strides": 2}),
        ("FeatureAblation", {"feature_mask": GRID.numpy()}, {"feature_mask": 4}),
        ("FeatureAblation", {"baselines": np.full(SHAPE, 0.25)}, {"baselines": 0.25}),
        ("DeepLiftShap", {"baselines": np.full((3, *SHAPE), 0.25)}, {"baselines": 0.25}),
    ]
    for method, captums, ours in pairs:
        assert_same(*(fitted(method, X, **params).transform(X) for params in (captums, ours)), f"{captums} and {ours}")


class TestRefusals:
    def test_unknown_parameter_and_method_are_named_with_the_known(self, X):
        with pytest.raises(
            ValueError, match=r"'n_stepz' is not a parameter of captum's IntegratedGradients; they are .*n_steps"
        ):
            fitted("IntegratedGradients", X, n_stepz=3)
        with pytest.raises(ValueError, match="'n_steps' is not a parameter of captum's Lime"):
            fitted("Lime", X, n_steps=3)
        with pytest.raises(ValueError, match=r"'method' parameter of CaptumExplainer must be .*'Lime'.* Got 'LIME'"):
            fitted("LIME", X)

    def test_captum_is_imported_only_in_fit(self):
        for path in Path(skxai.__file__).parent.rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            named = [ast.unparse(node) for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
            assert not any("captum." in line or "import captum" in line for line in named), path

    def test_captum_is_asked_for_where_it_is_missing(self, X, monkeypatch):
        monkeypatch.setitem(sys.modules, "captum.attr", None)
        explainer = CaptumExplainer(PretrainedClassifier(network()))
        with pytest.raises(ImportError, match=r"pip install skxai\[captum\]"):
            explainer.fit(X)

    @pytest.mark.parametrize(
        ("method", "layers", "reason"),
        [("DeepLift", "twice", "used more than once"), ("DeepLiftShap", "relu", "no rule for relu"),
         ("DeepLift", nn.GELU(), "no rule for GELU"), ("DeepLift", nn.LayerNorm(6), "no rule for LayerNorm"),
         ("GuidedBackprop", "relu", "no rule for relu"),
         ("Deconvolution", "relu", "no rule for relu"), ("LRP", "add", "no rule for add"),
         ("LRP", nn.GELU(), "Module of type .*GELU.* has no rule")],
    )  # fmt: skip
    def test_network_that_a_method_cannot_explain_is_refused_with_the_reason(self, X, method, layers, reason):
        with pytest.raises(ValueError, match=f"captum's {method} cannot explain Branches .*{reason}"):
            fitted(method, X, Branches(layers))

    def test_value_that_captum_refuses_comes_with_its_reason(self, X):
        with pytest.raises(ValueError, match=r"captum's Occlusion cannot explain Sequential with .*AssertionError: Stride"):
            fitted("Occlusion", X, sliding_window_shapes=(1, 2, 2), strides=(1, 3, 3))
        with pytest.raises(ValueError, match=r"baselines of CaptumExplainer must be .*'clips of fit'.*'silence'"):
            fitted("IntegratedGradients", X, baselines="silence")
        with pytest.raises(ValueError, match="baselines of CaptumExplainer must be a finite number"):
            fitted("IntegratedGradients", X, baselines=np.array(np.nan))

    def test_classifier_without_a_network_is_refused(self, X):
        with pytest.raises(TypeError, match="torch module"):
            CaptumExplainer(RandomForestClassifier(2)).fit(X.reshape(4, -1), [0, 1, 0, 1])


class Branches(nn.Module):
    """One layer or operation between two linear layers."""

    def __init__(self, between):
        super().__init__()
        self.flatten, self.first, self.last = nn.Flatten(), nn.Linear(96, 6), nn.Linear(6, 3)
        self.between = between if isinstance(between, nn.Module) else nn.ReLU()
        self.kind = between

    def forward(self, x):
        x = self.first(self.flatten(x))
        if self.kind == "twice":
            x = self.between(self.between(x) - 0.1)
        elif self.kind == "relu":
            x = x.relu()
        elif self.kind == "add":
            x = x + self.between(x)
        else:
            x = self.between(x)
        return self.last(x)


class TestParameters:
    def test_are_those_of_the_explainer_and_of_the_method(self):
        explainer = CaptumExplainer(None, "Lime", n_samples=7, target="cough")
        assert {"method": "Lime", "n_samples": 7, "target": "cough", "verbose": 0}.items() <= explainer.get_params().items()
        explainer.set_params(n_samples=9, perturbations_per_eval=2, verbose=1)
        assert clone(explainer).get_params() == explainer.get_params()
        assert explainer.get_params()["n_samples"] == 9
        assert "n_samples=9" in repr(explainer)
        assert CaptumExplainer(None).get_params() == CaptumExplainer(None).set_params().get_params()
        with pytest.raises(ValueError, match="estimatr"):
            explainer.set_params(estimatr__lr=1)

    def test_of_the_classifier_are_reached(self):
        explainer = CaptumExplainer(TorchClassifier(nn.Linear), n_steps=3).set_params(estimator__lr=0.1, n_steps=4)
        assert (explainer.estimator.lr, explainer.get_params()["n_steps"]) == (0.1, 4)

    def test_can_be_searched(self, X):
        explainer = CaptumExplainer(PretrainedClassifier(network()), "Occlusion")
        search = GridSearchCV(explainer, {"sliding_window_shapes": [2, 0.5]}, cv=2).fit(X)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        assert search.best_estimator_.get_params()["sliding_window_shapes"] in (2, 0.5)

    def test_fitted_pickles(self, X):
        explainer = fitted("GradientShap", X, n_samples=3)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(explainer)).transform(X), explainer.transform(X))


class Loud(nn.Module):
    """Fails in the middle of the network for a loud clip."""

    def forward(self, x):
        if x.abs().max() > 100:
            raise RuntimeError("too loud")
        return x


@pytest.mark.parametrize("method", ["DeepLift", "LRP", "GuidedBackprop", "Lime"])
def test_error_leaves_nothing_behind(method, X):
    module = nn.Sequential(*network()[:6], nn.ReLU(), nn.Identity(), network()[7])
    module[7].forward = Loud().forward
    explainer = fitted(method, X, module, **GIVEN.get(method, {}))
    maps, loud = explainer.transform(X), X.copy()
    loud[3] = 1e6
    with untouched(module, X, loud), pytest.raises(RuntimeError, match="too loud"):
        explainer.transform(loud)
    np.testing.assert_array_equal(explainer.transform(X), maps)


@pytest.mark.parametrize("method", ["DeepLift", "LRP", "GuidedBackprop", "InputXGradient"])
def test_network_that_ends_in_a_softmax_is_explained_by_what_enters_it(method, X):
    ended = PretrainedClassifier(nn.Sequential(network(), nn.Softmax(dim=1)), output="probabilities")
    maps = CaptumExplainer(ended, method, target=1).fit(X).transform(X)
    assert_same(maps, fitted(method, X).transform(X), "with a softmax at the end and without", 1e-3)


def test_waveforms_are_explained_by_rules_too():
    X = np.random.default_rng(0).standard_normal((3, 64)).astype(np.float32)
    with torch_seed(0):
        module = nn.Sequential(
            nn.Unflatten(1, (1, 64)), nn.Conv1d(1, 4, 5), nn.ReLU(), nn.AvgPool1d(4), nn.Flatten(), nn.Linear(60, 2)
        )
    maps = fitted("LRP", X, module).transform(X)
    assert maps.shape == X.shape
    with torch.no_grad():  # relevance is kept but for what the biases take
        for name in ("1", "5"):
            module.get_submodule(name).bias.zero_()
        scores = module(torch.from_numpy(X))[:, 1]
    np.testing.assert_allclose(fitted("LRP", X, copy.deepcopy(module)).transform(X).sum(axis=1), scores, rtol=1e-3)
