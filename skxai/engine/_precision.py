"""The number format of forward-only work."""

import contextlib
import contextvars
import warnings

import torch

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_PRECISION = contextvars.ContextVar("skxai_precision", default="float32")


@contextlib.contextmanager
def config_context(*, precision):
    """Run the engine with other settings inside the block.

    Parameters
    ----------
    precision : {"float32", "bfloat16"}
        The number format of forward passes without gradients, which is what perturbation curves, Score-CAM and the
        predictions of perturbed clips are made of. bfloat16 has 8 bits of precision instead of 24 and is faster where the
        processor has instructions for it. Gradients and recorded activations are always float32.

    Raises
    ------
    ValueError
        For another precision.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai import config_context
    >>> from skxai.models import AcoumonClassifier
    >>> X = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32)
    >>> classifier = AcoumonClassifier(max_epochs=1, random_state=0).fit(X, np.repeat([0, 1], 10))
    >>> with config_context(precision="bfloat16"):
    ...     rough = classifier.predict_proba(X)
    >>> bool(abs(rough - classifier.predict_proba(X)).max() < 0.01)
    True
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}; got {precision!r}.")
    token = _PRECISION.set(precision)
    try:
        yield
    finally:
        _PRECISION.reset(token)


def forward_dtype(device):
    """Return the dtype of forward passes that is asked for, float32 with a warning where a processor would be slower."""
    dtype = PRECISIONS[_PRECISION.get()]
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
