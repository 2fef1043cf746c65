"""``BENCH_QUICK=1``: a look whether all benchmarks run, on few clips and in one round; the figures mean nothing."""

import os

QUICK = os.environ.get("BENCH_QUICK", "") not in ("", "0")


def few(n):
    """Return ``n``, or fewer for a quick look."""
    return min(n, max(4, n // 16)) if QUICK else n
