"""How far the package is from an oracle on one subject: what tests hold to the tolerance, and mutations must exceed."""

import copy
import hashlib
import math

import numpy as np
import torch

from skxai import explainers as package_explainers
from skxai import metrics as package_metrics
from skxai.metrics import get_scorer
from skxai.metrics._other_module import seed_of

from . import explainers, metrics

TOLERANCE = 1e-4
SEED = 0  # of ties and draws
NOISE_LEVEL, N_SAMPLES = 0.2, 7  # more draws than one run of the package's sum
N_CHANNELS = 10
N_STEPS = 3  # each is one more chance that rounding decides, which leaves a clip without an answer
N_MASKS = 40

# The settings of each explainer, and its oracle as a function of the fitted explainer, the network, the clip and the class.
EXPLAINERS = {
    "VanillaSaliency": ({}, lambda fitted, *clip: explainers.vanilla_saliency(*clip)),
    "SmoothGrad": (
        {"noise_level": NOISE_LEVEL, "n_samples": N_SAMPLES, "random_state": SEED},
        lambda fitted, net, x, c: explainers.smooth_grad(
            net, x, c, noise_level=NOISE_LEVEL, noise=standard_normal(N_SAMPLES, x)
        ),
    ),
    "SmoothGradCV": (
        {
            "noise_levels": (0.05, 0.3),
            "n_samples": (2, 7),
            "random_state": SEED,
            "cv": 2,
            "scoring": get_scorer("neg_average_drop"),
        },
        lambda fitted, net, x, c: explainers.smooth_grad(
            net, x, c, noise_level=fitted.noise_level_, noise=standard_normal(fitted.n_samples_, x)
        ),
    ),
    "GradCAM": ({"layer": "relu"}, lambda fitted, *clip: explainers.grad_cam(*clip, layer_of(fitted))),
    # Where a feature map is negative, Σ A g may be near −2: there α has a pole, and float32 is far from float64. So it is
    # compared after a ReLU, where A ≥ 0 and the denominator at least 2 g².
    "GradCAMPlusPlus": ({"layer": "relu"}, lambda fitted, *clip: explainers.grad_cam_plus_plus(*clip, layer_of(fitted))),
    "LayerCAM": ({"layer": "relu"}, lambda fitted, *clip: explainers.layer_cam(*clip, layer_of(fitted))),
    "HiResCAM": ({"layer": "relu"}, lambda fitted, *clip: explainers.hires_cam(*clip, layer_of(fitted))),
    # Where a feature map is negative, Σ A may be near 0, a pole again.
    "XGradCAM": ({"layer": "relu"}, lambda fitted, *clip: explainers.xgrad_cam(*clip, layer_of(fitted))),
    "EigenCAM": ({"layer": "relu"}, lambda fitted, net, x, c: explainers.eigen_cam(net, x, layer_of(fitted))),
    "AblationCAM": ({"layer": "few channels"}, lambda fitted, *clip: explainers.ablation_cam(*clip, layer_of(fitted))),
    "ScoreCAM": (
        {"layer": "few channels", "random_state": SEED},
        lambda fitted, net, x, c: explainers.score_cam(net, x, c, layer_of(fitted), baseline=baseline_of(fitted, x)),
    ),
    "FasterScoreCAM": (
        {"layer": "relu", "n_channels": N_CHANNELS, "random_state": SEED},
        lambda fitted, net, x, c: explainers.score_cam(
            net, x, c, layer_of(fitted), baseline=baseline_of(fitted, x), n_channels=N_CHANNELS
        ),
    ),
    "IntegratedGradients": (
        {"n_steps": N_STEPS},
        lambda fitted, net, x, c: explainers.integrated_gradients(net, x, c, baseline=baseline_of(fitted, x), n_steps=N_STEPS),
    ),
    "CaptumExplainer": (
        {"method": "IntegratedGradients", "n_steps": N_STEPS},
        lambda fitted, *clip: explainers.integrated_gradients(*clip, baseline=fitted.feature_range_.silence, n_steps=N_STEPS),
    ),
    "Occlusion": (
        {"window": (9, 0.25), "stride": (5, 0.5)},  # the clips are 32 × 32: the last row of windows is cut off
        lambda fitted, net, x, c: explainers.occlusion(
            net, x, c, baseline=baseline_of(fitted, x), window=(9, 8), stride=(5, 4)
        ),
    ),
    "RISE": (
        {"n_masks": N_MASKS, "cell": (5, 0.25), "probability": 0.4, "random_state": SEED},
        lambda fitted, net, x, c: explainers.rise(
            net, x, c, baseline=baseline_of(fitted, x), masks=masks_of(x, (5, 8), 0.4), probability=0.4
        ),
    ),
    "RandomMap": ({"random_state": SEED}, lambda fitted, net, x, c: noise_of(x)),
    "EnergyMap": ({}, lambda fitted, net, x, c: explainers.energy_map(x)),
    "EdgeMap": ({}, lambda fitted, net, x, c: explainers.edge_map(x)),
}
CURVE = {"step": 0.1}  # the oracles run one clip at a time

