from __future__ import annotations

import io
import os
import struct
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from emovox.audio import decoder, probe_audio, read_audio, write_audio
from emovox.errors import EmptyAudioError, ParameterError, TooLargeError

# Half a step of the encoding, and libsndfile's scale of 2**n - 1 in writing, one step more.
# Lossy codecs: what they were seen to change this signal by, doubled.
FORMATS = [
    ("WAV", "PCM_U8", 2 / 2**7),
    ("WAV", "PCM_16", 2 / 2**15),
    ("WAV", "PCM_24", 2 / 2**23),
    ("WAV", "PCM_32", 2 / 2**24),
    ("WAV", "FLOAT", 0.0),
    ("WAV", "DOUBLE", 0.0),
    ("WAV", "ULAW", 0.03),
    ("WAV", "IMA_ADPCM", 0.05),
    ("WAVEX", "PCM_16", 2 / 2**15),
    ("RF64", "PCM_16", 2 / 2**15),
    ("W64", "PCM_16", 2 / 2**15),
    ("AIFF", "PCM_16", 2 / 2**15),
    ("AIFF", "PCM_S8", 2 / 2**7),
    ("AU", "PCM_16", 2 / 2**15),
    ("CAF", "PCM_16", 2 / 2**15),
    ("FLAC", "PCM_16", 2 / 2**15),
    ("FLAC", "PCM_24", 2 / 2**23),
    ("OGG", "VORBIS", 0.05),
    ("OGG", "OPUS", 0.1),
    ("MP3", "MPEG_LAYER_III", 0.05),
]


@pytest.mark.parametrize(("file_format", "subtype", "tolerance"), FORMATS)
def test_every_format_gives_the_signal_back(tone, encode, file_format, subtype, tolerance):
    data = encode(tone, 16000, file_format, subtype)
    recording = read_audio(data)
    assert recording.samples.dtype == np.float32
    assert (recording.sampling_rate, recording.source_rate) == (16000, 16000)
    assert recording.samples.flags.c_contiguous
    # IMA ADPCM fills its last block.
    n = len(tone)
    assert n <= len(recording.samples) < n + 1000
    # ADPCM takes some samples to adapt, Opus fades the last 20 ms.
    inner = slice(100, n - 320)
    np.testing.assert_allclose(recording.samples[inner], tone[inner], atol=tolerance, rtol=0)


@pytest.mark.parametrize(("file_format", "subtype", "tolerance"), FORMATS)
def test_probe_tells_what_is_read(tone, encode, file_format, subtype, tolerance):
    data = encode(tone, 16000, file_format, subtype)
    info = probe_audio(data)
    assert (info.format, info.subtype) == (file_format, subtype)
    assert (info.sampling_rate, info.n_channels) == (16000, 1)
    assert info.n_samples == len(read_audio(data).samples)
    assert info.duration_s == info.n_samples / 16000


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 24414, 44100, 48000, 96000, 192000])
def test_any_rate_becomes_the_wanted_one(make_tone, encode, rate):
    recording = read_audio(encode(make_tone(2.0, rate), rate, "WAV", "FLOAT"))
    assert recording.source_rate == rate
    assert abs(len(recording.samples) - 32000) <= 1
    # Away from the ends, where the filter has no neighbours, only its passband ripple is left.
    inner = slice(1600, 30000)
    np.testing.assert_allclose(recording.samples[inner], make_tone()[inner], atol=1e-3, rtol=0)


def test_the_source_rate_is_kept_on_demand(make_tone, encode):
    recording = read_audio(encode(make_tone(1.0, 22050), 22050), sampling_rate=None)
    assert (recording.sampling_rate, len(recording.samples)) == (22050, 22050)
    assert recording.duration_s == 1.0


@pytest.mark.parametrize("n_channels", [2, 3, 6, 100])
def test_channels_are_averaged(tone, encode, n_channels):
    many = np.outer(tone, np.linspace(0, 1, n_channels)).astype(np.float32)
    recording = read_audio(encode(many, 16000, "WAV", "FLOAT"))
    assert recording.n_channels == n_channels
    # Float32 rounding of a sum of up to 100 terms below 1.
    np.testing.assert_allclose(recording.samples, tone / 2, atol=1e-6)


