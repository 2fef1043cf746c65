"""The engine's settings: for the whole process, or inside a block."""

import contextlib
import contextvars
import os
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import torch

Precision = Literal["float32", "bfloat16"]
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def _defaults(environment: Mapping[str, str]) -> dict[str, Any]:
    return {"precision": "float32", "tune_process": environment.get("SKXAI_TUNE_PROCESS", "1") != "0"}


_SETTINGS = _defaults(os.environ)
_INSIDE: contextvars.ContextVar[dict[str, Any]] = contextvars.ContextVar("skxai_config")


def get_config() -> dict[str, Any]:
    """Return the settings that hold here: {"precision": ..., "tune_process": ...}, see ``set_config``."""
    return {**_SETTINGS, **_INSIDE.get({})}


def set_config(*, precision: Precision | None = None, tune_process: bool | None = None) -> None:
    """Set how the engine runs, for the whole process. Inside a ``config_context`` the block's own settings go on.

    Parameters
    ----------
    precision : {"float32", "bfloat16"} or None, default=None
        The number format of forward passes without gradients, which is what perturbation curves, Score-CAM and the
        predictions of perturbed clips are made of; at first float32. bfloat16 has 8 bits of precision instead of 24 and is
        faster where the processor has instructions for it. Gradients and recorded activations are always float32. None
        leaves the setting as it is.
    tune_process : bool or None, default=None
        Whether the engine may do what all of the process feels, for speed and memory: keep threads of its own, let the C
        library keep freed memory or give it back, collect garbage, switch off TF32 during passes on a GPU. docs/engine.md
        lists it. At first True, or False where the environment variable ``SKXAI_TUNE_PROCESS`` is 0 when skxai is imported,
        which workers of joblib inherit. Without it passes take up to several times as long; results are the same within
        1e-5, but for TF32 on a GPU. None leaves the setting as it is.

    Raises
    ------
    ValueError, TypeError
        For another precision; for another ``tune_process`` than True or False.

    Examples
    --------
    >>> import skxai
    >>> skxai.set_config(tune_process=True)
    >>> skxai.get_config()["tune_process"]
    True
    """
    _SETTINGS.update(_checked(precision, tune_process))


@contextlib.contextmanager
def config_context(*, precision: Precision | None = None, tune_process: bool | None = None) -> Iterator[None]:
    """Run the engine with other settings inside the block, in this thread only. See ``set_config`` for the parameters.

    Examples
    --------
    >>> import skxai
    >>> with skxai.config_context(precision="bfloat16"):
    ...     skxai.get_config()["precision"]
    'bfloat16'
    """
    token = _INSIDE.set({**_INSIDE.get({}), **_checked(precision, tune_process)})
    try:
        yield
    finally:
        _INSIDE.reset(token)


def _checked(precision, tune_process):
    if precision is not None and precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}; got {precision!r}.")
    if tune_process is not None and not isinstance(tune_process, bool):
        raise TypeError(f"tune_process must be True or False; got {tune_process!r}.")
    given = {"precision": precision, "tune_process": tune_process}
    return {name: value for name, value in given.items() if value is not None}


def forward_dtype(device: torch.device) -> torch.dtype:
    """Return the dtype of forward passes that is asked for, float32 with a warning where a processor would be slower."""
    dtype = PRECISIONS[get_config()["precision"]]
    if dtype is torch.bfloat16 and device.type == "cpu" and not _processor_has_bfloat16():
        warnings.warn(
            "precision='bfloat16' needs a processor with AVX-512 for it, which this one has not: float32 is used.",
            UserWarning,
            stacklevel=2,
        )
        return torch.float32
    return dtype


def _processor_has_bfloat16():
    try:
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    except AttributeError:  # torch was built without oneDNN
        return False
