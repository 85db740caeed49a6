"""The networks, one file each: a ``build(n_features, options)`` that returns a torch module.

A network takes standardized features and returns logits, shape (batch, 8). Its input is
(batch, n_features), or (batch, n_frames, n_features) and lengths (batch,), as its entry in
``emovox.training.registry.MODELS`` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emovox.errors import ParameterError
from emovox.training.options import TrainingOptions
from emovox.training.registry import get_model_spec, import_optional

if TYPE_CHECKING:
    from torch import nn

__all__ = ["create_network"]


def create_network(name: str, n_features: int, options: TrainingOptions | None = None) -> nn.Module:
    """Make a network with fresh weights, drawn from torch's random state.

    Parameters
    ----------
    name : str
        Of the model, one whose kind is ``network``.
    n_features : int
        Of a row, or of a frame.
    options : TrainingOptions, optional
        For networks whose shape depends on them.

    Raises
    ------
    UnknownModelError
        If no model has this name.
    ParameterError
        If the model is no network, or ``n_features`` < 1.
    MissingExtraError
        If torch is not installed.
    """
    spec = get_model_spec(name)
    if spec.kind != "network":
        raise ParameterError(f"{name!r} is a classical model; it has no network.")
    if n_features < 1:
        raise ParameterError(f"n_features is {n_features}; it must be at least 1.")
    network: nn.Module = import_optional(spec.module).build(
        n_features, options or TrainingOptions()
    )
    return network
