"""How long it takes to import skxai, beside what it stands on."""

import subprocess
import sys
from statistics import median

from .race import OURS, Contender, race
from .tables import IMPORTS, record

# Sub-packages are imported when they are first asked for.
PACKAGES = "cli comparison datasets display engine explainers features inspection metrics models studies testing utils"
WHOLE = f"from skxai import {', '.join(PACKAGES.split())}"
OTHERS = [
    "pass",
    "import torch",
    "import sklearn.base",
    "import torch, sklearn.base",
    "import skxai",
    "from skxai import explainers, metrics",
]


def run(statement):
    return Contender(lambda: subprocess.run([sys.executable, "-c", statement], check=True))


def test_import_time(benchmark):
    benchmark.group = "import"
    others = {statement: run(statement) for statement in OTHERS}
    times = race(benchmark, run(WHOLE), others, seconds=40, min_rounds=3, max_rounds=5)
    for statement in (*OTHERS, WHOLE):
        of_statement = times[OURS if statement == WHOLE else statement]
        record(
            benchmark,
            IMPORTS,
            {
                "statement": f"`{statement}`",
                "ms": 1e3 * median(of_statement),
                "fastest, ms": 1e3 * min(of_statement),
                "rounds": len(of_statement),
            },
        )
