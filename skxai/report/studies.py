"""What `skxai compare` can run: its own study, and those of the two theses that it grew from."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.pipeline import make_pipeline

from ..features import MFCC, AudioLoader, FeatureScaler, FixedFrames, MelSpectrogram, ResizeFeatures
from ..metrics import get_scorer
from ..models import AcoumonClassifier, ResNetClassifier
from ..utils.discovery import all_explainers


@dataclass(frozen=True)
class Study:
    """A study: which clips, features, classifiers, explainers and metrics.

    Attributes
    ----------
    name, summary : str
        What it is called, and what it does in a line.
    extraction : callable
        ``extraction(clips)`` → Pipeline from waveforms or paths to features.
    classifiers : dict from str to classifier
        By their name in the rows of the table; one classifier needs none.
    explainers : tuple of str
        Names of explainers.
    scoring : tuple of str or None
        Scorer names; None is all that can be computed.
    metric_params : dict
        Parameters for the metrics.
    slice_duration : float or None
        Seconds of the slices that recordings are cut into.
    scenes_sample_rate : int
        Of the scenes that stand in where there are no recordings, in hertz.
    n_test : int
        How many test clips are explained.
    equal_parts : bool
        Whether they are the same number of each class.
    figures : tuple of str
        Which figures are drawn.
    """

    name: str
    summary: str
    extraction: Callable
    classifiers: dict
    explainers: tuple
    scoring: tuple | None = None
    metric_params: dict = field(default_factory=dict)
    slice_duration: float | None = None
    scenes_sample_rate: int = 16000
    n_test: int = 200
    equal_parts: bool = True
    figures: tuple = ()

    def configured(self, *, explainers=None, scoring=None, epochs=None, n_test=None, seed=0, verbose=0):
        """Return the study with what the user turned up or down; None leaves a setting as it is."""
        changes = {"explainers": explainers, "scoring": scoring, "n_test": n_test}
        if scoring is not None:
            taken = {name for scorer in scoring for name in inspect.signature(get_scorer(scorer).metric).parameters}
            changes["metric_params"] = {name: value for name, value in self.metric_params.items() if name in taken}
        settings = {"max_epochs": epochs, "random_state": seed, "verbose": verbose}
        settings = {name: value for name, value in settings.items() if value is not None}
        classifiers = {name: classifier.set_params(**settings) for name, classifier in self.classifiers.items()}
        return replace(self, classifiers=classifiers, **{name: value for name, value in changes.items() if value is not None})


def _mel_32(clips):
    """32 × 32 mel spectrograms in [0, 1] (Wang 2022)."""
    loader = [] if clips.sample_rate is not None else [AudioLoader(22050, duration=clips.duration)]
    mel = MelSpectrogram(clips.sample_rate or 22050, n_mels=32)
    return make_pipeline(*loader, mel, ResizeFeatures((32, 32)), FeatureScaler("minmax"))


def _mfcc_13x400(clips):
    """13 cepstra × 400 frames at 44.1 kHz, mono (Ansari 2024)."""
    hop = 512
    loader = AudioLoader(44100, duration=400 * hop / 44100)
    return make_pipeline(
        loader, MFCC(44100, n_mfcc=13, n_fft=2048, hop_length=hop), FixedFrames(400), FeatureScaler("standard")
    )


MAIN_FIGURES = (
    "loss",
    "confusion",
    "scores",
    "ranking",
    "curves",
    "curves_per_class",
    "examples",
    "misclassified",
    "mixture",
)


def all_studies():
    """Return the studies by name, "default" first.

    Returns
    -------
    dict from str to Study
    """
    # The four methods that Wang compared with the two that they grew from; others can be asked for by name.
    methods = ("VanillaSaliency", "SmoothGrad", "GradCAM", "GradCAMPlusPlus", "ScoreCAM", "FasterScoreCAM")
    # What looks at no model comes last: the floors that a method must beat to explain anything.
    floors = tuple(name for name, make in all_explainers() if not make.explains_model)
    studies = (
        Study(
            "default",
            "six methods, three floors and every metric on 32 × 32 mel spectrograms of whole clips with the small CNN",
            _mel_32,
            {"": AcoumonClassifier(lr=3e-4, validation_fraction=0.1)},
            methods + floors,
            n_test=40,
            figures=MAIN_FIGURES,
        ),
        Study(
            "wang2022",
            "1-s slices, 32 × 32 mel spectrograms, the small CNN, six methods, three floors and every metric on 200 test clips",
            _mel_32,
            {"": AcoumonClassifier(validation_fraction=0.1)},
            methods + floors,
            slice_duration=1.0,
            n_test=200,
            figures=MAIN_FIGURES,
        ),
        Study(
            "ansari2024",
            "13 × 400 MFCCs at 44.1 kHz, ResNet-18 and ResNet-101, Grad-CAM on 50 test clips by monotonicity correlation",
            _mfcc_13x400,
            {f"ResNet-{depth}": ResNetClassifier(depth, validation_fraction=0.1) for depth in (18, 101)},
            # No floor beside it: its score alone takes as long as that of Grad-CAM, and none of its passes are shared.
            ("GradCAM",),
            scoring=("monotonicity_correlation",),
            metric_params={"baseline": "uniform", "n_draws": 10, "features_in_step": 13},
            scenes_sample_rate=44100,
            n_test=50,
            equal_parts=False,
            figures=("loss", "confusion", "density", "examples"),
        ),
    )
    return {study.name: study for study in studies}


def get_study(name):
    """Return a study by its name.

    Parameters
    ----------
    name : str

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        For an unknown name; it lists the known ones.
    """
    studies = all_studies()
    if name not in studies:
        raise ValueError(f"preset {name!r} is unknown; there are {', '.join(studies)}.")
    return studies[name]


def make_explainers(names, classifier, seed):
    """Return explainers over a fitted classifier, by name.

    Raises
    ------
    ValueError
        For an unknown name; it lists the known ones.
    """
    known = dict(all_explainers())
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"explainer {unknown[0]!r} is unknown; there are {', '.join(known)}.")
    explainers = {name: known[name](classifier) for name in names}
    for explainer in explainers.values():
        if "random_state" in explainer.get_params(deep=False):
            explainer.set_params(random_state=np.int64(seed).item())
    return explainers
