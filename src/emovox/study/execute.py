"""One run: rows, training, predictions, each kept in the run folder.

Called again after an interruption it goes on: features come from the store, the training from
its checkpoint. ``summary.json`` is written last and says that the run is finished.
"""

from __future__ import annotations

import csv
import dataclasses
import functools
import json
import logging
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from emovox.augment import get_policy
from emovox.corpora import read_manifest
from emovox.emotions import EMOTIONS
from emovox.features import ExtractionOptions, FeatureStore, get_feature_set
from emovox.files import replacing, write_text
from emovox.protocols import DEV, SPLIT_NAMES, TEST, TRAIN, Fold
from emovox.study.normalize import SPEAKER, normalize_rows
from emovox.study.runs import SUMMARY_NAME, RunConfig, find_fold, get_run_folder, has_dev
from emovox.study.settings import format_toml
from emovox.study.tables import write_table
from emovox.training import (
    EpochRecord,
    History,
    LogPlan,
    Model,
    RowTable,
    RunContext,
    build_rows,
    create_model,
    get_model_spec,
    open_logs,
)
from emovox.types import Clip, Progress

MANIFEST_NAME = "manifest.csv"
"""The clips of a study, in the folder of the study."""

OnEpoch = Callable[[EpochRecord, int], None]
"""Called with the record of an epoch and the number of epochs there will be at most."""

PREDICTIONS_NAME = "predictions.parquet"
"""A row a test row."""
FOLD_NAME = "folds.csv"
"""Who was where: a row a clip, a column for the clean recording and each altered copy."""
SCALER_NAME = "scaler.json"
"""Mean and deviation of every feature, as the model had them; 'emovox audit' checks them."""
SEEN_NAME = "predictions_seen.parquet"
"""A row a training or dev row, by the finished model: what ``train_uar`` is computed from."""

_ENVIRONMENT_PACKAGES = ("emovox", "numpy", "torch", "scikit-learn", "soundfile", "soxr", "pyarrow")


@dataclass(frozen=True, slots=True)
class RunPlace:
    """Where runs find and leave things.

    Attributes
    ----------
    root : Path
        Folder of the study, which holds ``manifest.csv`` and ``runs/``.
    store : Path
        Folder of the feature store.
    """

    root: Path
    store: Path


@dataclass(frozen=True, slots=True)
class Source:
    """What decides the rows of a study, besides its clips.

    Attributes
    ----------
    features, augmentation : str
        Names in their registries.
    kind : str
        ``statistics`` or ``frames``.
    seed : int
        Of the augmentation.
    """

    features: str
    augmentation: str
    kind: Literal["statistics", "frames"]
    seed: int

    @classmethod
    def of(cls, config: RunConfig) -> Source:
        """Return what a run reads."""
        kind = get_model_spec(config.model).input
        return cls(config.features, config.augmentation, kind, config.seed)


def execute_run(
    config: RunConfig, place: RunPlace, on_epoch: OnEpoch, logs: LogPlan
) -> dict[str, Any]:
    """Perform one run, or what is left of it.

    Parameters
    ----------
    config : RunConfig
        What to do.
    place : RunPlace
        Where.
    on_epoch : callable
        Told of each epoch.
    logs : LogPlan
        Where the curves go besides the run folder.

    Returns
    -------
    dict
        What ``summary.json`` holds; see `describe_training`.

    Raises
    ------
    EmovoxError
        Whatever the rooms below raise.
    """
    folder = get_run_folder(place.root, config)
    folder.mkdir(parents=True, exist_ok=True)
    with _logging_to(folder / "run.log") as log:
        log.info("run %s starts", config.id)
        write_text(folder / "config.toml", format_toml(config.to_dict()))
        write_text(folder / "environment.json", json.dumps(describe_environment(), indent=2))
        clips, table = read_rows(place, Source.of(config))
        if config.normalize == SPEAKER:
            table = normalize_rows(table, clips)
        fold = find_fold(clips, config)
        _write_fold(folder / FOLD_NAME, clips, fold)
        model = create_model(config.model, config.training)
        # Without dev rows nothing may be selected: the test rows are watched, as the notebook
        # did, and the last epoch counts.
        honest = has_dev(fold)
        watch = table.take(*fold.rows(DEV if honest else TEST))
        train = table.take(*fold.rows(TRAIN))
        with open_logs(logs, folder, config.to_dict()) as opened:
            context = RunContext(
                folder=folder,
                on_epoch=lambda record: on_epoch(record, config.training.epochs),
                logs=opened,
            )
            history = model.fit(train, watch, select=honest, run=context)
        log.info("trained: %d epochs, %d taken up", len(history.records), history.resumed_at)
        _write_scaler(folder / SCALER_NAME, model)
        for name, splits in ((PREDICTIONS_NAME, (TEST,)), (SEEN_NAME, (TRAIN, DEV))):
            write_table(folder / name, predict_rows(model, table, fold, splits, clips))
        summary = describe_training(model, history, n_train=len(train))
        write_text(folder / SUMMARY_NAME, json.dumps(summary, indent=2))
        log.info("run %s is finished", config.id)
    return summary


