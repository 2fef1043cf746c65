"""``BENCH_QUICK=1``: a look whether all benchmarks run, on few clips and in one round; the figures mean nothing."""

import os

QUICK = os.environ.get("BENCH_QUICK", "") not in ("", "0")


def few(n, least=4):
    """Return ``n``, or fewer for a quick look, where ``least`` are enough."""
    return min(n, max(least, n // 16)) if QUICK else n
