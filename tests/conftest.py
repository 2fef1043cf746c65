"""Shared fixtures: real audio where it is at hand, and the table of how far skxai is from its oracles and peers."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

# The workers of pytest-xdist, and what tests start, share the cores: threads would wait longer than they work.
os.environ["OMP_NUM_THREADS"] = "1"
torch.set_num_threads(1)

ESC10 = Path(__file__).parents[2] / "shared" / "data" / "esc10"
AGREEMENT = pytest.StashKey[dict]()
HEAD = """\
# Agreement

Made by `make agreement`; do not edit. Each cell is the largest difference that the run measured between skxai and the oracle
(the definition written again from its paper, in float64: `tests/reference/`) or a peer under the same convention
(`tests/peers/`), relative unless the test says otherwise, and in brackets the largest that it allows. – is not compared.

"""


@pytest.fixture(scope="session")
def esc10():
    """The folder of ESC-10, real audio in ESC-50's layout."""
    if not ESC10.is_dir():
        pytest.skip(f"needs real audio in {ESC10}")
    return ESC10


@pytest.fixture(autouse=True)
def same_torch_state():
    """Networks that a test makes without a seed have the same weights, whichever tests ran before."""
    torch.manual_seed(0)


@pytest.fixture
def two_threads():
    """torch computes with two threads, for what must leave their number as it is or goes by it."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def agreement(request):
    """``agreement(name, against, difference, tolerance)``: assert that a difference is tolerable, and note it in the table.

    ``name`` is the explainer or metric, ``against`` "oracle" or a peer with its version, such as "captum 0.9.0".
    """
    measured = request.config.stash.setdefault(AGREEMENT, {})

    def check(name, against, difference, tolerance):
        difference = float(difference)
        assert difference <= tolerance, f"{name} differs from {against} by {difference:.2g}, more than {tolerance:.2g}."
        worst = measured.get((name, against), (0.0, 0.0))
        measured[name, against] = (max(worst[0], difference), max(worst[1], tolerance))

    return check


def pytest_addoption(parser):
    text = "write the differences from oracles and peers to this Markdown file; needs -n 0, since one process collects them"
    parser.addoption("--agreement", metavar="PATH", help=text)


def pytest_configure(config):
    if config.getoption("agreement") and config.getoption("numprocesses", None):
        raise pytest.UsageError("--agreement needs -n 0: one process collects the differences.")


def pytest_sessionfinish(session, exitstatus):
    path = session.config.getoption("agreement", None)
    if path and exitstatus == pytest.ExitCode.OK:  # a table of a failed run would claim what is not so
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        n_skipped = len(reporter.stats.get("skipped", [])) if reporter else 0
        table = agreement_table(session.config.stash.get(AGREEMENT, {}), n_skipped)
        Path(path).write_text(table, encoding="utf-8")


def agreement_table(measured, n_skipped):
    """Return the Markdown page of ``{(name, against): (difference, tolerance)}``."""
    names = sorted({name for name, _ in measured}, key=lambda name: (name[0].islower(), name))  # classes before functions
    columns = sorted({against for _, against in measured}, key=lambda against: (against != "oracle", against.lower()))
    lines = [
        f"torch {torch.__version__}, numpy {np.__version__}; tests that were skipped for want of data or a peer: {n_skipped}.",
        "",
        _row(["", *columns]),
        _row(["---"] * (len(columns) + 1)),
    ]
    for name in names:
        cells = [measured.get((name, column)) for column in columns]
        lines.append(_row([f"`{name}`", *("–" if cell is None else _shown(*cell) for cell in cells)]))
    return HEAD + "\n".join(lines) + "\n"


def _shown(difference, tolerance):
    return f"{f'{difference:.1e}' if difference else '0'} ({tolerance:.0e})"


def _row(cells):
    return f"| {' | '.join(cells)} |"
