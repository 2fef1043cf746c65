"""Frozen copies are made once for a module, and again when it has changed."""

import contextlib
import ctypes
import gc
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ._config import get_config
from ._threads import in_one_thread

# Bytes of weights that copies may hold in all; the two that were used last are kept whatever they hold.
LIMIT = 256 * 2**20
# Bytes of weights from which on it matters what the making of a copy leaves behind.
LARGE = 64 * 2**20

BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # of a number of so many bytes

_MADE: OrderedDict[tuple, Any] = OrderedDict()  # (id of the module, key) → Copy, the one that was used last at the end
_LOCK = threading.RLock()


@dataclass(frozen=True)
class Copy:
    """A copy, and the module as it was when it was made."""

    of: weakref.ref
    fingerprint: tuple
    size: int  # bytes of the module's weights
    value: object


class CopiesOfModule:
    """What is made of one module, while it stays as it is. The module is not kept alive."""

    def __init__(self, module: nn.Module):
        self._address = id(module)
        self._of = weakref.ref(module, lambda _: _forget(self._address))
        self._fingerprint = fingerprint(module)
        self._size = sum(weight.nbytes for weight in module.parameters())

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made for ``key`` before, or else ``make()``."""
        place = (self._address, key)
        with _LOCK:
            known = _MADE.get(place)
            # Another module may have the address of a dead one, and this one may have other weights by now.
            if known is None or known.of() is not self._of() or known.fingerprint != self._fingerprint:
                known = _MADE[place] = Copy(self._of, self._fingerprint, self._size, in_one_thread(make))
                _make_room()
            _MADE.move_to_end(place)
            return known.value


def copies_of(module: nn.Module) -> CopiesOfModule:
    """Return the copies of a module as it is now."""
    return in_one_thread(lambda: CopiesOfModule(module))


def _make_room():
    total = sum(copy.size for copy in _MADE.values())
    while total > LIMIT and len(_MADE) > 2:
        total -= _MADE.popitem(last=False)[1].size
    if next(reversed(_MADE.values())).size > LARGE:
        _return_freed_memory()


def _forget(address):
    for place in [place for place in list(_MADE) if place[0] == address and _MADE[place].of() is None]:
        _MADE.pop(place, None)


def _return_freed_memory():
    """Let the C library give back what it holds for later: a copy passes through forms that are as large as the network."""
    if not get_config()["tune_process"]:
        return
    gc.collect()  # traced modules and their graphs hold each other
    # glibc has it. Others, which give back by themselves, lack the function, and Windows a library without a name.
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def fingerprint(module: nn.Module) -> tuple:
    """Return a value that changes with the module's weights, layers, settings and hooks.

    The weights are summed bit by bit besides asking torch for their version, since a change through ``.data`` or NumPy does
    not count as one.
    """
    layers = [
        (name, id(layer), _settings(layer), tuple(layer._forward_hooks), tuple(layer._forward_pre_hooks))
        for name, layer in module.named_modules()
    ]
    tensors = [*module.parameters(), *module.buffers()]
    return tuple(layers), tuple(map(_state, tensors)), _sums(tensors)


def _settings(layer):
    simple = (bool, int, float, str, tuple, type(None))
    return tuple((name, repr(value)) for name, value in vars(layer).items() if isinstance(value, simple) and name != "training")


def _state(tensor):
    version = -1 if tensor.is_inference() else tensor._version
    return id(tensor), version, tensor.device, tensor.dtype, tuple(tensor.shape)


def _sums(tensors):
    """Return the sum of the bits of each tensor, with one wait for a device however many tensors there are."""
    by_device = {}
    for tensor in tensors:
        by_device.setdefault(tensor.device, []).append(_sum_of_bits(tensor.detach().reshape(-1)))
    return tuple(tuple(torch.stack(sums).tolist()) for sums in by_device.values())


def _sum_of_bits(values):
    """Return the sum of the bits of ``values (p,)`` as long integers: to add shorter ones takes up to ten times as long."""
    if values.is_complex():
        values = torch.view_as_real(values).reshape(-1)
    bits, in_a_word = BITS[values.element_size()], 8 // values.element_size()
    if values.storage_offset() % in_a_word:
        return values.view(bits).sum(dtype=torch.int64)
    n_rest = values.numel() % in_a_word
    if n_rest == 0:
        return values.view(torch.int64).sum()
    return values[:-n_rest].view(torch.int64).sum() + values[-n_rest:].view(bits).sum(dtype=torch.int64)
