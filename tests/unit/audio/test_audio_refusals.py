"""Hostile and broken input: every case ends in an error that says what is wrong."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest

from emovox.audio import probe_audio, read_audio, read_blocks, source
from emovox.errors import (
    AudioError,
    EmptyAudioError,
    NotAudioError,
    ParameterError,
    TooLargeError,
    TruncatedAudioError,
)

LFS_POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def _make_wav(
    n_bytes: int = 64000, *, rate: int = 16000, n_channels: int = 1, size: int | None = None
) -> bytes:
    """A wav file of 16 bit with any header."""
    size = n_bytes if size is None else size
    per_second = rate * n_channels * 2 & 0xFFFFFFFF
    form = struct.pack("<HHIIHH", 1, n_channels, rate, per_second, n_channels * 2 & 0xFFFF, 16)
    return (
        b"RIFF"
        + struct.pack("<I", min(0xFFFFFFFF, size + 36))
        + b"WAVEfmt "
        + struct.pack("<I", len(form))
        + form
        + b"data"
        + struct.pack("<I", size)
        + bytes(n_bytes)
    )


def _make_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("clip.wav", _make_wav())
    return stream.getvalue()


NOT_AUDIO = {
    "random": (np.random.default_rng(0).bytes(5000), "not audio in a known format"),
    "zeros": (bytes(5000), "not audio in a known format"),
    "one byte": (b"\x01", "not audio in a known format"),
    "text": (b"Dear reader,\n" * 50, "is text, not audio"),
    "utf-8 text, cut in a character": (("é" * 4096).encode()[:4095], "is text, not audio"),
    "utf-16 text": ("hello".encode("utf-16"), "is text, not audio"),
    "web page": (b"<!DOCTYPE html><title>404</title>", "is text, not audio"),
    "zip": (_make_zip(), "is a ZIP archive"),
    "gzip": (gzip.compress(_make_wav()), "is a gzip archive"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "is a PNG picture"),
    "webp": (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(100), "is a WebP picture"),
    "m4a": (b"\0\0\0\x20ftypM4A " + bytes(100), "is an MP4 or M4A file"),
    "webm": (b"\x1aE\xdf\xa3" + bytes(100), "is a WebM or Matroska file"),
    "avi": (b"RIFF\x10\0\0\0AVI LIST" + bytes(100), "is an AVI video"),
    "pointer": (LFS_POINTER, "is not the recording but a Git LFS pointer"),
    "0 Hz": (_make_wav(rate=0), "looks like WAV, but its header makes no sense"),
    "1 Hz": (_make_wav(rate=1), "1 samples a second; 1,000 to 768,000 make sense"),
    "2 GHz": (_make_wav(rate=2 * 10**9), "2,000,000,000 samples a second"),
    "no channels": (_make_wav(n_channels=0), "header makes no sense"),
    "65535 channels": (_make_wav(n_channels=65535), "header makes no sense"),
    "flac header only": (b"fLaC" + bytes(60), "looks like FLAC"),
    "ogg page of nothing": (b"OggS" + bytes(60), "looks like OGG"),
    "mp3 frame, then noise": (
        b"\xff\xfb\x90\x64" + bytes(3000),
        "looks like MP3",
    ),
}


@pytest.mark.parametrize(("data", "message"), NOT_AUDIO.values(), ids=NOT_AUDIO)
def test_what_is_not_audio_is_named(data, message):
    for read in (read_audio, probe_audio, lambda given: list(read_blocks(given))):
        with pytest.raises(NotAudioError, match=message) as caught:
            read(data)
        assert caught.value.message.startswith("<bytes> ")


def test_a_pointer_says_what_to_do(tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(LFS_POINTER)
    with pytest.raises(NotAudioError) as caught:
        read_audio(path)
    assert "git lfs pull" in caught.value.hint
    assert str(path) in caught.value.message


def test_formats_that_could_be_converted_say_how():
    with pytest.raises(NotAudioError) as caught:
        read_audio(b"\0\0\0\x20ftypM4A " + bytes(100))
    assert "ffmpeg" in caught.value.hint


EMPTY = {
    "no bytes": (b"", "holds no bytes"),
    "header alone": (_make_wav(0), "holds no samples"),
    "array": ((np.zeros(0, dtype=np.float32), 16000), "holds no samples"),
    "one sample at 48 kHz": ((np.zeros(1), 48000), "too short to be resampled"),
}


@pytest.mark.parametrize(("given", "message"), EMPTY.values(), ids=EMPTY)
def test_empty_is_said_to_be_empty(given, message):
    with pytest.raises(EmptyAudioError, match=message):
        read_audio(given)


def test_a_missing_file(tmp_path):
    with pytest.raises(AudioError, match="there is no file"):
        read_audio(tmp_path / "none.wav")


def test_a_folder(tmp_path):
    with pytest.raises(NotAudioError, match="is a folder, not a recording"):
        read_audio(tmp_path)


def test_a_path_that_cannot_be():
    with pytest.raises(AudioError, match="cannot be opened"):
        read_audio("a\0b.wav")


def test_an_endless_stream_that_is_not_audio_is_not_copied():
    class Endless:
        def read(self, n_bytes: int = -1) -> bytes:
            return bytes(n_bytes)

    with pytest.raises(NotAudioError):
        read_audio(Endless())


def test_a_stream_that_brings_too_much_is_refused(monkeypatch):
    class Endless:
        def read(self, n_bytes: int = -1) -> bytes:
            return _make_wav(size=0xFFFFFFFF)[:n_bytes]

    monkeypatch.setattr(source, "_MAX_PIPE_BYTES", 100_000)
    with pytest.raises(TooLargeError, match="brings more than 100,000 bytes"):
        read_audio(Endless())


def test_a_stream_that_fails_is_reported():
    class Broken(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, n_bytes: int = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(AudioError, match="cannot be read: Input/output error"):
        read_audio(Broken())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "cannot read audio from NoneType"),
        ([0.0, 0.1], "cannot read audio from list"),
        (io.StringIO("abc"), "open it in binary mode"),
        ((np.zeros(5),), "given as a tuple"),
        ((np.zeros(5, dtype=complex), 16000), "must be numbers, not complex128"),
        ((np.zeros((5, 5, 5)), 16000), "must have shape"),
        ((np.zeros((2, 16000)), 16000), r"must have shape .*, not \(2, 16000\)"),
        ((np.zeros(5), 0), "whole number of Hz"),
        ((np.zeros(5), 16000.5), "whole number of Hz"),
    ],
)
def test_sources_of_the_wrong_kind_are_the_callers_mistake(given, message):
    with pytest.raises(ParameterError, match=message):
        read_audio(given)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_samples_that_are_no_numbers_are_refused(tone, encode, bad, n_channels):
    samples = np.stack([tone] * n_channels, axis=1)
    samples[777, 0] = bad
    for given in (encode(samples, 16000, "WAV", "FLOAT"), (samples, 16000)):
        with pytest.raises(AudioError, match="NaN, infinite") as caught:
            read_audio(given)
        assert type(caught.value) is AudioError


@pytest.mark.parametrize("announced", [64002, 0x10000000, 0x70000000])
def test_a_wav_header_that_promises_too_much(announced):
    with pytest.raises(TruncatedAudioError, match=f"{announced:,} bytes of sound, 64,000 are"):
        read_audio(_make_wav(size=announced))


@pytest.mark.parametrize("unknown", [0xFFFFFFFF, 0x7FFFFFFF - 36, 0x7FFFF000])
def test_a_wav_header_written_to_a_pipe_does_not_promise(unknown):
    assert len(read_audio(_make_wav(size=unknown)).samples) == 32000


def test_a_hundred_channels():
    assert read_audio(_make_wav(n_channels=100)).n_channels == 100
