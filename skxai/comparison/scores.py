"""The scores of clips by several methods: how sure their means are, and which differences are real."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..utils.random import RandomStateLike, seed_from
from ..utils.statistics import bootstrap_interval, group_means
from . import statistics
from .overview import greater_is_better, ranks_methods


class ClipScores:
    """The scores of each clip, by metric and method, with intervals, tests and ranks; for the parameters see ``Comparison``."""

    def __init__(
        self,
        scores: Mapping[str, Mapping[str, ArrayLike]],
        *,
        clips: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        random_state: RandomStateLike = 0,
    ):
        self._methods, self._metrics = list(scores), list(next(iter(scores.values())))
        columns = pd.MultiIndex.from_product([self._metrics, self._methods], names=["metric", "method"])
        values = {(metric, method): scores[method][metric] for metric, method in columns}
        self.scores = pd.DataFrame(values, index=clips, columns=columns, dtype=float).rename_axis("clip")
        self.groups = None if groups is None else np.asarray(groups)
        if self.groups is not None and self.groups.shape != (len(self.scores),):
            raise ValueError(f"groups must hold one for each of {len(self.scores)} clips; got shape {self.groups.shape}.")
        self._seed = seed_from(random_state)

    def intervals(self, *, confidence: float = 0.95, n_resamples: int = 2000) -> pd.DataFrame:
        """Return the interval of each mean, by bootstrap.

        Parameters
        ----------
        confidence : float, default=0.95
            In (0, 1).
        n_resamples : int, default=2000
            How often the clips, or their recordings, are drawn anew; the draws are the same for all methods and metrics.

        Returns
        -------
        DataFrame
            Rows (metric, method); columns mean, low, high and n, the number of clips, or recordings, with a value. NaN where
            there are fewer than two. ``skxai.utils.statistics.bootstrap_interval`` tells how the interval is made.
        """
        values = self.scores.to_numpy()
        low, high = self._interval(values, confidence, n_resamples)
        n = (~np.isnan(group_means(values, self.groups))).sum(axis=0)
        columns = {"mean": statistics.defined_mean(values), "low": low, "high": high, "n": n}
        return pd.DataFrame(columns, index=self.scores.columns)

    def tests(self, metric: str | None = None, *, confidence: float = 0.95, n_resamples: int = 2000) -> pd.DataFrame:
        """Compare all pairs of methods on the clips that both have a score for.

        Parameters
        ----------
        metric : str or None, default=None
            None takes each.
        confidence, n_resamples
            Of the differences' intervals, see ``intervals``.

        Returns
        -------
        DataFrame
            Rows (metric, method, other). Columns: difference, the method's mean less the other's, in the metric's own unit; low
            and high, its interval by paired bootstrap; better, which of the two has the better mean; n, the number of clips or
            recordings; p_value, of Wilcoxon's signed-rank test over them; and p_holm, corrected for the number of pairs of the
            metric. See ``wilcoxon`` and ``holm`` of ``skxai.comparison.statistics``.

        Raises
        ------
        ValueError
            For an unknown metric.
        """
        if metric is not None and metric not in self._metrics:
            raise ValueError(f"metric {metric!r} is not among the scores; there are {', '.join(self._metrics)}.")
        metrics = self._metrics if metric is None else [metric]
        return pd.concat([self._tests_of(name, confidence, n_resamples) for name in metrics])

    def _tests_of(self, metric: str, confidence: float, n_resamples: int) -> pd.DataFrame:
        first, second = np.triu_indices(len(self._methods), 1)
        values, methods = self.scores[metric].to_numpy(), np.array(self._methods, dtype=object)
        differences = values[:, first] - values[:, second]
        of_groups = group_means(differences, self.groups)
        mean, (low, high) = statistics.defined_mean(differences), self._interval(differences, confidence, n_resamples)
        gain = self._sign(metric) * mean
        p_values = statistics.wilcoxon(of_groups)
        pairs = [methods[first], methods[second]]
        columns = {
            "difference": mean,
            "low": low,
            "high": high,
            "better": np.select([gain > 0, gain < 0], pairs, ""),
            "n": (~np.isnan(of_groups)).sum(axis=0),
            "p_value": p_values,
            "p_holm": statistics.holm(p_values),
        }
        index = pd.MultiIndex.from_arrays([[metric] * len(first), *pairs], names=["metric", "method", "other"])
        return pd.DataFrame(columns, index)

    def ranks(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return the mean rank of each method over the clips, or recordings: 1 is the best.

        Parameters
        ----------
        confidence : float, default=0.95
            Of the critical difference.

        Returns
        -------
        DataFrame
            One row a metric, and last "mean" over the faithfulness and ground-truth metrics. One column a method; then n, how
            many clips or recordings were ranked; p_value, of Friedman's test that no method is better than another; and
            critical_difference, by which two mean ranks must differ for it to be more than chance (Nemenyi). The last row has
            none of these: the metrics see the same clips, and are no independent trials. See ``mean_ranks`` and
            ``critical_difference`` of ``skxai.comparison.statistics``.
        """
        methods, rows = self._methods, {}
        for metric in self._metrics:
            values = group_means(self._sign(metric) * self.scores[metric].to_numpy(), self.groups)
            ranks, n, p_value = statistics.mean_ranks(values)
            apart = statistics.critical_difference(int((~np.isnan(ranks)).sum()), n, confidence=confidence)
            rows[metric] = {**dict(zip(methods, ranks)), "n": n, "p_value": p_value, "critical_difference": apart}
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("metric")
        table.loc["mean"] = table.loc[[*filter(ranks_methods, table.index)], methods].mean()
        return table

    def agreement(self) -> pd.DataFrame:
        """Return how alike the metrics rank the methods.

        Returns
        -------
        DataFrame
            Metrics × metrics: Spearman's correlation over the methods, clip by clip, averaged over the clips. 1 where two
            metrics always give the same order from best to worst, 0 where they have nothing in common, −1 where they
            contradict each other. ``skxai.comparison.statistics.agreement`` tells what is left out.
        """
        metrics = self._metrics
        values = np.stack([self._sign(metric) * self.scores[metric].to_numpy() for metric in metrics], axis=1)
        return pd.DataFrame(statistics.agreement(values), index=metrics, columns=metrics)

    def better_than(
        self, method: str | Mapping[str, str], *, confidence: float = 0.95, n_resamples: int = 2000
    ) -> pd.DataFrame:
        """Return which methods do better than a given one, and by more than chance: 0 is outside the difference's interval.

        Parameters
        ----------
        method : str or dict from str to str
            A method, or for each method another: a control such as random maps. What is not better explains nothing.
        confidence, n_resamples
            Of the differences' intervals, see ``intervals``; they are not corrected for their number.

        Returns
        -------
        DataFrame of dtype boolean
            Methods × metrics; NA where there are fewer than two clips, or recordings, with a score for both, and for the method
            itself.

        Raises
        ------
        ValueError
            For an unknown method.
        """
        methods, metrics = self._methods, self._metrics
        others = method if isinstance(method, Mapping) else dict.fromkeys(methods, method)
        for other in others.values():
            if other not in methods:
                raise ValueError(f"method {other!r} is not among the scores; there are {', '.join(methods)}.")
        better = pd.DataFrame(pd.NA, index=methods, columns=metrics, dtype="boolean")
        compared = [name for name in methods if name in others and others[name] != name]
        values = {metric: self._sign(metric) * self.scores[metric] for metric in metrics}
        differences = [values[metric][name] - values[metric][others[name]] for metric in metrics for name in compared]
        if not differences:
            return better
        low, _ = self._interval(np.stack(differences, axis=1), confidence, n_resamples)
        low = pd.DataFrame(low.reshape(len(metrics), len(compared)).T, index=compared, columns=metrics)
        better.loc[compared] = (low > 0).astype("boolean").mask(low.isna())
        return better

    @staticmethod
    def _sign(metric: str) -> int:
        return -1 if greater_is_better(metric) is False else 1

    def _interval(self, values: np.ndarray, confidence: float, n_resamples: int) -> tuple[np.ndarray, np.ndarray]:
        return bootstrap_interval(values, self.groups, confidence=confidence, n_resamples=n_resamples, random_state=self._seed)
