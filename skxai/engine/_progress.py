"""Progress bars on long sweeps, for those who asked for them."""

import contextlib
import contextvars
from collections.abc import Iterable, Iterator

from tqdm.auto import tqdm

_SHOWN = contextvars.ContextVar("skxai_progress_bars", default=False)
PATIENCE = 3.0  # seconds before a bar appears: most sweeps are over by then


@contextlib.contextmanager
def progress_bars(shown: bool = True) -> Iterator[None]:
    """Show a bar for each long sweep inside the block (in its own thread)."""
    token = _SHOWN.set(bool(shown))
    try:
        yield
    finally:
        _SHOWN.reset(token)


def with_bar(iterable: Iterable, total: int, description: str, unit: str) -> Iterable:
    """Return the iterable, with a bar where bars are shown; it goes when it is done."""
    return tqdm(iterable, total=total, desc=description, unit=unit, leave=False, delay=PATIENCE, disable=not _SHOWN.get())
