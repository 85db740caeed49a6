"""Runs: one training and test each, named by a hash of everything that decides its figures."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emovox.augment import get_policy
from emovox.errors import ProtocolError
from emovox.protocols import (
    DEV,
    TEST,
    TRAIN,
    Fold,
    Limits,
    get_protocol,
    limit_fold,
    validate_fold,
)
from emovox.study.normalize import NONE
from emovox.study.plan import Experiment, StudyPlan
from emovox.training import TrainingOptions, get_model_spec
from emovox.types import Clip

SUMMARY_NAME = "summary.json"
"""Written last into a run folder: a run that has it is finished."""

_RECIPE = 1  # Raise when the same configuration would give other figures.


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Everything that decides the figures of one run.

    Attributes
    ----------
    model, features, augmentation, protocol : str
        Names in their registries.
    fold, seed : int
        Number of the fold; seed of folds, augmentation and training.
    training : TrainingOptions
        With that seed.
    data : str
        Hash of the clips, their labels and their order; see `hash_clips`.
    fast : bool
        Whether this is part of a small version of a study.
    split : mapping
        Options of the protocol.
    normalize : str
        ``none`` or ``speaker``.
    emotions : tuple of str
        Only clips of these; all when empty.
    train_speakers : int
        So many training speakers at most; 0: all.
    """

    model: str
    features: str
    augmentation: str
    protocol: str
    fold: int
    seed: int
    training: TrainingOptions
    data: str
    fast: bool = False
    split: Mapping[str, Any] = field(default_factory=dict)
    normalize: str = NONE
    emotions: tuple[str, ...] = ()
    train_speakers: int = 0

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits, the name of the run folder."""
        text = json.dumps({"recipe": _RECIPE, **self.to_dict()}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def to_dict(self) -> dict[str, Any]:
        """Return nested plain values."""
        table = {**dataclasses.asdict(self), "training": self.training.to_dict()}
        for name, usual in (("normalize", NONE), ("emotions", ()), ("train_speakers", 0)):
            if table[name] == usual:
                del table[name]  # runs made before it was known keep their names
        return table

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> RunConfig:
        """Make it of what ``to_dict`` returned."""
        training = TrainingOptions(**table["training"])
        emotions = tuple(table.get("emotions", ()))
        return cls(**{**table, "training": training, "emotions": emotions})


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a study.

    Attributes
    ----------
    experiment : Experiment
        Which idea it belongs to.
    config : RunConfig
        What decides its figures.
    n_train, n_test : int
        Rows.
    n_train_speakers : int
        Speakers trained on.
    n_clips : int
        Of the study.
    """

    experiment: Experiment
    config: RunConfig
    n_train: int
    n_test: int
    n_train_speakers: int = 0
    n_clips: int = 0

    @property
    def label(self) -> str:
        """What to call it in messages."""
        config = self.config
        return f"{self.experiment.name}, {config.protocol} {config.fold}, seed {config.seed}"

    @property
    def is_network(self) -> bool:
        """Whether it is trained in epochs."""
        return get_model_spec(self.config.model).kind == "network"

    def get_folder(self, root: Path) -> Path:
        """Return its folder below the folder of the study."""
        return get_run_folder(root, self.config)

    def is_finished(self, root: Path) -> bool:
        """Return whether its predictions are there, whole."""
        return (self.get_folder(root) / SUMMARY_NAME).is_file()


def get_run_folder(root: Path, config: RunConfig) -> Path:
    """Return the folder of a run below the folder of the study."""
    return root / "runs" / config.id


