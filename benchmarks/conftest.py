"""The devices, the peers' needs, and the tables at the end of a run."""

import os
import shlex
import sys
from pathlib import Path

import pytest
import torch

from . import machine, tables, torchvision_stand_in
from .quick import QUICK

os.environ.setdefault("TQDM_DISABLE", "1")  # pytorch-grad-cam draws a bar for every clip, which costs it time
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

HERE = Path(__file__).parent
OUT = HERE.parent / "out" / "bench"
TEXT = pytest.StashKey[str]()
SKIPPED = pytest.StashKey[list]()
START = pytest.StashKey[list]()


@pytest.fixture(params=["cpu", *(["cuda"] if torch.cuda.is_available() else [])])
def device(request):
    """Where the networks run."""
    return request.param


@pytest.fixture(scope="session", autouse=True)
def torchvision():
    """pytorch-grad-cam can be imported."""
    torchvision_stand_in.provide()


def pytest_configure(config):
    config.stash[SKIPPED] = []
    config.stash[START] = machine.processor_times()


def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore"))  # the peers' warnings are theirs


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped:
        item.config.stash[SKIPPED].append(f"{item.name}: {report.longrepr[2].removeprefix('Skipped: ')}")
    elif report.failed:
        item.config.stash[SKIPPED].append(f"{item.name}: failed in {report.when}")
    return report


@pytest.hookimpl(optionalhook=True)  # collected without pytest-benchmark too
def pytest_benchmark_update_json(config, benchmarks, output_json):
    """Write the tables: a whole run to benchmarks/RESULTS.md, a part of one beside the raw figures."""
    text = tables.markdown(tables.records_of(output_json["benchmarks"]), config.stash[SKIPPED])
    OUT.mkdir(parents=True, exist_ok=True)
    narrowed = (
        QUICK or config.option.keyword or config.option.markexpr or [Path(arg).resolve() for arg in config.args] != [HERE]
    )
    path = (OUT if narrowed else HERE) / "RESULTS.md"
    path.write_text(f"# Benchmarks\n\n{_circumstances(config)}\n\n{text}", encoding="utf-8")
    config.stash[TEXT] = f"{text}\n{path}"


def pytest_terminal_summary(terminalreporter, config):
    text = config.stash.get(TEXT, None)
    if text:
        terminalreporter.section("benchmarks")
        terminalreporter.write_line(text)


def _circumstances(config):
    stolen = machine.stolen_share(config.stash[START])
    lines = machine.description()
    if stolen is not None:
        lines.append(f"- while it ran: load average {os.getloadavg()[0]:.1f} at the end, {stolen:.1%} of processor time stolen")
    command = os.environ.get("BENCH_COMMAND") or shlex.join(["python", "-m", "pytest", *sys.argv[1:]])
    return "\n".join([*lines, f"- command: `{command}`"])
