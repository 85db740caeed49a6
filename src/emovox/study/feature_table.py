"""A table of features: one row a clip, written while it is computed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from emovox.errors import EmovoxError, ManifestError
from emovox.features import ExtractionOptions, FeatureJob, FeatureSet, iter_features
from emovox.study.tables import write_batches
from emovox.types import Clip, Progress

_ROWS_AT_ONCE = 1000


def write_feature_table(
    path: str | os.PathLike[str],
    clips: Sequence[Clip],
    feature_set: FeatureSet,
    options: ExtractionOptions,
    progress: Progress | None = None,
) -> dict[int, EmovoxError]:
    """Compute the features of clips and write them as a table; memory stays bounded.

    Parameters
    ----------
    path : path-like
        Ends in ``.parquet``, ``.csv`` or ``.npz`` (which alone keeps all rows in memory).
    clips : sequence of Clip
        At least one.
    feature_set : FeatureSet
        What to compute.
    options : ExtractionOptions
        Store and number of processes; ``kind`` is statistics.
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    dict of int to EmovoxError
        Why a clip has no features, by its index. Its row is there: the message stands in the
        column ``error``, the features are NaN.

    Raises
    ------
    ManifestError
        If there are no clips.
    ParameterError, MissingExtraError
        If the table cannot be written; see `emovox.study.tables.write_table`.
    WorkerError
        If a worker process died.
    """
    if not clips:
        raise ManifestError("the manifest names no clips; at least one is needed.")
    errors: dict[int, EmovoxError] = {}

    def compute_batches() -> Iterator[dict[str, Any]]:
        jobs = [FeatureJob(clip.path, clip.sha256, duration_s=clip.duration_s) for clip in clips]
        outcomes = iter_features(jobs, feature_set, options)
        for first in range(0, len(clips), _ROWS_AT_ONCE):
            batch = clips[first : first + _ROWS_AT_ONCE]
            values = np.full((len(batch), feature_set.n_features), np.nan, dtype=np.float32)
            # The batch comes first: zip must not take an outcome more than it needs.
            for row, (_, outcome) in enumerate(zip(batch, outcomes, strict=False)):
                if isinstance(outcome, EmovoxError):
                    errors[first + row] = outcome
                else:
                    values[row] = outcome
                if progress is not None:
                    progress(first + row + 1, len(clips))
            yield {
                "path": [clip.path for clip in batch],
                "corpus": [clip.corpus for clip in batch],
                "speaker_id": [clip.speaker_id for clip in batch],
                "emotion": [clip.emotion for clip in batch],
                "error": [str(errors.get(first + row, "")) for row in range(len(batch))],
                **dict(zip(feature_set.names, values.T, strict=True)),
            }

    write_batches(path, compute_batches())
    return errors
