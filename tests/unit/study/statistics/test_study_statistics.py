from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

from emovox.emotions import EMOTIONS
from emovox.errors import ManifestError, ParameterError
from emovox.features import get_feature_set
from emovox.study.statistics import (
    StatisticsOptions,
    format_statistics,
    give_advice,
    measure_statistics,
    write_statistics,
)
from emovox.study.statistics.describe import (
    FIELDS,
    describe_redundancy,
    find_leaders,
    order_without_repeats,
)
from emovox.study.statistics.probe import Probe, compute_recall, normalize_speakers
from emovox.study.statistics.reading import guess_emotion, take_logs
from emovox.study.statistics.sample import find_group, find_statistic
from emovox.study.tables import read_table
from emovox.types import Clip

SET = get_feature_set("notebook")
NAMES = SET.names
EMOTIONAL, CORPORAL, PERSONAL, TWIN = 0, 1, 2, 3
"""Features that are made to carry emotion, corpus, speaker; and one that repeats the first."""


def make_clips(n_corpora: int = 2, n_speakers: int = 8) -> tuple[Clip, ...]:
    return tuple(
        Clip(
            path=f"{corpus}/{speaker}/{emotion}/{sentence}/{take}.wav",
            corpus=f"c{corpus}",
            speaker_id=f"c{corpus}-{speaker}",
            sex=("female", "male")[speaker % 2],
            emotion=emotion,
            sentence=f"s{sentence}",
        )
        for corpus, speaker, emotion, sentence, take in product(
            range(n_corpora), range(n_speakers), EMOTIONS[:5], range(2), range(2)
        )
    )


