"""States after the frozen layers, computed once for all trainings, kept in parts on disk."""

from __future__ import annotations

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
    """States of many clips, and of their altered copies, in one array.

    Attributes
    ----------
    frames : Tensor of float16, shape (n_frames_of_all, width)
    start, length : ndarray of int64, shape (n_clips, n_variants + 1)
        Where the states of each copy lie; a length of 0: it could not be read.
    level : Tensor of float32, shape (n_clips, n_variants + 1)
        Taken from each copy by the front-end.
    room : ndarray of int64, shape (n_clips,)
        See ``LogMels.room``.
    key : str
        Names what the states were computed from, and how.
    """

    frames: Tensor
    start: IntArray
    length: IntArray
    level: Tensor
    room: IntArray
    key: str = ""

    def take(self, clips: IntArray) -> FrozenStates:
        """Return those of some clips; the array of frames is shared."""
        return FrozenStates(
            self.frames,
            self.start[clips],
            self.length[clips],
            self.level[torch.from_numpy(clips)],
            self.room[clips],
            self.key,
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
        states = torch.zeros(len(clip), int(length.max()), self.frames.shape[1])
        for row, (begin, size) in enumerate(zip(start, length, strict=True)):
            states[row, :size] = self.frames[begin : begin + size]
        mask = torch.arange(states.shape[1]) < torch.from_numpy(length)[:, None]
        return states, mask, self.level[torch.from_numpy(clip), torch.from_numpy(variant)]


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
    sizes = (log_mels.length.ravel() + 1) // 2
    start = np.cumsum(sizes) - sizes
    frames = torch.zeros(int(sizes.sum()), network.encoder.shape.width, dtype=torch.float16)
    names = []
    n_copies = log_mels.length.shape[1]
    for number in np.unique(log_mels.part):
        clips = np.flatnonzero(log_mels.part == number)
        part = np.arange(clips[0] * n_copies, (clips[-1] + 1) * n_copies)
        mels = [_take(log_mels, int(copy)) for copy in part]
        names.append(_name_part(mels, encoder_sha256, network, precision))
        path = folder / f"{names[-1]}.npy"
        states = read_halves(path)
        if states is None:
            states = _compute_part(mels, sizes[part], network, precision)
            with replacing(path) as temporary:
                np.save(temporary, states, allow_pickle=False)
        frames[start[part[0]] : start[part[0]] + len(states)] = torch.from_numpy(states)
        if progress is not None:
            progress(int(part[-1]) + 1, sizes.size)
    shape = log_mels.length.shape
    key = hashlib.sha256("".join(names).encode()).hexdigest()
    level = torch.from_numpy(log_mels.level)
    return FrozenStates(
        frames, start.reshape(shape), sizes.reshape(shape), level, log_mels.room, key
    )


def _take(log_mels: LogMels, copy: int) -> NDArray[np.float16]:
    clip, variant = divmod(copy, log_mels.length.shape[1])
    return log_mels.get(clip, variant)


def _name_part(
    mels: Sequence[NDArray[np.float16]], sha256: str, network: SpeechNetwork, precision: str
) -> str:
    digest = hashlib.sha256(f"{sha256} {network.options.n_frozen} {precision}".encode())
    for mel in mels:
        digest.update(np.ascontiguousarray(mel).data)
    return digest.hexdigest()[:32]


def read_halves(path: Path) -> NDArray[np.float16] | None:
    """Return a stored array, or None where there is none or it is damaged."""
    try:
        states: NDArray[np.float16] = np.load(path, allow_pickle=False)
    except (FileNotFoundError, ValueError, EOFError):
        return None
    return states


def _compute_part(
    mels: Sequence[NDArray[np.float16]], sizes: IntArray, network: SpeechNetwork, precision: str
) -> NDArray[np.float16]:
    start = np.cumsum(sizes) - sizes
    states = np.zeros((int(sizes.sum()), network.encoder.shape.width), np.float16)
    for batch in iter_batches(np.array([len(mel) for mel in mels]), _BATCH_FRAMES):
        n_frames = torch.tensor([len(mels[i]) for i in batch])
        padded = torch.zeros(len(batch), int(n_frames.max()), network.encoder.shape.n_mels)
        for row, i in enumerate(batch):
            padded[row, : len(mels[i])] = torch.from_numpy(mels[i])
        with torch.inference_mode(), autocast(_CPU, precision):
            encoded, _ = network.encode_frozen(padded.transpose(1, 2), n_frames)
        # torch, not NumPy, turns floats to halves: ten times as fast.
        half = encoded.half().numpy()
        for row, i in enumerate(batch):
            states[start[i] : start[i] + sizes[i]] = half[row, : sizes[i]]
    return states


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
