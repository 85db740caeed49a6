"""Long recordings, block by block, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emovox.audio.decoder import open_decoder, read_pieces
from emovox.audio.resample import resample_pieces
from emovox.audio.source import AudioSource
from emovox.errors import EmptyAudioError, ParameterError
from emovox.types import FloatArray


def read_blocks(
    source: AudioSource,
    *,
    sampling_rate: int | None = 16000,
    block_s: float = 30.0,
    overlap_s: float = 0.0,
) -> Iterator[tuple[float, FloatArray]]:
    """Read a recording of any length block by block.

    Without overlap the blocks, joined, equal what ``read_audio`` returns, bit for bit. Memory
    holds a block and a few MiB.

    Parameters
    ----------
    source : path, bytes, binary file object, or tuple (samples, sampling_rate)
        As for ``read_audio``. A pipe is first copied to a temporary file.
    sampling_rate : int or None, default=16000
        Wanted rate in Hz; None keeps the source's.
    block_s : float, default=30.0
        Length of a block in seconds; the last one may be shorter.
    overlap_s : float, default=0.0
        By how much a block reaches back into the one before, in seconds; below ``block_s``.

    Yields
    ------
    start_s : float
        Where the block begins, in seconds.
    samples : ndarray of float32, shape (n_samples,)

    Raises
    ------
    AudioError
        As ``read_audio``; damage shows when the reading comes to it.
    ParameterError
        If ``block_s`` is not above ``overlap_s``, or a value is negative.
    """
    if not 0 <= overlap_s < block_s:
        raise ParameterError(
            f"block_s must be above overlap_s and that 0 or more, not {block_s!r}, {overlap_s!r}."
        )
    return _generate(source, sampling_rate, block_s, overlap_s)


def _generate(
    source: AudioSource, sampling_rate: int | None, block_s: float, overlap_s: float
) -> Iterator[tuple[float, FloatArray]]:
    with open_decoder(source) as decoder:
        rate = sampling_rate or decoder.info.sampling_rate
        n_block = max(1, round(block_s * rate))
        n_hop = max(1, n_block - round(overlap_s * rate))
        start, rest = 0, np.zeros(0, dtype=np.float32)
        pieces = read_pieces(decoder)
        for piece in resample_pieces(pieces, decoder.info.sampling_rate, rate):
            rest = np.concatenate((rest, piece))
            while len(rest) >= n_block:
                # A copy: blocks that overlap are not to share memory.
                yield start / rate, rest[:n_block].copy()
                rest = rest[n_hop:]
                start += n_hop
        # What is left beyond the overlap with the last block is new.
        if len(rest) > (n_block - n_hop if start else 0):
            yield start / rate, rest
        elif not start:
            raise EmptyAudioError(f"{decoder.info.name} is empty: it holds no samples.")