def expand_plan(plan: StudyPlan, clips: Sequence[Clip]) -> tuple[Run, ...]:
    """List all runs of a study: experiments, protocols, seeds, folds, in this order.

    Parameters
    ----------
    plan : StudyPlan
        What is compared.
    clips : sequence of Clip
        The recordings, in the order of the manifest.

    Returns
    -------
    tuple of Run

    Raises
    ------
    ProtocolError
        If a protocol cannot split these clips, or an honest one leaks.
    """
    data = hash_clips(clips)
    folds = _FoldCache(clips)
    runs = []
    for experiment in plan.experiments:
        for protocol in plan.list_protocols(experiment):
            options = plan.get_training(experiment, protocol)
            split = plan.splits.get(protocol, {})
            for seed in plan.study.seeds:
                several = folds.get(protocol, experiment.augmentation, seed, split)
                if plan.study.fast:
                    several = several[: plan.fast_settings.folds]
                for whole in several:
                    fold = limit_fold(whole, clips, experiment.limits, seed=seed)
                    config = RunConfig(
                        model=experiment.model,
                        features=experiment.features,
                        augmentation=experiment.augmentation,
                        protocol=protocol,
                        fold=fold.index,
                        seed=seed,
                        training=dataclasses.replace(options, seed=seed),
                        data=data,
                        fast=plan.study.fast,
                        split=split,
                        normalize=experiment.normalize,
                        emotions=experiment.emotions,
                        train_speakers=experiment.train_speakers,
                    )
                    runs.append(_count_rows(Run(experiment, config, 0, 0), fold, clips))
    return tuple(runs)


def make_folds(
    clips: Sequence[Clip],
    protocol: str,
    augmentation: str,
    seed: int,
    split: Mapping[str, Any],
) -> tuple[Fold, ...]:
    """Split clips by a protocol, and refuse a leak unless the protocol is known to leak.

    Raises
    ------
    ProtocolError
        If the clips cannot be split, or speakers, clips or duplicates are shared.
    """
    rule = get_protocol(protocol, **split)
    folds = rule.folds(clips, seed=seed, n_variants=get_policy(augmentation).n_variants)
    if not folds:
        raise ProtocolError(f"protocol {protocol!r} makes no fold of these clips.")
    for fold in folds:
        validate_fold(fold, clips, leaky_allowed=rule.leaky)
    return folds


def find_fold(clips: Sequence[Clip], config: RunConfig) -> Fold:
    """Return who is where in one run.

    Raises
    ------
    ProtocolError
        As `make_folds` does.
    """
    folds = make_folds(clips, config.protocol, config.augmentation, config.seed, config.split)
    fold = next(fold for fold in folds if fold.index == config.fold)
    limits = Limits(config.emotions, config.train_speakers)
    return limit_fold(fold, clips, limits, seed=config.seed)


class _FoldCache:
    """Folds depend on few things; experiments share them."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._clips = clips
        self._known: dict[tuple[str, str, int], tuple[Fold, ...]] = {}

    def get(
        self, protocol: str, augmentation: str, seed: int, split: Mapping[str, Any]
    ) -> tuple[Fold, ...]:
        # A study has one set of options for each protocol, so they need not be in the key.
        key = (protocol, augmentation, seed)
        if key not in self._known:
            self._known[key] = make_folds(self._clips, *key, split)
        return self._known[key]


def _count_rows(run: Run, fold: Fold, clips: Sequence[Clip]) -> Run:
    n_train, n_test = (int(np.sum(fold.splits == split)) for split in (TRAIN, TEST))
    if not (n_train and n_test):
        raise ProtocolError(
            f"{run.label}: of the emotions asked for there are {n_train} rows to train on and "
            f"{n_test} to test.",
            hint="Ask for emotions that both sides have.",
        )
    speakers = {clips[number].speaker_id for number in fold.clips(TRAIN)}
    return dataclasses.replace(
        run,
        n_train=n_train,
        n_test=n_test,
        n_train_speakers=len(speakers),
        n_clips=fold.n_clips,
    )


def has_dev(fold: Fold) -> bool:
    """Return whether a fold has rows on which an epoch may be selected."""
    return bool(np.any(fold.splits == DEV))


def hash_clips(clips: Sequence[Clip]) -> str:
    """Return a hash of recordings, speakers and labels in their order; paths do not matter."""
    digest = hashlib.sha256()
    for clip in clips:
        parts = (clip.sha256 or clip.path, clip.corpus, clip.speaker_id, clip.sex, clip.emotion)
        digest.update(json.dumps(parts).encode())
    return digest.hexdigest()[:16]
