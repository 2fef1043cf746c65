"""Intervals, paired tests, ranks and agreement, against what they must give."""

import numpy as np
import pytest
from scipy import stats

from skxai.comparison.statistics import agreement, critical_difference, holm, mean_ranks, wilcoxon
from skxai.utils.statistics import bootstrap_interval, bootstrap_means, group_means, standard_error


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("n_groups", [8, 15, 40])
def test_an_interval_holds_the_true_mean_as_often_as_it_says(rng, n_groups):
    """600 data sets, as columns: recordings of 3 clips each, half of whose variance is the recording's."""
    recordings = rng.standard_normal((n_groups, 1, 600))
    clips = (recordings + rng.standard_normal((n_groups, 3, 600))).reshape(-1, 600)
    groups = np.repeat(np.arange(n_groups), 3)
    low, high = bootstrap_interval(clips, groups, confidence=0.95)
    covered = np.count_nonzero((low <= 0) & (high >= 0))
    # The draws are shared, so that the data sets are not quite independent trials of the binomial distribution.
    assert stats.binom.ppf(1e-4, 600, 0.95) <= covered <= stats.binom.ppf(1 - 1e-4, 600, 0.95)
    # Taken for independent, the clips of a recording would promise too much.
    low, high = bootstrap_interval(clips, confidence=0.95)
    assert np.count_nonzero((low <= 0) & (high >= 0)) < stats.binom.ppf(1e-4, 600, 0.95)


def test_the_interval_of_few_clips_is_as_long_as_student_s(rng):
    values = rng.standard_normal((8, 1))
    low, high = bootstrap_interval(values, n_resamples=200_000)
    expected = stats.t.interval(0.95, 7, values.mean(), stats.sem(values[:, 0]))
    # Student's interval is symmetric and the sample is not: the lengths agree, the ends lean to the longer tail.
    assert high - low == pytest.approx(expected[1] - expected[0], rel=0.1)


def test_copies_of_a_clip_tell_nothing_new(rng):
    """Groups of copies give the interval of the single clips, though there are five times as many."""
    single = rng.random((20, 3))
    copies, groups = np.repeat(single, 5, axis=0), np.repeat([f"recording {i}" for i in range(20)], 5)
    np.testing.assert_allclose(bootstrap_interval(copies, groups), bootstrap_interval(single))
    naive_low, naive_high = bootstrap_interval(copies)
    low, high = bootstrap_interval(copies, groups)
    assert ((high - low) > 1.8 * (naive_high - naive_low)).all()
    # a group of one clip each is no group
    np.testing.assert_array_equal(bootstrap_interval(single, np.arange(20)[::-1]), bootstrap_interval(single))


def test_one_score_a_clip_gives_one_interval(rng):
    values = rng.random(20)
    one, columns = bootstrap_interval(values), bootstrap_interval(values[:, None])
    assert [bound.shape for bound in one] == [(), ()]
    np.testing.assert_array_equal(one, np.ravel(columns))


def test_draws_are_paired_seeded_and_independent_of_blocks(rng, monkeypatch):
    values = rng.random((10, 2))
    means = bootstrap_means(values, random_state=3)
    shifted = bootstrap_means(np.column_stack([values[:, 0], values[:, 0] + 1]), random_state=3)
    np.testing.assert_allclose(shifted[:, 1] - shifted[:, 0], 1)
    monkeypatch.setattr("skxai.utils.statistics._BLOCK", 70)
    np.testing.assert_allclose(bootstrap_means(values, random_state=3), means)
    assert not np.array_equal(bootstrap_means(values, random_state=4), means)


def test_undefined_clips_are_left_out_of_each_draw(rng):
    values = rng.random((30, 1))
    with_gaps = np.concatenate([values, np.full((10, 1), np.nan)])
    low, high = bootstrap_interval(with_gaps)
    assert low < values.mean() < high
    alone = np.subtract(*bootstrap_interval(values)[::-1])
    assert high - low == pytest.approx(alone, rel=0.1)
    assert np.isnan(bootstrap_interval(np.array([[0.5], [np.nan]]))).all()  # one value has no spread
    assert np.isnan(bootstrap_interval(np.full((4, 1), np.nan))).all()
    np.testing.assert_allclose(bootstrap_interval(np.full((4, 1), 0.3)), 0.3)
    np.testing.assert_allclose(group_means(np.array([1, 3, np.nan, np.nan]), ["a", "a", "b", "c"]), [2, np.nan, np.nan])
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1; got 95"):
        bootstrap_interval(values, confidence=95)
    with pytest.raises(ValueError, match="n_resamples must be at least 1; got 0"):
        bootstrap_interval(values, n_resamples=0)


def test_signed_ranks_agree_with_scipy(rng):
    untied = rng.standard_normal((30, 1)) + 0.3
    assert wilcoxon(untied) == pytest.approx(stats.wilcoxon(untied, method="exact").pvalue)
    many = np.round(rng.standard_normal((120, 1)) + 0.1, 1)  # ties and zeros
    assert wilcoxon(many) == pytest.approx(stats.wilcoxon(many[many != 0], method="asymptotic").pvalue)


