"""What is timed beside which peer, and the targets: a row of the table each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from skxai.explainers import FasterScoreCAM, GradCAM, GradCAMPlusPlus, ScoreCAM, SmoothGrad, VanillaSaliency
from skxai.metrics import monotonicity_correlation

from . import peers


@dataclass(frozen=True)
class Row:
    """Some work on some network.

    Attributes
    ----------
    name : str
        What ``-k`` finds it by.
    work : str
        What the table calls it.
    network : str
        One of ``subjects.SHAPES``.
    clips : int
        How many clips are explained or measured in a call: a set of them, as users have, and few enough for several rounds.
    ours : callable
        ``ours(subject, X)`` → function without arguments.
    peers : dict from str to (callable, float)
        For each peer, how it does the work in a process of its own (see ``peers``), and how many times faster skxai shall be.
    wanted : float
        How many forwards it may cost at most, for a clip, or for a pass where there are ``passes``.
    passes : int or None
        Perturbed copies of a clip, where costs are told for one.
    """

    name: str
    work: str
    network: str
    clips: int
    ours: Callable
    peers: dict
    wanted: float
    passes: int | None = None


def _transform(explainer_class, **params):
    def prepare(subject, X):
        explainer = subject.fitted(explainer_class, **params)
        return lambda: explainer.transform(X)

    return prepare


def _deletion_and_insertion(subject, X):
    # Makes the Grad-CAM maps too, as torch-cam's metric does.
    explainer = subject.fitted(GradCAM)
    return lambda: explainer.score(X)


def _monotonicity(features_in_step):
    def ours(subject, X):
        explainer, maps = subject.fitted(VanillaSaliency), subject.gradients(X)
        return lambda: monotonicity_correlation(explainer, X, maps, features_in_step=features_in_step, n_draws=10)

    quantus = partial(peers.quantus_monotonicity_correlation, features_in_step=features_in_step)
    return {"ours": ours, "peers": {"Quantus": (quantus, 3.5)}}


ROWS = [
    Row(
        name="smooth_grad",
        work="SmoothGrad, 20 samples",
        network="acoumon",
        clips=64,
        ours=_transform(SmoothGrad, n_samples=20, random_state=0),
        peers={"captum": (peers.captum_smooth_grad, 1.5), "tf-keras-vis": (peers.tf_keras_vis_smooth_grad, 7)},
        wanted=32,
    ),
    Row(
        name="grad_cam",
        work="Grad-CAM",
        network="acoumon",
        clips=256,
        ours=_transform(GradCAM),
        peers={"pytorch-grad-cam": (peers.grad_cam, 3)},
        wanted=0.9,
    ),
    Row(
        name="grad_cam_plus_plus",
        work="Grad-CAM++",
        network="acoumon",
        clips=256,
        ours=_transform(GradCAMPlusPlus),
        peers={"pytorch-grad-cam": (peers.grad_cam_plus_plus, 3)},
        wanted=0.9,
    ),
    Row(
        name="grad_cam",
        work="Grad-CAM",
        network="resnet18",
        clips=64,
        ours=_transform(GradCAM),
        peers={"pytorch-grad-cam": (peers.grad_cam, 3)},
        wanted=0.9,
    ),
    Row(
        name="grad_cam_plus_plus",
        work="Grad-CAM++",
        network="resnet18",
        clips=64,
        ours=_transform(GradCAMPlusPlus),
        peers={"pytorch-grad-cam": (peers.grad_cam_plus_plus, 3)},
        wanted=0.9,
    ),
    Row(
        name="score_cam",
        work="Score-CAM, 128 channels",
        network="acoumon",
        clips=64,
        ours=_transform(ScoreCAM),
        peers={"pytorch-grad-cam": (peers.score_cam, 2.4)},
        wanted=60,
    ),
    Row(
        name="score_cam",
        work="Score-CAM, 512 channels",
        network="resnet18",
        clips=8,
        ours=_transform(ScoreCAM),
        peers={"pytorch-grad-cam": (peers.score_cam, 1.7)},
        wanted=300,
    ),
    Row(
        name="faster_score_cam",
        work="Faster Score-CAM, 10 channels",
        network="acoumon",
        clips=256,
        ours=_transform(FasterScoreCAM, n_channels=10),
        peers={"tf-keras-vis": (peers.tf_keras_vis_faster_score_cam, 10)},
        wanted=6,
    ),
    Row(
        name="monotonicity_correlation",
        work="monotonicity correlation, 64 groups × 10 draws",
        network="acoumon",
        clips=32,  # Quantus runs all clips of one draw at once; more gain it nothing
        **_monotonicity(16),
        wanted=0.5,
        passes=64 * 10,
    ),
    Row(
        name="monotonicity_correlation",
        work="monotonicity correlation, 65 groups × 10 draws",  # Quantus wants a divisor of the 5,200 pixels
        network="resnet18",
        clips=8,
        **_monotonicity(80),
        wanted=0.5,
        passes=65 * 10,
    ),
    Row(
        name="deletion_insertion",
        work="deletion + insertion, 100 steps each",
        network="acoumon",
        clips=64,
        ours=_deletion_and_insertion,
        peers={"torch-cam": (peers.torch_cam_deletion_insertion, 3)},
        wanted=90,
    ),
    Row(
        name="deletion_insertion",
        work="deletion + insertion, 100 steps each",
        network="resnet18",
        clips=16,
        ours=_deletion_and_insertion,
        peers={"torch-cam": (peers.torch_cam_deletion_insertion, 1.8)},
        wanted=90,
    ),
]
