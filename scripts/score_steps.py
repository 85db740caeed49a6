"""What each step brings, from the student's network to the recognizer, on the same unheard voices.

    emovox study run studies/steps.toml --data MANIFEST --out RUN
    python scripts/score_steps.py RUN --recognizer docs/results/recognizer \
        --out docs/results/recognizer/steps

Both are of RAVDESS by EmoBox: the study's own predictions, and those kept of the recognizer. With
OUT in the place of RUN it computes the same from what it kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from emovox.emotions import EMOTIONS
from emovox.files import write_text
from emovox.metrics import compare_paired
from emovox.study.plot_style import save_figure
from emovox.study.plots import draw_comparison
from emovox.study.tables import read_clips, read_table, write_table
from emovox.study.trials.run import PREDICTIONS_NAME
from emovox.study.trials.scores import (
    ProtocolScore,
    TrialPredictions,
    read_trial_predictions,
    score_protocols,
)
from emovox.study.words import format_table, hundredths, say_bounds, say_p

PROTOCOL = "ravdess-emobox"


class Step(NamedTuple):
    """A row of the table: whose predictions, and the earlier row that it is measured against."""

    name: str
    title: str
    over: str
    voice: str = "unknown"


STEPS = (
    Step("student", "the student's CNN on means, a quarter of its width", ""),
    Step("logistic_means", "logistic regression on the same means", "student"),
    Step("forest_means", "random forest on the same means", "student"),
    Step("logistic_statistics", "logistic regression on statistics over time", "logistic_means"),
    Step("cnn_time", "a CNN over time, from scratch", "logistic_statistics"),
    Step("nano", "a piece of Whisper tiny.en, all of it moved (`emovox-nano`)", "cnn_time"),
    Step("frozen", "layers 1 to 3 of tiny.en as they came", "cnn_time"),
    Step("frozen-base", "Whisper base beside it: the teacher of nano and small", "frozen"),
    Step("small", "layers 2 and 3 of tiny.en moved, with a teacher (`emovox-small`)", "frozen"),
    Step("base", "Whisper base beside that (`emovox-base`)", "small"),
    Step("small-10", "`emovox-small` that has heard 10 clips of the voice", "small", "10"),
    Step("small-all", "`emovox-small` that has heard all clips of the voice", "small", "all"),
    Step("base-all", "`emovox-base` that has heard all clips of the voice", "base", "all"),
)


def keep_study(run: Path, out: Path) -> None:
    """Write the predictions of a study's runs as those of trials, one table of all."""
    clips = read_clips(run / "manifest.csv")
    parts: list[dict[str, Any]] = []
    runs = {
        row["run"]: (row["experiment"], row["fold"])
        for row in _list_rows(read_table(run / "results.parquet"))
        if row["run"] and row["protocol"] == PROTOCOL
    }
    for folder, (experiment, fold) in runs.items():
        table = read_table(run / "runs" / folder / PREDICTIONS_NAME)
        own = [clips[i] for i in table["clip"]]
        # In 16 bits, as the recognizer's are kept.
        logits = {
            f"logit_{name}": np.log(np.maximum(table[f"p_{name}"], 1e-20)).astype(np.float16)
            for name in EMOTIONS
        }
        parts.append(
            {
                "trial": [experiment] * len(own),
                "held_out": [f"{PROTOCOL}:{fold}"] * len(own),
                "voice": ["unknown"] * len(own),
                "corpus": [clip.corpus for clip in own],
                "clip": [Path(clip.path).stem for clip in own],
                "speaker_id": [clip.speaker_id for clip in own],
                "emotion": [clip.emotion for clip in own],
                **logits,
            }
        )
    out.mkdir(parents=True, exist_ok=True)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    write_table(out / PREDICTIONS_NAME, joined)


def _list_rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def find_steps(out: Path, recognizer: Path) -> dict[str, TrialPredictions]:
    """Return the predictions of each step, in the order of clips; those not there are left out."""
    study = read_trial_predictions([out])
    found = {}
    for step in STEPS:
        model = step.name.removesuffix(f"-{step.voice}")
        if step.name in study.columns["trial"]:
            own = study.take(study.columns["trial"] == step.name)
        elif (recognizer / model / PREDICTIONS_NAME).exists():
            own = read_trial_predictions([recognizer / model]).of_voice(step.voice)
        else:
            continue
        own = own.take(own.protocol == PROTOCOL)
        found[step.name] = own.take(np.argsort(own.columns["clip"].astype(str)))
    return found


def tell_step(
    step: Step, found: dict[str, TrialPredictions], scores: dict[str, ProtocolScore]
) -> list[str]:
    """Return a row of the table."""
    own, score = found[step.name], scores[step.name]
    cells = [step.title, f"{hundredths(score.uar)} {say_bounds(score.low, score.high)}"]
    if not step.over:
        return [*cells, "", "", ""]
    before = found[step.over]
    if own.columns["clip"].tolist() != before.columns["clip"].tolist():
        raise SystemExit(f"{step.name} and {step.over} judged other clips.")
    speakers = own.columns["speaker_id"].astype(str)
    brought = compare_paired(own.truth, own.prediction, before.prediction, speakers.tolist())
    difference = brought.difference
    gain = f"{hundredths(difference.value, sign=True)} "
    gain += say_bounds(difference.low, difference.high, sign=True)
    return [*cells, gain, str(1 + list(found).index(step.over)), say_p(brought.p_value)]


def draw_steps(scores: dict[str, ProtocolScore]) -> Figure:
    """Draw the table."""
    rows = [
        {
            "experiment": name,
            "corpus": score.corpus,
            "protocol": PROTOCOL,
            "leaky": False,
            "uar": score.uar,
            "uar_low": score.low,
            "uar_high": score.high,
            "n_test": score.n_clips,
            "n_test_clean": score.n_clips,
            "uar_clean": None,
        }
        for name, score in scores.items()
    ]
    titles = {step.name: step.title.replace("`", "") for step in STEPS if step.name in scores}
    figure = draw_comparison(rows, titles, {scores[STEPS[0].name].corpus: 1 / len(EMOTIONS)})
    figure.set_figheight(0.6 * figure.get_figheight())  # one protocol alone needs less
    return figure


def main() -> None:
    """Write the table and the study's predictions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--recognizer", type=Path, required=True, help="folder of its scores")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--png", action="store_true", help="draw the figure as PNG too")
    arguments = parser.parse_args()
    if arguments.run != arguments.out:
        keep_study(arguments.run, arguments.out)
    found = find_steps(arguments.out, arguments.recognizer)
    scores = {name: score_protocols(own)[0] for name, own in found.items()}
    there = [step for step in STEPS if step.name in found]
    rows = [[str(1 + i), *tell_step(step, found, scores)] for i, step in enumerate(there)]
    n_speakers = scores[STEPS[0].name].n_speakers
    header = ["", "step", "UAR", "brings", "over", "p"]
    text = (
        "# What each step brings\n\n"
        f"RAVDESS by EmoBox, {len(EMOTIONS)} emotions, {n_speakers} speakers in folds, each tested "
        "by a training that never heard them; CREMA-D, TESS, SAVEE, EmoDB and nEMO in "
        "training too. UAR in %, mean over folds, and what it brings over an earlier row in "
        "points, pooled over the same clips; 95 % intervals by speaker; p by exchanging the two "
        "speaker by speaker, not corrected.\n\n"
        f"{format_table(header, rows)}\n![UAR of each step](steps.svg)\n"
    )
    save_figure(draw_steps(scores), arguments.out / "steps", png=arguments.png)
    write_text(arguments.out / "steps.md", text)


if __name__ == "__main__":
    main()
