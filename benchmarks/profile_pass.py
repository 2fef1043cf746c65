"""Where the time of a pass goes, and how far its convolutions are from what a core can do.

``python -m benchmarks.profile_pass`` prints a table, measured on one thread, so that nothing waits for anything: the share of
the layers in a pass of the engine's copy, the rate of its convolutions, and beside it that of a large matrix product.
Multiplications that meet the padding are not counted. Floating-point operations are two a multiplication.
"""

import statistics
import time

import torch
from torch import nn

from skxai.engine import freeze

from .subjects import TITLES, subject

BATCHES = {"acoumon": 128, "resnet18": 28}  # what the engine takes at a time
ROUNDS = 15
SIDE = 1024


def main():
    torch.set_num_threads(1)
    print("| network | ms a pass | convolutions | pooling | all else | convolutions, GFLOP/s | matrix product, GFLOP/s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, batch in BATCHES.items():
        network, clips = subject(name), subject(name).clips(batch)
        fast = freeze(network.classifier.fit(clips), clips)._forward.module.module  # its layers, in oneDNN's layout
        inputs = torch.from_numpy(clips).to_mkldnn()
        whole, of_layers = _seconds(fast, inputs)
        convolutions = sum(of_layers[layer] for layer in of_layers if "Convolution" in layer) / whole
        pooling = sum(of_layers[layer] for layer in of_layers if "Pool" in layer) / whole
        rate = 2 * _multiplications(network.module, clips[:1]) * batch / (convolutions * whole) / 1e9
        shares = [f"{share:.0%}" for share in (convolutions, pooling, 1 - convolutions - pooling)]
        cells = [TITLES[name], f"{whole / batch * 1e3:.3f}", *shares, f"{rate:.0f}", f"{_matrix_product():.0f}"]
        print(f"| {' | '.join(cells)} |")


@torch.inference_mode()
def _seconds(module, inputs):
    """Return the median seconds of a pass, and of its layers by their type."""
    layers = [layer for layer in module.modules() if not any(True for _ in layer.children())]
    started, spent = {}, []
    for layer in layers:
        layer.register_forward_pre_hook(lambda layer, _: started.__setitem__(layer, time.perf_counter()))
        layer.register_forward_hook(lambda layer, *_: _add(spent[-1], layer, time.perf_counter() - started[layer]))
    passes = []
    for _ in range(ROUNDS):
        spent.append({})
        start = time.perf_counter()
        module(inputs)
        passes.append(time.perf_counter() - start)
    kinds = {kind for of_pass in spent for kind in of_pass}
    return statistics.median(passes), {kind: statistics.median(of_pass[kind] for of_pass in spent) for kind in kinds}


def _add(spent, layer, seconds):
    kind = type(layer).__name__
    spent[kind] = spent.get(kind, 0) + seconds


@torch.inference_mode()
def _multiplications(module, clip):
    """Return how many multiplications the convolutions make for a clip, without those that meet the padding."""
    counts = []

    def count(layer, inputs, output):
        settings = (layer.stride, layer.padding, layer.dilation)
        taps = nn.functional.conv2d(
            torch.ones(1, 1, *inputs[0].shape[2:]), torch.ones(1, 1, *layer.kernel_size), None, *settings
        )
        counts.append(float(taps.sum()) * layer.in_channels * layer.out_channels / layer.groups)

    handles = [layer.register_forward_hook(count) for layer in module.modules() if isinstance(layer, nn.Conv2d)]
    module(torch.from_numpy(clip))
    for handle in handles:
        handle.remove()
    return sum(counts)


@torch.inference_mode()
def _matrix_product():
    """Return the rate of a large matrix product in GFLOP/s, the best of several."""
    left, right = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - start)
    return 2 * SIDE**3 / min(times) / 1e9


if __name__ == "__main__":
    main()
