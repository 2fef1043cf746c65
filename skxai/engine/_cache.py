"""Frozen copies are made once for a module, and again when it has changed."""

import contextlib
import ctypes
import gc
import threading
import weakref
from collections import OrderedDict

import torch

from ._threads import alone

# Copies of this many modules are kept; a search alternates between few.
KEPT = 4
# Bytes of weights from which on it matters what a network leaves behind.
LARGE = 32 * 2**20

_KNOWN = OrderedDict()  # id(module) → (weak reference, fingerprint, copies)
_LOCK = threading.RLock()


class Copies:
    """What was made of one module, while it stays as it is."""

    def __init__(self, module):
        self._made = {}
        self._bytes = sum(weight.nbytes for weight in module.parameters())

    def get(self, key, make):
        """Return what was made for ``key`` before, or else ``make()``."""
        with _LOCK:
            if key not in self._made:
                self._made[key] = alone(make)
                if self._bytes > LARGE:
                    _return_freed_memory()
            return self._made[key]


def copies_of(module):
    """Return the ``Copies`` of a module: those made before, if it has not changed since. It is not kept alive."""
    now = alone(lambda: fingerprint(module))
    with _LOCK:
        reference, then, copies = _KNOWN.get(id(module), (lambda: None, None, None))
        if reference() is not module or then != now:  # another module at the address of a dead one, or other weights
            copies = Copies(module)
            _KNOWN[id(module)] = (weakref.ref(module, _forget(id(module))), now, copies)
            while len(_KNOWN) > KEPT:
                _KNOWN.popitem(last=False)
        _KNOWN.move_to_end(id(module))
        return copies


def _return_freed_memory():
    """Let the C library give back what it holds for later: a copy passes through forms that are as large as the network."""
    gc.collect()  # traced modules and their graphs hold each other
    with contextlib.suppress(Exception):  # glibc's; others give back by themselves
        ctypes.CDLL(None).malloc_trim(0)


def _forget(address):
    def forget(reference):
        if _KNOWN.get(address, (None,))[0] is reference:
            del _KNOWN[address]

    return forget


def fingerprint(module):
    """Return a value that changes with the module's weights, layers, settings and hooks.

    The weights are summed bit by bit besides asking torch for their version, since a change through ``.data`` or NumPy does
    not count as one.
    """
    layers = [
        (name, id(layer), _settings(layer), tuple(layer._forward_hooks), tuple(layer._forward_pre_hooks))
        for name, layer in module.named_modules()
    ]
    tensors = [*module.parameters(), *module.buffers()]
    return tuple(layers), tuple((id(tensor), *_state(tensor)) for tensor in tensors)


def _settings(layer):
    simple = (bool, int, float, str, tuple, type(None))
    return tuple((name, repr(value)) for name, value in vars(layer).items() if isinstance(value, simple) and name != "training")


def _state(tensor):
    version = -1 if tensor.is_inference() else tensor._version
    values = tensor.detach()
    bits = values.view(torch.int32) if values.dtype == torch.float32 else values
    return version, tensor.device, tensor.dtype, tuple(tensor.shape), bits.sum().item()
