"""The folder of feature statistics: a table, everything as JSON, figures, a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emovox.errors import ManifestError
from emovox.files import write_text
from emovox.study.statistics.describe import FIELDS
from emovox.study.statistics.measure import FeatureStatistics
from emovox.study.statistics.record import Advice
from emovox.study.statistics.summary import format_statistics
from emovox.study.statistics.verdict import Verdict
from emovox.study.tables import write_table

TABLE_NAME = "statistics.csv"
RESULTS_NAME = "statistics.json"
REPORT_NAME = "report.md"
FIGURES_NAME = "figures"

_N_DRAWN = 20


def write_statistics(
    statistics: FeatureStatistics,
    folder: Path,
    advice: Sequence[Advice],
    verdicts: Sequence[Verdict] = (),
) -> Path:
    """Write ``statistics.csv``, ``statistics.json``, ``figures/`` and ``report.md``.

    Parameters
    ----------
    statistics : FeatureStatistics
        What was computed.
    folder : Path
        Made where it is missing.
    advice : sequence of Advice
        What follows.
    verdicts : sequence of Verdict, optional
        What became of it.

    Returns
    -------
    Path
        ``report.md``.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    results = statistics.results
    rows: Sequence[dict[str, Any]] = results["rows"]
    write_table(folder / TABLE_NAME, {name: [row[name] for row in rows] for name in FIELDS})
    everything = {
        **results,
        "advice": [asdict(one) for one in advice],
        "verdicts": [_describe(one) for one in verdicts],
    }
    write_text(folder / RESULTS_NAME, json.dumps(everything, indent=1, allow_nan=False) + "\n")
    draw_figures(statistics, folder / FIGURES_NAME)
    write_text(folder / REPORT_NAME, format_statistics(results, advice, verdicts))
    return folder / REPORT_NAME


def read_results(path: Path) -> Any:
    """Return what a ``results.json`` holds.

    Raises
    ------
    ManifestError
        If it is missing or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError(
            f"{path} cannot be read as results ({error}).",
            hint="Give the results.json of 'emovox study run' or 'emovox evaluate'.",
        ) from error


def _describe(verdict: Verdict) -> dict[str, Any]:
    return {
        "topic": verdict.advice.topic,
        "verdict": verdict.verdict,
        "expected": verdict.advice.expected,
        "measured": verdict.measured,
        "measurements": [asdict(one) for one in verdict.measurements],
    }


def draw_figures(statistics: FeatureStatistics, folder: Path) -> None:
    """Draw all figures as SVG and PNG."""
    # Matplotlib takes a second to import: only where something is drawn.
    from emovox.study.plot_style import save_figure  # noqa: PLC0415
    from emovox.study.statistics import plot_readings, plot_shares  # noqa: PLC0415

    results = statistics.results
    rows, name = results["rows"], results["features"]
    single = [row for row in rows if not row["like"] and row["rest"] is not None]
    drawn = {
        "kinds": plot_shares.draw_shares(
            f"{name}: whose variance is it?",
            sorted(results["groups"], key=lambda row: -row["emotion"]),
            "group",
        ),
        "best": plot_shares.draw_shares(
            f"{name}: the features with most of emotion, repeats left out",
            single[:_N_DRAWN],
            "feature",
        ),
        "shortcuts": plot_shares.draw_shortcuts(
            f"{name}: emotion, or a shortcut? (a mark for each feature)", rows
        ),
        "separability": plot_shares.draw_separability(
            f"{name}: what knowing the voice can bring", rows
        ),
        "readings": plot_readings.draw_readings(
            f"{name}: what a linear classifier reads", results["labels"]
        ),
        "sizes": plot_readings.draw_sizes(
            f"{name}: how much is enough?",
            results["selections"],
            results["voices"],
            1 / results["n_emotions"],
        ),
        "redundancy": plot_readings.draw_redundancy(
            f"{name}: what repeats itself",
            statistics.correlation,
            statistics.names,
            results["redundancy"],
        ),
    }
    if results["parts"]:
        drawn["dynamics"] = plot_readings.draw_dynamics(
            f"{name}: means, spread, or order in time?", rows, results["parts"]
        )
    for title, figure in drawn.items():
        save_figure(figure, folder / title)