def test_two_equal_channels_are_the_one(tone, encode):
    twice = read_audio(encode(np.stack([tone, tone], axis=1), 16000))
    once = read_audio(encode(tone, 16000))
    np.testing.assert_array_equal(twice.samples, once.samples)


@pytest.mark.parametrize("suffix", [".raw", ".gsm", ".vox", ".snd", ".mp3", ".wav", ""])
def test_content_decides_not_the_suffix(tone, encode, tmp_path, suffix):
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(encode(tone, 16000, "AIFF", "PCM_16"))
    assert probe_audio(path).format == "AIFF"
    assert len(read_audio(path).samples) == len(tone)


def test_all_kinds_of_source_agree(tone, tmp_path):
    path = tmp_path / "clip.wav"
    write_audio(path, tone, 16000)
    data = path.read_bytes()
    expected = read_audio(path)
    assert expected.name == str(path)
    with path.open("rb") as stream:
        sources = [str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), stream]
        for source in sources:
            np.testing.assert_array_equal(read_audio(source).samples, expected.samples)
        assert not stream.closed
    integers = np.frombuffer(data[44:], dtype="<i2")
    np.testing.assert_array_equal(read_audio((integers, 16000)).samples, expected.samples)


def test_a_file_object_is_read_from_its_beginning(tone, encode):
    stream = io.BytesIO(encode(tone, 16000))
    stream.seek(0, os.SEEK_END)
    assert len(read_audio(stream).samples) == len(tone)
    assert not stream.closed


