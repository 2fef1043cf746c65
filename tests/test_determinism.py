"""The same seed gives the same maps and scores: whoever else is in the batch, in whatever portions and by how many threads."""

import contextlib
import functools
import inspect
import random
from dataclasses import dataclass

import joblib
import numpy as np
import pytest
import sklearn
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from test_common import EXPLAINERS as TRAINABLE
from test_common import FEATURES, made, name_of

from skxai import datasets
from skxai.comparison import compare_explainers
from skxai.datasets import EventTruth
from skxai.explainers import VanillaSaliency
from skxai.metrics import evaluate, get_scorer, get_scorer_names
from skxai.models import TorchClassifier
from skxai.models.base import torch_threads as threads
from skxai.testing.checks._assertions import assert_same, assert_same_maps, untouched
from skxai.testing.checks._subjects import CLASSES, SmallNet, clips, fit_on, small_net
from skxai.testing.discovery import all_classifiers, all_explainers, all_metrics
from skxai.utils.random import seed_from


def accepted(function, **params):
    """Return those of the arguments that a function takes."""
    return {name: value for name, value in params.items() if name in inspect.signature(function).parameters}


# Where channels are chosen, fewer than the network has: there must be a choice. Few masks will do, and few steps: next to a
# baseline all pixels are about equal, and rounding decides which of them is pooled.
EXPLAINERS = [make(None, **accepted(make, n_channels=2, n_masks=20, n_steps=5)) for _, make in all_explainers()]
EXPLAINERS = [explainer.set_params(n_steps=5) if "method" in explainer.get_params() else explainer for explainer in EXPLAINERS]
SUBJECT = VanillaSaliency(None)  # where a metric needs some explainer
METRICS = [metric for _, metric in all_metrics()]
SHAPE, N = (1, 6, 8), 6
# Undefined values are left out of a score with a warning, here as anywhere.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")


def examples(number):
    """The same few examples in every run: what fails in CI fails at the desk."""
    return settings(max_examples=number, derandomize=True, deadline=None)


@dataclass(frozen=True)
class Run:
    """How some of the clips are worked on: which, in which order and how often, and in what portions by how many threads."""

    clips: list
    batch_size: int | None
    n_threads: int
    working_memory: float

    @contextlib.contextmanager
    def settings(self):
        with threads(self.n_threads), sklearn.config_context(working_memory=self.working_memory):
            yield


RUNS = st.builds(
    Run,
    clips=st.lists(st.integers(0, N - 1), min_size=1, max_size=N + 2),
    batch_size=st.none() | st.integers(1, N + 2),
    n_threads=st.integers(1, 3),
    working_memory=st.sampled_from([1024, 0.2]),
)


def unlike():
    """Return clips that differ in all that could be shared by mistake: loudness, sign, and which channels hear them."""
    X = clips(SHAPE, N)
    X[::2, :, ::2] += 1
    X[1::2, :, :, 1::2] -= 1
    return X * np.array([1, -3, 0.2, 5, -1, 0.5], dtype=np.float32).reshape(-1, 1, 1, 1)


@functools.cache
def reference(explainer):
    """Return an explainer, fitted, the clips, and the maps of all of them at once by one thread."""
    X = unlike()
    with threads(1):
        fitted = fit_on(explainer, small_net(SHAPE), X)
        return fitted, X, fitted.transform(X)


def labels():
    return np.resize(CLASSES, N)


def truth():
    return EventTruth(CLASSES, clips((len(CLASSES), *SHAPE), N, seed=2))


@pytest.mark.parametrize("explainer", EXPLAINERS, ids=name_of)
class TestMaps:
    @examples(8)
    @given(run=RUNS)
    def test_are_a_clips_own_however_they_are_made(self, explainer, run):
        fitted, X, maps = reference(explainer)
        with run.settings():
            again = fitted.set_params(batch_size=run.batch_size).transform(X[run.clips])
        for clip, found in zip(run.clips, again):
            assert_same_maps(explainer, found, maps[clip], f"clip {clip} in {run} and among all clips")

    @examples(3)
    @given(order=st.permutations(range(N)))
    def test_one_by_one_are_the_same_to_the_bit_in_any_order(self, explainer, order):
        fitted, X, _ = reference(explainer)
        fitted.set_params(batch_size=1)
        with threads(1):
            np.testing.assert_array_equal(fitted.transform(X[order]), fitted.transform(X)[order])


