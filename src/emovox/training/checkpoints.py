"""Checkpoints: the whole state of a training after an epoch, written atomically.

A killed training goes on after its last whole epoch and ends with the same figures: every
epoch draws its random numbers from the seed and its own number, so weights, the optimizer's
moments, the learning rate and the figures so far are all there is to keep.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emovox.errors import ConfigError, ModelIntegrityError
from emovox.files import replacing
from emovox.training.options import TrainingOptions
from emovox.training.rows import Rows

CHECKPOINT_NAME = "checkpoint.pt"
FORMAT = 1


def compute_fingerprint(
    name: str, options: TrainingOptions, train: Rows, watch: Rows | None, *, select: bool
) -> str:
    """Return a hash of everything that decides how a training ends."""
    digest = hashlib.sha256()
    settings = {"name": name, "select": select, **options.to_dict()}
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for rows in (train, watch):
        if rows is None:
            continue
        for array in (rows.values, rows.labels, rows.lengths):
            if array is not None:
                digest.update(f"{array.shape}{array.dtype}".encode())
                digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def write_checkpoint(folder: Path, fingerprint: str, state: dict[str, Any]) -> None:
    """Write the state of a training: tensors and plain values only."""
    with replacing(folder / CHECKPOINT_NAME) as temporary:
        torch.save({"format": FORMAT, "fingerprint": fingerprint, **state}, temporary)


def read_checkpoint(folder: Path, fingerprint: str) -> dict[str, Any] | None:
    """Read the state of a training that was interrupted, if there is one.

    Raises
    ------
    ModelIntegrityError
        If the file is damaged.
    ConfigError
        If it belongs to another training: other rows, options or model.
    """
    path = folder / CHECKPOINT_NAME
    if not path.exists():
        return None
    hint = f"Delete {path} to start again, or choose another folder."
    try:
        # Tensors and plain values only: no code in the file is ever run.
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file raises whatever it likes
        raise ModelIntegrityError(
            f"the checkpoint {path} cannot be read ({type(error).__name__}).", hint=hint
        ) from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ModelIntegrityError(f"{path} is no checkpoint of format {FORMAT}.", hint=hint)
    if state["fingerprint"] != fingerprint:
        raise ConfigError(
            f"the checkpoint {path} belongs to a training with other rows, options or model.",
            hint=hint,
        )
    return state
