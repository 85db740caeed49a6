from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from emovox.corpora import SyntheticOptions
from emovox.errors import ConfigError, ParameterError
from emovox.study import read_study
from emovox.study.plan import (
    QUESTIONS,
    Experiment,
    FastSettings,
    ReportSettings,
    StudyPlan,
    StudySettings,
)
from emovox.training import TrainingOptions

STUDIES = Path(__file__).parents[3] / "studies"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", sorted(path.name for path in STUDIES.glob("*.toml")))
def test_every_committed_study_is_valid(name):
    plan = read_study(STUDIES / name)
    assert plan.study.name == name.removesuffix(".toml")


def test_the_first_study_is_the_three_tries_and_two_baselines():
    plan = read_study(STUDIES / "first.toml")
    ideas = {e.name: (e.model, e.augmentation) for e in plan.experiments}
    assert ideas == {
        "try1": ("notebook_cnn", "none"),
        "try2": ("notebook_cnn", "notebook"),
        "try3": ("deep_cnn", "notebook"),
        "logistic": ("logistic", "none"),
        "forest": ("random_forest", "none"),
    }
    assert plan.study.corpora == ("ravdess", "crema-d", "tess", "savee")
    assert plan.study.protocols == ("notebook", "speaker")
    options = plan.get_training(plan.experiments[0], "notebook")
    assert (options.epochs, options.batch_size, options.schedule) == (50, 64, "plateau")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("study.seed=1", r"unknown key 'seed' in \[study\]. Did you mean 'seeds'"),
        ("trainig.epochs=1", r"unknown key 'trainig' in the study file. Did you mean 'training'"),
        ("training.epoch=1", r"unknown key 'epoch' in \[training\]. Did you mean 'epochs'"),
        ("training.seed=1", r"unknown key 'seed' in \[training\]"),
        ("protocols.speaker.patienc=1", r"'patienc' in \[protocols.speaker\]. Did you mean"),
        ("experiments.network.modle=1", r"'modle' in \[experiments.network\]. Did you mean 'model"),
        ("experiments.network.training.rate=1", r"'rate' in \[experiments.network.training\]"),
        ("experiments.network.model=notebook_cn", "Did you mean 'notebook_cnn'"),
        ("experiments.network.augmentation=notebok", "Did you mean 'notebook'"),
        ("experiments.network.features=notbook", "Did you mean 'notebook'"),
        ('study.protocols=["speakers"]', "Did you mean 'speaker'"),
        ('study.corpora=["synthetics"]', "Did you mean 'synthetic'"),
        ('study.experiments=["networks"]', "Did you mean 'network'"),
        ("study.seeds=[]", "at least one experiment, corpus, protocol and seed"),
        ("fast.epoch=1", r"unknown key 'epoch' in \[fast\]"),
        ("synthetic.speakers=1", r"unknown key 'speakers' in \[synthetic\]"),
        ("report.laddr=1", r"unknown key 'laddr' in \[report\]. Did you mean 'ladder'"),
        ('report.ladder=["linaer"]', r"\[report\] ladder.*Did you mean 'linear'"),
        ('report.statistics=["fulll"]', "Did you mean 'full'"),
        ("report.audit=1", r"\[report\] audit is 1, it must be of type bool"),
        ('experiments.linear.protocols=["speakr"]', "Did you mean 'speaker'"),
        ('experiments.linear.emotions=["hapy"]', "Did you mean 'happy'"),
        ("experiments.linear.train_speakers=-1", "train_speakers is -1"),
        ("experiments.linear.augmentation=noise+pich", "Did you mean 'pitch'"),
        ("experiments.linear.training.width=0.5", "'logistic' has no width to set"),
    ],
)
def test_what_is_not_known_is_refused_with_a_suggestion(tiny_study, override, message):
    with pytest.raises(ConfigError, match=message):
        read_study(tiny_study, overrides=[override])


