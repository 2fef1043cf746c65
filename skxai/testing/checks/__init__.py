"""The contracts of explainers and metrics, for those of this package and for anybody's own.

Each check is a small function that states one contract and raises where it is broken: ``check_explainer`` and
``check_metric`` run all of them, a test suite parametrizes over ``explainer_checks()`` and ``metric_checks()``, so that a
broken contract is one failing test.
"""

import inspect
from collections.abc import Callable

from ...explainers import Explainer
from ...metrics.base import Metric
from . import _classifiers, _explainers, _metrics

__all__ = ["check_explainer", "check_metric", "explainer_checks", "metric_checks"]


def check_explainer(explainer: Explainer, *, expected_failed_checks: dict[str, str] | None = None) -> None:
    """Check that an explainer keeps the contracts of skxai.

    Parameters
    ----------
    explainer : Explainer
        With any parameters. It is cloned, and its ``estimator`` is exchanged for the small networks of the checks; a
        ``layer`` should be None or an index.
    expected_failed_checks : dict from str to str or None, default=None
        Names of checks that are not run, each with the reason.

    Raises
    ------
    AssertionError
        Says which contract is broken, and how.

    See Also
    --------
    sklearn.utils.estimator_checks.check_estimator : The contracts of all estimators, which come on top.

    Examples
    --------
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.models import AcoumonClassifier
    >>> from skxai.testing.checks import check_explainer
    >>> check_explainer(VanillaSaliency(AcoumonClassifier()))
    """
    _run(explainer_checks(), explainer, type(explainer).__name__, expected_failed_checks)


def check_metric(metric: Metric, *, expected_failed_checks: dict[str, str] | None = None) -> None:
    """Check that a metric keeps the contracts of skxai.

    Parameters
    ----------
    metric : callable
        A function that was declared with ``skxai.metrics.metric``.
    expected_failed_checks : dict from str to str or None, default=None
        Names of checks that are not run, each with the reason.

    Raises
    ------
    AssertionError
        Says which contract is broken, and how.

    Examples
    --------
    >>> from skxai.metrics import average_drop
    >>> from skxai.testing.checks import check_metric
    >>> check_metric(average_drop)
    """
    _run(metric_checks(), metric, getattr(metric, "__name__", repr(metric)), expected_failed_checks)


def explainer_checks() -> list[Callable[[Explainer], None]]:
    """Return the checks of an explainer.

    Returns
    -------
    list of callable
        Each ``check(explainer)`` raises where its contract is broken; its name and its docstring say which that is.

    Examples
    --------
    >>> from skxai.testing.checks import explainer_checks
    >>> explainer_checks()[0].__name__
    'check_maps_have_the_shape_of_the_features'
    """
    return _checks_of(_explainers, _classifiers)


def metric_checks() -> list[Callable[[Metric], None]]:
    """Return the checks of a metric.

    Returns
    -------
    list of callable
        Each ``check(metric)`` raises where its contract is broken; its name and its docstring say which that is.

    Examples
    --------
    >>> from skxai.testing.checks import metric_checks
    >>> metric_checks()[0].__name__
    'check_metric_is_declared'
    """
    return _checks_of(_metrics)


def _checks_of(*modules):
    return [check for module in modules for name, check in vars(module).items() if name.startswith("check_")]


def _run(checks, subject, name, expected_failed_checks):
    expected = expected_failed_checks or {}
    unknown = set(expected) - {check.__name__ for check in checks}
    if unknown:
        raise ValueError(
            f"expected_failed_checks must hold names of checks, {', '.join(check.__name__ for check in checks)}; "
            f"got {sorted(unknown)}."
        )
    for check in checks:
        if check.__name__ in expected:
            continue
        try:
            check(subject)
        except Exception as error:  # somebody else's class can raise anything
            contract = inspect.getdoc(check).splitlines()[0]
            raise AssertionError(f"{name} fails {check.__name__}: {contract} {type(error).__name__}: {error}") from error
