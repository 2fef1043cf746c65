"""The part of a network above a layer makes of other feature maps what the whole network would make of them there."""

import copy

import numpy as np
import pytest
import sklearn
import torch
from test_engine import (
    SHAPE,
    Branches,
    InPlace,
    Passing,
    Recurrent,
    Shared,
    Tuple,
    View,
    conv_norm_relu,
    head,
    hooked,
    seeded,
)
from torch import nn

from skxai.engine import freeze
from skxai.models import PretrainedClassifier
from skxai.models.base import torch_threads


class Residual(nn.Module):
    """Needs more above its layer than that layer's output, and works in place on it."""

    def __init__(self):
        super().__init__()
        self.stem, self.conv, self.head = nn.Conv2d(1, 4, 1), nn.Conv2d(4, 4, 3, padding=1), nn.Linear(320, 3)

    def forward(self, x):
        x = self.stem(x)
        x += self.conv(x).relu()
        return self.head(x.flatten(1))


class Deciding(nn.Module):
    """Decides by the data of each clip, which fx can't follow."""

    def __init__(self):
        super().__init__()
        self.features, self.head = conv_norm_relu(), head()

    def forward(self, x):
        x = self.features(x)
        return self.head(torch.stack([clip if clip.sum() > 200 else -clip for clip in x]))


# Where fx cannot trace, or where the layer returns a tuple, the whole network runs, with others in the layer's place.
CUT = [(View, "features.0"), (View, "features.2"), (InPlace, "conv"), (Shared, "conv"), (Branches, "conv"),
       (Residual, "conv"), (Residual, "stem"), (Tuple, "features"), (Passing, "same")]  # fmt: skip
WHOLE = [(Deciding, "features.0"), (hooked, "0"), (hooked, "2"), (Recurrent, "rows")]


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((5, *SHAPE)).astype(np.float32)


def named(value):
    return value if isinstance(value, str) else value.__name__


def frozen(make, layer, X):
    module = seeded(make())
    return module, freeze(PretrainedClassifier(module, [0, 1, 2]), X, layer=layer)


def run(module, layer, x, others=None):
    """Return the layer's last output, and the scores, from the module itself; with others in the place of that output."""
    module, outputs, last = copy.deepcopy(module), [], 2 if isinstance(module, Shared) else 1

    def exchange(layer, inputs, output):
        tensor, *rest = output if isinstance(output, tuple) else (output,)
        outputs.append(tensor.clone())
        if others is not None and len(outputs) == last:
            return (others.clone(), *rest) if isinstance(output, tuple) else others.clone()
        return None

    module.get_submodule(layer).register_forward_hook(exchange)
    with torch.no_grad():
        scores = module(x.clone())
    return outputs[-1], scores[0] if isinstance(scores, tuple) else scores


@pytest.mark.parametrize(("make", "layer"), CUT + WHOLE, ids=named)
def test_scores_are_the_modules_own(make, layer, X):
    module, network = frozen(make, layer, X)
    assert (network._recorded.module is None) == ((make, layer) in CUT)
    x, before = torch.from_numpy(X.copy()), copy.deepcopy(module.state_dict())
    above, (activations, scores) = network.upper_part(network.tensor(X)), run(module, layer, x)
    torch.testing.assert_close(above.activations, activations, rtol=1e-4, atol=1e-5)
    others = torch.stack([activations, activations + 1, activations.flip(0)], dim=1)
    for clips in (slice(0, 5), slice(2, 4)):
        found = above.logits(others[clips], clips)
        torch.testing.assert_close(found[:, 0], scores[clips], rtol=1e-4, atol=1e-4)
        for variant in range(3):
            _, expected = run(module, layer, x[clips], others[clips, variant])
            torch.testing.assert_close(found[:, variant], expected, rtol=1e-4, atol=1e-4)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize(("make", "layer"), [CUT[0], CUT[5], WHOLE[0]], ids=named)
def test_sweep_does_not_depend_on_memory_or_threads(make, layer, X):
    target, sizes = torch.tensor([0, 1, 2, 1, 0]), []

    def swept():
        _, network = frozen(make, layer, X)
        above = network.upper_part(network.tensor(X))
        n_channels = above.activations.shape[1]

        def without(clips, channels):
            kept = 1 - torch.eye(n_channels)[channels]
            sizes.append(len(above.activations[clips]) * len(kept))
            return above.activations[clips, None] * kept[:, :, None, None]

        return network.sweep_upper_part(above, n_channels, without, target)

    with torch_threads(1):
        at_once = swept()
    assert sizes == [20]
    with torch_threads(2), sklearn.config_context(working_memory=0.05):
        torch.testing.assert_close(swept(), at_once, rtol=1e-5, atol=1e-5)
    assert max(sizes[1:]) <= 3


def test_part_below_runs_once(X):
    _, network = frozen(View, "features.0", X)
    below, above, place = network._recorded._parts
    calls = []
    network._recorded._parts = (lambda inputs: calls.append(len(inputs)) or below(inputs), above, place)
    try:
        found = network.upper_part(network.tensor(X))
        for _ in range(3):
            found.logits(found.activations[:, None], slice(0, 5))
    finally:
        network._recorded._parts = (below, above, place)
    assert calls == [5]


def test_layer_that_gives_no_feature_maps_is_refused(X):
    for make, layer in ((View, "dense"), (Deciding, "head.2")):
        _, network = frozen(make, layer, X)
        with pytest.raises(ValueError, match=rf"layer='{layer}' of {make.__name__} must return a tensor"):
            network.upper_part(network.tensor(X))
