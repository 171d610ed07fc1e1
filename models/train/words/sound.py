"""What happens to speech before a microphone hears it, and sounds that are not speech; all seeded, all numpy."""

import numpy as np
from scipy.signal import fftconvolve, resample_poly

RATE = 16000


def coloured(rng, size: int) -> np.ndarray:
    """Noise with a random spectrum, from rumble to hiss, sometimes with a slow swell or mains hum."""
    spectrum = np.fft.rfft(rng.standard_normal(size))
    frequency = np.maximum(np.fft.rfftfreq(size, 1 / RATE), 20.0)
    spectrum *= frequency ** -rng.uniform(0.0, 1.2)
    if rng.random() < 0.3:
        spectrum *= np.exp(-0.5 * (np.log2(frequency / rng.uniform(150, 5000)) / rng.uniform(0.2, 1.0)) ** 2)
    noise = np.fft.irfft(spectrum, size)
    time = np.arange(size) / RATE
    if rng.random() < 0.3:
        noise *= 1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.3, 8) * time + rng.uniform(0, 6))
    noise /= noise.std() + 1e-9
    if rng.random() < 0.2:
        hum = rng.choice([50, 60, 100, 120])
        noise += sum(rng.uniform(0, 2) / k * np.sin(2 * np.pi * hum * k * time) for k in range(1, 6))
    return noise


def clicks(rng, size: int) -> np.ndarray:
    """Knocks, steps and drums: short decaying bursts."""
    out = np.zeros(size)
    for _ in range(rng.integers(1, 9)):
        length = rng.integers(80, 4000)
        decay = np.exp(-np.arange(length) / (length * rng.uniform(0.05, 0.3)))
        tone = np.sin(2 * np.pi * rng.uniform(60, 3000) * np.arange(length) / RATE)
        burst = decay * (rng.uniform(0, 1) * tone + rng.uniform(0, 1) * rng.standard_normal(length))
        start = rng.integers(0, max(1, size - 1))
        out[start : start + length] += burst[: size - start]
    return out


def note(rng, pitch: float, size: int) -> np.ndarray:
    """One note of an invented instrument: harmonics, vibrato, attack and decay."""
    time = np.arange(size) / RATE
    vibrato = rng.uniform(0, 0.01) * np.sin(2 * np.pi * rng.uniform(4, 7) * time)
    phase = 2 * np.pi * np.cumsum(pitch * (1 + vibrato)) / RATE
    tilt, odd = rng.uniform(0.5, 2.0), rng.random() < 0.3
    sound = np.zeros(size)
    for k in range(1, 14, 2 if odd else 1):
        if k * pitch < 7500:
            sound += rng.uniform(0.3, 1) * k**-tilt * np.sin(k * phase + rng.uniform(0, 6))
    attack = np.minimum(1, time / rng.uniform(0.003, 0.2))
    return sound * attack * np.exp(-time * rng.uniform(0, 6))


def music(rng, size: int) -> np.ndarray:
    """Chords, a melody and sometimes drums on a scale; enough like music to be told from speech."""
    out = np.zeros(size)
    root, beat = rng.uniform(50, 400), int(RATE * rng.uniform(0.1, 0.7))
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16] if rng.random() < 0.5 else [0, 3, 5, 7, 10, 12, 15, 17, 19, 22])
    for start in range(-int(rng.integers(beat)), size, beat):
        for _ in range(rng.integers(1, 5)):
            length = int(beat * rng.uniform(0.5, 4))
            sound = note(rng, root * 2 ** ((rng.choice(scale) + 12 * rng.integers(0, 3)) / 12), length)
            first, last = max(0, start), min(size, start + length)
            if last > first:
                out[first:last] += rng.uniform(0.2, 1) * sound[first - start : last - start]
    if rng.random() < 0.4:
        out += rng.uniform(0.3, 2) * clicks(rng, size)
    return out


