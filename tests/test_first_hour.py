"""What a newcomer types in the first hour: one sentence with the remedy, and no search for it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import ValidationCurveDisplay, cross_val_score
from torch import nn

from skxai.cli import main
from skxai.comparison import compare_explainers
from skxai.explainers import SmoothGrad, SmoothGradCV, VanillaSaliency
from skxai.features import MelSpectrogram
from skxai.metrics import average_drop, explanation_scorer, get_scorer, insertion_auc
from skxai.models import PretrainedClassifier, TorchClassifier


class Net(nn.Sequential):
    def __init__(self, n_classes):
        super().__init__(nn.Flatten(), nn.Linear(12, n_classes))


@pytest.fixture
def X():
    return np.random.default_rng(0).random((12, 12), dtype=np.float32)


@pytest.fixture
def y():
    return np.repeat(["cough", "wheeze"], 6)


@pytest.fixture
def trained(X, y):
    return TorchClassifier(Net, max_epochs=1, random_state=0).fit(X, y)


def refused(match, kind=ValueError):
    return pytest.raises(kind, match=match)


def test_a_bare_module_is_to_be_wrapped(X):
    with refused(
        r"got a torch module, Net. Wrap a trained module: VanillaSaliency\(PretrainedClassifier\(module", TypeError
    ) as error:
        VanillaSaliency(Net(2)).fit(X)
    assert "\n" not in str(error.value)  # the module is not printed


def test_something_unfitted_is_not_frozen(X, y):
    with refused(
        "FrozenEstimator, which trains nothing, of a TorchClassifier that is not fitted. Fit it first", NotFittedError
    ):
        VanillaSaliency(FrozenEstimator(TorchClassifier(Net))).fit(X, y)


def test_a_fitted_network_that_would_be_trained_anew_is_told(X, y, trained):
    with pytest.warns(UserWarning, match=r"trains a clone of the TorchClassifier, which is fitted already; .*FrozenEstimator"):
        VanillaSaliency(trained).fit(X, y)


def test_a_fitted_network_without_labels_is_to_be_frozen(X, trained):
    with refused("y must be given to VanillaSaliency, which trains a clone of the fitted TorchClassifier; .*FrozenEstimator"):
        VanillaSaliency(trained).fit(X)


@pytest.mark.parametrize("paths", [["a.wav", "b.wav"], np.array(["a.wav"]), [Path("a.wav")]])
def test_paths_need_a_loader(paths):
    with refused(r"waveforms for MelSpectrogram. Put AudioLoader\(sample_rate=…\) before it in a Pipeline; got paths"):
        MelSpectrogram(16000).fit(paths)
    with refused("Put AudioLoader.* and a spectrogram before it in a Pipeline; got paths"):
        VanillaSaliency(PretrainedClassifier(Net(2))).fit(paths)


def test_scorers_are_found_by_what_is_meant():
    with refused("deletion_auc is a loss, whose scorer is 'neg_deletion_auc'"):
        get_scorer("deletion_auc")
    with refused("is it 'insertion_auc'"):
        get_scorer("insertion_acu")
    with refused("names must be given one by one"):
        explanation_scorer(["insertion_auc", "neg_deletion_auc"])


def test_names_are_no_scoring(X, y, trained):
    explainer = VanillaSaliency(FrozenEstimator(trained)).fit(X)
    with refused(r"must be a list of scorer names; got 'insertion_auc': write \['insertion_auc'\]"):
        compare_explainers({"saliency": explainer}, X, y, scoring="insertion_auc")
    with refused(r"is given as skxai.metrics.get_scorer\('insertion_auc'\)"):
        SmoothGradCV(FrozenEstimator(trained), scoring="insertion_auc").fit(X, y)


@pytest.mark.parametrize("with_y", [False, True])
@pytest.mark.parametrize(("metric", "scorer"), [(insertion_auc, "insertion_auc"), (average_drop, "neg_average_drop")])
def test_a_metric_is_no_scorer(metric, scorer, with_y, X, y, trained):
    with refused(rf"As scoring= give its scorer, get_scorer\('{scorer}'\)", TypeError):
        cross_val_score(
            VanillaSaliency(FrozenEstimator(trained)), X, y if with_y else None, scoring=metric, error_score="raise"
        )


def test_noise_is_a_share(X, y, trained):
    with refused(r"noise_level of SmoothGrad must be in \[0, 1\].* got 20. 20 % is 0.2"):
        SmoothGrad(FrozenEstimator(trained), noise_level=20).fit(X)


def test_scorers_have_names_that_displays_show(X, y, trained):
    explainer = SmoothGrad(FrozenEstimator(trained), n_samples=2, random_state=0)
    display = ValidationCurveDisplay.from_estimator(
        explainer, X, y, param_name="noise_level", param_range=[0.1, 0.2], scoring=get_scorer("insertion_auc"), cv=2
    )
    assert display.ax_.get_ylabel() == "Insertion auc"


def test_several_metrics_are_one_number_where_one_is_asked_for(X, y, trained):
    explainer = VanillaSaliency(FrozenEstimator(trained)).fit(X)
    scores = explanation_scorer("insertion_auc", "neg_deletion_auc")(explainer, X, y)
    mean = explanation_scorer("insertion_auc", "neg_deletion_auc", combine="mean")
    assert mean(explainer, X, y) == pytest.approx(np.mean(list(scores.values())))
    assert cross_val_score(explainer, X, y, scoring=mean, cv=2).shape == (2,)
    with refused("combine of explanation_scorer must be 'mean' or None"):
        explanation_scorer("insertion_auc", combine="sum")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--epochs", "three"], "argument --epochs: must be a whole number of at least 1; got 'three'"),
        (["--seed", "-1"], "argument --seed: must be a whole number of at least 0; got '-1'"),
        (["--labels", "table.csv"], "--labels names files of the folder --data, which is not given"),
    ],
)
def test_flags_say_what_they_take(arguments, said, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["compare", *arguments])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err


def test_help_imports_nothing_heavy():
    code = "import sys; from skxai.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "compare" in result.stdout
    assert not {"torch", "numpy", "sklearn", "pandas", "matplotlib"} & set(result.stdout.split())
