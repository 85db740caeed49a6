"""Windows and filter banks: pure functions of their numbers, each computed once."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from emovox.types import FloatArray

DoubleArray: TypeAlias = NDArray[np.float64]
_Real = TypeVar("_Real", np.float32, np.float64)

_LINEAR_HZ_PER_MEL = 200.0 / 3
_LOG_START_HZ = 1000.0
_LOG_START_MEL = _LOG_START_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0
_FILTERS_PER_BAND = 16


@lru_cache(maxsize=8)
def hann_window(n_fft: int) -> DoubleArray:
    """Return the periodic Hann window, shape (n_fft,)."""
    return _frozen(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft))


@lru_cache(maxsize=8)
def hann_correlation(n_fft: int) -> DoubleArray:
    """Return the window's own circular autocorrelation at lags 0 .. n_fft // 2, 1 at lag 0."""
    transformed = np.fft.rfft(hann_window(n_fft))
    correlation = np.fft.irfft(transformed.real**2 + transformed.imag**2)
    return _frozen(correlation[: n_fft // 2 + 1] / correlation[0])


@lru_cache(maxsize=8)
def mel_basis(
    sampling_rate: int, n_fft: int, n_mels: int, f_min: float, f_max: float | None
) -> FloatArray:
    """Return Slaney's triangular mel filters of constant area.

    Returns
    -------
    ndarray of float32, shape (1 + n_fft // 2, n_mels)
        Weights that take a power spectrum to mel energies.

    References
    ----------
    M. Slaney, Auditory Toolbox, Technical Report 1998-010, Interval Research, 1998.
    """
    top = sampling_rate / 2 if f_max is None else f_max
    edges = _mel_to_hz(np.linspace(_hz_to_mel(f_min), _hz_to_mel(top), n_mels + 2))
    bins = np.arange(1 + n_fft // 2) * (sampling_rate / n_fft)
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0, np.minimum(rising, falling)) * (2 / (edges[2:] - edges[:-2]))
    return _frozen(weights.astype(np.float32))


def build_mel_filters(
    *, sampling_rate: int, n_fft: int, n_mels: int, f_min: float = 0.0, f_max: float | None = None
) -> FloatArray:
    """Return Slaney's mel filters one a row, shape (n_mels, 1 + n_fft // 2); see `mel_basis`."""
    return mel_basis(sampling_rate, n_fft, n_mels, f_min, f_max).T


@lru_cache(maxsize=8)
def mel_bands(
    sampling_rate: int, n_fft: int, n_mels: int, f_min: float, f_max: float | None
) -> tuple[tuple[slice, slice, FloatArray], ...]:
    """Return the mel filters as a few dense blocks: (bins, filters, weights).

    A filter is zero nearly everywhere. Neighbours share their bins, so a handful of dense
    products does a fifth of the work of the whole matrix.
    """
    basis = mel_basis(sampling_rate, n_fft, n_mels, f_min, f_max)
    edges = [*range(0, n_mels, _FILTERS_PER_BAND), n_mels]
    bands = []
    for first, last in pairwise(edges):
        used = np.flatnonzero(basis[:, first:last].any(axis=1))
        # Filters narrower than a bin may be empty altogether.
        bins = slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 1)
        weights = np.ascontiguousarray(basis[bins, first:last])
        bands.append((bins, slice(first, last), _frozen(weights)))
    return tuple(bands)


@lru_cache(maxsize=8)
def chroma_basis(sampling_rate: int, n_fft: int, n_chroma: int, tuning: float) -> FloatArray:
    """Return the weights of the pitch classes, the first one C.

    Gaussian bumps around each class, columns of unit length, a wide Gaussian over octaves
    centred on the fifth (about 850 Hz): librosa's and Ellis's defaults.

    Returns
    -------
    ndarray of float32, shape (1 + n_fft // 2, n_chroma)

    References
    ----------
    D. Ellis, Chroma feature analysis and synthesis, LabROSA, Columbia University, 2007.
    """
    a440 = 440.0 * 2.0 ** (tuning / n_chroma)
    frequencies = np.arange(1, n_fft) * (sampling_rate / n_fft)
    classes = n_chroma * np.log2(frequencies / (a440 / 16))
    # The bin at 0 Hz has no pitch: it is put one and a half octaves below bin 1.
    classes = np.concatenate(([classes[0] - 1.5 * n_chroma], classes))
    widths = np.concatenate((np.maximum(np.diff(classes), 1.0), [1.0]))
    half = np.round(n_chroma / 2)
    distances = classes[:, None] - np.arange(n_chroma)
    distances = np.remainder(distances + half + 10 * n_chroma, n_chroma) - half
    weights = np.exp(-0.5 * (2 * distances / widths[:, None]) ** 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    weights *= np.exp(-0.5 * ((classes / n_chroma - 5.0) / 2.0) ** 2)[:, None]
    weights = np.roll(weights, -3 * (n_chroma // 12), axis=1)[: 1 + n_fft // 2]
    return _frozen(np.ascontiguousarray(weights, dtype=np.float32))


@lru_cache(maxsize=8)
def dct_basis(n_inputs: int, n_outputs: int) -> FloatArray:
    """Return the first columns of the orthonormal DCT-II, shape (n_inputs, n_outputs)."""
    angles = np.outer(np.arange(n_inputs) + 0.5, np.arange(n_outputs)) * (np.pi / n_inputs)
    basis = np.cos(angles) * np.sqrt(2 / n_inputs)
    basis[:, 0] = np.sqrt(1 / n_inputs)
    return _frozen(basis.astype(np.float32))


def _hz_to_mel(frequency: float) -> float:
    if frequency < _LOG_START_HZ:
        return frequency / _LINEAR_HZ_PER_MEL
    return float(_LOG_START_MEL + np.log(frequency / _LOG_START_HZ) / _LOG_STEP)


def _mel_to_hz(mels: DoubleArray) -> DoubleArray:
    bent = _LOG_START_HZ * np.exp(_LOG_STEP * (mels - _LOG_START_MEL))
    return np.where(mels < _LOG_START_MEL, mels * _LINEAR_HZ_PER_MEL, bent)


def _frozen(array: NDArray[_Real]) -> NDArray[_Real]:
    # These are shared by all callers.
    array.flags.writeable = False
    return array
