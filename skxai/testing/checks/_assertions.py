"""What the contracts assert: equal maps, one clear error, and that the user's things stay as they were."""

import contextlib
import random

import joblib
import numpy as np
import sklearn
import torch

TOLERANCE = 1e-5  # relative to the greatest value: what the order of float32 sums may change


def assert_same(actual, expected, message, tolerance=TOLERANCE):
    scale = np.abs(expected).max() or 1.0
    difference = np.abs(np.asarray(actual, float) - expected).max() / scale
    assert difference <= tolerance, f"{message}: they differ by {difference:.2g} of the greatest value."


def assert_same_maps(explainer, actual, expected, message):
    """Assert that an explainer's maps are the same up to rounding."""
    # What one window changes is a hundredth of a probability, and that is rounded to seven digits.
    of_differences = explainer.explains_model and not explainer.requires_module
    assert_same(actual, expected, message, 10 * TOLERANCE if of_differences else TOLERANCE)


def margin_of(explainer):
    """Return how far off a method may be that sees no finer than a window or cell: an eighth of a clip of 24 values."""
    return 3 if {"window", "cell"} & set(explainer.get_params(deep=False)) else 0


@contextlib.contextmanager
def raises(kind, *words, because):
    """Expect an error whose message holds all of the words."""
    try:
        yield
    except kind as error:
        message = str(error)
    except Exception as error:  # of any other kind is what the check is about
        raise AssertionError(f"{because} must raise {kind.__name__}; got {type(error).__name__}: {error}") from error
    else:
        raise AssertionError(f"{because} must raise {kind.__name__}; it raised nothing.")
    missing = [word for word in words if word.lower() not in message.lower()]
    assert not missing, f"{because} must raise a message with {missing[0]!r}; got {message!r}"


@contextlib.contextmanager
def untouched(module=None, *arrays):
    """Assert that a block changes neither the module, nor the arrays, nor any global state, also when it raises."""
    before = _global_state(), _module_state(module), [joblib.hash(array) for array in arrays]
    try:
        yield
    finally:
        after = _global_state(), _module_state(module), [joblib.hash(array) for array in arrays]
    for old, new in zip(before[:2], after[:2]):
        changed = [name for name in old if old[name] != new.get(name)]
        assert not changed, f"changed: {', '.join(changed)}."
    assert before[2] == after[2], "changed: an array that was given as an argument."


def _global_state():
    return {
        "torch's random state": joblib.hash(torch.get_rng_state().numpy()),
        "NumPy's random state": joblib.hash(np.random.get_state()),  # noqa: NPY002
        "Python's random state": random.getstate(),
        "torch's number of threads": torch.get_num_threads(),
        "torch's gradient mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "torch's default dtype": torch.get_default_dtype(),
        "scikit-learn's configuration": sklearn.get_config(),
    }


def _module_state(module):
    if module is None:
        return {}
    named = dict(module.named_modules())
    parameters = dict(module.named_parameters())
    values = {name: value.cpu().numpy() for name, value in module.state_dict().items()}
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return {
        "the module's weights or buffers": joblib.hash(values),
        "the module's training mode": {name: layer.training for name, layer in named.items()},
        "the module's hooks": {name: [list(getattr(layer, hook)) for hook in hooks] for name, layer in named.items()},
        "the module's attributes": {name: sorted(vars(layer)) for name, layer in named.items()},
        "the module's in-place flags": {name: getattr(layer, "inplace", None) for name, layer in named.items()},
        "the module's parameter objects": {name: id(value) for name, value in parameters.items()},
        "the module's requires_grad": {name: value.requires_grad for name, value in parameters.items()},
        "the module's .grad": {
            name: None if value.grad is None else joblib.hash(value.grad.cpu().numpy()) for name, value in parameters.items()
        },
    }