def test_a_training_option_out_of_range_is_refused(tiny_study):
    with pytest.raises(ParameterError, match="epochs is 0"):
        read_study(tiny_study, overrides=["training.epochs=0"])


def test_overrides_change_the_plan(tiny_study):
    plan = read_study(
        tiny_study, overrides=["training.epochs=7", 'study.experiments=["linear"]', "study.seeds=4"]
    )
    assert [e.name for e in plan.experiments] == ["linear"]
    assert plan.study.seeds == (4,)
    assert plan.get_training(plan.experiments[0], "speaker").epochs == 7


def test_the_nearer_training_options_win(tiny_study):
    overrides = [
        "training.patience=1",
        "training.epochs=10",
        "protocols.speaker.patience=2",
        "experiments.linear.training.patience=3",
    ]
    plan = read_study(tiny_study, overrides=overrides)
    network, linear = plan.experiments
    assert plan.get_training(network, "notebook").patience == 1
    assert plan.get_training(network, "speaker").patience == 2
    assert plan.get_training(linear, "speaker").patience == 3
    assert plan.get_training(linear, "speaker").epochs == 10


def test_fast_trains_less_and_never_more(tiny_study):
    plan = read_study(tiny_study, overrides=["study.fast=true", "fast.epochs=2"])
    assert plan.get_training(plan.experiments[0], "speaker").epochs == 2
    plan = read_study(tiny_study, overrides=["study.fast=true", "fast.epochs=20"])
    assert plan.get_training(plan.experiments[0], "speaker").epochs == 3


def test_a_written_plan_reads_back(tiny_study, tmp_path):
    overrides = ["study.fast=true", "experiments.linear.training.patience=3"]
    plan = read_study(tiny_study, overrides=overrides)
    again = read_study(write(tmp_path, plan.to_toml()))
    assert isinstance(again, StudyPlan)
    assert again == plan


def test_options_of_a_protocol_decide_its_folds(tiny_study):
    plan = read_study(tiny_study, overrides=["splits.speaker.n_folds=3"])
    assert plan.splits == {"speaker": {"n_folds": 3}}
    assert "n_folds = 3" in plan.to_toml()


def test_an_option_the_protocol_does_not_have_is_refused(tiny_study):
    with pytest.raises(ConfigError, match=r"\[splits.speaker\]"):
        read_study(tiny_study, overrides=["splits.speaker.folds=3"])


def test_every_key_is_in_the_reference():
    text = (STUDIES.parent / "docs" / "reference" / "study.md").read_text(encoding="utf-8")
    kinds = (StudySettings, Experiment, ReportSettings, FastSettings, SyntheticOptions)
    keys = {field.name for kind in kinds for field in dataclasses.fields(kind)}
    keys |= {field.name for field in dataclasses.fields(TrainingOptions)}
    missing = [key for key in keys if not re.search(rf"[`.]{key}`", text)]
    assert missing == []


def test_the_students_study_asks_every_question_and_compares_like_with_like():
    plan = read_study(STUDIES / "student.toml")
    assert all(getattr(plan.report, field.name) for field in dataclasses.fields(plan.report))
    by_name = {experiment.name: experiment for experiment in plan.experiments}
    named = {name for question in QUESTIONS for name in getattr(plan.report, question)}
    assert named == set(by_name)
    plain = by_name[plan.report.remedies[0]]
    assert (plain.augmentation, plain.training["dropout"]) == ("none", 0.0)
    assert plan.get_training(plain, "speaker").keep == "last"
    widths = {plan.get_training(by_name[n], "speaker").width for n in plan.report.remedies}
    assert widths == {0.25}
    assert {"corpus", "corpus-pairs"} <= {
        protocol for name in plan.report.cross_corpus for protocol in by_name[name].protocols
    }
    # Chosen for one experiment alone, the others are not asked for.
    alone = read_study(STUDIES / "student.toml", overrides=['study.experiments=["plain"]'])
    assert alone.report.remedies == ("plain",)
    assert alone.report.families == ()