# The settings of each metric, and its oracle as a function of a clip (``Clip``).
METRICS = {
    "average_drop": ({}, lambda it: metrics.average_drop(it.p, it.x, it.a, it.c, it.b, it.tie_order)),
    "average_increase": ({}, lambda it: metrics.average_increase(it.p, it.x, it.a, it.c, it.b, it.tie_order)),
    "prediction_change": ({}, lambda it: metrics.prediction_change(it.p, it.x, it.a, it.b, it.tie_order)),
    "mean_top_weights": ({}, lambda it: metrics.mean_top_weights(it.a)),
    "label_flip_rate": ({}, lambda it: metrics.label_flip_rate(it.p, it.x, it.a, it.b, it.tie_order)),
    "deletion_auc": (CURVE, lambda it: metrics.curve_auc(it.curve("deletion"), it.c, it.x.size)),
    "insertion_auc": (CURVE, lambda it: metrics.curve_auc(it.curve("insertion"), it.c, it.x.size)),
    "deletion_accuracy_auc": (CURVE, lambda it: metrics.curve_accuracy_auc(it.curve("deletion"), it.y, it.x.size)),
    "insertion_accuracy_auc": (CURVE, lambda it: metrics.curve_accuracy_auc(it.curve("insertion"), it.y, it.x.size)),
    "monotonicity_correlation": (
        {"features_in_step": 60, "n_draws": 3},
        lambda it: metrics.monotonicity_correlation(
            it.p, it.x, it.a, it.c, it.uniform(it.settings["n_draws"]), it.tie_order, it.settings["features_in_step"]
        ),
    ),
    "faithfulness_estimate": ({}, lambda it: metrics.faithfulness_estimate(it.p, it.x, it.a, it.c, it.b)),
    "relevance_mass_accuracy": ({}, lambda it: metrics.relevance_mass_accuracy(it.a, it.mask(it.c))),
    "relevance_rank_accuracy": ({}, lambda it: metrics.relevance_rank_accuracy(it.a, it.mask(it.c))),
    "pointing_game": ({}, lambda it: metrics.pointing_game(it.a, it.mask(it.c))),
    "max_iou": ({}, lambda it: metrics.max_iou(it.a, it.mask(it.c))),
    "visual_coherence": ({}, lambda it: metrics.visual_coherence(it.a, it.energy())),
    "class_discriminativity": ({}, lambda it: metrics.class_discriminativity(it.a, it.mask(it.c), it.others())),
    "silence_mass": ({}, lambda it: metrics.silence_mass(it.x, it.a)),
    "model_parameter_randomisation": (
        {"explainer": "VanillaSaliency", "n_stages": 4},  # of 7: every other one is measured, none is left out
        lambda it: metrics.model_parameter_randomisation(it.a, [it.explain(net, it.x, it.c) for net in it.with_new_weights()]),
    ),
    # Masks go to the lowest value of the features in ``fit``, which is another level to the shifted network.
    "input_invariance": (
        {"explainer": "FasterScoreCAM"},
        lambda it: metrics.input_invariance(it.a, it.explain(*it.shifted(), it.c)),
    ),
}


def fitted(name, subject, **settings):
    """Return an explainer of the subject's network with the settings of the table, but for those that are given."""
    settings = EXPLAINERS[name][0] | settings
    if "layer" in settings:
        settings["layer"] = subject.layers.get(settings["layer"], settings["layer"])
    return getattr(package_explainers, name)(subject.trained, **settings).fit(subject.X_train, subject.y_train)


