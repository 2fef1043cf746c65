"""Chunks of work in parallel threads, each of which computes with one thread.

A small network scales badly over the threads inside an operation: its layers are too short to be divided. Whole chunks of
inputs have no such limit, and what is done around the network (masks, noise) is parallel too. torch releases the GIL.
"""

import contextvars
import functools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import torch

from ..utils.locks import ForkSafeLock
from ._config import get_config

_WORKER = threading.local()
_STARTING = ForkSafeLock()
# Just under 32 MiB, up to which glibc takes the largest block that was ever freed for one that will be asked for again.
KEPT_BLOCK = 2**25 - 2**16


def map_in_threads(function: Callable[[Any], Any], items: Iterable, n_threads: int) -> Iterator:
    """Yield ``function(item)`` for each item, in order, computed by ``n_threads`` threads.

    At most two items a thread are under way, so that memory does not grow with their number. Inside a worker, for a single
    item, and with one thread the items are computed here, by torch's own threads.
    """
    items = list(items)
    if free_threads(n_threads) < 2 or len(items) < 2:
        yield from map(function, items)
        return
    under_way: deque[Future] = deque()
    pool = _pool(n_threads)
    try:
        for item in items:
            # What callers share through context variables is seen by the workers too.
            under_way.append(pool.submit(contextvars.copy_context().run, function, item))
            if len(under_way) >= 2 * n_threads:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:  # also after an error: nothing goes on in the background
        for future in under_way:
            future.cancel()
        wait(under_way)


def free_threads(n_threads: int) -> int:
    """Return how many of ``n_threads`` threads work that begins here would get: a worker goes on by itself."""
    return 1 if getattr(_WORKER, "is_one", False) or not get_config()["tune_process"] else n_threads


def in_one_thread(function: Callable[[], Any]) -> Any:
    """Return ``function()``, computed by one thread.

    For many short operations: where other processes compete for the cores, threads wait longer for each other than they work.
    Without ``tune_process`` it is computed here, by torch's own threads.
    """
    n_threads = torch.get_num_threads()
    if free_threads(n_threads) < 2:
        return function()
    return _pool(n_threads).submit(contextvars.copy_context().run, function).result()


@functools.cache
def _pool(n_threads):
    """Start the workers, once in a process."""
    with _STARTING:
        # From now on freed memory is kept for the next batch, as in any process that has freed such a block. Else each layer's
        # output comes from the system anew and page by page, a sixth of the time of a SmoothGrad.
        torch.empty(KEPT_BLOCK, dtype=torch.uint8)
        ready = threading.Barrier(n_threads + 1)
        before = torch.get_num_threads()
        pool = ThreadPoolExecutor(n_threads, thread_name_prefix="skxai")
        for _ in range(n_threads):
            pool.submit(_start, ready)
        ready.wait()
        # Each worker has set its own number of threads to 1; a thread that starts later inherits what was set last.
        torch.set_num_threads(before)
    return pool


def _start(ready):
    _WORKER.is_one = True
    torch.get_num_threads()  # a thread's first use of torch takes the number that was set last, whatever it set before
    torch.set_num_threads(1)
    ready.wait()


if hasattr(os, "register_at_fork"):  # threads do not survive a fork
    os.register_at_fork(after_in_child=_pool.cache_clear)
