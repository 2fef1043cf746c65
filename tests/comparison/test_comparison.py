"""A comparison knows the scores behind its means."""

import pickle
import re

import numpy as np
import pandas as pd
import pytest

from skxai.comparison import Comparison


def compare(scores, **kwargs):
    """Return the comparison of scores by metric, then by method."""
    by_method = {method: {metric: scores[metric][method] for metric in scores} for method in next(iter(scores.values()))}
    means = {method: {metric: pd.Series(values).mean() for metric, values in of.items()} for method, of in by_method.items()}
    return Comparison(pd.DataFrame.from_dict(means, orient="index"), by_method, **kwargs)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def comparison(rng):
    """A is better than B, by a gain and by a loss; C is A on every clip; D is better by luck if at all."""
    quality = {"A": rng.random(40), "D": rng.random(40)}
    quality["B"] = quality["A"] - 0.2 - 0.1 * rng.random(40)
    quality["C"] = quality["A"]
    quality = {name: quality[name] for name in "ABCD"}
    loss = {name: 1 - values for name, values in quality.items()}
    chance = dict.fromkeys("ACD", "B")
    return compare({"insertion_auc": quality, "deletion_auc": loss}, chance=chance)


def test_it_pickles(comparison):
    again = pickle.loads(pickle.dumps(comparison))
    pd.testing.assert_frame_equal(again.table, comparison.table)
    pd.testing.assert_frame_equal(again.intervals(), comparison.intervals())
    assert again.chance == comparison.chance


def test_intervals_hold_the_means_of_the_table(comparison):
    intervals = comparison.intervals()
    for metric in comparison.table:
        of_metric = intervals.loc[metric]
        np.testing.assert_allclose(of_metric["mean"], comparison.table[metric])
        assert (of_metric.low < comparison.table[metric]).all()
        assert (of_metric.high > comparison.table[metric]).all()
    # the same draws for all: a loss mirrors its gain
    np.testing.assert_allclose(intervals.loc["insertion_auc", "low"], 1 - intervals.loc["deletion_auc", "high"], rtol=1e-6)
    assert (intervals.n == 40).all()
    wider = comparison.intervals(confidence=0.99)
    assert (wider.high - wider.low > intervals.high - intervals.low).all()


def test_recordings_in_the_place_of_clips(rng):
    single = {"insertion_auc": {"A": rng.random(12), "B": rng.random(12)}}
    copies = {"insertion_auc": {name: np.repeat(values, 4) for name, values in single["insertion_auc"].items()}}
    grouped, alone = compare(copies, groups=np.repeat(np.arange(12), 4)), compare(single)
    pd.testing.assert_frame_equal(grouped.intervals(), alone.intervals())
    pd.testing.assert_frame_equal(grouped.tests(), alone.tests())
    pd.testing.assert_frame_equal(grouped.ranks(), alone.ranks())
    with pytest.raises(ValueError, match=r"groups must hold one for each of 48 clips; got shape \(12,\)"):
        compare(copies, groups=np.arange(12))


def test_tests_find_the_real_difference_in_either_direction(comparison):
    for metric, sign in (("insertion_auc", 1), ("deletion_auc", -1)):
        tests = comparison.tests(metric)
        assert len(tests) == 6
        a_and_b = tests.loc[metric, "A", "B"]
        assert a_and_b.difference * sign == pytest.approx(0.25, abs=0.02)
        assert a_and_b.low * a_and_b.high > 0
        assert a_and_b.better == "A"
        assert a_and_b.p_value < a_and_b.p_holm < 1e-6
        same = tests.loc[metric, "A", "C"]
        assert (same.difference, same.low, same.high, same.better, same.p_value) == (0, 0, 0, "", 1)
        assert tests.loc[metric, "A", "D"].p_holm > 0.05
    assert len(comparison.tests()) == 12
    with pytest.raises(ValueError, match="metric 'accuracy' is not among the scores; there are insertion_auc, deletion_auc"):
        comparison.tests("accuracy")


def test_a_pair_is_compared_where_both_have_a_score(rng):
    a, b = rng.random(20), rng.random(20)
    a[:5], b[15:] = np.nan, np.nan
    tests = compare({"insertion_auc": {"A": a, "B": b}}).tests()
    assert tests.n.tolist() == [10]
    assert tests.difference.iloc[0] == pytest.approx((a[5:15] - b[5:15]).mean())


def test_ranks_know_the_direction(comparison):
    ranks = comparison.ranks()
    for metric in ("insertion_auc", "deletion_auc"):
        row = ranks.loc[metric]
        assert row.A == row.C < row.B
        assert row[["A", "B", "C", "D"]].sum() == 1 + 2 + 3 + 4
        assert row.n == 40
        assert row.p_value < 1e-3
        assert row.B - row.A > row.critical_difference > 0
    np.testing.assert_allclose(ranks.loc["mean", ["A", "B"]].astype(float), ranks.loc["deletion_auc", ["A", "B"]].astype(float))
    assert np.isnan(ranks.loc["mean", "p_value"])


