"""The published protocols on the real file names."""

from __future__ import annotations

import csv
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from emovox.protocols import (
    DEV,
    TEST,
    TRAIN,
    UNUSED,
    combine_folds,
    get_protocol,
    validate_fold,
)
from emovox.types import Clip

pytestmark = pytest.mark.real

WOMEN_OF_EMODB = {"08", "09", "13", "14", "16"}


def read_sexes(shared: Path) -> dict[str, str]:
    with (shared / "reference/crema-d-actors.csv").open(encoding="utf-8") as stream:
        return {row["speaker"]: row["sex"] for row in csv.DictReader(stream)}


def parse(corpus: str, stem: str, sexes: dict[str, str]) -> tuple[str, str, str]:
    """Return (speaker, sex, sentence) of a file name."""
    if corpus == "ravdess":
        parts = stem.split("-")
        return parts[6], ("female", "male")[int(parts[6]) % 2], parts[4]
    if corpus == "crema-d":
        return stem[:4], sexes[stem[:4]], stem[5:8]
    if corpus == "tess":
        return "OAF" if stem.startswith("O") else "YAF", "female", stem.split("_")[1]
    if corpus == "savee":
        return stem[:2], "male", stem[3:]
    if corpus == "emodb":
        return stem[:2], "female" if stem[:2] in WOMEN_OF_EMODB else "male", stem[2:5]
    speaker, _, sentence = stem.split("_")
    return speaker, "", sentence


@pytest.fixture(scope="module")
def clips(shared):
    sexes = read_sexes(shared)
    found = []
    for corpus in ("ravdess", "crema-d", "tess", "savee", "emodb", "nemo"):
        for path in sorted((shared / "corpora" / corpus).rglob("*.opus")):
            speaker, sex, sentence = parse(corpus, path.stem, sexes)
            found.append(Clip(str(path), corpus, f"{corpus}-{speaker}", sex, sentence=sentence))
    return found


def count_clips(fold):
    return {split: len(fold.clips(split)) for split in (TRAIN, DEV, TEST)}


def count_speakers(fold, clips):
    return {
        split: len({clips[n].speaker_id for n in fold.clips(split)}) for split in (TRAIN, DEV, TEST)
    }


def test_the_package_data_are_the_published_tables(shared):
    folder = resources.files("emovox.protocols") / "data"
    tables = sorted((shared / "reference/protocols").glob("*.csv"))
    assert len(tables) == 8
    for table in tables:
        assert (folder / table.name).read_bytes() == table.read_bytes()


def test_ravdess_emobox_tests_240_clips_a_fold(clips):
    folds = get_protocol("ravdess-emobox").folds(clips)
    assert len(folds) == 6
    for fold in folds:
        assert count_clips(fold) == {TRAIN: 1020, DEV: 180, TEST: 240}
        assert count_speakers(fold, clips) == {TRAIN: 17, DEV: 3, TEST: 4}


def test_ravdess_luna_jimenez_tests_1440_clips_in_5_folds(clips):
    folds = get_protocol("ravdess-luna-jimenez").folds(clips)
    assert [count_clips(fold)[TEST] for fold in folds] == [300, 300, 300, 300, 240]
    assert all(count_clips(fold)[DEV] == 120 for fold in folds)


def test_savee_leaves_120_clips_out(clips):
    folds = get_protocol("savee-loso").folds(clips)
    assert [count_clips(fold) for fold in folds] == [{TRAIN: 240, DEV: 120, TEST: 120}] * 4


def test_crema_d_audeering_lacks_its_test_speakers_here(clips):
    (fold,) = get_protocol("crema-d-audeering").folds(clips)
    assert count_speakers(fold, clips) == {TRAIN: 56, DEV: 18, TEST: 0}
    assert count_clips(fold) == {TRAIN: 4573, DEV: 1476, TEST: 0}


def test_crema_d_dev_speakers_can_be_tested(clips):
    (fold,) = get_protocol("crema-d-audeering-dev").folds(clips)
    assert count_speakers(fold, clips) == {TRAIN: 48, DEV: 8, TEST: 18}
    assert count_clips(fold)[TEST] == 1476


def test_tess_tests_each_actress(clips):
    folds = get_protocol("tess-by-actress").folds(clips)
    # 200 words in 7 emotions, one file missing of each actress; 30 words are dev.
    assert [count_clips(fold)[TEST] for fold in folds] == [1399, 1399]
    assert all(count_clips(fold)[DEV] in (209, 210) for fold in folds)


@pytest.mark.parametrize(("name", "n_folds", "n_clips"), [("emodb", 10, 535), ("nemo", 9, 4481)])
def test_leave_one_speaker_out(clips, name, n_folds, n_clips):
    folds = get_protocol(f"{name}-loso").folds(clips)
    assert len(folds) == n_folds
    assert sum(count_clips(fold)[TEST] for fold in folds) == n_clips
    assert all(count_speakers(fold, clips)[TEST] == 1 for fold in folds)


@pytest.fixture(scope="module")
def four(clips):
    return [clip for clip in clips if clip.corpus not in ("emodb", "nemo")]


def test_speaker_folds_of_the_four_corpora(four):
    assert len(four) == 10_767
    folds = get_protocol("speaker").folds(four, n_variants=2)
    tested = Counter(four[n].speaker_id for fold in folds for n in fold.clips(TEST))
    assert len(tested) == 104
    assert sum(tested.values()) == 10_767
    for fold in folds:
        assert {four[n].corpus for n in fold.clips(TRAIN)} == {
            "ravdess",
            "crema-d",
            "tess",
            "savee",
        }
        assert count_speakers(fold, four)[TEST] in (20, 21)
        women = {four[n].speaker_id for n in fold.clips(TEST) if four[n].sex == "female"}
        assert 9 <= len(women) <= 12
        assert len(fold.rows(TRAIN)[0]) == 3 * count_clips(fold)[TRAIN]


def test_all_of_it_held_out_at_once(clips):
    parts = {
        "ravdess-emobox": 240,
        "savee-loso": 120,
        "tess-by-actress": 1399,
        "crema-d-audeering-dev": 1476,
    }
    fold = combine_folds(
        *(get_protocol(name, others="train").folds(clips, seed=1)[0] for name in parts)
    )
    validate_fold(fold, clips)
    assert count_clips(fold)[TEST] == sum(parts.values())
    assert not len(fold.clips(UNUSED))
    assert {clips[n].corpus for n in fold.clips(TRAIN)} >= {"emodb", "nemo"}


def test_the_notebook_tests_a_quarter_of_the_rows(four):
    (fold,) = get_protocol("notebook").folds(four, n_variants=2)
    # 3 rows for each of 10,767 clips; a quarter, rounded up.
    assert len(fold.rows(TEST)[0]) == 8076
    assert len(fold.rows(TRAIN)[0]) == 24_225
