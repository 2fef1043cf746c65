"""Deletion and insertion curves."""

import math

import numpy as np

from ..metrics import deletion_curve, insertion_curve, split_pipeline
from ..metrics.perturbation_curve import CURVES
from ._style import as_given, band_style, columns_of, line_style, new_axes

__all__ = ["PerturbationCurveDisplay"]

_CURVE_OF = {"deletion": deletion_curve, "insertion": insertion_curve}
_X_LABEL = {"deletion": "Fraction of pixels deleted", "insertion": "Fraction of pixels inserted"}
_Y_LABEL = {"probability": "Mean probability", "accuracy": "Accuracy"}


class PerturbationCurveDisplay:
    """Mean deletion or insertion curves of one or several methods, with their areas.

    Parameters
    ----------
    curves : PerturbationCurve or dict from str to PerturbationCurve
        All of one kind; a dict holds one for each method.
    by : {"probability", "accuracy"}, default="probability"
        What the curves show.
    per_class : bool, default=False
        Whether the clips of each class have curves of their own: of several methods in a panel a class, of one method
        as a line a class.

    Attributes
    ----------
    ax_ : Axes or ndarray of Axes
        One a panel.
    figure_ : Figure
        The figure that contains them.
    lines_ : list of Line2D
        The curves, panel by panel.

    Raises
    ------
    TypeError, ValueError
        For what is no curve, curves of both kinds, an unknown ``by``, or accuracy without true labels.

    See Also
    --------
    skxai.metrics.deletion_curve, skxai.metrics.insertion_curve : What is drawn.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.display import PerturbationCurveDisplay
    >>> from skxai.metrics import deletion_curve
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> curve = deletion_curve(LogisticRegression().fit(X, X[:, 0]), X, np.tile([1.0, 0.0], (4, 1)))
    >>> PerturbationCurveDisplay.from_curve({"weights": curve}).ax_.get_xlabel()
    'Fraction of pixels deleted'
    """

    def __init__(self, curves, *, by="probability", per_class=False):
        self.curves = curves
        self.by = by
        self.per_class = per_class

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        y=None,
        *,
        kind="deletion",
        by="probability",
        per_class=False,
        name=None,
        ax=None,
        band=True,
        **params,
    ):
        """Explain clips, delete or insert their pixels, and draw the curve.

        Parameters
        ----------
        estimator : explainer, Pipeline or search
            Fitted; see ``skxai.metrics.split_pipeline``.
        X : array-like of shape (n, ...)
            What the estimator takes.
        y : array-like of shape (n,) or None, default=None
            True labels, for the curve by accuracy.
        kind : {"deletion", "insertion"}, default="deletion"
            Which.
        by, per_class
            As in the class.
        name : str or None, default=None
            For the legend; None is the explainer's class.
        ax, band
            As in ``plot``.
        **params
            Parameters of ``skxai.metrics.deletion_curve``: ``target``, ``baseline``, ``step``, ….

        Returns
        -------
        PerturbationCurveDisplay
        """
        if kind not in _CURVE_OF:
            raise ValueError(f"kind of PerturbationCurveDisplay must be one of {', '.join(_CURVE_OF)}; got {kind!r}.")
        explainer, features = split_pipeline(estimator, X)
        maps = explainer.explain(features, params.get("target"))
        curve = _CURVE_OF[kind](explainer, features, maps, y, **params)
        name = type(explainer).__name__ if name is None else name
        return cls({name: curve}, by=by, per_class=per_class).plot(ax, band=band)

    @classmethod
    def from_curve(cls, curves, *, by="probability", per_class=False, ax=None, band=True):
        """Draw curves that are there already.

        Parameters
        ----------
        curves, by, per_class
            As in the class.
        ax, band
            As in ``plot``.

        Returns
        -------
        PerturbationCurveDisplay
        """
        return cls(curves, by=by, per_class=per_class).plot(ax, band=band)

    def plot(self, ax=None, *, band=True):
        """Draw; the legend tells the mean area under each curve.

        Parameters
        ----------
        ax : Axes, array-like of Axes or None, default=None
            One for each panel; None makes a new figure.
        band : bool, default=True
            Whether bands show the standard error of the mean over the clips.

        Returns
        -------
        PerturbationCurveDisplay
            Itself, with ``ax_``, ``figure_`` and ``lines_``.
        """
        panels = self._panels()
        n_columns = columns_of(len(panels))
        shape = (math.ceil(len(panels) / n_columns), n_columns)
        panel = (5.6, 3.8) if len(panels) == 1 else (2.9, 2.5 + 0.17 * len(self._named()))
        all_axes = new_axes(ax, shape, panel=panel, n_panels=len(panels), owner="PerturbationCurveDisplay")
        self.lines_ = []
        for i, (each, (title, lines)) in enumerate(zip(all_axes, panels.items())):
            for j, (name, fractions, curves) in enumerate(lines):
                self.lines_.append(_draw(each, j, name, fractions, curves, band))
            each.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.03))
            if ax is not None or i + n_columns >= len(panels):
                each.set_xlabel(_X_LABEL[self._kind()])
                each.tick_params(labelbottom=True)
            if ax is not None or i % n_columns == 0:
                each.set_ylabel(_Y_LABEL[self.by])
            if title:
                each.set_title(title, fontsize="medium")
            legend = {"fontsize": "small", "handlelength": 3, "framealpha": 0.7}
            if ax is None and len(panels) > 1:  # a small panel has no room inside
                below = -0.24 if i + n_columns >= len(panels) else -0.1
                legend |= {"loc": "upper left", "bbox_to_anchor": (-0.02, below), "borderpad": 0.6, "frameon": False}
            each.legend(**legend)
        self.ax_, self.figure_ = as_given(all_axes), all_axes[0].figure
        return self

    def _named(self):
        return self.curves if isinstance(self.curves, dict) else {"": self.curves}

    def _kind(self):
        return next(iter(self._named().values())).kind

    def _panels(self):
        """Return for each panel's title its lines: name, fractions and the clips' curves ``(n, s)``."""
        named = self._named()
        _check(named, self.by)
        readings = {name: (curve.fractions, curve.curves(self.by)) for name, curve in named.items()}
        if not self.per_class:
            return {"": [(name, *reading) for name, reading in readings.items()]}
        labels = {name: curve.target if curve.y is None else curve.y for name, curve in named.items()}
        classes = np.unique(np.concatenate(list(labels.values()))).tolist()
        panels = {
            str(label): [
                (name, fractions, curves[labels[name] == label])
                for name, (fractions, curves) in readings.items()
                if (labels[name] == label).any()
            ]
            for label in classes
        }
        if len(named) > 1:
            return panels
        (title,) = named
        return {title: [(label, *lines[0][1:]) for label, lines in panels.items()]}


