"""The audio room on real recordings."""

from __future__ import annotations

import numpy as np
import pytest

from emovox.audio import (
    GateOptions,
    inspect_recording,
    measure_speech,
    probe_audio,
    read_audio,
    read_blocks,
    remove_offset,
)
from emovox.errors import NotAudioError

pytestmark = pytest.mark.real

# Folder -> the rate of the Opus copies.
FOLDERS = {
    "ravdess": 48000,
    "ravdess-song": 48000,
    "crema-d": 16000,
    "tess": 24000,
    "savee": 48000,
    "emodb": 16000,
    "nemo": 24000,
    "ased": 16000,
}


@pytest.fixture
def originals(shared):
    return shared / "corpora" / "originals"


@pytest.mark.parametrize("folder", FOLDERS)
def test_clips_of_every_corpus_are_read(shared, folder):
    paths = sorted((shared / "corpora" / folder).rglob("*.opus"))
    rng = np.random.default_rng(20)
    for path in rng.choice(np.array(paths), size=min(12, len(paths)), replace=False):
        recording = read_audio(path)
        assert recording.source_rate == FOLDERS[folder]
        assert recording.n_channels == 1
        assert 0.5 < recording.duration_s < 12
        assert inspect_recording(recording).reason == "", path
        info = probe_audio(path)
        assert (info.format, info.subtype) == ("OGG", "OPUS")
        # Resampling rounds to the nearest sample.
        assert abs(info.duration_s - recording.duration_s) <= 1 / 16000
        blocks = [samples for _, samples in read_blocks(path, block_s=0.5)]
        np.testing.assert_array_equal(np.concatenate(blocks), recording.samples)


def test_every_original_is_read(originals):
    paths = sorted(
        path for path in originals.rglob("*.wav") if "crema-d-pointers" not in path.parts
    )
    assert len(paths) > 30
    for path in paths:
        recording = read_audio(path)
        expected = "silent" if path.stem == "1076_MTI_SAD_XX" else ""
        assert inspect_recording(recording).reason == expected, path


def test_aiff_in_a_wav(originals):
    path = originals / "tess" / "YAF_germ_angry.wav"
    assert probe_audio(path).format == "AIFF"
    assert read_audio(path).duration_s == pytest.approx(2.2, abs=0.1)


def test_a_file_of_96_khz_among_24_khz(originals):
    recording = read_audio(originals / "tess" / "OAF_food_fear.wav")
    assert (recording.source_rate, recording.sampling_rate) == (96000, 16000)


def test_stereo_with_equal_channels(originals):
    path = originals / "ravdess" / "Actor_20" / "03-01-06-01-01-02-20.wav"
    recording = read_audio(path)
    assert recording.n_channels == 2
    assert inspect_recording(recording).reason == ""


def test_the_silent_clip_is_silent(originals):
    recording = read_audio(originals / "crema-d" / "AudioWAV" / "1076_MTI_SAD_XX.wav")
    assert not recording.samples.any()
    assert inspect_recording(recording).reason == "silent"


@pytest.mark.parametrize("name", ["tess/OAF_pad_ps", "savee/ALL/JK_su03"])
def test_clipped_clips_are_found_where_they_are_looked_for(originals, name):
    recording = read_audio(originals / f"{name}.wav")
    strict = GateOptions(max_clipped_share=0.001)
    assert [p.code for p in inspect_recording(recording, strict).problems] == ["clipped"]


@pytest.mark.parametrize("snr_db", [20, 5])
@pytest.mark.parametrize("folder", FOLDERS)
def test_speech_is_heard_in_noise(shared, folder, snr_db):
    paths = sorted((shared / "corpora" / folder).rglob("*.opus"))
    rng = np.random.default_rng(21)
    for path in rng.choice(np.array(paths), size=8, replace=False):
        samples = read_audio(path).samples
        scale = samples.std() * 10 ** (-snr_db / 20)
        noisy = samples + scale * rng.normal(size=len(samples)).astype(np.float32)
        # The gate's own limit is 0.1.
        assert measure_speech(noisy, 16000) > 0.1, path


@pytest.mark.parametrize("speaker", ["DC_a01", "JE_d02"])
def test_the_offset_of_savee_is_removed(originals, speaker):
    samples = read_audio(originals / "savee" / "ALL" / f"{speaker}.wav").samples
    assert 0.03 < samples.mean() < 0.05
    # Float32 rounding of the samples.
    assert abs(remove_offset(samples).mean(dtype=np.float64)) < 1e-7


def test_a_git_lfs_pointer_is_named(originals):
    (path,) = (originals / "crema-d-pointers").rglob("*.wav")
    with pytest.raises(NotAudioError, match="Git LFS pointer") as caught:
        read_audio(path)
    assert "git lfs pull" in caught.value.hint
