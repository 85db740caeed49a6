"""Every known fault of the published files is found on the real ones."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from emovox.audio import read_audio
from emovox.corpora import IndexOptions, IndexResult, check_corpus, index_corpus
from emovox.errors import CorpusError

pytestmark = pytest.mark.real

# Files of the corpus; clips of them that can be used.
COUNTS = {
    "ravdess": (1440, 1439),
    "ravdess-song": (12, 12),
    "crema-d": (6049, 6043),
    "tess": (2798, 2798),
    "savee": (480, 480),
    "emodb": (535, 454),
    "nemo": (4481, 4481),
    "ased": (2474, 2470),
}
CONFLICTS = {
    "1006_TIE_HAP_XX",
    "1006_TIE_NEU_XX",
    "1013_WSI_DIS_XX",
    "1013_WSI_SAD_XX",
    "1017_IWW_ANG_XX",
    "1017_IWW_FEA_XX",
}
NEAR_COPIES = (
    ("1017_IWL_ANG_XX", "1017_IWL_FEA_XX"),
    ("1067_IEO_DIS_LO", "1067_IEO_FEA_LO"),
    ("1072_IEO_ANG_MD", "1072_IEO_DIS_MD"),
    ("1056_MTI_ANG_XX", "1056_TAI_ANG_XX"),
)


@pytest.fixture(scope="module")
def originals(shared: Path) -> IndexResult:
    folder = shared / "corpora" / "originals"
    return index_corpus(folder, options=IndexOptions(measure=True))


@pytest.fixture(scope="module")
def indexed(shared: Path) -> dict[str, IndexResult]:
    return {name: index_corpus(shared / "corpora" / name, corpus=name) for name in COUNTS}


def _left_out(result: IndexResult, code: str) -> set[str]:
    return {Path(one.path).stem for one in result.left_out if one.reason_code == code}


def _noted(result: IndexResult, code: str) -> set[str]:
    return {Path(note.path).stem for note in result.notes if note.code == code and note.path}


def _messages(result: IndexResult, code: str) -> list[str]:
    return [note.message for note in result.notes if note.code == code]


def test_originals_are_all_accounted_for(originals: IndexResult) -> None:
    assert originals.n_found == 42
    assert Counter(one.reason_code for one in originals.left_out) == {
        "conflict": 6,
        "duplicate": 1,
        "lfs-pointer": 1,
        "other-emotion": 1,
        "silent": 1,
    }
    assert len(originals.clips) == 42 - 10
    assert {clip.corpus for clip in originals.clips} == set(COUNTS) - {
        "ravdess-song",
        "nemo",
        "ased",
    }


def test_ravdess_faults(originals: IndexResult) -> None:
    assert _left_out(originals, "duplicate") == {"03-01-03-01-02-02-07"}
    assert _noted(originals, "stereo") == {
        "03-01-02-01-01-02-01",
        "03-01-02-01-02-02-05",
        "03-01-03-01-02-01-20",
        "03-01-06-01-01-02-20",
    }
    assert "03-01-06-01-01-02-20" in _noted(originals, "zero-ends")


def test_crema_d_faults(originals: IndexResult) -> None:
    assert _left_out(originals, "silent") == {"1076_MTI_SAD_XX"}
    assert _left_out(originals, "conflict") == CONFLICTS
    assert _left_out(originals, "lfs-pointer") == {"1001_DFA_ANG_XX"}


def test_crema_d_pointers_alone_say_what_to_run(shared: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        index_corpus(shared / "corpora" / "originals" / "crema-d-pointers")
    assert "git lfs pull" in caught.value.hint


def test_tess_faults(originals: IndexResult) -> None:
    assert _noted(originals, "other-format") == {"YAF_germ_angry", "YAF_neat_fear"}
    assert _noted(originals, "odd-rate") == {"OAF_food_fear"}
    assert "OAF_pad_ps" in _noted(originals, "clipped")
    assert _noted(originals, "misspelt") == {"OA_bite_neutral"}
    (bite,) = (clip for clip in originals.clips if Path(clip.path).stem == "OA_bite_neutral")
    assert (bite.speaker_id, bite.sentence, bite.emotion) == ("tess-OAF", "bite", "neutral")


def test_savee_faults(originals: IndexResult) -> None:
    assert _noted(originals, "offset") == {"DC_a01", "JE_d02", "JK_su03"}
    assert "JK_su03" in _noted(originals, "clipped")
    assert [message.split()[0] for message in _messages(originals, "speaker-level")] == ["savee-KL"]


def test_originals_are_as_published(shared: Path) -> None:
    report = check_corpus(shared / "corpora" / "originals")
    assert len(report.ok) == 41
    assert len(report.pointers) == 1
    assert report.changed == ()
    assert report.re_encoded == ()
    assert report.unknown == ()


def test_re_encoded_files_are_told_apart_from_changed_ones(shared: Path) -> None:
    report = check_corpus(shared / "corpora" / "savee")
    assert len(report.re_encoded) == 480
    assert report.changed == ()
    assert report.missing == ()


@pytest.mark.parametrize("corpus", COUNTS)
def test_every_clip_is_found(corpus: str, indexed: dict[str, IndexResult]) -> None:
    result = indexed[corpus]
    n_found, n_clips = COUNTS[corpus]
    assert result.n_found == n_found
    assert len(result.clips) == n_clips
    assert all(clip.emotion and clip.sex and clip.speaker_id for clip in result.clips)
    assert all(clip.duration_s and clip.duration_s > 0.5 for clip in result.clips)


def test_faults_are_found_in_re_encoded_files(indexed: dict[str, IndexResult]) -> None:
    assert _left_out(indexed["ravdess"], "duplicate") == {"03-01-03-01-02-02-07"}
    assert len(_noted(indexed["ravdess"], "stereo")) == 5
    assert _left_out(indexed["crema-d"], "conflict") == CONFLICTS
    assert _noted(indexed["crema-d"], "near-copy") == {
        name for pair in NEAR_COPIES for name in pair
    }
    assert _messages(indexed["crema-d"], "few-clips") == [
        "crema-d: 76 of 82 clips of speaker 1008, 1009, 1019",
        "crema-d: 81 of 82 clips of speaker 1002",
    ]
    assert _noted(indexed["tess"], "other-format") == {"YAF_germ_angry", "YAF_neat_fear"}
    assert _noted(indexed["tess"], "odd-rate") == {"OAF_food_fear"}
    assert _noted(indexed["tess"], "clipped") == {"OAF_pad_ps"}
    assert len(_left_out(indexed["emodb"], "other-emotion")) == 81
    assert _messages(indexed["emodb"], "missing-emotion") == ["emodb: no disgust of speaker 08"]
    assert len(_left_out(indexed["ased"], "duplicate")) == 4
    assert len(_noted(indexed["ased"], "wrong-sex")) == 5
    assert _left_out(indexed["nemo"], "duplicate") == set()


@pytest.mark.parametrize("pair", NEAR_COPIES)
def test_near_copies_are_of_one_take(pair: tuple[str, str], shared: Path) -> None:
    folder = shared / "corpora" / "crema-d" / "AudioWAV"
    one, other = (
        read_audio(folder / f"{name}.opus", sampling_rate=16_000).samples for name in pair
    )
    size = len(one) + len(other)
    spectra = [np.fft.rfft(samples, size) for samples in (one, other)]
    correlation = np.fft.irfft(spectra[0] * spectra[1].conj(), size)
    lag = int(correlation.argmax())
    lag -= size if lag > size // 2 else 0
    one, other = (one[lag:], other) if lag >= 0 else (one, other[-lag:])
    n = min(len(one), len(other))
    assert n > 16_000
    # Two takes, one after the other, of one speaker reach 0.2; the codec alone leaves 0.95.
    assert np.corrcoef(one[:n], other[:n])[0, 1] > 0.9


def test_labels_agree_with_the_tables_beside_the_recordings(
    shared: Path, indexed: dict[str, IndexResult]
) -> None:
    import csv

    for corpus in ("nemo", "ased"):
        folder = shared / "corpora" / corpus
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
            labels = {row["path"]: row for row in csv.DictReader(stream)}
        for clip in indexed[corpus].clips:
            row = labels[Path(clip.path).relative_to(folder).as_posix()]
            assert clip.speaker_id == f"{corpus}-{row['speaker']}"
            assert clip.sex[0].upper() == row["sex"]
            assert clip.emotion[:3] in {row["emotion"][:3].lower(), "ang", "hap", "fea", "sur"}


def test_quiet_clips_of_ravdess_are_kept(indexed: dict[str, IndexResult]) -> None:
    n_clips = Counter(clip.speaker_id for clip in indexed["ravdess"].clips)
    assert n_clips["ravdess-09"] == n_clips["ravdess-20"] == 60


def test_the_order_is_the_same_every_time(shared: Path, indexed: dict[str, IndexResult]) -> None:
    again = index_corpus(shared / "corpora" / "savee", options=IndexOptions(n_jobs=5))
    assert again == indexed["savee"]
