"""Pooled states of recordings, as a network's head is given them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emovox.audio import inspect_recording, read_audio
from emovox.errors import AudioError
from emovox.models.metadata import SAMPLING_RATE
from emovox.training.speech.export import SHORTEST_S
from emovox.training.speech.network import SpeechNetwork
from emovox.types import Clip, FloatArray, Progress


@dataclass(frozen=True, slots=True, eq=False)
class HeardClips:
    """What a network heard of clips.

    Attributes
    ----------
    clips : tuple of Clip
        Those that can be used.
    states : Tensor, shape (n_clips, n_states)
        As the network's head is given them.
    failures : tuple of str
        Why the others cannot be used.
    """

    clips: tuple[Clip, ...]
    states: Tensor
    failures: tuple[str, ...]


def hear_clips(
    network: SpeechNetwork, clips: Sequence[Clip], *, progress: Progress | None = None
) -> HeardClips:
    """Read recordings and return the states of those that are fit to learn from.

    Parameters
    ----------
    network : SpeechNetwork
        In evaluation mode.
    clips : sequence of Clip
    progress : callable, optional
        Called with (done, total).
    """
    kept, states, failures = [], [], []
    for number, clip in enumerate(clips, start=1):
        try:
            recording = read_audio(clip.path, sampling_rate=SAMPLING_RATE)
            problem = inspect_recording(recording).reason
        except AudioError as error:
            problem = str(error)
        if problem:
            failures.append(f"{clip.path}: {problem}")
        else:
            kept.append(clip)
            states.append(compute_states(network, recording.samples))
        if progress is not None:
            progress(number, len(clips))
    together = torch.stack(states) if states else torch.zeros(0, network.n_states)
    return HeardClips(tuple(kept), together, tuple(failures))


def compute_states(network: SpeechNetwork, samples: FloatArray) -> Tensor:
    """Return what the head is given of one clip, shape (n_states,).

    Parameters
    ----------
    network : SpeechNetwork
        In evaluation mode.
    samples : ndarray of float32, shape (n_samples,)
        At 16 kHz.
    """
    shortest = round(SHORTEST_S * SAMPLING_RATE)
    padded: NDArray[np.float32] = np.pad(samples, (0, max(0, shortest - len(samples))))
    heard: list[Tensor] = []

    def keep(_head: nn.Module, given: tuple[Tensor, ...]) -> None:
        heard.append(given[0])

    # At the door of the head: whatever it is that the network gives to it.
    handle = network.head.register_forward_pre_hook(keep)
    try:
        with torch.inference_mode():
            head = network.head
            length = torch.tensor([len(padded)])
            network(torch.from_numpy(padded)[None], length, head.mean[None], head.deviation[None])
    finally:
        handle.remove()
    # A copy: one made in inference mode cannot be learnt from.
    return heard[0][0].clone()
