"""Peak memory stays under working_memory + 300 MB, whatever the number of clips, channels, samples and steps."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .peak_memory import CASES
from .subjects import TITLES
from .tables import MEMORY, record

ROOT = Path(__file__).parents[1]
ALLOWANCE = 300
DEFAULT = 1024  # of sklearn.get_config()["working_memory"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc/self/status")
@pytest.mark.parametrize("working_memory", [DEFAULT, 64])
@pytest.mark.parametrize("case", CASES)
def test_peak_memory(benchmark, case, working_memory):
    benchmark.group = f"memory of {case}, {working_memory} MB"
    command = [sys.executable, "-m", "benchmarks.peak_memory", case, str(working_memory)]
    run = benchmark.pedantic(subprocess.run, (command,), {"cwd": ROOT, "capture_output": True, "text": True}, rounds=1)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    record(
        benchmark,
        MEMORY,
        {
            "work": case,
            "network": TITLES[CASES[case][0]],
            "working_memory": working_memory,
            "peak": float(found["peak"]),
            "share of the limit": found["peak"] / (working_memory + ALLOWANCE),
        },
        goals={"peak": ("≤", working_memory + ALLOWANCE)},
    )
