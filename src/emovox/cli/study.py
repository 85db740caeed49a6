"""``emovox study``: run a study, and write its report again."""

from __future__ import annotations

from pathlib import Path

import click

_ROOT = click.Path(file_okay=False, path_type=Path)


@click.group(short_help="Run and report a study.")
def command() -> None:
    """Compare ideas on the same recordings, under protocols that can be believed."""


@command.command("run")
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    help="Recordings: a folder with a folder for each corpus, or a manifest. "
    "Not needed where the study uses synthetic voices alone.",
)
@click.option("--out", required=True, type=_ROOT, help="Folder for everything that is written.")
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a value of the study file, such as training.epochs=10. Repeatable.",
)
@click.option("--fast", is_flag=True, help="A small version in minutes; results carry the mark.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    help="Runs side by side, one thread each.  [default: number of processors]",
)
@click.option("--store", type=_ROOT, help="Folder of computed features, to share between studies.")
def run_command(
    study: Path,
    data: Path | None,
    out: Path,
    overrides: tuple[str, ...],
    fast: bool,
    jobs: int | None,
    store: Path | None,
) -> None:
    """Run the study in the file STUDY, or what is left of it.

    It may be stopped at any time, in any way: the same command goes on where it was, and what is
    finished is never done again.
    """
    from emovox.cli.study_view import watch_study
    from emovox.study import StudyOptions, read_study, run_study

    if fast:
        overrides += ("study.fast=true",)
    plan = read_study(study, overrides=overrides)
    options = StudyOptions(root=out, data=data, store=store, n_jobs=jobs or 0)
    with watch_study(options) as watcher:
        results = run_study(plan, options, watcher)
    _print_places(results)


@command.command("report")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report_command(folder: Path) -> None:
    """Compute figures and report of the study in FOLDER again, from its stored predictions."""
    from emovox.study import report_study

    _print_places(report_study(folder))


def _print_places(results: Path) -> None:
    click.echo(f"report   {results.with_name('report.md')}", err=True)
    click.echo(f"figures  {results.with_name('figures')}", err=True)
    click.echo(results)
