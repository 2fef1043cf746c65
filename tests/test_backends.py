"""Whatever runs the work, threads beside the user's own or processes, gives the networks, maps and scores of a serial run."""

import threading

import joblib
import numpy as np
import pytest
import torch
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from torch import nn

from skxai.comparison import compare_explainers
from skxai.explainers import GradCAM, SmoothGrad, VanillaSaliency
from skxai.metrics import explanation_scorer, get_scorer
from skxai.models import TorchClassifier
from skxai.testing.discovery import all_explainers

BACKENDS = ["threading", "loky", "multiprocessing"]
FAST = {
    "IntegratedGradients": {"n_steps": 5},
    "CaptumExplainer": {"n_steps": 5},
    "RISE": {"n_masks": 20},
    "SmoothGradCV": {"noise_levels": (0.2,), "n_samples": (2, 3), "cv": 2},
}


class Net(nn.Module):
    """Draws for its weights and, by dropout, while it is trained."""

    def __init__(self, n_classes):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3))
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Linear(16, n_classes))

    def forward(self, x):
        return self.head(self.features(x))


X = np.random.default_rng(0).random((16, 1, 8, 8), dtype=np.float32)
Y = np.tile(["cough", "wheeze"], 8)


def classifier(seed=0):
    return TorchClassifier(Net, max_epochs=2, batch_size=4, random_state=seed, n_threads=1)


def explain(name, seed):
    """Train a network and explain it: its weights, the maps and a score."""
    explainer = dict(all_explainers())[name](classifier(seed), **FAST.get(name, {}))
    if "random_state" in explainer.get_params(deep=False):
        explainer.set_params(random_state=seed)
    explainer.fit(X, Y)
    weights = [value.numpy() for value in explainer.estimator_.module_.state_dict().values()]
    return [*weights, explainer.transform(X), np.array(get_scorer("insertion_auc", step=0.25)(explainer, X))]


def search(backend):
    grid = {"noise_level": [0.1, 0.3], "n_samples": [2, 4]}
    scorer = explanation_scorer("insertion_auc", "neg_deletion_auc", step=0.25)
    searched = GridSearchCV(
        SmoothGrad(classifier(), random_state=0), grid, scoring=scorer, refit=False, cv=StratifiedKFold(2), n_jobs=2
    )
    with joblib.parallel_config(backend):
        searched.fit(X, Y)
        scores = cross_val_score(GradCAM(classifier()), X, Y, cv=StratifiedKFold(2), n_jobs=2)
    return [searched.cv_results_[f"mean_test_{name}"] for name in ("insertion_auc", "neg_deletion_auc")] + [scores]


def compare(backend):
    methods = {
        "Grad-CAM": GradCAM(classifier()),
        "saliency": VanillaSaliency(classifier()),
        "SmoothGrad": SmoothGrad(classifier(), n_samples=3, random_state=0),
    }
    with joblib.parallel_config(backend):
        comparison = compare_explainers(
            methods, X, Y, cv=StratifiedKFold(2), n_jobs=2, examples=2, scoring=["insertion_auc", "neg_average_drop"]
        )
    return [comparison.scores.to_numpy()]


class User(threading.Thread):
    """Another thread of the same process: it runs a module of its own, and nobody may notice, nor draw in its place."""

    def __init__(self):
        super().__init__()
        self.stop, self.failures, self.module = (
            threading.Event(),
            [],
            nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten()),
        )

    def run(self):
        x = torch.ones(1, 1, 6, 6)
        while not self.stop.is_set():
            try:
                self.module(x)
            except Exception as error:
                self.failures.append(error)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.join()


@pytest.fixture(scope="module")
def serial():
    names = [name for name, _ in all_explainers()]
    return {name: explain(name, seed) for seed, name in enumerate(names)}, search("sequential"), compare("sequential")


def same(got, expected):
    return len(got) == len(expected) and all(np.array_equal(*pair, equal_nan=True) for pair in zip(got, expected))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("backend", BACKENDS)
def test_all_explainers_searches_and_comparisons_are_those_of_a_serial_run(backend, serial):
    explained, searched, compared = serial
    user, before, threads = User(), torch.get_rng_state(), torch.get_num_threads()
    with user:
        jobs = (joblib.delayed(explain)(name, seed) for seed, name in enumerate(explained))
        found = dict(zip(explained, joblib.Parallel(n_jobs=4, backend=backend)(jobs)))
        got = search(backend), compare(backend)
    assert [name for name in explained if not same(found[name], explained[name])] == []
    assert same(got[0], searched)
    assert same(got[1], compared)
    assert user.failures == []
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
