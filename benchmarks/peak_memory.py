"""A process that explains or measures clips and tells how much memory that took above the data and the model.

``python -m benchmarks.peak_memory CASE WORKING_MEMORY`` prints one line of JSON. Linux only: it reads /proc/self/status.
"""

import contextlib
import json
import sys
from pathlib import Path

import sklearn

from skxai.explainers import GradCAM, ScoreCAM, SmoothGrad
from skxai.metrics import deletion_auc

from .quick import few
from .subjects import random_clips, subject

MB = 2**20


def _transform(explainer_class, **params):
    def work(explainer_of, X):
        explainer_of(explainer_class, **params).transform(X)

    return work


def _deletion(step):
    def work(explainer_of, X):
        # Any maps will do; they are data.
        deletion_auc(explainer_of(GradCAM), X, X, step=step)

    return work


# Name: network, clips, work.
CASES = {
    "Score-CAM, 128 channels, 600 clips": ("acoumon", 600, _transform(ScoreCAM)),
    "Score-CAM, 2,048 channels, 2 clips": ("resnet101", 2, _transform(ScoreCAM)),
    "SmoothGrad, 1,000 samples, 16 clips": ("acoumon", 16, _transform(SmoothGrad, n_samples=1000, random_state=0)),
    "deletion curve, 10 steps, 6,400 clips": ("acoumon", 6400, _deletion(0.1)),
    "deletion curve, 1,000 steps, 64 clips": ("acoumon", 64, _deletion(0.001)),
}


def peak(case, working_memory):
    """Return the peak above the data and the model in MB, and the number of clips."""
    name, n_clips, work = CASES[case]
    network = subject(name)
    X = random_clips(network.shape, few(n_clips))
    sklearn.set_config(working_memory=working_memory)
    _forget_peak()
    before = _status("VmRSS")
    work(network.fitted, X)
    return (_status("VmHWM") - before) / MB, len(X)


def _status(field):
    """Return a size of this process in bytes."""
    line = next(line for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def _forget_peak():
    """Set the high-water mark back to what is in use, where the kernel lets us: imports may have needed more."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


if __name__ == "__main__":
    megabytes, clips = peak(sys.argv[1], int(sys.argv[2]))
    print(json.dumps({"peak": megabytes, "clips": clips}))
