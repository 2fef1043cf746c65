"""What a device and the host hand to each other."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode


class Transfers(TorchDispatchMode):
    """Notes the operations inside the block for which the host waits for a device, and those that bring it something.

    It sees them on any device. What a kernel waits for inside it does not see.

    Attributes
    ----------
    to_host : list of str
        Operations whose result the host reads: copies to the CPU, Python numbers, and shapes that depend on values.
    to_device : list of str
        Copies of tensors of the CPU.
    """

    def __init__(self):
        super().__init__()
        self.to_host, self.to_device = [], []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        with self:  # inference mode leaves it to the mode to take an operation apart
            found = function.decompose(*args, **kwargs)
        if found is not NotImplemented:
            return found
        found = function(*args, **kwargs)
        given, made = _tensors([*args, *kwargs.values()]), _tensors(found)
        on_device = [_is_on_device(tensor) for tensor in given]
        if any(on_device) and (_depends_on_values(function, args) or not all(map(_is_on_device, made))):
            self.to_host.append(str(function))
        if any(map(_is_on_device, made)) and any(tensor.dim() and not _is_on_device(tensor) for tensor in given):
            self.to_device.append(str(function))
        return found


def _tensors(values):
    """Return the tensors among the arguments or results of an operation."""
    if isinstance(values, torch.Tensor):
        return [values]
    return [tensor for value in values for tensor in _tensors(value)] if isinstance(values, (tuple, list)) else []


def _is_on_device(tensor):
    return tensor.device.type != "cpu"


def _depends_on_values(function, args):
    """Return whether a Python number, or a shape, is made of what a tensor holds."""
    if "index" in str(function):  # only where it is a mask
        return any(index.dtype in (torch.bool, torch.uint8) for index in _tensors(args[1]))
    return torch.Tag.data_dependent_output in function.tags or torch.Tag.dynamic_output_shape in function.tags
