"""The stored runs of a study: who was where, by which scaler, chosen by what."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emovox.corpora import read_manifest
from emovox.errors import ConfigError, EmovoxError, ManifestError
from emovox.protocols import SPLIT_NAMES, Finding, Fold
from emovox.study.audit.scaler import judge_scaler, read_scaler
from emovox.study.audit.selection import read_selection
from emovox.study.execute import FOLD_NAME, MANIFEST_NAME, RunPlace, Source, read_rows
from emovox.study.runs import SUMMARY_NAME, RunConfig, make_folds
from emovox.study.scored import Labels
from emovox.study.settings import read_toml
from emovox.types import Clip

_CONFIG_NAME = "config.toml"
_SPLITS = {name: split for split, name in SPLIT_NAMES.items()}


@dataclass(frozen=True, slots=True, eq=False)
class StoredRun:
    """A finished run: its folder, what decided it, and who was where as it wrote it down."""

    folder: Path
    config: RunConfig
    fold: Fold

    @property
    def name(self) -> str:
        """What to call it."""
        return f"{self.folder.name} ({self.config.model}, {self.config.protocol} {self.fold.index})"


@dataclass(frozen=True, slots=True, eq=False)
class StoredRuns:
    """The finished runs of one study, and its clips."""

    root: Path
    clips: tuple[Clip, ...]
    runs: tuple[StoredRun, ...]


def find_runs(folder: Path) -> StoredRuns:
    """Read the finished runs in the folder of a study, or one of them by its own folder.

    Raises
    ------
    ConfigError
        If there is none.
    ManifestError
        If a stored split is not of the clips of the study.
    """
    single = (folder / SUMMARY_NAME).is_file()
    root = folder.absolute().parent.parent if single else folder
    folders = [folder] if single else sorted(p.parent for p in root.glob(f"runs/*/{SUMMARY_NAME}"))
    if not folders or not (root / MANIFEST_NAME).is_file():
        raise ConfigError(
            f"{folder} holds no finished run.",
            hint="Give the folder that 'emovox study run' wrote to with --out, or one below its "
            "runs/.",
        )
    clips = read_manifest(root / MANIFEST_NAME)
    return StoredRuns(root, clips, tuple(_read_run(one, clips) for one in folders))


def _read_run(folder: Path, clips: Sequence[Clip]) -> StoredRun:
    config = RunConfig.from_dict(read_toml(folder / _CONFIG_NAME))
    path = folder / FOLD_NAME
    with path.open(encoding="utf-8", newline="") as stream:
        _, *rows = csv.reader(stream)
    names = [Path(row[0]).name for row in rows]
    if names != [Path(clip.path).name for clip in clips]:
        raise ManifestError(f"{path} is not a split of the clips in {MANIFEST_NAME}.")
    splits = np.array([[_SPLITS[name] for name in row[1:]] for row in rows], dtype=np.int8)
    # Taken as it is, whatever the protocol would have done.
    divided = _recall_divided(config, clips)
    fold = Fold(config.protocol, config.fold, splits, leaky=True, divided=divided)
    return StoredRun(folder, config, fold)


def _recall_divided(config: RunConfig, clips: Sequence[Clip]) -> frozenset[str]:
    """Return the speakers whom the protocol itself divides between train and dev."""
    try:
        folds = make_folds(clips, config.protocol, config.augmentation, config.seed, config.split)
    except EmovoxError:
        return frozenset()
    return next((f.divided for f in folds if f.index == config.fold), frozenset())


def check_runs(found: StoredRuns, store: Path | None) -> tuple[list[Finding], tuple[str, ...]]:
    """Check scalers and selection of runs.

    Parameters
    ----------
    found : StoredRuns
        From `find_runs`.
    store : Path or None
        Folder of computed features; None: ``store`` in the folder of the study.

    Returns
    -------
    list of Finding
    tuple of str
        What could not be checked, and why.
    """
    labels = Labels.of(found.clips)
    by_code: dict[str, list[str]] = defaultdict(list)
    findings: list[Finding] = []
    unknown: dict[str, list[str]] = defaultdict(list)
    place = RunPlace(found.root, store or found.root / "store")
    # Runs that read the same rows follow each other: the rows are read once.
    for run in sorted(found.runs, key=lambda run: (str(Source.of(run.config)), run.folder)):
        selection = read_selection(run.folder, run.fold, labels)
        if selection.code:
            by_code[selection.code].append(run.name)
        if selection.watched == "unknown":
            unknown["selection: the figures by epoch are neither those of dev nor of test"].append(
                run.name
            )
        finding = _check_scaler(run, place, unknown)
        findings += [finding] if finding else []
    findings += [Finding.of(code, names) for code, names in by_code.items()]
    return findings, _describe_unknown(unknown)


def _check_scaler(run: StoredRun, place: RunPlace, unknown: dict[str, list[str]]) -> Finding | None:
    stored = read_scaler(run.folder)
    if stored is None:
        unknown["scaler: the run stored none (it is older than this check)"].append(run.name)
        return None
    try:
        _, table = read_rows(place, Source.of(run.config))
    except EmovoxError as error:
        unknown[f"scaler: features cannot be had again ({error.message})"].append(run.name)
        return None
    return judge_scaler(stored, table, [run.fold], run.name)


def _describe_unknown(unknown: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(
        f"{what}; {len(names)} run{'s' if len(names) > 1 else ''}, such as {names[0]}"
        for what, names in unknown.items()
    )
