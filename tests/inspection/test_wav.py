"""Sounds in files: at one level, never clipped, nothing replaced unasked."""

import numpy as np
import pytest
import soundfile

from skxai.inspection import common_gain, save_sounds

RATE = 8000
TIME = np.arange(RATE) / RATE
LOW, HIGH = (np.sin(2 * np.pi * frequency * TIME).astype(np.float32) for frequency in (500, 2500))


@pytest.mark.parametrize(("subtype", "tolerance"), [("PCM_16", 2**-15), ("PCM_24", 2**-23), ("FLOAT", 1e-7)])
def test_sounds_come_back(subtype, tolerance, tmp_path):
    sounds = {"clip": 0.9 * LOW, "kept": 0.1 * HIGH}
    assert save_sounds(sounds, tmp_path / "new", 11025, subtype=subtype) == 1.0
    for name, sound in sounds.items():
        samples, rate = soundfile.read(tmp_path / "new" / f"{name}.wav", dtype="float32")
        assert rate == 11025
        np.testing.assert_allclose(samples, sound, atol=tolerance)


def test_one_gain_keeps_all_below_full_scale(tmp_path):
    loud, soft = 1.6 * LOW, 0.4 * HIGH
    gain = save_sounds({"loud": loud, "soft": soft}, tmp_path, RATE)
    assert gain == common_gain(loud, soft) == pytest.approx(1 / 1.6, rel=1e-3)
    for name, sound in (("loud", loud), ("soft", soft)):
        np.testing.assert_allclose(soundfile.read(tmp_path / f"{name}.wav")[0], gain * sound, atol=2**-15)


def test_gain_is_set_by_the_largest_magnitude_of_either_sign_and_never_negative():
    assert common_gain([0.5, -2.0], [1.5]) == common_gain([2.0]) == (1 - 2**-15) / 2
    assert common_gain([-0.5, -0.25]) == 1


def test_files_are_not_replaced_unasked(tmp_path):
    save_sounds({"clip": LOW}, tmp_path, RATE)
    with pytest.raises(FileExistsError, match=r"clip\.wav: the file exists"):
        save_sounds({"new": HIGH, "clip": HIGH}, tmp_path, RATE)
    assert not (tmp_path / "new.wav").exists()
    np.testing.assert_allclose(soundfile.read(tmp_path / "clip.wav")[0], common_gain(LOW) * LOW, atol=2**-15)
    save_sounds({"clip": HIGH}, tmp_path, RATE, overwrite=True)
    np.testing.assert_allclose(soundfile.read(tmp_path / "clip.wav")[0], common_gain(HIGH) * HIGH, atol=2**-15)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sounds": {}}, "got none"),
        ({"sounds": {"a": LOW, "../b": LOW}}, r"names of files, without a folder; got '\.\./b'"),
        ({"sounds": {"a": LOW, "b": [0.0, np.nan]}}, r"sounds\['b'\] contains NaN"),
        ({"sounds": {"a": LOW, "b": LOW[None]}}, r"sounds\['b'\].*\(1, 8000\)"),
        ({"sample_rate": 0.5}, "whole number of hertz, at least 1; got 0.5"),
        ({"subtype": "MP3"}, "one of PCM_16, PCM_24, FLOAT; got 'MP3'"),
    ],
)
def test_error_writes_nothing(change, message, tmp_path):
    arguments = {"sounds": {"a": LOW}, "folder": tmp_path, "sample_rate": RATE} | change
    with pytest.raises(ValueError, match=message):
        save_sounds(**arguments)
    assert not list(tmp_path.iterdir())
