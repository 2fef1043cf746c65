"""Areas under the deletion and insertion curves: one number a clip."""

from typing import Any

import numpy as np

from ._parameters import parameters_of
from .base import metric
from .perturbation_curve import deletion_curve, insertion_curve


@metric(greater_is_better=False, bounds=(0, 1), family="faithfulness")
@parameters_of(deletion_curve)
def deletion_auc(*args: Any, **params: Any) -> np.ndarray:
    """Area under the deletion curve of the probability: how slowly the class disappears. Smaller is better.

    See ``deletion_curve`` for the parameters, the formula and the source.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1].

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import deletion_auc
    >>> X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> deletion_auc(LogisticRegression().fit(X, [0, 1, 0, 1]), X, [[1.0, 0.0]] * 4).shape
    (4,)
    """
    return deletion_curve(*args, **params).auc()


@metric(greater_is_better=True, bounds=(0, 1), family="faithfulness")
@parameters_of(insertion_curve)
def insertion_auc(*args: Any, **params: Any) -> np.ndarray:
    """Area under the insertion curve of the probability: how soon the class appears. Greater is better.

    See ``insertion_curve`` for the parameters, the formula and the source.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1].

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import insertion_auc
    >>> X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> insertion_auc(LogisticRegression().fit(X, [0, 1, 0, 1]), X, [[1.0, 0.0]] * 4).shape
    (4,)
    """
    return insertion_curve(*args, **params).auc()


@metric(greater_is_better=False, bounds=(0, 1), family="faithfulness", requires_y=True)
@parameters_of(deletion_curve, without="convention")
def deletion_accuracy_auc(*args: Any, **params: Any) -> np.ndarray:
    """Area under the deletion curve of the accuracy: the mean over the clips is the area under Wang's curve.

    See ``deletion_curve`` for the parameters; ``y`` is needed. Smaller is better.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]: the share of the way on which the clip's label is right.

    References
    ----------
    .. [1] Wang, thesis on the acoustic monitoring of ventilated patients, TU Berlin, 2022.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import deletion_accuracy_auc
    >>> X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> deletion_accuracy_auc(LogisticRegression().fit(X, [0, 1, 0, 1]), X, [[1.0, 0.0]] * 4, [0, 1, 0, 1]).tolist()
    [1.0, 0.25, 1.0, 0.25]
    """
    return deletion_curve(*args, **params).auc(by="accuracy")


@metric(greater_is_better=True, bounds=(0, 1), family="faithfulness", requires_y=True)
@parameters_of(insertion_curve, without="convention")
def insertion_accuracy_auc(*args: Any, **params: Any) -> np.ndarray:
    """Area under the insertion curve of the accuracy: the mean over the clips is the area under Wang's curve.

    See ``insertion_curve`` for the parameters, ``deletion_accuracy_auc`` for the source; ``y`` is needed. Greater is better.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]: the share of the way on which the clip's label is right.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import insertion_accuracy_auc
    >>> X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> insertion_accuracy_auc(LogisticRegression().fit(X, [0, 1, 0, 1]), X, [[1.0, 0.0]] * 4, [0, 1, 0, 1]).tolist()
    [1.0, 0.75, 1.0, 0.75]
    """
    return insertion_curve(*args, **params).auc(by="accuracy")
