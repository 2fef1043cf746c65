"""Random numbers that neither read nor write anybody else's random state."""

import contextlib
import copy
import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .locks import ForkSafeLock

_ONE_AT_A_TIME = ForkSafeLock()

RandomStateLike = int | np.random.RandomState | np.random.Generator | None


def seed_from(random_state: RandomStateLike) -> int:
    """Turn a ``random_state`` parameter into a seed; raise ValueError for what is none.

    None draws one below 2³¹ from the system's entropy, never from the global generator. An instance comes back as it was.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0] >> 1)
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool) and random_state >= 0:
        return int(random_state)
    if isinstance(random_state, np.random.RandomState):
        return int(copy.deepcopy(random_state).randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(copy.deepcopy(random_state).integers(2**31 - 1))
    raise ValueError(
        f"random_state must be a non-negative integer, a RandomState, a Generator or None. Got {random_state!r} instead."
    )


def torch_seed(seed: int) -> contextlib.AbstractContextManager[Any]:
    """Seed what this thread draws from torch's global generators, those of the CPU and of any accelerator, in this block only.

    Every operation that would draw from a global generator draws from one of the block's own instead, with the numbers that
    ``torch.manual_seed(seed)`` would give. The global generators are neither read nor written, so that networks which are
    trained in parallel threads are those of a serial run, and the user's random numbers go on as they were.
    """
    return _OwnGenerators(seed)


class _OwnGenerators(TorchDispatchMode):
    """Draws from generators of its own, in the thread that enters it."""

    def __init__(self, seed):
        super().__init__()
        self.seed, self._generators = seed, {}

    def __torch_dispatch__(self, operation, types, arguments=(), named=None):
        named = named or {}
        if torch.Tag.nondeterministic_seeded not in operation.tags:
            return operation(*arguments, **named)
        names = [argument.name for argument in operation._schema.arguments]
        given = {**dict(zip(names, arguments)), **named}
        if given.get("generator") is not None:
            return operation(*arguments, **named)
        generator = self._generator_of(given)
        drawing = _with_generator(operation)
        if drawing is not None:
            return drawing(*arguments, **{**named, "generator": generator})
        if operation is torch.ops.aten.native_dropout.default:  # what dropout is on a GPU
            return _dropout(given["input"], given["p"], given["train"], generator)
        return _from_global_generators(operation, arguments, named, generator)

    def _generator_of(self, given):
        tensors = (value for value in given.values() if isinstance(value, torch.Tensor))
        device = given.get("device") or next((tensor.device for tensor in tensors), torch.device("cpu"))
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self.seed)
        return self._generators[device]


@functools.cache
def _with_generator(operation):
    """Return the form of an operation that takes a generator, or None where torch has none."""
    packet, names = operation.overloadpacket, [argument.name for argument in operation._schema.arguments]
    if "generator" in names:
        return operation
    for overload in packet.overloads():
        others = [argument.name for argument in getattr(packet, overload)._schema.arguments]
        if "generator" in others and [name for name in others if name != "generator"] == names:
            return getattr(packet, overload)
    return None


def _dropout(inputs, p, train, generator):
    if not train or p == 0:
        return inputs.clone(), torch.ones_like(inputs, dtype=torch.bool)
    kept = torch.empty_like(inputs).bernoulli_(1 - p, generator=generator)
    return inputs * kept / (1 - p) if p < 1 else torch.zeros_like(inputs), kept.bool()


def _from_global_generators(operation, arguments, named, generator):
    """Run an operation that draws from a global generator only, as dropout inside attention does, seeded from the block's own.

    One thread of skxai at a time; another thread of the user's that draws in this moment cannot be kept apart.
    """
    accelerator = torch.accelerator.current_accelerator() if hasattr(torch, "accelerator") else None  # since torch 2.6
    kind = "cuda" if accelerator is None else accelerator.type
    devices = range(torch.get_device_module(kind).device_count())
    seed = int(torch.randint(2**31, (), generator=generator, device=generator.device))
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=devices, device_type=kind):
        torch.manual_seed(seed)
        return operation(*arguments, **named)


@contextlib.contextmanager
def numpy_seed(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator (below 2³²), in this block only: for code of others that draws from it."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
