"""The recognizer's trainings, as planned: networks and predictions by clip.

Of every clip held out is kept what the network said under every knowledge of the voice.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emovox.augment import get_policy
from emovox.corpora import read_manifest
from emovox.emotions import EMOTIONS
from emovox.errors import ConfigError
from emovox.protocols import TEST, TRAIN, Fold, combine_folds, get_protocol
from emovox.study.tables import Columns, write_batches
from emovox.study.trials.plan import Trial, TrialPlan
from emovox.training.encoder import WhisperEncoder, load_encoder
from emovox.training.speech.answers import read_answers
from emovox.training.speech.distill import Lesson
from emovox.training.speech.network import SpeechNetwork
from emovox.training.speech.prune import prune_encoder
from emovox.training.speech.trial import (
    WEIGHTS_NAME,
    PreparedClips,
    Workshop,
    find_log_mels,
    judge_trial,
    prepare_clips,
    prepare_lesson,
    train_trial,
)
from emovox.types import Clip, FloatArray, IntArray

METRICS_NAME = "metrics.jsonl"
PREDICTIONS_NAME = "predictions.parquet"


def prepare_plan(
    plan: TrialPlan, manifest: str | os.PathLike[str], shop: Workshop
) -> PreparedClips:
    """Compute, or find, what all trials of a plan share; see ``prepare_clips``."""
    clips = _select(manifest, plan.scope.corpora)
    policy = get_policy(plan.scope.augmentation)
    moves = plan.training.epochs > 0
    return prepare_clips(clips, policy, plan.network, shop, with_frames=moves)


def prepare_distillation(
    plan: TrialPlan, manifest: str | os.PathLike[str], shop: Workshop
) -> Lesson:
    """Compute, or find, what the plan's distillation needs, without the clips held out."""
    clips = _select(manifest, plan.distillation.corpora or plan.scope.corpora)
    policy = get_policy(plan.scope.augmentation)
    lesson = prepare_lesson(clips, policy, plan.network, shop)
    train, _ = divide(clips, Trial(hold_out=plan.distillation.hold_out))
    return dataclasses.replace(lesson, rows=np.intersect1d(lesson.rows, train))


def prune_planned(
    plan: TrialPlan, manifest: str | os.PathLike[str], shop: Workshop
) -> WhisperEncoder:
    """Return the workshop's encoder, cut down as planned; see ``prune_encoder``."""
    clips = _select(manifest, plan.pruning.corpora or plan.scope.corpora)
    policy = get_policy(plan.scope.augmentation)
    log_mels = find_log_mels(clips, policy, plan.network, shop)
    allowed, _ = divide(clips, Trial(hold_out=plan.pruning.hold_out))
    readable = np.flatnonzero(log_mels.length[:, 0] > 0)
    encoder, _ = load_encoder(shop.encoder)
    return prune_encoder(encoder, log_mels, np.intersect1d(readable, allowed), plan.pruning)


def _select(manifest: str | os.PathLike[str], corpora: Sequence[str]) -> list[Clip]:
    clips = [c for c in read_manifest(manifest) if c.emotion and c.corpus in set(corpora)]
    lacking = sorted(set(corpora) - {clip.corpus for clip in clips})
    if lacking:
        raise ConfigError(
            f"{manifest} has no labelled clip of {', '.join(lacking)}, which the plan wants.",
            hint="Index all of its corpora, or plan without: --set 'recognizer.corpora=[...]'.",
        )
    return clips


def divide(clips: Sequence[Clip], trial: Trial) -> tuple[IntArray, dict[int, str]]:
    """Return the clips that train, and each clip held out with the fold that tests it.

    Raises
    ------
    ConfigError
        If a protocol has no such fold.
    """
    folds = {name: _find_fold(clips, name) for name in trial.hold_out}
    train = combine_folds(*folds.values()).clips(TRAIN) if folds else np.arange(len(clips))
    tested = {int(i): name for name, fold in folds.items() for i in fold.clips(TEST)}
    if trial.corpora:
        train = np.array([i for i in train if clips[i].corpus in trial.corpora], np.int64)
        tested = {i: name for i, name in tested.items() if clips[i].corpus in trial.corpora}
    return train, dict(sorted(tested.items()))


