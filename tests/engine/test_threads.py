"""Chunks run in threads: in order, with the caller's settings, and with nothing left behind."""

import threading
import time

import numpy as np
import pytest
import torch
from torch import nn

from skxai.engine import freeze, shared, shared_passes
from skxai.engine._threads import _pool, in_one_thread, map_in_threads
from skxai.models import PretrainedClassifier

THREADS = 3
pytestmark = pytest.mark.usefixtures("two_threads")


def test_results_come_in_order_whoever_is_first():
    def slow_at_first(item):
        time.sleep(0.02 * (item == 0))
        return item

    assert list(map_in_threads(slow_at_first, range(20), THREADS)) == list(range(20))


def test_few_items_are_under_way_at_a_time():
    started = []
    for item in map_in_threads(lambda item: started.append(item) or item, range(50), THREADS):
        assert len(started) <= item + 1 + 2 * THREADS


def test_workers_compute_with_one_thread_and_the_callers_stay_as_they_were():
    _pool.cache_clear()  # their number could be lost where the workers are started, which is once in a process
    before = torch.get_num_threads()
    assert set(map_in_threads(lambda _: torch.get_num_threads(), range(10), THREADS)) == {1}
    assert torch.get_num_threads() == before
    inherited = []
    starts_later = threading.Thread(target=lambda: inherited.append(torch.get_num_threads()))
    starts_later.start()
    starts_later.join()
    assert inherited == [before]


def test_work_inside_a_worker_stays_in_it():
    def outer(_):
        return set(map_in_threads(lambda _: threading.get_ident(), range(5), THREADS)) == {threading.get_ident()}

    assert all(map_in_threads(outer, range(6), THREADS))


def test_work_inside_a_worker_is_not_cut_for_other_threads():
    X = np.zeros((2, 1, 8, 8), dtype=np.float32)
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 2)).eval()
    network = freeze(PretrainedClassifier(module, [0, 1]), X)
    assert network.n_threads == 2

    def n_blocks(_):
        made = []

        def make(clips, variants):
            made.append(1)
            return torch.zeros(clips.stop - clips.start, variants.stop - variants.start, *X.shape[1:])

        network.sweep(2, 50, make, torch.zeros(2, dtype=torch.long))
        return len(made)

    assert list(map_in_threads(n_blocks, range(2), 2)) == [1, 1]
    assert n_blocks(None) == 2


def test_error_is_raised_and_nothing_goes_on():
    running = []

    def fails(item):
        running.append(item)
        time.sleep(0.01)
        if item == 2:
            raise ValueError("item 2")
        return item

    with pytest.raises(ValueError, match="item 2"):
        list(map_in_threads(fails, range(100), THREADS))
    count = len(running)
    time.sleep(0.05)
    assert len(running) == count < 100


def test_what_callers_share_is_seen_by_workers():
    calls = []

    @shared
    def once(X):
        calls.append(1)
        return len(calls)

    X = np.zeros(3)
    with shared_passes():
        once(X)
        assert list(map_in_threads(lambda _: once(X), range(5), THREADS)) == [1] * 5


def test_alone_is_one_thread():
    assert in_one_thread(torch.get_num_threads) == 1
