"""The whole way: waveforms → features → classifier → maps → scores → figure, as a user writes it."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import soundfile
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from skxai.comparison import compare_explainers
from skxai.datasets import make_audio_events
from skxai.display import SaliencyDisplay
from skxai.explainers import EnergyMap, SmoothGrad, VanillaSaliency
from skxai.features import AudioLoader, FeatureAxes, FeatureScaler, MelSpectrogram, ResizeFeatures, event_truth
from skxai.inspection import sonify
from skxai.metrics import explanation_scorer, get_scorer
from skxai.models import AcoumonClassifier, M5Classifier

CLASSES = ["alarm", "cough", "wheeze"]


@pytest.fixture(scope="module")
def scenes():
    return make_audio_events(24, classes=CLASSES, random_state=0)


@pytest.fixture
def trainings(monkeypatch):
    """Count the classifiers that are trained in this process."""
    trained = []
    train = AcoumonClassifier._train
    monkeypatch.setattr(AcoumonClassifier, "_train", lambda self, X, y: (trained.append(len(X)), train(self, X, y))[1])
    return trained


def features():
    return make_pipeline(MelSpectrogram(16000, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"))


def test_noise_of_smooth_grad_is_tuned_by_faithfulness(scenes, trainings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    waveforms, labels = scenes.data, scenes.target
    pipe = make_pipeline(MelSpectrogram(16000, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"),
                         SmoothGrad(AcoumonClassifier(random_state=0), random_state=0, memory="cache"))  # fmt: skip
    search = GridSearchCV(pipe, {"smoothgrad__noise_level": [0.05, 0.2], "smoothgrad__n_samples": [5, 10]},
                          scoring=explanation_scorer("insertion_auc", "neg_deletion_auc", step=0.05), refit=False,
                          cv=StratifiedKFold(3))  # fmt: skip
    search.fit(waveforms, labels)
    assert trainings == [16, 16, 16]
    results = search.cv_results_
    assert len(results["params"]) == 4
    assert ((results["mean_test_insertion_auc"] > 0) & (results["mean_test_insertion_auc"] < 1)).all()
    assert ((results["mean_test_neg_deletion_auc"] > -1) & (results["mean_test_neg_deletion_auc"] < 0)).all()
    assert len(set(results["mean_test_insertion_auc"])) > 1

    # A further run over the same folds, with another scorer, trains nothing.
    scores = cross_val_score(pipe, waveforms, labels, scoring=get_scorer("neg_average_drop"), cv=StratifiedKFold(3))
    assert len(trainings) == 3
    assert ((scores >= -1) & (scores <= 0)).all()


def test_search_in_parallel_trains_once_a_fold_too_and_gives_the_same(scenes, tmp_path):
    cache = {n_jobs: tmp_path / str(n_jobs) for n_jobs in (1, 2)}
    found = {}
    for n_jobs, memory in cache.items():
        explainer = SmoothGrad(
            AcoumonClassifier(max_epochs=2, n_threads=1, random_state=0), n_samples=4, random_state=0, memory=str(memory)
        )
        search = GridSearchCV(
            make_pipeline(features(), explainer), {"smoothgrad__noise_level": [0.1, 0.2]}, cv=3, n_jobs=n_jobs, refit=False
        ).fit(scenes.data, scenes.target)
        found[n_jobs] = search.cv_results_["mean_test_score"]
        assert len(list(Path(memory).rglob("output.pkl"))) == 3
    np.testing.assert_allclose(found[2], found[1], rtol=1e-5)


def test_classifier_that_is_frozen_is_explained_as_it_is(scenes, trainings):
    X = features().fit_transform(scenes.data)
    classifier = AcoumonClassifier(max_epochs=1, random_state=0).fit(X, scenes.target)
    explainer = SmoothGrad(FrozenEstimator(classifier), n_samples=4, random_state=0)
    search = GridSearchCV(explainer, {"noise_level": [0.1, 0.2]}, cv=3).fit(X, scenes.target)
    assert len(trainings) == 1
    assert search.best_estimator_.estimator_.estimator is classifier


def test_result_is_drawn(scenes, tmp_path):
    explainer = SmoothGrad(AcoumonClassifier(max_epochs=1, random_state=0), n_samples=4, random_state=0)
    pipe = make_pipeline(features(), explainer).fit(scenes.data, scenes.target)
    display = SaliencyDisplay.from_estimator(pipe, scenes.data, scenes.target, clips=[0, 1])
    display.figure_.savefig(tmp_path / "maps.png")
    plt.close(display.figure_)
    assert (tmp_path / "maps.png").stat().st_size > 10_000


def test_recordings_are_explained_as_waveforms(tmp_path):
    scenes = make_audio_events(24, classes=CLASSES, sample_rate=8000, duration=0.3, random_state=0)
    paths = [tmp_path / f"{number}.wav" for number in range(24)]
    for path, waveform in zip(paths, scenes.data):
        soundfile.write(path, waveform, 8000, subtype="FLOAT")
    paths, classifier = np.array(paths, dtype=str), M5Classifier(n_filters=8, max_epochs=8, batch_size=4, random_state=0)
    methods = {
        name: make_pipeline(AudioLoader(8000), explainer(classifier, memory=str(tmp_path / "cache")))
        for name, explainer in {"gradient": VanillaSaliency, "loudness": EnergyMap}.items()
    }
    truth = event_truth(FeatureAxes.of_waveforms(2400, 8000), scenes.events, background=scenes.background)
    scoring = ["faithfulness_estimate", "relevance_mass_accuracy"]
    table = compare_explainers(methods, paths, scenes.target, scoring=scoring, truth=truth, cv=StratifiedKFold(2)).table
    assert np.isfinite(table[scoring]).all(axis=None)
    assert table.loc["loudness", "relevance_mass_accuracy"] > 0.5

    pipe = methods["gradient"].fit(paths, scenes.target)
    maps = pipe.transform(paths)
    kept, removed = (sonify(scenes.data, maps, pipe, mode=mode) for mode in ("keep", "remove"))
    np.testing.assert_allclose(kept + removed, scenes.data, atol=1e-6)
    display = SaliencyDisplay.from_estimator(pipe, paths, scenes.target, clips=[0, 1])
    assert display.ax_.flat[-1].get_xlabel() == "Time (s)"
    plt.close(display.figure_)
