"""What every model can do, whatever it is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.errors import ModelError, ParameterError
from emovox.training.history import History, RunContext
from emovox.training.options import TrainingOptions
from emovox.training.registry import ModelSpec
from emovox.training.rows import N_CLASSES, Rows, validate_values
from emovox.training.scaling import StandardScaler
from emovox.types import FloatArray, IntArray


class Model(ABC):
    """A model: first fitted, then asked.

    Parameters
    ----------
    spec : ModelSpec
        What it is.
    options : TrainingOptions
        How it is trained.

    Attributes
    ----------
    scaler_ : StandardScaler
        Fitted on the training rows.
    present_ : ndarray of bool, shape (8,)
        Which emotions the training rows had; the others get probability 0.
    history_ : History
        Of the training.
    """

    scaler_: StandardScaler

    def __init__(self, spec: ModelSpec, options: TrainingOptions) -> None:
        self.spec = spec
        self.options = options
        self.present_ = np.zeros(N_CLASSES, dtype=bool)
        self.history_: History | None = None

    @property
    def name(self) -> str:
        """Of the model in the registry."""
        return self.spec.name

    def fit(
        self,
        train: Rows,
        watch: Rows | None = None,
        *,
        select: bool = False,
        run: RunContext | None = None,
    ) -> History:
        """Train.

        Parameters
        ----------
        train : Rows
            What is learnt from; the scaler sees these rows only.
        watch : Rows, optional
            Measured after each epoch, never learnt from.
        select : bool, default=False
            Stop early and keep the epoch (or setting) with the best UAR on ``watch``. For dev
            rows only: test rows must not decide anything.
        run : RunContext, optional
            Where to keep checkpoints and figures, and whom to tell.

        Returns
        -------
        History
            Figures by epoch.

        Raises
        ------
        ParameterError
            If rows cannot be used, or nothing is watched although ``select`` is asked for.
        """
        train.validate(self.spec.input)
        if len(np.unique(train.labels)) < 2:
            raise ParameterError(
                f"all training rows are {EMOTIONS[train.labels[0]]!r}; "
                "at least two emotions are needed."
            )
        if watch is not None:
            watch.validate(self.spec.input, what="watched")
            self._validate_width(watch.values, train.n_features)
        elif select:
            raise ParameterError("select needs watched rows (dev), and there are none.")
        self.scaler_ = StandardScaler.fit(train.values, train.lengths)
        self.present_ = np.bincount(train.labels, minlength=N_CLASSES) > 0
        self.history_ = self._fit(train, watch, select=select, run=run or RunContext())
        return self.history_

    def predict_probabilities(
        self, values: FloatArray, lengths: IntArray | None = None
    ) -> FloatArray:
        """Return the probability of each emotion.

        Parameters
        ----------
        values : ndarray of float32, shape (n, n_features) or (n, n_frames, n_features)
            Features, not standardized.
        lengths : ndarray of int64, shape (n,), optional
            Frames of each row; needed where values are frames.

        Returns
        -------
        ndarray of float32, shape (n, 8)
            Rows add up to 1; an emotion the training rows lacked has 0.

        Raises
        ------
        ModelError
            If the model is not fitted yet.
        ParameterError
            If values have another shape than the training rows had, or are not finite.
        """
        if self.history_ is None:
            raise ModelError(f"{self.name} is not fitted yet.", hint="Call fit first.")
        values = np.asarray(values, dtype=np.float32)
        validate_values(values, lengths, self.spec.input)
        self._validate_width(values, len(self.scaler_.mean))
        if len(values) == 0:
            return np.zeros((0, N_CLASSES), np.float32)
        probabilities = np.where(self.present_, self._predict(values, lengths), 0.0)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities.astype(np.float32)

    @abstractmethod
    def to_network(self) -> Any:
        """Return the model as a torch module, for export; the scaler is not part of it.

        Returns
        -------
        torch.nn.Module
            From standardized features (and lengths, where they are frames) to logits (n, 8);
            those of emotions that training lacked mean nothing.

        Raises
        ------
        ParameterError
            If the model cannot be exported.
        """

    def _validate_width(self, values: FloatArray, n_features: int) -> None:
        if values.shape[-1] != n_features:
            raise ParameterError(
                f"rows have {values.shape[-1]} features; the training rows have {n_features}."
            )

    @abstractmethod
    def _fit(self, train: Rows, watch: Rows | None, *, select: bool, run: RunContext) -> History:
        """Train on checked rows."""

    @abstractmethod
    def _predict(
        self, values: FloatArray, lengths: IntArray | None
    ) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """Return probabilities or other scores above 0, shape (n, 8), for checked values."""
