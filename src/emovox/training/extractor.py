"""Recordings to a matrix of features, as a scikit-learn transformer."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from emovox.audio import read_audio
from emovox.errors import ParameterError
from emovox.features import (
    ExtractionOptions,
    FeatureJob,
    FeatureSet,
    FeatureStore,
    extract_features,
    get_feature_set,
)
from emovox.types import Clip, FloatArray, Recording

_KINDS = ("statistics", "frames")
_TAKES = (
    "paths, clips or rows of a manifest, recordings, pairs (samples, sampling_rate), or a matrix "
    "of samples"
)


class FeatureExtractor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Features of recordings.

    It takes a list of recordings, each a path, a `Clip` or another row of a manifest (a mapping,
    or a table with a column ``path``), a `Recording`, or a pair (samples, sampling_rate); or a
    matrix of samples, one recording a row. Nothing is learnt from them but, for frames, how long
    the longest is.

    Parameters
    ----------
    features : str, default="notebook-16k"
        One of ``list_feature_sets()``.
    kind : {"statistics", "frames"}, default="statistics"
        ``statistics`` describe a whole recording. ``frames`` gives its frames one after the
        other, zeros after the last: what ``EmotionClassifier`` takes for models that read
        sequences, with ``frame_size`` as here.
    n_frames : int, optional
        Frames of each row; longer recordings are cut. None: as many as the longest one has that
        it is fitted to.
    sampling_rate : int, optional
        Of a matrix of samples, in Hz. None: what the feature set asks for.
    store : path-like, optional
        Folder in which features of files are kept, to be computed once.
    n_jobs : int, default=1
        Processes that compute features of files.

    Attributes
    ----------
    n_frames_ : int
        Frames of each row (kind ``frames``).
    n_features_in_ : int
        Samples of a row, where it was fitted to a matrix.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(np.arange(16000) / 10)
    >>> FeatureExtractor().fit_transform([(tone, 16000), (tone, 8000)]).shape
    (2, 162)
    """

    def __init__(
        self,
        features: str = "notebook-16k",
        *,
        kind: str = "statistics",
        n_frames: int | None = None,
        sampling_rate: int | None = None,
        store: str | os.PathLike[str] | None = None,
        n_jobs: int = 1,
    ) -> None:
        self.features = features
        self.kind = kind
        self.n_frames = n_frames
        self.sampling_rate = sampling_rate
        self.store = store
        self.n_jobs = n_jobs

    @property
    def frame_size(self) -> int:
        """Features of one frame."""
        return len(get_feature_set(self.features).frame_names)

    def fit(self, X: Any, y: Any = None) -> FeatureExtractor:  # noqa: N803, ARG002 - as all have
        """Check that there are recordings; for frames, measure the longest.

        Parameters
        ----------
        X : sequence of recordings, or array-like of shape (n, n_samples)
            See the class.
        y : ignored

        Returns
        -------
        FeatureExtractor
            Itself.

        Raises
        ------
        ParameterError
            If a parameter or an item is not what it should be.
        EmovoxError
            If a recording cannot be used; the message names it.
        """
        self._validate()
        items = self._list_items(X, reset=True)
        if self._needs_length:
            self._measure(self._compute(items))
        return self

    def transform(self, X: Any) -> FloatArray:  # noqa: N803
        """Compute features.

        Parameters
        ----------
        X : as for `fit`

        Returns
        -------
        ndarray of float32, shape (n, n_features)

        Raises
        ------
        ParameterError, EmovoxError
            As for `fit`.
        """
        self._validate()
        if self._needs_length:
            check_is_fitted(self, "n_frames_")
        return self._arrange(self._compute(self._list_items(X, reset=False)))

    def fit_transform(self, X: Any, y: Any = None, **_: Any) -> FloatArray:  # noqa: N803, ARG002
        """Fit and transform, computing everything once; see `fit` and `transform`."""
        self._validate()
        values = self._compute(self._list_items(X, reset=True))
        if self._needs_length:
            self._measure(values)
        return self._arrange(values)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:  # noqa: ARG002
        """Return the names of the columns, shape (n_features,)."""
        feature_set = get_feature_set(self.features)
        if self.kind == "statistics":
            return np.array(feature_set.names, dtype=object)
        if self._needs_length:
            check_is_fitted(self, "n_frames_")
        names = feature_set.frame_names
        return np.array(
            [f"{name}_frame{i:04d}" for i in range(self._get_n_frames()) for name in names],
            dtype=object,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = self._needs_length
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _needs_length(self) -> bool:
        return self.kind == "frames" and self.n_frames is None

    def _validate(self) -> None:
        get_feature_set(self.features)
        if self.kind not in _KINDS:
            raise ParameterError(f"kind is {self.kind!r}; it must be 'statistics' or 'frames'.")
        if self.n_frames is not None and self.n_frames < 1:
            raise ParameterError(f"n_frames is {self.n_frames}; it must be at least 1.")

    def _list_items(self, X: Any, *, reset: bool) -> list[FeatureJob | Recording]:  # noqa: N803
        """Return recordings as files to read or samples at the rate of the feature set."""
        rate = get_feature_set(self.features).config.sampling_rate
        rows = _list_rows(X)
        if rows is not None:
            if not rows:
                raise ParameterError("there is no recording; at least one is needed.")
            return [_read_item(number, row, rate) for number, row in enumerate(rows)]
        matrix = validate_data(self, X, dtype=np.float32, reset=reset)
        own_rate = self.sampling_rate or rate
        return [read_audio((row, own_rate), sampling_rate=rate) for row in matrix]

    def _compute(self, items: Sequence[FeatureJob | Recording]) -> list[FloatArray]:
        feature_set = get_feature_set(self.features)
        values: list[FloatArray] = [np.empty(0, np.float32)] * len(items)
        jobs = {i: item for i, item in enumerate(items) if isinstance(item, FeatureJob)}
        options = ExtractionOptions(
            store=None if self.store is None else FeatureStore(Path(self.store)),
            n_jobs=self.n_jobs,
            kind="frames" if self.kind == "frames" else "statistics",
        )
        result = extract_features(list(jobs.values()), feature_set, options)
        for error in result.errors.values():
            raise error
        for i, row in zip(jobs, result.values, strict=True):
            values[i] = row
        for i, item in enumerate(items):
            if isinstance(item, Recording):
                values[i] = self._compute_one(feature_set, item)
        return values

    def _compute_one(self, feature_set: FeatureSet, recording: Recording) -> FloatArray:
        samples = feature_set.cut(recording.samples)
        if self.kind == "frames":
            return feature_set.compute_frames(samples, recording.sampling_rate)
        return feature_set.compute(samples, recording.sampling_rate)

    def _measure(self, values: Iterable[FloatArray]) -> None:
        self.n_frames_ = max(len(frames) for frames in values)

    def _get_n_frames(self) -> int:
        return self.n_frames_ if self.n_frames is None else self.n_frames

    def _arrange(self, values: Sequence[FloatArray]) -> FloatArray:
        """Return one row a recording; frames are cut or padded with zeros."""
        if self.kind == "statistics":
            return np.stack(values)
        rows = np.zeros((len(values), self._get_n_frames(), self.frame_size), np.float32)
        for row, frames in zip(rows, values, strict=True):
            kept = frames[: len(row)]
            row[: len(kept)] = kept
        return rows.reshape(len(values), -1)


def _list_rows(X: Any) -> list[Any] | None:  # noqa: N803
    """Return recordings one by one, or None where they are a matrix (or nothing we know)."""
    if hasattr(X, "columns") and "path" in X.columns:
        rows: list[Any] = X.to_dict("records")
        return rows
    if hasattr(X, "toarray"):  # sparse, one kind of which is a mapping: refused with the matrices
        return None
    if isinstance(X, str | bytes | os.PathLike | Clip | Recording | Mapping):
        raise ParameterError(
            f"X is one {type(X).__name__}; a list is needed.", hint=f"Of {_TAKES}."
        )
    if isinstance(X, np.ndarray):
        named = X.ndim == 1 and len(X) > 0 and _is_recording(X[0])
        return list(X) if named else None
    if isinstance(X, list | tuple) and (not X or _is_recording(X[0])):
        return list(X)
    return None


def _is_recording(item: Any) -> bool:
    if isinstance(item, str | os.PathLike | Clip | Recording | Mapping):
        return True
    return isinstance(item, tuple) and len(item) == 2 and np.ndim(item[0]) > 0 == np.ndim(item[1])


def _read_item(number: int, item: Any, sampling_rate: int) -> FeatureJob | Recording:
    if isinstance(item, Mapping):
        if not item.get("path"):
            raise ParameterError(f"item {number} has no 'path'; it has: {', '.join(item)}.")
        return FeatureJob(os.fspath(item["path"]), str(item.get("sha256") or ""))
    if isinstance(item, Clip):
        return FeatureJob(item.path, item.sha256, duration_s=item.duration_s)
    if isinstance(item, str | os.PathLike):
        return FeatureJob(os.fspath(item))
    if isinstance(item, Recording):
        item = (item.samples, item.sampling_rate)
    if not _is_recording(item):
        raise ParameterError(
            f"item {number} is of type {type(item).__name__}.", hint=f"X is a list of {_TAKES}."
        )
    return read_audio(item, sampling_rate=sampling_rate)
