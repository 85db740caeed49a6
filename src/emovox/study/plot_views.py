"""Pictures of a recording and of its features over time, before and after a change."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emovox.audio import read_audio
from emovox.augment import format_alteration, make_policy
from emovox.errors import MissingExtraError
from emovox.features import FeatureSet, get_feature_set
from emovox.files import hash_file
from emovox.types import FloatArray

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtraError("train") from error

from emovox.study.plot_audio import draw_spectrogram, draw_waveform
from emovox.study.plot_style import BLUE, FAINT, GREEN, INK, VERMILION, add_title, dress

VIEW_RATE = 16000
"""Hz; all views are computed at this rate."""

_PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_FLOOR_DB = -80.0


@dataclass(frozen=True, slots=True)
class _Limits:
    """Scales that all columns share, so that they can be compared."""

    longest_s: float
    amplitude: float
    zcr: float
    mfcc: float


def draw_views(versions: Sequence[tuple[str, FloatArray]], *, title: str = "") -> Figure:
    """Draw waveform, spectrogram, zero crossing rate, level, chroma and MFCC; a column a version.

    All columns share their scales. Frames are 64 ms long and 16 ms apart.

    Parameters
    ----------
    versions : sequence of (str, ndarray of float32, shape (n_samples,))
        What it is, in a few words, and its samples at `VIEW_RATE`; the original first.
    title : str, optional
        Such as the name of the file.

    Returns
    -------
    Figure
    """
    feature_set = get_feature_set("frames")
    tables = [_split(feature_set, samples) for _, samples in versions]
    limits = _Limits(
        longest_s=max(len(samples) for _, samples in versions) / VIEW_RATE,
        amplitude=1.05 * max(float(np.abs(s).max(initial=0.0)) for _, s in versions) or 1.0,
        zcr=1.1 * max(float(table["zcr"].max()) for table in tables) or 1.0,
        # The zeroth is the level, and would drown the others.
        mfcc=max(float(np.percentile(np.abs(t["mfcc"][:, 1:]), 98)) for t in tables) or 1.0,
    )
    figure = Figure(figsize=(max(7.5, 5.2 * len(versions)), 10.5), layout="constrained")
    if title:
        add_title(figure, title)
    axes = figure.subplots(6, len(versions), sharex=True, squeeze=False,
                           height_ratios=(1, 1.4, 0.8, 0.8, 1.2, 1.2))  # fmt: skip
    for column, ((label, samples), table) in enumerate(zip(versions, tables, strict=True)):
        panels = axes[:, column]
        panels[0].set_title(label, loc="left", fontsize=10, color=INK)
        _draw_column(panels, samples, table, limits)
        if column == 0:
            for panel, name in zip(panels, _NAMES, strict=True):
                panel.set_ylabel(name, color=INK, fontsize=9)
        panels[-1].set_xlabel("time (s)", color=INK, fontsize=9)
        panels[-1].set_xlim(0, limits.longest_s)
    return figure


_NAMES = (
    "waveform\namplitude",
    "spectrogram\nkHz",
    "ZCR\nshare of samples",
    "RMS\ndB of full scale",
    "chroma\npitch class",
    "MFCC\n1 to 19",
)


def _split(feature_set: FeatureSet, samples: FloatArray) -> Mapping[str, FloatArray]:
    """Return group -> values of the frames, (n_frames, n)."""
    values = feature_set.compute_frames(samples, VIEW_RATE)
    groups = [name.partition("_")[0] for name in feature_set.frame_names]
    return {
        group: values[:, [i for i, own in enumerate(groups) if own == group]]
        for group in dict.fromkeys(groups)
    }


def _draw_column(
    panels: Iterable[Axes],
    samples: FloatArray,
    table: Mapping[str, FloatArray],
    limits: _Limits,
) -> None:
    waveform, spectrogram, zcr, rms, chroma, mfcc = panels
    draw_waveform(waveform, samples, VIEW_RATE, BLUE)
    waveform.set_ylim(-limits.amplitude, limits.amplitude)
    draw_spectrogram(spectrogram, samples, VIEW_RATE)
    config = get_feature_set("frames").config
    step = config.hop_length / config.sampling_rate
    times = step * np.arange(len(table["zcr"]))
    zcr.plot(times, table["zcr"][:, 0], color=VERMILION, linewidth=1.2)
    zcr.set_ylim(0, limits.zcr)
    level = 20 * np.log10(np.maximum(table["rms"][:, 0], 1e-10))
    rms.plot(times, np.maximum(level, _FLOOR_DB), color=GREEN, linewidth=1.2)
    rms.set_ylim(_FLOOR_DB, 0)
    extent = (0.0, float(step * len(times)))
    chroma.imshow(table["chroma"].T, origin="lower", aspect="auto", cmap="viridis", vmin=0, vmax=1,
                  extent=(*extent, -0.5, 11.5), interpolation="nearest")  # fmt: skip
    chroma.set_yticks(range(0, 12, 2), _PITCH_CLASSES[::2])
    mfcc.imshow(table["mfcc"][:, 1:].T, origin="lower", aspect="auto", cmap="PuOr",
                vmin=-limits.mfcc, vmax=limits.mfcc, extent=(*extent, 0.5, 19.5),
                interpolation="nearest")  # fmt: skip
    mfcc.set_yticks((1, 5, 10, 15, 19))
    for panel in panels:
        dress(panel)
        panel.tick_params(labelsize=8)
    waveform.axhline(0, color=FAINT, linewidth=0.5)


def make_versions(
    path: str | os.PathLike[str], transforms: Sequence[str], seed: int = 0
) -> list[tuple[str, FloatArray]]:
    """Return a recording and what transforms make of it, each by itself, for `draw_views`.

    Parameters
    ----------
    path : path-like
        A recording.
    transforms : sequence of str
        Names as ``emovox.augment.list_transforms`` has them.
    seed : int, default=0
        Of the parameters that are drawn; they also hang on the content of the file.

    Raises
    ------
    AudioError
        If it cannot be decoded.
    ParameterError
        If there is no such transform.
    """
    samples = read_audio(path, sampling_rate=VIEW_RATE).samples
    versions = [("as recorded", samples)]
    if transforms:
        for alteration in make_policy(transforms).draw(hash_file(path), seed):
            label = format_alteration(alteration.describe())
            versions.append((label, alteration.apply(samples, VIEW_RATE)))
    return versions
