"""Which loader reads which folder: a corpus is known by a file that only its layout has."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TypeVar

_LOADERS: dict[str, Callable] = {}  # by the file that tells the layout
_Loader = TypeVar("_Loader", bound=Callable)


def layout(table: str) -> Callable[[_Loader], _Loader]:
    """Declare a loader to be that of the folders which hold the file ``table``.

    The loader is called as ``loader(path, on_error=…, n_jobs=…)`` and returns a ``Bunch`` as ``load_audio_folder`` does.
    """

    def declare(loader: _Loader) -> _Loader:
        _LOADERS[table] = loader
        return loader

    return declare


def known_loaders() -> dict[str, Callable]:
    """Return the loaders by the file that tells their layout."""
    return dict(_LOADERS)


def find_loader(folder: str | PathLike) -> Callable | None:
    """Return the loader of a folder's layout, None where no declared one is known by a file in it."""
    return next((loader for table, loader in _LOADERS.items() if (Path(folder) / table).is_file()), None)
