"""States after the frozen layers, computed once for all trainings, kept in parts on disk."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emovox.files import replacing
from emovox.training.device import autocast
from emovox.training.speech.logmels import LogMels
from emovox.training.speech.network import SpeechNetwork
from emovox.types import IntArray, Progress

_BATCH_FRAMES = 9_000
_CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True, eq=False)
class FrozenStates:
    """States of many clips, and of their altered copies, mapped from disk part by part.

    Attributes
    ----------
    parts : tuple of ndarray of float16, shape (n_frames_of_part, width)
        Trainings side by side share their memory. None where no training needs frames.
    part : ndarray of int64, shape (n_clips,)
        In which of them each clip's states lie.
    start, length : ndarray of int64, shape (n_clips, n_variants + 1)
        Where in its part the states of each copy lie; a length of 0: it could not be read.
    level : Tensor of float32, shape (n_clips, n_variants + 1)
        Taken from each copy by the front-end.
    room : ndarray of int64, shape (n_clips,)
        See ``LogMels.room``.
    """

    parts: tuple[NDArray[np.float16], ...]
    part: IntArray
    start: IntArray
    length: IntArray
    level: Tensor
    room: IntArray

    @property
    def width(self) -> int:
        """Values of a state."""
        return int(self.parts[0].shape[1])

    def take(self, clips: IntArray) -> FrozenStates:
        """Return those of some clips; frames are shared."""
        return FrozenStates(
            self.parts,
            self.part[clips],
            self.start[clips],
            self.length[clips],
            self.level[torch.from_numpy(clips)],
            self.room[clips],
        )

    def collate(
        self, clip: IntArray, variant: IntArray, first: IntArray, longest: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return a padded batch of float32 states, its mask and levels (see ``encode_rest``).

        Parameters
        ----------
        clip, variant : ndarray of int64, shape (batch,)
        first : ndarray of int64, shape (batch,)
            Where to begin within each clip.
        longest : int
            Frames of a clip, at most.
        """
        length = np.minimum(self.length[clip, variant] - first, longest)
        start = self.start[clip, variant] + first
        states = np.zeros((len(clip), int(length.max()), self.width), np.float16)
        for row, (part, begin, size) in enumerate(zip(self.part[clip], start, length, strict=True)):
            states[row, :size] = self.parts[part][begin : begin + size]
        mask = torch.arange(states.shape[1]) < torch.from_numpy(length)[:, None]
        level = self.level[torch.from_numpy(clip), torch.from_numpy(variant)]
        return torch.from_numpy(states).float(), mask, level


def measure_states(log_mels: LogMels) -> FrozenStates:
    """Return where the states of all copies would lie, without any frame.

    Enough for trainings that leave the encoder as it came.
    """
    sizes = (log_mels.length + 1) // 2
    start = (np.cumsum(sizes) - sizes.ravel()).reshape(sizes.shape)
    part = np.unique(log_mels.part, return_inverse=True)[1].astype(np.int64)
    first = np.flatnonzero(np.diff(part, prepend=-1))
    start -= start[first[part], :1]
    level = torch.from_numpy(log_mels.level)
    return FrozenStates((), part, start, sizes, level, log_mels.room)


def build_frozen_states(
    log_mels: LogMels,
    network: SpeechNetwork,
    folder: Path,
    *,
    encoder_sha256: str,
    precision: str = "float32",
    progress: Progress | None = None,
) -> FrozenStates:
    """Compute, or find, the states of all copies after the network's frozen layers.

    Parameters
    ----------
    log_mels : LogMels
        Of every copy.
    network : SpeechNetwork
        Only its frozen layers are used.
    folder : Path
        Where parts of them are kept. A killed run goes on after the last whole part.
    encoder_sha256 : str
        Of the file the frozen layers came from.
    precision : str
        ``float32`` or ``bfloat16``.
    progress : callable, optional
        Called with (done, total) copies.
    """
    empty, n_copies = measure_states(log_mels), log_mels.length.shape[1]
    how = f"{encoder_sha256} {network.options.n_frozen} {precision}"
    parts = []
    for number in range(len(np.unique(empty.part))):
        clips = np.flatnonzero(empty.part == number)
        mels = [log_mels.get(int(clip), copy) for clip in clips for copy in range(n_copies)]
        path = folder / f"{name_part(mels, how)}.npy"
        states = read_halves(path, mapped=True)
        if states is None:
            with replacing(path) as temporary:
                sizes = empty.length[clips].ravel()
                np.save(temporary, _compute_part(mels, sizes, network, precision))
            states = np.load(path, mmap_mode="r")
        parts.append(states)
        if progress is not None:
            progress(int(clips[-1] + 1) * n_copies, empty.length.size)
    return dataclasses.replace(empty, parts=tuple(parts))


