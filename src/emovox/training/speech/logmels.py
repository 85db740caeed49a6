"""Log-mels of clips and of their altered copies, computed once, kept in parts on disk.

Every training of a study hears the same recordings; decoding and altering them costs more than
a step of training. What is kept is exactly what the exported graph hears.
"""

from __future__ import annotations

import hashlib
import json
import logging
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emovox.audio import read_audio
from emovox.augment import Policy
from emovox.errors import AudioError
from emovox.features.extraction import start_worker
from emovox.files import replacing
from emovox.training.speech.frontend import SpeechFrontEnd
from emovox.types import Clip, FloatArray, IntArray, Progress

N_MELS = 80
SAMPLING_RATE = 16_000
VERSION = 1
"""Rises when the same recording gives other log-mels."""

_PART = 200
_SHORTEST = 400

HalfArray = NDArray[np.float16]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class LogMels:
    """Log-mels of many clips in one array.

    Attributes
    ----------
    frames : ndarray of float16, shape (n_frames_of_all, n_mels)
    start, length : ndarray of int64, shape (n_clips, n_variants + 1)
        Where the frames of each copy lie; column 0 is the clean recording. A length of 0: it
        could not be read.
    """

    frames: HalfArray
    start: IntArray
    length: IntArray

    def get(self, clip: int, variant: int = 0) -> HalfArray:
        """Return the log-mels of one copy of a clip, shape (n_frames, n_mels)."""
        start = self.start[clip, variant]
        return self.frames[start : start + self.length[clip, variant]]


def build_log_mels(
    clips: Sequence[Clip],
    policy: Policy,
    folder: Path,
    *,
    seed: int = 0,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> LogMels:
    """Compute, or find, the log-mels of clips and of their altered copies.

    Parameters
    ----------
    clips : sequence of Clip
    policy : Policy
        How altered copies are drawn.
    folder : Path
        Where parts of them are kept. A killed run goes on after the last whole part.
    seed : int
        Of the altered copies.
    n_jobs : int
        Processes.
    progress : callable, optional
        Called with (done, total) clips.
    """
    parts = [clips[i : i + _PART] for i in range(0, len(clips), _PART)]
    paths = [folder / f"{_name_part(part, policy, seed)}.npz" for part in parts]
    missing = [i for i, path in enumerate(paths) if not path.exists()]
    done = len(parts) - len(missing)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_jobs, mp_context=context, initializer=start_worker)
    try:
        jobs = [pool.submit(_write_part, parts[i], policy, seed, paths[i]) for i in missing]
        for job in as_completed(jobs):
            job.result()
            done += 1
            if progress is not None:
                progress(min(done * _PART, len(clips)), len(clips))
    finally:
        pool.shutdown(cancel_futures=True)
    return _join(paths)


def _name_part(part: Sequence[Clip], policy: Policy, seed: int) -> str:
    alterations = [[a.key for a in policy.draw(clip.sha256, seed)] for clip in part]
    content = json.dumps([VERSION, [clip.sha256 for clip in part], alterations])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _write_part(part: Sequence[Clip], policy: Policy, seed: int, path: Path) -> None:
    torch.set_num_threads(1)
    front_end = SpeechFrontEnd(N_MELS)
    arrays: list[HalfArray] = []
    for clip in part:
        arrays += _compute_copies(clip, policy, seed, front_end)
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            frames=np.concatenate(arrays),
            length=np.array([len(a) for a in arrays]).reshape(len(part), -1),
        )


def _compute_copies(
    clip: Clip, policy: Policy, seed: int, front_end: SpeechFrontEnd
) -> list[HalfArray]:
    empty = np.zeros((0, N_MELS), np.float16)
    try:
        samples = read_audio(clip.path, sampling_rate=SAMPLING_RATE).samples
    except AudioError as error:
        _log.warning("left out: %s: %s", clip.path, error)
        return [empty] * (1 + policy.n_variants)
    altered = [a.apply(samples, SAMPLING_RATE) for a in policy.draw(clip.sha256, seed)]
    return [compute_log_mel(copy, front_end) for copy in [samples, *altered]]


def compute_log_mel(samples: FloatArray, front_end: SpeechFrontEnd) -> HalfArray:
    """Return the log-mels of one recording at 16 kHz, shape (n_frames, n_mels)."""
    if len(samples) < _SHORTEST:
        samples = np.pad(samples, (0, _SHORTEST - len(samples)))
    with torch.inference_mode():
        waveform = torch.from_numpy(np.ascontiguousarray(samples))[None]
        log_mel, n_frames = front_end(waveform, torch.tensor([waveform.shape[1]]))
    half: HalfArray = log_mel[0, :, : int(n_frames)].T.numpy().astype(np.float16)
    return half


def _join(paths: Sequence[Path]) -> LogMels:
    frames, lengths = [], []
    for path in paths:
        with np.load(path, allow_pickle=False) as part:
            frames.append(part["frames"])
            lengths.append(part["length"])
    length = np.concatenate(lengths)
    start = (np.cumsum(length.ravel()) - length.ravel()).reshape(length.shape)
    return LogMels(np.concatenate(frames), start, length)
