"""From a manifest to an artefact: features, training on a fold, test, calibration, export."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np

from emovox.augment import get_policy
from emovox.corpora import get_corpus, list_corpora, read_manifest
from emovox.emotions import EMOTIONS
from emovox.errors import ParameterError
from emovox.features import ExtractionOptions, get_feature_set
from emovox.files import hash_file
from emovox.metrics import compute_accuracy, compute_uar
from emovox.models import (
    ArtefactMetadata,
    Calibration,
    Frontend,
    Population,
    Score,
    TrainingCorpus,
    load_artefact,
)
from emovox.protocols import DEV, TEST, TRAIN, Fold, get_protocol
from emovox.training.calibration import fit_temperature
from emovox.training.checkpoints import CHECKPOINT_NAME
from emovox.training.dataset import build_rows
from emovox.training.export import export_artefact
from emovox.training.history import EpochRecord, History, RunContext
from emovox.training.logs import LogPlan, open_logs, validate_logs
from emovox.training.model import Model
from emovox.training.options import TrainingOptions
from emovox.training.registry import MODELS, create_model, get_model_spec
from emovox.training.rows import Rows
from emovox.types import Clip, FloatArray, Progress

FEATURES = {"statistics": "notebook-16k", "frames": "frames"}
"""Kind of input -> the feature set that an artefact can compute itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to train, on what, and how it is tested.

    Attributes
    ----------
    model : str
        Of ``list_models()``; one that can be exported.
    training : TrainingOptions
        How; its seed decides the folds and the altered copies too.
    augmentation : str, default="none"
        Policy for the training clips.
    protocol : str, default="speaker"
        Who trains, who selects, who tests.
    fold : int, default=1
        Of the protocol, from 1.
    """

    model: str
    training: TrainingOptions
    augmentation: str = "none"
    protocol: str = "speaker"
    fold: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where a job works, and whom it tells how far it is.

    Attributes
    ----------
    folder : Path
        Of the run: checkpoint and figures by epoch.
    extraction : ExtractionOptions
        Feature store and number of processes.
    on_features : callable or None
        Called with (done, total) while features are computed.
    on_epoch : callable or None
        Called with each ``EpochRecord``.
    logs : tuple of str
        Where the curves go besides, out of ``LOGS``.
    """

    folder: Path
    extraction: ExtractionOptions = field(default_factory=ExtractionOptions)
    on_features: Progress | None = None
    on_epoch: Callable[[EpochRecord], None] | None = None
    logs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """What came of a job.

    Attributes
    ----------
    metadata : ArtefactMetadata
        As the artefact carries it; ``scores`` are those of the test clips.
    history : History
        Of the training.
    failures : tuple of str
        Messages about clips that could not be used.
    """

    metadata: ArtefactMetadata
    history: History
    failures: tuple[str, ...]


