"""Areas under the deletion and insertion curves: one number a clip. All parameters, ``locals()``, are those of the curves."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..utils.random import RandomStateLike
from .base import metric
from .perturbation_curve import deletion_curve, insertion_curve


@metric(greater_is_better=False, bounds=(0, 1), family="faithfulness")
def deletion_auc(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    target: Any = None,
    baseline: str | float = "floor",
    step: float = 0.01,
    convention: str | None = None,
    batch_size: int | None = None,
    random_state: RandomStateLike = 0,
) -> np.ndarray:
    """Area under the deletion curve of the probability: how slowly the class disappears. Smaller is better.

    See ``deletion_curve`` for the parameters, the formula and the source.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import deletion_auc
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> deletion_auc(LogisticRegression().fit(X, X[:, 0]), X, np.tile([1.0, 0.0], (4, 1))).shape
    (4,)
    """
    return deletion_curve(**locals()).auc()


@metric(greater_is_better=True, bounds=(0, 1), family="faithfulness")
def insertion_auc(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    target: Any = None,
    baseline: str | float = "floor",
    step: float = 0.01,
    convention: str | None = None,
    batch_size: int | None = None,
    random_state: RandomStateLike = 0,
) -> np.ndarray:
    """Area under the insertion curve of the probability: how soon the class appears. Greater is better.

    See ``insertion_curve`` for the parameters, the formula and the source.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import insertion_auc
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> insertion_auc(LogisticRegression().fit(X, X[:, 0]), X, np.tile([1.0, 0.0], (4, 1))).shape
    (4,)
    """
    return insertion_curve(**locals()).auc()


@metric(greater_is_better=False, bounds=(0, 1), family="faithfulness", requires_y=True)
def deletion_accuracy_auc(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    target: Any = None,
    baseline: str | float = "floor",
    step: float = 0.01,
    batch_size: int | None = None,
    random_state: RandomStateLike = 0,
) -> np.ndarray:
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
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import deletion_accuracy_auc
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> deletion_accuracy_auc(LogisticRegression().fit(X, X[:, 0]), X, np.tile([1.0, 0.0], (4, 1)), X[:, 0]).tolist()
    [1.0, 0.25, 1.0, 0.25]
    """
    return deletion_curve(**locals()).auc(by="accuracy")


@metric(greater_is_better=True, bounds=(0, 1), family="faithfulness", requires_y=True)
def insertion_accuracy_auc(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    target: Any = None,
    baseline: str | float = "floor",
    step: float = 0.01,
    batch_size: int | None = None,
    random_state: RandomStateLike = 0,
) -> np.ndarray:
    """Area under the insertion curve of the accuracy: the mean over the clips is the area under Wang's curve.

    See ``insertion_curve`` for the parameters; ``y`` is needed. Greater is better.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]: the share of the way on which the clip's label is right.

    References
    ----------
    .. [1] Wang, thesis on the acoustic monitoring of ventilated patients, TU Berlin, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import insertion_accuracy_auc
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> insertion_accuracy_auc(LogisticRegression().fit(X, X[:, 0]), X, np.tile([1.0, 0.0], (4, 1)), X[:, 0]).tolist()
    [1.0, 0.75, 1.0, 0.75]
    """
    return insertion_curve(**locals()).auc(by="accuracy")