def make_values(clips: tuple[Clip, ...], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((len(clips), SET.n_features))

    def add(column: int, names: list[str], size: float) -> None:
        numbers = np.unique(names, return_inverse=True)[1]
        effects = rng.standard_normal(numbers.max() + 1)
        effects = (effects - effects.mean()) / effects.std()
        values[:, column] += size * effects[numbers]

    add(EMOTIONAL, [clip.emotion for clip in clips], 2.0)
    add(CORPORAL, [clip.corpus for clip in clips], 5.0)
    add(PERSONAL, [clip.speaker_id for clip in clips], 3.0)
    add(PERSONAL, [clip.emotion for clip in clips], 1.0)
    values[:, TWIN] = -2 * values[:, EMOTIONAL] + 0.1 * rng.standard_normal(len(clips))
    return values.astype(np.float32)


CLIPS = make_clips()


@pytest.fixture(scope="module")
def statistics():
    return measure_statistics(CLIPS, make_values(CLIPS), SET)


@pytest.fixture
def rows(statistics):
    return {row["feature"]: row for row in statistics.results["rows"]}


def test_every_feature_is_described_once_and_in_order(statistics, rows):
    assert set(rows) == set(NAMES)
    ranked = statistics.results["rows"]
    assert [row["rank"] for row in ranked] == list(range(1, 163))
    shares = [row["emotion"] for row in ranked]
    assert shares == sorted(shares, reverse=True)
    assert all(tuple(row) == tuple(FIELDS) for row in ranked)


def test_shares_go_to_whom_they_belong(rows):
    # Emotion 4 beside noise 1; corpus: two effects of 5 and -5 have the variance 50 beside 1;
    # speaker 9 (16 / 15 of it, estimated from 16), emotion 1, noise 1. One draw of noise each, so
    # the tolerance is what 320 clips leave open.
    assert rows[NAMES[EMOTIONAL]]["emotion"] == pytest.approx(5 / 6, abs=0.05)
    assert rows[NAMES[CORPORAL]]["corpus"] == pytest.approx(50 / 51, abs=0.02)
    assert rows[NAMES[PERSONAL]]["speaker"] > 0.6
    assert rows[NAMES[PERSONAL]]["emotion_within"] == pytest.approx(5 / 9, abs=0.12)
    low, high = (rows[NAMES[EMOTIONAL]][f"emotion_{end}"] for end in ("low", "high"))
    assert low < 5 / 6 < high


def test_shortcuts_are_named(rows):
    assert rows[NAMES[CORPORAL]]["shortcut"] == "corpus"
    assert rows[NAMES[PERSONAL]]["shortcut"] == "speaker"
    assert rows[NAMES[EMOTIONAL]]["shortcut"] == ""


def test_a_repeated_feature_says_of_whom(rows):
    pair = [rows[NAMES[EMOTIONAL]], rows[NAMES[TWIN]]]
    leader, follower = sorted(pair, key=lambda row: row["rank"])
    assert follower["like"] == leader["feature"]
    assert follower["correlation"] < -0.99
    assert leader["like"] == ""


def test_readings(statistics):
    results = statistics.results
    scores = {(row["what"], row["split"]): row for row in results["labels"]}
    emotion = scores["emotion", "unheard speakers"]
    assert emotion["low"] < emotion["uar"] < emotion["high"]
    # Two features of 162 carry emotion, so there is much noise to be misled by.
    assert emotion["uar"] > 0.3 > emotion["chance"] == 0.2
    assert scores["corpus", "unheard speakers"]["uar"] > 0.95
    assert scores["corpus, each speaker normalized", "unheard speakers"]["uar"] < 0.6
    assert scores["speaker", "clips at random"]["uar"] > 2 / 16
    assert [row["corpus"] for row in results["by_corpus"]] == ["c0", "c1"]
    assert all(0.2 < row["uar"] < 1 for row in results["by_corpus"])
    # Labels that have nothing to do with emotion tell nothing: one fifth, give or take.
    assert all(row["low"] <= 0.2 for row in results["guesses"])
    assert results["selections"][-1]["n_kept"] == 162
    best = max(results["selections"], key=lambda row: row["uar"])
    assert best["n_kept"] < 162  # noise does harm
    voices = [row["n_speakers"] for row in results["voices"]]
    assert voices == sorted(voices)
    assert results["parts"] == []  # means alone say nothing of order


def test_the_same_clips_give_the_same_figures(statistics):
    again = measure_statistics(CLIPS, make_values(CLIPS), SET)
    assert again.results == statistics.results


def test_results_are_json(statistics):
    json.dumps(statistics.results, allow_nan=False)


def test_advice_follows_from_the_figures(statistics):
    advice = {one.topic: one for one in give_advice(statistics.results)}
    assert "corpus" in advice["shortcut"].text
    assert "may go" in advice["keep"].text  # 158 features are noise
    assert advice["normalize"].expected == statistics.results["normalization"]["value"]
    assert advice["leak"].at_least
    assert "order" not in advice
    stored = json.loads(json.dumps(statistics.results))
    assert give_advice(stored) == tuple(advice.values())  # from the file as well


def test_normalization_is_advised_where_it_helps():
    # Every feature carries emotion, below what speakers differ in.
    clips = make_clips(n_corpora=1, n_speakers=12)
    rng = np.random.default_rng(2)
    emotion = np.unique([clip.emotion for clip in clips], return_inverse=True)[1]
    speaker = np.unique([clip.speaker_id for clip in clips], return_inverse=True)[1]
    values = rng.standard_normal((len(clips), SET.n_features))
    values += 0.3 * rng.standard_normal((5, SET.n_features))[emotion]
    values += 4 * rng.standard_normal((12, SET.n_features))[speaker]
    found = measure_statistics(clips, values, SET)
    advice = {one.topic: one for one in give_advice(found.results)}
    assert advice["normalize"].text.startswith("Take out each speaker's mean")
    assert advice["normalize"].expected > 0.1
    assert "speaker" in advice["shortcut"].text


def test_a_set_of_statistics_says_whether_order_matters():
    clips = make_clips()
    chosen = get_feature_set("full")
    rng = np.random.default_rng(4)
    values = rng.standard_normal((len(clips), chosen.n_features))
    deltas = [k for k, name in enumerate(chosen.names) if name.endswith("delta_deviation")]
    emotion = np.unique([clip.emotion for clip in clips], return_inverse=True)[1]
    values[:, deltas] += 1.5 * rng.standard_normal((5, len(deltas)))[emotion]
    results = measure_statistics(clips, values, chosen).results
    parts = results["parts"]
    assert [row["n_features"] for row in parts] == [76, 380, 535]
    assert parts[-1]["gain"] > 0.3
    assert abs(parts[1]["gain"]) < 0.15
    advice = {one.topic: one for one in give_advice(results)}
    assert advice["order"].text.startswith("The order of frames carries emotion")
    assert advice["summary"].text.startswith("Means alone throw emotion away")


def test_logarithms_are_advised_for_skewed_features():
    clips = make_clips()
    rng = np.random.default_rng(5)
    emotion = np.unique([clip.emotion for clip in clips], return_inverse=True)[1]
    values = 0.6 * rng.standard_normal((5, SET.n_features))[emotion]
    values = np.exp(2 * (values + rng.standard_normal(values.shape)))
    advice = {one.topic: one for one in give_advice(measure_statistics(clips, values, SET).results)}
    assert advice["logs"].expected > 0.01


def test_writes_a_table_everything_figures_and_a_report(statistics, tmp_path):
    advice = give_advice(statistics.results)
    report = write_statistics(statistics, tmp_path, advice)
    table = read_table(tmp_path / "statistics.csv")
    assert tuple(table) == tuple(FIELDS)
    assert len(table["feature"]) == 162
    stored = json.loads((tmp_path / "statistics.json").read_text())
    assert [one["topic"] for one in stored["advice"]] == [one.topic for one in advice]
    text = report.read_text()
    assert "Warning: a shortcut" in text
    for line in text.splitlines():
        if line.startswith("!["):
            assert (tmp_path / line.split("(")[1].rstrip(")")).is_file(), line
    assert not (tmp_path / "figures" / "dynamics.svg").exists()


def test_clips_without_labels_or_features_are_left_out_and_counted():
    values = make_values(CLIPS)
    clips = list(CLIPS)
    clips[0] = Clip(path="x", corpus="c0", speaker_id="c0-0", sex="female")
    values[1, 5] = np.nan
    found = measure_statistics(clips, values, SET)
    assert (found.results["n_unlabelled"], found.results["n_failed"]) == (1, 1)
    assert found.results["n_clips"] == len(CLIPS) - 2
    text = format_statistics(found.results, ())
    assert "2 more clips are left out: 1 could not be read" in text


def test_a_constant_feature_has_no_shares_and_does_no_harm():
    values = make_values(CLIPS)
    values[:, 7] = 0.25
    found = measure_statistics(CLIPS, values, SET)
    row = found.results["rows"][-1]
    assert row["feature"] == NAMES[7]
    assert row["emotion"] is None
    assert row["shortcut"] == ""
    assert found.results["redundancy"]["n_constant"] == 1
    assert give_advice(found.results)


def test_one_speaker_or_one_emotion_is_too_little():
    with pytest.raises(ManifestError, match="1 speaker_id"):
        measure_statistics(CLIPS[:20], np.ones((20, 162)), SET)
    neutral = tuple(clip for clip in CLIPS if clip.emotion == "neutral")
    with pytest.raises(ManifestError, match="1 emotion"):
        measure_statistics(neutral, np.ones((len(neutral), 162)), SET)


@pytest.mark.parametrize("change", [{"level": 1.0}, {"redundant": 0.0}, {"n_folds": 1}])
def test_options_are_checked(change):
    with pytest.raises(ParameterError):
        StatisticsOptions(**change)


def test_leaders_come_by_rank():
    correlation = np.array([[1, 0.95, 0.1], [0.95, 1, -0.92], [0.1, -0.92, 1]])
    order = np.array([2, 1, 0])
    # 2 speaks for 1; 0 is like 1, but 1 is spoken for, so 0 speaks for itself.
    assert find_leaders(correlation, order, 0.9).tolist() == [0, 2, 2]
    assert order_without_repeats(correlation, order, 0.9).tolist() == [2, 0, 1]


def test_effective_number_of_dimensions():
    # Four features, two pairs of twins: two dimensions.
    twins = np.kron(np.eye(2), np.ones((2, 2)))
    rows = [{"like": ""}, {"like": "a"}, {"like": ""}, {"like": "b"}]
    found = describe_redundancy(twins, rows, 0.9)
    assert found["n_effective"] == pytest.approx(2)
    assert (found["n_95"], found["n_clusters"]) == (2, 2)
    assert describe_redundancy(np.eye(4), rows, 0.9)["n_effective"] == pytest.approx(4)


def test_normalized_speakers_have_mean_0_and_deviation_1():
    rng = np.random.default_rng(0)
    speaker = np.arange(90) % 3
    values = rng.standard_normal((90, 4)) * (1 + speaker[:, None]) + 7 * speaker[:, None]
    values[speaker == 1, 2] = 5.0
    found = normalize_speakers(values, speaker)
    for number in range(3):
        own = found[speaker == number]
        np.testing.assert_allclose(own.mean(axis=0), 0, atol=1e-12)
        expected = [1, 1, 0 if number == 1 else 1, 1]
        np.testing.assert_allclose(own.std(axis=0), expected, atol=1e-12)


def test_probe_recognises_what_is_there_and_nothing_else():
    rng = np.random.default_rng(1)
    classes, folds = np.arange(600) % 3, np.arange(600) // 100
    noise = rng.standard_normal((600, 5))
    assert compute_recall(classes, Probe(noise, classes, folds).predict()) < 0.42
    told = noise + 4 * np.eye(3, 5)[classes]
    probe = Probe(told, classes, folds)
    assert compute_recall(classes, probe.predict()) > 0.95
    assert compute_recall(classes, probe.predict(np.array([3, 4]))) < 0.42
    assert probe.score_train(1) >= compute_recall(classes, probe.predict(n_train=1)) - 0.02
    assert probe.list_train(4, 3) == [5, 0, 1]


def test_probe_does_not_care_for_scale():
    rng = np.random.default_rng(2)
    classes, folds = np.arange(300) % 3, np.arange(300) // 60
    values = rng.standard_normal((300, 4)) + 0.7 * np.eye(3, 4)[classes]
    scaled = 1e6 + 1e-3 * values
    expected = Probe(values, classes, folds).predict()
    assert (Probe(scaled, classes, folds).predict() == expected).mean() > 0.99


def test_a_label_that_gives_the_emotion_away_is_found():
    emotion, folds = np.arange(120) % 4, np.arange(120) // 40
    assert (guess_emotion(emotion + 4 * (folds > 9), emotion, folds) == emotion).all()
    nothing = guess_emotion(np.zeros(120, dtype=np.int64), emotion, folds)
    assert compute_recall(emotion, nothing) == 0.25


def test_logarithms_stay_finite_at_zero():
    found = take_logs(np.array([[0.0, -1.0], [2.0, 3.0]]), np.array([True, False]))
    assert np.isfinite(found).all()
    assert found[:, 1].tolist() == [-1, 3]


@pytest.mark.parametrize(
    ("feature_set", "name", "group", "statistic"),
    [
        ("notebook", "mel_017", "mel", "mean"),
        ("full", "mfcc_03_delta_deviation", "mfcc", "delta_deviation"),
        ("full", "mfcc_03_deviation", "mfcc", "deviation"),
        ("full", "pitch_p90", "pitch", "p90"),
        ("full", "voiced_runs_per_s", "voicing", "other"),
        ("full", "voiced_run_mean_s", "voicing", "other"),
    ],
)
def test_names_are_understood(feature_set, name, group, statistic):
    assert find_group(name) == group
    assert find_statistic(name, get_feature_set(feature_set)) == statistic
