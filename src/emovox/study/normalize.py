"""Rows with each speaker's own mean and deviation taken out: the best that knowing a voice can do.

No label is used, but all clips of a speaker are, those tested too: it says what a model could
reach that has heard a voice before, not what it reaches on the first clip of a stranger.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from emovox.training import RowTable
from emovox.types import Clip, FloatArray

NONE, SPEAKER = "none", "speaker"

NORMALIZATIONS = (NONE, SPEAKER)
"""What ``normalize`` of an experiment may be."""

_LEAST = 1e-6
"""A speaker's deviation below this share of everybody's is rounding: such a feature becomes 0."""


def normalize_rows(table: RowTable, clips: Sequence[Clip]) -> RowTable:
    """Give every speaker mean 0 and deviation 1 in every feature.

    Measured on the clean rows of the speaker, applied to their altered copies too. Of frames all
    count alike; padding stays 0. Clips without a speaker are one speaker.

    Parameters
    ----------
    table : RowTable
        Statistics or frames.
    clips : sequence of Clip
        Those of the table.
    """
    values = table.values.copy()
    clean = np.flatnonzero(table.valid[:, 0])
    least = _LEAST * _collect(table, clean).std(axis=0, dtype=np.float64)
    speakers = np.unique([clip.speaker_id for clip in clips], return_inverse=True)[1]
    for speaker in np.unique(speakers):
        own = np.flatnonzero(speakers == speaker)
        heard = _collect(table, own[table.valid[own, 0]]).astype(np.float64)
        if not len(heard):
            continue
        mean, deviation = heard.mean(axis=0), heard.std(axis=0)
        scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > least)
        values[own] = (values[own] - mean) * scale
    values[~table.valid] = 0
    if table.lengths is not None:
        padding = np.arange(values.shape[2]) >= table.lengths[..., None]
        values[padding] = 0
    return dataclasses.replace(table, values=values)


def _collect(table: RowTable, clips: np.ndarray) -> FloatArray:
    """Return the clean rows of clips, or all their frames, shape (n, n_features)."""
    rows: FloatArray = table.values[clips, 0]
    if table.lengths is None:
        return rows
    there = np.arange(rows.shape[1]) < table.lengths[clips, 0][:, None]
    frames: FloatArray = rows[there]
    return frames
