"""A stand-in for torchvision, of which pytorch-grad-cam imports a few helpers.

torchvision's wheel holds native code for another build of torch than a CPU machine has, so that its import fails there. None of
what is timed calls these helpers, but they do what they are called: a peer must not compute anything else because of us.
"""

import importlib
import sys
import types

import numpy as np
import torch
from torch.nn import functional


def provide():
    """Put the stand-in where ``import torchvision`` finds it, unless torchvision itself can be imported."""
    try:
        importlib.import_module("torchvision")
    except (ImportError, OSError, RuntimeError):
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]  # what a failed import leaves behind
        sys.modules.update(_modules())


def resize(image, size):
    """Return images ``(..., h, w)`` at another size: bilinear, smoothed where they shrink; one number is the shorter side."""
    height, width = image.shape[-2:]
    if isinstance(size, int) or len(size) == 1:
        shorter = size if isinstance(size, int) else size[0]
        scale = shorter / min(height, width)
        size = (shorter, int(scale * width)) if height <= width else (int(scale * height), shorter)
    flat = image.reshape(-1, 1, height, width)
    resized = functional.interpolate(flat, size=tuple(size), mode="bilinear", align_corners=False, antialias=True)
    return resized.reshape(*image.shape[:-2], *size)


def box_iou(boxes, others):
    """Return intersection over union ``(n, m)`` of boxes ``(n, 4)`` and ``(m, 4)``, each (left, top, right, bottom)."""
    overlap = torch.minimum(boxes[:, None, 2:], others[:, 2:]) - torch.maximum(boxes[:, None, :2], others[:, :2])
    intersection = overlap.clamp(min=0).prod(2)
    areas, other_areas = ((box[:, 2:] - box[:, :2]).prod(1) for box in (boxes, others))
    return intersection / (areas[:, None] + other_areas - intersection)


class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, image):
        for transform in self.transforms:
            image = transform(image)
        return image


class ToTensor:
    """Images ``(h, w, c)`` → ``(c, h, w)``; bytes are scaled to [0, 1]."""

    def __call__(self, image):
        tensor = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
        return tensor.float() / 255 if tensor.dtype == torch.uint8 else tensor


class Normalize:
    def __init__(self, mean, std):
        self.mean, self.std = mean, std

    def __call__(self, tensor):
        mean, std = (torch.as_tensor(values, dtype=tensor.dtype)[:, None, None] for values in (self.mean, self.std))
        return (tensor - mean) / std


def _modules():
    names = ("torchvision", "torchvision.ops", "torchvision.transforms", "torchvision.transforms.functional")
    modules = {name: types.ModuleType(name, __doc__) for name in names}
    for name, module in modules.items():
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(modules[parent], child, module)
    modules["torchvision.ops"].box_iou = box_iou
    modules["torchvision.transforms.functional"].resize = resize
    for helper in (Compose, Normalize, ToTensor):
        setattr(modules["torchvision.transforms"], helper.__name__, helper)
    return modules
