"""Results, figures and a report in Markdown, from stored predictions and curves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from emovox.files import write_text
from emovox.protocols import get_protocol
from emovox.study.evaluate import ALL, Evaluation, evaluate_runs
from emovox.study.plan import StudyPlan
from emovox.study.runs import Run
from emovox.study.summary import Curves, Story, format_report
from emovox.training import EpochRecord
from emovox.training.history import METRICS_NAME
from emovox.types import Clip

RESULTS_NAME = "results.json"
REPORT_NAME = "report.md"
FIGURES_NAME = "figures"


def write_report(plan: StudyPlan, clips: Sequence[Clip], runs: Sequence[Run], root: Path) -> Path:
    """Write ``results.json``, ``figures/`` and ``report.md`` of all runs finished so far.

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

    Returns
    -------
    Path
        ``results.json``.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    finished = [run for run in runs if run.is_finished(root)]
    evaluation = evaluate_runs(finished, clips, root)
    results = root / RESULTS_NAME
    write_text(results, json.dumps(evaluation.rows, indent=1, allow_nan=False) + "\n")
    curves = {
        experiment.name: _read_curves(experiment.name, finished, root)
        for experiment in plan.experiments
    }
    story = Story(
        plan=plan,
        clips=clips,
        rows=evaluation.rows,
        curves={name: found for name, found in curves.items() if found},
        n_runs=len(runs),
        n_finished=len(finished),
    )
    if finished:
        _draw_figures(story, evaluation, root / FIGURES_NAME)
    write_text(root / REPORT_NAME, format_report(story))
    return results


def _read_curves(experiment: str, runs: Sequence[Run], root: Path) -> Curves:
    """Return protocol -> histories of the networks of one experiment."""
    curves: dict[str, list[list[EpochRecord]]] = {}
    for run in runs:
        if run.experiment.name == experiment and run.is_network:
            lines = (run.get_folder(root) / METRICS_NAME).read_text(encoding="utf-8").splitlines()
            records = [EpochRecord.from_dict(json.loads(line)) for line in lines]
            curves.setdefault(run.config.protocol, []).append(records)
    return curves


def _draw_figures(story: Story, evaluation: Evaluation, folder: Path) -> None:
    # Matplotlib takes a second to import: only where something is drawn.
    from emovox.study import plots  # noqa: PLC0415
    from emovox.study.plot_style import save_figure  # noqa: PLC0415

    leaky = [name for name in story.plan.study.protocols if get_protocol(name).leaky]
    for name, curves in story.curves.items():
        figure = plots.draw_learning_curves(story.get_title(name), curves, leaky)
        save_figure(figure, folder / f"learning-{name}")
    for experiment in story.plan.experiments:
        panels = {
            _describe_panel(protocol, story): counts
            for (name, protocol), counts in evaluation.confusions.items()
            if name == experiment.name
        }
        if panels:
            figure = plots.draw_confusions(story.get_title(experiment.name), panels)
            save_figure(figure, folder / f"confusion-{experiment.name}")
    seed = story.plan.study.seeds[0]
    pooled = [row for row in evaluation.rows if row["fold"] == ALL and row["seed"] == seed]
    titles = {e.name: story.get_title(e.name) for e in story.plan.experiments}
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
