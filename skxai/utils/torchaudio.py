"""The one place that imports torchaudio, also beside a torch build that its native library does not match.

The wheel on PyPI links CUDA: beside a CPU build of torch ``import torchaudio`` raises ``OSError``, beside another CUDA
version ``RuntimeError``. The transforms used here are plain torch and need none of the native code, so on such a
failure torchaudio is imported once more with a stand-in for the module that loads it.
"""

import importlib
import sys
import types

__all__ = ["torchaudio"]


def _import_without_native_code():
    """Import torchaudio with its extension module replaced by one that reports the extension as missing."""
    for name in [name for name in sys.modules if name.split(".")[0] == "torchaudio"]:
        del sys.modules[name]  # what the failed import left behind
    extension = types.ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = False
    extension.fail_if_no_align = lambda function: function
    sys.modules["torchaudio._extension"] = extension
    return importlib.import_module("torchaudio")


try:
    import torchaudio
except (OSError, RuntimeError):
    torchaudio = _import_without_native_code()