def _find_fold(clips: Sequence[Clip], name: str) -> Fold:
    protocol, _, number = name.partition(":")
    # No dev speakers: nothing is selected within a trial.
    options: dict[str, Any] = {"dev_share": 0.0}
    if "others" in get_protocol(protocol).options:
        options["others"] = "train"
    folds = get_protocol(protocol, **options).folds(clips)
    for fold in folds:
        if str(fold.index) == number:
            return fold
    raise ConfigError(
        f"the protocol {protocol!r} has no fold {number!r}.",
        hint=f"It has {', '.join(str(fold.index) for fold in folds)}.",
    )


def run_trial(
    plan: TrialPlan,
    name: str,
    prepared: PreparedClips,
    root: Path,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
    *,
    answers: Path | None = None,
) -> Path:
    """Train, judge the clips held out, and write ``predictions.parquet``.

    Called again, it goes on after the last whole epoch; finished, it does nothing.

    Returns
    -------
    Path
        Folder of the trial.
    """
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    predictions = folder / PREDICTIONS_NAME
    if not (folder / WEIGHTS_NAME).exists():
        predictions.unlink(missing_ok=True)  # those of a network that was deleted

    def note(record: dict[str, Any]) -> None:
        with (folder / METRICS_NAME).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")
        if on_epoch is not None:
            on_epoch(record)

    network = train_planned(plan, name, prepared, root, answers, on_epoch=note)
    _, tested = divide(prepared.clips, plan.get(name))
    if tested and not predictions.exists():
        rows = np.array(list(tested))
        judged = judge_trial(prepared, network, rows, tuned=plan.training.epochs > 0)
        clips = [prepared.clips[i] for i in tested]
        shared = {"trial": [name] * len(clips), "held_out": list(tested.values())}
        write_batches(
            predictions, ({**shared, **_tabulate(clips, v, j)} for v, j in judged.items())
        )
    return folder


def name_answers(folder: Path, trial: str) -> Path:
    """Return where what the teachers of a trial answer lies."""
    return folder / f"{trial}.npz"


def train_planned(
    plan: TrialPlan,
    name: str,
    prepared: PreparedClips,
    root: Path,
    answers: Path | None = None,
    *,
    on_epoch: Callable[[dict[str, Any]], None] | None = None,
) -> SpeechNetwork:
    """Train a trial's network, or read what was trained before; see ``train_trial``.

    Parameters
    ----------
    plan : TrialPlan
    name : str
    prepared : PreparedClips
    root : Path
        Folder of the trials.
    answers : Path, optional
        Folder of what its teachers answer, if the plan gives them a weight.
    on_epoch : callable, optional

    Raises
    ------
    ConfigError
        If the plan wants teachers and there are no answers, or the folder holds another training.
    """
    trial = plan.get(name)
    train, _ = divide(prepared.clips, trial)
    options = dataclasses.replace(plan.training, seed=trial.seed)
    taught = None
    if plan.teaching.weight:
        if answers is None:
            raise ConfigError("the plan gives teachers a weight; name their answers.")
        path = name_answers(answers, name)
        taught = read_answers(path, prepared.clips, train, plan.teaching)
    return train_trial(prepared, train, options, root / name, answers=taught, on_epoch=on_epoch)


def _tabulate(clips: Sequence[Clip], voice: str, logits: FloatArray) -> Columns:
    """Return a row a clip; logits keep what probabilities would round away."""
    return {
        "voice": [voice] * len(clips),
        "corpus": [clip.corpus for clip in clips],
        "clip": [Path(clip.path).stem for clip in clips],
        "sha256": [clip.sha256 for clip in clips],
        "speaker_id": [clip.speaker_id for clip in clips],
        "sex": [clip.sex for clip in clips],
        "sentence": [clip.sentence for clip in clips],
        "emotion": [clip.emotion for clip in clips],
        **{f"logit_{emotion}": logits[:, i] for i, emotion in enumerate(EMOTIONS)},
    }
