"""From clips to rows: features of every clip and of its altered copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emovox.augment import Policy
from emovox.emotions import EMOTIONS, encode_emotions
from emovox.errors import EmovoxError, ParameterError
from emovox.features import ExtractionOptions, FeatureJob, FeatureSet, extract_features
from emovox.training.rows import Rows
from emovox.types import Clip, FloatArray, IntArray, Progress


@dataclass(frozen=True, slots=True, eq=False)
class RowTable:
    """Features of clips and their altered copies, laid out like a fold's splits.

    Attributes
    ----------
    values : ndarray of float32, shape (n_clips, n_variants + 1, [n_frames,] n_features)
        Column 0 is the clean recording. Zeros where there are none, and after the last frame.
    labels : ndarray of int64, shape (n_clips,)
        Indices into ``EMOTIONS``.
    valid : ndarray of bool, shape (n_clips, n_variants + 1)
        Where there are features.
    lengths : ndarray of int64, shape (n_clips, n_variants + 1), or None
        Frames; None for statistics.
    errors : mapping of (clip, variant) to EmovoxError
        Why there are none elsewhere.
    """

    values: FloatArray
    labels: IntArray
    valid: NDArray[np.bool_]
    lengths: IntArray | None = None
    errors: Mapping[tuple[int, int], EmovoxError] = field(default_factory=dict)

    def take(self, clip_index: IntArray, variant: IntArray) -> Rows:
        """Return rows, such as those of one split of a fold.

        Rows without features are left out: ``clip_index`` and ``variant`` of the result say
        which are there.

        Parameters
        ----------
        clip_index, variant : ndarray of int64, shape (n,)
            Which clips, and which variant of each; as ``fold.rows(split)`` gives them.
        """
        there = self.valid[clip_index, variant]
        clip, variant = clip_index[there], variant[there]
        return Rows(
            values=self.values[clip, variant],
            labels=self.labels[clip],
            lengths=None if self.lengths is None else self.lengths[clip, variant],
            clip_index=clip,
            variant=variant,
        )


def build_rows(
    clips: Sequence[Clip],
    feature_set: FeatureSet,
    policy: Policy,
    seed: int = 0,
    options: ExtractionOptions | None = None,
    *,
    progress: Progress | None = None,
) -> RowTable:
    """Compute the features of clips and of their altered copies.

    Which copies may be trained on is not decided here but by a fold.

    Parameters
    ----------
    clips : sequence of Clip
        Labelled.
    feature_set : FeatureSet
        What to compute.
    policy : Policy
        How many altered copies there are, and how they are drawn.
    seed : int, default=0
        Of the policy.
    options : ExtractionOptions, optional
        Store, number of processes, statistics or frames.
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    RowTable
        A clip that cannot be read is reported there and does not stop the others.

    Raises
    ------
    ParameterError
        If there are no clips, or one has no emotion.
    """
    if not clips:
        raise ParameterError("there are no clips to make rows of.")
    unlabelled = next((clip for clip in clips if clip.emotion not in EMOTIONS), None)
    if unlabelled is not None:
        raise ParameterError(
            f"{unlabelled.path} has the emotion {unlabelled.emotion!r}; training needs one of: "
            f"{', '.join(EMOTIONS)}."
        )
    n_columns = policy.n_variants + 1
    jobs = [job for clip in clips for job in _make_jobs(clip, policy, seed)]
    result = extract_features(
        jobs, feature_set, ExtractionOptions() if options is None else options, progress=progress
    )
    errors = {divmod(index, n_columns): error for index, error in result.errors.items()}
    valid = np.ones((len(clips), n_columns), dtype=bool)
    for place in errors:
        valid[place] = False
    values, lengths = _lay_out(result.values, n_columns)
    values[~valid] = 0.0
    labels = encode_emotions([clip.emotion for clip in clips])
    return RowTable(values, labels, valid, lengths, errors)


def _make_jobs(clip: Clip, policy: Policy, seed: int) -> list[FeatureJob]:
    # A copy of a recording elsewhere is altered in the same way.
    key = clip.sha256 or clip.path
    return [
        FeatureJob(clip.path, clip.sha256, alteration, clip.duration_s)
        for alteration in (None, *policy.draw(key, seed))
    ]


def _lay_out(
    results: FloatArray | list[FloatArray], n_columns: int
) -> tuple[FloatArray, IntArray | None]:
    """Arrange features by clip and variant; frame sequences are padded to the longest."""
    if isinstance(results, np.ndarray):
        return results.reshape(-1, n_columns, results.shape[-1]), None
    lengths = np.array([len(frames) for frames in results], dtype=np.int64)
    values = np.zeros((len(results), lengths.max(initial=0), results[0].shape[1]), np.float32)
    for row, frames in zip(values, results, strict=True):
        row[: len(frames)] = frames
    return values.reshape(-1, n_columns, *values.shape[1:]), lengths.reshape(-1, n_columns)
