"""Frozen copies are made once for a module, and again when it has changed."""

import contextlib
import ctypes
import gc
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ..utils.locks import ForkSafeLock
from ._config import get_config
from ._threads import in_one_thread

# Bytes of weights that copies may hold in all; the two that were used last are kept whatever they hold.
LIMIT = 256 * 2**20
# Bytes of weights from which on it matters what the making of a copy leaves behind.
LARGE = 64 * 2**20

BITS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # of a number of so many bytes

# Odd, so that no bit of a word is lost in the product.
_WEIGHTS = torch.randint(-(2**62), 2**62, (1024,), generator=torch.Generator().manual_seed(0)) * 2 + 1

_MADE: OrderedDict[tuple, Any] = OrderedDict()  # (id of the module, key) → Copy, the one that was used last at the end
_DEAD: deque[int] = deque()  # ids of modules that went while the lock was taken
_LOCK = ForkSafeLock()


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
        # The thread that makes a copy takes the lock, not one that waits for it: workers that wait for the lock could fill the
        # pool, and the copy would never be made.
        copy = self._known(place) or in_one_thread(lambda: self._known(place, make))
        _forget_the_dead()
        return copy.value

    def _known(self, place, make=None):
        with _LOCK:
            known = _MADE.get(place)
            # Another module may have the address of a dead one, and this one may have other weights by now.
            if known is None or known.of() is not self._of() or known.fingerprint != self._fingerprint:
                if make is None:
                    return None
                known = _MADE[place] = Copy(self._of, self._fingerprint, self._size, make())
                _make_room()
            _MADE.move_to_end(place)
            return known


def copies_of(module: nn.Module) -> CopiesOfModule:
    """Return the copies of a module as it is now."""
    return in_one_thread(lambda: CopiesOfModule(module))


def _make_room():
    total = sum(copy.size for copy in list(_MADE.values()))
    while total > LIMIT and len(_MADE) > 2:
        total -= _MADE.popitem(last=False)[1].size
    if next(reversed(_MADE.values())).size > LARGE:
        _return_freed_memory()


def _forget(address):
    # The collector calls this in the midst of anything, also while this thread holds the lock.
    _DEAD.append(address)
    _forget_the_dead()


def _forget_the_dead():
    """Drop the copies of modules that are gone, unless another thread has the lock: it does so when it gives it back."""
    while _DEAD and _LOCK.acquire(blocking=False):
        dropped = []  # what goes with a copy is freed, and calls this again, after the lock is given back
        try:
            address = _DEAD.popleft() if _DEAD else None
            for place in [place for place, copy in list(_MADE.items()) if place[0] == address and copy.of() is None]:
                dropped.append(_MADE.pop(place))
        finally:
            _LOCK.release()


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

    The weights are summed bit by bit besides asking torch for their version, which a change through ``.data`` or NumPy leaves.
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
    """Return the sum of the bits of ``values (p,)``, each word times an odd number of its place, so that their order counts."""
    if values.is_complex():
        values = torch.view_as_real(values).reshape(-1)
    bits, in_a_word = BITS[values.element_size()], 8 // values.element_size()
    n_rest = values.numel() % in_a_word
    if values.storage_offset() % in_a_word:  # words must begin where words do: one number makes a word
        return _sum_by_place(values.view(bits).to(torch.int64))
    total = _sum_by_place(values[: len(values) - n_rest].view(torch.int64))
    return total + _sum_by_place(values[len(values) - n_rest :].view(bits).to(torch.int64))


def _sum_by_place(words):
    """Return Σ (2r + 1) · w_c · word_rc, modulo 2⁶⁴, over rows r of words of as many columns c as there are weights w."""
    weights = _WEIGHTS.to(words.device)
    n_rows, n_rest = divmod(len(words), len(weights))
    rows = words[: len(words) - n_rest].view(n_rows, len(weights))
    # For whole numbers the product with a vector, which makes no copy of the words, is there on a CPU only.
    sums = torch.mv(rows, weights) if words.device.type == "cpu" else (rows * weights).sum(1)
    return (sums * (2 * torch.arange(n_rows, device=words.device) + 1)).sum() - (
        words[len(words) - n_rest :] * weights[:n_rest]
    ).sum()
