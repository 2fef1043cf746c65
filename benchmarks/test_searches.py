"""A grid search for SmoothGrad's parameters: against the bare forwards that it needs, and in one pass against GridSearchCV."""

from statistics import median

import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline

from skxai.datasets import make_audio_events
from skxai.explainers import SmoothGrad, SmoothGradCV
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.metrics import explanation_scorer
from skxai.models import AcoumonClassifier

from .apart import FORWARD, forward
from .quick import QUICK, few
from .race import OURS, Contender, race, ratio
from .subjects import TITLES, trained
from .tables import SEARCH, record

NOISE_LEVELS, N_SAMPLES = [0.05, 0.1, 0.2], [5, 10, 20]
STEPS = 101  # of a deletion or insertion curve, both ends included


def test_grid_search_of_the_readme(benchmark, device, tmp_path):
    scenes = make_audio_events(30 if QUICK else 45, sample_rate=16000, random_state=0)
    pipe = make_pipeline(
        MelSpectrogram(16000, n_mels=32),
        ResizeFeatures((32, 32)),
        FeatureScaler("minmax"),
        SmoothGrad(AcoumonClassifier(device=device, random_state=0), random_state=0, memory=str(tmp_path)),
    )

    def search(noise_levels, n_samples):
        grid = {"smoothgrad__noise_level": noise_levels, "smoothgrad__n_samples": n_samples}
        scoring = explanation_scorer("insertion_auc", "neg_deletion_auc")
        return GridSearchCV(pipe, grid, scoring=scoring, refit=False, cv=StratifiedKFold(3)).fit(scenes.data, scenes.target)

    search([0.1], [5])  # trains the network of each fold, which is kept: what is timed is the search
    # Each clip is in one test fold: for each candidate a gradient for each sample, the clip itself, and both curves.
    passes = sum(1 + n_samples + 2 * STEPS for n_samples in N_SAMPLES) * len(NOISE_LEVELS) * len(scenes.data)
    benchmark.group = f"GridSearchCV of the README, {device}"
    times = race(
        benchmark,
        Contender(lambda: search(NOISE_LEVELS, N_SAMPLES), passes),
        {FORWARD: forward("acoumon", device)},
        device=device,
        max_rounds=3,
    )
    record(
        benchmark,
        SEARCH,
        {
            "search": f"GridSearchCV over SmoothGrad, 9 candidates × 3 folds, as in the README, {device}",
            "clips": len(scenes.data),
            "seconds": median(times[OURS]) * passes,
            "bare forwards, s": median(times[FORWARD]) * passes,
            "in bare forwards": ratio(times, OURS, FORWARD)[0],
            "rounds": len(times[OURS]),
        },
    )


@pytest.mark.parametrize(
    ("scored_by", "scoring"),
    [
        ("average drop", explanation_scorer("neg_average_drop")),
        ("deletion AUC in 20 steps", explanation_scorer("neg_deletion_auc", step=0.05)),
    ],
    ids=["average_drop", "deletion_auc"],
)
@pytest.mark.parametrize("training", ["in each fold", "never"])
def test_smooth_grad_cv(benchmark, device, training, scored_by, scoring):
    subject, X = trained("acoumon", device)
    X = X[: few(64, least=32)]  # of each class some in each fold
    y = subject.classifier.predict(X)
    # A frozen classifier leaves the gradients alone: 5 + 10 + 20 + 50 of a clip against 50, so at most 1.7 times faster.
    frozen = FrozenEstimator(subject.classifier.fit(X))
    estimator = frozen if training == "never" else AcoumonClassifier(device=device, random_state=0)
    noise_levels, n_samples, cv = [0.1, 0.2], [5, 10, 20, 50], 3

    def one_by_one():
        grid = {"noise_level": noise_levels, "n_samples": n_samples}
        return GridSearchCV(SmoothGrad(estimator, random_state=0), grid, scoring=scoring, cv=cv).fit(X, y)

    def in_one_pass():
        search = SmoothGradCV(estimator, noise_levels=noise_levels, n_samples=n_samples, scoring=scoring, cv=cv, random_state=0)
        return search.fit(X, y)

    assert in_one_pass().best_params_ == one_by_one().best_params_
    benchmark.group = f"SmoothGradCV, {scored_by}, trained {training}, {device}"
    times = race(benchmark, Contender(in_one_pass), {"GridSearchCV": Contender(one_by_one)}, device=device)
    record(
        benchmark,
        SEARCH,
        {
            "search": f"SmoothGradCV, 2 noise levels × n_samples 5, 10, 20, 50, 3 folds, by {scored_by}, {TITLES['acoumon']} "
            f"trained {training}, {device}",
            "clips": len(X),
            "seconds": median(times[OURS]),
            "GridSearchCV, s": median(times["GridSearchCV"]),
            "times faster": ratio(times, "GridSearchCV", OURS)[0],
            "rounds": len(times[OURS]),
        },
        goals={"times faster": ("≥", 2)},
    )
