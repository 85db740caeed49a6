"""A source-filter voice: glottal pulses and noise through moving resonances. NumPy only.

The source is Rosenberg's pulse, differentiated (Rosenberg, 1971), with jitter, shimmer and breath
noise in time with the pulses; the filter is a cascade of four formants (Klatt, 1980), applied
frame by frame in the frequency domain and added up, which lets it move without a loop over
samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emovox.corpora.synthetic_style import Style, Voice, draw_style
from emovox.corpora.synthetic_text import PHONES, SENTENCES
from emovox.types import FloatArray

SAMPLING_RATE = 16_000

_HOP = 160  # 10 ms: how finely the tracks are drawn
_FRAME = 2 * _HOP
# A resonance 60 Hz wide has fallen by 70 dB after 40 ms, so it rings out inside one transform.
_N_FFT = 1024
_EDGE_S = 0.12  # silence before and after
_BANDWIDTHS_HZ = (70.0, 90.0, 130.0, 200.0)
_FOURTH_FORMANT_HZ = 3400.0
_ROOM_HZ = (0.0, 1000.0, 2000.0, 4000.0, 6000.0, 8000.0)

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Tracks:
    """Targets over time, one row each 10 ms."""

    pitch_hz: _Array  # (n_frames,)
    formants_hz: _Array  # (n_frames, 4)
    voicing: _Array  # (n_frames,)
    friction: _Array  # (n_frames,)
    friction_hz: _Array  # (n_frames,)


def synthesize_clip(
    emotion: str, voice: Voice, rng: np.random.Generator, *, sentence: str = "01"
) -> FloatArray:
    """Return one synthetic utterance at 16 kHz.

    Parameters
    ----------
    emotion : str
        One of ``emovox.emotions.EMOTIONS``.
    voice : Voice
        Who speaks.
    rng : numpy.random.Generator
        Everything that differs between two takes is drawn from it.
    sentence : str, default="01"
        A key of ``SENTENCES``.

    Returns
    -------
    ndarray of float32, shape (n_samples,)
        In [-1, 1], about 1.2 to 2.5 s long.
    """
    style = draw_style(voice, emotion, rng)
    tracks = _draw_tracks(voice, style, SENTENCES[sentence], rng)
    voiced = _shape_source(_make_source(tracks, voice, style, rng), voice, style)
    samples = _filter_frames(voiced, _compute_formant_gains(tracks.formants_hz))
    samples += _make_friction(tracks, rng)
    samples = _apply_gain(samples, np.interp(_frequencies(len(samples)), _ROOM_HZ, voice.room_db))
    return _set_level(samples, voice.level_db + style.energy, rng)


def _draw_tracks(voice: Voice, style: Style, text: str, rng: np.random.Generator) -> _Tracks:
    phones = [PHONES[letter] for letter in text.replace(" ", "")]
    rate = voice.rate * np.exp(style.rate)
    durations = np.array([p.duration_s for p in phones]) / rate
    durations *= np.exp(rng.normal(0, 0.1, len(phones)))
    durations[-2:] *= 1.4  # speech slows down at its end
    n_edge = round(_EDGE_S * SAMPLING_RATE / _HOP)
    counts = np.maximum(2, np.round(durations * SAMPLING_RATE / _HOP).astype(int))

    def spread(values: list[float], edge: float) -> _Array:
        track = np.repeat(np.array(values, dtype=float), counts)
        return np.pad(track, n_edge, constant_values=edge)

    formants = [spread([p.formants_hz[k] for p in phones], 500.0 + 1000.0 * k) for k in range(3)]
    formants.append(np.full_like(formants[0], _FOURTH_FORMANT_HZ))
    factors = np.array(voice.formant_factors) * voice.tract * np.exp(style.tract)
    voicing = spread([p.voicing for p in phones], 0.0)
    return _Tracks(
        pitch_hz=_draw_pitch(voice, style, len(voicing), rng),
        formants_hz=_smooth(np.stack(formants, axis=1), 7) * factors,
        voicing=_smooth(voicing, 5),
        friction=_smooth(spread([p.friction for p in phones], 0.0), 3),
        friction_hz=_smooth(spread([p.friction_hz for p in phones], 5000.0), 3),
    )


def _draw_pitch(voice: Voice, style: Style, n_frames: int, rng: np.random.Generator) -> _Array:
    position = np.linspace(0.0, 1.0, n_frames)
    time_s = np.arange(n_frames) * _HOP / SAMPLING_RATE
    # Declination, three or four accents, and what happens at the end; in semitones.
    n_accents = int(rng.integers(3, 5))
    centres = 0.8 * (np.arange(n_accents) + rng.uniform(0.2, 0.8, n_accents)) / n_accents
    heights = rng.uniform(1.5, 3.5, n_accents)
    accents = heights * np.exp(-0.5 * ((position[:, None] - centres) / 0.06) ** 2)
    movement = (1.5 - 3.0 * position + accents.sum(axis=1)) * np.exp(style.pitch_range)
    movement += style.final_rise * np.clip((position - 0.8) / 0.2, 0.0, 1.0)
    depth = max(0.0, style.tremor)
    movement += depth * np.sin(2 * np.pi * (6.0 * time_s + rng.uniform()))
    pitch_hz: _Array = voice.pitch_hz * 2 ** ((style.pitch + movement) / 12)
    return pitch_hz


def _make_source(tracks: _Tracks, voice: Voice, style: Style, rng: np.random.Generator) -> _Array:
    n_samples = len(tracks.voicing) * _HOP
    frame_of = np.arange(n_samples) / _HOP
    frames = np.arange(len(tracks.voicing))
    pitch_hz = np.interp(frame_of, frames, tracks.pitch_hz)
    roughness = 0.01 * max(0.2, 0.6 + style.roughness)
    cycle, phase = _draw_cycles(pitch_hz, roughness, rng)
    # A brighter voice is a tenser one: the glottis is open for a smaller part of the cycle.
    open_part = min(max(0.62 - 0.03 * (style.tilt + voice.tilt_db), 0.4), 0.8)
    shimmer = 1.0 + 3.0 * roughness * rng.normal(size=cycle[-1] + 1)
    pulses = _differentiate_pulse(phase, open_part) * shimmer[cycle]
    breath_db = voice.breath_db + 10.0 * style.breath
    # Breath is loudest while the glottis is open.
    noise = rng.normal(size=n_samples) * (0.4 + 0.6 * (phase < open_part))
    source = pulses / pulses.std() + 10 ** (breath_db / 20) * noise * 3.0
    voiced: _Array = source * np.interp(frame_of, frames, tracks.voicing)
    return voiced


def _draw_cycles(
    pitch_hz: _Array, roughness: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], _Array]:
    """Return the number of the glottal cycle and the phase in it, both (n_samples,)."""
    turns = np.cumsum(pitch_hz) / SAMPLING_RATE
    # Jitter moves the ends of the cycles: a piecewise linear bend of the phase.
    n_cycles = int(turns[-1]) + 2
    ends = np.arange(n_cycles) + np.clip(roughness * rng.normal(size=n_cycles), -0.3, 0.3)
    bent = np.interp(turns, ends, np.arange(n_cycles))
    cycle = np.floor(bent).astype(np.int64)
    return cycle, bent - cycle


def _differentiate_pulse(phase: _Array, open_part: float) -> _Array:
    """Return the derivative of Rosenberg's pulse: two thirds opening, one third closing."""
    opening = phase / (open_part * 2 / 3)
    closing = (phase - open_part * 2 / 3) / (open_part / 3)
    rise = 0.5 * np.pi * np.sin(np.pi * opening) / 2
    fall = -0.5 * np.pi * np.sin(0.5 * np.pi * closing) * 2
    return np.where(opening < 1, rise, np.where(closing < 1, fall, 0.0))


