"""``emovox study``: plan, run, resume, report and compare."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path

import click

_ROOT = click.Path(file_okay=False, path_type=Path)


@click.group(short_help="Plan, run, resume, report and compare studies.")
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
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Choice(["tensorboard", "mlflow"]),
    help="Keep the curves of all runs for TensorBoard (files in the run folders) or MLflow (where "
    "MLFLOW_TRACKING_URI says) too. Can be repeated.",
)
def run_command(
    study: Path,
    data: Path | None,
    out: Path,
    overrides: tuple[str, ...],
    fast: bool,
    jobs: int | None,
    store: Path | None,
    logs: tuple[str, ...],
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
    options = StudyOptions(root=out, data=data, store=store, n_jobs=jobs or 0, logs=logs)
    with watch_study(options) as watcher:
        results = run_study(plan, options, watcher)
    _print_places(results)


@command.command("plan")
@click.argument("study", type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(exists=True, path_type=Path),
    help="Recordings, as for 'run'.",
)
@click.option("--out", type=_ROOT, help="Folder of the study: what is finished there is counted.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="As for 'run'.")
@click.option("--fast", is_flag=True, help="The small version.")
@click.option("--jobs", type=click.IntRange(min=1), help="Runs side by side.")
@click.option("--store", type=_ROOT, help="Folder of computed features, as for 'run'.")
def plan_command(
    study: Path,
    data: Path | None,
    out: Path | None,
    overrides: tuple[str, ...],
    fast: bool,
    jobs: int | None,
    store: Path | None,
) -> None:
    """Say what the study in the file STUDY would run, and how long that takes.

    Times come from the runs finished in OUT; before there are any, from another computer, and
    only roughly.
    """
    from emovox.cli.study_view import StudyView, format_whole_plan
    from emovox.study import StudyOptions, plan_study, read_study

    if fast:
        overrides += ("study.fast=true",)
    plan = read_study(study, overrides=overrides)
    with tempfile.TemporaryDirectory() if out is None else nullcontext(out) as folder:
        options = StudyOptions(root=Path(folder), data=data, store=store, n_jobs=jobs or 0)
        runs, pending = plan_study(plan, options, StudyView(options, None))
        for line in format_whole_plan(runs, pending, options):
            click.echo(line)


@command.command("resume")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--jobs", type=click.IntRange(min=1), help="Runs side by side, one thread each.")
def resume_command(folder: Path, jobs: int | None) -> None:
    """Go on with the study in FOLDER, wherever it was stopped.

    The folder knows the study and where the recordings are. What is finished is never done again.
    """
    from emovox.cli.study_view import watch_study
    from emovox.study import read_call, run_study

    plan, options = read_call(folder, jobs or 0)
    with watch_study(options) as watcher:
        results = run_study(plan, options, watcher)
    _print_places(results)


@command.command("report")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--links/--no-links",
    default=True,
    help="Link the surest mistakes to their recordings, to be heard. A report that leaves this "
    "computer should have none.  [default: links]",
)
def report_command(folder: Path, links: bool) -> None:
    """Compute figures and report of the study in FOLDER again, from its stored predictions."""
    from emovox.study import report_study

    _print_places(report_study(folder, links=links))


@command.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", required=False)
@click.option("--protocol", metavar="NAME", help="Default: the first with unheard test speakers.")
@click.option(
    "--metric",
    type=click.Choice(["uar", "accuracy", "macro_f1"]),
    default="uar",
    show_default=True,
    help="What is compared.",
)
def compare_command(first: str, second: str | None, protocol: str | None, metric: str) -> None:
    """Compare A with B on the clips that both were tested on.

    Each is the folder of a study, FOLDER:EXPERIMENT, or the folder of one run; B may be just
    another experiment of the study of A. Two studies are compared experiment by experiment of the
    same name. Without B all experiments of A are compared.

    Prints the difference with its 95 % interval, speakers resampled, and p-values corrected over
    all that is printed.
    """
    from emovox.metrics import ResamplingOptions
    from emovox.study import compare_places, format_pairs

    options = ResamplingOptions(metric=metric)
    pairs = compare_places(first, second, protocol=protocol, options=options)
    click.echo(format_pairs(pairs), nl=False)


def _print_places(results: Path) -> None:
    click.echo(f"page     {results.with_name('report.html')}", err=True)
    click.echo(f"report   {results.with_name('report.md')}", err=True)
    click.echo(f"tables   {results.with_name('tables')}", err=True)
    click.echo(f"figures  {results.with_name('figures')}", err=True)
    click.echo(results)
