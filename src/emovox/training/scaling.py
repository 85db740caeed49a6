"""The standard scaler: fitted on training rows only, stored with the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emovox.types import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class StandardScaler:
    """Mean and deviation of every feature.

    Attributes
    ----------
    mean, deviation : ndarray of float32, shape (n_features,)
        Of the rows it was fitted on, estimated with n (not n - 1). The deviation of a feature
        that never changes is 1.
    """

    mean: FloatArray
    deviation: FloatArray

    @classmethod
    def fit(cls, values: FloatArray, lengths: IntArray | None = None) -> StandardScaler:
        """Measure rows.

        Parameters
        ----------
        values : ndarray of float32, shape (n, n_features) or (n, n_frames, n_features)
            Training rows.
        lengths : ndarray of int64, shape (n,), optional
            Frames of each row; later frames do not count.
        """
        n_features = values.shape[-1]
        total, squares, n = np.zeros(n_features), np.zeros(n_features), 0
        # Twice over the rows, in parts: exact, and no float64 copy of everything.
        parts = [slice(start, start + _PART) for start in range(0, len(values), _PART)]
        for part in parts:
            frames = _select_frames(values, lengths, part)
            total += frames.sum(axis=0)
            n += len(frames)
        mean = total / n
        for part in parts:
            squares += np.square(_select_frames(values, lengths, part) - mean).sum(axis=0)
        deviation = np.sqrt(squares / n)
        # Rounding leaves a feature that never changes a deviation of about 1e-16 of its size.
        constant = deviation <= 1e-7 * np.abs(mean)
        deviation[constant] = 1.0
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def transform(self, values: FloatArray) -> FloatArray:
        """Return values with mean 0 and deviation 1 (on the rows it was fitted on), float32."""
        scaled: FloatArray = (values - self.mean) / self.deviation
        return scaled


_PART = 2048


def _select_frames(
    values: FloatArray, lengths: IntArray | None, part: slice
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    chunk = values[part].astype(np.float64)
    if lengths is None:
        return chunk
    return chunk[np.arange(values.shape[1]) < lengths[part, None]]
