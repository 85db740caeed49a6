"""Results, tables, figures and reports of a study, from stored predictions and curves."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

from emovox.files import write_text
from emovox.protocols import get_protocol
from emovox.study.comparison import compare_experiments, compare_with_first
from emovox.study.curves import read_curves
from emovox.study.evaluate import ALL, Evaluation, evaluate_runs
from emovox.study.evidence import read_evidence
from emovox.study.export import write_results, write_tables
from emovox.study.mistakes import find_mistakes
from emovox.study.plan import StudyPlan
from emovox.study.runs import Run
from emovox.study.standings import rank_standings
from emovox.study.story import Story
from emovox.study.summary import format_report
from emovox.types import Clip

RESULTS_NAME = "results.json"
REPORT_NAME = "report.md"
PAGE_NAME = "report.html"
FIGURES_NAME = "figures"
TABLES_NAME = "tables"


def write_report(
    plan: StudyPlan, clips: Sequence[Clip], runs: Sequence[Run], root: Path, *, links: bool = True
) -> Path:
    """Write results, tables, figures and reports of all runs finished so far.

    ``results.json`` and ``results.parquet`` have all figures, ``tables/`` the main ones as LaTeX
    and Markdown, ``report.html`` is one page that needs nothing else, ``report.md`` shows the
    pictures in ``figures/``.

    Parameters
    ----------
    plan : StudyPlan
        What was compared.
    clips : sequence of Clip
        The manifest of the study.
    runs : sequence of Run
        All of the study; those not finished are passed over, and counted in the report.
    root : Path
        Folder of the study.
    links : bool, default=True
        Whether the page links to recordings, so that mistakes can be heard. A page that leaves
        this computer should have none.

    Returns
    -------
    Path
        ``results.json``.

    Raises
    ------
    MissingExtraError
        If matplotlib or Jinja is not installed.
    """
    # Before any work: it may not be installed.
    from emovox.study.page import format_page  # noqa: PLC0415

    finished = [run for run in runs if run.is_finished(root)]
    evaluation = evaluate_runs(finished, clips, root)
    story = _tell(plan, clips, finished, evaluation, root)
    story = dataclasses.replace(story, n_runs=len(runs), n_finished=len(finished))
    results = root / RESULTS_NAME
    write_results(results, evaluation.rows)
    if finished:
        write_tables(story, root / TABLES_NAME)
        _draw_figures(story, evaluation, root / FIGURES_NAME)
    write_text(root / REPORT_NAME, format_report(story))
    write_text(root / PAGE_NAME, format_page(story, root, links=links))
    return results


def _tell(
    plan: StudyPlan,
    clips: Sequence[Clip],
    finished: Sequence[Run],
    evaluation: Evaluation,
    root: Path,
) -> Story:
    """Put together all that reports are written from."""
    names = [experiment.name for experiment in plan.experiments]
    evidence = read_evidence(plan, root)
    curves = {name: read_curves(name, finished, root) for name in names}
    story = Story(
        plan=plan,
        clips=clips,
        rows=evaluation.rows,
        curves={name: found for name, found in curves.items() if found},
        n_runs=len(finished),
        n_finished=len(finished),
        standings=rank_standings(evaluation),
        environments=_read_environments(finished, root),
        evidence=evidence,
    )
    best = story.best
    honest = story.honest
    remedies = plan.report.remedies
    return dataclasses.replace(
        story,
        pairs=compare_experiments(evaluation.tests, story.core, honest) if honest else (),
        helped=compare_with_first(evaluation.tests, remedies, honest) if honest else (),
        mistakes=(
            find_mistakes(evaluation.tests, clips, (best.experiment, best.protocol)) if best else ()
        ),
    )


def _read_environments(runs: Sequence[Run], root: Path) -> tuple[dict[str, str], ...]:
    """Return the different environments that runs were made in."""
    different: dict[str, dict[str, str]] = {}
    for run in runs:
        path = run.get_folder(root) / "environment.json"
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            different.setdefault(text, json.loads(text))
    return tuple(different.values())


def _draw_figures(story: Story, evaluation: Evaluation, folder: Path) -> None:
    # Matplotlib takes a second to import: only where something is drawn.
    from emovox.study import plots  # noqa: PLC0415
    from emovox.study.plot_style import save_figure  # noqa: PLC0415

    leaky = [name for name in story.plan.protocols_used if get_protocol(name).leaky]
    for name, curves in story.shown_curves.items():
        figure = plots.draw_learning_curves(story.get_title(name), curves, leaky)
        save_figure(figure, folder / f"learning-{name}")
    for idea in story.core:
        panels = {
            _describe_panel(protocol, story): counts
            for (name, protocol), counts in evaluation.confusions.items()
            if name == idea
        }
        if panels:
            figure = plots.draw_confusions(story.get_title(idea), panels)
            save_figure(figure, folder / f"confusion-{idea}")
    seed = story.plan.study.seeds[0]
    pooled = [
        row
        for row in evaluation.rows
        if row["fold"] == ALL and row["seed"] == seed and row["experiment"] in story.core
    ]
    titles = {name: story.get_title(name) for name in story.core}
    figure = plots.draw_comparison(pooled, titles, _compute_chance(story.clips))
    save_figure(figure, folder / "comparison")


def _compute_chance(clips: Sequence[Clip]) -> dict[str, float]:
    """Return the UAR of guessing: one over the number of emotions of a corpus."""
    emotions: dict[str, set[str]] = {ALL: {clip.emotion for clip in clips}}
    for clip in clips:
        emotions.setdefault(clip.corpus, set()).add(clip.emotion)
    return {corpus: 1 / len(names) for corpus, names in emotions.items()}


def _describe_panel(protocol: str, story: Story) -> str:
    folds = {row["fold"] for row in story.rows if row["protocol"] == protocol} - {ALL}
    return (
        f"{protocol}: {len(folds)} fold{'s' if len(folds) > 1 else ''}; % of each row, counts below"
    )