def encode_clips(
    network: SpeechNetwork, frozen: FrozenStates, clips: IntArray, *, precision: str = "float32"
) -> Tensor:
    """Return the pooled states of clean clips, shape (n_clips, n_states).

    Parameters
    ----------
    network : SpeechNetwork
    frozen : FrozenStates
    clips : ndarray of int64, shape (n_clips,)
    precision : str
        ``float32`` or ``bfloat16``.
    """
    was_training = network.training
    network.eval()
    states = torch.zeros(len(clips), network.n_states)
    zero = np.zeros(len(clips), np.int64)
    for batch in iter_batches(frozen.length[clips, 0], 6000):
        inputs = frozen.collate(clips[batch], zero[batch], zero[batch], 1500)
        with torch.inference_mode(), autocast(_CPU, precision):
            states[torch.from_numpy(batch)] = network.encode_rest(*inputs).float()
    network.train(was_training)
    return states


def name_part(mels: Sequence[NDArray[np.float16]], how: str) -> str:
    """Return what a part is kept as: a hash of its log-mels and of how they are encoded."""
    digest = hashlib.sha256(how.encode())
    for mel in mels:
        digest.update(np.ascontiguousarray(mel).data)
    return digest.hexdigest()[:32]


def read_halves(path: Path, *, mapped: bool = False) -> NDArray[np.float16] | None:
    """Return a stored array (``mapped``: left on disk), or None if none is there or it is torn."""
    try:
        states: NDArray[np.float16] = np.load(path, mmap_mode="r" if mapped else None)
    except (FileNotFoundError, ValueError, EOFError):
        return None
    return states


def _compute_part(
    mels: Sequence[NDArray[np.float16]], sizes: IntArray, network: SpeechNetwork, precision: str
) -> NDArray[np.float16]:
    start = np.cumsum(sizes) - sizes
    states = np.zeros((int(sizes.sum()), network.encoder.shape.width), np.float16)
    for batch in iter_batches(np.array([len(mel) for mel in mels]), _BATCH_FRAMES):
        log_mel, n_frames = collate_log_mels([mels[i] for i in batch], network.encoder.shape.n_mels)
        with torch.inference_mode(), autocast(_CPU, precision):
            encoded, _ = network.encode_frozen(log_mel, n_frames)
        # torch, not NumPy, turns floats to halves: ten times as fast.
        half = encoded.half().numpy()
        for row, i in enumerate(batch):
            states[start[i] : start[i] + sizes[i]] = half[row, : sizes[i]]
    return states


def collate_log_mels(mels: Sequence[NDArray[np.float16]], n_mels: int) -> tuple[Tensor, Tensor]:
    """Return a padded batch (batch, n_mels, n_frames) and the frames of each clip."""
    n_frames = torch.tensor([len(mel) for mel in mels])
    padded = torch.zeros(len(mels), int(n_frames.max()), n_mels)
    for row, mel in enumerate(mels):
        padded[row, : len(mel)] = torch.from_numpy(mel)
    return padded.transpose(1, 2), n_frames


def iter_batches(lengths: IntArray, n_frames: int) -> Iterator[IntArray]:
    """Yield indices of similar lengths, at most about ``n_frames`` frames a batch, no empty ones.

    Parameters
    ----------
    lengths : ndarray of int64, shape (n,)
    n_frames : int
        Of a batch, padding included; a single longer item is a batch of its own.
    """
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    begin = 0
    while begin < len(order):
        end = begin + 1
        while end < len(order) and (end + 1 - begin) * lengths[order[end]] <= n_frames:
            end += 1
        yield order[begin:end]
        begin = end
