"""Leave out one part of the recognizer's recipe at a time, and say what that costs.

    python scripts/ablate.py scripts/ablations.toml scripts/recognizer.toml MANIFEST \
        --encoder FILE --run RUN --recognizer docs/results/recognizer \
        --out docs/results/recognizer/ablations

Of the plan the trials are trained that hold out a fold of RAVDESS by EmoBox or a whole corpus of
many speakers; the whole recipe's predictions are those kept of it. Killed, the same command goes
on. Without --run the table is computed from the decisions kept in OUT.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.files import write_text
from emovox.study.settings import read_toml
from emovox.study.tables import write_table
from emovox.study.trials.comparison import TrialComparison, compare_trials
from emovox.study.trials.plan import TrialPlan, read_trials
from emovox.study.trials.run import PREDICTIONS_NAME, divide, prepare_plan, run_trial
from emovox.study.trials.scores import TrialPredictions, read_trial_predictions
from emovox.study.words import format_table, hundredths, say_bounds
from emovox.training.hub import find_encoder
from emovox.training.speech.trial import PreparedClips, Workshop

WHOLE = ("frozen", "frozen-corpora")
"""Where the whole recipe's predictions are kept."""

PROTOCOLS = {"ravdess-emobox": "RAVDESS EmoBox", "corpus": "a corpus never heard"}
VOICES = ("unknown", "all")

TRIALS = (
    *("1", "2", "3", "4", "5", "6"),
    *("without-crema-d", "without-emodb", "without-nemo", "without-ravdess"),
)
"""The two actresses of TESS and the four men of SAVEE would tell of themselves alone."""

_KEPT = ("trial", "held_out", "voice", "corpus", "clip", "speaker_id", "emotion")


def change_plan(plan: TrialPlan, change: dict[str, Any]) -> TrialPlan:
    """Return the plan with other corpora or seeds of its trials."""
    trials = {
        name: dataclasses.replace(
            trial,
            corpora=tuple(change.get("corpora", trial.corpora)),
            seed=trial.seed + change.get("seed", 0),
        )
        for name, trial in plan.trials.items()
        if name in TRIALS
    }
    return dataclasses.replace(plan, trials=trials)


def leave_copies_out(prepared: PreparedClips, n_kept: int) -> PreparedClips:
    """Return the clips as they were recorded, and the first of their altered copies."""
    kept = slice(1 + n_kept)
    frozen = dataclasses.replace(
        prepared.frozen,
        start=prepared.frozen.start[:, kept],
        length=prepared.frozen.length[:, kept],
        level=prepared.frozen.level[:, kept],
    )
    return dataclasses.replace(prepared, frozen=frozen, pooled=prepared.pooled[:, kept])


def train(name: str, change: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Train what one change says, and keep its decisions."""
    plan = change_plan(read_trials(arguments.plan, change.get("set", [])), change)
    shop = Workshop(
        encoder=find_encoder(arguments.encoder), folder=arguments.run, n_jobs=arguments.jobs
    )
    prepared = prepare_plan(plan, arguments.manifest, shop)
    if "n_copies" in change:
        prepared = leave_copies_out(prepared, change["n_copies"])
    folders = []
    for trial in plan.trials:
        rows, tested = divide(prepared.clips, plan.get(trial))
        if len(rows) and tested:
            sys.stderr.write(f"without {change['title']}: trial {trial}\n")
            folders.append(run_trial(plan, trial, prepared, arguments.run / name))
    keep(arguments.out / name, read_trial_predictions(folders))


def keep(folder: Path, predictions: TrialPredictions) -> None:
    """Write the decisions that the table needs, as logits of 0 and 1."""
    columns = predictions.columns
    told = np.isin(predictions.protocol, list(PROTOCOLS)) & np.isin(columns["voice"], VOICES)
    own = predictions.take(told)
    says = np.eye(len(EMOTIONS), dtype=np.float16)[own.prediction]
    folder.mkdir(parents=True, exist_ok=True)
    decisions = {f"logit_{emotion}": says[:, i] for i, emotion in enumerate(EMOTIONS)}
    kept = {column: own.columns[column] for column in _KEPT}
    write_table(folder / PREDICTIONS_NAME, {**kept, **decisions})


def list_costs(change: Path, whole: TrialPredictions) -> Iterator[str]:
    """Yield what a change costs under each protocol, by what is known of the voice."""
    found: dict[tuple[str, str], TrialComparison] = {
        (one.protocol, one.voice): one
        for one in compare_trials(read_trial_predictions([change]), whole)
    }
    for protocol in PROTOCOLS:
        for voice in VOICES:
            one = found.get((protocol, voice))
            if one is None:
                yield ""
                continue
            cost = hundredths(one.uar - one.uar_before, sign=True)
            yield f"{cost} {say_bounds(one.low, one.high, sign=True)}"


def write_page(changes: dict[str, Any], out: Path, recognizer: Path) -> None:
    """Write the table of all changes whose decisions are kept."""
    whole = read_trial_predictions([recognizer / name for name in WHOLE])
    rows = [
        [change["title"], *list_costs(out / name, whole)]
        for name, change in changes.items()
        if (out / name / PREDICTIONS_NAME).exists()
    ]
    header = ["left out", *(f"{p}, {v}" for p in PROTOCOLS.values() for v in VOICES)]
    text = (
        "# What each part of the recipe brings\n\n"
        "The recipe whose encoder stays as it came (`scripts/recognizer.toml`), with one part "
        "left out at a time (`scripts/ablations.toml`): change of UAR in points against the "
        "whole, pooled over the same clips; 95 % intervals by speaker, not corrected. Six "
        "trainings give the 24 speakers of RAVDESS EmoBox; CREMA-D, EmoDB, nEMO and RAVDESS left "
        "out in turn give 117 speakers of a corpus never heard; corpora that a change takes out of "
        "all trainings are not judged (without German and Polish: 98 speakers). Unknown: nothing "
        "was heard of the voice; all: all its clips, without labels.\n\n"
        f"{format_table(header, rows)}"
    )
    write_text(out / "ablations.md", text)


def main() -> None:
    """Train what is asked for, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("changes", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--encoder", help="file, folder, or name on the hub")
    parser.add_argument("--run", type=Path, help="folder of trainings; none: nothing is trained")
    parser.add_argument("--recognizer", type=Path, required=True, help="folder of its scores")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", help="names of changes")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    changes = read_toml(arguments.changes)
    for name in (arguments.only or changes) if arguments.run else ():
        train(name, changes[name], arguments)
    write_page(changes, arguments.out, arguments.recognizer)


if __name__ == "__main__":
    main()