def _shape_source(source: _Array, voice: Voice, style: Style) -> _Array:
    """Tilt the spectrum of the source about 500 Hz, in dB an octave."""
    octaves = np.log2(np.maximum(_frequencies(len(source)), 60.0) / 500.0)
    gain_db = np.clip((voice.tilt_db + style.tilt) * octaves, -30.0, 12.0)
    return _apply_gain(source, gain_db)


def _apply_gain(samples: _Array, gain_db: _Array) -> _Array:
    return np.fft.irfft(np.fft.rfft(samples) * 10 ** (gain_db / 20), len(samples))


def _compute_formant_gains(formants_hz: _Array) -> NDArray[np.complex64]:
    """Return the cascade's response, shape (n_frames, _N_FFT // 2 + 1), gain 1 at 0 Hz."""
    turns = np.exp(-2j * np.pi * _frequencies(_N_FFT) / SAMPLING_RATE)
    # Single precision: half the time, and errors of 1e-6 lie far below the noise.
    delay, delay_2 = turns.astype(np.complex64), (turns**2).astype(np.complex64)
    response = np.ones((len(formants_hz), len(turns)), dtype=np.complex64)
    for k, bandwidth in enumerate(_BANDWIDTHS_HZ):
        radius = np.exp(-np.pi * bandwidth / SAMPLING_RATE)
        angle = 2 * np.pi * np.minimum(formants_hz[:, k, None], 7500.0) / SAMPLING_RATE
        linear = 2 * radius * np.cos(angle)
        scale = 1 / (1 - linear + radius**2)
        response *= (
            scale.astype(np.float32)
            - (scale * linear).astype(np.float32) * delay
            + (scale * radius**2).astype(np.float32) * delay_2
        )
    return np.reciprocal(response)


