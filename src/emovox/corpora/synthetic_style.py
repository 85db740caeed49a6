"""How the synthetic voices express emotions, and how the voices differ.

The directions follow what is known of acted speech (Banse and Scherer, 1996; Juslin and Laukka,
2003): anger and joy are loud, high and bright, sadness low, slow and breathy, fear high and
trembling, surprise wide with a rising end. The sizes are ours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from types import MappingProxyType

import numpy as np


@dataclass(frozen=True, slots=True)
class Style:
    """What an emotion does to a voice; all zero is neutral speech.

    Attributes
    ----------
    pitch : float
        Shift of the mean, in semitones.
    pitch_range : float
        Natural logarithm of the factor on the pitch movements.
    final_rise : float
        Pitch movement over the last fifth, in semitones.
    rate : float
        Natural logarithm of the factor on the speaking rate.
    energy : float
        Level, in dB.
    breath : float
        Change of the level of breath noise, in units of 10 dB.
    tilt : float
        Change of the source's slope, in dB an octave; above 0 is brighter.
    tremor : float
        Depth of a 6 Hz pitch tremor, in semitones.
    roughness : float
        Added jitter and shimmer, in units of 1 %.
    tract : float
        Natural logarithm of the factor on the formants (a smile is above 0).
    """

    pitch: float = 0.0
    pitch_range: float = 0.0
    final_rise: float = 0.0
    rate: float = 0.0
    energy: float = 0.0
    breath: float = 0.0
    tilt: float = 0.0
    tremor: float = 0.0
    roughness: float = 0.0
    tract: float = 0.0


STYLES = MappingProxyType(
    {
        "neutral": Style(final_rise=-2.5),
        "calm": Style(-1.5, -0.4, -3.0, -0.18, -4.5, 0.6, -1.8),
        "happy": Style(5.0, 0.7, 1.5, 0.15, 5.0, -0.15, 1.6, 0.0, 0.0, 0.07),
        "sad": Style(-2.0, -0.8, -4.0, -0.35, -8.0, 1.1, -3.5, 0.15, 0.4, -0.03),
        "angry": Style(4.0, 0.5, -4.0, 0.18, 10.0, -0.7, 4.2, 0.0, 2.0, 0.0),
        "fear": Style(7.5, -0.3, 0.5, 0.3, 0.5, 0.9, 0.4, 0.8, 1.5, 0.04),
        "disgust": Style(-3.0, 0.1, -4.5, -0.3, 0.5, 0.0, 1.2, 0.0, 3.5, -0.08),
        "surprise": Style(6.0, 1.0, 9.0, -0.08, 3.0, 0.3, 0.6, 0.0, 0.0, 0.03),
    }
)
"""Emotion -> what it does to an average voice."""

# How far one person's habit, and one utterance, lies from the average (standard deviations).
_SPEAKER_SPREAD = Style(0.6, 0.1, 0.6, 0.035, 0.9, 0.12, 0.4, 0.05, 0.25, 0.008)
_UTTERANCE_SPREAD = Style(0.5, 0.1, 0.6, 0.03, 0.9, 0.12, 0.35, 0.05, 0.2, 0.007)


@dataclass(frozen=True, slots=True)
class Voice:
    """One synthetic speaker.

    Attributes
    ----------
    name, sex : str
        ``S01`` and so on; ``female`` or ``male``.
    pitch_hz : float
        Mean pitch of neutral speech.
    tract : float
        Factor on the formants; above 1 is a tract shorter than an average man's.
    formant_factors : tuple of float
        A further factor on each of four formants.
    level_db, tilt_db, breath_db : float
        Level, slope of the source an octave, and breath noise relative to the voice.
    rate : float
        Factor on the speaking rate.
    room_db : tuple of float
        Gain of the microphone and room at 0, 1, 2, 4, 6 and 8 kHz.
    habits : mapping of str to Style
        How this person expresses each emotion.
    """

    name: str
    sex: str
    pitch_hz: float
    tract: float
    formant_factors: tuple[float, ...]
    level_db: float
    tilt_db: float
    breath_db: float
    rate: float
    room_db: tuple[float, ...]
    habits: MappingProxyType[str, Style]


def draw_voice(name: str, sex: str, rng: np.random.Generator) -> Voice:
    """Draw a speaker."""
    female = sex == "female"
    expressivity = rng.uniform(0.8, 1.2)
    habits = {
        emotion: _spread(_scale(style, expressivity), _SPEAKER_SPREAD, rng)
        for emotion, style in STYLES.items()
    }
    return Voice(
        name=name,
        sex=sex,
        pitch_hz=(205.0 if female else 115.0) * float(np.exp(rng.normal(0, 0.12))),
        tract=(1.16 if female else 1.0) * float(np.exp(rng.normal(0, 0.03))),
        formant_factors=tuple(np.exp(rng.normal(0, 0.02, 4)).tolist()),
        level_db=rng.normal(-26.0, 3.0),
        tilt_db=rng.normal(0.0, 1.0),
        breath_db=rng.normal(-26.0, 4.0),
        rate=float(np.exp(rng.normal(0, 0.08))),
        room_db=tuple(rng.normal(0.0, 1.5, 6).tolist()),
        habits=MappingProxyType(habits),
    )


def draw_style(voice: Voice, emotion: str, rng: np.random.Generator) -> Style:
    """Draw how a speaker expresses an emotion this time."""
    return _spread(voice.habits[emotion], _UTTERANCE_SPREAD, rng)


def _scale(style: Style, factor: float) -> Style:
    return Style(**{name: value * factor for name, value in asdict(style).items()})


def _spread(style: Style, spread: Style, rng: np.random.Generator) -> Style:
    widths = asdict(spread)
    return Style(**{n: v + widths[n] * rng.normal() for n, v in asdict(style).items()})
