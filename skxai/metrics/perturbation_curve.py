"""Deletion and insertion: the class probability while pixels go to, or come from, the baseline by order of relevance."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike

from ..engine import shared
from ..utils.random import RandomStateLike
from ._convention import convention_of, ranks_by_position
from ._parameters import parameters_of
from .perturbation import predict_perturbed, prepare_clips, ranks, replace_first

CURVES = ("probability", "accuracy")


def _even(n_pixels, step):
    """Return the numbers of pixels after each step, evenly spaced, and 0 before the first."""
    return np.unique(np.round(np.linspace(0, n_pixels, round(1 / step) + 1)).astype(int))


def _equal_but_the_last(n_pixels, step):
    """Return the same with steps of one whole number of pixels, but for a shorter last one."""
    return np.append(np.arange(0, n_pixels, -(-n_pixels // round(1 / step))), n_pixels)


def _after_the_first(n_pixels, step):
    """Return the same with such steps, without the 0."""
    size = max(1, round(step * n_pixels))
    return np.append(np.arange(size, n_pixels, size), n_pixels)


def _own_minimum(x):
    return x.flatten(1).amin(1).view(-1, *[1] * (x.dim() - 1))


@dataclass(frozen=True)
class _Convention:
    """What a peer has otherwise; for all peers, ties are broken by position."""

    counts: Callable = _even  # (number of pixels, step) → numbers of pixels after each step
    baseline: Callable | None = None  # of the clips; None: the parameter ``baseline``


INSERTION = {None: _Convention(), "torch-cam": _Convention(_equal_but_the_last, torch.zeros_like)}
DELETION = {**INSERTION, "quantus": _Convention(_after_the_first, _own_minimum)}


@dataclass(frozen=True)
class PerturbationCurve:
    """Probabilities and predictions along a deletion or insertion: one set of forward passes serves all readings.

    Attributes
    ----------
    kind : {"deletion", "insertion"}
    fractions : ndarray of shape (s,)
        Share of the pixels that is deleted or inserted; both end points are there (under Quantus' convention 0 is not).
    probability : ndarray of shape (n, s)
        p_c.
    predictions : ndarray of shape (n, s)
        Predicted labels.
    target : ndarray of shape (n,)
        The class c of each clip.
    y : ndarray of shape (n,) or None
        True labels, where they are known.
    """

    kind: str
    fractions: np.ndarray
    probability: np.ndarray
    predictions: np.ndarray
    target: np.ndarray
    y: np.ndarray | None = None

    def curves(self, by: str = "probability") -> np.ndarray:
        """Return the curve of each clip ``(n, s)``: p_c, or whether the label is right for ``by="accuracy"``, which needs y."""
        if by not in CURVES:
            raise ValueError(f"by must be one of {', '.join(CURVES)}; got {by!r}.")
        if by == "probability":
            return self.probability
        if self.y is None:
            raise ValueError(f"y must be given for the {self.kind} curve by accuracy; got None.")
        return (self.predictions == self.y[:, None]).astype(np.float64)

    def mean(self, by: str = "probability") -> np.ndarray:
        """Return the mean curve ``(s,)`` over the clips."""
        return self.curves(by).mean(axis=0)

    def auc(self, by: str = "probability") -> np.ndarray:
        """Return the area under each clip's curve ``(n,)``: trapezoids over the share of pixels in [0, 1]."""
        return np.trapezoid(self.curves(by), self.fractions, axis=1)

    def per_class(self, by: str = "probability") -> pd.DataFrame:
        """Return the mean curve of each class, ``(s, k)``, by the true label where it is known, else by the explained one."""
        labels = self.target if self.y is None else self.y
        curves = {label: self.curves(by)[labels == label].mean(axis=0) for label in np.unique(labels)}
        return pd.DataFrame(curves, index=pd.Index(self.fractions, name="fraction"))


def _curve(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    kind: str,
    target: Any = None,
    baseline: str | float = "floor",
    step: float = 0.01,
    convention: str | None = None,
    batch_size: int | None = None,
    random_state: RandomStateLike = 0,
) -> PerturbationCurve:
    rules = convention_of(DELETION if kind == "deletion" else INSERTION, convention, kind)
    if not 0 < step <= 1:
        raise ValueError(f"step must be a share of the pixels in (0, 1]; got {step!r}.")
    explained = prepare_clips(estimator, X, maps, target, batch_size)
    if y is not None and np.shape(y) != (len(explained.X),):
        raise ValueError(f"y must hold one label for each of the {len(explained.X)} clips; got shape {np.shape(y)}.")
    n_pixels = explained.X[0].size
    counts = rules.counts(n_pixels, step)
    changed = counts > 0 if kind == "deletion" else counts < n_pixels  # of the clip as it is the classifier has been asked

    def perturbed(x, maps, baseline):
        steps = torch.as_tensor(counts[changed], device=x.device)
        if rules.baseline is None:
            places = ranks(maps, random_state)
        else:
            places, baseline = ranks_by_position(maps), rules.baseline(x)
        return replace_first(x, places, steps, baseline) if kind == "deletion" else replace_first(baseline, places, steps, x)

    probability, predicted = (
        np.repeat(as_it_is[:, None], len(counts), axis=1) for as_it_is in (explained.before, explained.predicted)
    )
    probability[:, changed], predicted[:, changed] = predict_perturbed(
        explained, int(changed.sum()), perturbed, baseline=baseline, random_state=random_state
    )
    classes = explained.predictor.classes_
    return PerturbationCurve(
        kind,
        counts / n_pixels,
        probability,
        classes[predicted],
        classes[explained.target],
        None if y is None else np.asarray(y),
    )


@shared
@parameters_of(_curve, without="kind")
def deletion_curve(*args: Any, **params: Any) -> PerturbationCurve:
    """Send the pixels to the baseline, the most relevant first.

    Parameters
    ----------
    estimator : classifier or explainer
        Fitted, with ``predict_proba``.
    X, maps : array-like of shape (n, ...)
        The clips and their maps.
    y : array-like of shape (n,) or None, default=None
        True labels, for the curves by accuracy and per class.
    target : label, array-like of shape (n,) or None, default=None
        The class c. None is the explainer's ``target``, or else the predicted class.
    baseline : {"floor", "mean", "blur", "uniform"} or float, default="floor"
        The values b. "floor" is silence: ``silence_``, or the lowest value of ``fit``; see ``skxai.engine.resolve_baseline``.
    step : float, default=0.01
        Share of the pixels at a time; at least one pixel.
    convention : {"quantus", "torch-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above. For both, ties are broken by position and
        ``baseline`` does not count.

        - "torch-cam" (``DeletionInsertionMetric`` with ``logits_fn`` a softmax and ``steps=1 / step``): towards 0; each step is
          ⌈pixels · step⌉, so that there may be fewer of them. It counts positions, in all channels at once; so it is the same
          number for clips of one channel.
        - "quantus" (``PixelFlipping`` with ``features_in_step=step · pixels``): towards each clip's own minimum; the clip as it
          is, the point at fraction 0, is missing. Its area is ``np.trapz(dx=1)``, which grows with the number of steps and is
          gone from NumPy 2.4 (``helpers/utils.py``, ``calculate_auc``): skxai's is over the fraction.
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.
    random_state : int, RandomState instance or None, default=0
        Seed of the order inside ties and of the uniform baseline.

    Returns
    -------
    PerturbationCurve
        From the clip as it is (fraction 0) to the baseline (fraction 1).

    References
    ----------
    .. [1] Petsiuk, Das & Saenko, "RISE: randomized input sampling for explanation of black-box models", BMVC 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import deletion_curve
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> curve = deletion_curve(LogisticRegression().fit(X, X[:, 0]), X, np.tile([1.0, 0.0], (4, 1)))
    >>> curve.fractions.tolist()
    [0.0, 0.5, 1.0]
    """
    return _curve(*args, kind="deletion", **params)


@shared
@parameters_of(_curve, without="kind")
def insertion_curve(*args: Any, **params: Any) -> PerturbationCurve:
    """Bring the pixels back from the baseline, the most relevant first.

    See ``deletion_curve`` for the parameters and the source.

    Parameters
    ----------
    convention : {"torch-cam"} or None, default=None
        Package whose convention is reproduced; see ``deletion_curve``. Quantus has no insertion.

    Returns
    -------
    PerturbationCurve
        From the baseline (fraction 0) to the clip as it is (fraction 1).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import insertion_curve
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> insertion_curve(LogisticRegression().fit(X, X[:, 0]), X, np.tile([1.0, 0.0], (4, 1))).probability.shape
    (4, 3)
    """
    return _curve(*args, kind="insertion", **params)