def test_sharpness_is_no_truth(rng):
    """The mean over the metrics leaves out a property of the map alone."""
    scores = {"A": rng.random(9), "B": rng.random(9)}
    ranks = compare({"insertion_auc": scores, "mean_top_weights": scores}).ranks()[["A", "B"]]
    assert ranks.loc["mean_top_weights"].tolist() == ranks.loc["insertion_auc"].tolist()[::-1]
    assert ranks.loc["mean"].tolist() == ranks.loc["insertion_auc"].tolist()


def test_a_metric_agrees_with_its_own_loss(comparison):
    np.testing.assert_allclose(comparison.agreement(), np.ones((2, 2)))


def test_better_than_random_maps(comparison):
    better = comparison.better_than(comparison.chance)
    for metric in comparison.table:
        assert better[metric].tolist()[::2] == [True, True]  # A and C
        assert better.loc["B", metric] is pd.NA  # the random maps themselves
    assert not comparison.better_than("A").loc["C"].any()  # equal is not better
    assert not comparison.better_than("A").loc["B"].any()
    with pytest.raises(ValueError, match="method 'chance' is not among the scores; there are A, B, C, D"):
        comparison.better_than("chance")


def test_little_is_undefined_and_no_error():
    nan = np.full(3, np.nan)
    for scores in ({"A": np.array([0.5])}, {"A": np.array([0.5]), "B": np.array([0.25])}, {"A": nan, "B": np.ones(3)}):
        comparison = compare({"insertion_auc": scores, "average_drop": scores})
        assert comparison.intervals().loc[("insertion_auc", "A"), ["low", "high"]].isna().all()
        assert len(comparison.tests()) == 2 * (len(scores) - 1)
        assert np.isnan(comparison.ranks().loc["insertion_auc", "p_value"]) or len(scores) == 2
        assert comparison.agreement().shape == (2, 2)
        assert comparison.better_than("A").isna().all(axis=None)
        assert "insertion_auc ↑" in comparison.to_text()


def test_the_seed_is_kept(comparison):
    scores = {
        method: {metric: comparison.scores[metric, method] for metric in comparison.table} for method in comparison.table.index
    }
    other = Comparison(comparison.table, scores, random_state=1)
    assert not other.intervals().low.equals(comparison.intervals().low)
    drawn = Comparison(comparison.table, scores, random_state=None)
    pd.testing.assert_frame_equal(drawn.intervals(), drawn.intervals())


def test_the_text_marks_the_best_and_those_no_better_than_chance(rng):
    chance = rng.random(40)
    gain = {"good": chance + 0.2, "lucky": chance + 0.1 * rng.standard_normal(40), "random": chance}
    loss = {name: -values for name, values in gain.items()}
    sharpness = {"good": chance, "lucky": chance, "random": chance - 1}
    scores = {"insertion_auc": gain, "deletion_auc": loss, "mean_top_weights": sharpness}
    text = compare(scores, chance=dict.fromkeys(["good", "lucky"], "random")).to_text()
    header, *rows = (line.split() for line in text.splitlines())
    assert header == ["good", "lucky", "random"]
    for row in rows[:2]:
        assert row[1] in "↑↓"
        marks = [row[column].lstrip("±.0123456789") for column in (3, 5, 7)]
        assert marks == ["*", "†", ""]
    assert "†" not in "".join(rows[2])  # how sharp a map is tells nothing of its truth
    assert "; † not better than random (95 % interval of the difference)" in text
    assert "bootstrap over 40 clips" in text
    # a control may score more than any method, and is none
    assert compare(scores, controls=["good"]).to_text().splitlines()[1].split()[5].endswith("*")
    assert "20 recordings of 40 clips" in compare(scores, groups=np.arange(40) // 2).to_text()


def test_a_wide_table_stays_within_the_screen(rng):
    names = [f"method number {i}" for i in range(9)]
    scores = {"insertion_auc": {name: rng.random(8) for name in names}}
    text = compare(scores, chance=dict.fromkeys(names[:-1], names[-1])).to_text(width=80)
    assert max(map(len, text.splitlines()[:-3])) <= 80
    assert all(name in text for name in names)
    assert text.count("insertion_auc ↑") == 3
    assert f"† not better than {names[-1]}" in text


def test_a_notebook_shows_intervals_arrows_and_marks(rng):
    chance = rng.random(40)
    scores = {"insertion_auc": {"<good>": chance + 0.2, "lucky": chance + 0.1 * rng.standard_normal(40), "random": chance}}
    comparison = compare(scores, chance=dict.fromkeys(["<good>", "lucky"], "random"), controls=["random"])
    html = comparison._repr_html_()
    good, lucky, random = re.findall("<tr>(.*?)</tr>", html.split("<tbody>")[1])
    low, high = comparison.intervals().loc[("insertion_auc", "<good>"), ["low", "high"]]
    assert "insertion auc ↑</th>" in html
    assert "&lt;good&gt;" in good
    assert (
        f"<strong>{comparison.table.loc['<good>', 'insertion_auc']:.3f}</strong> <small>±{(high - low) / 2:.3f}</small>*<"
        in good
    )
    assert ("†" in lucky, "<strong>" in lucky) == (True, False)
    assert "<em>random</em>" in random
    assert "bootstrap over 40 clips" in html
    assert repr(comparison) == comparison.to_text()
