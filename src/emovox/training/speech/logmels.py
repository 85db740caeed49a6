"""Log-mels of clips and of their altered copies, computed once, kept in parts on disk.

Every training of a study hears the same recordings; decoding and altering them costs more than
a step of training. What is kept is exactly what the exported graph hears.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from emovox.audio import read_audio
from emovox.augment import Policy
from emovox.errors import AudioError
from emovox.features.extraction import start_worker
from emovox.files import replacing
from emovox.training.speech.frontend import NEWEST, SpeechFrontEnd
from emovox.types import Alteration, Clip, FloatArray, IntArray, Progress

N_MELS = 80
SAMPLING_RATE = 16_000
ROOM_CLIPS = 24
"""Clips of a speaker that share how their altered copies sound."""

_PART = 200
_SEED = 0
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
    level : ndarray of float32, shape (n_clips, n_variants + 1)
        Taken from each, in bel.
    room : ndarray of int64, shape (n_clips,)
        Clips of one room are one speaker's, and each altered copy of them sounds alike.
    part : ndarray of int64, shape (n_clips,)
        Clips that are computed together. Parts end with their corpus, so that studies of other
        corpora find the same ones.
    """

    frames: HalfArray
    start: IntArray
    length: IntArray
    level: FloatArray
    room: IntArray
    part: IntArray

    def get(self, clip: int, variant: int = 0) -> HalfArray:
        """Return the log-mels of one copy of a clip, shape (n_frames, n_mels)."""
        start = self.start[clip, variant]
        return self.frames[start : start + self.length[clip, variant]]


def build_log_mels(
    clips: Sequence[Clip],
    policy: Policy,
    folder: Path,
    *,
    front_end: int = NEWEST,
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
    front_end : int, default=3
        Version of the front-end.
    n_jobs : int
        Processes.
    progress : callable, optional
        Called with (done, total) clips.
    """
    room, keys = assign_rooms(clips)
    tasks = [(clip, policy.draw(keys[r], _SEED)) for clip, r in zip(clips, room, strict=True)]
    part = _assign_parts(clips)
    bounds = np.flatnonzero(np.diff(part, prepend=-1, append=-1)).tolist()
    parts = [tasks[i:j] for i, j in itertools.pairwise(bounds)]
    paths = [folder / f"{_name_part(part, front_end)}.npz" for part in parts]
    missing = [i for i, path in enumerate(paths) if not path.exists()]
    done = sum(map(len, parts)) - sum(len(parts[i]) for i in missing)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_jobs, mp_context=context, initializer=start_worker)
    try:
        jobs = {
            pool.submit(_write_part, parts[i], paths[i], front_end): len(parts[i]) for i in missing
        }
        for job in as_completed(jobs):
            job.result()
            done += jobs[job]
            if progress is not None:
                progress(done, len(clips))
    finally:
        pool.shutdown(cancel_futures=True)
    return _join(paths, room, part)


def _assign_parts(clips: Sequence[Clip]) -> IntArray:
    part = np.zeros(len(clips), np.int64)
    size = 0
    for i in range(1, len(clips)):
        size += 1
        begins = size == _PART or clips[i].corpus != clips[i - 1].corpus
        size = 0 if begins else size
        part[i] = part[i - 1] + begins
    return part


def assign_rooms(clips: Sequence[Clip]) -> tuple[IntArray, list[str]]:
    """Divide each speaker's clips into rooms of ``ROOM_CLIPS``, whatever they say or feel.

    An altered copy is drawn once a room: a voice is then known from clips that sound like the
    one to be judged, as in a call. Drawn anew for every clip, the room would drown the voice.

    Returns
    -------
    room : ndarray of int64, shape (n_clips,)
    keys : list of str
        One a room; depends on its speaker's clips alone.
    """
    order = sorted(range(len(clips)), key=lambda i: (clips[i].speaker_id, clips[i].sha256))
    room = np.zeros(len(clips), np.int64)
    keys: list[str] = []
    speaker, place = None, 0
    for i in order:
        place = place + 1 if clips[i].speaker_id == speaker else 0
        speaker = clips[i].speaker_id
        if place % ROOM_CLIPS == 0:
            keys.append(f"{speaker} {place // ROOM_CLIPS}")
        room[i] = len(keys) - 1
    return room, keys


_Task: TypeAlias = tuple[Clip, tuple[Alteration, ...]]


def _name_part(part: Sequence[_Task], version: int) -> str:
    alterations = [[a.key for a in drawn] for _, drawn in part]
    content = json.dumps([version, [clip.sha256 for clip, _ in part], alterations])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _write_part(part: Sequence[_Task], path: Path, version: int) -> None:
    torch.set_num_threads(1)
    front_end = SpeechFrontEnd(N_MELS, version)
    copies = [copy for task in part for copy in _compute_copies(*task, front_end)]
    with replacing(path) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            frames=np.concatenate([frames for frames, _ in copies]),
            length=np.array([len(frames) for frames, _ in copies]).reshape(len(part), -1),
            level=np.array([level for _, level in copies], np.float32).reshape(len(part), -1),
        )


def _compute_copies(
    clip: Clip, drawn: Sequence[Alteration], front_end: SpeechFrontEnd
) -> list[tuple[HalfArray, float]]:
    nothing = (np.zeros((0, N_MELS), np.float16), 0.0)
    try:
        samples = read_audio(clip.path, sampling_rate=SAMPLING_RATE).samples
    except AudioError as error:
        _log.warning("left out: %s: %s", clip.path, error)
        return [nothing] * (1 + len(drawn))
    altered = [alteration.apply(samples, SAMPLING_RATE) for alteration in drawn]
    return [compute_log_mel(copy, front_end) for copy in [samples, *altered]]


def compute_log_mel(samples: FloatArray, front_end: SpeechFrontEnd) -> tuple[HalfArray, float]:
    """Return the log-mels of one recording at 16 kHz, shape (n_frames, n_mels), and its level."""
    if len(samples) < _SHORTEST:
        samples = np.pad(samples, (0, _SHORTEST - len(samples)))
    with torch.inference_mode():
        waveform = torch.from_numpy(np.ascontiguousarray(samples))[None]
        log_mel, n_frames, level = front_end(waveform, torch.tensor([waveform.shape[1]]))
    half: HalfArray = log_mel[0, :, : int(n_frames)].T.half().contiguous().numpy()
    return half, float(level)


def _join(paths: Sequence[Path], room: IntArray, part: IntArray) -> LogMels:
    parts = []
    for path in paths:
        with np.load(path, allow_pickle=False) as arrays:
            parts.append({name: arrays[name] for name in ("frames", "length", "level")})
    frames, length, level = (
        np.concatenate([arrays[name] for arrays in parts]) for name in ("frames", "length", "level")
    )
    start = (np.cumsum(length.ravel()) - length.ravel()).reshape(length.shape)
    return LogMels(frames, start, length, level, room, part)
