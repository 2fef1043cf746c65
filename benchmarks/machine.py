"""Where and when a benchmark ran: figures mean nothing without it."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import torch

ROOT = Path(__file__).parents[1]
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "skorch")
PEERS = ("captum", "grad-cam", "quantus", "torchcam", "tf-keras-vis", "tensorflow")


def description():
    """Return lines of Markdown on the machine, the versions and the time."""
    versions = [f"python {platform.python_version()}", *map(_version, PACKAGES)]
    lines = [
        f"- machine: {_processor()}, {os.cpu_count()} cores, {_memory():.0f} GB, {platform.system()} {platform.machine()}",
        f"- threads: {torch.get_num_threads()} of torch; bfloat16 instructions: {_yes(has_bfloat16())}",
        f"- skxai: {_commit()}",
        f"- versions: {', '.join(versions)}",
        f"- peers: {', '.join(map(_version, PEERS))}",
        f"- date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    ]
    if torch.cuda.is_available():
        lines.insert(1, f"- GPU: {torch.cuda.get_device_name()}, CUDA {torch.version.cuda}")
    return lines


def stolen_share(before):
    """Return the share of processor time that other machines on the same host took since ``processor_times()``."""
    if before is None:
        return None
    spent = [now - then for now, then in zip(processor_times(), before)]
    return spent[7] / max(1, sum(spent))


def processor_times():
    """Return the counters of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; None where there is none."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    return [int(number) for number in first.split()[1:9]]


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def _memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def has_bfloat16():
    """Return whether the processor has instructions for bfloat16; where it has none, skxai uses float32 in its place."""
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _yes(value):
    return "yes" if value else "no"


def _version(distribution):
    try:
        return f"{distribution} {metadata.version(distribution)}"
    except metadata.PackageNotFoundError:
        return f"{distribution} not installed"


def _commit():
    try:
        commit = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=10"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = "commit unknown"
    return f"{metadata.version('skxai')} at {commit}"
