"""Everything that is computed of the recognizer from its trials' predictions, as files."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.files import write_text
from emovox.study.tables import write_table
from emovox.study.trials.calibration import (
    ERROR_RATE,
    KEPT_WAY,
    Calibrated,
    choose_voices,
    fit_calibration,
    list_ways,
)
from emovox.study.trials.comparison import compare_trials, format_comparison
from emovox.study.trials.confidence import (
    TOLD_VOICES,
    list_curves,
    list_panels,
    score_ece,
    score_elsewhere,
    score_refusal,
    score_way,
)
from emovox.study.trials.groups import (
    find_clips,
    judge,
    score_bias,
    score_people,
    score_sentences,
)
from emovox.study.trials.pages import (
    format_calibration,
    format_people,
    format_scores_page,
    format_shortcuts,
)
from emovox.study.trials.run import PREDICTIONS_NAME
from emovox.study.trials.scores import (
    UNKNOWN_VOICE,
    TrialPredictions,
    find_published,
    is_restricted,
    list_once,
    read_trial_predictions,
    score_protocols,
)
from emovox.types import Clip

Row = dict[str, Any]

_KEPT = ("trial", "held_out", "voice", "corpus", "clip", "speaker_id", "emotion")
"""Columns that figures need; what else is known of a clip stands in its manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """What else is known.

    Attributes
    ----------
    clips : tuple of Clip
        The manifest; without it nothing is said of people and sentences.
    png : bool
        Draw figures as PNG too.
    """

    clips: tuple[Clip, ...] = ()
    png: bool = False


def write_scores(
    folder: Path, trials: Sequence[Path], options: ReportOptions = ReportOptions()
) -> None:
    """Write all figures of trials, and the predictions from which they come.

    ``scores.md`` (protocols), ``calibration.md`` with two figures, ``people.md`` and
    ``shortcuts.md``; all numbers in ``scores.json``; ``predictions.parquet``.

    Parameters
    ----------
    folder : Path
        Where to.
    trials : sequence of Path
        Folders of the trials, or one that this function wrote.
    options : ReportOptions
    """
    scores = score_protocols(read_trial_predictions(trials))
    anything = read_trial_predictions(trials, among_all=True)
    restricted = is_restricted(anything)
    free = [] if restricted else score_protocols(anything)
    content: Row = {
        "restricted": restricted,
        "scores": [dataclasses.asdict(score) for score in scores],
        "scores_among_all": [dataclasses.asdict(score) for score in free],
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "scores.md", format_scores_page(scores, free))
    _write_calibration(folder, anything, options, content)
    write_text(folder / "scores.json", json.dumps(_plain(content), indent=1) + "\n")
    logits = {
        f"logit_{emotion}": anything.logits[:, i].astype(np.float16)
        for i, emotion in enumerate(EMOTIONS)
    }
    kept = {name: anything.columns[name] for name in _KEPT}
    write_table(folder / PREDICTIONS_NAME, {**kept, **logits})


def write_comparison(folder: Path, trials: Sequence[Path], other: Path) -> None:
    """Write ``against-OTHER.md``: what these trials bring over others on the same clips.

    Parameters
    ----------
    folder : Path
        Where to.
    trials : sequence of Path
        Folders of the trials, or one with their scores.
    other : Path
        Such a folder with scores of others.
    """
    now = read_trial_predictions(trials)
    now = now.take(np.isin(now.columns["voice"], TOLD_VOICES))
    rows = compare_trials(now, read_trial_predictions([other]))
    write_text(folder / f"against-{other.name}.md", format_comparison(rows, other.name))


def _write_calibration(
    folder: Path, predictions: TrialPredictions, options: ReportOptions, content: Row
) -> None:
    """Write what depends on probabilities, and add its numbers to ``content``."""
    ways = dict(list_ways(predictions))
    kept = ways[KEPT_WAY]
    published = find_published(predictions)
    told = kept.take(published)
    content["calibration"] = score_ece(told)
    content["calibration_tried"] = [
        row for name, way in ways.items() for row in score_way(name, way.take(published))
    ]
    content["calibration_elsewhere"] = score_elsewhere(kept.take(~published))
    content["refusal"] = score_refusal(told)
    content["reliability"] = list_panels(told)
    curves = list_curves(told)
    content["calibration_of_all"] = dataclasses.asdict(fit_calibration(predictions))
    write_text(folder / "calibration.md", format_calibration(content, ERROR_RATE))
    _draw(folder, content, curves, png=options.png)
    content["bias"] = score_bias(told.of_voice(UNKNOWN_VOICE).predictions)
    content["people"], content["sentences"] = [], []
    if options.clips:
        _add_people(content, told, options.clips)
        write_text(folder / "people.md", format_people(content["people"]))
    write_text(folder / "shortcuts.md", format_shortcuts(content["bias"], content["sentences"]))


def _add_people(content: Row, told: Calibrated, clips: Sequence[Clip]) -> None:
    for voice in choose_voices(told.predictions, (UNKNOWN_VOICE, "10")):
        own = told.of_voice(voice)
        judged = judge(own, find_clips(own.predictions, clips))
        content["people"] += [{"voice": voice, **row} for row in score_people(judged, clips)]
        if voice == UNKNOWN_VOICE:
            content["sentences"] = score_sentences(judged, clips)


def _draw(folder: Path, content: Row, curves: Sequence[Row], *, png: bool) -> None:
    # Matplotlib takes a second to import: only where something is drawn.
    from emovox.study.evaluation import plot_curves  # noqa: PLC0415
    from emovox.study.plot_style import save_figure  # noqa: PLC0415

    voices = list_once(np.array([row["voice"] for row in content["reliability"]]))
    names = {UNKNOWN_VOICE: "voices it never heard", "10": "voices known from ten clips"}
    for voice in (voice for voice in voices if voice in names):
        figure = plot_curves.draw_reliability(
            f"May its confidence be believed? {names[voice].capitalize()}",
            [row for row in content["reliability"] if row["voice"] == voice],
        )
        suffix = "" if voice == UNKNOWN_VOICE else f"-{voice}"
        save_figure(figure, folder / f"reliability{suffix}", png=png)
    figure = plot_curves.draw_refusal(
        "Fewer decisions, fewer wrong ones", curves, content["refusal"], names
    )
    save_figure(figure, folder / "risk-coverage", png=png)


def _plain(value: Any) -> Any:
    """Return the same without what JSON has no word for: NaN becomes null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
