"""Work in parallel by joblib, whatever its backend can do."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import joblib
from joblib.parallel import get_active_backend


def run_in_parallel(function: Callable[..., Any], tasks: Iterable[tuple], n_jobs: int | None) -> Iterator[Any]:
    """Yield ``function(*task)`` for each task, in order; as soon as it is there, but for backends that give all at the end."""
    backend, _ = get_active_backend()
    return_as = "generator" if getattr(backend, "supports_return_generator", False) else "list"
    if return_as == "list":  # multiprocessing, which cannot pickle a function inside another either
        function = joblib.wrap_non_picklable_objects(function)
    yield from joblib.Parallel(n_jobs=n_jobs, return_as=return_as)(joblib.delayed(function)(*task) for task in tasks)
