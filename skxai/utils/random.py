"""Random numbers that neither read nor write anybody else's random state."""

import contextlib
import copy
from collections.abc import Iterator

import numpy as np
import torch

RandomStateLike = int | np.random.RandomState | np.random.Generator | None


def seed_from(random_state: int | np.random.RandomState | np.random.Generator | None) -> int:
    """Turn a ``random_state`` parameter into a seed.

    Parameters
    ----------
    random_state : int, RandomState, Generator or None
        None draws from the system's entropy, never from the global generator. An instance is copied first: it comes back
        as it was.

    Returns
    -------
    int
        Below 2³¹.

    Raises
    ------
    ValueError
        For anything else.
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


@contextlib.contextmanager
def torch_seed(seed: int) -> Iterator[None]:
    """Seed what draws from torch's global generators, in this block only: afterwards they are as they were.

    Parameters
    ----------
    seed : int
        Of the generators of the CPU and of all GPUs, or of another accelerator where torch has one.
    """
    accelerator = torch.accelerator.current_accelerator() if hasattr(torch, "accelerator") else None  # since torch 2.6
    kind = "cuda" if accelerator is None else accelerator.type
    devices = range(torch.get_device_module(kind).device_count())
    with torch.random.fork_rng(devices=devices, device_type=kind):
        torch.manual_seed(seed)
        yield


@contextlib.contextmanager
def numpy_seed(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator, in this block only: for code of others that draws from it.

    Parameters
    ----------
    seed : int
        Below 2³².
    """
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
