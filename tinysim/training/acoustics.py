"""What happens to speech on its way to a recording, and what else is to be heard there.

Sounds are float64 samples at 16 kHz.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinysim.features.mfcc import CLIP_SAMPLES, SAMPLE_RATE_HZ

Samples = NDArray[np.float64]


def stretch(samples: Samples, factor: float) -> Samples:
    """Return the sound `factor` times as long and as deep: a larger head, resampled without aliasing."""
    # Lengths of many small factors, for the transform's speed.
    samples = np.pad(samples, (0, -len(samples) % 882))
    length = round(len(samples) * factor / 20) * 20
    spectrum = np.fft.rfft(samples)
    kept = min(len(spectrum), length // 2 + 1)
    stretched: Samples = np.fft.irfft(spectrum[:kept], n=length) * (length / len(samples))
    return stretched


def reverberate(random: np.random.Generator, samples: Samples) -> Samples:
    """Add the echo of a room: noise that decays by 60 dB in 0.1 to 0.7 s, after the direct sound."""
    if random.random() < 0.3:
        return samples
    seconds = random.uniform(0.1, 0.7)
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    echo = random.standard_normal(len(times)) * 10 ** (-3 * times / seconds)
    echo[: round(random.uniform(0.001, 0.01) * SAMPLE_RATE_HZ)] = 0
    response = echo / np.sqrt(np.sum(echo**2)) * 10 ** (random.uniform(-20, 2) / 20)
    response[0] = 1.0
    length = len(samples) + len(response) - 1
    padded = 1 << (length - 1).bit_length()
    echoed: Samples = np.fft.irfft(np.fft.rfft(samples, padded) * np.fft.rfft(response, padded), padded)
    return echoed[:length]


def as_by_a_microphone(random: np.random.Generator, samples: Samples) -> Samples:
    """Give the sound a microphone's frequency response: a tilt, a band, a resonance."""
    spectrum = np.fft.rfft(samples)
    frequency_hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ) + 1.0
    gain = (frequency_hz / 1000) ** (random.uniform(-4, 4) / 6.02)
    gain = gain / (1 + (random.uniform(50, 300) / frequency_hz) ** 4)
    gain = gain / (1 + (frequency_hz / random.uniform(2500, 8000)) ** 4)
    octaves = np.log2(frequency_hz / random.uniform(300, 3000))
    gain = gain * 10 ** (random.uniform(-8, 8) / 20 * np.exp(-((octaves / random.uniform(0.2, 0.6)) ** 2)))
    coloured: Samples = np.fft.irfft(spectrum * gain, len(samples))
    return coloured


def place_in_a_second(random: np.random.Generator, speech: Samples) -> Samples:
    """Put speech into a second: its middle within 100 ms of the middle, or one in six cut off at an end."""
    length = len(speech)
    start = CLIP_SAMPLES // 2 - length // 2 + round(random.uniform(-0.1, 0.1) * SAMPLE_RATE_HZ)
    if random.random() < 1 / 6:
        cut = round(random.uniform(0.02, 0.2) * length)
        start = -cut if random.random() < 0.5 else CLIP_SAMPLES - length + cut
    padded = np.pad(speech, CLIP_SAMPLES + length)
    return padded[CLIP_SAMPLES + length - start :][:CLIP_SAMPLES]


def coloured_noise(random: np.random.Generator) -> Samples:
    """Return noise from white over pink to brown, as loud throughout or swelling."""
    spectrum = np.fft.rfft(random.standard_normal(CLIP_SAMPLES))
    frequency_hz = np.fft.rfftfreq(CLIP_SAMPLES, 1 / SAMPLE_RATE_HZ) + 20.0
    noise = np.fft.irfft(spectrum * frequency_hz ** -random.uniform(0, 1.2), CLIP_SAMPLES)
    swell = np.linspace(random.uniform(0.3, 1), random.uniform(0.3, 1), CLIP_SAMPLES)
    return normalized(noise * swell)


def hum(random: np.random.Generator) -> Samples:
    """Return a machine's or the mains' hum: harmonics that grow weaker."""
    base_hz = random.choice([50.0, 60.0, random.uniform(70, 250)])
    times = np.arange(CLIP_SAMPLES) / SAMPLE_RATE_HZ
    total = np.zeros(CLIP_SAMPLES)
    for harmonic in range(1, 13):
        level = random.random() / harmonic
        total += level * np.sin(2 * np.pi * (base_hz * harmonic * times + random.random()))
    return normalized(total)


def clatter(random: np.random.Generator) -> Samples:
    """Return a few knocks: short tones in noise that die away."""
    total = np.zeros(CLIP_SAMPLES)
    for _ in range(int(random.integers(1, 5))):
        times = np.arange(round(0.15 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
        tone = np.sin(2 * np.pi * random.uniform(300, 4000) * times) + random.standard_normal(len(times))
        knock = tone * np.exp(-times / random.uniform(0.005, 0.04))
        start = int(random.integers(CLIP_SAMPLES - len(knock)))
        total[start : start + len(knock)] += knock * random.uniform(0.3, 1)
    return normalized(total)


def root_mean_square(samples: Samples) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(samples**2)))


def normalized(samples: Samples) -> Samples:
    """Return the sound as loud as makes its root mean square 1."""
    return samples / root_mean_square(samples)