def test_a_large_file_is_not_held_in_memory_whole(tmp_path):
    # A hole of 90 MB in a sparse file: 16 minutes at 48 kHz.
    path = tmp_path / "long.wav"
    n_bytes = 2 * 48000 * 60 * 16
    write_audio(path, np.zeros(1, dtype=np.float32), 48000)
    header = bytearray(path.read_bytes()[:44])
    header[4:8], header[40:44] = struct.pack("<I", n_bytes + 36), struct.pack("<I", n_bytes)
    path.write_bytes(header)
    os.truncate(path, 44 + n_bytes)
    tracemalloc.start()
    try:
        recording = read_audio(path, max_duration_s=1000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert recording.duration_s == 960
    # The result twice (pieces, joined: 61 MB each), not the source (184 MB as float32).
    assert peak < 150e6


class _Pipe:
    """A stream with nothing but ``read``, in short portions."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def read(self, n_bytes: int = -1) -> bytes:
        return self._stream.read(min(n_bytes, 700))


@pytest.mark.parametrize("file_format", ["WAV", "FLAC", "OGG", "MP3"])
def test_a_stream_that_cannot_seek_is_read(tone, encode, file_format):
    data = encode(tone, 16000, file_format)
    np.testing.assert_array_equal(read_audio(_Pipe(data)).samples, read_audio(data).samples)


def test_a_named_pipe_is_read(tone, encode, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(encode(tone, 16000)))
    writer.start()
    assert len(read_audio(path).samples) == len(tone)
    writer.join()


@pytest.mark.parametrize("file_format", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("offset_s", [0.5, 7.25])
def test_a_part_equals_the_same_part_of_the_whole(make_tone, encode, file_format, offset_s):
    data = encode(make_tone(9.0), 16000, file_format)
    part = read_audio(data, offset_s=offset_s, duration_s=0.75).samples
    start = round(offset_s * 16000)
    expected = read_audio(data).samples[start : start + 12000]
    # MP3 sums in another order after a seek: one bit of a float32.
    np.testing.assert_allclose(part, expected, atol=1e-6, rtol=0)


def test_a_part_of_an_array_equals_the_same_part_of_the_whole(tone):
    part = read_audio((tone, 16000), offset_s=0.5, duration_s=0.75).samples
    np.testing.assert_array_equal(part, tone[8000:20000])


def test_a_part_beyond_the_end_is_what_is_left(tone):
    assert read_audio((tone, 16000), offset_s=1.5, duration_s=9.0).duration_s == 0.5


def test_a_part_behind_the_end_is_refused(tone, encode):
    with pytest.raises(EmptyAudioError, match="ends before 2 s"):
        read_audio(encode(tone, 16000), offset_s=2.0)


def test_the_array_is_not_shared(tone):
    read = read_audio((tone, 16000)).samples
    assert not np.shares_memory(read, tone)


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (np.int8, -128, 127),
        (np.uint8, 0, 255),
        (np.int16, -(2**15), 2**15 - 1),
        (np.uint16, 0, 2**16 - 1),
        (np.int32, -(2**31), 2**31 - 1),
    ],
)
def test_integers_are_scaled_by_their_range(dtype, low, high):
    samples = read_audio((np.array([low, high] * 8, dtype=dtype), 16000)).samples
    assert samples[0] == -1.0
    # The highest integer is one step below full scale.
    assert 1 - 2.0 ** (1 - 8 * np.dtype(dtype).itemsize) <= samples[1] <= 1.0


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_are_taken_as_they_are(dtype):
    samples = read_audio((np.array([0.5, -1.25], dtype=dtype), 16000)).samples
    np.testing.assert_array_equal(samples, [0.5, -1.25])


def test_too_long_is_refused_before_decoding(tone, encode):
    data = bytearray(encode(tone, 16000, "FLAC"))
    # Three hours, says STREAMINFO; decoding it would find it truncated.
    data[22:26] = (16000 * 3600 * 3).to_bytes(4, "big")
    with pytest.raises(TooLargeError, match=r"10,800\.0 s .* at most 600 s"):
        read_audio(bytes(data))


def test_the_limit_is_for_the_part_asked_for(tone, encode):
    data = encode(tone, 16000)
    assert read_audio(data, duration_s=1.0, max_duration_s=1.0).duration_s == 1.0
    with pytest.raises(TooLargeError):
        read_audio(data, max_duration_s=1.9)
    assert read_audio(data, max_duration_s=float("inf")).duration_s == 2.0


@pytest.fixture
def lengthless(tone, encode):
    """FLAC as a pipe gets it: STREAMINFO does not know the length."""
    data = bytearray(encode(tone, 16000, "FLAC"))
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    return bytes(data)


def test_a_file_that_does_not_say_its_length_is_read(lengthless, tone, encode, monkeypatch):
    monkeypatch.setattr(decoder, "_PIECE_SAMPLES", 5000)
    whole = read_audio(encode(tone, 16000, "FLAC")).samples
    np.testing.assert_array_equal(read_audio(lengthless).samples, whole)
    np.testing.assert_array_equal(read_audio(lengthless, offset_s=1.0).samples, whole[16000:])
    assert probe_audio(lengthless).n_samples == len(whole)
    with pytest.raises(EmptyAudioError, match="ends before 3 s"):
        read_audio(lengthless, offset_s=3.0)
    with pytest.raises(TooLargeError, match="holds more than the 1 s"):
        read_audio(lengthless, max_duration_s=1.0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"sampling_rate": 0},
        {"sampling_rate": -16000},
        {"offset_s": -0.1},
        {"offset_s": float("nan")},
        {"duration_s": 0.0},
        {"duration_s": float("nan")},
        {"max_duration_s": 0.0},
    ],
)
def test_parameters_without_meaning_are_refused(tone, parameters):
    with pytest.raises(ParameterError, match=next(iter(parameters))):
        read_audio((tone, 16000), **parameters)


def test_reading_pieces_equals_reading_at_once(make_tone, encode, monkeypatch):
    data = encode(np.stack([make_tone(1.0, 44100)] * 2, axis=1), 44100, "FLAC")
    at_once = read_audio(data).samples
    monkeypatch.setattr(decoder, "_PIECE_SAMPLES", 1999)
    np.testing.assert_array_equal(read_audio(data).samples, at_once)


def test_names_of_paths_with_odd_characters(tone, tmp_path):
    path = Path(tmp_path) / "naïve 'clip' 声.wav"
    write_audio(path, tone, 16000)
    assert read_audio(path).name == str(path)
