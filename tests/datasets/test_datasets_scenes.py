"""Scenes: what is said to sound is what sounds, when and at the frequencies that are said."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation
from scipy.signal import stft

from skxai.datasets import AudioEvent, event_masks, make_audio_events

CLASSES = ["alarm", "cough", "voice", "wheeze"]
SETTINGS = {
    "default": {},
    "lowest sample rate": {"sample_rate": 4000},
    "high sample rate": {"sample_rate": 44100, "duration": 0.5},
    "shortest clip": {"duration": 0.2},
    "long mixture in a large room": {"duration": 3.0, "n_events": 3, "reverberation": 1.0},
    "dry and faint": {"reverberation": 0, "snr_db": -10},
}


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS.keys())
def scenes(request):
    return make_audio_events(12, random_state=3, **request.param)


@pytest.fixture(scope="module")
def mixtures():
    return make_audio_events(24, n_events=2, random_state=1)


def share_in_band(event, sample_rate):
    power = np.abs(np.fft.rfft(event.waveform)) ** 2
    frequencies = np.fft.rfftfreq(event.waveform.size, 1 / sample_rate)
    return power[(frequencies >= event.low) & (frequencies <= event.high)].sum() / power.sum()


def test_components_sum_to_the_clip(scenes):
    total = scenes.background + [np.sum([event.waveform for event in clip], axis=0) for clip in scenes.events]
    np.testing.assert_allclose(scenes.data, total, atol=1e-6)
    assert scenes.data.dtype == scenes.background.dtype == np.float32


def test_nothing_clips_and_everything_is_finite(scenes):
    assert np.isfinite(scenes.data).all()
    assert np.abs(scenes.data).max() <= 1
    assert np.abs(scenes.data).max(axis=1).min() > 0.1


def test_energy_of_an_event_lies_in_its_band_and_time(scenes):
    for event in (event for clip in scenes.events for event in clip):
        energy = event.waveform.astype(float) ** 2
        start, stop = round(event.onset * scenes.sample_rate), round(event.offset * scenes.sample_rate)
        assert energy[start:stop].sum() >= 0.99 * energy.sum()
        assert share_in_band(event, scenes.sample_rate) >= 0.9, event
        assert 0 <= event.onset < event.offset <= scenes.data.shape[1] / scenes.sample_rate
        assert 0 < event.low < event.high <= scenes.sample_rate / 2


def test_mask_holds_the_energy_of_its_event(mixtures):
    for label in CLASSES:
        for clip in mixtures.events:
            for event in (event for event in clip if event.label == label):
                frequencies, times, spectrum = stft(event.waveform, mixtures.sample_rate, nperseg=512)
                power = np.abs(spectrum) ** 2
                mask = event_masks([clip], label, frequencies, times)[0]
                around = binary_dilation(mask, np.ones((3, 3)))  # a window spreads a line over the next cells
                assert power[around].sum() >= 0.9 * power.sum(), event
                assert mask.mean() < 0.6


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 12.0])
def test_snr_is_as_asked_while_the_event_sounds(snr_db):
    scenes = make_audio_events(12, snr_db=snr_db, n_events=2, random_state=0)
    for (main, side), background in zip(scenes.events, scenes.background):
        for event, expected in ((main, snr_db), (side, snr_db - 6)):
            during = slice(round(event.onset * 16000), round(event.offset * 16000))
            measured = 10 * np.log10(np.mean(event.waveform[during] ** 2) / np.mean(background[during] ** 2))
            assert measured == pytest.approx(expected, abs=0.5)


def test_wheeze_lies_between_100_and_1600_hertz():
    for clip in make_audio_events(10, classes=["wheeze"], random_state=0).events:
        assert 100 <= clip[0].low < clip[0].high <= 1600


def test_alarm_has_the_harmonics_of_its_standard():
    """IEC 60601-1-8: at least four harmonics between 300 and 4000 Hz."""
    for clip in make_audio_events(6, classes=["alarm"], reverberation=0, random_state=0).events:
        power = np.abs(np.fft.rfft(clip[0].waveform)) ** 2
        loud = np.flatnonzero(power > power.max() / 10**2) / (clip[0].waveform.size / 16000)
        assert np.sum(np.diff(loud[(loud >= 300) & (loud <= 4000)]) > 50) >= 3


def test_reverberation_lengthens_events():
    dry, wet = (make_audio_events(8, classes=["cough"], reverberation=rt60, random_state=0) for rt60 in (0, 0.8))
    length = [np.mean([clip[0].offset - clip[0].onset for clip in scenes.events]) for scenes in (dry, wet)]
    assert length[1] > 1.2 * length[0]
    assert [clip[0].onset for clip in dry.events] == pytest.approx([clip[0].onset for clip in wet.events], abs=0.02)


def test_labels_are_balanced_in_every_beginning_and_shuffled():
    target = make_audio_events(40, random_state=0, duration=0.2, sample_rate=4000).target
    for n in (4, 20, 40):
        assert np.unique(target[:n], return_counts=True)[1].tolist() == [n // 4] * 4
    assert len({tuple(block) for block in target.reshape(10, 4)}) > 1


def test_target_is_the_first_event_and_events_of_a_clip_differ(mixtures):
    assert mixtures.target.tolist() == [clip[0].label for clip in mixtures.events]
    assert mixtures.target_names == CLASSES
    assert all(clip[0].label != clip[1].label for clip in mixtures.events)


def test_clip_depends_only_on_seed_and_index():
    few, many = (make_audio_events(n, random_state=5) for n in (3, 7))
    np.testing.assert_array_equal(few.data, many.data[:3])
    assert not np.allclose(few.data, make_audio_events(3, random_state=6).data)


def test_randomness_is_our_own():
    instance = np.random.RandomState(0)
    states = np.random.get_state()[1].copy(), instance.get_state()[1].copy()  # noqa: NPY002
    first, second = make_audio_events(2, random_state=instance), make_audio_events(2, random_state=instance)
    np.testing.assert_array_equal(first.data, second.data)
    assert not np.allclose(make_audio_events(2).data, make_audio_events(2).data)
    np.testing.assert_array_equal(states[0], np.random.get_state()[1])  # noqa: NPY002
    np.testing.assert_array_equal(states[1], instance.get_state()[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_clips": 0}, "n_clips.*Got 0"),
        ({"sample_rate": 2000}, "sample_rate.*4000.*Got 2000"),
        ({"duration": 0.0}, "duration.*Got 0.0"),
        ({"classes": ["cough", "sneeze"]}, "classes.*'alarm'.*sneeze"),
        ({"classes": ["cough", "cough"]}, "classes.*different"),
        ({"classes": []}, "classes.*different"),
        ({"n_events": 5}, "n_events.*at most.*4.*got 5"),
        ({"snr_db": (10, 0)}, r"snr_db.*pair.*\(10, 0\)"),
        ({"snr_db": np.inf}, "snr_db.*finite.*inf"),
        ({"reverberation": -1}, "reverberation.*at least 0.*-1"),
        ({"random_state": "x"}, "random_state.*'x'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_audio_events(**arguments)


def tone(onset, offset, low, high, label="tone"):
    return AudioEvent(label, onset, offset, low, high, np.zeros(1))


AXES = {"frequencies": [0, 100, 200, 300], "times": [0.0, 0.1, 0.2]}


@pytest.mark.parametrize(
    ("event", "rows", "columns"),
    [
        (tone(0.05, 0.2, 100, 250), [1, 2], [1, 2]),  # centres inside, the ends included
        (tone(0.12, 0.13, 210, 220), [2], [1]),  # narrower than a cell: the nearest one
        (tone(0.0, 0.2, 330, 360), [3], [0, 1, 2]),  # beyond the last centre, in the last cell
        (tone(0.0, 0.2, 400, 600), [], []),  # beyond the axis
    ],
)
def test_mask_of_an_event(event, rows, columns):
    expected = np.zeros((4, 3), dtype=bool)
    expected[np.ix_(rows, columns)] = True
    np.testing.assert_array_equal(event_masks([[event]], "tone", **AXES)[0], expected)


def test_mask_is_the_union_of_the_events_of_the_class_alone():
    clip = [tone(0, 0, 0, 0), tone(0.2, 0.2, 300, 300), tone(0.1, 0.1, 100, 100, label="click")]
    assert np.argwhere(event_masks([clip], "tone", **AXES)[0]).tolist() == [[0, 0], [3, 2]]


def test_masks_of_each_clips_own_class():
    clips = [[tone(0, 0, 0, 0)], [tone(0, 0, 0, 0, label="click")], []]
    masks = event_masks(clips, ["tone", "click", "tone"], **AXES)
    assert masks.sum(axis=(1, 2)).tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"frequencies": None}, "frequencies.*hertz.*None.*Cepstra"),
        ({"times": [0.2, 0.1]}, "times.*increasing"),
        ({"times": [[0.1]]}, "times.*one-dimensional"),
        ({"label": "tune"}, r"label.*'tone'.*\['tune'\]"),
        ({"label": ["tone", "tone"]}, r"label.*one class per clip, 1.*\(2,\)"),
    ],
)
def test_bad_axes_and_labels_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        event_masks(**{"events": [[tone(0, 1, 0, 1)]], "label": "tone", **AXES, **arguments})
