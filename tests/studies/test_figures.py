"""The figures of a study: each shows what the study found, and files keep text as text."""

from dataclasses import replace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skxai.comparison import compare_results
from skxai.display.style import readable_name
from skxai.studies import all_studies, get_study
from skxai.studies.figures import FIGURES, draw_figures
from skxai.studies.run import run_study

matplotlib.use("Agg")
SCORING = ("insertion_auc", "neg_deletion_auc", "neg_mean_top_weights")


@pytest.fixture(scope="module")
def result():
    methods = ("GradCAM", "EnergyMap", "RandomMap")
    study = get_study("default").configured(explainers=methods, scoring=SCORING, epochs=8, n_test=12)
    for classifier in study.classifiers.values():
        classifier.set_params(lr=1e-3, batch_size=8)  # it must learn more than one class, quickly
    return run_study(study, n_scenes=60, say=lambda line: None)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def drawn(result, kind):
    return dict(FIGURES[kind](result, np.random.default_rng(0)))


def test_each_study_asks_for_figures_that_there_are():
    assert {figure for study in all_studies().values() for figure in study.figures} == set(FIGURES)


def test_scores_have_a_panel_a_metric_and_a_row_a_method(result):
    panels = drawn(result, "scores")["scores"].axes
    assert [ax.get_title() for ax in panels] == ["Insertion AUC ↑", "Deletion AUC ↓", "Mean top weights ↓"]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["GradCAM", "EnergyMap", "RandomMap"]
    means = [bar[0].get_xdata()[0] for bar in panels[1].containers]
    assert means == pytest.approx(result.comparison.table["deletion_auc"].tolist())


def test_ranking_is_by_faithfulness_and_ground_truth_metrics(result):
    titles = [ax.get_title() for ax in drawn(result, "ranking")["ranking"].axes]
    n = int(result.comparison.ranks().loc["insertion_auc", "n"])
    assert titles == [
        "Mean over the metrics",
        *(f"{readable_name(name)} (n = {n})" for name in ("insertion_auc", "deletion_auc")),
    ]


def test_other_scores_are_not_ranked(result):
    kept = [name for name in result.comparison.table.columns if "auc" not in name]
    results = {
        method: replace(found, scores={name: found.scores[name] for name in kept if name in found.scores})
        for method, found in result.results.items()
    }
    less = replace(result, results=results, comparison=compare_results(results, result.explainers))
    assert not drawn(less, "ranking")
    assert [ax.get_title() for ax in drawn(less, "scores")["scores"].axes] == ["Mean top weights ↓"]


def test_curves_stand_beside_those_of_random_maps(result):
    ax = drawn(result, "curves")["insertion_by_probability"].axes[0]
    by_name = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(by_name) == ["GradCAM", "RandomMap"]
    for name, values in by_name.items():
        np.testing.assert_allclose(values, result.results[name].curves["insertion"].mean())


def test_mixture_is_of_two_clips_and_the_boxes_are_of_the_class_explained(result):
    axes = [ax for ax in drawn(result, "mixture")["mixture"].axes if ax.images]
    rows = np.reshape(axes, (4, 2))
    headers = [row[0].texts for row in rows]
    names = [[text.get_text() for text in texts] for texts in headers]
    classes = [boxed for boxed, _ in names[:2]]
    assert classes[0] != classes[1]
    assert [boxed for boxed, _ in names] == 2 * classes
    assert [header.split("\n")[0] for _, header in names] == [f"{label} alone" for label in classes] + 2 * ["both, explained"]
    features = np.stack([row[0].images[0].get_array() for row in rows])
    np.testing.assert_array_equal(features[2], features[3])
    probability = result.classifiers[""].predict_proba(features[:, np.newaxis])
    of_class = probability[np.arange(4), np.searchsorted(result.classifiers[""].classes_, 2 * classes)]
    assert [header.split("p = ")[1] for _, header in names] == [f"{p:.2f}" for p in of_class]
    maps = result.explainers["GradCAM"].explain(features[2:3, np.newaxis], classes[:1])
    shown = rows[2, 1].images[1].get_array()
    np.testing.assert_allclose(shown, (maps[0, 0] - maps.min()) / np.ptp(maps), atol=1e-6)


def test_files_keep_text_and_the_users_settings(result, tmp_path):
    before = dict(matplotlib.rcParams)
    study = replace(result.study, figures=("scores", "ranking", "mixture"))
    paths = draw_figures(replace(result, study=study), tmp_path / "figures", "svg")
    assert dict(matplotlib.rcParams) == before
    assert not plt.get_fignums()
    assert [path.name for path in paths] == ["scores.svg", "ranking.svg", "mixture.svg"]
    for path in paths:
        assert "<text" in path.read_text(encoding="utf-8")
        assert path.stat().st_size < 1_000_000
