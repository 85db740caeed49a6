"""Statistics of features on real recordings: what everybody knows of voices must come out."""

from __future__ import annotations

import numpy as np
import pytest

from emovox.corpora import index_corpus
from emovox.features import ExtractionOptions, FeatureJob, extract_features, get_feature_set
from emovox.study.statistics import give_advice, measure_statistics

pytestmark = pytest.mark.real

ACTORS = {f"ravdess-{number:02d}" for number in range(1, 9)}


@pytest.fixture(scope="module")
def results(shared):
    clips = index_corpus(shared / "corpora" / "ravdess", corpus="ravdess").clips
    # Half of the clips of eight actors: the first repetition.
    clips = [c for c in clips if c.speaker_id in ACTORS and c.extra["repetition"] == "01"]
    feature_set = get_feature_set("full")
    jobs = [FeatureJob(clip.path, clip.sha256) for clip in clips]
    values = extract_features(jobs, feature_set, ExtractionOptions()).values
    return measure_statistics(clips, np.asarray(values), feature_set).results


@pytest.fixture(scope="module")
def rows(results):
    return {row["feature"]: row for row in results["rows"]}


def test_pitch_tells_women_from_men(rows):
    pitch = rows["pitch_p50"]
    assert pitch["sex"] > 0.3
    assert pitch["sex"] > pitch["emotion"]


def test_loudness_tells_emotion(rows):
    # Actors act anger loud and sadness soft; the corpus is one, so nothing is its share.
    assert rows["logmel_25_p90"]["emotion"] > 0.3
    assert rows["logmel_25_p90"]["corpus"] == 0
    assert rows["logmel_25_p90"]["sentence"] < 0.1


def test_the_voice_is_in_the_features(results):
    readings = {(row["what"], row["split"]): row for row in results["labels"]}
    assert readings["speaker", "clips at random"]["uar"] > 0.8
    assert readings["emotion", "unheard speakers"]["uar"] > 2 * 0.125


def test_known_voices_are_advised(results):
    advice = {one.topic: one for one in give_advice(results)}
    assert advice["normalize"].expected > 0.02
    assert advice["leak"].expected > 0
