"""The work of the targets: the plain forward, skxai and each peer, timed in turns."""

from contextlib import ExitStack
from statistics import median

import pytest

from .apart import FORWARD, Apart, forward
from .quick import few
from .race import OURS, Contender, race, ratio
from .rows import ROWS
from .subjects import TITLES, subject
from .tables import PEERS, record


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.network}")
def test_against_peers(benchmark, device, row):
    benchmark.group = f"{row.work}, {TITLES[row.network]}, {device}"
    network, clips = subject(row.network, device), few(row.clips)
    units = clips * (row.passes or 1)
    others, missing = {FORWARD: forward(row.network, device)}, {}
    with ExitStack() as running:
        processes = {
            name: running.enter_context(Apart(prepare, row.network, device, clips, units))
            for name, (prepare, _) in row.peers.items()
        }
        for name, process in processes.items():
            try:
                others[name] = process.contenders()
            except ImportError as error:
                missing[name] = f"{name} is left out: {error}"
        times = race(benchmark, Contender(row.ours(network, network.clips(clips)), units), others, device=device)

    cost, fastest_cost = ratio(times, OURS, FORWARD)
    for place, (name, (_, wanted_ratio)) in enumerate(row.peers.items()):
        of_peer, gain, fastest_gain, goals = None, None, None, {}
        if name in times:
            of_peer, (gain, fastest_gain) = ratio(times, name, FORWARD)[0], ratio(times, name, OURS)
        if device == "cpu":  # the targets were set for one
            goals["times faster"] = ("≥", wanted_ratio)
            if place == 0:  # the same figure stands beside each peer
                goals["skxai, forwards"] = ("≤", row.wanted)
        record(
            benchmark,
            PEERS,
            {
                "work": row.work,
                "network": TITLES[row.network],
                "device": device,
                "forward, ms": 1e3 * median(times[FORWARD]),
                "per": "pass" if row.passes else "clip",
                "skxai, forwards": cost,
                "its fastest": fastest_cost,
                "peer": name,
                "peer, forwards": of_peer,
                "times faster": gain,
                "by the fastest": fastest_gain,
                "rounds": len(times[OURS]),
            },
            goals=goals,
            note=missing.get(name),
        )
