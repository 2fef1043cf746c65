"""An accelerator that is none: a device of torch whose tensors lie on the CPU, and which keeps a real one's rules.

Where no GPU is at hand, what runs on it still shows which tensors are made on the wrong device, and where the host waits for
the device. Its numbers are the CPU's, so that it says nothing of the kernels, the memory or the speed of a real one. As on CUDA

- an operation takes no tensor of the CPU beside the device's, but for one without dimensions, or an index;
- random numbers are the device's own: others than the CPU's under the same seed;
- oneDNN's layout and NumPy are the CPU's only.

``register`` makes ``torch.device("pretend")`` known to torch until the process ends, in the place that torch keeps for one
backend of others (PrivateUse1). That must be before the first gradient in the process, when torch counts the devices. From then
on it is what ``torch.accelerator`` and ``fork_rng`` go by, and torch computes no gradients in a forked process.
"""

import contextlib
import copy
import functools

import torch
from torch.utils import backend_registration

NAME = "pretend"
# Operations that bring a tensor from one device to another.
COPIES = {"aten::_to_copy", "aten::copy_"}
# Operations that take indices, their second argument, from the CPU, too.
INDEXING = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
# Operations that make a tensor of nothing, so that only their argument ``device`` leads here.
FACTORIES = [
    "empty.memory_format", "empty_strided", "arange", "arange.start", "arange.start_step", "eye", "eye.m", "full", "linspace",
    "ones", "rand", "randint", "randint.low", "randn", "randperm", "scalar_tensor", "zeros",
]  # fmt: skip


class PretendTensor(torch.Tensor):
    """A tensor of the pretend device, around the tensor of the CPU that holds its values."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held):
        with torch.inference_mode(held.is_inference()):  # inside the mode, a view of a tensor from outside is not of the mode
            tensor = torch.Tensor._make_wrapper_subclass(
                cls,
                held.shape,
                strides=held.stride(),
                storage_offset=held.storage_offset(),
                dtype=held.dtype,
                device=torch.device(NAME, 0),
            )
        tensor.held = held
        return tensor

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        # Inference mode leaves it to the device to take an operation apart.
        found = function.decompose(*args, **(kwargs or {}))
        return _run(function, args, kwargs or {}) if found is NotImplemented else found

    def __repr__(self):
        return f"PretendTensor({self.held})"

    # What torch would look for in the memory of a tensor, which a wrapper has not.

    def data_ptr(self):
        return self.held.data_ptr()

    def tolist(self):
        return self.cpu().tolist()

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            copied = PretendTensor(copy.deepcopy(self.held)).requires_grad_(self.requires_grad)
            vars(copied).update({name: value for name, value in vars(self).items() if name != "held"})
            memo[id(self)] = copied
        return memo[id(self)]

    @property
    def data(self):
        return self.detach()

    @data.setter
    def data(self, other):
        torch.Tensor.data.__set__(self, other)
        self.held = other.held


def is_pretend(value):
    return isinstance(value, PretendTensor)


def _run(function, args, kwargs):
    """Compute an operation on the tensors that are held."""
    name, device, given = function._schema.name, kwargs.get("device"), []

    def of_cpu(tensor):
        given.append(tensor)
        return tensor.held if is_pretend(tensor) else tensor

    on_cpu, options = mapped(of_cpu, args), {key: mapped(of_cpu, value) for key, value in kwargs.items()}
    _refuse(name, args, given)
    if device is not None and device.type == NAME:
        options["device"] = torch.device("cpu")
    with _Generator.of_device(function):
        found = function(*on_cpu, **options)
    if name == "aten::copy_":
        return args[0]
    if device is not None and device.type != NAME:
        return found
    if not function._schema.is_mutable:
        return mapped(PretendTensor, found)
    # What works in place gives back the very tensor that it was given.
    known = {id(tensor.held): tensor for tensor in given if is_pretend(tensor)}
    if any((tensor.shape, tensor.stride()) != (tensor.held.shape, tensor.held.stride()) for tensor in known.values()):
        raise NotImplementedError(f"{name} changes the shape of a tensor in place, which a wrapper on {NAME!r} cannot follow.")
    return mapped(lambda held: known[id(held)] if id(held) in known else PretendTensor(held), found)


def mapped(function, values):
    """Apply a function to the tensors among the arguments or results of an operation; torch's own pytree takes far longer."""
    if isinstance(values, torch.Tensor):
        return function(values)
    return type(values)(mapped(function, value) for value in values) if isinstance(values, (tuple, list)) else values


def _refuse(name, args, given):
    """Raise where a real accelerator would: for a layout or a tensor that is the CPU's."""
    if "mkldnn" in name:
        raise NotImplementedError(f"Could not run '{name}' with arguments from the '{NAME}' backend.")
    if name in COPIES:
        return
    if name in INDEXING and is_pretend(args[0]):
        given = [value for value in (args[0], *args[2:]) if isinstance(value, torch.Tensor)]
    strange = [tuple(tensor.shape) for tensor in given if not is_pretend(tensor) and tensor.dim() > 0]
    if strange:
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, {NAME}:0 and cpu! {name} got a "
            f"tensor of shape {strange[0]} on the CPU."
        )


class _Generator:
    """The device's random numbers."""

    state = torch.Generator().manual_seed(1).get_state()

    @classmethod
    def seed(cls, seed):
        cls.state = torch.Generator().manual_seed(seed ^ 0x5DEECE66D).get_state()

    @classmethod
    @contextlib.contextmanager
    def of_device(cls, function):
        """Let an operation that draws do so from the device's numbers."""
        if torch.Tag.nondeterministic_seeded not in function.tags:
            yield
            return
        of_cpu = torch.get_rng_state()
        torch.set_rng_state(cls.state)
        try:
            yield
        finally:
            cls.state = torch.get_rng_state()
            torch.set_rng_state(of_cpu)


class _Module:
    """What torch finds as ``torch.pretend``."""

    def is_available(self):
        return True

    def is_initialized(self):
        return True

    def device_count(self):
        return 1

    def current_device(self):
        return 0

    def _is_in_bad_fork(self):
        return False

    def manual_seed_all(self, seed):
        _Generator.seed(seed)

    def get_rng_state(self, device=NAME):
        return _Generator.state

    def set_rng_state(self, state, device=NAME):
        _Generator.state = state


def can_be_registered():
    """Return whether torch takes a backend that is written in Python, as from 2.9 on."""
    return hasattr(backend_registration, "_setup_privateuseone_for_python_backend")


@functools.cache
def register():
    """Make the device known to torch, once in a process."""
    backend_registration._setup_privateuseone_for_python_backend(NAME, _Module())
    library = torch.library.Library("aten", "IMPL")
    for name in FACTORIES:
        packet, _, overload = name.partition(".")
        function = getattr(getattr(torch.ops.aten, packet), overload or "default")
        library.impl(name, functools.partial(_made, function), "PrivateUse1")
    library.impl("_copy_from", _copied, "PrivateUse1")
    leaf = torch.ones(1, device=NAME, requires_grad=True)
    try:
        leaf.sum().backward()
    except RuntimeError as error:
        raise RuntimeError("The pretend accelerator must be registered before the first gradient in a process.") from error
    return library  # what it registers lives as long as it


def _made(function, *args, **kwargs):
    return _run(function, args, kwargs)


def _copied(source, target, non_blocking=False):
    """Copy a tensor of any device into one of this: ``torch.tensor`` asks for it where wrappers are not asked."""
    target.held.copy_(source.held if is_pretend(source) else source)
    return target
