"""The learning rate over a training: one cycle."""

from __future__ import annotations

import numpy as np
import torch

_WARM_UP = 0.08
_LEAST = 0.02


def one_cycle(share: float) -> float:
    """Return the rate relative to its highest: up in a straight line, down along a cosine."""
    if share < _WARM_UP:
        return max(share / _WARM_UP, _LEAST)
    return 0.5 + 0.5 * float(np.cos(np.pi * (share - _WARM_UP) / (1 - _WARM_UP)))


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Set the rate of each group to this share of its ``peak``, its rate at first."""
    for group in optimizer.param_groups:
        group.setdefault("peak", group["lr"])
        group["lr"] = group["peak"] * factor
