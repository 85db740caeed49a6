"""Mono samples of any source, in order, a piece at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from emovox.audio.mp3 import find_mp3_tag
from emovox.audio.source import AudioSource, Opened, open_source
from emovox.audio.truncation import validate_complete
from emovox.errors import AudioError, NotAudioError, ParameterError, TruncatedAudioError
from emovox.types import FloatArray

# Samples (over all channels) decoded at a time: 4 MiB, one piece for most clips.
_PIECE_SAMPLES = 2**20
_MAX_CHANNELS = 1024
_RATES = (1_000, 768_000)
# libsndfile says 2**63 - 1 where a file does not know its length.
_UNKNOWN_LENGTH = 2**62
# Full scale is 1. What lies this far above is damage, not sound, and its square overflows.
_MAX_LEVEL = 1e6
# The smallest MP3 frame has 24 bytes: no file holds 64 times what its first frame suggests.
_STRETCH = 64
# An MP3 frame uses bits of earlier ones: after a seek, so many samples are not right yet.
_MP3_RUN_UP = 32 * 1152
# These know their length to the sample; the others' is an estimate, or counts padding.
_EXACT_KINDS = ("wav", "aiff", "flac", "other")


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a recording is, without its samples.

    Attributes
    ----------
    name : str
        Path, or ``<bytes>``, ``<stream>``, ``<array>``.
    format, subtype : str
        Such as ``WAV`` and ``PCM_16``, in libsndfile's words; by content, not by suffix.
    sampling_rate : int
        In Hz.
    n_channels : int
        As stored.
    n_samples : int
        Of each channel.
    """

    name: str
    format: str
    subtype: str
    sampling_rate: int
    n_channels: int
    n_samples: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sampling_rate


class Decoder(Protocol):
    """Mono samples of one source, in order."""

    info: AudioInfo
    """Its ``n_samples`` is -1 where the source does not say."""

    position: int
    """The next sample."""

    def skip(self, n_samples: int) -> None:
        """Leave out the next samples; there must be as many."""
        ...

    def read(self, n_samples: int) -> FloatArray:
        """Return some of the next samples, at most so many, none only at the end."""
        ...


@contextmanager
def open_decoder(source: AudioSource) -> Iterator[Decoder]:
    """Open any source for decoding; the errors are those of ``read_audio``."""
    if isinstance(source, tuple):
        yield _ArrayDecoder(source)
        return
    with open_source(source) as opened:
        validate_complete(opened)
        unknown = opened.kind == "mp3" and find_mp3_tag(opened) is None
        try:
            file = _SoundFile(_Stream(opened.stream, _STRETCH if unknown else 1))
        except soundfile.LibsndfileError as error:
            raise NotAudioError(
                f"{opened.name} looks like {opened.kind.upper()}, but its header makes no sense "
                f"(libsndfile: {_explain(error)}).",
                hint="Copy or download it again.",
            ) from None
        with file:
            yield _FileDecoder(opened, file, -1 if unknown else file.frames)


def read_pieces(decoder: Decoder, n_samples: int | None = None) -> Iterator[FloatArray]:
    """Give the next samples in pieces of a few MiB, all or so many.

    Raises
    ------
    AudioError
        If a sample is not a finite number, or far above full scale.
    """
    left = _UNKNOWN_LENGTH if n_samples is None else n_samples
    while left > 0:
        # What is not finite is looked for below; NumPy need not warn as well.
        with np.errstate(over="ignore", invalid="ignore"):
            piece = decoder.read(left)
            if not piece.size:
                return
            level = max(float(piece.max()), -float(piece.min()))
        # A NaN makes the comparison false.
        if not level <= _MAX_LEVEL:
            raise AudioError(
                f"{decoder.info.name} holds samples that are no sound (NaN, infinite, or above "
                f"{_MAX_LEVEL:g} times full scale).",
                hint="The program that wrote it failed; make the recording again.",
            )
        left -= len(piece)
        yield piece


class _Stream:
    """What libsndfile is given to read from.

    Parameters
    ----------
    stream : binary file object
        Seekable.
    stretch : int
        By how much the stream claims to be longer than it is. Without a length tag libsndfile
        takes the first MP3 frame for typical and stops where the file would end then: of a file of
        variable bit rate it leaves out up to nine tenths, silently. Given a length that cannot
        be too short, it reads to the real end.
    """

    def __init__(self, stream: BinaryIO, stretch: int) -> None:
        self._stream = stream
        self._end = stream.seek(0, os.SEEK_END) * stretch
        self._at_end = False
        stream.seek(0)
        self.read = stream.read
        # soundfile asks for it first, and does with ``read`` where it is absent.
        with suppress(AttributeError):
            self.readinto = stream.readinto  # type: ignore[attr-defined]

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> None:
        self._at_end = whence == os.SEEK_END and offset == 0
        # A damaged header can lead before the beginning. An exception would not get through C.
        with suppress(ValueError, OSError):
            self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._end if self._at_end else self._stream.tell()


