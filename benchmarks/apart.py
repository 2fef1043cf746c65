"""Contenders in processes of their own, as their users run them.

What one of them does to its process neither helps nor hinders another. skxai, once it has begun parallel work, lets its process
keep freed memory for the next batch: in the same process a peer would save page faults that its users pay for.
"""

import functools
import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import torch

from . import torchvision_stand_in
from .race import Contender
from .subjects import subject

FORWARD = "forward"
FORWARD_BATCH = 64

_contenders = []  # of the process of a contender


@dataclass(frozen=True)
class Elsewhere:
    """A contender of another process.

    Attributes
    ----------
    process : ProcessPoolExecutor
        The process.
    place : int
        Which of its settings.
    units : float
        How much work a call is.
    """

    process: ProcessPoolExecutor
    place: int
    units: float

    def seconds(self, times, device):
        """Return how long so many calls take there."""
        return self.process.submit(_seconds, self.place, times, device).result()


class Apart:
    """A process for the work of one contender, begun at once and ended with the ``with`` statement.

    Parameters
    ----------
    prepare : callable
        ``prepare(subject, X)`` → function without arguments or list of such, settings of the same work; importable by name.
    network, device : str
        Whose subject.
    clips : int
        How many.
    units : float
        How much work a call is, in clips or passes.
    """

    def __init__(self, prepare, network, device, clips, units):
        self.units = units
        self._process = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"), initializer=_start)
        self._settings = self._process.submit(_prepare, prepare, network, device, clips)

    def contenders(self):
        """Return a contender for each setting; raises ImportError where the peer is not installed."""
        return [Elsewhere(self._process, place, self.units) for place in range(self._settings.result())]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.shutdown()


@functools.cache
def forward(network, device):
    """Return the unit of all costs: the plain module, in eval mode, on a batch of 64 random clips, in float32.

    Its process goes on for further races, to the end of this one.
    """
    (contender,) = Apart(_forward, network, device, FORWARD_BATCH, FORWARD_BATCH).contenders()
    return contender


def _forward(subject, X):
    x = subject.tensor(X)

    def call():
        with torch.inference_mode():
            subject.module(x)

    return call


def _start():
    warnings.simplefilter("ignore")  # the peers' warnings are theirs
    torchvision_stand_in.provide()


def _prepare(prepare, network, device, clips):
    network = subject(network, device)
    calls = prepare(network, network.clips(clips))
    _contenders[:] = [Contender(call) for call in (calls if isinstance(calls, list) else [calls])]
    return len(_contenders)


def _seconds(place, times, device):
    return _contenders[place].seconds(times, device)
