"""The features of single frames: zero crossings, energy, mel bands, cepstrum, pitch classes.

All arrays are float32 and time first: ``(n_frames, n)``. Values equal librosa's to rounding
(``tests/reference``), where it is given the same settings.
"""

from __future__ import annotations

import numpy as np

from emovox.features.bases import chroma_basis, dct_basis, mel_bands
from emovox.features.config import PadMode
from emovox.features.spectrum import frame_samples
from emovox.types import FloatArray

_QUIET = 1e-10  # samples nearer to zero count as positive; mel energies below it as equal to it
_TINY = np.finfo(np.float32).tiny
_BLAS_SHARES_ABOVE = 2**18  # multiplications (OpenBLAS)


def compute_zcr(
    samples: FloatArray, *, n_fft: int = 2048, hop_length: int = 512, center: bool = True
) -> FloatArray:
    """Compute the zero crossing rate.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Samples within 1e-10 of zero count as positive.
    n_fft, hop_length : int
        Window and hop in samples.
    center : bool, default=True
        Frame t is centred on sample ``t * hop_length``; the ends are continued by the first
        and last value, which adds no crossing.

    Returns
    -------
    ndarray of float32, shape (n_frames, 1)
        Share of the window's samples whose sign differs from the sample before.
    """
    negative = samples < -_QUIET
    half = n_fft // 2 if center else 0
    crossings = np.flatnonzero(negative[1:] != negative[:-1]) + (1 + half)
    length = max(len(samples) + 2 * half, n_fft)
    starts = np.arange(0, length - n_fft + 1, hop_length)
    # A window does not see whether its first sample differs from the one before.
    counts = np.searchsorted(crossings, starts + n_fft) - np.searchsorted(crossings, starts + 1)
    return (counts / n_fft).astype(np.float32)[:, None]


def compute_rms(
    samples: FloatArray,
    *,
    n_fft: int = 2048,
    hop_length: int = 512,
    center: bool = True,
    pad_mode: PadMode = "constant",
) -> FloatArray:
    """Compute the root mean square of each frame (no window).

    Returns
    -------
    ndarray of float32, shape (n_frames, 1)
    """
    frames = frame_samples(
        samples, n_fft=n_fft, hop_length=hop_length, center=center, pad_mode=pad_mode
    )
    rms: FloatArray = np.sqrt(np.einsum("ij,ij->i", frames, frames) / np.float32(n_fft))
    return rms[:, None]


def compute_mel(
    power: FloatArray,
    *,
    sampling_rate: int = 22050,
    n_mels: int = 128,
    f_min: float = 0.0,
    f_max: float | None = None,
) -> FloatArray:
    """Compute mel energies.

    Parameters
    ----------
    power : ndarray of float32, shape (n_frames, 1 + n_fft // 2)
        The square of `compute_spectrum`.
    sampling_rate : int
        In Hz.
    n_mels : int
        Number of bands.
    f_min, f_max : float
        Lower and upper edge in Hz; None is half the sampling rate.

    Returns
    -------
    ndarray of float32, shape (n_frames, n_mels)
    """
    n_fft = 2 * (power.shape[1] - 1)
    mel = np.empty((len(power), n_mels), dtype=np.float32)
    for bins, filters, weights in mel_bands(sampling_rate, n_fft, n_mels, f_min, f_max):
        _multiply(power[:, bins], weights, mel[:, filters])
    return mel


def compute_log_mel(mel: FloatArray, *, top_db: float = 80.0) -> FloatArray:
    """Compute mel energies in decibels, at least -100 and at most ``top_db`` below the loudest.

    Parameters
    ----------
    mel : ndarray of float32, shape (n_frames, n_mels)
        From `compute_mel`.
    top_db : float, default=80
        Range kept, over the whole recording.

    Returns
    -------
    ndarray of float32, shape (n_frames, n_mels)
    """
    decibels: FloatArray = np.float32(10) * np.log10(np.maximum(mel, np.float32(_QUIET)))
    np.maximum(decibels, decibels.max() - np.float32(top_db), out=decibels)
    return decibels


def compute_mfcc(log_mel: FloatArray, *, n_mfcc: int = 20) -> FloatArray:
    """Compute cepstral coefficients: the orthonormal DCT-II of log-mel energies.

    Parameters
    ----------
    log_mel : ndarray of float32, shape (n_frames, n_mels)
        From `compute_log_mel`.
    n_mfcc : int, default=20
        How many are kept, from the zeroth.

    Returns
    -------
    ndarray of float32, shape (n_frames, n_mfcc)
    """
    mfcc = np.empty((len(log_mel), n_mfcc), dtype=np.float32)
    _multiply(log_mel, dct_basis(log_mel.shape[1], n_mfcc), mfcc)
    return mfcc


def compute_chroma(
    spectrum: FloatArray,
    *,
    sampling_rate: int = 22050,
    n_chroma: int = 12,
    tuning: float = 0.0,
    floor: float = 0.0,
) -> FloatArray:
    """Compute the strength of the pitch classes, the strongest of each frame being 1.

    Parameters
    ----------
    spectrum : ndarray of float32, shape (n_frames, 1 + n_fft // 2)
        Magnitudes, from `compute_spectrum`; the reference notebook summed these, not powers.
    sampling_rate : int
        In Hz.
    n_chroma : int, default=12
        Classes in an octave; the first is C.
    tuning : float, default=0
        Deviation from A440 in fractions of a class.
    floor : float, default=0
        Frames whose strongest class is weaker are silent: all their classes are 0.

    Returns
    -------
    ndarray of float32, shape (n_frames, n_chroma)
    """
    n_fft = 2 * (spectrum.shape[1] - 1)
    chroma = np.empty((len(spectrum), n_chroma), dtype=np.float32)
    _multiply(spectrum, chroma_basis(sampling_rate, n_fft, n_chroma, tuning), chroma)
    peaks = chroma.max(axis=1, keepdims=True)
    silent = peaks < max(floor, _TINY)
    chroma /= np.where(silent, 1, peaks)
    chroma[silent[:, 0]] = 0
    return chroma


def _multiply(left: FloatArray, right: FloatArray, out: FloatArray) -> None:
    """Write ``left @ right`` into ``out``, a few rows at a time, so that BLAS stays in a thread.

    Products as small as ours gain nothing from threads, and wait ten times as long as they
    compute for them where other work keeps the cores busy.
    """
    n_rows = max(1, _BLAS_SHARES_ABOVE // right.size)
    for first in range(0, len(left), n_rows):
        np.matmul(left[first : first + n_rows], right, out=out[first : first + n_rows])
