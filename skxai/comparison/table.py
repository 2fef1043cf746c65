"""The comparison of explainers: mean scores, how sure they are, and which differences are real."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

import pandas as pd
from numpy.typing import ArrayLike

from ..utils.random import RandomStateLike
from .evidence import Evidence
from .overview import Overview, make_columns, make_ranks
from .page import write_page
from .scores import ClipScores
from .text import overview_as_html, overview_as_text


class Comparison(ClipScores):
    """Mean scores of methods, with the scores of each clip behind them.

    Intervals, tests and ranks take recordings in the place of clips where ``groups`` are given, see
    ``skxai.comparison.statistics``. Printed, and in a notebook, it shows the means with intervals and marks.

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
    controls : sequence of str, default=()
        The rows of methods without a model: what they score, every method has to beat.
    chance : dict from str to str or None, default=None
        For each method the row of random maps over its classifier.
    random_state : int, RandomState instance, Generator or None, default=0
        Of the bootstrap.
    evidence : Evidence or None, default=None
        What the page shows beside the table.

    Attributes
    ----------
    table, groups, controls, chance, evidence
        As they were given.
    scores : DataFrame of shape (n, n_metrics · n_methods)
        One row a clip; columns (metric, method).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skxai.comparison import Comparison
    >>> chance = np.random.default_rng(0).random(30)
    >>> scores = {"A": {"insertion_auc": chance}, "B": {"insertion_auc": chance + 0.1}}
    >>> means = pd.DataFrame({"insertion_auc": [chance.mean(), chance.mean() + 0.1]}, index=["A", "B"])
    >>> comparison = Comparison(means, scores)
    >>> comparison.intervals().loc[("insertion_auc", "A")].round(2).tolist()
    [0.53, 0.41, 0.65, 30.0]
    >>> comparison.ranks().loc["insertion_auc", ["A", "B"]].tolist()
    [2.0, 1.0]
    """

    def __init__(
        self,
        table: pd.DataFrame,
        scores: Mapping[str, Mapping[str, ArrayLike]],
        *,
        clips: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        controls: Sequence[str] = (),
        chance: Mapping[str, str] | None = None,
        random_state: RandomStateLike = 0,
        evidence: Evidence | None = None,
    ):
        super().__init__(scores, clips=clips, groups=groups, random_state=random_state)
        self.table = table
        self.controls, self.chance = tuple(controls), dict(chance or {})
        self.evidence = evidence

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return overview_as_html(self.overview())

    def overview(self) -> Overview:
        """Return what people are shown: the means with their intervals, directions and marks."""
        better = self.better_than(self.chance)
        names = [name if isinstance(name, str) else f"clip {name}" for name in self.scores.index]
        n_clips = len(names)
        n_groups = n_clips if self.groups is None else len(pd.unique(self.groups))
        return Overview(
            self._methods,
            make_columns(self.table, self.intervals(), better, self.controls),
            make_ranks(self.ranks().loc["mean", self._methods], self.controls) if len(self._methods) > 1 else None,
            self.controls,
            " or ".join(dict.fromkeys(self.chance.values())),
            names,
            f"{n_clips} clips" if n_groups == n_clips else f"{n_groups} recordings of {n_clips} clips",
        )

    def to_text(self, *, width: int = 120) -> str:
        """Return a line for each metric, with intervals, the best methods, and those no better than random maps.

        Parameters
        ----------
        width : int, default=120
            Columns of the screen; methods that do not fit beside each other follow in a further block.

        Returns
        -------
        str
        """
        return overview_as_text(self.overview(), width)

    def to_html(
        self, path: str | PathLike, *, title: str | None = None, max_megabytes: float = 15.0, overwrite: bool = False
    ) -> Path:
        """Write a page: the table, the curves, and examples with their maps and sounds, in one file that needs no network.

        The examples are those that ``compare_explainers`` kept; sounds are there where its pipelines begin with paths or
        waveforms.

        Parameters
        ----------
        path : path
            Of the page.
        title : str or None, default=None
            Its heading; None is "Explainers compared".
        max_megabytes : float, default=15.0
            Of the page. Sounds are compressed as little as it allows; the page tells what it has to leave out.
        overwrite : bool, default=False
            Whether a file that stands there may be replaced.

        Returns
        -------
        Path

        Raises
        ------
        FileExistsError
            If there is a file already, or a folder.
        OSError
            If the page can't be written; then nothing is.
        ValueError
            If even without examples it is larger than ``max_megabytes``.
        """
        return write_page(path, self.overview(), self.evidence, title=title, max_megabytes=max_megabytes, overwrite=overwrite)
