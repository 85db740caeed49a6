"""What trained networks answer to the clips that another one learns from.

A clip's label says one emotion; what a better network hears in it says also which others are
near. Nothing is heard of clips held out: a trial's answers come from the same trial of its
teachers.

References
----------
Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015 (arXiv 1503.02531),
section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emovox.errors import ConfigError
from emovox.files import replacing
from emovox.training.rows import N_CLASSES
from emovox.training.speech.network import SpeechNetwork
from emovox.types import Clip, FloatArray, IntArray

_BATCH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaching:
    """How much the answers of others count.

    Attributes
    ----------
    weight : float, default=0.0
        Of the answers, between 0 and 1; the labels have the rest.
    temperature : float, default=1.0
        Logits are divided by it: above 1, answers are softer.
    """

    weight: float = 0.0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        """Raise ConfigError where a value is not allowed."""
        if not 0 <= self.weight <= 1:
            raise ConfigError(f"teaching.weight is {self.weight}; it must be between 0 and 1.")
        if self.temperature <= 0:
            raise ConfigError(f"teaching.temperature is {self.temperature}; it must be above 0.")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers to every copy of every clip, and how much they count.

    Attributes
    ----------
    logits : ndarray of float16, shape (n_clips, n_variants + 1, 8)
        Of voices that are not known.
    teaching : Teaching
    """

    logits: NDArray[np.float16]
    teaching: Teaching

    def blend(self, targets: Tensor, clips: IntArray, variant: IntArray, lowered: Tensor) -> Tensor:
        """Return targets (batch, 8) with the answers' share.

        Parameters
        ----------
        targets : Tensor, shape (batch, 8)
            What the labels say; rows add up to 1.
        clips, variant : ndarray of int64, shape (batch,)
        lowered : Tensor, shape (batch, 8)
            Subtracted from the logits, as in the loss.
        """
        logits = torch.from_numpy(self.logits[clips, variant]).float() - lowered
        heard = (logits / self.teaching.temperature).softmax(dim=1)
        return targets + self.teaching.weight * (heard - targets)


def answer_clips(
    networks: Sequence[SpeechNetwork], pooled: Sequence[NDArray[np.float16]]
) -> FloatArray:
    """Return the mean logits of networks whose encoders stay as they came.

    Parameters
    ----------
    networks : sequence of SpeechNetwork
    pooled : sequence of ndarray of float16, shape (n_clips, n_variants + 1, n_states)
        What each network's head is given of the same clips.

    Returns
    -------
    ndarray of float32, shape (n_clips, n_variants + 1, 8)
        Voices unknown.
    """
    total: FloatArray = np.zeros((*pooled[0].shape[:2], N_CLASSES), np.float32)
    with torch.inference_mode():
        for network, states in zip(networks, pooled, strict=True):
            for first in range(0, len(states), _BATCH):
                part = torch.from_numpy(states[first : first + _BATCH]).float()
                logits = network.head.classify_unknown(part.flatten(0, 1))
                total[first : first + len(part)] += logits.view(*part.shape[:2], -1).numpy()
    total /= len(networks)
    return total


def write_answers(path: Path, clips: Sequence[Clip], heard: IntArray, logits: FloatArray) -> None:
    """Write answers, to which clips, and which of them trained the teachers."""
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, logits=logits.astype(np.float16), sha256=_name(clips), heard=heard)


def read_answers(path: Path, clips: Sequence[Clip], rows: IntArray, teaching: Teaching) -> Answers:
    """Read answers to these clips, of teachers who heard none but some of those that train.

    Parameters
    ----------
    path : Path
    clips : sequence of Clip
    rows : ndarray of int64, shape (n_train,)
        Which of them train.
    teaching : Teaching

    Raises
    ------
    ConfigError
        If there are none, they are to other clips, or a teacher heard what is held out.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            logits, names, heard = content["logits"], content["sha256"], content["heard"]
    except (OSError, ValueError, KeyError) as error:
        raise ConfigError(
            f"no answers at {path}: {error}.",
            hint="Write them with scripts/write_answers.py, or set teaching.weight to 0.",
        ) from None
    if not np.array_equal(names, _name(clips)):
        raise ConfigError(
            f"{path} answers to other clips than those that are to be learnt from.",
            hint="Write the answers with the same manifest and corpora.",
        )
    if not np.isin(heard, rows).all():
        raise ConfigError(
            f"the teachers of {path} heard clips that this training holds out.",
            hint="Write the answers anew, by teachers trained as the plan is now.",
        )
    return Answers(logits, teaching)


def _name(clips: Sequence[Clip]) -> NDArray[np.str_]:
    return np.array([clip.sha256 for clip in clips], dtype=str)
