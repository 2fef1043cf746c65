"""What `skxai compare` can run: its own study, and those of the two theses that it grew from."""

from collections.abc import Callable

from sklearn.pipeline import Pipeline, make_pipeline

from ..features import MFCC, AudioLoader, FeatureScaler, FixedFrames, MelSpectrogram, ResizeFeatures
from ..models import AcoumonClassifier, ResNetClassifier
from ..testing.discovery import all_explainers
from .clips import Clips
from .study import Study


def mel_32(clips: Clips) -> Pipeline:
    """32 × 32 mel spectrograms in [0, 1] (Wang 2022)."""
    loader = [] if clips.sample_rate is not None else [AudioLoader(22050, duration=clips.duration)]
    mel = MelSpectrogram(clips.sample_rate or 22050, n_mels=32)
    return make_pipeline(*loader, mel, ResizeFeatures((32, 32)), FeatureScaler("minmax"))


def mfcc_13x400(clips: Clips) -> Pipeline:
    """13 cepstra × 400 frames at 44.1 kHz, mono (Ansari 2024)."""
    hop = 512
    loader = AudioLoader(44100, duration=400 * hop / 44100)
    mfcc = MFCC(44100, n_mfcc=13, n_fft=2048, hop_length=hop)
    return make_pipeline(loader, mfcc, FixedFrames(400), FeatureScaler("standard"))


MAIN_FIGURES: tuple[str, ...] = ("loss", "confusion", "scores", "ranking", "curves", "curves_per_class")
MAIN_FIGURES += ("examples", "misclassified", "mixture")

# The four methods that Wang compared with the two that they grew from; others can be asked for by name.
METHODS = ("VanillaSaliency", "SmoothGrad", "GradCAM", "GradCAMPlusPlus", "ScoreCAM", "FasterScoreCAM")
_presets: list[Callable[[], Study]] = []


def preset(make: Callable[[], Study]) -> Callable[[], Study]:
    """Declare a function that returns a `Study` to be one that ``skxai compare --preset`` offers."""
    _presets.append(make)
    return make


def controls() -> tuple[str, ...]:
    """Return the names of the methods without a model, which others must beat to explain anything; they come last."""
    return tuple(name for name, make in all_explainers() if not getattr(make, "explains_model", True))


@preset
def default() -> Study:
    """Whole clips."""
    return Study(
        "default",
        "six methods, three controls and every metric on 32 × 32 mel spectrograms of whole clips with the small CNN",
        mel_32,
        {"": AcoumonClassifier(lr=3e-4, validation_fraction=0.1)},
        METHODS + controls(),
        n_test=40,
        figures=MAIN_FIGURES,
    )


@preset
def wang2022() -> Study:
    """Slices, as in Wang's thesis."""
    return Study(
        "wang2022",
        "1-s slices, 32 × 32 mel spectrograms, small CNN, six methods, three controls and every metric on 200 test clips",
        mel_32,
        {"": AcoumonClassifier(validation_fraction=0.1)},
        METHODS + controls(),
        slice_duration=1.0,
        n_test=200,
        figures=MAIN_FIGURES,
    )


@preset
def ansari2024() -> Study:
    """Two depths of a residual network, as in Ansari's thesis."""
    return Study(
        "ansari2024",
        "13 × 400 MFCCs at 44.1 kHz, ResNet-18 and ResNet-101, Grad-CAM on 50 test clips by monotonicity correlation",
        mfcc_13x400,
        {f"ResNet-{depth}": ResNetClassifier(depth, validation_fraction=0.1) for depth in (18, 101)},
        # No control beside it: its score alone takes as long as that of Grad-CAM, and none of its passes are shared.
        ("GradCAM",),
        scoring=("monotonicity_correlation",),
        metric_params={"baseline": "uniform", "n_draws": 10, "features_in_step": 13},
        scenes_sample_rate=44100,
        n_test=50,
        equal_parts=False,
        figures=("loss", "confusion", "density", "examples"),
    )


def all_studies() -> dict[str, Study]:
    """Return the studies by name, "default" first.

    Returns
    -------
    dict from str to Study
    """
    return {study.name: study for study in (make() for make in _presets)}


def get_study(name: str) -> Study:
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
