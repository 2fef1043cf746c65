"""RankingDisplay: bars join exactly what Nemenyi's test does not tell apart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skxai.comparison import Comparison
from skxai.display import RankingDisplay
from skxai.display.ranking import _levels, find_joined
from skxai.display.style import REFERENCE


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=12), st.integers(0, 70))
def test_two_methods_share_a_bar_if_they_are_closer_than_the_critical_difference(ranks, difference):
    ranks = sorted(ranks)
    bars = find_joined(ranks, difference)
    for i in range(len(ranks)):
        for j in range(i + 1, len(ranks)):
            assert any(first <= i and j <= last for first, last in bars) == (ranks[j] - ranks[i] < difference)
    assert not any(a != b and a[0] <= b[0] and b[1] <= a[1] for a in bars for b in bars)  # none lies within another
    levels = _levels(bars)
    for i, (first, last) in enumerate(bars):
        beside = [other for other, level in zip(bars[:i], levels) if level == levels[i]]
        assert all(last < other[0] or other[1] < first for other in beside)


def comparison(n=30):
    rng = np.random.default_rng(0)
    scores = {name: {"insertion_auc": rng.random(n) + shift, "deletion_auc": rng.random(n)} for name, shift in
              {"good": 1.0, "fair": 0.5, "poor": 0.45, "random": 0.0}.items()}  # fmt: skip
    means = {name: {metric: values.mean() for metric, values in of.items()} for name, of in scores.items()}
    return Comparison(pd.DataFrame.from_dict(means, orient="index"), scores, controls=["random"])


class TestRankingDisplay:
    def test_methods_stand_at_their_ranks_and_bars_span_theirs(self):
        ranks = {"worst": 3.6, "best": 1.3, "second": 2.2, "third": 2.9}
        display = RankingDisplay.from_ranks(ranks, 1.0, title="insertion")
        assert display.joined_ == [["best", "second"], ["second", "third"], ["third", "worst"]]
        ax = display.ax_
        assert sorted(line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o") == sorted(ranks.values())
        bars = [line.get_xdata() for line in ax.lines if line.get_linewidth() > 3]
        for (left, right), names in zip(bars, display.joined_):
            assert (left, right) == pytest.approx((ranks[names[0]], ranks[names[-1]]), abs=0.05)
        texts = [text.get_text() for text in ax.texts]
        assert {"best  1.30", "3.60  worst", "critical difference 1.00"} <= set(texts)
        assert (ax.get_xlim(), ax.get_title()) == ((1, 4), "insertion")

    def test_names_do_not_overlap_and_all_is_in_the_figure(self):
        ranks = {f"A method of some length {i}": 1 + 0.9 * i for i in range(12)}
        figure = RankingDisplay.from_ranks(ranks, 3.0).figure_
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in figure.axes[0].texts]
        assert len(boxes) == 13
        for i, box in enumerate(boxes):
            assert figure.bbox.x0 <= box.x0
            assert box.x1 <= figure.bbox.x1
            assert not any(box.overlaps(other) for other in boxes[:i])

    @pytest.mark.parametrize("difference", [None, np.nan])
    def test_nothing_is_joined_without_a_test(self, difference):
        display = RankingDisplay.from_ranks({"a": 1.5, "b": 1.5, "c": np.nan}, difference)
        assert display.joined_ == []
        assert sorted(text.get_text() for text in display.ax_.texts) == ["1.50  b", "a  1.50"]

    def test_from_comparison_are_its_ranks(self):
        compared = comparison()
        ranks = compared.ranks(confidence=0.9)
        display = RankingDisplay.from_comparison(compared, "insertion_auc", confidence=0.9)
        assert display.ranks == ranks.loc["insertion_auc", list(compared.table.index)].to_dict()
        assert display.critical_difference == ranks.loc["insertion_auc", "critical_difference"]
        assert display.joined_ == [["fair", "poor"]]
        assert display.ax_.get_title() == "Insertion AUC (n = 30)"
        black = [
            line.get_xdata()[0] for line in display.ax_.lines if line.get_color() == REFERENCE and line.get_marker() == "o"
        ]
        assert black == [display.ranks["random"]]
        assert RankingDisplay.from_comparison(compared, "mean").joined_ == []

    @pytest.mark.parametrize(
        ("ranks", "difference", "message"),
        [
            ({}, 1.0, "ranks of RankingDisplay must hold at least one method with a rank; got none"),
            ({"a": np.nan}, 1.0, "at least one method with a rank"),
            ({"a": 1.0, "b": 3.0}, 1.0, "must lie between 1 and 2; got 3 of 'b'"),
            ({"a": 1.0}, -1.0, "critical_difference of RankingDisplay must not be negative; got -1"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, ranks, difference, message):
        with pytest.raises(ValueError, match=message):
            RankingDisplay.from_ranks(ranks, difference)

    def test_an_unknown_metric_is_refused(self):
        with pytest.raises(ValueError, match=r"metric of RankingDisplay must be one of insertion_auc, .*, mean; got 'loss'"):
            RankingDisplay.from_comparison(comparison(), "loss")
