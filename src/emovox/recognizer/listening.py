"""From recordings to the states of their clips, and from those to a voice."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable

import numpy as np

from emovox.audio import AudioSource, inspect_recording, read_blocks
from emovox.errors import AudioError, ParameterError
from emovox.models import Artefact
from emovox.recognizer.parallel import map_in_order
from emovox.recognizer.voice import Voice, estimate_voice, require_adaptation
from emovox.types import FloatArray, Recording

CLIP_S = 5.0
"""Length of the clips that a long recording counts as, in seconds; those of corpora last as long.
Up to one and a half times this it stays whole."""

_BLOCK_S = 600.0
"""Of a longer recording so much is held in memory at once, in seconds."""


def hear_voice(
    artefact: Artefact,
    clips: Iterable[AudioSource],
    *,
    skip_unreadable: bool = False,
    n_jobs: int = 1,
) -> Voice:
    """Return the voice that recordings have in common, as an artefact hears it.

    Parameters
    ----------
    artefact : Artefact
        Of a model that can adapt.
    clips : iterable of path, bytes, binary file object, or (samples, sampling_rate)
        Of one speaker, in any order. They are read one after the other.
    skip_unreadable : bool, default=False
        Pass over clips that cannot be decoded, rather than raise.
    n_jobs : int, default=1
        Clips that are listened to at once.

    Raises
    ------
    AudioError
        If a clip cannot be decoded.
    ParameterError
        If the model cannot adapt.
    """
    require_adaptation(artefact.metadata)
    if isinstance(clips, str | bytes | os.PathLike):
        raise ParameterError("clips is one recording; it must be a list of them.")
    nothing = np.zeros((0, artefact.metadata.n_states), dtype=np.float32)

    def hear(clip: AudioSource) -> Voice:
        try:
            states = measure_states(artefact, clip)
        except AudioError:
            if not skip_unreadable:
                raise
            states = nothing
        return estimate_voice(states, artefact.metadata)

    # Merged one by one: however many clips there are, memory holds one.
    voices = map_in_order(hear, clips, n_jobs)
    return functools.reduce(Voice.merge, voices, estimate_voice(nothing, artefact.metadata))


def measure_states(artefact: Artefact, source: AudioSource) -> FloatArray:
    """Return the states of the clips that a recording consists of.

    A minute of speech says more of a voice than a sentence does: it counts as twelve clips. What
    the gate refuses (silence, noise, ...) says nothing and does not count.

    Parameters
    ----------
    artefact : Artefact
        Hears the clips.
    source : path, bytes, binary file object, or (samples, sampling_rate)
        What :func:`emovox.audio.read_blocks` takes; of any length.

    Returns
    -------
    ndarray of float32, shape (n_clips, n_states)

    Raises
    ------
    AudioError
        If it cannot be decoded.
    """
    rate = artefact.metadata.sampling_rate
    states = [
        # One at a time: side by side, clips of different lengths would be padded.
        artefact.run([clip.samples]).states[0]
        for _, samples in read_blocks(source, sampling_rate=rate, block_s=_BLOCK_S)
        for clip in cut_recording(Recording(samples, rate))
        if not inspect_recording(clip).reason
    ]
    return np.array(states, dtype=np.float32).reshape(-1, artefact.metadata.n_states)


def cut_recording(recording: Recording) -> list[Recording]:
    """Return the recording cut into clips of equal length, as near to ``CLIP_S`` as can be."""
    n_clips = max(1, round(recording.duration_s / CLIP_S))
    return [
        Recording(samples, recording.sampling_rate, recording.name)
        for samples in np.array_split(recording.samples, n_clips)
    ]