def train_artefact(manifest: Path, out: Path, job: Job, place: Workplace) -> JobResult:
    """Train a model on the clips of a manifest and write it as one ONNX file.

    Called again after an interruption, with the same arguments, it goes on after the last
    whole epoch.

    Parameters
    ----------
    manifest : Path
        Labelled clips.
    out : Path
        The artefact.
    job : Job
        What to do.
    place : Workplace
        Where to do it.

    Returns
    -------
    JobResult

    Raises
    ------
    ParameterError
        If the model cannot be exported, or the protocol has no such fold.
    ManifestError, ProtocolError, ConfigError
        If the manifest, the split or an older checkpoint does not fit.
    MissingExtraError
        If a log needs an extra that is not installed.
    """
    validate_logs(place.logs)
    spec = get_model_spec(job.model)
    if not spec.exportable:
        able = ", ".join(name for name, other in MODELS.items() if other.exportable)
        raise ParameterError(f"{job.model!r} cannot be exported.", hint=f"These can: {able}.")
    clips = tuple(clip for clip in read_manifest(manifest) if clip.emotion)
    policy = get_policy(job.augmentation)
    fold = _find_fold(clips, job, policy.n_variants)
    feature_set = get_feature_set(FEATURES[spec.input])
    extraction = dataclasses.replace(place.extraction, kind=spec.input)
    table = build_rows(
        clips, feature_set, policy, job.training.seed, extraction, progress=place.on_features
    )
    train, dev, test = (table.take(*fold.rows(split)) for split in (TRAIN, DEV, TEST))
    model = create_model(job.model, job.training)
    settings = {**dataclasses.asdict(job), "data": hash_file(manifest)}
    with open_logs(_plan_logs(job, place), place.folder, settings) as logs:
        run = RunContext(folder=place.folder, on_epoch=place.on_epoch, logs=logs)
        # Test rows decide nothing: without dev rows the last epoch counts, uncalibrated.
        history = model.fit(train, dev if len(dev) else None, select=len(dev) > 0, run=run)
    metadata = ArtefactMetadata(
        name=f"{job.model}.{'-'.join(sorted({clip.corpus or 'own' for clip in clips}))}",
        frontend=Frontend(name=feature_set.name, kind=spec.input, key=feature_set.key),
        population=Population(
            mean=tuple(model.scaler_.mean.tolist()),
            deviation=tuple(model.scaler_.deviation.tolist()),
        ),
        emotions=tuple(np.array(EMOTIONS)[model.present_].tolist()),
        corpora=describe_corpora([clips[i] for i in np.unique(train.clip_index)]),
        data_sha256=hash_file(manifest),
        seed=job.training.seed,
        code_version=version("emovox"),
        scores=_score(job, model, test, clips),
        calibration=Calibration(fit_temperature(_predict(model, dev), dev.labels)),
    )
    export_artefact(out, model.to_network(), metadata)
    # The same command shall train again from now on, not find itself finished.
    (place.folder / CHECKPOINT_NAME).unlink(missing_ok=True)
    failures = tuple(f"{clips[clip].path}: {error}" for (clip, _), error in table.errors.items())
    # Read back: it carries its seal now, and whatever is wrong with the file is found here.
    return JobResult(metadata=load_artefact(out).metadata, history=history, failures=failures)


def _plan_logs(job: Job, place: Workplace) -> LogPlan:
    title = f"{job.model}, {job.protocol} {job.fold}, seed {job.training.seed}"
    return LogPlan(names=place.logs, title=title)


def _find_fold(clips: Sequence[Clip], job: Job, n_variants: int) -> Fold:
    folds = get_protocol(job.protocol).folds(clips, seed=job.training.seed, n_variants=n_variants)
    for fold in folds:
        if fold.index == job.fold:
            return fold
    known = ", ".join(str(fold.index) for fold in folds)
    raise ParameterError(
        f"the protocol {job.protocol!r} has no fold {job.fold}.", hint=f"Known: {known}."
    )


def describe_corpora(clips: Sequence[Clip]) -> tuple[TrainingCorpus, ...]:
    """Return what a model was trained on, corpus by corpus."""
    described = []
    for name in sorted({clip.corpus for clip in clips}):
        own = [clip for clip in clips if clip.corpus == name]
        licence = get_corpus(name).INFO.licence if name in list_corpora() else "not stated"
        described.append(
            TrainingCorpus(
                name=name or "own",
                licence=licence,
                n_clips=len(own),
                n_speakers=len({clip.speaker_id for clip in own} - {""}),
            )
        )
    return tuple(described)


def _predict(model: Model, rows: Rows) -> FloatArray:
    return model.predict_probabilities(rows.values, rows.lengths)


def _score(job: Job, model: Model, test: Rows, clips: Sequence[Clip]) -> tuple[Score, ...]:
    """Return the figures of each corpus, on its own test rows."""
    prediction = _predict(model, test).argmax(axis=1)
    corpora = np.array([clips[i].corpus for i in test.clip_index])
    scores = []
    for corpus in sorted(set(corpora.tolist())):
        there = corpora == corpus
        truth, predicted = test.labels[there], prediction[there]
        for metric, compute in (("uar", compute_uar), ("accuracy", compute_accuracy)):
            scores.append(
                Score(
                    metric=metric,
                    value=float(compute(truth, predicted)),
                    protocol=job.protocol,
                    corpus=corpus or "own",
                    n_folds=1,
                    n_speakers=len({clips[i].speaker_id for i in test.clip_index[there]}),
                    n_clips=int(there.sum()),
                )
            )
    return tuple(scores)
