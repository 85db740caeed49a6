"""The learning rate from epoch to epoch."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from emovox.training.options import TrainingOptions

FACTOR = 0.4
PATIENCE = 2
LOWEST = 1e-7
MIN_DELTA = 1e-4


@dataclass(slots=True)
class LearningRate:
    """The learning rate, and what its schedule must remember.

    ``plateau`` does what Keras's ``ReduceLROnPlateau(monitor="loss", factor=0.4, patience=2,
    min_lr=1e-7)`` does: a loss counts as lower if it is so by more than 1e-4.

    Attributes
    ----------
    value : float
        For the coming epoch.
    best_loss : float
        The lowest training loss yet.
    waited : int
        Epochs since then, or since the last reduction.
    """

    value: float
    best_loss: float = math.inf
    waited: int = 0

    def update(self, epoch: int, loss: float, options: TrainingOptions) -> None:
        """Move on after an epoch.

        Parameters
        ----------
        epoch : int
            The one that has ended, from 1.
        loss : float
            Mean training loss of that epoch.
        options : TrainingOptions
            Says which schedule.
        """
        if options.schedule == "cosine":
            share = epoch / options.epochs
            self.value = options.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
        elif options.schedule == "plateau":
            self._update_plateau(loss)

    def _update_plateau(self, loss: float) -> None:
        if loss < self.best_loss - MIN_DELTA:
            self.best_loss, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited >= PATIENCE and self.value > LOWEST:
            self.value, self.waited = max(self.value * FACTOR, LOWEST), 0

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return asdict(self)