@functools.cache
def values_of(metric, seed):
    """Return the clips' maps, of which every other one is full of ties, and the values of all at once by one thread."""
    (fitted, X, _), maps = reference(SUBJECT), clips(SHAPE, N, seed=1)
    maps[::2] = maps[::2].round(1)
    with threads(1):
        return maps, metric(fitted, X, maps, labels(), **accepted(metric, random_state=seed, truth=truth()))


@pytest.mark.parametrize("metric", METRICS, ids=name_of)
@examples(5)
@given(run=RUNS, seed=st.integers(0, 1))
def test_values_of_a_metric_are_a_clips_own_however_they_are_measured(metric, run, seed):
    (fitted, X, _), (maps, values) = reference(SUBJECT), values_of(metric, seed)
    params = accepted(metric, random_state=seed, batch_size=run.batch_size, truth=truth()[run.clips])
    fitted.set_params(batch_size=run.batch_size)
    with run.settings():
        again = metric(fitted, X[run.clips], maps[run.clips], labels()[run.clips], **params)
    np.testing.assert_allclose(again, values[run.clips], rtol=1e-5, atol=1e-5, err_msg=str(run))


@functools.cache
def scored(explainer, name):
    """Return what a scorer takes the mean of, for all clips at once by one thread."""
    fitted, X, _ = reference(explainer)
    with threads(1):
        (values,) = evaluate(fitted.set_params(batch_size=None), X, labels(), [name], truth=truth()).values()
    return values


@pytest.mark.parametrize("name", get_scorer_names())
@examples(5)
@given(explainer=st.sampled_from(EXPLAINERS), run=RUNS)
def test_score_is_the_mean_of_the_clips_own_values(name, explainer, run):
    fitted, X, _ = reference(explainer)
    scorer, values = get_scorer(name), scored(explainer, name)[run.clips]
    defined = values[~np.isnan(values)]
    with run.settings():
        fitted.set_params(batch_size=run.batch_size)
        score = scorer(fitted, X[run.clips], labels()[run.clips], truth=truth()[run.clips])
    expected = defined.mean() * (1 if scorer.metric.greater_is_better else -1) if len(defined) else np.nan
    # Of two pixels that weigh the same to seven digits either may come first, and a curve by ranks moves by one of its steps.
    np.testing.assert_allclose(score, expected, rtol=1e-5, atol=1e-3, err_msg=f"{name_of(explainer)}, {run}")


@functools.cache
def transformed(transformer):
    waveforms = np.random.default_rng(0).standard_normal((N, 2000)).astype(np.float32)
    with threads(1):
        fitted = clone(transformer).fit(waveforms)
        return fitted, waveforms, fitted.transform(waveforms)


@pytest.mark.parametrize("transformer", FEATURES, ids=name_of)
@examples(8)
@given(run=RUNS)
def test_features_are_a_clips_own_however_they_are_computed(transformer, run):
    fitted, waveforms, features = transformed(transformer)
    with run.settings():
        again = fitted.transform(waveforms[run.clips])
    for clip, found in zip(run.clips, again):
        assert_same(found, features[clip], f"clip {clip} in {run} and among all clips")


