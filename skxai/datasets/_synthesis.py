"""The sounds of a hospital room, one small function each, drawn from a ``numpy.random.Generator``.

An event's function returns its waveform and its band, the lowest and the highest frequency in hertz; what it makes is
no longer than ``longest`` seconds. The levels are arbitrary: the scene sets them.
"""

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, sosfilt
from scipy.signal.windows import tukey

# The first three formants of five vowels in hertz, mean of men (Peterson and Barney 1952).
_VOWELS = np.array([[270, 2290, 3010], [530, 1840, 2480], [730, 1090, 2440], [570, 840, 2410], [300, 870, 2240]])
_FORMANT_WIDTHS = (80.0, 110.0, 160.0)


def wheeze(rng, sample_rate, longest):
    """Make a musical tone of the airways: harmonics between 100 and 1600 Hz with slow frequency modulation."""
    time = _time_axis(rng.uniform(0.25, 1.2), sample_rate, longest)
    centre = np.exp(rng.uniform(np.log(150), np.log(600)))
    glide = rng.uniform(-0.15, 0.15) * (time / time[-1] - 0.5)
    depth, rate, phase = rng.uniform(0.02, 0.06), rng.uniform(1.5, 5.0), rng.uniform(0, 2 * np.pi)
    pitch = centre * (1 + glide + depth * np.sin(2 * np.pi * rate * time + phase))
    highest = min(1600.0, 0.9 * sample_rate / 2)
    n_harmonics = min(rng.integers(2, 6), int(highest // pitch.max()))
    tone = _harmonics(rng, pitch, sample_rate, n_harmonics, slope=rng.uniform(0.3, 1.2))
    margin = 2 / time[-1] + 0.03 * pitch.min()  # fading widens a line by the first; the second is a little room
    band = max(100.0, pitch.min() - margin), min(1600.0, n_harmonics * pitch.max() + margin)
    return tone * tukey(time.size, rng.uniform(0.2, 0.6)), band


def cough(rng, sample_rate, longest):
    """Make an explosive burst of noise, then turbulent and sometimes voiced flow that decays through formants."""
    time = _time_axis(rng.uniform(0.25, 0.5), sample_rate, longest)
    burst = np.exp(-time / rng.uniform(0.015, 0.03)) * (1 - np.exp(-time / 0.002))
    flow_onset = rng.uniform(0.03, 0.06)
    flow = np.exp(-np.maximum(time - flow_onset, 0) / rng.uniform(0.05, 0.12)) * (1 - np.exp(-time / 0.02))
    noise = rng.standard_normal(time.size)
    formants = np.array([600.0, 1600.0, 2700.0]) * rng.uniform(0.8, 1.3)
    turbulence = _through_formants(noise, formants, 3 * np.array(_FORMANT_WIDTHS), sample_rate)
    sound = burst * noise + rng.uniform(0.4, 0.8) * flow * turbulence / np.std(turbulence)
    if rng.random() < 0.5:
        voiced = _glottal_pulses(rng, np.full(time.size, rng.uniform(180, 380)), sample_rate)
        voiced = _through_formants(voiced, formants, _FORMANT_WIDTHS, sample_rate)
        sound += 0.5 * flow * (time > flow_onset + 0.08) * voiced / np.std(voiced)
    band = rng.uniform(200, 400), min(rng.uniform(3000, 5000), 0.9 * sample_rate / 2)
    sound *= np.minimum(1, (time[-1] - time) / (0.2 * time[-1]))  # the last fifth fades, the flow has no end of its own
    return _bandpass(sound, *band, sample_rate), band


def alarm(rng, sample_rate, longest):
    """Make a monitor's alarm: a burst of pulses of a harmonic tone, with the figures of IEC 60601-1-8.

    Pulses of 75 to 250 ms, a fundamental between 150 and 1000 Hz, and harmonics up to 4 kHz within 15 dB of it.
    """
    pulse_duration = min(rng.uniform(0.075, 0.25), longest)
    spacing = pulse_duration + rng.uniform(0.05, 0.125)
    fitting = 1 + int((longest - pulse_duration) / spacing)
    n_pulses = min(int(rng.choice([2, 3, 5])), fitting)
    fundamental = rng.uniform(250, 660)
    ratios = ((1, 1, 1, 1, 1), (1, 1.26, 1.5, 1.26, 1), (1.5, 1.26, 1, 1.26, 1.5), (1, 1.5, 1, 1.5, 1))
    pitches = fundamental * np.array(ratios[rng.integers(len(ratios))][:n_pulses])
    n_harmonics = int(min(4000, 0.9 * sample_rate / 2) // pitches.max())
    n_harmonics = min(n_harmonics, int(rng.integers(4, 8)))
    levels = 10 ** (rng.uniform(-12, 3, n_harmonics) / 20)
    levels[0] = 1.0

    time = _time_axis(pulse_duration, sample_rate, longest)
    envelope = tukey(time.size, rng.uniform(0.2, 0.5))
    sound = np.zeros(int((n_pulses - 1) * spacing * sample_rate) + time.size)
    for index, pitch in enumerate(pitches):
        first = int(index * spacing * sample_rate)
        lines = np.sin(2 * np.pi * pitch * np.outer(np.arange(1, n_harmonics + 1), time))
        sound[first : first + time.size] = envelope * (levels @ lines)
    margin = 2 / pulse_duration + 0.03 * pitches.min()
    return sound, (pitches.min() - margin, min(n_harmonics * pitches.max() + margin, sample_rate / 2))


def voice(rng, sample_rate, longest):
    """Make voiced babble of two to four talkers: glottal pulses with jitter through the formants of changing vowels."""
    time = _time_axis(rng.uniform(0.4, 1.5), sample_rate, longest)
    pitches = rng.uniform(95, 240, size=rng.integers(2, 5))
    sound = sum(_talker(rng, pitch, time, sample_rate) for pitch in pitches)
    fade = np.minimum(1, np.minimum(time, time[-1] - time) / min(0.03, time[-1] / 4))
    band = 0.8 * pitches.min(), min(4000.0, 0.9 * sample_rate / 2)
    return _bandpass(sound * fade, *band, sample_rate), band


def _talker(rng, pitch, time, sample_rate):
    """One talker's syllables, each with a vowel of its own, over an intonation that falls and wavers."""
    contour = pitch * (1.1 - 0.2 * time / time[-1] + 0.05 * np.sin(2 * np.pi * rng.uniform(1, 3) * time))
    source = _glottal_pulses(rng, contour, sample_rate)
    tract = rng.uniform(0.95, 1.2)  # formants scale inversely with the length of the vocal tract
    sound = np.zeros(time.size)
    first = 0
    while first < time.size:
        length = min(int(rng.uniform(0.12, 0.3) * sample_rate), time.size - first)
        syllable = source[first : first + length] * tukey(length, 0.6)
        vowel = _VOWELS[rng.integers(len(_VOWELS))] * tract
        sound[first : first + length] = rng.uniform(0.4, 1) * _through_formants(syllable, vowel, _FORMANT_WIDTHS, sample_rate)
        first += length
    return sound


def ventilator(rng, sample_rate, n_samples):
    """Make the hum of a ventilator: harmonics of the mains, the tone of the blades, and the noise of the fan."""
    time = np.arange(n_samples) / sample_rate
    mains = rng.choice([50.0, 60.0])
    hum = _harmonics(rng, np.full(n_samples, mains), sample_rate, 8, slope=1.0)
    blades = _harmonics(rng, rng.uniform(120, 350) * (1 + 0.01 * np.sin(2 * np.pi * 0.7 * time)), sample_rate, 3, slope=1.0)
    white = rng.standard_normal(n_samples)
    turbulence = sosfilt(butter(1, min(rng.uniform(300, 800), 0.4 * sample_rate), fs=sample_rate, output="sos"), white)
    return (
        rng.uniform(0.3, 1.0) * hum / np.std(hum)
        + rng.uniform(0.1, 0.5) * blades / np.std(blades)
        + rng.uniform(0.5, 1.0) * turbulence / np.std(turbulence)
        + rng.uniform(0.02, 0.08) * white
    )


def breath(rng, sample_rate, n_samples):
    """Make the noise of breathing: louder and brighter inspiration, softer and darker expiration, then a pause."""
    cycle = rng.uniform(1.8, 4.0)
    phase = (np.arange(n_samples) / sample_rate / cycle + rng.random()) % 1.0
    inspiration = np.where(phase < 0.4, np.sin(np.pi * phase / 0.4), 0.0) ** 2
    expiration = np.where((phase >= 0.4) & (phase < 0.9), np.sin(np.pi * (phase - 0.4) / 0.5), 0.0) ** 2
    low, high = rng.uniform(100, 200), min(rng.uniform(900, 1600), 0.9 * sample_rate / 2)
    bright = _bandpass(rng.standard_normal(n_samples), 1.5 * low, high, sample_rate)
    dark = _bandpass(rng.standard_normal(n_samples), low, 0.6 * high, sample_rate)
    return inspiration * bright / np.std(bright) + 0.5 * expiration * dark / np.std(dark)


def reverberant(rng, waveform, rt60, sample_rate):
    """``waveform`` in a room: the direct sound, and noise that decays by 60 dB in ``rt60`` seconds.

    The direct sound is 3 to 9 dB stronger than the reverberation, as near a microphone; the tail lengthens the sound.
    """
    time = np.arange(int(rt60 * sample_rate) + 1) / sample_rate
    tail = rng.standard_normal(time.size) * 10 ** (-3 * time / rt60)
    tail[time < 0.003] = 0.0  # the first reflection has a metre to go
    energy = np.sum(tail**2)
    if energy > 0:
        tail *= 10 ** (-rng.uniform(3, 9) / 20) / np.sqrt(energy)
    tail[0] = 1.0
    return fftconvolve(waveform, tail)


def _time_axis(duration, sample_rate, longest):
    return np.arange(int(min(duration, longest) * sample_rate)) / sample_rate


def _harmonics(rng, pitch, sample_rate, n_harmonics, *, slope):
    """Sum harmonics of a pitch contour in hertz, with amplitudes that fall as 1 / k ** slope and random phases."""
    cycles = 2 * np.pi * np.cumsum(pitch) / sample_rate
    numbers = np.arange(1, n_harmonics + 1)[:, np.newaxis]
    phases = rng.uniform(0, 2 * np.pi, (n_harmonics, 1))
    return np.sum(np.sin(numbers * cycles + phases) / numbers**slope, axis=0)


def _glottal_pulses(rng, pitch, sample_rate):
    """Pulses of the vocal folds at a pitch contour in hertz: 1 % jitter, 6 dB an octave of tilt (glottis and lips)."""
    jitter = 1 + 0.01 * rng.standard_normal(pitch.size)[np.cumsum(pitch / sample_rate).astype(int)]  # one draw a cycle
    cycles = np.floor(np.cumsum(pitch * jitter / sample_rate) + rng.random())
    pulses = np.diff(cycles, prepend=cycles[0])
    pulses += 0.02 * rng.standard_normal(pitch.size)  # aspiration
    return lfilter([1.0], [1.0, -np.exp(-2 * np.pi * 150 / sample_rate)], pulses)


def _through_formants(source, formants, widths, sample_rate):
    """Pass ``source`` through two-pole resonances in parallel; those above the Nyquist frequency are left out."""
    sound = np.zeros(source.size)
    for formant, width, gain in zip(formants, widths, (1.0, -0.6, 0.3)):  # signs alternate: no zeros between the peaks
        if formant < 0.45 * sample_rate:
            radius = np.exp(-np.pi * width / sample_rate)
            angle = 2 * np.pi * formant / sample_rate
            poles = [1.0, -2 * radius * np.cos(angle), radius**2]
            sound += gain * lfilter([(1 - radius) * 2 * np.sin(angle)], poles, source)
    return sound


def _bandpass(waveform, low, high, sample_rate):
    """Butterworth band-pass, causal: nothing sounds before its onset."""
    return sosfilt(butter(8, [low, high], "bandpass", fs=sample_rate, output="sos"), waveform)


EVENTS = {"wheeze": wheeze, "cough": cough, "alarm": alarm, "voice": voice}
