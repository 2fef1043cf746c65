"""From files to waveforms: AudioLoader, FixedLength, BandpassFilter."""

import numpy as np
import pytest
import soundfile

from skxai.features import AudioLoader, BandpassFilter, FixedLength


def tone(frequency, rate, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


@pytest.fixture
def write(tmp_path):
    def write(name, samples, rate=16000, **keywords):
        soundfile.write(tmp_path / name, samples, rate, **keywords)
        return tmp_path / name

    return write


class TestAudioLoader:
    def test_real_audio_at_its_own_rate_is_soundfiles(self, esc10):
        paths = sorted((esc10 / "audio").glob("*.flac"))[:6]
        clips = [soundfile.read(path, dtype="float32")[0] for path in paths]
        rate = soundfile.info(paths[0]).samplerate
        loaded = AudioLoader(rate).fit_transform(paths)
        assert loaded.shape == (6, max(map(len, clips)))
        for row, clip in zip(loaded, clips):
            np.testing.assert_array_equal(row[: len(clip)], clip)
        span = AudioLoader(rate, offset=1.0, duration=0.5, n_jobs=2).fit_transform([str(path) for path in paths])
        np.testing.assert_array_equal(span, loaded[:, rate : rate + rate // 2])

    @pytest.mark.parametrize("rate", [8000, 22050, 44100])
    def test_resampling_keeps_frequency_and_amplitude(self, write, rate):
        waveform = AudioLoader(rate).fit_transform([write("tone.wav", tone(1000, 16000))])[0]
        assert len(waveform) == rate
        middle = waveform[rate // 10 : -rate // 10]
        np.testing.assert_allclose(middle, tone(1000, rate)[rate // 10 : -rate // 10], atol=5e-3)

    def test_channels_are_averaged_or_the_first_is_taken(self, write):
        left, right = tone(500, 16000), tone(3000, 16000)
        path = write("stereo.wav", np.stack([left, right], axis=1), subtype="FLOAT")
        np.testing.assert_allclose(AudioLoader(16000).fit_transform([path])[0], (left + right) / 2, atol=1e-6)
        np.testing.assert_allclose(AudioLoader(16000, mono=False).fit_transform([path])[0], left, atol=1e-6)

    def test_duration_is_that_of_the_longest_clip_in_fit(self, write):
        short, long = write("short.wav", np.ones(100) / 2), write("long.wav", np.ones(300) / 2)
        loader = AudioLoader(16000).fit([short, write("middle.wav", np.ones(200) / 2)])
        loaded = loader.transform(np.array([str(short), str(long)]))
        assert loaded.shape == (2, 200)
        assert (loaded[0, 100:] == 0).all()
        assert (loaded[1] == 0.5).all()

    def test_waveforms_are_passed_on(self):
        X = np.random.default_rng(0).standard_normal((2, 100)).astype(np.float32)
        np.testing.assert_array_equal(AudioLoader(100).fit_transform(X), X)
        np.testing.assert_array_equal(AudioLoader(100, offset=0.2, duration=0.5).fit_transform(X), X[:, 20:70])
        assert AudioLoader(100, duration=2).fit_transform(X).shape == (2, 200)
        assert AudioLoader(100, duration=0.001).fit_transform(X).shape == (2, 1)  # a clip holds a sample at least

    def test_fit_on_waveforms_and_transform_of_paths(self, write):
        loader = AudioLoader(16000).fit(np.zeros((1, 8000)))
        assert loader.transform([write("clip.wav", np.zeros(16000))]).shape == (1, 8000)

    @pytest.mark.parametrize(
        ("content", "error", "reason"),
        [
            (None, FileNotFoundError, "there is no such"),
            (b"", ValueError, "the file is empty"),
            (b"hello world " * 99, ValueError, "not an audio file that libsndfile can read .Format not recognised"),
        ],
    )
    def test_bad_file_is_named(self, tmp_path, write, content, error, reason):
        good, bad = write("good.wav", np.zeros(9)), tmp_path / "bad.wav"
        if content is not None:
            bad.write_bytes(content)
        with pytest.raises(error, match=f"bad.wav: {reason}"):
            AudioLoader().fit([good, bad])
        with pytest.raises(error, match=f"bad.wav: {reason}"):
            AudioLoader(n_jobs=2).fit([good]).transform([good, bad])

    @pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "aiff", "au", "mp3"])
    def test_truncated_file_is_named(self, write, suffix):
        path = write(f"cut.{suffix}", np.random.default_rng(0).uniform(-0.5, 0.5, 200000), 44100)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(ValueError, match=f"cut.{suffix}: truncated"):
            AudioLoader().fit_transform([path])

    @pytest.mark.parametrize("unknown_size", [0xFFFFFFFF, 0x7FFFF000], ids=["ffmpeg", "sox"])
    def test_wav_that_was_written_to_a_pipe_is_not_taken_for_truncated(self, write, unknown_size):
        path = write("streamed.wav", tone(500, 16000))
        content = path.read_bytes()
        size = content.index(b"data") + 4
        path.write_bytes(content[:size] + unknown_size.to_bytes(4, "little") + content[size + 4 :])
        assert AudioLoader(16000).fit_transform([path]).shape == (1, 16000)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_samples_that_are_no_numbers_are_named(self, write, value):
        samples = np.zeros(1000)
        samples[7] = value
        with pytest.raises(ValueError, match=r"nan.wav: has NaN or infinite samples"):
            AudioLoader().fit_transform([write("nan.wav", samples, subtype="FLOAT")])

    def test_offset_beyond_the_end_is_named(self, write):
        long, short = write("long.wav", np.zeros(32000)), write("short.wav", np.zeros(8000))
        with pytest.raises(ValueError, match=r"short.wav: lasts 0.500 s; offset=1.0 s leaves nothing"):
            AudioLoader(offset=1.0).fit_transform([long, short])
        with pytest.raises(ValueError, match=r"'offset' parameter of AudioLoader .* Got 1\.0 s"):
            AudioLoader(offset=1.0).fit([short])

    def test_paths_must_be_a_list_of_paths(self):
        with pytest.raises(ValueError, match="X must be a list of paths for AudioLoader"):
            AudioLoader().fit("clip.wav")
        with pytest.raises(ValueError, match=r"X must be paths .* for AudioLoader. Got X\[1\]=3"):
            AudioLoader().fit(["clip.wav", 3])


class TestFixedLength:
    def test_list_of_clips_may_hold_any_lengths(self):
        fixed = FixedLength(0.5, 16).fit([np.ones(3), np.ones(20)])
        assert fixed.transform([np.ones(5)]).tolist() == [[1] * 5 + [0] * 3]
        assert fixed.transform(np.ones((1, 99))).tolist() == [[1] * 8]

    def test_list_of_clips_must_be_finite(self):
        with pytest.raises(ValueError, match=r"X\[1\] of FixedLength contains NaN"):
            FixedLength(1, 16).fit([np.ones(3), np.full(2, np.nan)])


class TestBandpassFilter:
    @pytest.mark.parametrize("zero_phase", [True, False])
    @pytest.mark.parametrize(
        ("low", "high", "kept", "removed"),
        [(100, 1600, [400, 800], [10, 6000]), (None, 1000, [20, 400], [3000]), (1000, None, [2500, 6000], [300])],
    )
    def test_keeps_the_inside_and_removes_the_outside(self, low, high, kept, removed, zero_phase):
        band = BandpassFilter(low, high, 16000, zero_phase=zero_phase)
        tones = np.stack([tone(frequency, 16000, 3.0) for frequency in kept + removed])
        gain = 20 * np.log10(np.sqrt(2) * band.fit_transform(tones)[:, 8000:-8000].std(axis=1) / 0.5)
        np.testing.assert_allclose(gain[: len(kept)], 0, atol=0.5)
        assert (gain[len(kept) :] < -35).all()

    def test_zero_phase_keeps_events_in_place(self):
        click = np.zeros((1, 4000))
        click[0, 2000] = 1
        filtered = BandpassFilter(200, 2000, 16000).fit_transform(click)[0]
        np.testing.assert_allclose(filtered[2001:2200], filtered[1999:1800:-1], atol=1e-4)
        causal = BandpassFilter(200, 2000, 16000, zero_phase=False).fit_transform(click)[0]
        assert (causal[:2000] == 0).all()

    @pytest.mark.parametrize("zero_phase", [True, False])
    def test_what_passes_keeps_its_sign(self, zero_phase):
        constant = np.ones((1, 16000), dtype=np.float32)
        low_pass = BandpassFilter(None, 1000, 16000, zero_phase=zero_phase).fit_transform(constant)
        np.testing.assert_allclose(low_pass[:, 4000:-4000], 1, atol=1e-3)
        high = tone(6000, 16000)[None]
        high_pass = BandpassFilter(50, None, 16000, order=1, zero_phase=zero_phase).fit_transform(high)
        np.testing.assert_allclose(high_pass[:, 4000:-4000], high[:, 4000:-4000], atol=0.02)

    def test_zero_phase_leaves_the_phase_of_a_passed_tone(self):
        inside = tone(400, 16000, 2.0)[None]
        filtered = BandpassFilter(100, 1600, 16000).fit_transform(inside)
        np.testing.assert_allclose(filtered[:, 8000:-8000], inside[:, 8000:-8000], atol=2e-3)

    def test_gain_at_the_edges_is_as_documented(self):
        tones = np.stack([tone(500, 16000, 4.0), tone(2000, 16000, 4.0)])
        for zero_phase, decibels in ((True, -6), (False, -3)):
            filtered = BandpassFilter(500, 2000, 16000, zero_phase=zero_phase).fit_transform(tones)[:, 16000:-16000]
            np.testing.assert_allclose(20 * np.log10(np.sqrt(2) * filtered.std(axis=1) / 0.5), decibels, atol=0.1)

    @pytest.mark.parametrize(
        ("low", "high", "message"),
        [
            (None, None, "'low' and 'high' .* BandpassFilter must be given"),
            (100, 8000, "'high' parameter of BandpassFilter must be below half the sample rate, 8000 Hz. Got 8000"),
            (100, 9000, "'high' parameter of BandpassFilter must be at most half the sample rate, 8000 Hz. Got 9000"),
            (800, 400, "'low' parameter of BandpassFilter must be less than 'high'. Got 800 and 400"),
        ],
    )
    def test_impossible_edges_are_refused(self, low, high, message):
        with pytest.raises(ValueError, match=message):
            BandpassFilter(low, high, 16000).fit(np.zeros((2, 1000)))
