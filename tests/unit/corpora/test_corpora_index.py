"""What indexing leaves out and what it notes, beyond the layouts of the contract test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from emovox.audio import write_audio
from emovox.corpora import IndexOptions, IndexResult, index_corpus
from emovox.corpora.scan import measure_levels, scan_file
from emovox.errors import CorpusError, ParameterError

RATE = 16000


def _noise(seed: int, n_samples: int = 8000) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.3, 0.3, n_samples).astype(np.float32)


def _write(folder: Path, name: str, seed: int = 0) -> None:
    write_audio(folder / name, _noise(seed), RATE)


def _codes(result: IndexResult) -> dict[str, str]:
    return {one.path: one.reason_code for one in result.left_out}


def _notes(result: IndexResult) -> set[tuple[str, str]]:
    return {(note.path, note.code) for note in result.notes if note.path}


def test_equal_clips_with_one_label_are_one(tmp_path: Path) -> None:
    for name in ("DC_a01.wav", "DC_a02.wav"):
        _write(tmp_path, name)
    result = index_corpus(tmp_path)
    assert [Path(clip.path).name for clip in result.clips] == ["DC_a01.wav"]
    assert _codes(result) == {"DC_a02.wav": "duplicate"}
    assert result.n_found == 2
    assert "DC_a01.wav" in result.left_out[0].message


@pytest.mark.parametrize("other", ["DC_h01.wav", "JE_a01.wav"], ids=["emotion", "speaker"])
def test_equal_clips_with_two_labels_are_both_left_out(tmp_path: Path, other: str) -> None:
    for name in ("DC_a01.wav", other):
        _write(tmp_path, name)
    _write(tmp_path, "KL_n01.wav", seed=1)
    result = index_corpus(tmp_path)
    assert [Path(clip.path).name for clip in result.clips] == ["KL_n01.wav"]
    assert _codes(result) == {"DC_a01.wav": "conflict", other: "conflict"}


def test_known_conflicts_are_found_in_other_bytes(tmp_path: Path) -> None:
    _write(tmp_path, "1006_TIE_HAP_XX.wav", seed=1)
    _write(tmp_path, "1006_TIE_NEU_XX.wav", seed=2)
    _write(tmp_path, "1013_WSI_SAD_XX.wav", seed=3)  # its twin is not even here
    _write(tmp_path, "1001_IEO_HAP_HI.wav", seed=4)
    _write(tmp_path, "1076_MTI_SAD_XX.wav", seed=5)
    result = index_corpus(tmp_path)
    assert len(result.clips) == 1
    assert _codes(result) == {
        "1006_TIE_HAP_XX.wav": "conflict",
        "1006_TIE_NEU_XX.wav": "conflict",
        "1013_WSI_SAD_XX.wav": "conflict",
        "1076_MTI_SAD_XX.wav": "silent",
    }


def test_a_known_duplicate_is_found_in_other_bytes(tmp_path: Path) -> None:
    _write(tmp_path, "03-01-03-01-02-01-07.wav", seed=1)
    _write(tmp_path, "03-01-03-01-02-02-07.wav", seed=2)
    assert _codes(index_corpus(tmp_path)) == {"03-01-03-01-02-02-07.wav": "duplicate"}


def test_half_of_a_known_duplicate_is_kept(tmp_path: Path) -> None:
    _write(tmp_path, "03-01-03-01-02-02-07.wav")
    assert len(index_corpus(tmp_path).clips) == 1


@pytest.mark.parametrize(
    ("suffix", "subtype"),
    [
        ("wav", "PCM_16"),
        ("wav", "PCM_24"),
        ("wav", "PCM_U8"),
        ("wav", "FLOAT"),
        ("aiff", "PCM_16"),
        ("flac", "PCM_16"),
        ("ogg", "VORBIS"),
        ("opus", "OPUS"),
        ("mp3", "MPEG_LAYER_III"),
    ],
)
def test_silence_is_found_in_every_format(tmp_path: Path, suffix: str, subtype: str) -> None:
    kind = {"opus": "OGG"}.get(suffix, suffix.upper())
    path = tmp_path / f"KL_n01.{suffix}"
    soundfile.write(path, np.zeros(2 * RATE), RATE, format=kind, subtype=subtype)
    assert scan_file(path).problem == "silent"


def test_a_quiet_start_and_end_are_not_silence(tmp_path: Path) -> None:
    samples = np.zeros(6 * RATE, dtype=np.float32)
    samples[3 * RATE : 3 * RATE + 800] = 0.01
    write_audio(tmp_path / "KL_n01.wav", samples, RATE)
    assert scan_file(tmp_path / "KL_n01.wav").problem == ""


def test_broken_files_say_what_is_wrong(tmp_path: Path) -> None:
    _write(tmp_path, "DC_a01.wav")
    whole = (tmp_path / "DC_a01.wav").read_bytes()
    (tmp_path / "DC_a02.wav").write_bytes(b"")
    (tmp_path / "DC_a03.wav").write_bytes(b"<html>not found</html>")
    (tmp_path / "DC_a04.wav").write_bytes(whole[:5000])
    write_audio(tmp_path / "DC_a05.wav", np.zeros(0, dtype=np.float32), RATE)
    assert _codes(index_corpus(tmp_path)) == {
        "DC_a02.wav": "empty-audio",
        "DC_a03.wav": "not-audio",
        "DC_a04.wav": "truncated-audio",
        "DC_a05.wav": "empty-audio",
    }


def test_odd_formats_are_noted_and_kept(tmp_path: Path) -> None:
    for number in range(1, 4):
        _write(tmp_path, f"DC_a0{number}.wav", seed=number)
    soundfile.write(tmp_path / "DC_a04.wav", _noise(4), RATE, format="AIFF")
    write_audio(tmp_path / "DC_a05.wav", _noise(5), 48000)
    soundfile.write(tmp_path / "DC_a06.wav", np.stack([_noise(6)] * 2, axis=1), RATE)
    result = index_corpus(tmp_path)
    assert len(result.clips) == 6
    assert _notes(result) == {
        ("DC_a04.wav", "other-format"),
        ("DC_a05.wav", "odd-rate"),
        ("DC_a06.wav", "stereo"),
    }


def test_levels_are_noted_when_measured(tmp_path: Path) -> None:
    loud = _noise(1)
    loud[:20] = 1.0
    padded = np.concatenate([np.zeros(4000, dtype=np.float32), _noise(4)])
    sounds = {"DC_a01": loud, "DC_a02": _noise(2) + 0.04, "DC_a04": padded, "JE_a01": _noise(5)}
    for name, samples in sounds.items():
        write_audio(tmp_path / f"{name}.wav", samples, RATE)
    write_audio(tmp_path / "KL_a01.wav", _noise(3) / 40, RATE)
    assert _notes(index_corpus(tmp_path)) == set()
    result = index_corpus(tmp_path, options=IndexOptions(measure=True))
    assert _notes(result) == {
        ("DC_a01.wav", "clipped"),
        ("DC_a02.wav", "offset"),
        ("KL_a01.wav", "quiet"),
        ("DC_a04.wav", "zero-ends"),
    }
    (note,) = (note for note in result.notes if note.code == "speaker-level")
    assert "savee-KL" in note.message


def test_levels_of_simple_signals() -> None:
    levels = measure_levels(np.array([0, 0, 0.5, -0.5, 1, 0, 0, 0, 0, 0], dtype=np.float32))
    assert levels.peak == 1.0
    assert levels.n_full_scale == 1
    assert levels.clipped_share == 0.1
    assert levels.zero_ends == pytest.approx(0.7)
    assert levels.offset == pytest.approx(0.1)
    # Population deviation of the ten values.
    assert levels.rms == pytest.approx(np.sqrt(0.15 - 0.01))


def test_misspelt_names_are_noted(tmp_path: Path) -> None:
    _write(tmp_path, "1040_ITH_SAD_X.wav")
    result = index_corpus(tmp_path)
    assert _notes(result) == {("1040_ITH_SAD_X.wav", "renamed")}
    _write(tmp_path / "t", "OA_bite_neutral.wav")
    assert _notes(index_corpus(tmp_path / "t")) == {("OA_bite_neutral.wav", "misspelt")}


def test_speakers_are_compared_with_the_published_ones(tmp_path: Path) -> None:
    # Half of a corpus makes it worth saying what the other half lacks.
    letters = {"a": 15, "d": 15, "f": 15, "h": 15, "n": 30, "sa": 15, "su": 15}
    seed = 0
    for speaker in ("DC", "JE"):
        for letter, count in letters.items():
            for number in range(1, count + 1):
                if (speaker, letter) != ("JE", "su"):
                    seed += 1
                    _write(tmp_path, f"{speaker}_{letter}{number:02d}.wav", seed)
    _write(tmp_path, "KL_a01.wav", 999)
    for number in range(1, 16):
        _write(tmp_path, f"KL_su{number:02d}.wav", 1000 + number)
    messages = {note.code: note.message for note in index_corpus(tmp_path).notes if not note.path}
    assert messages["incomplete"] == "savee: 241 of the 480 published clips are here"
    assert messages["missing-emotion"] == "savee: no surprise of speaker JE"
    assert "of speaker JE" in messages["few-clips"]


def test_the_order_is_that_of_the_paths(tmp_path: Path) -> None:
    for number, name in enumerate(["b/JE_a01.wav", "a/KL_a01.wav", "a/DC_a01.wav"]):
        _write(tmp_path, name, number)
    clips = index_corpus(tmp_path, options=IndexOptions(n_jobs=4)).clips
    names = [Path(clip.path).relative_to(tmp_path).as_posix() for clip in clips]
    assert names == ["a/DC_a01.wav", "a/KL_a01.wav", "b/JE_a01.wav"]


def test_progress_ends_at_the_number_of_files(tmp_path: Path) -> None:
    _write(tmp_path, "DC_a01.wav", 1)
    _write(tmp_path, "DC_a02.wav", 2)
    steps: list[tuple[int, int]] = []
    index_corpus(tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]


def test_linked_folders_are_told_not_followed(tmp_path: Path) -> None:
    _write(tmp_path, "data/DC_a01.wav")
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data", target_is_directory=True)
    result = index_corpus(tmp_path / "data")
    assert len(result.clips) == 1
    assert _codes(result) == {"loop": "linked-folder"}


def test_several_corpora_are_told_apart(tmp_path: Path) -> None:
    for number, name in enumerate(["x/1001_IEO_HAP_HI.wav", "y/DC_a01.wav", "z/strange.wav"]):
        _write(tmp_path, name, number)
    result = index_corpus(tmp_path)
    assert [clip.corpus for clip in result.clips] == ["crema-d", "savee"]
    assert _codes(result) == {"z/strange.wav": "unknown-name"}
    assert result.clips[0].age == 51
    assert result.clips[0].extra["race"] == "Caucasian"


def test_nothing_to_index_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is not a folder"):
        index_corpus(tmp_path / "none")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(CorpusError, match="found: 1 not-a-recording") as caught:
        index_corpus(tmp_path)
    assert "ravdess" in caught.value.hint
    with pytest.raises(ParameterError, match="unknown corpus 'ravdes'"):
        index_corpus(tmp_path, corpus="ravdes")


def test_nothing_usable_says_why(tmp_path: Path) -> None:
    (tmp_path / "1001_DFA_ANG_XX.wav").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(CorpusError, match="none of 1 clips can be used: 1 lfs-pointer") as caught:
        index_corpus(tmp_path)
    assert "git lfs pull" in caught.value.hint
