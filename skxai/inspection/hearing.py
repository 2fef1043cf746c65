"""Is what one hears faithful? The classifier listens to the resynthesised sounds."""

from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..engine import is_constant, mask, resolve_baseline
from ..features.short_time import SHORT_TIME
from ..metrics.perturbation import prepare_clips
from ..utils.validation import validate_params
from .sonify import MASK_CONSTRAINTS, check_clips, clip_masks, masked_sounds


@validate_params({"waveforms": ["array-like"], "maps": ["array-like"], **MASK_CONSTRAINTS}, prefer_skip_nested_validation=True)
def heard_probability(
    estimator: Any,
    waveforms: ArrayLike,
    maps: ArrayLike,
    features: Any,
    *,
    target: Any = None,
    baseline: str | float = "floor",
    scaling: str | None = "minmax",
    top: float | None = None,
    unheard: float = 0.0,
    smoothing: float = SHORT_TIME,
    batch_size: int | None = None,
) -> pd.DataFrame:
    r"""What the classifier makes of the sounds of `sonify`, beside what it makes of the masked features.

    Metrics mask features, :math:`b + m \odot (x - b)`, which may be the features of no sound at all. Here the kept and the
    removed sound go through the whole pipeline again, from the waveform to the class. A faithful map keeps the probability of
    its class in the kept sound, and takes it from the removed one.

    Parameters
    ----------
    estimator : classifier or explainer
        Fitted, with ``predict_proba`` of features.
    waveforms : array-like of shape (n, samples)
        The clips.
    maps : array-like of shape (n, 1, f, t), (n, f, t) or (n, samples)
        Relevance of their features, or masks of dtype bool; for `MFCC` of mel bands.
    features, scaling, top, unheard, smoothing
        As in `sonify`; the mask m that ``scaling`` and ``top`` make of a map is that of the features, too.
    target : label, array-like of shape (n,) or None, default=None
        The class c. None is the explainer's ``target``, or else the predicted class.
    baseline : {"floor", "mean", "blur", "uniform"} or float, default="floor"
        What stands where the features are masked; see ``skxai.engine.resolve_baseline``.
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.

    Returns
    -------
    DataFrame of n rows
        - target : the class c.
        - original, kept, removed : p_c of the features of the clip, of the kept sound and of the removed sound.
        - kept_masked, removed_masked : p_c of b + m ⊙ (x − b), and of the same with 1 − m.
        - predicted, predicted_kept, predicted_removed : the class predicted for the clip and for both sounds.

        NaN, and None for a class, where a map is constant and ``scaling`` is not None: it tells nothing apart. NaN for the
        masked features of `MFCC`, which are not defined.

    Raises
    ------
    ValueError, TypeError
        As `sonify`.

    References
    ----------
    .. [1] Parekh et al., "Listen to interpret: post-hoc interpretability for audio networks with NMF", NeurIPS 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skxai.datasets import make_audio_events
    >>> from skxai.features import MelSpectrogram, ResizeFeatures
    >>> from skxai.inspection import heard_probability
    >>> from skxai.models import AcoumonClassifier
    >>> scenes = make_audio_events(8, classes=["alarm", "cough"], sample_rate=8000, random_state=0)
    >>> extraction = make_pipeline(MelSpectrogram(8000, n_fft=512, n_mels=32), ResizeFeatures((16, 16)))
    >>> X = extraction.fit_transform(scenes.data)
    >>> model = AcoumonClassifier(max_epochs=1, random_state=0).fit(X, scenes.target)
    >>> heard_probability(model, scenes.data, X, extraction, top=0.25).shape
    (8, 9)
    """
    clips, maps, steps, single = check_clips(waveforms, maps, features)
    if single:
        raise ValueError(f"waveforms of heard_probability must have the shape (n, samples); got {np.shape(waveforms)}.")
    masks = clip_masks(maps, steps, scaling, top, smoothing)

    def features_of(sounds):
        return reduce(lambda X, step: step.transform(X), steps.steps, sounds)

    X = features_of(clips)
    original = prepare_clips(estimator, X, masks, target, batch_size)
    kept = masked_sounds(clips, masks, steps, unheard)
    inputs = {"kept": features_of(kept), "removed": features_of(clips - kept), "kept_masked": None, "removed_masked": None}
    if masks.shape == X.shape:  # else they are over mel bands, and the features cepstra
        x, m = original.predictor.tensor(X), original.predictor.tensor(masks)
        b = resolve_baseline(baseline, x, original.feature_range)
        inputs |= {"kept_masked": mask(x, m, b).cpu().numpy(), "removed_masked": mask(x, 1 - m, b).cpu().numpy()}
    classes = np.asarray(original.predictor.classes_)
    table = pd.DataFrame({"target": classes[original.target], "original": original.before})
    labels = {"predicted": classes[original.predicted]}
    undefined = np.zeros(len(X), dtype=bool)
    if scaling is not None and np.asarray(maps).dtype != bool:
        undefined = np.asarray(is_constant(np.abs(maps, dtype=np.float32)))
    for name, variant in inputs.items():
        if variant is None:
            table[name] = np.nan
            continue
        probabilities = original.predictor.predict_proba(variant)
        p = probabilities[np.arange(len(X)), original.target].astype(np.float64)
        table[name] = np.where(undefined, np.nan, p)
        if not name.endswith("_masked"):
            of_variant = classes[probabilities.argmax(axis=1)].astype(object)
            of_variant[undefined] = None
            labels[f"predicted_{name}"] = of_variant
    return table.assign(**labels)
