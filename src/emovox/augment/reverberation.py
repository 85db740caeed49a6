"""A room around the voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.augment.drawn import (
    Drawn,
    Range,
    draw_seed,
    draw_uniform,
    draw_white_noise,
    validate_between,
    validate_range,
    validate_seed,
)
from emovox.types import FloatArray

_DECAY_LIMITS_S = (0.01, 10.0)
_DIRECT_LIMITS_DB = (-40.0, 60.0)
# The nearest wall is some 85 cm away: its echo comes 5 ms after the voice.
_FIRST_ECHO_S = 0.005
# Air and soft walls swallow what lies above.
_DULL_HZ = 4000.0


@dataclass(frozen=True, slots=True)
class DrawnReverberation(Drawn):
    """The recording in a synthetic room: the voice itself, then noise that fades away.

    Same length; what sounds on after the end is lost. The direct sound keeps its level.

    Attributes
    ----------
    decay_s : float
        Time in which the echo falls by 60 dB: a living room 0.4, an empty hall 2.
    direct_db : float
        Energy of the direct sound over that of the echo: high is a near microphone.
    seed : int
        Of the echo's fine structure.
    """

    name: ClassVar[str] = "reverberation"
    decay_s: float
    direct_db: float
    seed: int

    def __post_init__(self) -> None:
        validate_between("decay_s", self.decay_s, *_DECAY_LIMITS_S)
        validate_between("direct_db", self.direct_db, *_DIRECT_LIMITS_DB)
        validate_seed(self.seed)

    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        # An echo that begins after the end of the recording is not heard.
        n_echo = min(max(1, round(self.decay_s * sampling_rate)), len(samples))
        first = max(1, round(_FIRST_ECHO_S * sampling_rate))
        n_fft = 1 << (len(samples) + first + n_echo - 1).bit_length()
        time_s = np.arange(n_echo) / sampling_rate
        # 6.908 = ln(10 ** 3): 60 dB.
        echo = draw_white_noise(self.seed, n_echo) * np.exp(-6.908 * time_s / self.decay_s)
        spectrum = np.fft.rfft(np.concatenate([np.zeros(first), echo]), n_fft)
        spectrum /= np.hypot(1.0, np.fft.rfftfreq(n_fft, 1.0 / sampling_rate) / _DULL_HZ)
        energy = np.sum(np.fft.irfft(spectrum, n_fft) ** 2)
        spectrum *= 10.0 ** (-self.direct_db / 20.0) / np.sqrt(energy)
        heard = np.fft.irfft(np.fft.rfft(samples, n_fft) * spectrum, n_fft)
        return samples + heard[: len(samples)].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Reverberation:
    """Draw a room.

    Attributes
    ----------
    decay_s : tuple of float, default=(0.2, 0.9)
        Shortest and longest, in seconds.
    direct_db : tuple of float, default=(0.0, 12.0)
        Lowest and highest, in dB.
    """

    name: ClassVar[str] = "reverberation"
    decay_s: Range = (0.2, 0.9)
    direct_db: Range = (0.0, 12.0)

    def __post_init__(self) -> None:
        validate_range("decay_s", self.decay_s, *_DECAY_LIMITS_S)
        validate_range("direct_db", self.direct_db, *_DIRECT_LIMITS_DB)

    def draw(self, rng: np.random.Generator) -> DrawnReverberation:
        """Draw decay, distance and the seed of the echo."""
        return DrawnReverberation(
            decay_s=draw_uniform(rng, self.decay_s),
            direct_db=draw_uniform(rng, self.direct_db),
            seed=draw_seed(rng),
        )
