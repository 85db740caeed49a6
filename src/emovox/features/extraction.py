"""Features of many recordings: parallel, cached by content, resumed after a crash."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from emovox.audio import read_audio
from emovox.errors import AudioError, EmovoxError, EmptyAudioError, ParameterError, WorkerError
from emovox.features.sets import FeatureSet
from emovox.features.store import FeatureStore, make_store_key
from emovox.files import hash_file
from emovox.types import Alteration, FloatArray, Progress

Kind: TypeAlias = Literal["statistics", "frames"]
Outcome: TypeAlias = FloatArray | EmovoxError

# One task is about this much audio: long enough that sending it costs nothing, short enough
# that a crash loses seconds and that what waits to be collected stays small.
_TASK_S = 60.0
_USUAL_CLIP_S = 3.0
_TASKS_AHEAD = 3


@dataclass(frozen=True, slots=True)
class FeatureJob:
    """One recording of which features are wanted, maybe altered.

    Attributes
    ----------
    path : str
        Of the recording.
    sha256 : str
        Of its bytes as they were: where the recording is gone, the store knows it by this.
    alteration : Alteration or None
        Applied to the part of the recording that the feature set looks at. It must be picklable.
    duration_s : float or None
        Length of the recording, if known; only used to share the work out evenly.
    """

    path: str
    sha256: str = ""
    alteration: Alteration | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class ExtractionOptions:
    """How features of many recordings are computed.

    Attributes
    ----------
    store : FeatureStore or None
        Where results are kept and looked up; with it, a killed run goes on where it was.
    n_jobs : int
        Number of processes; 1 computes in this one.
    kind : {"statistics", "frames"}
        Features of the recording, shape (n_features,), or of its frames, shape
        (n_frames, n_frame_features).
    """

    store: FeatureStore | None = None
    n_jobs: int = 1
    kind: Kind = "statistics"

    def __post_init__(self) -> None:
        if self.n_jobs < 1:
            raise ParameterError(f"n_jobs is {self.n_jobs}; it must be at least 1.")
        if self.kind not in ("statistics", "frames"):
            raise ParameterError(f"kind is {self.kind!r}; it must be 'statistics' or 'frames'.")


@dataclass(frozen=True, slots=True)
class ExtractionResult:
    """Features of many recordings.

    Attributes
    ----------
    values : ndarray of float32, shape (n_jobs, n_features), or list of ndarray
        Aligned with the jobs: an array for statistics (NaN where a job failed), a list for
        frames (an array without rows where a job failed).
    errors : dict of int to EmovoxError
        Why a job failed, by its index.
    """

    values: FloatArray | list[FloatArray]
    errors: dict[int, EmovoxError]


def extract_features(
    jobs: Sequence[FeatureJob],
    feature_set: FeatureSet,
    options: ExtractionOptions = ExtractionOptions(),
    progress: Progress | None = None,
) -> ExtractionResult:
    """Compute features of many recordings; one that fails does not stop the rest.

    Parameters
    ----------
    jobs : sequence of FeatureJob
        Jobs of one recording should follow each other: it is then decoded once.
    feature_set : FeatureSet
    options : ExtractionOptions
    progress : callable, optional
        Called with (done, total).

    Returns
    -------
    ExtractionResult

    Raises
    ------
    WorkerError
        If a worker process died, for want of memory perhaps.
    """
    errors: dict[int, EmovoxError] = {}
    if options.kind == "frames":
        blank: FloatArray = np.empty((0, len(feature_set.frame_names)), dtype=np.float32)
        values: FloatArray | list[FloatArray] = [blank] * len(jobs)
    else:
        values = np.full((len(jobs), feature_set.n_features), np.nan, dtype=np.float32)
    for index, outcome in enumerate(iter_features(jobs, feature_set, options)):
        if isinstance(outcome, EmovoxError):
            errors[index] = outcome
        else:
            values[index] = outcome
        if progress is not None:
            progress(index + 1, len(jobs))
    return ExtractionResult(values, errors)


def iter_features(
    jobs: Sequence[FeatureJob],
    feature_set: FeatureSet,
    options: ExtractionOptions = ExtractionOptions(),
) -> Iterator[Outcome]:
    """Compute features of many recordings one after the other, in bounded memory.

    Parameters and errors are those of `extract_features`.

    Yields
    ------
    ndarray of float32 or EmovoxError
        One for each job, in their order.
    """
    work = _Work(feature_set, options.store, options.kind)
    tasks = _split(jobs)
    if options.n_jobs == 1:
        for task in tasks:
            yield from work.run(task)
        return
    # Spawned processes share no locks, threads or random state with this one, on any system.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(options.n_jobs, mp_context=context, initializer=start_worker)
    waiting: deque[Future[list[Outcome]] | list[Outcome]] = deque()
    try:
        for task in tasks:
            known = work.recall(task)
            waiting.append(pool.submit(work.run, task) if known is None else known)
            if len(waiting) >= _TASKS_AHEAD * options.n_jobs:
                yield from _collect(waiting.popleft())
        while waiting:
            yield from _collect(waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def read_part(path: str, feature_set: FeatureSet) -> FloatArray:
    """Read the part of a recording that a feature set looks at; see `FeatureSet.cut`."""
    config = feature_set.config
    rate = config.sampling_rate
    try:
        samples = read_audio(
            path, sampling_rate=rate, offset_s=config.offset_s, duration_s=config.duration_s
        ).samples
    except EmptyAudioError:
        if not config.offset_s:
            raise
    else:
        if len(samples) >= config.n_fft or not config.offset_s:
            return samples
    return feature_set.cut(read_audio(path, sampling_rate=rate).samples)


@dataclass(frozen=True, slots=True)
class _Work:
    """What a worker needs to know besides the jobs."""

    feature_set: FeatureSet
    store: FeatureStore | None
    kind: Kind

    def run(self, task: Sequence[FeatureJob]) -> list[Outcome]:
        """Compute or look up every job of a task."""
        outcomes: list[Outcome] = []
        path, samples = "", np.empty(0, dtype=np.float32)
        for job in task:
            try:
                key = self._key(job)
                found = self._look_up(key)
                if found is None:
                    if job.path != path:
                        samples = read_part(job.path, self.feature_set)
                        path = job.path
                    found = self._compute(job, samples)
                    if self.store is not None:
                        self.store.put(key, found)
                outcomes.append(found)
            except EmovoxError as error:
                outcomes.append(error)
        return outcomes

    def recall(self, task: Sequence[FeatureJob]) -> list[Outcome] | None:
        """Return the outcomes of a task if the store holds all of them."""
        outcomes: list[Outcome] = []
        for job in task:
            found = self._look_up(self._key(job)) if job.sha256 else None
            if found is None:
                return None
            outcomes.append(found)
        return outcomes

    def _key(self, job: FeatureJob) -> str:
        if self.store is None:
            return ""
        alteration = "" if job.alteration is None else job.alteration.key
        return make_store_key(
            _identify(job),
            alteration,
            f"{self.kind} {self.feature_set.key}",
        )

    def _look_up(self, key: str) -> FloatArray | None:
        return None if self.store is None else self.store.get(key)

    def _compute(self, job: FeatureJob, samples: FloatArray) -> FloatArray:
        rate = self.feature_set.config.sampling_rate
        if job.alteration is not None:
            samples = job.alteration.apply(samples, rate)
        if self.kind == "frames":
            return self.feature_set.compute_frames(samples, rate)
        return self.feature_set.compute(samples, rate)


def start_worker() -> None:
    """Begin a worker process of a pool: it leaves Ctrl-C to its parent, and dies with it."""
    # Ctrl-C reaches the whole process group; the parent alone shall say so.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    # A pool's workers wait for ever when their parent is killed.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _identify(job: FeatureJob) -> str:
    """Return the SHA-256 of what lies there now: a manifest may be older."""
    try:
        return hash_file(job.path)
    except OSError as error:
        if job.sha256:
            return job.sha256
        raise AudioError(f"{job.path} cannot be read: {error.strerror}.") from error


def _split(jobs: Sequence[FeatureJob]) -> Iterator[list[FeatureJob]]:
    """Group neighbouring jobs into tasks, never parting those of one recording."""
    task: list[FeatureJob] = []
    length_s = 0.0
    for job in jobs:
        if length_s >= _TASK_S and job.path != task[-1].path:
            yield task
            task, length_s = [], 0.0
        task.append(job)
        length_s += job.duration_s or _USUAL_CLIP_S
    if task:
        yield task


def _collect(outcome: Future[list[Outcome]] | list[Outcome]) -> list[Outcome]:
    if isinstance(outcome, list):
        return outcome
    try:
        return outcome.result()
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process died, killed or out of memory.",
            hint="Run the same command again, with fewer jobs: with a store it goes on from here.",
        ) from error
