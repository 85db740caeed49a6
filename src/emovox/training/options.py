"""Everything that decides how a model is trained, in one record."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from emovox.errors import ParameterError, suggest

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "float32", "bfloat16")
SCHEDULES = ("plateau", "cosine", "constant")
CLASS_WEIGHTS = ("none", "balanced")
KEEPS = ("best", "last")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """How to train. The defaults are those of the notebook's network.

    Attributes
    ----------
    epochs : int, default=50
        Passes over the training rows, at most.
    batch_size : int, default=64
        Rows a step.
    learning_rate : float, default=1e-3
        Of Adam, at the start.
    weight_decay : float, default=0.0
        Decoupled from the gradient (AdamW).
    patience : int, default=10
        Epochs without a better dev UAR after which training stops. Only where rows are
        watched in order to select.
    seed : int, default=0
        Decides initial weights, the order of rows, dropout, and which rows are sampled.
    device : str, default="auto"
        ``cpu``, ``cuda``, ``mps``; ``auto`` takes the fastest there is.
    precision : str, default="auto"
        ``float32``, ``bfloat16`` (weights stay float32); ``auto`` measures once, at the start.
    schedule : str, default="plateau"
        Of the learning rate: ``plateau`` (times 0.4 after 2 epochs without a lower training
        loss), ``cosine`` (to zero over all epochs) or ``constant``.
    label_smoothing : float, default=0.0
        Share of each label spread over all emotions, 0 to below 1.
    class_weights : str, default="none"
        ``balanced`` weighs rows so that every emotion counts the same.
    evaluate_train : int, default=2000
        Training rows, at most, that are predicted after each epoch without dropout. 0: none.
    n_threads : int or None, default=None
        Threads of this process while training; None leaves them as they are. Figures are the
        same bit for bit only with the same number.
    keep : str, default="best"
        Where dev rows may select: ``best`` stops early and keeps the epoch (of classical models:
        the setting) that is best on them; ``last`` trains all epochs and keeps the last (the
        first setting), whatever dev rows say.
    dropout : float or None, default=None
        Every dropout rate of the network, 0 to below 1; None leaves the network's own. This and
        the next two are for models that have such a shape; see ``ModelSpec.shape``.
    batch_norm : bool or None, default=None
        Whether each convolution is followed by batch normalization; None: as the network has it.
    width : float, default=1.0
        Factor on the number of channels; parameters grow with its square.
    """

    epochs: int = 50
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    patience: int = 10
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    schedule: str = "plateau"
    label_smoothing: float = 0.0
    class_weights: str = "none"
    evaluate_train: int = 2000
    n_threads: int | None = None
    keep: str = "best"
    dropout: float | None = None
    batch_norm: bool | None = None
    width: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain values; those known later only where they are set.

        So what was trained before they were known keeps its name.
        """
        values = asdict(self)
        for name in _LATER:
            if values[name] == getattr(_DEFAULTS, name):
                del values[name]
        return values

    def validate(self) -> None:
        """Check every value.

        Raises
        ------
        ParameterError
            If one is not allowed.
        """
        for name, lowest in (
            ("epochs", 1),
            ("batch_size", 2),  # one row has no batch statistics
            ("patience", 1),
            ("seed", 0),
            ("evaluate_train", 0),
            ("n_threads", 1),
        ):
            value = getattr(self, name)
            if value is not None and value < lowest:
                raise ParameterError(f"{name} is {value}; it must be at least {lowest}.")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise ParameterError(f"learning_rate is {self.learning_rate}; it must be above 0.")
        if not (math.isfinite(self.weight_decay) and self.weight_decay >= 0):
            raise ParameterError(f"weight_decay is {self.weight_decay}; it must not be negative.")
        if not 0 <= self.label_smoothing < 1:
            raise ParameterError(
                f"label_smoothing is {self.label_smoothing}; it must be at least 0 and below 1."
            )
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise ParameterError(f"dropout is {self.dropout}; it must be at least 0 and below 1.")
        if not (math.isfinite(self.width) and 0 < self.width <= 8):
            raise ParameterError(f"width is {self.width}; it must be above 0 and at most 8.")
        for name, legal in (
            ("device", DEVICES),
            ("precision", PRECISIONS),
            ("schedule", SCHEDULES),
            ("class_weights", CLASS_WEIGHTS),
            ("keep", KEEPS),
        ):
            value = getattr(self, name)
            if value not in legal:
                raise ParameterError(f"{name} is {value!r}.", hint=suggest(str(value), legal))


_DEFAULTS = TrainingOptions()
_LATER = ("keep", "dropout", "batch_norm", "width")