def foreign_sound(rng) -> np.ndarray:
    """A clip with nothing said in it; its text is empty."""
    size = int(RATE * rng.uniform(0.3, 4.8))
    kind = rng.random()
    if kind < 0.15:
        return np.zeros(size) if rng.random() < 0.3 else 10 ** rng.uniform(-5, -3) * rng.standard_normal(size)
    if kind < 0.45:
        sound = coloured(rng, size)
    elif kind < 0.55:
        sound = clicks(rng, size) + 0.01 * coloured(rng, size)
    elif kind < 0.62:
        sound = note(rng, rng.uniform(100, 3500), size)
    else:
        sound = music(rng, size) + rng.uniform(0, 0.05) * coloured(rng, size)
    # A gate that opens and closes gives noise the outline of a word.
    if rng.random() < 0.35:
        shape = np.interp(np.arange(size), np.sort(rng.integers(0, size, 6)), rng.random(6) * rng.integers(0, 2, 6))
        sound = sound * (shape + 0.003)
    return sound / (np.abs(sound).max() + 1e-9) * 10 ** rng.uniform(-2.0, -0.05)


def equalised(rng, audio: np.ndarray) -> np.ndarray:
    """A random microphone: a smooth curve of gains, sometimes a telephone's band."""
    spectrum = np.fft.rfft(audio)
    frequency = np.fft.rfftfreq(audio.size, 1 / RATE)
    points = np.array([0, 150, 400, 1000, 2000, 3500, 5500, 8000])
    gains = 10 ** (np.interp(frequency, points, rng.normal(0, rng.uniform(0, 6), points.size)) / 20)
    kind = rng.random()
    if kind < 0.30:
        gains = gains / (1 + (frequency / rng.uniform(3200, 4000)) ** 24)
    if kind < 0.12 or kind > 0.92:
        gains = gains / (1 + (rng.uniform(150, 350) / np.maximum(frequency, 1)) ** 6)
    return np.fft.irfft(spectrum * gains, audio.size)


def in_a_room(rng, audio: np.ndarray) -> np.ndarray:
    length = int(RATE * rng.uniform(0.08, 0.6))
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
    tail[: int(rng.uniform(0.001, 0.01) * RATE)] = 0
    tail *= rng.uniform(0.1, 0.9) / np.sqrt((tail**2).sum() + 1e-9)
    tail[0] = 1
    return fftconvolve(audio, tail)[: audio.size + int(0.15 * RATE)]


def warped(rng, audio: np.ndarray) -> np.ndarray:
    """Another throat: resampling moves pitch, formants and tempo together."""
    down = int(rng.integers(32, 49))
    return audio if down == 40 else resample_poly(audio, 40, down)


def heard(rng, audio: np.ndarray, babble: np.ndarray) -> np.ndarray:
    """One utterance as a voice activity detector would cut it out of a noisy world."""
    audio = audio.astype(np.float64) / 32768
    # A voice activity detector, or a person with a button, is often late and early.
    if rng.random() < 0.4 and audio.size > 0.3 * RATE:
        audio = audio[int(RATE * rng.uniform(0, 0.1)) :]
    if rng.random() < 0.3 and audio.size > 0.3 * RATE:
        audio = audio[: -int(RATE * rng.uniform(0.001, 0.08))]
    if rng.random() < 0.75:
        audio = warped(rng, audio)
    if rng.random() < 0.6:
        audio = equalised(rng, audio)
    if rng.random() < 0.35:
        audio = in_a_room(rng, audio)
    before, after = rng.uniform(0.0, 0.35, 2) if rng.random() < 0.85 else rng.uniform(0.0, 1.0, 2)
    audio = np.pad(audio, (int(RATE * before), int(RATE * after)))
    power = np.sqrt((audio**2).mean()) + 1e-9
    kind = rng.random()
    if kind < 0.55:
        audio = audio + power * 10 ** (-rng.uniform(5, 45) / 20) * coloured(rng, audio.size)
    elif kind < 0.70:
        other = music(rng, audio.size) if kind < 0.62 else np.resize(babble.astype(np.float64), audio.size)
        audio = audio + power * 10 ** (-rng.uniform(12, 30) / 20) * other / (other.std() + 1e-9)
    audio = audio / (np.abs(audio).max() + 1e-9) * 10 ** rng.uniform(-1.7, 0)
    if rng.random() < 0.05:
        audio = np.clip(audio * rng.uniform(1, 3), -1, 1)
    return audio
