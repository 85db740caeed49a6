from __future__ import annotations

import dataclasses
import json

import pytest

from emovox.errors import ProtocolError
from emovox.protocols import TEST, TRAIN
from emovox.study import RunConfig, expand_plan, read_study
from emovox.study.runs import find_fold, hash_clips, make_folds
from emovox.training import TrainingOptions
from emovox.types import Clip

CONFIG = RunConfig(
    model="notebook_cnn",
    features="notebook",
    augmentation="none",
    protocol="speaker",
    fold=1,
    seed=0,
    training=TrainingOptions(epochs=3),
    data="abc",
)


def make_clips(n_speakers: int = 5) -> tuple[Clip, ...]:
    return tuple(
        Clip(
            path=f"{speaker}-{emotion}.wav",
            corpus="synthetic",
            speaker_id=f"synthetic-{speaker}",
            sex=("female", "male")[speaker % 2],
            emotion=emotion,
            sha256=f"{speaker:02d}{number:062d}",
        )
        for speaker in range(n_speakers)
        for number, emotion in enumerate(("neutral", "happy", "sad", "angry"))
    )


def test_the_id_is_decided_by_every_field():
    ids = {CONFIG.id}
    for name, value in (
        ("model", "deep_cnn"),
        ("features", "full"),
        ("augmentation", "notebook"),
        ("protocol", "notebook"),
        ("fold", 2),
        ("seed", 1),
        ("training", TrainingOptions(epochs=4)),
        ("data", "abd"),
        ("fast", True),
        ("split", {"n_folds": 3}),
        ("normalize", "speaker"),
        ("emotions", ("happy", "sad")),
        ("train_speakers", 8),
    ):
        ids.add(dataclasses.replace(CONFIG, **{name: value}).id)
    assert len(ids) == 1 + len(dataclasses.fields(CONFIG))
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in ids)


def test_a_config_survives_being_written():
    again = RunConfig.from_dict(CONFIG.to_dict())
    assert again == CONFIG
    assert again.id == CONFIG.id


def test_the_hash_of_clips_is_of_content_and_order_not_of_place():
    clips = make_clips()
    moved = tuple(dataclasses.replace(clip, path=f"/else/{clip.path}") for clip in clips)
    relabelled = (dataclasses.replace(clips[0], emotion="fear"), *clips[1:])
    assert hash_clips(moved) == hash_clips(clips)
    assert hash_clips(relabelled) != hash_clips(clips)
    assert hash_clips(clips[::-1]) != hash_clips(clips)


def test_a_plan_has_a_run_for_each_experiment_protocol_seed_and_fold(tiny_study):
    plan = read_study(tiny_study, overrides=["study.seeds=[0, 1]"])
    runs = expand_plan(plan, make_clips())
    assert len(runs) == 2 * 2 * (1 + 5)
    assert len({run.config.id for run in runs}) == len(runs)
    assert all(run.config.training.seed == run.config.seed for run in runs)
    notebook = [r for r in runs if r.config.protocol == "notebook"]
    rows = {r.experiment.name: r.n_train + r.n_test for r in notebook}
    assert rows == {"network": 60, "linear": 20}  # all three variants of each clip, or one


def test_fast_has_one_fold_and_says_so(tiny_study):
    plan = read_study(tiny_study, overrides=["study.fast=true"])
    runs = expand_plan(plan, make_clips())
    assert len(runs) == 2 * 2
    assert all(run.config.fast for run in runs)


def test_a_protocol_that_cannot_split_the_clips_says_so():
    with pytest.raises(ProtocolError):
        make_folds(make_clips(n_speakers=1), "speaker", "none", 0, {})


def test_what_came_later_leaves_older_names_alone():
    table = CONFIG.to_dict()
    assert not {"normalize", "emotions", "train_speakers"} & set(table)
    assert "width" not in table["training"]
    limited = dataclasses.replace(CONFIG, emotions=("happy", "sad"), train_speakers=2)
    assert RunConfig.from_dict(json.loads(json.dumps(limited.to_dict()))) == limited


LIMITED = """
[experiments.few]
model = "logistic"
protocols = ["speaker"]
train_speakers = 2

[experiments.two]
model = "logistic"
emotions = ["happy", "sad"]
"""


def test_an_experiment_has_protocols_emotions_and_training_speakers_of_its_own(
    tiny_study, tmp_path
):
    path = tmp_path / "study.toml"
    path.write_text(tiny_study.read_text() + LIMITED)
    plan = read_study(path)
    clips = make_clips()
    runs = expand_plan(plan, clips)
    assert {r.config.protocol for r in runs if r.experiment.name == "few"} == {"speaker"}
    assert {r.config.protocol for r in runs if r.experiment.name == "two"} == {
        "notebook",
        "speaker",
    }
    assert plan.protocols_used == ("notebook", "speaker")
    for run in runs:
        fold = find_fold(clips, run.config)
        training = [clips[number] for number in fold.clips(TRAIN)]
        assert run.n_train_speakers == len({clip.speaker_id for clip in training})
        if run.experiment.name == "few":
            assert run.n_train_speakers == 2
        if run.experiment.name == "two":
            used = [clips[n] for split in (TRAIN, TEST) for n in fold.clips(split)]
            assert {clip.emotion for clip in used} == {"happy", "sad"}


def test_emotions_that_no_clip_has_are_refused(tiny_study, tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(tiny_study.read_text() + LIMITED.replace('"happy", "sad"', '"calm", "fear"'))
    with pytest.raises(ProtocolError, match="two, notebook 1, seed 0"):
        expand_plan(read_study(path), make_clips())
