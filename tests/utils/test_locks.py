"""A forked child gets its locks free."""

import multiprocessing
import os

import pytest

from skxai.utils.locks import ForkSafeLock


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # that is what the lock is for
def test_lock_that_a_thread_of_the_parent_holds_is_free_in_the_child():
    lock, context = ForkSafeLock(), multiprocessing.get_context("fork")
    found = context.Queue()

    def take():
        found.put(lock.acquire(blocking=False))

    with lock:
        child = context.Process(target=take)
        child.start()
        assert found.get(timeout=60)
        child.join()
        assert not lock.acquire(blocking=False)  # the parent still has it
    assert lock.acquire(blocking=False)
