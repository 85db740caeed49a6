"""Whether the scaler in an artefact is that of its training rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emovox.augment import get_policy
from emovox.errors import ManifestError
from emovox.features import ExtractionOptions, FeatureStore, get_feature_set
from emovox.files import hash_file
from emovox.models import load_artefact
from emovox.protocols import Finding, get_protocol
from emovox.study.audit.report import AuditOptions
from emovox.study.audit.scaler import Statistics, judge_scaler
from emovox.training import build_rows
from emovox.types import Clip


def check_artefact(
    path: Path, manifest: Path, clips: Sequence[Clip], options: AuditOptions
) -> Finding | None:
    """Compare the population of an artefact with the training rows of each fold it may be of.

    Parameters
    ----------
    path : Path
        The artefact. Its metadata say under which protocol and seed it was trained.
    manifest : Path
        What it was trained on; byte for byte the same.
    clips : sequence of Clip
        Of the manifest.
    options : AuditOptions
        ``augmentation`` of the training, ``n_jobs`` and ``store`` matter here.

    Returns
    -------
    Finding or None
        None if the population is that of the training rows of one of the folds.

    Raises
    ------
    ManifestError
        If the artefact was trained on another manifest.
    """
    metadata = load_artefact(path).metadata
    if metadata.data_sha256 != hash_file(manifest):
        raise ManifestError(
            f"{path} was not trained on {manifest}: the manifest has another SHA-256.",
            hint="Give the manifest that 'emovox train' was given.",
        )
    labelled = [clip for clip in clips if clip.emotion]
    policy = get_policy(options.augmentation)
    protocol = metadata.scores[0].protocol if metadata.scores else "speaker"
    folds = get_protocol(protocol).folds(labelled, seed=metadata.seed, n_variants=policy.n_variants)
    extraction = ExtractionOptions(
        store=FeatureStore(options.store) if options.store else None,
        n_jobs=options.n_jobs,
        kind="frames" if metadata.frontend.kind == "frames" else "statistics",
    )
    feature_set = get_feature_set(metadata.frontend.name)
    table = build_rows(labelled, feature_set, policy, metadata.seed, extraction)
    population = metadata.population
    stored = Statistics(
        np.array(population.mean, dtype=np.float32),
        np.array(population.deviation, dtype=np.float32),
    )
    return judge_scaler(stored, table, folds, path.name)
