"""The work of the targets: the plain forward, skxai and each peer, timed in turns."""

from contextlib import ExitStack

import pytest

from .apart import FORWARD, Apart, forward
from .quick import few
from .race import OURS, Contender, race
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

    unit, ours = times[FORWARD], times[OURS]
    for place, (name, (_, wanted_ratio)) in enumerate(row.peers.items()):
        peer, goals = times.get(name), {}
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
                "forward, ms": 1e3 * unit["median"],
                "per": "pass" if row.passes else "clip",
                "skxai, forwards": ours["median"] / unit["median"],
                "its fastest": ours["minimum"] / unit["minimum"],
                "peer": name,
                "peer, forwards": peer and peer["median"] / unit["median"],
                "times faster": peer and peer["median"] / ours["median"],
                "by the fastest": peer and peer["minimum"] / ours["minimum"],
                "rounds": ours["rounds"],
            },
            goals=goals,
            note=missing.get(name),
        )
    benchmark.extra_info["times"] = times