def _make_friction(tracks: _Tracks, rng: np.random.Generator) -> _Array:
    noise = rng.normal(size=len(tracks.friction) * _HOP)
    octaves = np.log2(np.maximum(_frequencies(_N_FFT), 60.0) / tracks.friction_hz[:, None])
    return _filter_frames(noise, tracks.friction[:, None] * np.exp(-0.5 * (octaves / 0.4) ** 2))


def _filter_frames(samples: _Array, gains: NDArray[np.complex64] | _Array) -> _Array:
    """Filter with one response each 10 ms; gains (n_frames, n_bins), samples n_frames * _HOP."""
    # Hann windows half overlapping add up to 1; frame k is centred on the start of hop k.
    padded = np.pad(samples, (_HOP, _HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP][: len(gains)]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)
    pieces = np.fft.irfft(np.fft.rfft(frames * window, _N_FFT) * gains, _N_FFT)
    pieces = np.pad(pieces, ((0, 0), (0, -_N_FFT % _HOP)))
    out = np.zeros(len(padded) + pieces.shape[1])
    # Add up hop by hop: the pieces' first hops lie end to end, then their second ones ...
    for start in range(0, pieces.shape[1], _HOP):
        out[start : start + len(pieces) * _HOP] += pieces[:, start : start + _HOP].ravel()
    return out[_HOP : _HOP + len(samples)]


def _smooth(track: _Array, width: int) -> _Array:
    """Average over a Hann window of ``width`` frames, along time; the ends are held."""
    window = np.hanning(width + 2)[1:-1]
    window /= window.sum()
    half = width // 2
    padding = [(half, half)] + [(0, 0)] * (track.ndim - 1)
    padded = np.pad(track, padding, mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)
    smoothed: _Array = views @ window
    return smoothed


def _frequencies(n_samples: int) -> _Array:
    """Return the frequencies of a transform of an even number of samples, in Hz."""
    return np.linspace(0.0, SAMPLING_RATE / 2, n_samples // 2 + 1)


def _set_level(samples: _Array, level_db: float, rng: np.random.Generator) -> FloatArray:
    """Scale to a level in dB below full scale and add the noise of a quiet room."""
    samples = samples * 10 ** (level_db / 20) / np.sqrt(np.mean(samples**2))
    samples = samples + 10 ** (-72.0 / 20) * rng.normal(size=len(samples))
    peak = float(np.abs(samples).max())
    return (samples * min(1.0, 0.98 / peak)).astype(np.float32)
