"""The ladder: what each leak is worth, measured rung by rung with one quick model.

From the notebook's split, where altered copies of test recordings are trained on, down to a
corpus that was never heard. Every rung stops one leak more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emovox.augment import get_policy
from emovox.corpora import write_manifest
from emovox.emotions import EMOTIONS
from emovox.errors import ProtocolError
from emovox.protocols import get_protocol
from emovox.study.data import thin_out
from emovox.study.evaluate import ALL
from emovox.study.places import StudyOptions
from emovox.study.plan import Experiment, StudyPlan, StudySettings
from emovox.study.run import Watcher, run_study
from emovox.study.rungs import RUNGS
from emovox.study.tables import read_clips
from emovox.types import Clip

_EXPERIMENT = "ladder"
_CLIPS_NAME = "clips.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderOptions:
    """How the ladder is climbed.

    Attributes
    ----------
    model : str
        Any of the registry; a quick one will do.
    augmentation : str
        Policy of the altered copies, without which the first two rungs are one.
    features : str
        Feature set.
    n_folds : int
        Of the rungs by speaker.
    seed : int
        Of folds, altered copies and training.
    sample : int
        About so many clips, spread evenly over speakers and emotions; 0: all.
    training : mapping
        Options of the training.
    """

    model: str = "logistic"
    augmentation: str = "notebook"
    features: str = "notebook"
    n_folds: int = 5
    seed: int = 0
    sample: int = 0
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One rung, measured.

    Attributes
    ----------
    protocol, description : str
        Who is in train and test, and what that lets through.
    uar, low, high : float or None
        UAR on test rows, all folds pooled, and its 95 % interval, speakers resampled. None where
        the rung cannot be climbed.
    uar_clean : float or None
        UAR on the test rows that are recordings as published; rungs compare by it. Only the
        notebook's split has altered copies among its test rows.
    n_train, n_test, n_speakers, n_folds : int
        Rows (training: mean over folds), test speakers, folds.
    emotions : tuple of str
        Of the test rows.
    problem : str
        Why the rung cannot be climbed, or empty.
    """

    protocol: str
    description: str
    uar: float | None = None
    low: float | None = None
    high: float | None = None
    uar_clean: float | None = None
    n_train: int = 0
    n_test: int = 0
    n_speakers: int = 0
    n_folds: int = 0
    emotions: tuple[str, ...] = ()
    problem: str = ""


def climb_ladder(
    manifest: Path, options: LadderOptions, place: StudyOptions, watcher: Watcher
) -> tuple[Rung, ...]:
    """Measure every rung on the clips of a manifest; called again, it goes on where it was.

    All rungs are about the same clips: those of the emotions that every corpus has.

    Parameters
    ----------
    manifest : Path
        Labelled clips.
    options : LadderOptions
        Model, augmentation and so on.
    place : StudyOptions
        ``root`` is where the runs and the report of the study go; ``data`` does not matter.
    watcher : Watcher
        Told of progress.

    Returns
    -------
    tuple of Rung
        In the order of ``RUNGS``.

    Raises
    ------
    ProtocolError
        If no rung can be climbed.
    WorkerError
        If a training failed.
    """
    clips = _choose_clips(read_clips(manifest), options)
    problems = _find_problems(clips, options)
    protocols = tuple(name for name in RUNGS if name not in problems)
    if not protocols:
        raise ProtocolError(f"no rung can be climbed: {'; '.join(problems.values())}.")
    place.root.mkdir(parents=True, exist_ok=True)
    data = place.root / _CLIPS_NAME
    write_manifest(data, clips)
    plan = _make_plan(clips, protocols, options)
    where = StudyOptions(root=place.root, data=data, store=place.store, n_jobs=place.n_jobs)
    results = run_study(plan, where, watcher)
    rows = json.loads(results.read_text(encoding="utf-8"))
    emotions = tuple(name for name in EMOTIONS if name in {clip.emotion for clip in clips})
    return tuple(
        Rung(protocol=name, description=text, problem=problems[name])
        if name in problems
        else _read_rung(name, rows, emotions)
        for name, text in RUNGS.items()
    )


def _choose_clips(clips: Sequence[Clip], options: LadderOptions) -> tuple[Clip, ...]:
    """Return the clips of the emotions that every corpus has, thinned out."""
    by_corpus: dict[str, set[str]] = {}
    for clip in clips:
        by_corpus.setdefault(clip.corpus, set()).add(clip.emotion)
    shared = set.intersection(*by_corpus.values()) - {""} if by_corpus else set()
    if len(shared) < 2:
        raise ProtocolError(
            f"the corpora {', '.join(sorted(by_corpus))} share {len(shared)} emotions; the rungs "
            "need two that every corpus has.",
            hint="Leave a corpus out.",
        )
    chosen = [clip for clip in clips if clip.emotion in shared]
    return tuple(thin_out(chosen, options.sample) if options.sample else chosen)


def _find_problems(clips: Sequence[Clip], options: LadderOptions) -> dict[str, str]:
    """Return protocol -> why it cannot divide these clips."""
    problems = {}
    n_variants = get_policy(options.augmentation).n_variants
    for name in RUNGS:
        try:
            get_protocol(name, **_list_split(name, options)).folds(
                clips, seed=options.seed, n_variants=n_variants
            )
        except ProtocolError as error:
            problems[name] = error.message
    return problems


def _list_split(protocol: str, options: LadderOptions) -> dict[str, Any]:
    known = get_protocol(protocol).options
    return {"n_folds": options.n_folds} if "n_folds" in known else {}


def _make_plan(
    clips: Sequence[Clip], protocols: tuple[str, ...], options: LadderOptions
) -> StudyPlan:
    splits = {name: _list_split(name, options) for name in protocols}
    return StudyPlan(
        study=StudySettings(
            name="ladder",
            title="What each leak is worth",
            corpora=tuple(dict.fromkeys(clip.corpus for clip in clips)),
            protocols=protocols,
            seeds=(options.seed,),
        ),
        experiments=(
            Experiment(
                name=_EXPERIMENT,
                title=f"{options.model}, augmentation {options.augmentation}",
                model=options.model,
                augmentation=options.augmentation,
                features=options.features,
            ),
        ),
        training=options.training,
        splits={name: split for name, split in splits.items() if split},
    )


def _read_rung(protocol: str, rows: Sequence[Mapping[str, Any]], emotions: tuple[str, ...]) -> Rung:
    own = [row for row in rows if row["protocol"] == protocol and row["corpus"] == ALL]
    pooled = next(row for row in own if row["fold"] == ALL)
    return Rung(
        protocol=protocol,
        description=RUNGS[protocol],
        uar=pooled["uar"],
        low=pooled["uar_low"],
        high=pooled["uar_high"],
        uar_clean=pooled["uar_clean"],
        n_train=pooled["n_train"],
        n_test=pooled["n_test"],
        n_speakers=pooled["n_speakers"],
        n_folds=len(own) - 1,
        emotions=emotions,
    )