def _draw(ax, i, name, fractions, curves, band):
    mean = curves.mean(axis=0)
    area = np.trapezoid(mean, fractions)
    label = f"{name} (AUC {area:.3f})" if name else f"AUC {area:.3f}"
    (line,) = ax.plot(fractions, mean, label=label, **line_style(i, len(fractions)))
    if band and len(curves) > 1:
        error = curves.std(axis=0, ddof=1) / np.sqrt(len(curves))
        ax.fill_between(fractions, np.clip(mean - error, 0, 1), np.clip(mean + error, 0, 1), **band_style(i))
    return line


def _check(named, by):
    if by not in CURVES:
        raise ValueError(f"by of PerturbationCurveDisplay must be one of {', '.join(CURVES)}; got {by!r}.")
    if not named:
        raise ValueError("curves of PerturbationCurveDisplay must hold at least one curve; got an empty dict.")
    for curve in named.values():
        if not hasattr(curve, "fractions"):
            raise TypeError(
                "curves of PerturbationCurveDisplay must be a PerturbationCurve or a dict from names to such; "
                f"got {type(curve).__name__}."
            )
    kinds = sorted({curve.kind for curve in named.values()})
    if len(kinds) > 1:
        raise ValueError(f"curves of PerturbationCurveDisplay must be of one kind; got {' and '.join(kinds)}.")
