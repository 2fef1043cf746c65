"""Timing contenders in turns.

Neighbours steal processor time from shared machines, for seconds at a stretch. So no contender is timed to its end before the
next: every round times each of them once. They are compared within a round, and the median over the rounds is taken.
"""

import gc
import statistics
import time
from dataclasses import dataclass

import torch

from .quick import QUICK

# As timeit does: shorter work is repeated, so that the switch from one contender to the next is not what is timed.
SHORTEST = 0.25
OURS = "skxai"


@dataclass(frozen=True)
class Contender:
    """Something to time in this process; see ``apart`` for others.

    Attributes
    ----------
    call : callable
        Does the work, given no argument.
    units : float
        How much work a call is, in clips or passes: times are reported for one.
    """

    call: object
    units: float = 1

    def seconds(self, times, device):
        """Return how long so many calls take."""
        start = time.perf_counter()
        for _ in range(times):
            self.call()
        if device != "cpu":
            torch.cuda.synchronize()
        return time.perf_counter() - start


def race(benchmark, ours, others, *, device="cpu", seconds=12, min_rounds=5, max_rounds=15):
    """Time ours through pytest-benchmark, and the others between its rounds.

    Parameters
    ----------
    benchmark : BenchmarkFixture
        The fixture of the test.
    ours : Contender
        What pytest-benchmark counts.
    others : dict from str to Contender or list of Contender
        What is timed in the same rounds, here or ``apart``. Of a list, settings of one peer, the one that is fastest when tried
        once takes part.
    device : str, default="cpu"
        On a GPU a call counts until the device is done.
    seconds : float, default=12
        About how long, within the limits of the rounds.
    min_rounds, max_rounds : int

    Returns
    -------
    dict from str to list of float
        For each contender, ours being "skxai", the seconds a unit in each round.
    """
    tried = {name: _fastest(other, device) for name, other in others.items()}
    others = {name: contender for name, (contender, _) in tried.items()}
    durations = {name: duration for name, (_, duration) in tried.items()}
    _, durations[OURS] = _fastest(ours, device)
    repeats = {name: 1 if QUICK else int(-(-SHORTEST // duration)) for name, duration in durations.items()}
    a_round = sum(max(SHORTEST, duration) for duration in durations.values())
    rounds = 1 if QUICK else max(min_rounds, min(max_rounds, int(seconds / a_round)))
    times = {name: [] for name in durations}

    def time_one(name, contender):
        times[name].append(contender.seconds(repeats[name], device) / repeats[name] / contender.units)

    def time_others():
        # Collecting leaves caches and cores cold, up to twice as slow for a short call: nobody is timed right after it.
        gc.collect()
        next(iter(others.values())).seconds(1, device)
        for name, contender in others.items():
            time_one(name, contender)

    benchmark.pedantic(time_one, args=(OURS, ours), setup=time_others, rounds=rounds)
    benchmark.extra_info["times"] = times
    return times


def ratio(times, name, to):
    """Return what one contender takes of the time of another: in the median round, and by the fastest of each."""
    in_rounds = [one / other for one, other in zip(times[name], times[to], strict=True)]
    return statistics.median(in_rounds), min(times[name]) / min(times[to])


def _fastest(contenders, device):
    """Warm up; return the fastest of the settings, and about how long a call takes."""
    contenders = contenders if isinstance(contenders, list) else [contenders]
    warming = contenders[0].seconds(1, device)
    if len(contenders) == 1 and warming > 1:
        return contenders[0], warming  # close enough, and a second call would take its time
    durations = [contender.seconds(1, device) for contender in contenders]
    place = min(range(len(contenders)), key=lambda index: durations[index] / contenders[index].units)
    return contenders[place], durations[place]
