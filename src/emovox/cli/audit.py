"""``emovox audit``: what leaks, and what it is worth."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emovox.cli.progress import progress_bar

if TYPE_CHECKING:
    from emovox.study.audit import AuditOptions, AuditReport, Rung

_N_EXAMPLES = 3
_LEAK_EXIT_CODE = 9  # that of ProtocolError
_PATH = click.Path(path_type=Path)


@click.command("audit")
@click.argument("target", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--protocol",
    default="",
    help="How a manifest is divided.  [default: its column 'split', else speaker]",
)
@click.option(
    "--augmentation",
    default="none",
    show_default=True,
    help="Altered copies that are divided with the clips.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--data", type=_PATH, help="Recordings of a study file, as for 'study run'.")
@click.option("--model", type=_PATH, help="Model trained on MANIFEST (.onnx): check its scaler.")
@click.option("--store", type=_PATH, help="Folder of computed features.")
@click.option("--no-sound", is_flag=True, help="Look for copies by their bytes only; quick.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--ladder", is_flag=True, help="Measure what each leak is worth; needs --out.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Of the ladder.")
@click.option("--ladder-model", default="logistic", show_default=True, help="What it trains.")
@click.option("--sample", type=click.IntRange(min=1), help="The ladder takes about N clips only.")
def command(
    target: Path,
    protocol: str,
    augmentation: str,
    seed: int,
    data: Path | None,
    model: Path | None,
    store: Path | None,
    no_sound: bool,
    jobs: int,
    as_json: bool,
    ladder: bool,
    out: Path | None,
    ladder_model: str,
    sample: int | None,
) -> None:
    """Find what makes figures flatter: TARGET is a manifest, a study file, or a run folder.

    Looks for speakers, copies and altered copies in more than one split, recordings that are
    there twice (by content and by sound), sentences heard in training, scalers fitted on test
    rows, and epochs chosen by them. Exit code 0: nothing leaks; 9: something does.
    """
    if ladder:
        if out is None:
            raise click.UsageError("--ladder needs --out DIR, where its runs go.")
        settings = {"model": ladder_model, "seed": seed, "sample": sample or 0}
        if augmentation != "none":
            settings["augmentation"] = augmentation
        _climb(target, settings, out, store, jobs, as_json=as_json)
        return
    from emovox.study.audit import AuditOptions

    report = _audit(
        target,
        AuditOptions(
            protocol=protocol,
            augmentation=augmentation,
            seed=seed,
            by_sound=not no_sound,
            n_jobs=jobs,
            data=data,
            model=model,
            store=store,
            stage=progress_bar,
        ),
    )
    if as_json:
        click.echo(json.dumps(report.to_dict(), indent=1, ensure_ascii=False))
    else:
        _show(report)
    if not report.ok:
        click.get_current_context().exit(_LEAK_EXIT_CODE)


def _audit(target: Path, options: AuditOptions) -> AuditReport:
    from emovox.study import read_study
    from emovox.study.audit import audit_manifest, audit_runs, audit_study

    if target.is_dir():
        return audit_runs(target, options)
    if target.suffix.lower() == ".toml":
        return audit_study(read_study(target), str(target), options)
    return audit_manifest(target, options)


def _show(report: AuditReport) -> None:
    click.echo(f"{report.target}: {report.n_clips:,} clips of {report.n_speakers:,} speakers\n")
    for finding in report.findings:
        place = f" [{finding.where}]" if finding.where else ""
        click.echo(f"{finding.severity.upper():8}{finding.code}{place}")
        click.echo(f"        {finding.message}.")
        for name in finding.names[:_N_EXAMPLES]:
            click.echo(f"          {name}")
        if len(finding.names) > _N_EXAMPLES:
            click.echo(f"          ... and {len(finding.names) - _N_EXAMPLES:,} more (--json)")
        click.echo(f"        -> {finding.advice}\n")
    click.echo(f"looked for: {', '.join(report.checked)}")
    for line in report.not_checked:
        click.echo(f"not looked for: {line}")
    n_warnings = len(report.findings) - len(report.leaks)
    click.echo(f"{len(report.leaks)} leaks, {n_warnings} warnings")


def _climb(
    target: Path,
    settings: dict[str, Any],
    out: Path,
    store: Path | None,
    jobs: int,
    *,
    as_json: bool,
) -> None:
    from emovox.cli.study_view import watch_study
    from emovox.study import StudyOptions
    from emovox.study.audit import LadderOptions, climb_ladder

    place = StudyOptions(root=out, store=store, n_jobs=jobs)
    with watch_study(place) as watcher:
        rungs = climb_ladder(target, LadderOptions(**settings), place, watcher)
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(rung) for rung in rungs], indent=1))
    else:
        _show_ladder(rungs)


def _show_ladder(rungs: Sequence[Rung]) -> None:
    climbed = [rung for rung in rungs if rung.uar is not None]
    emotions = climbed[0].emotions
    click.echo(f"UAR in %; {', '.join(emotions)}; chance is {100 / len(emotions):.1f}\n")
    click.echo(f"{'protocol':17} {'UAR':>5}  {'95 %, by speaker':16}  {'step':>5}  {'train':>7}  "
               f"{'test':>6}  what it lets through")  # fmt: skip
    before: float | None = None
    for rung in rungs:
        if rung.uar is None or rung.uar_clean is None:
            click.echo(f"{rung.protocol:17} {'-':>5}  cannot be climbed: {rung.problem}")
            continue
        interval = ""
        if rung.low is not None and rung.high is not None:
            interval = f"{100 * rung.low:.1f} to {100 * rung.high:.1f}"
        step = "" if before is None else f"{100 * (rung.uar_clean - before):+.1f}"
        click.echo(f"{rung.protocol:17} {100 * rung.uar:5.1f}  {interval:16}  {step:>5}  "
                   f"{rung.n_train:7,}  {rung.n_test:6,}  {rung.description}")  # fmt: skip
        before = rung.uar_clean
    first = climbed[0]
    if first.uar_clean != first.uar and first.uar_clean is not None:
        click.echo(
            f"\nOn the test recordings as published, without altered copies, {first.protocol!r} "
            f"scores {100 * first.uar_clean:.1f}; the next step counts from there."
        )
