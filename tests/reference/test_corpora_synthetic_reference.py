"""The synthetic corpus under scikit-learn: neither trivial nor hopeless, and it shows leaks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from emovox.audio import read_audio
from emovox.corpora import SyntheticOptions, make_synthetic_corpus, read_manifest
from emovox.features import get_feature_set

pytestmark = pytest.mark.reference


def test_speakers_apart_are_harder_than_clips_at_random(tmp_path: Path) -> None:
    if not os.environ.get("CI"):
        pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import recall_score
    from sklearn.model_selection import KFold, LeaveOneGroupOut, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    clips = read_manifest(make_synthetic_corpus(tmp_path, SyntheticOptions(n_per_emotion=3)))
    features = get_feature_set("notebook-16k")
    values = [features.compute(read_audio(clip.path).samples, 16000) for clip in clips]
    truth = [clip.emotion for clip in clips]
    speakers = [clip.speaker_id for clip in clips]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    apart = cross_val_predict(model, values, truth, groups=speakers, cv=LeaveOneGroupOut())
    mixed = cross_val_predict(model, values, truth, cv=KFold(8, shuffle=True, random_state=0))
    uar_apart = recall_score(truth, apart, average="macro")
    uar_mixed = recall_score(truth, mixed, average="macro")
    # Chance is 0.125; other seeds of the corpus lie between 0.5 and 0.7.
    assert 0.5 < uar_apart < 0.85
    # Splitting at random lets the model know the voice, which is worth 15 to 30 points here.
    assert uar_mixed > uar_apart + 0.08