class _SoundFile(soundfile.SoundFile):  # type: ignore[misc]
    """Reads on without a seek after each read, which fails where the length is unknown."""

    def seekable(self) -> bool:
        return False


class _FileDecoder:
    def __init__(self, opened: Opened, file: _SoundFile, n_samples: int) -> None:
        low, high = _RATES
        if not low <= file.samplerate <= high:
            raise NotAudioError(
                f"{opened.name} says it has {file.samplerate:,} samples a second; "
                f"{low:,} to {high:,} make sense."
            )
        if n_samples >= _UNKNOWN_LENGTH:
            n_samples = -1
        self.info = AudioInfo(
            opened.name, file.format, file.subtype, file.samplerate, file.channels, n_samples
        )
        self._file = file
        self._run_up = _MP3_RUN_UP if opened.kind == "mp3" else 0
        self._exact = opened.kind in _EXACT_KINDS
        self.position = 0
        self._mix = np.full(file.channels, 1 / file.channels, dtype=np.float32)

    def skip(self, n_samples: int) -> None:
        if self.info.n_samples >= 0 and n_samples > self._run_up:
            self.position += n_samples - self._run_up
            try:
                self._file.seek(self.position)
            except soundfile.LibsndfileError as error:
                raise self._fail(_explain(error)) from None
            n_samples = self._run_up
        while n_samples and (n_read := len(self.read(n_samples))):
            n_samples -= n_read

    def read(self, n_samples: int) -> FloatArray:
        wanted = min(n_samples, max(1, _PIECE_SAMPLES // len(self._mix)))
        if self.info.n_samples >= 0:
            wanted = min(wanted, self.info.n_samples - self.position)
        try:
            block = self._file.read(wanted, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise self._fail(_explain(error)) from None
        self.position += len(block)
        if len(block) < wanted and self._exact and self.info.n_samples >= 0:
            raise self._fail("no more samples")
        mono: FloatArray = block[:, 0] if len(self._mix) == 1 else block @ self._mix
        return mono

    def _fail(self, reason: str) -> TruncatedAudioError:
        rate = self.info.sampling_rate
        whole = f" of {self.info.duration_s:.3f}" if self.info.n_samples >= 0 else ""
        return TruncatedAudioError(
            f"{self.info.name} is cut off or damaged: decoding stops after "
            f"{self.position / rate:.3f}{whole} s ({reason}).",
            hint="Copy or download it again.",
        )


class _ArrayDecoder:
    def __init__(self, source: tuple[NDArray[np.generic], int]) -> None:
        if len(source) != 2:
            raise ParameterError("an array is given as a tuple (samples, sampling_rate).")
        samples, rate = np.asarray(source[0]), source[1]
        if samples.ndim not in (1, 2) or (
            samples.ndim == 2 and not 1 <= samples.shape[1] <= _MAX_CHANNELS
        ):
            raise ParameterError(
                f"samples must have shape (n_samples,) or (n_samples, n_channels), with 1 to "
                f"{_MAX_CHANNELS} channels, not {samples.shape}."
            )
        if samples.dtype.kind not in "iuf":
            raise ParameterError(f"samples must be numbers, not {samples.dtype}.")
        low, high = _RATES
        if not low <= rate <= high or rate != int(rate):
            raise ParameterError(
                f"the sampling rate must be a whole number of Hz, {low:,} to {high:,}, "
                f"not {rate!r}."
            )
        n_channels = 1 if samples.ndim == 1 else samples.shape[1]
        self.info = AudioInfo(
            "<array>", "ARRAY", samples.dtype.name, int(rate), n_channels, len(samples)
        )
        self._samples = samples
        self.position = 0

    def skip(self, n_samples: int) -> None:
        self.position += n_samples

    def read(self, n_samples: int) -> FloatArray:
        n_samples = min(n_samples, max(1, _PIECE_SAMPLES // self.info.n_channels))
        block = self._samples[self.position : self.position + n_samples]
        self.position += len(block)
        dtype = block.dtype
        if dtype.kind in "iu":
            half = 2.0 ** (8 * dtype.itemsize - 1)
            block = (block - (half if dtype.kind == "u" else 0.0)) / half
        if block.ndim == 2:
            block = block.mean(axis=1)
        return block.astype(np.float32)


def _explain(error: soundfile.LibsndfileError) -> str:
    text: str = error.error_string
    return text.removeprefix("Error : ").strip().rstrip(".")
