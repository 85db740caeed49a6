"""Figures of trials whose truth is known, because their predictions are drawn from it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emovox.emotions import EMOTIONS
from emovox.errors import ManifestError
from emovox.metrics import compute_uar
from emovox.models import compute_probabilities
from emovox.study.tables import write_table
from emovox.study.trials.calibration import CrossFit, find_knowledge, fit_calibration, list_ways
from emovox.study.trials.comparison import compare_trials, format_comparison
from emovox.study.trials.confidence import score_ece, score_refusal
from emovox.study.trials.groups import find_clips, judge, score_bias, score_people, score_sentences
from emovox.study.trials.report import ReportOptions, write_comparison, write_scores
from emovox.study.trials.scores import (
    TrialPredictions,
    find_published,
    read_trial_predictions,
    score_protocols,
)
from emovox.types import Clip

CORPORA = {"savee": ("savee-loso", 4), "ravdess": ("ravdess-emobox", 6)}
VOICES = ("unknown", "2", "10", "all")
N_CLIPS = 120
TEMPERATURE, KNOWN = 2.0, 0.5


def _draw_trial(trial: str, corpus: str, speakers: range, rng: np.random.Generator) -> dict:
    """Return predictions that are believable once divided by the temperature of their voice."""
    protocol, _ = CORPORA[corpus]
    columns: dict[str, list] = {
        name: [] for name in ("trial", "held_out", "voice", "corpus", "clip", "speaker_id")
    }
    logits, emotions = [], []
    for voice in VOICES:
        n_known = {"unknown": 0, "2": 2, "10": 10, "all": N_CLIPS}[voice]
        share = n_known / (n_known + 2)
        temperature = TEMPERATURE ** (1 - share) * KNOWN**share
        for speaker in speakers:
            said = rng.normal(size=(N_CLIPS, 8)) * 2.5
            likely = compute_probabilities(said.astype(np.float32)).astype(float)
            truth = [rng.choice(8, p=row / row.sum()) for row in likely]
            columns["trial"] += [trial] * N_CLIPS
            columns["held_out"] += [f"{protocol}:{speaker + 1}"] * N_CLIPS
            columns["voice"] += [voice] * N_CLIPS
            columns["corpus"] += [corpus] * N_CLIPS
            columns["clip"] += [f"{speaker}-{number}" for number in range(N_CLIPS)]
            columns["speaker_id"] += [f"{corpus}-{speaker}"] * N_CLIPS
            logits.append(said * temperature)
            emotions += [EMOTIONS[t] for t in truth]
    # A clip is of one emotion, whatever is known of the voice.
    table = np.concatenate(logits).reshape(len(VOICES), -1, 8)
    truths = np.array(emotions).reshape(len(VOICES), -1)
    for later in range(1, len(VOICES)):
        for row in range(truths.shape[1]):
            here, first = (EMOTIONS.index(truths[k, row]) for k in (later, 0))
            table[later, row, [here, first]] = table[later, row, [first, here]]
    columns["emotion"] = [*truths[0]] * len(VOICES)
    flat = table.reshape(-1, 8)
    return {**columns, **{f"logit_{e}": flat[:, i] for i, e in enumerate(EMOTIONS)}}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("trials")
    rng = np.random.default_rng(0)
    made = []
    for corpus, (_, n_speakers) in CORPORA.items():
        for half in (0, 1):
            speakers = range(half * n_speakers // 2, (half + 1) * n_speakers // 2)
            folder = root / f"{corpus}{half}"
            folder.mkdir()
            table = _draw_trial(folder.name, corpus, speakers, rng)
            write_table(folder / "predictions.parquet", table)
            made.append(folder)
    return made


@pytest.fixture(scope="module")
def predictions(folders: list[Path]) -> TrialPredictions:
    return read_trial_predictions(folders, among_all=True)


@pytest.fixture(scope="module")
def clips() -> tuple[Clip, ...]:
    return tuple(
        Clip(
            f"{speaker}-{number}.wav",
            corpus,
            f"{corpus}-{speaker}",
            sex="female" if speaker % 2 else "male",
            age=20 + 10 * speaker,
            sentence="ab"[number % 2] if corpus == "ravdess" else str(number),
        )
        for corpus, (_, n_speakers) in CORPORA.items()
        for speaker in range(n_speakers)
        for number in range(N_CLIPS)
    )


def test_knowledge_is_the_weight_of_the_voice_in_its_own_mean(
    predictions: TrialPredictions,
) -> None:
    knowledge = find_knowledge(predictions)
    for voice, n_clips in (("unknown", 0), ("2", 2), ("10", 10), ("all", N_CLIPS)):
        there = predictions.columns["voice"] == voice
        assert set(knowledge[there]) == {n_clips / (n_clips + 2)}


def test_both_temperatures_are_found(predictions: TrialPredictions) -> None:
    found = fit_calibration(predictions)
    assert found.known_temperature is not None
    # 1,200 clips of unknown voices, 3,600 of known ones.
    assert found.temperature == pytest.approx(TEMPERATURE, rel=0.1)
    assert found.known_temperature == pytest.approx(KNOWN, rel=0.1)
    alone = fit_calibration(predictions.of_voice("unknown"))
    assert alone.known_temperature is None
    assert alone.temperature == pytest.approx(found.temperature)


def test_calibrated_confidences_come_true(predictions: TrialPredictions) -> None:
    kept = CrossFit(predictions).apply()
    found = {(row["voice"], row["corpus"]): row for row in score_ece(kept)}
    assert set(found) == {(v, c) for v in ("unknown", "10", "all") for c in CORPORA}
    raw = {
        (row["voice"], row["corpus"]): row
        for row in score_ece(dict(list_ways(predictions))["as the network says"])
    }
    for key, row in found.items():
        # 480 and 720 clips in 15 bins: 0.03 to 0.05 is chance.
        assert row["ece"] < 0.07 < raw[key]["ece"]
        assert row["ece_low"] < row["ece_high"]


def test_no_clip_of_a_speaker_calibrates_that_speaker(predictions: TrialPredictions) -> None:
    before = CrossFit(predictions).apply().probabilities
    own = predictions.columns["speaker_id"] == "savee-0"
    changed = predictions.truth.copy()
    changed[own] = (changed[own] + 1) % 8
    other = TrialPredictions(predictions.columns, changed, predictions.logits)
    after = CrossFit(other).apply().probabilities
    np.testing.assert_array_equal(before[own], after[own])
    assert (before[~own] != after[~own]).any()
    # Nor one of the corpus, if that is left out.
    whole = predictions.columns["corpus"] == "savee"
    changed[whole] = (predictions.truth[whole] + 1) % 8
    first, second = (
        CrossFit(one, by="corpus").apply().probabilities[whole] for one in (predictions, other)
    )
    np.testing.assert_array_equal(first, second)


def test_refusing_keeps_the_stated_error_rate(predictions: TrialPredictions) -> None:
    rows = score_refusal(CrossFit(predictions).apply())
    for row in rows:
        # Of some hundred accepted decisions, on other speakers than the threshold was chosen on.
        assert row["risk"] == pytest.approx(0.2, abs=0.1)
        assert row["risk"] < row["risk_of_all"]
        assert 0 < row["coverage"] < 1


def test_protocols_that_deny_more_than_a_voice_do_not_mix_in(
    predictions: TrialPredictions,
) -> None:
    names = predictions.columns["held_out"].copy()
    elsewhere = predictions.columns["speaker_id"] == "savee-3"
    names[elsewhere] = "corpus:1"
    mixed = TrialPredictions(
        predictions.columns | {"held_out": names}, predictions.truth, predictions.logits
    )
    np.testing.assert_array_equal(find_published(mixed), ~elsewhere)
    changed = TrialPredictions(mixed.columns, np.where(elsewhere, 0, mixed.truth), mixed.logits)
    assert fit_calibration(mixed) == fit_calibration(changed)
    # Where nothing is published, all counts.
    alone = mixed.take(elsewhere)
    assert find_published(alone).all()


def test_bias_counts_what_is_said_and_what_is_there(predictions: TrialPredictions) -> None:
    four = predictions.take(np.arange(4))
    logits = np.full((4, 8), -1.0, np.float32)
    logits[[0, 1, 2, 3], [0, 0, 2, 7]] = 1.0
    truth = np.array([0, 2, 2, 2])
    (row,) = score_bias(TrialPredictions(four.columns, truth, logits))
    assert row["said"]["neutral"] == 0.5
    assert row["there"]["happy"] == 0.75
    assert row["lacking"] == 0.25  # one surprise
    logits[:, [1, 3, 4, 5, 6, 7]] = -np.inf
    (row,) = score_bias(TrialPredictions(four.columns, truth, logits))
    assert row["lacking"] is None


def test_groups_of_people_are_scored_apart(
    predictions: TrialPredictions, clips: tuple[Clip, ...]
) -> None:
    unknown = CrossFit(predictions).apply().of_voice("unknown")
    judged = judge(unknown, find_clips(unknown.predictions, clips))
    rows = {(r["corpus"], r["grouping"], r["group"]): r for r in score_people(judged, clips)}
    women = rows["ravdess", "sex", "female"]
    speaker = unknown.predictions.columns["speaker_id"]
    there = np.isin(speaker, ["ravdess-1", "ravdess-3", "ravdess-5"])
    own = unknown.predictions.take(there)
    assert women["n_speakers"] == 3
    assert women["uar"] == pytest.approx(compute_uar(own.truth, own.prediction))
    assert women["uar_low"] < women["uar"] < women["uar_high"]
    assert rows["ravdess", "age", "30 to 44"]["n_speakers"] == 2
    sentences = score_sentences(judged, clips)
    assert [(r["corpus"], r["sentence"], r["n_clips"]) for r in sentences] == [
        ("ravdess", "a", 360),
        ("ravdess", "b", 360),
    ]


def test_a_manifest_of_other_clips_is_refused(
    predictions: TrialPredictions, clips: tuple[Clip, ...]
) -> None:
    with pytest.raises(ManifestError, match=r"lacks 1 of the clips .* 0-0 of savee-0"):
        find_clips(
            predictions, [c for c in clips if (c.speaker_id, c.path) != ("savee-0", "0-0.wav")]
        )


def test_a_better_recipe_is_found_better(predictions: TrialPredictions) -> None:
    unknown = predictions.of_voice("unknown")
    better = unknown.logits.copy()
    rng = np.random.default_rng(1)
    helped = rng.random(len(better)) < 0.3
    better[helped, unknown.truth[helped]] += 20
    now = TrialPredictions(unknown.columns, unknown.truth, better)
    rows = {row.protocol: row for row in compare_trials(now, unknown)}
    big = rows["ravdess-emobox"]
    assert big.uar > big.uar_before
    assert 0 < big.low < big.uar - big.uar_before < big.high
    assert big.p_value == 2 / 2**6  # six speakers, all for it
    assert big.p_corrected == 2 * big.p_value
    assert (big.n_speakers, big.n_clips, big.n_unpaired) == (6, 6 * N_CLIPS, 0)
    page = format_comparison(list(rows.values()), "frozen")
    assert "| ravdess-emobox (6 speakers, 720 clips) | unknown |" in page
    same = compare_trials(unknown, unknown)
    assert {(row.low, row.high, row.p_value) for row in same} == {(0.0, 0.0, 1.0)}


def test_clips_are_paired_whatever_their_order_and_number(predictions: TrialPredictions) -> None:
    unknown = predictions.of_voice("unknown")
    order = np.random.default_rng(2).permutation(len(unknown.truth))
    # One side has a further training of the same folds, and lacks some clips.
    twice = unknown.take(np.concatenate([order, np.arange(len(order))]))
    fewer = twice.take(~np.isin(twice.columns["clip"], ["0-0", "0-1"]))
    for row in compare_trials(fewer, unknown):
        assert row.uar == row.uar_before
        assert row.n_unpaired == 2
    elsewhere = TrialPredictions(
        unknown.columns | {"clip": np.array(["x"] * len(order), dtype=object)},
        unknown.truth,
        unknown.logits,
    )
    with pytest.raises(ManifestError, match="share no clip"):
        compare_trials(elsewhere, unknown)
    torn = TrialPredictions(unknown.columns, (unknown.truth + 1) % 8, unknown.logits)
    with pytest.raises(ManifestError, match="another label"):
        compare_trials(torn, unknown)


def test_one_call_writes_all(folders: list[Path], clips: tuple[Clip, ...], tmp_path: Path) -> None:
    write_scores(tmp_path / "own", folders, ReportOptions(clips=clips))
    content = json.loads((tmp_path / "own" / "scores.json").read_text())
    assert {row["corpus"] for row in content["people"]} == set(CORPORA)
    assert len(content["calibration_tried"]) == 5 * 3
    assert content["calibration_elsewhere"] == []
    page = (tmp_path / "own" / "calibration.md").read_text()
    assert "of 6 are below 0.05" in page
    for name in ("reliability.svg", "reliability-10.svg", "risk-coverage.svg"):
        svg = (tmp_path / "own" / name).read_text()
        assert "savee" in svg
        assert "ravdess" in svg
        assert f"({name})" in page or name == "reliability-10.svg"
    assert "| ravdess | sex" in (tmp_path / "own" / "people.md").read_text()
    assert "Sentences" in (tmp_path / "own" / "shortcuts.md").read_text()
    assert "any of the eight" in (tmp_path / "own" / "scores.md").read_text()
    # Anyone can compute them again from what was kept, and without the manifest.
    write_scores(tmp_path / "again", [tmp_path / "own"], ReportOptions(png=True))
    again = json.loads((tmp_path / "again" / "scores.json").read_text())
    assert again["scores"] == content["scores"]
    assert not (tmp_path / "again" / "people.md").exists()
    assert (tmp_path / "again" / "risk-coverage.png").exists()
    write_comparison(tmp_path / "own", folders, tmp_path / "again")
    assert "+0.0" in (tmp_path / "own" / "against-again.md").read_text()


def test_a_protocol_without_some_voices_is_scored(predictions: TrialPredictions) -> None:
    known = (predictions.columns["voice"] == "unknown") | (
        predictions.columns["corpus"] == "ravdess"
    )
    scores = score_protocols(predictions.take(known))
    assert [s.voice for s in scores if s.protocol == "savee-loso"] == ["unknown"]


def test_predictions_without_what_a_corpus_lacks_do_not_pretend(
    predictions: TrialPredictions, tmp_path: Path
) -> None:
    calm = EMOTIONS.index("calm")
    some = predictions.take(predictions.truth != calm)
    logits = some.logits.copy()
    logits[:, calm] = -np.inf
    columns = some.columns | {f"logit_{e}": logits[:, i] for i, e in enumerate(EMOTIONS)}
    (tmp_path / "kept").mkdir()
    write_table(tmp_path / "kept" / "predictions.parquet", columns)
    write_scores(tmp_path / "out", [tmp_path / "kept"])
    assert "any of the eight" not in (tmp_path / "out" / "scores.md").read_text()
    assert "are left out" in (tmp_path / "out" / "calibration.md").read_text()
    assert "left out" in (tmp_path / "out" / "shortcuts.md").read_text()