def extract_rows(
    clips: Sequence[Clip],
    source: Source,
    options: ExtractionOptions,
    progress: Progress | None = None,
) -> RowTable:
    """Return the rows of clips, computed or from the store; ``options.kind`` is the source's."""
    return build_rows(
        clips,
        get_feature_set(source.features),
        get_policy(source.augmentation),
        seed=source.seed,
        options=dataclasses.replace(options, kind=source.kind),
        progress=progress,
    )


@functools.lru_cache(maxsize=2)
def read_rows(place: RunPlace, source: Source) -> tuple[tuple[Clip, ...], RowTable]:
    """Return the clips of a study and their rows; the last answers are kept for the next run."""
    clips = read_manifest(place.root / MANIFEST_NAME)
    table = extract_rows(clips, source, ExtractionOptions(store=FeatureStore(place.store)))
    # What could not be read is not in the manifest; this happens only if a file went away since.
    for error in table.errors.values():
        raise error
    return clips, table


def _write_fold(path: Path, clips: Sequence[Clip], fold: Fold) -> None:
    """Write who is where: a row a clip, a column for the clean recording and each variant."""
    names = ("clean", *(f"variant_{i}" for i in range(1, fold.n_variants + 1)))
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("path", *names))
        for clip, splits in zip(clips, fold.splits.tolist(), strict=True):
            writer.writerow((clip.path, *(SPLIT_NAMES[split] for split in splits)))


def _write_scaler(path: Path, model: Model) -> None:
    scaler = model.scaler_
    values = {"mean": scaler.mean.tolist(), "deviation": scaler.deviation.tolist()}
    write_text(path, json.dumps(values) + "\n")


def predict_rows(
    model: Model, table: RowTable, fold: Fold, splits: Sequence[int], clips: Sequence[Clip]
) -> dict[str, list[Any]]:
    """Return predictions as columns: which row, what is said of it; never what is true of it."""
    columns: dict[str, list[Any]] = {
        name: [] for name in ("clip", "variant", "split", "path", "emotion", "confidence")
    } | {f"p_{emotion}": [] for emotion in EMOTIONS}
    for split in splits:
        rows = table.take(*fold.rows(split))
        probabilities = model.predict_probabilities(rows.values, rows.lengths)
        columns["clip"] += rows.clip_index.tolist()
        columns["variant"] += rows.variant.tolist()
        columns["split"] += [SPLIT_NAMES[split]] * len(rows)
        columns["path"] += [clips[i].path for i in rows.clip_index]
        columns["emotion"] += [EMOTIONS[i] for i in probabilities.argmax(axis=1)]
        columns["confidence"] += probabilities.max(axis=1).tolist()
        for emotion, column in zip(EMOTIONS, probabilities.T, strict=True):
            columns[f"p_{emotion}"] += column.tolist()
    return columns


def describe_environment() -> dict[str, str]:
    """Return versions of what figures may depend on."""
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    for package in _ENVIRONMENT_PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = ""
    return versions


def describe_training(model: Model, history: History, *, n_train: int) -> dict[str, Any]:
    """Return what a finished training took, as plain values."""
    is_network = model.spec.kind == "network"
    return {
        "n_train": n_train,
        "epochs": len(history.records) if is_network else 0,
        "selected_epoch": history.selected_epoch if is_network else 0,
        "stopped_early": history.stopped_early,
        "seconds": round(history.seconds, 3),
        "device": history.device,
        "precision": history.precision,
        "n_threads": history.n_threads,
        "n_parameters": _count_parameters(model) if is_network else 0,
        "resumed_at": history.resumed_at,
    }


def _count_parameters(model: Model) -> int:
    return sum(parameter.numel() for parameter in model.to_network().parameters())


@contextmanager
def _logging_to(path: Path) -> Iterator[logging.Logger]:
    """Give a logger that appends to a file."""
    log = logging.getLogger(f"emovox.study.{path.parent.name}")
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    try:
        yield log
    except Exception:
        log.exception("the run failed")
        raise
    finally:
        log.removeHandler(handler)
        handler.close()
