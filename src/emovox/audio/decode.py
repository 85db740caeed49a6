"""From any source to a float32 mono recording at the wanted rate."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from emovox.audio.decoder import AudioInfo, open_decoder, read_pieces
from emovox.audio.resample import resample_pieces
from emovox.audio.source import AudioSource
from emovox.errors import EmptyAudioError, ParameterError, TooLargeError
from emovox.types import Recording

_NOTHING = np.zeros(0, dtype=np.float32)


def read_audio(
    source: AudioSource,
    *,
    sampling_rate: int | None = 16000,
    offset_s: float = 0.0,
    duration_s: float | None = None,
    max_duration_s: float = 600.0,
) -> Recording:
    """Read a recording: decoded, mixed down to mono, resampled.

    The content decides on the format, not the suffix. Only the part asked for is decoded. Samples
    are not scaled, and a constant offset stays (``remove_offset``). Whether the recording is
    usable is told by ``inspect_recording``.

    Parameters
    ----------
    source : path, bytes, binary file object, or tuple (samples, sampling_rate)
        wav, aiff, flac, ogg, opus, mp3, au, caf, w64. A file object that can seek is read from
        its beginning. Arrays have shape (n_samples,) or (n_samples, n_channels); integers are
        scaled by their type's range.
    sampling_rate : int or None, default=16000
        Wanted rate in Hz; None keeps the source's.
    offset_s : float, default=0.0
        Where to begin, in seconds.
    duration_s : float, optional
        How much to read, in seconds; less if there is less.
    max_duration_s : float, default=600.0
        Longest part to read, in seconds; ``read_blocks`` has no limit.

    Returns
    -------
    Recording
        Float32 mono samples. Full scale is 1; a float file, or a codec, may go beyond.

    Raises
    ------
    NotAudioError
        If the content is something else, or a format that cannot be decoded.
    EmptyAudioError
        If there are no samples, or none after ``offset_s``.
    TruncatedAudioError
        If the file ends before it says it does.
    TooLargeError
        If the part asked for is longer than ``max_duration_s``; seen before decoding, where the
        file says its length.
    AudioError
        If the file cannot be opened, or holds NaN or infinite samples.
    ParameterError
        If a parameter makes no sense.

    Examples
    --------
    >>> import numpy as np
    >>> read_audio((np.zeros(48000, dtype=np.int16), 48000)).samples.shape
    (16000,)
    """
    _validate_part(sampling_rate, offset_s, duration_s, max_duration_s)
    with open_decoder(source) as decoder:
        info = decoder.info
        rate = sampling_rate or info.sampling_rate
        start = round(offset_s * info.sampling_rate)
        limit = _count(max_duration_s, info.sampling_rate)
        wanted = _count(duration_s, info.sampling_rate)
        if info.n_samples >= 0:
            wanted = min(wanted, info.n_samples - start)
            if wanted > limit:
                raise _too_large(info, wanted, max_duration_s)
        if start and wanted > 0:
            decoder.skip(start)
        # One sample more than allowed shows that there is too much.
        pieces = read_pieces(decoder, min(wanted, limit + 1))
        resampled = list(resample_pieces(pieces, info.sampling_rate, rate))
        n_read = decoder.position - start
    if n_read > limit:
        raise _too_large(info, n_read, max_duration_s)
    samples = resampled[0] if len(resampled) == 1 else np.concatenate([_NOTHING, *resampled])
    if not samples.size:
        raise _empty(info, start, n_read)
    return Recording(samples, rate, info.name, info.sampling_rate, info.n_channels)


def probe_audio(source: AudioSource) -> AudioInfo:
    """Tell format, rate, channels and length without decoding.

    Only a file that does not say its length (FLAC from a pipe, MP3 without a length tag) is
    decoded, to count.

    Parameters
    ----------
    source : path, bytes, binary file object, or tuple (samples, sampling_rate)
        As for ``read_audio``.

    Returns
    -------
    AudioInfo

    Raises
    ------
    AudioError
        As ``read_audio``, but damage that shows only in decoding is not seen.
    """
    with open_decoder(source) as decoder:
        if decoder.info.n_samples >= 0:
            return decoder.info
        n_samples = sum(map(len, read_pieces(decoder)))
        return dataclasses.replace(decoder.info, n_samples=n_samples)


def _validate_part(
    sampling_rate: int | None, offset_s: float, duration_s: float | None, max_duration_s: float
) -> None:
    if sampling_rate is not None and not 0 < sampling_rate < math.inf:
        raise ParameterError(f"sampling_rate must be above 0 Hz, not {sampling_rate!r}.")
    if not 0 <= offset_s < math.inf:
        raise ParameterError(f"offset_s must be 0 or more seconds, not {offset_s!r}.")
    if duration_s is not None and not duration_s > 0:
        raise ParameterError(f"duration_s must be above 0 seconds, not {duration_s!r}.")
    if not max_duration_s > 0:
        raise ParameterError(f"max_duration_s must be above 0 seconds, not {max_duration_s!r}.")


def _count(duration_s: float | None, rate: int) -> int:
    """Return the number of samples; a huge one for no limit."""
    if duration_s is None or duration_s == math.inf:
        return 2**62
    return max(1, round(duration_s * rate))


def _too_large(info: AudioInfo, n_samples: int, max_duration_s: float) -> TooLargeError:
    hint = (
        "'emovox timeline' takes any length; in Python read a part (offset_s, duration_s), read it "
        "in blocks, or raise max_duration_s."
    )
    if info.n_samples < 0:
        # It does not say its length, and no more than the limit has been read.
        message = f"{info.name} holds more than the {max_duration_s:,g} s that are read at once."
    else:
        length_s = n_samples / info.sampling_rate
        message = (
            f"{length_s:,.1f} s of {info.name} are asked for; at most {max_duration_s:,g} s "
            "are read at once."
        )
    return TooLargeError(message, hint=hint)


def _empty(info: AudioInfo, start: int, n_read: int) -> EmptyAudioError:
    if n_read > 0:
        return EmptyAudioError(f"{info.name} is too short to be resampled: {n_read} samples.")
    if start and info.n_samples:
        return EmptyAudioError(f"{info.name} ends before {start / info.sampling_rate:g} s.")
    return EmptyAudioError(f"{info.name} is empty: it holds no samples.")