def test_workers_train_explain_and_score_the_same():
    classifier = TorchClassifier(SmallNet, max_epochs=2, n_threads=1, random_state=0)
    methods = {name_of(explainer): seeded(explainer).set_params(estimator=classifier) for explainer in TRAINABLE}
    X, y, scoring = clips(SHAPE, 12), np.resize(CLASSES[:2], 12), ["neg_deletion_auc", "neg_average_drop"]
    tables = [compare_explainers(methods, X, y, scoring=scoring, cv=2, n_jobs=n_jobs).table for n_jobs in (1, 2)]
    np.testing.assert_allclose(*(table.drop(columns="ms_per_map") for table in tables), rtol=1e-5, atol=1e-5)
    folds = [cross_val_score(VanillaSaliency(classifier), X, y, cv=2, n_jobs=n_jobs) for n_jobs in (1, 2)]
    np.testing.assert_allclose(*folds, rtol=1e-5)


def seeded(explainer):
    return clone(explainer).set_params(**accepted(type(explainer), random_state=0))


# -- the global random states ------------------------------------------------------------------------------------------


def fitted_features(transformer):
    return clone(transformer).fit_transform(np.random.default_rng(0).standard_normal((3, 2000)))


def trained_weights(classifier):
    X = clips(SHAPE, 12).reshape(12, -1)  # of 2 dimensions, as waveforms are, which every classifier takes
    module = clone(classifier).fit(X, np.resize(["quiet", "loud"], 12)).module_
    return {name: value.numpy() for name, value in module.state_dict().items()}


def trained_and_explained(explainer):
    return seeded(explainer).fit(clips(SHAPE, 12), np.resize(CLASSES, 12)).transform(clips(SHAPE, 3))


def measured(metric):
    fitted, X, maps = reference(SUBJECT)
    return metric(fitted, X, maps, labels(), **accepted(metric, random_state=0, truth=truth()))


def scores(name):
    fitted, X, _ = reference(SUBJECT)
    return get_scorer(name)(fitted, X, labels(), truth=truth())


def made_up(make):
    waveforms, events = clips((400,), 4, seed=3), ["cough", "cough", "alarm", "alarm"]
    return make(**accepted(make, random_state=0, n_clips=2, waveforms=waveforms, labels=events, sample_rate=8000))


def table(compare):
    (fitted, X, _), params = reference(SUBJECT), accepted(compare, random_state=0)
    comparison = compare({"one": fitted, "other": fitted}, X, labels(), scoring=["insertion_auc"], **params)
    return comparison.table.drop(columns="ms_per_map")


def generators():
    """Return the functions of ``datasets`` that make something up."""
    functions = [getattr(datasets, name) for name in datasets.__all__]
    return [function for function in functions if "random_state" in inspect.signature(function).parameters]


RANDOM = [
    *((fitted_features, transformer) for transformer in FEATURES),
    *((trained_weights, classifier) for classifier in made(all_classifiers())),
    *((trained_and_explained, explainer) for explainer in TRAINABLE),
    *((measured, metric) for metric in METRICS),
    *((scores, name) for name in get_scorer_names()),
    *((made_up, make) for make in generators()),
    (table, compare_explainers),
]


@pytest.fixture
def global_states():
    """Give the global generators back as they were before a test that seeds them."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    yield
    random.setstate(before[0])
    np.random.set_state(before[1])  # noqa: NPY002
    torch.set_rng_state(before[2])


def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)


@pytest.mark.usefixtures("global_states")
class TestGlobalRandomStates:
    @pytest.mark.parametrize(("run", "subject"), RANDOM, ids=lambda value: value if isinstance(value, str) else name_of(value))
    def test_are_neither_read_nor_written(self, run, subject):
        found = []
        for seed in (1, 2):
            seed_everything(seed)
            with threads(1), untouched():
                found.append(joblib.hash(run(subject)))
        assert found[0] == found[1], "the same seed gives something else after another seeding of the global generators."

    def test_no_seed_means_entropy_and_not_the_global_generators(self):
        drawn = set()
        for _ in range(3):
            seed_everything(0)
            with untouched():
                drawn.add(seed_from(None))
        assert len(drawn) == 3

    @pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng], ids=name_of)
    def test_instance_comes_back_as_it_was(self, make):
        given, untaken = make(5), make(5)
        assert seed_from(given) == seed_from(given) == seed_from(untaken)
        assert given.uniform() == untaken.uniform()
