"""Rows: what models are fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError
from emovox.types import FloatArray, IntArray

N_CLASSES = len(EMOTIONS)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Labelled feature rows. One row is one recording, clean or altered.

    Attributes
    ----------
    values : ndarray of float32, shape (n, n_features) or (n, n_frames, n_features)
        Features, not standardized. Frames after a row's length are padding.
    labels : ndarray of int64, shape (n,)
        Indices into ``EMOTIONS``.
    lengths : ndarray of int64, shape (n,), or None
        Frames of each row; None where ``values`` has no frames.
    clip_index : ndarray of int64, shape (n,)
        Which clip each row was made of.
    variant : ndarray of int64, shape (n,)
        0 for the clean recording, 1 and up for altered ones.
    """

    values: FloatArray
    labels: IntArray
    lengths: IntArray | None
    clip_index: IntArray
    variant: IntArray

    @classmethod
    def of(cls, values: FloatArray, labels: IntArray, lengths: IntArray | None = None) -> Rows:
        """Make rows that are each a clean clip of their own."""
        n = len(labels)
        return cls(
            np.asarray(values, np.float32),
            np.asarray(labels, np.int64),
            lengths,
            np.arange(n),
            np.zeros(n, np.int64),
        )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_features(self) -> int:
        """Features of a row, or of a frame."""
        return int(self.values.shape[-1])

    def take(self, index: IntArray) -> Rows:
        """Return some of the rows, in the order of ``index``."""
        lengths = None if self.lengths is None else self.lengths[index]
        return Rows(
            self.values[index],
            self.labels[index],
            lengths,
            self.clip_index[index],
            self.variant[index],
        )

    def validate(self, input_kind: str, *, what: str = "training") -> None:
        """Check that a model can use these rows.

        Parameters
        ----------
        input_kind : str
            ``statistics`` or ``frames``.
        what : str
            What the rows are for, as it shall stand in a message.

        Raises
        ------
        ParameterError
            If there are none, shapes disagree, a value is not finite or a label is no emotion.
        """
        if len(self) == 0:
            raise ParameterError(f"there are no {what} rows; at least one is needed.")
        validate_values(self.values, self.lengths, input_kind, what=what)
        for name in ("values", "clip_index", "variant"):
            n = len(getattr(self, name))
            if n != len(self):
                raise ParameterError(f"{what} rows: {n} {name} for {len(self)} labels.")
        if self.labels.min() < 0 or self.labels.max() >= N_CLASSES:
            raise ParameterError(
                f"{what} rows: labels go from {self.labels.min()} to {self.labels.max()}; "
                f"they must be from 0 to {N_CLASSES - 1}."
            )


def validate_values(
    values: FloatArray, lengths: IntArray | None, input_kind: str, *, what: str = "given"
) -> None:
    """Check features apart from labels; see ``Rows.validate``.

    Raises
    ------
    ParameterError
        If their shape is not what the model takes, or a value is not finite.
    """
    n_dimensions = 3 if input_kind == "frames" else 2
    if values.ndim != n_dimensions:
        shape = "(n, n_frames, n_features)" if n_dimensions == 3 else "(n, n_features)"
        raise ParameterError(f"{what} values have shape {values.shape}; this model takes {shape}.")
    finite = np.isfinite(values.sum(axis=tuple(range(1, n_dimensions)), dtype=np.float64))
    if not finite.all():
        raise ParameterError(
            f"{what} values: row {int(np.argmin(finite))} holds NaN or infinity "
            f"({int((~finite).sum())} rows do)."
        )
    if n_dimensions == 3:
        if lengths is None or len(lengths) != len(values):
            raise ParameterError(f"{what} values are frames; lengths (one a row) are needed.")
        if len(lengths) and (lengths.min() < 1 or lengths.max() > values.shape[1]):
            raise ParameterError(
                f"{what} lengths go from {lengths.min()} to {lengths.max()}; "
                f"they must be from 1 to {values.shape[1]}, the frames there are."
            )
