"""What is audited: a manifest, a study file, or what a study has run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from emovox.augment import get_policy
from emovox.protocols import (
    Copies,
    Finding,
    Fold,
    get_protocol,
    has_split,
    inspect_folds,
    read_split,
    report_copies,
    sort_findings,
)
from emovox.study.audit.model import check_artefact
from emovox.study.audit.report import AuditOptions, AuditReport
from emovox.study.audit.runs import check_runs, find_runs
from emovox.study.audit.selection import plan_selection
from emovox.study.audit.sentences import count_share, inspect_sentences
from emovox.study.data import gather_clips
from emovox.study.plan import StudyPlan
from emovox.study.tables import read_clips
from emovox.types import Clip


def audit_manifest(path: Path, options: AuditOptions) -> AuditReport:
    """Audit the clips of a manifest under one protocol, and an artefact trained on them.

    Parameters
    ----------
    path : Path
        CSV or Parquet.
    options : AuditOptions
        ``protocol``, ``augmentation``, ``seed``, ``by_sound``, ``model`` matter here.

    Returns
    -------
    AuditReport

    Raises
    ------
    ManifestError
        If it cannot be read.
    ProtocolError
        If the protocol cannot divide the clips.
    """
    clips = read_clips(path)
    folds = _make_folds(clips, options)
    findings = _inspect(clips, [folds], options.find_copies(clips))
    checked, not_checked = list_checks(clips, options)
    if options.model is not None:
        with options.stage("comparing the model's scaler"):
            finding = check_artefact(options.model, path, clips, options)
        findings += [finding] if finding else []
        checked += ("scaler of the model",)
    return _report(str(path), clips, findings, checked, not_checked)


def audit_study(plan: StudyPlan, name: str, options: AuditOptions) -> AuditReport:
    """Audit what a study file would do: all its protocols, with its augmentations and seeds.

    Parameters
    ----------
    plan : StudyPlan
        The study.
    name : str
        What to call it.
    options : AuditOptions
        ``data``, ``by_sound`` matter here.

    Returns
    -------
    AuditReport

    Raises
    ------
    CorpusError
        If recordings are missing.
    ProtocolError
        If a protocol cannot divide the clips.
    """
    with tempfile.TemporaryDirectory() as scratch:
        clips, _ = gather_clips(plan, options.data, Path(scratch), options.stage)
        variants = sorted({get_policy(e.augmentation).n_variants for e in plan.experiments})
        groups = [
            [
                fold
                for n_variants in variants
                for seed in plan.study.seeds
                for fold in get_protocol(protocol, **plan.splits.get(protocol, {})).folds(
                    clips, seed=seed, n_variants=n_variants
                )
            ]
            for protocol in plan.protocols_used
        ]
        findings = _inspect(clips, groups, options.find_copies(clips))
    for folds in groups:
        watched = [f"{f.protocol} {f.index}" for f in folds if plan_selection(f)]
        if watched:
            findings.append(Finding.of("test-watched", watched, folds[0].protocol))
    checked, not_checked = list_checks(clips, options)
    return _report(name, clips, findings, (*checked, "selection"), not_checked)


def audit_runs(folder: Path, options: AuditOptions) -> AuditReport:
    """Audit what was run: the stored splits, scalers, curves and predictions.

    Parameters
    ----------
    folder : Path
        Of a study that ran, or of one of its runs.
    options : AuditOptions
        ``by_sound``, ``store`` matter here.

    Returns
    -------
    AuditReport

    Raises
    ------
    ConfigError
        If the folder holds no finished run.
    """
    found = find_runs(folder)
    with options.stage("reading runs"):
        findings, not_checked = check_runs(found, options.store)
    groups: dict[str, dict[bytes, Fold]] = {}
    for run in found.runs:
        known = groups.setdefault(run.fold.protocol, {})
        known[run.fold.splits.tobytes()] = run.fold
    folds = [list(group.values()) for group in groups.values()]
    findings += _inspect(found.clips, folds, options.find_copies(found.clips))
    checked, unknown = list_checks(found.clips, options)
    checked += ("scalers", "selection")
    return _report(str(folder), found.clips, findings, checked, (*unknown, *not_checked))


def _make_folds(clips: Sequence[Clip], options: AuditOptions) -> tuple[Fold, ...]:
    n_variants = get_policy(options.augmentation).n_variants
    name = options.protocol or ("given" if has_split(clips) else "speaker")
    if name == "given":
        # As it is: the protocol itself would refuse a leak before all of it is told.
        return (Fold.from_clips(name, read_split(clips), n_variants=n_variants),)
    return get_protocol(name).folds(clips, seed=options.seed, n_variants=n_variants)


def _inspect(
    clips: Sequence[Clip], groups: Iterable[Sequence[Fold]], copies: Copies
) -> list[Finding]:
    findings = report_copies(copies, clips)
    for folds in groups:
        findings += inspect_folds(folds, clips, copies)
        findings += inspect_sentences(folds, clips)
    return findings


def list_checks(
    clips: Sequence[Clip], options: AuditOptions
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what was looked for in clips, and what could not be."""
    checked = ["speakers", "copies by content"]
    unknown = []
    if options.by_sound:
        checked.append("copies by sound")
    else:
        unknown.append("copies by sound: not asked for")
    share = count_share(clips)
    if share:
        checked.append("sentences")
    if share < 1:
        unknown.append(f"sentences: unknown of {1 - share:.0%} of the clips")
    return tuple(checked), tuple(unknown)


def _report(
    target: str,
    clips: Sequence[Clip],
    findings: Sequence[Finding],
    checked: Sequence[str],
    not_checked: Sequence[str],
) -> AuditReport:
    speakers = {clip.speaker_id for clip in clips} - {""}
    return AuditReport(
        target,
        len(clips),
        len(speakers),
        sort_findings(findings),
        tuple(checked),
        tuple(not_checked),
    )