def test_signed_ranks_with_ties_are_exact():
    """All 2^8 choices of signs of tied ranks, one by one."""
    differences = np.array([0.1, 0.1, -0.2, 0.2, 0.3, 0.3, 0.3, -0.1, 0.0])
    ranks = stats.rankdata(np.abs(differences[differences != 0]))
    signs = np.array(np.meshgrid(*[[0, 1]] * 8)).reshape(8, -1)
    distribution = ranks @ signs
    observed = ranks[differences[differences != 0] > 0].sum()
    uneven = np.abs(distribution - ranks.sum() / 2) >= abs(observed - ranks.sum() / 2)
    assert wilcoxon(differences) == pytest.approx(uneven.mean())
    # scores of 0 and 1: the sign test
    assert wilcoxon(np.array([1, 1, 1, 1, 1, -1, 0, 0])) == pytest.approx(stats.binomtest(5, 6).pvalue)


def test_signed_ranks_of_nothing():
    p_values = wilcoxon(np.array([[0.0, np.nan, 1.0], [0.0, np.nan, np.nan]]))
    np.testing.assert_array_equal(p_values, [1, np.nan, 1])
    assert wilcoxon(np.empty((3, 0))).shape == (0,)


def test_holm_by_hand():
    """Four p-values in order: 0.005·4, 0.01·3, 0.03·2, 0.04·1, and none below the one before."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.6, np.nan, 0.4]), [0.8, np.nan, 0.8])  # a test that was not made is not counted
    np.testing.assert_allclose(holm([0.9, 0.8]), [1, 1])
    assert holm([]).shape == (0,)


def test_mean_ranks_and_friedman_agree_with_scipy(rng):
    values = np.round(rng.random((25, 4)) + np.array([0, 0.1, 0.3, 0]), 1)  # ties
    ranks, n, p_value = mean_ranks(values)
    assert n == 25
    assert ranks.argmin() == 2
    assert ranks.sum() == pytest.approx(1 + 2 + 3 + 4)
    assert p_value == pytest.approx(stats.friedmanchisquare(*values.T).pvalue)
    np.testing.assert_allclose(mean_ranks(np.array([[3.0, 1.0, 3.0]]))[0], [1.5, 3, 1.5])


def test_ranks_are_of_clips_that_all_have_a_score_for(rng):
    values = rng.random((6, 3))
    gaps = np.column_stack([values, np.full(6, np.nan)])
    gaps[0, 1] = np.nan
    ranks, n, p_value = mean_ranks(gaps)
    expected = mean_ranks(values[1:])
    assert n == 5
    np.testing.assert_array_equal(ranks, [*expected[0], np.nan])
    assert p_value == expected[2]
    assert mean_ranks(np.array([[1.0, 2.0]]))[2] == pytest.approx(stats.chi2.sf(1, 1))  # a clip alone
    assert np.isnan(mean_ranks(np.ones((5, 3)))[2])  # always equal
    assert np.isnan(mean_ranks(values[:, :1])[2])  # a method alone
    ranks, n, p_value = mean_ranks(np.full((5, 2), np.nan))
    assert (n, np.isnan(ranks).all(), np.isnan(p_value)) == (0, True, True)


def test_critical_difference_is_demsar_s():
    """Table 5a of Demšar 2006: q = 1.960 for 2 and 3.164 for 10 methods; his example has 4 methods and 14 data sets."""
    assert critical_difference(2, 1) == pytest.approx(1.960, abs=1e-3)
    assert critical_difference(10, 1) / np.sqrt(110 / 6) == pytest.approx(3.164, abs=1e-3)
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=5e-3)
    assert np.isnan(critical_difference(1, 10))
    assert np.isnan(critical_difference(3, 0))


def test_agreement_is_of_the_order_alone(rng):
    quality = rng.random((10, 5))
    values = np.stack([quality, np.exp(quality), -quality, rng.random((10, 5))], axis=1)
    table = agreement(values)
    np.testing.assert_allclose(table[:3, :3], [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])
    expected = np.mean([stats.spearmanr(a, b).statistic for a, b in zip(quality, values[:, 3])])
    assert table[0, 3] == table[3, 0] == pytest.approx(expected)


def test_agreement_leaves_out_what_is_undefined(rng):
    values = np.repeat(rng.random((4, 1, 3)), 3, axis=1)
    values[0, 0, 0] = np.nan  # a clip without a score of one method
    values[1, 1] = 0.5  # a clip on which all methods are equal
    values[:, 2, 1] = np.nan  # a metric that is never defined for one method
    np.testing.assert_allclose(agreement(values), np.ones((3, 3)))
    assert np.isnan(agreement(values[:, :, :1])).all()


def test_the_standard_error_is_of_recordings(rng):
    values = rng.normal(size=(9, 4))
    error = standard_error(values)
    np.testing.assert_allclose(error, values.std(axis=0, ddof=1) / 3)
    np.testing.assert_allclose(standard_error(np.repeat(values, 5, axis=0), np.repeat(np.arange(9), 5)), error)  # told 5 times
    assert np.isnan(standard_error(values, np.zeros(9))).all()


def test_standard_error_needs_two_groups():
    values = np.array([[1.0, 2.0], [4.0, 2.0]])
    np.testing.assert_allclose(standard_error(values), stats.sem(values))
    np.testing.assert_array_equal(standard_error(values, ["one", "one"]), [np.nan, np.nan])


def test_interval_of_two_values_reaches_from_one_to_the_other():
    np.testing.assert_allclose(bootstrap_interval(np.array([0.25, 0.75])), (0.25, 0.75))
    assert np.isnan(bootstrap_interval(np.array([0.25]))).all()
