"""On mixtures of two events in different bands, the regions of a network's maps name band and time of the one explained."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxai.datasets import AudioEvent
from skxai.explainers import RandomMap, ScoreCAM
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.inspection import relevance_regions, summarise_relevance
from skxai.models import AcoumonClassifier

RATE = 8000
BANDS = {"low": (200.0, 500.0), "middle": (900.0, 1500.0), "high": (2200.0, 3400.0)}


def bursts(n_clips, n_events, seed):
    """Bursts of noise, each of another class and so in another band, at any time of a clip of 1 s."""
    rng = np.random.default_rng(seed)
    clips, events = 0.03 * rng.standard_normal((n_clips, RATE)), []
    for index, clip in enumerate(clips):
        labels = np.roll(list(BANDS), index % 3)[:n_events]
        events.append([_burst(rng, str(label)) for label in labels])
        clip += np.sum([event.waveform for event in events[-1]], axis=0)
    return clips, events


def _burst(rng, label):
    duration = rng.uniform(0.15, 0.35)
    onset = rng.uniform(0, 1 - duration)
    sound = sosfilt(butter(4, BANDS[label], "bandpass", fs=RATE, output="sos"), rng.standard_normal(int(duration * RATE)))
    waveform = np.zeros(RATE)
    first = int(onset * RATE)
    waveform[first : first + sound.size] = rng.uniform(0.5, 1) * sound / sound.std()
    return AudioEvent(label, onset, onset + duration, *BANDS[label], waveform)


@pytest.fixture(scope="module")
def trained():
    """A classifier of single bursts, which is right; its features; clips with two bursts."""
    clips, events = bursts(120, 1, seed=0)
    labels = np.array([clip[0].label for clip in events])
    extraction = make_pipeline(MelSpectrogram(RATE, n_fft=512, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"))
    X = extraction.fit_transform(clips)
    classifier = AcoumonClassifier(lr=1e-3, max_epochs=6, random_state=0).fit(X, labels)
    assert classifier.score(X, labels) > 0.95
    return FrozenEstimator(classifier), X, extraction, bursts(42, 2, seed=1)


def overlap(region, event):
    """Whether a region shares frequencies with an event, and for how many seconds it sounds meanwhile."""
    in_band = min(region["high"], event.high) > max(region["low"], event.low)
    return in_band, max(0.0, min(region["stop"], event.offset) - max(region["start"], event.onset))


@pytest.mark.parametrize("which", [0, 1], ids=["first event", "second event"])
def test_largest_region_names_band_and_time_of_the_explained_event(which, trained):
    classifier, X, extraction, (clips, events) = trained
    labels = np.array([clip[which].label for clip in events])
    maps = ScoreCAM(classifier).fit(X[:5]).explain(extraction.transform(clips), labels)
    largest = relevance_regions(maps, extraction).groupby("clip").first()
    assert len(largest) == len(clips)
    right, wrong, gains = [], [], []
    for clip, region in largest.iterrows():
        in_band, seconds = overlap(region, events[clip][which])
        right.append(in_band)
        wrong.append(overlap(region, events[clip][1 - which])[0])
        same = [overlap(region, others[which])[1] for others in events if others[which].label == labels[clip]]
        gains.append(seconds - np.mean(same))  # over the events of this class in all clips
    assert np.mean(right) > 0.9
    assert np.mean(wrong) < 0.1
    assert np.mean(gains) > 3 * np.std(gains, ddof=1) / np.sqrt(len(gains))

    band_of_class = summarise_relevance(maps, extraction, labels)
    for label, (low, high) in BANDS.items():
        row = band_of_class.loc[label]
        assert min(row["high"], high) > max(row["low"], low), row["sentence"]


def test_maps_of_noise_have_hardly_a_region(trained):
    classifier, X, extraction, (clips, _) = trained
    maps = RandomMap(classifier, random_state=0).fit(X[:5]).transform(extraction.transform(clips))
    assert relevance_regions(maps, extraction)["clip"].nunique() < len(clips) / 5
