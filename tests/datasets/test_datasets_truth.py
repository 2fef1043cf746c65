"""What sounds where, by class; and mixtures of clips, whose parts are known."""

import numpy as np
import pytest
from sklearn.utils import _safe_indexing

from skxai.datasets import AudioEvent, EventTruth, event_masks, make_audio_events, mix_clips


@pytest.fixture
def truth():
    masks = np.random.default_rng(0).random((5, 2, 3, 4))
    masks[1, 0] = 0
    return EventTruth(["cough", "wheeze"], masks, 10 * masks)


class TestEventTruth:
    def test_masks_and_energy_of_each_clips_label(self, truth):
        labels = ["wheeze", "cough", "cough", "alarm", "wheeze"]
        expected = np.stack([truth.masks[0, 1], truth.masks[1, 0], truth.masks[2, 0], np.zeros((3, 4)), truth.masks[4, 1]])
        np.testing.assert_array_equal(truth.of(labels), expected)
        np.testing.assert_allclose(truth.energy_of(labels), 10 * expected, rtol=1e-6)
        assert truth.sounding.tolist() == [[True, True], [False, True], *[[True, True]] * 3]

    @pytest.mark.parametrize("clips", [[3, 0], np.array([3, 0]), slice(1, 4), np.arange(5) > 2])
    def test_clips_are_taken_as_from_an_array(self, truth, clips):
        taken = truth[clips]
        np.testing.assert_array_equal(taken.masks, truth.masks[clips])
        np.testing.assert_array_equal(taken.energy, truth.energy[clips])
        np.testing.assert_array_equal(_safe_indexing(truth, clips).masks, taken.masks)
        assert taken.classes.tolist() == truth.classes.tolist()

    def test_boxes_are_those_of_event_masks(self):
        scenes = make_audio_events(3, n_events=2, random_state=0)
        frequencies, times = np.linspace(0, 8000, 20), np.linspace(0, 1, 10)
        truth = EventTruth.from_boxes(scenes.events, frequencies, times)
        assert truth.classes.tolist() == sorted({event.label for clip in scenes.events for event in clip})
        expected = event_masks(scenes.events, scenes.target, frequencies, times)
        np.testing.assert_array_equal(truth.of(scenes.target)[:, 0], expected)
        assert truth.energy is truth.energy_of(scenes.target) is None

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"classes": ["a", "a"]}, r"classes.*different.*\['a', 'a'\]"),
            ({"classes": ["a"]}, r"masks.*1 classes.*\(5, 2, 3, 4\)"),
            ({"masks": np.full((5, 2, 3), 1.5)}, r"masks.*\[0, 1\].*1.5"),
            ({"masks": np.full((5, 2, 3), np.nan)}, r"masks.*\[0, 1\].*nan"),
            ({"energy": np.zeros((5, 2))}, r"energy.*\(5, 2, 3, 4\).*\(5, 2\)"),
        ],
    )
    def test_bad_arguments_are_named(self, truth, arguments, message):
        with pytest.raises(ValueError, match=message):
            EventTruth(**{"classes": ["a", "b"], "masks": truth.masks, **arguments})

    def test_labels_are_one_for_each_clip(self, truth):
        with pytest.raises(ValueError, match=r"labels.*5 clips.*\(2,\)"):
            truth.of(["cough", "wheeze"])


class TestMixtures:
    LABELS = np.array(["cough", "alarm", "cough", "voice"])

    @pytest.fixture
    def waveforms(self):
        waveforms = np.random.default_rng(0).standard_normal((4, 800)) * np.array([[1], [0.01], [3], [0.1]])
        waveforms[0, 400:] = 0
        return waveforms

    @pytest.mark.parametrize("snr_db", [0.0, -10.0, (3.0, 6.0)])
    def test_is_the_sum_of_two_clips_at_the_level_that_is_asked_for(self, waveforms, snr_db):
        mixtures = mix_clips(waveforms, self.LABELS, sample_rate=800, n_mixtures=10, snr_db=snr_db, random_state=0)
        assert mixtures.data.dtype == np.float32
        assert mixtures.target.tolist() == [self.LABELS[index % 4] for index in range(10)]
        for mixture, (first, second), pair in zip(mixtures.data, mixtures.events, mixtures.pairs):
            np.testing.assert_allclose(mixture, first.waveform + second.waveform, atol=1e-6)
            assert max(np.abs(wave).max() for wave in (mixture, first.waveform, second.waveform)) == pytest.approx(1, abs=1e-6)
            assert [first.label, second.label] == self.LABELS[pair].tolist()
            assert first.label != second.label
            for part, index in zip((first, second), pair):  # the same clip at another level
                assert np.corrcoef(part.waveform, waveforms[index])[0, 1] == pytest.approx(1)
            power = [np.mean(part.waveform[part.waveform != 0] ** 2) for part in (first, second)]
            low, high = np.broadcast_to(snr_db, 2)
            assert low - 1e-3 <= 10 * np.log10(power[0] / power[1]) <= high + 1e-3

    def test_event_lasts_from_the_first_sample_to_the_last(self, waveforms):
        waveforms[0, :80] = 0
        first, second = mix_clips(waveforms, self.LABELS, sample_rate=800, random_state=0).events[0]
        assert isinstance(first, AudioEvent)
        assert (first.onset, first.offset, first.low, first.high) == (0.1, 0.5, 0, 400)
        assert (second.onset, second.offset) == (0, 1)

    def test_mixture_depends_on_seed_and_index_alone(self, waveforms):
        few, many = (mix_clips(waveforms, self.LABELS, sample_rate=800, n_mixtures=n, random_state=3) for n in (2, 6))
        np.testing.assert_array_equal(few.data, many.data[:2])
        partners = [mix_clips(waveforms, self.LABELS, sample_rate=800, random_state=seed).pairs[:, 1] for seed in range(8)]
        assert len({tuple(drawn) for drawn in partners}) > 1

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"labels": ["a"] * 4}, r"labels.*two classes.*\['a'\]"),
            ({"labels": ["a", "b"]}, r"waveforms.*\(4, 800\).*\(2,\)"),
            ({"waveforms": np.zeros((4, 800))}, "clip 0 is all 0"),
            ({"snr_db": (6, 3)}, r"snr_db of mix_clips.*\(6, 3\)"),
            ({"n_mixtures": 0}, "n_mixtures.*Got 0"),
        ],
    )
    def test_bad_arguments_are_named(self, waveforms, change, message):
        with pytest.raises(ValueError, match=message):
            mix_clips(**{"waveforms": waveforms, "labels": self.LABELS, "sample_rate": 800, **change})
