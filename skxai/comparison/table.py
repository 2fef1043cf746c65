"""The table of a comparison, which knows the scores behind its means: how sure they are, and which differences are real."""

from itertools import combinations

import numpy as np
import pandas as pd

from ..metrics import find_metric
from ..utils.random import seed_from
from . import statistics


class Comparison(pd.DataFrame):
    """Mean scores of methods, with the scores of each clip behind them.

    It is a DataFrame like any other, and pickles; what is cut out of it or computed with it is a plain one. Intervals, tests
    and ranks take recordings in the place of clips where the clips' groups are known, see ``skxai.comparison.statistics``.

    Parameters
    ----------
    table : DataFrame
        One row a method, one column a metric, and maybe further columns.
    scores : dict from str to dict from str to ndarray of shape (n,)
        The metrics' values clip by clip, by method and metric; NaN where undefined.
    clips : array-like of shape (n,) or None, default=None
        What the clips are called; None counts them.
    groups : array-like of shape (n,) or None, default=None
        The recording of each clip.
    floors : sequence of str, default=()
        The rows of methods that look at no model: what they score, every method has to beat.
    chance : dict from str to str or None, default=None
        For each method the row of random maps over its classifier.
    random_state : int, RandomState instance, Generator or None, default=0
        Of the bootstrap.
    evidence : Evidence or None, default=None
        What the page shows beside the table: curves, and examples to look at and to listen to.

    Attributes
    ----------
    scores : DataFrame of shape (n, n_metrics · n_methods)
        One row a clip; columns (metric, method).
    groups : ndarray of shape (n,) or None
        The recording of each clip.
    floors : tuple of str
        The rows of methods that look at no model.
    chance : dict from str to str
        For each method the row of random maps over its classifier.
    evidence : Evidence or None
        As it was given.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skxai.comparison import Comparison
    >>> chance = np.random.default_rng(0).random(30)
    >>> scores = {"A": {"insertion_auc": chance}, "B": {"insertion_auc": chance + 0.1}}
    >>> means = {method: {name: values.mean() for name, values in of.items()} for method, of in scores.items()}
    >>> table = Comparison(pd.DataFrame.from_dict(means, orient="index"), scores)
    >>> table.intervals().loc[("insertion_auc", "A")].round(2).tolist()
    [0.53, 0.41, 0.65, 30.0]
    >>> bool(table.tests().loc[("insertion_auc", "A", "B"), "p_holm"] < 1e-6)
    True
    >>> table.ranks().loc["insertion_auc", ["A", "B"]].tolist()
    [2.0, 1.0]
    """

    _metadata = ["scores", "groups", "floors", "chance", "evidence", "_seed"]

    def __init__(self, table, scores, *, clips=None, groups=None, floors=(), chance=None, random_state=0, evidence=None):
        super().__init__(table)
        metrics = list(next(iter(scores.values())))
        columns = pd.MultiIndex.from_product([metrics, list(scores)], names=["metric", "method"])
        values = {(metric, method): scores[method][metric] for metric, method in columns}
        self.scores = pd.DataFrame(values, index=clips, columns=columns, dtype=float).rename_axis("clip")
        self.groups = None if groups is None else np.asarray(groups)
        if groups is not None and self.groups.shape != (len(self.scores),):
            raise ValueError(f"groups must hold one for each of {len(self.scores)} clips; got shape {self.groups.shape}.")
        self.floors, self.chance = tuple(floors), dict(chance or {})
        self.evidence = evidence
        self._seed = seed_from(random_state)

    def intervals(self, *, confidence=0.95, n_resamples=2000):
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
            there are fewer than two.

        See Also
        --------
        skxai.comparison.statistics.bootstrap_interval : How the interval is made.
        """
        values = self.scores.to_numpy()
        low, high = self._interval(values, confidence, n_resamples)
        n = (~np.isnan(self._of_groups(values))).sum(axis=0)
        return pd.DataFrame({"mean": _means(values), "low": low, "high": high, "n": n}, index=self.scores.columns)

    def tests(self, metric=None, *, confidence=0.95, n_resamples=2000):
        """Compare all pairs of methods on the clips that both have a score for.

        Parameters
        ----------
        metric : str or None, default=None
            A column of the table; None takes each.
        confidence : float, default=0.95
            Of the differences' intervals.
        n_resamples : int, default=2000
            See ``intervals``.

        Returns
        -------
        DataFrame
            Rows (metric, method, other), in the order of the table. Columns: difference, the method's mean less the other's, in
            the metric's own unit; low and high, its interval by paired bootstrap; better, which of the two has the better mean;
            n, the number of clips or recordings; p_value, of Wilcoxon's signed-rank test over them; and p_holm, corrected for
            the number of pairs of the metric.

        Raises
        ------
        ValueError
            For an unknown metric.

        See Also
        --------
        skxai.comparison.statistics.wilcoxon, skxai.comparison.statistics.holm : The tests.
        """
        found = self._metrics()
        if metric is not None and metric not in found:
            raise ValueError(f"metric {metric!r} is not in the table; there are {', '.join(found)}.")
        return pd.concat([self._tests_of(name, confidence, n_resamples) for name in ([metric] if metric else found)])

    def _tests_of(self, metric, confidence, n_resamples):
        pairs = list(combinations(range(len(self._methods())), 2))
        first, second = np.array(pairs, dtype=int).reshape(-1, 2).T
        values, methods = self.scores[metric].to_numpy(), np.array(self._methods(), dtype=object)
        differences = values[:, first] - values[:, second]
        of_groups = self._of_groups(differences)
        mean, (low, high) = _means(differences), self._interval(differences, confidence, n_resamples)
        gain = self._sign(metric) * mean
        p_values = statistics.wilcoxon(of_groups)
        return pd.DataFrame(
            {
                "difference": mean,
                "low": low,
                "high": high,
                "better": np.select([gain > 0, gain < 0], [methods[first], methods[second]], ""),
                "n": (~np.isnan(of_groups)).sum(axis=0),
                "p_value": p_values,
                "p_holm": statistics.holm(p_values),
            },
            index=pd.MultiIndex.from_arrays(
                [[metric] * len(pairs), methods[first], methods[second]], names=["metric", "method", "other"]
            ),
        )

    def ranks(self, *, confidence=0.95):
        """Return the mean rank of each method over the clips, or recordings: 1 is the best.

        Parameters
        ----------
        confidence : float, default=0.95
            Of the critical difference.

        Returns
        -------
        DataFrame
            One row a metric, and last "mean" over the metrics that measure truth. One column a method; then n, how many clips
            or recordings were ranked; p_value, of Friedman's test that no method is better than another; and
            critical_difference, by which two mean ranks must differ for it to be more than chance (Nemenyi). The last row has
            none of these: the metrics see the same clips, and are no independent trials.

        See Also
        --------
        skxai.comparison.statistics.mean_ranks : Friedman's test.
        skxai.comparison.statistics.critical_difference : Nemenyi's test.
        """
        methods, rows = self._methods(), {}
        for metric in self._metrics():
            values = self._of_groups(self._sign(metric) * self.scores[metric].to_numpy())
            ranks, n, p_value = statistics.mean_ranks(values)
            apart = statistics.critical_difference(int((~np.isnan(ranks)).sum()), n, confidence=confidence)
            rows[metric] = {**dict(zip(methods, ranks)), "n": n, "p_value": p_value, "critical_difference": apart}
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("metric")
        truthful = [metric for metric in table.index if measures_truth(metric)]
        table.loc["mean"] = table.loc[truthful, methods].mean()
        return table

    def agreement(self):
        """Return how alike the metrics rank the methods.

        Returns
        -------
        DataFrame
            Metrics × metrics: Spearman's correlation over the methods, clip by clip, averaged over the clips. 1 where two
            metrics always give the same order from best to worst, 0 where they have nothing in common, −1 where they
            contradict each other.

        See Also
        --------
        skxai.comparison.statistics.agreement : What is left out.
        """
        metrics = self._metrics()
        values = np.stack([self._sign(metric) * self.scores[metric].to_numpy() for metric in metrics], axis=1)
        return pd.DataFrame(statistics.agreement(values), index=metrics, columns=metrics)

    def better_than(self, method, *, confidence=0.95, n_resamples=2000):
        """Return which methods do better than a given one, and by more than chance: 0 is outside the difference's interval.

        Parameters
        ----------
        method : str or dict from str to str
            A row of the table, or for each method another. A floor such as random maps: what is not better explains nothing.
        confidence : float, default=0.95
            Of the differences' intervals; they are not corrected for their number.
        n_resamples : int, default=2000
            See ``intervals``.

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
        methods, metrics = self._methods(), self._metrics()
        others = method if isinstance(method, dict) else dict.fromkeys(methods, method)
        for other in others.values():
            if other not in methods:
                raise ValueError(f"method {other!r} is not in the table; there are {', '.join(methods)}.")
        better = pd.DataFrame(pd.NA, index=self.index, columns=metrics, dtype="boolean")
        compared = [name for name in methods if name in others and others[name] != name]
        values = {metric: self._sign(metric) * self.scores[metric] for metric in metrics}
        differences = [values[metric][name] - values[metric][others[name]] for metric in metrics for name in compared]
        if not differences:
            return better
        low, _ = self._interval(np.stack(differences, axis=1), confidence, n_resamples)
        low = pd.DataFrame(low.reshape(len(metrics), len(compared)).T, index=compared, columns=metrics)
        better.loc[compared] = (low > 0).astype("boolean").mask(low.isna())
        return better

    def to_text(self, *, width=120):
        """Return the table for people: a line a metric, with intervals, the best methods, and those no better than chance.

        Parameters
        ----------
        width : int, default=120
            Columns of the screen; methods that do not fit beside each other follow in a further block.

        Returns
        -------
        str
        """
        from .text import comparison_as_text

        return comparison_as_text(self, width)

    def to_html(self, path=None, *, title=None, max_megabytes=15.0, overwrite=False, **options):
        """Write a page: the table, the curves, and examples with their maps and sounds, in one file that needs no network.

        It opens from the disk in any browser: the table can be sorted, the examples filtered and listened to. The examples
        are those that ``compare_explainers`` kept; sounds are there where its pipelines begin with paths or waveforms.

        Without a path, or with one of pandas' own options such as ``float_format`` or ``buf``, it is
        ``pandas.DataFrame.to_html``: the bare table.

        Parameters
        ----------
        path : path or None, default=None
            Of the page.
        title : str or None, default=None
            Its heading.
        max_megabytes : float, default=15.0
            Of the page. Sounds are compressed as little as it allows; if they still do not fit, the page tells what it
            leaves out.
        overwrite : bool, default=False
            Whether a file that stands there may be replaced.
        **options
            pandas' own.

        Returns
        -------
        Path, or what pandas returns

        Raises
        ------
        FileExistsError
            If there is a file already, or a folder.
        OSError
            If the page can't be written; then nothing is.
        TypeError
            For a title together with what pandas takes.
        """
        if title is not None and options:
            raise TypeError(f"title is the page's, and {', '.join(options)} of the table that pandas writes; got both.")
        if path is None or options or hasattr(path, "write"):
            options.setdefault("buf", path)
            return super().to_html(**options)
        from .page import write_page

        return write_page(self, path, title=title, max_megabytes=max_megabytes, overwrite=overwrite)

    def _methods(self):
        return self.scores.columns.get_level_values("method").unique().tolist()

    def _metrics(self):
        return self.scores.columns.get_level_values("metric").unique().tolist()

    @staticmethod
    def _sign(metric):
        return -1 if greater_is_better(metric) is False else 1

    def _of_groups(self, values):
        return statistics.group_means(values, self.groups)

    def _interval(self, values, confidence, n_resamples):
        return statistics.bootstrap_interval(
            values, self.groups, confidence=confidence, n_resamples=n_resamples, random_state=self._seed
        )


def greater_is_better(metric):
    """Return the direction of a metric by its name; None for a column that is none."""
    return getattr(find_metric(metric), "greater_is_better", None)


def measures_truth(metric):
    """Return whether a metric tells how true a map is, by its name; what is not registered is taken to."""
    return getattr(find_metric(metric), "ranks_methods", True)


def _means(values):
    """Return the mean of each column's defined values, without a warning where there is none."""
    counts = (~np.isnan(values)).sum(axis=0)
    return np.divide(np.nansum(values, axis=0), counts, out=np.full(values.shape[1:], np.nan), where=counts > 0)
