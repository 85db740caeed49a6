from __future__ import annotations

import io
from unittest import mock

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from emovox.audio import (
    StreamResampler,
    decoder,
    inspect_recording,
    read_audio,
    read_blocks,
    remove_offset,
    resample,
    write_audio,
)
from emovox.errors import AudioError
from emovox.types import Recording

RATES = st.sampled_from([8000, 11025, 16000, 22050, 24414, 44100, 48000])


def _make_noise(n_samples, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, n_samples).astype(np.float32)


@given(
    source_rate=RATES,
    target_rate=RATES,
    cuts=st.lists(st.integers(0, 30000), max_size=8),
    n_samples=st.integers(0, 30000),
)
@settings(deadline=None, max_examples=60)
def test_resampling_a_stream_equals_resampling_the_whole(source_rate, target_rate, cuts, n_samples):
    samples = _make_noise(n_samples)
    stream = StreamResampler(source_rate, target_rate)
    pieces = [stream.push(piece) for piece in np.split(samples, sorted(cuts))]
    pieces.append(stream.push(samples[:0], last=True))
    np.testing.assert_array_equal(
        np.concatenate(pieces), resample(samples, source_rate, target_rate)
    )


@given(
    n_samples=st.integers(100, 40000),
    source_rate=RATES,
    block_s=st.floats(0.01, 3.0),
    overlap=st.floats(0.0, 0.9),
    piece=st.integers(50, 50000),
    n_channels=st.integers(1, 3),
)
@settings(deadline=None, max_examples=60)
def test_blocks_hold_the_whole(n_samples, source_rate, block_s, overlap, piece, n_channels):
    samples = _make_noise((n_samples, n_channels))
    whole = read_audio((samples, source_rate)).samples
    with mock.patch.object(decoder, "_PIECE_SAMPLES", piece):
        blocks = list(
            read_blocks((samples, source_rate), block_s=block_s, overlap_s=overlap * block_s)
        )
    end = 0
    for start_s, block in blocks:
        start = round(start_s * 16000)
        # Every block brings something new, and leaves nothing out.
        assert start <= end < start + len(block)
        np.testing.assert_array_equal(block, whole[start : start + len(block)])
        end = start + len(block)
    assert end == len(whole)


@given(samples=st.lists(st.integers(-32768, 32767), min_size=1, max_size=300), rate=RATES)
@settings(deadline=None, max_examples=40)
def test_sixteen_bit_goes_round_unchanged(samples, rate, tmp_path_factory):
    path = tmp_path_factory.mktemp("audio") / "clip.wav"
    integers = np.array(samples, dtype=np.int16)
    first = read_audio((integers, rate), sampling_rate=None)
    write_audio(path, first.samples, rate)
    np.testing.assert_array_equal(read_audio(path, sampling_rate=None).samples, first.samples)


@given(gain_db=st.floats(-45, 0), offset=st.floats(-0.1, 0.1))
@settings(deadline=None)
def test_offset_and_level_do_not_make_silence(gain_db, offset):
    samples = np.float32(10 ** (gain_db / 20)) * _make_noise(16000) + np.float32(offset)
    assert inspect_recording(Recording(samples, 16000)).reason != "silent"
    # The mean of values up to 0.6 in float32.
    assert abs(remove_offset(samples).mean(dtype=np.float64)) < 1e-7


def _encode(file_format, subtype):
    stream = io.BytesIO()
    soundfile.write(stream, _make_noise(4000) / 4, 16000, format=file_format, subtype=subtype)
    return stream.getvalue()


# MP3 and Ogg are left to the fixed examples: their decoders complain on standard error.
FILES = {
    "wav": _encode("WAV", "PCM_16"),
    "adpcm": _encode("WAV", "IMA_ADPCM"),
    "aiff": _encode("AIFF", "PCM_24"),
    "flac": _encode("FLAC", "PCM_16"),
    "opus": _encode("OGG", "OPUS"),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
@given(changes=st.lists(st.tuples(st.integers(0, 250), st.integers(0, 255)), max_size=6))
@settings(deadline=None, max_examples=60)
def test_a_damaged_file_is_read_or_refused(data, changes):
    damaged = bytearray(data)
    for at, value in changes:
        damaged[at] = value
    try:
        samples = read_audio(bytes(damaged)).samples
    except AudioError:
        return
    assert samples.size
    assert np.isfinite(samples).all()


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(data):
    # None of them is a whole recording.
    with pytest.raises(AudioError):
        read_audio(data)