def explainer_difference(name, subject, **settings):
    """Return the largest relative difference between the maps of an explainer and of its oracle."""
    explainer, oracle = fitted(name, subject, **settings), EXPLAINERS[name][1]

    def expected(net, clip):
        x = as_input(net, subject.X[clip])
        return oracle(explainer, net, x, int(np.argmax(explainers.probabilities(net, x)))).numpy()

    return difference(subject, (name, str(settings)), explainer.transform(subject.X), expected)


def metric_difference(name, subject, **settings):
    """Return the largest relative difference between the values of a metric and of its oracle.

    The maps are Grad-CAM's in eight steps, so that they have long ties, except where those are of no use.
    """
    defaults, oracle = METRICS[name]
    settings = defaults | settings
    metric, maker = getattr(package_metrics, name), settings.pop("explainer", "GradCAM")
    explainer = fitted(maker, subject)
    maps = remembered(subject, maker, lambda: explainer.transform(subject.X))
    if maker == "GradCAM":
        greatest = maps.max(axis=(1, 2, 3), keepdims=True)
        maps = np.ceil(8 * np.divide(maps, greatest, out=np.zeros_like(maps), where=greatest > 0))
    truth = {"truth": subject.truth} if metric.requires_truth else {}
    return difference(
        subject,
        (name, maker, str(settings)),
        metric(explainer, subject.X, maps, subject.y, **truth, **settings),
        lambda net, clip: oracle(Clip(subject, net, clip, maps[clip], settings, explainer, maker)),
    )


class Clip:
    """One clip with all that an oracle may ask for; the draws are those that the package's seeds give."""

    def __init__(self, subject, net, number, a, settings, explainer, maker):
        self.subject, self.net, self.number, self.settings = subject, net, number, settings
        self.x, self.a = subject.X[number].astype(np.float64), a.astype(np.float64)
        self.explain = lambda *clip: EXPLAINERS[maker][1](explainer, clip[0], as_input(*clip[:2]), clip[2]).numpy()
        self.labels = subject.trained.classes_.tolist()
        self.lowest, self.highest = float(subject.X_train.min()), float(subject.X_train.max())
        self.y = self.labels.index(subject.y[number])
        self.c = int(np.argmax(self.p(self.x)))
        self.tie_order = np.random.default_rng(SEED).permutation(self.x.size)
        self.b = metrics.baseline(settings.get("baseline", "floor"), self.x, lowest=self.lowest, draws=self.uniform(1)[0])

    def p(self, x):
        """Return the probabilities of all classes, looked up where an oracle asked for the same before."""
        return remembered(
            self.subject, (self.net, x.tobytes()), lambda: explainers.probabilities(self.net, as_input(self.net, x))
        )

    def uniform(self, n_draws):
        return uniform(self.lowest, self.highest, n_draws, self.x.shape)

    def curve(self, kind):
        return metrics.curve(kind, self.p, self.x, self.a, self.b, self.tie_order, self.settings["step"])

    def of_class(self, values, c):
        """Return what the truth holds of a class in this clip, all 0 where it does not sound."""
        return values[self.number, self.subject.truth.classes.tolist().index(self.labels[c])].astype(np.float64)

    def mask(self, c):
        """Return m."""
        return self.of_class(self.subject.truth.masks, c)

    def energy(self):
        """Return E of the explained class: as it is known, or else the part of x that is above its lowest value, by m."""
        known = self.subject.truth.energy
        return self.mask(self.c) * (self.x - self.x.min()) if known is None else self.of_class(known, self.c)

    def others(self):
        """Return the map and the mask of each other class that sounds."""
        sounding = [d for d in range(len(self.labels)) if d != self.c and self.mask(d).any()]
        return [(self.explain(self.net, self.x, d), self.mask(d)) for d in sounding]

    def with_new_weights(self):
        """Yield the network with new weights in every other stage, from the top down, each layer from a seed of its own."""
        net, fresh = copy.deepcopy(self.net), copy.deepcopy(self.subject.trained.estimator.module_)
        for stage, names in enumerate(self.subject.stages):
            for offset, name in enumerate(names):
                with torch.random.fork_rng():
                    torch.manual_seed(seed_of(SEED, stage, offset))
                    fresh.get_submodule(name).reset_parameters()
                net.get_submodule(name).load_state_dict(fresh.get_submodule(name).state_dict())
            if stage % 2 == 0:
                yield net

    def shifted(self):
        """Return the network that takes a shift away first, and the shifted clip."""
        net, s = copy.deepcopy(self.net), self.highest - self.lowest
        net.register_forward_pre_hook(lambda module, inputs: (inputs[0] - s,), prepend=True)
        return net, self.x + s


