from __future__ import annotations

import itertools
import os
import struct
import tracemalloc

import numpy as np
import pytest

from emovox.audio import decoder, read_audio, read_blocks, write_audio
from emovox.errors import EmptyAudioError, NotAudioError, ParameterError


@pytest.mark.parametrize("file_format", ["WAV", "FLAC", "OGG", "MP3"])
@pytest.mark.parametrize("rate", [16000, 44100])
def test_blocks_joined_equal_the_whole(make_tone, encode, monkeypatch, file_format, rate):
    monkeypatch.setattr(decoder, "_PIECE_SAMPLES", 3000)
    data = encode(make_tone(2.0, rate), rate, file_format)
    blocks = list(read_blocks(data, block_s=0.3))
    np.testing.assert_array_equal(
        np.concatenate([samples for _, samples in blocks]), read_audio(data).samples
    )
    assert [start for start, _ in blocks] == pytest.approx([0.3 * i for i in range(len(blocks))])
    assert {len(samples) for _, samples in blocks[:-1]} == {4800}


def test_overlapping_blocks(tone):
    blocks = list(read_blocks((tone, 16000), block_s=0.5, overlap_s=0.2))
    for start_s, samples in blocks:
        start = round(start_s * 16000)
        np.testing.assert_array_equal(samples, tone[start : start + 8000])
    starts = [start for start, _ in blocks]
    np.testing.assert_allclose(np.diff(starts), 0.3)
    # The last one reaches the end, and the one before does not.
    assert starts[-1] + len(blocks[-1][1]) / 16000 == pytest.approx(2.0)
    assert starts[-2] + 0.5 < 2.0


def test_nothing_but_overlap_is_not_a_block(tone):
    # 0-0.5, 0.3-0.8, ..., 1.5-2.0: the seventh would hold only what the sixth held.
    blocks = list(read_blocks((tone, 16000), block_s=0.5, overlap_s=0.2))
    assert len(blocks) == 6


def test_blocks_do_not_share_memory(tone):
    blocks = [samples for _, samples in read_blocks((tone, 16000), block_s=0.5, overlap_s=0.2)]
    for one, other in itertools.pairwise(blocks):
        assert not np.shares_memory(one, other)


def test_a_short_recording_is_one_block(tone):
    ((start_s, samples),) = read_blocks((tone, 16000), block_s=30.0, overlap_s=10.0)
    assert start_s == 0.0
    np.testing.assert_array_equal(samples, tone)


def test_the_source_rate_is_kept_on_demand(tone):
    lengths = [len(samples) for _, samples in read_blocks((tone, 8000), sampling_rate=None)]
    assert lengths == [32000]


def test_a_long_file_takes_little_memory(tmp_path):
    # A hole in a sparse file: half an hour at 16 kHz, 115 MB as float32.
    path = tmp_path / "long.wav"
    n_bytes = 2 * 16000 * 1800
    write_audio(path, np.zeros(1, dtype=np.float32), 16000)
    header = bytearray(path.read_bytes()[:44])
    header[4:8], header[40:44] = struct.pack("<I", n_bytes + 36), struct.pack("<I", n_bytes)
    path.write_bytes(header)
    os.truncate(path, 44 + n_bytes)
    tracemalloc.start()
    try:
        n_samples = sum(len(samples) for _, samples in read_blocks(path, sampling_rate=8000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert n_samples == 8000 * 1800
    # A few pieces of 4 MiB.
    assert peak < 25e6


@pytest.mark.parametrize(
    ("block_s", "overlap_s"), [(0.0, 0.0), (-1.0, 0.0), (1.0, 1.0), (1.0, -0.5), (np.nan, 0.0)]
)
def test_blocks_that_do_not_advance_are_refused(tone, block_s, overlap_s):
    with pytest.raises(ParameterError, match="block_s"):
        # At the call, not at the first block.
        read_blocks((tone, 16000), block_s=block_s, overlap_s=overlap_s)


def test_empty_and_foreign_sources_are_refused(encode):
    with pytest.raises(EmptyAudioError):
        next(read_blocks((np.zeros(0), 16000)))
    with pytest.raises(NotAudioError):
        next(read_blocks(b"no audio"))


def test_the_file_is_closed_when_the_reader_stops(tone, tmp_path):
    path = tmp_path / "clip.wav"
    write_audio(path, tone, 16000)
    blocks = read_blocks(path, block_s=0.1)
    next(blocks)
    # pytest makes an error of the warning that an unclosed file would give.
    blocks.close()
    with pytest.raises(StopIteration):
        next(blocks)
