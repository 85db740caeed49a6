"""States of every layer of an encoder pooled over time, computed once for all trainings.

Mean and deviation over time of a clip's states are all that the head is given: where the encoder
stays as it came, no frame need be kept. With every layer there, trials of other layers are free.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from emovox.files import replacing
from emovox.training.device import autocast
from emovox.training.encoder import WhisperEncoder
from emovox.training.speech.frozen import collate_log_mels, iter_batches, name_part, read_halves
from emovox.training.speech.logmels import LogMels
from emovox.training.speech.network import N_EXTRA, pool
from emovox.types import FloatArray, Progress

_BATCH_FRAMES = 9_000
_CPU = torch.device("cpu")

HalfArray = NDArray[np.float16]


def build_pooled_states(
    log_mels: LogMels,
    encoder: WhisperEncoder,
    folder: Path,
    *,
    encoder_sha256: str,
    precision: str = "float32",
    progress: Progress | None = None,
) -> HalfArray:
    """Compute, or find, the pooled states of all copies.

    Parameters
    ----------
    log_mels : LogMels
        Of every copy.
    encoder : WhisperEncoder
    folder : Path
        Where parts of them are kept. A killed run goes on after the last whole part.
    encoder_sha256 : str
        Of the file the encoder came from.
    precision : str
        ``float32`` or ``bfloat16``.
    progress : callable, optional
        Called with (done, total) copies.

    Returns
    -------
    ndarray of float16, shape (n_clips, n_variants + 1, n_layers + 1, 2 * width)
        Before the first layer, then after each, as ``WhisperEncoder.forward`` returns them. Zeros
        where a copy could not be read.
    """
    n_clips, n_copies = log_mels.length.shape
    shape = (n_clips, n_copies, encoder.shape.n_layers + 1, 2 * encoder.shape.width)
    pooled = np.zeros(shape, np.float16)
    for number in np.unique(log_mels.part):
        clips = np.flatnonzero(log_mels.part == number)
        mels = [log_mels.get(int(clip), copy) for clip in clips for copy in range(n_copies)]
        path = folder / f"{name_part(mels, f'{encoder_sha256} pooled {precision}')}.npy"
        part = read_halves(path)
        if part is None:
            part = _pool_part(mels, encoder, precision)
            with replacing(path) as temporary:
                np.save(temporary, part, allow_pickle=False)
        pooled[clips] = part.reshape(len(clips), *shape[1:])
        if progress is not None:
            progress(int(clips[-1] + 1) * n_copies, n_clips * n_copies)
    return pooled


def _pool_part(mels: list[HalfArray], encoder: WhisperEncoder, precision: str) -> HalfArray:
    """Return the pooled states of some copies, shape (n, (n_layers + 1) * 2 * width)."""
    n_states = (encoder.shape.n_layers + 1) * 2 * encoder.shape.width
    pooled = np.zeros((len(mels), n_states), np.float16)
    for batch in iter_batches(np.array([len(mel) for mel in mels]), _BATCH_FRAMES):
        log_mel, n_frames = collate_log_mels([mels[i] for i in batch], encoder.shape.n_mels)
        with torch.inference_mode(), autocast(_CPU, precision):
            states, mask = encoder.encode(log_mel, n_frames)
            pooled[batch] = pool(states, mask).half().numpy()
    return pooled


def select_layers(pooled: HalfArray, layers: tuple[int, ...], level: FloatArray) -> HalfArray:
    """Return what a network that pools some of the layers gives to its head.

    Parameters
    ----------
    pooled : ndarray of float16, shape (n_clips, n_copies, n_layers + 1, 2 * width)
    layers : tuple of int
        0 is before the first.
    level : ndarray of float32, shape (n_clips, n_copies)
        As the front-end took it away.

    Returns
    -------
    ndarray of float16, shape (n_clips, n_copies, n_states)
        As ``SpeechNetwork.encode_rest`` returns them.
    """
    width = pooled.shape[3]
    states = np.zeros((*level.shape, len(layers) * width + N_EXTRA), np.float16)
    for place, layer in enumerate(layers):
        states[..., place * width : (place + 1) * width] = pooled[:, :, layer]
    states[..., -N_EXTRA] = level
    states[..., -1] = 1
    return states
