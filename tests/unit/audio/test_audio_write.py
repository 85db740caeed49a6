from __future__ import annotations

import numpy as np
import pytest
import soundfile

from emovox.audio import probe_audio, read_audio, write_audio
from emovox.errors import AudioError, ParameterError


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".WAV"])
def test_what_is_written_is_read_back(tone, tmp_path, suffix):
    path = tmp_path / "new" / f"clip{suffix}"
    write_audio(path, tone, 16000)
    # Half a step of 16 bit.
    np.testing.assert_allclose(read_audio(path).samples, tone, atol=0.5 / 32768, rtol=0)
    assert probe_audio(path).subtype == "PCM_16"


def test_float_keeps_every_bit(tone, tmp_path):
    path = tmp_path / "clip.wav"
    loud = tone * 5
    write_audio(path, loud, 22050, encoding="float32")
    np.testing.assert_array_equal(read_audio(path, sampling_rate=None).samples, loud)
    info = probe_audio(path)
    assert (info.subtype, info.sampling_rate) == ("FLOAT", 22050)


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_sixteen_bit_is_kept_bit_for_bit(tmp_path, suffix):
    integers = np.arange(-32768, 32768, dtype=np.int16)
    path = tmp_path / f"clip{suffix}"
    write_audio(path, read_audio((integers, 16000)).samples, 16000)
    np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], integers)


def test_too_loud_is_clipped_not_wrapped(tmp_path):
    path = tmp_path / "clip.wav"
    write_audio(path, np.array([2.0, -2.0, 1.0], dtype=np.float32), 16000)
    np.testing.assert_array_equal(soundfile.read(path, dtype="int16")[0], [32767, -32768, 32767])


@pytest.mark.parametrize("encoding", ["int16", "float32"])
def test_other_readers_agree(tone, tmp_path, encoding):
    path = tmp_path / "clip.wav"
    write_audio(path, tone, 24414, encoding=encoding)
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == 24414
    np.testing.assert_array_equal(samples, read_audio(path, sampling_rate=None).samples)


@pytest.mark.parametrize(("name", "encoding"), [("a.wav", "float32"), ("a.flac", "int16")])
def test_the_same_samples_give_the_same_bytes(tone, tmp_path, monkeypatch, name, encoding):
    path = tmp_path / name
    write_audio(path, tone, 16000, encoding=encoding)
    first = path.read_bytes()
    # Another day.
    monkeypatch.setattr("time.time", lambda: 2e9)
    write_audio(path, tone, 16000, encoding=encoding)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("name", "rate", "options", "message"),
    [
        ("a.mp3", 16000, {}, "cannot write '.mp3' files"),
        ("a", 16000, {}, "cannot write '' files"),
        ("a.flac", 16000, {"encoding": "float32"}, "FLAC holds int16 only"),
        ("a.wav", 16000, {"encoding": "int24"}, "unknown encoding 'int24'"),
        ("a.wav", 0, {}, "sampling rate"),
        ("a.wav", 16000.5, {}, "sampling rate"),
        ("a.wav", 10**6, {}, "sampling rate"),
    ],
)
def test_what_cannot_be_written_is_refused(tone, tmp_path, name, rate, options, message):
    with pytest.raises(ParameterError, match=message):
        write_audio(tmp_path / name, tone, rate, **options)
    assert list(tmp_path.iterdir()) == []


def test_samples_must_be_mono_floats(tone, tmp_path):
    with pytest.raises(ParameterError, match="shape"):
        write_audio(tmp_path / "a.wav", np.stack([tone, tone]), 16000)
    with pytest.raises(ParameterError, match="floating point"):
        write_audio(tmp_path / "a.wav", np.zeros(10, dtype=np.int16), 16000)


def test_not_a_number_is_refused_and_the_old_file_stays(tone, tmp_path):
    path = tmp_path / "a.wav"
    write_audio(path, tone, 16000)
    before = path.read_bytes()
    with pytest.raises(AudioError, match="NaN"):
        write_audio(path, np.array([0.0, np.nan], dtype=np.float32), 16000)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
