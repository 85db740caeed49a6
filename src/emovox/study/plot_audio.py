"""Pictures of recordings: waveform and spectrogram, before and after."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from emovox.errors import MissingExtraError
from emovox.files import replacing
from emovox.types import FloatArray

try:
    from matplotlib import rc_context
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtraError("train") from error

# Grey and blue of Okabe and Ito's palette; both differ in lightness too, for print.
_BEFORE = "#B0B0B0"
_AFTER = "#0072B2"
_COLUMNS = 1000
_RANGE_DB = (-70.0, -10.0)
_HIGHEST_HZ = 8000.0


def draw_alterations(
    original: FloatArray,
    altered: Sequence[tuple[str, FloatArray]],
    sampling_rate: int,
    *,
    title: str = "",
) -> Figure:
    """Draw a recording and its altered versions, a row each: waveform and spectrogram.

    Time, amplitude and level have the same scale in all rows, so that rows can be compared. The
    original's waveform stands in grey behind each altered one.

    Parameters
    ----------
    original : ndarray of float32, shape (n_samples,)
        Before.
    altered : sequence of (str, ndarray)
        What was done, in a few words, and the samples after it, of any length.
    sampling_rate : int
        Of all, in Hz.
    title : str, optional
        Such as the name of the file.

    Returns
    -------
    Figure
        Bound to no window and no global state; ``write_figure`` writes it.
    """
    rows = [("original", original), *altered]
    longest = max(len(samples) for _, samples in rows) / sampling_rate
    height = max(float(np.abs(samples).max(initial=0.0)) for _, samples in rows) * 1.05 or 1.0
    highest_hz = min(_HIGHEST_HZ, sampling_rate / 2)
    levels = [_compute_levels(samples, sampling_rate, highest_hz) for _, samples in rows]
    top_db = float(levels[0].max())

    figure = Figure(figsize=(10, 1.0 + 1.5 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), 2, sharex=True, squeeze=False)
    for row, (label, samples) in enumerate(rows):
        waveform, spectrogram = axes[row]
        if row:
            draw_waveform(waveform, original, sampling_rate, _BEFORE)
        draw_waveform(waveform, samples, sampling_rate, _AFTER)
        waveform.set(xlim=(0, longest), ylim=(-height, height), ylabel="Amplitude")
        waveform.set_title(label, loc="left", fontsize="medium")
        image = spectrogram.imshow(
            levels[row].T - top_db,
            origin="lower",
            aspect="auto",
            cmap="Greys",
            vmin=_RANGE_DB[0],
            vmax=_RANGE_DB[1],
            extent=(0, len(samples) / sampling_rate, 0, highest_hz / 1000),
        )
        spectrogram.set(xlim=(0, longest), ylabel="Frequency (kHz)")
    for axis in axes[-1]:
        axis.set_xlabel("Time (s)")
    bar = figure.colorbar(image, ax=axes[:, 1], shrink=min(1.0, 2 / len(rows)), pad=0.02)
    bar.set_label("Level (dB re loudest of original)")
    if len(rows) > 1:
        title = f"{title} (grey: original)".lstrip()
    figure.suptitle(title, parse_math=False)  # names of files may hold a $
    return figure


def write_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure, atomically; the suffix (``.png`` or ``.svg``) says in which format.

    The same figure gives the same bytes: no date is written.
    """
    # Without a salt the names inside an SVG are random.
    with replacing(path) as temporary, rc_context({"svg.hashsalt": "emovox"}):
        date = {"Date": None} if temporary.suffix == ".svg" else None
        figure.savefig(temporary, dpi=150, metadata=date)


def draw_waveform(axes: Axes, samples: FloatArray, sampling_rate: int, color: str) -> None:
    """Fill between the lowest and highest sample of each of at most 1000 stretches.

    Parameters
    ----------
    axes : Axes
        Where.
    samples : ndarray of float32, shape (n_samples,)
        At least one.
    sampling_rate : int
        In Hz.
    color : str
        Of the filling.
    """
    starts = np.unique(np.linspace(0, len(samples), _COLUMNS, endpoint=False).astype(np.int64))
    axes.fill_between(
        starts / sampling_rate,
        np.minimum.reduceat(samples, starts),
        np.maximum.reduceat(samples, starts),
        color=color,
        linewidth=0.5,
    )


def draw_spectrogram(axes: Axes, samples: FloatArray, sampling_rate: int) -> None:
    """Draw level over time and frequency, in grey, dark where it is loud.

    Parameters
    ----------
    axes : Axes
        Where; its y axis is in kHz.
    samples : ndarray of float32, shape (n_samples,)
        At least one.
    sampling_rate : int
        In Hz.
    """
    highest_hz = min(_HIGHEST_HZ, sampling_rate / 2)
    levels = _compute_levels(samples, sampling_rate, highest_hz)
    axes.imshow(
        levels.T - levels.max(),
        origin="lower",
        aspect="auto",
        cmap="Greys",
        vmin=_RANGE_DB[0],
        vmax=_RANGE_DB[1],
        extent=(0, len(samples) / sampling_rate, 0, highest_hz / 1000),
    )


def _compute_levels(
    samples: FloatArray, sampling_rate: int, highest_hz: float
) -> NDArray[np.float64]:
    """Power spectrum in dB up to a frequency, Hann windows of 25 to 50 ms, (n_frames, n_bins)."""
    n_fft = 2 ** round(np.log2(0.035 * sampling_rate))
    hop = max(n_fft // 8, len(samples) // _COLUMNS)
    frames = sliding_window_view(np.pad(samples, n_fft // 2), n_fft)[::hop]
    n_bins = round(highest_hz / sampling_rate * n_fft) + 1
    spectrum = np.fft.rfft(frames * np.hanning(n_fft))[:, :n_bins]
    # A floor far below anything drawn keeps silence finite.
    return 10 * np.log10(np.square(np.abs(spectrum)) + 1e-12)