def difference(subject, key, found, expected):
    """Return the largest relative difference of ``found (n, ...)`` from ``expected(net, clip)``, an array or a number.

    Of those above the tolerance it is the first. Where rounding decides, whether a ReLU is on, which of two pixels is pooled
    or comes first, the definition itself gives no answer to 1e-4; in digital silence all pixels under a pooling window are
    equal, and any of them may get the gradient. A clip that differs is left out if the oracle's own answer is another for a
    network next to it. At least half must stay.
    """
    differences, defined = [], False
    for clip, value in enumerate(found):
        exact = remembered(subject, (key, clip), lambda clip=clip: expected(subject.network, clip))
        apart = relative(value, exact)
        if apart > TOLERANCE:
            others = remembered(
                subject, (key, clip, "nearby"), lambda clip=clip: [expected(net, clip) for net in subject.nearby]
            )
            if all(relative(other, exact) <= TOLERANCE / 2 for other in others):
                return apart
            continue
        differences.append(apart)
        defined |= not np.isnan(exact).any()
    assert len(differences) >= len(found) / 2, "the oracle's answers hang on rounding."
    assert defined, "the oracle has an answer for no clip."
    return max(differences)


def remembered(subject, key, find):
    """Return what an oracle found before, or else what it finds now."""
    if key not in subject.known:
        subject.known[key] = find()
    return subject.known[key]


def relative(found, expected):
    """Return max |found − expected| / max |expected|; what is not defined must be so in both."""
    found, expected = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    if np.isnan(found).any() or np.isnan(expected).any():
        return 0.0 if np.isnan(found).all() and np.isnan(expected).all() else math.inf
    apart, scale = np.abs(found - expected).max(), np.abs(expected).max()
    return 0.0 if apart == 0 else apart / scale if scale > 0 else math.inf


def as_input(net, x):
    return torch.tensor(x, dtype=next(net.parameters()).dtype)


def layer_of(fitted):
    """Return the name of the layer that a CAM looks at; None is the last convolution."""
    if fitted.layer is not None:
        return fitted.layer
    return [name for name, layer in fitted.estimator_.estimator.module_.named_modules() if type(layer) is torch.nn.Conv2d][-1]


def baseline_of(fitted, x):
    """Return b of an explainer that masks."""
    lowest, highest, _ = fitted.feature_range_
    b = metrics.baseline(fitted.baseline, x.double().numpy(), lowest=lowest, draws=uniform(lowest, highest, 1, x.shape)[0])
    return torch.as_tensor(b, dtype=x.dtype)


def uniform(lowest, highest, n_draws, shape):
    """Return the draws ``(n_draws, *shape)`` between the lowest and the highest feature."""
    draws = np.random.default_rng(SEED).uniform(lowest, highest, size=(n_draws, *shape))
    return draws.astype(np.float32).astype(np.float64)  # the network takes float32


def standard_normal(n_draws, x):
    """Return the noise ``(n_draws, *x.shape)`` that SmoothGrad draws from its seed."""
    return torch.from_numpy(np.random.default_rng(SEED).standard_normal((n_draws, *x.shape), dtype=np.float32)).to(x.dtype)


def masks_of(x, cell, probability):
    """Return the masks that RISE draws from its seed: cells, upsampled to a cell more than the clip has, and cut out."""
    generator, extents = np.random.default_rng(SEED), np.array(x.shape[-2:])
    n_cells = -(-extents // cell)
    cells = torch.from_numpy(generator.random((N_MASKS, *n_cells)) < probability)
    shifts = generator.integers(cell, size=(N_MASKS, 2))
    size = tuple(int(extent) for extent in (n_cells + 1) * cell)
    upsampled = torch.nn.functional.interpolate(cells[None].to(x.dtype), size=size, mode="bilinear")[0]
    return [mask[r : r + extents[0], c : c + extents[1]] for mask, (r, c) in zip(upsampled, shifts)]


def noise_of(x):
    """Return the noise that RandomMap draws from its seed and the content of the clip."""
    content = hashlib.blake2b(x.float().numpy().tobytes(), digest_size=16).digest()
    generator = np.random.default_rng([SEED, *np.frombuffer(content, dtype="<u4").tolist()])
    return torch.from_numpy(generator.random(x.shape, dtype=np.float32))
