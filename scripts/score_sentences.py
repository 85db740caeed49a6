"""Compare trials of the same speakers, with sentences that training heard and without.

    python scripts/score_sentences.py RUN/trials --out docs/results/recognizer/small-sentences

The trials speaker-1, speaker-2 and sentence-1, sentence-2 of scripts/recognizer.toml are compared
on the clips that both tested. Run again on its own folder it computes the same from what it kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emovox.emotions import EMOTIONS
from emovox.files import write_text
from emovox.metrics import compare_paired, estimate_interval
from emovox.study.tables import write_table
from emovox.study.trials.scores import TrialPredictions, list_once, read_trial_predictions
from emovox.study.words import format_table

HEARD, NEW = "speaker", "speaker-sentence"
VOICES = ("unknown", "10", "all")
TRIALS = ("speaker-1", "speaker-2", "sentence-1", "sentence-2")
KEPT = ("trial", "held_out", "voice", "corpus", "clip", "sha256", "speaker_id", "emotion")


def read_pairs(root: Path) -> TrialPredictions:
    """Return the predictions of clips that were tested both ways, in one order."""
    folders = [root / name for name in TRIALS] if (root / TRIALS[0]).exists() else [root]
    predictions = read_trial_predictions(folders)
    predictions = predictions.take(np.isin(predictions.columns["voice"], VOICES))
    both = np.intersect1d(*(_name(predictions)[predictions.protocol == p] for p in (HEARD, NEW)))
    predictions = predictions.take(np.isin(_name(predictions), both))
    return predictions.take(np.argsort(_name(predictions), kind="stable"))


def _name(predictions: TrialPredictions) -> NDArray[np.str_]:
    columns = predictions.columns
    return np.char.add(columns["sha256"].astype(str), columns["voice"].astype(str))


def compare(heard: TrialPredictions, new: TrialPredictions) -> list[str]:
    """Return UAR with sentences that were heard, with new ones, and what the new ones cost."""
    speakers = heard.columns["speaker_id"].astype(str).tolist()
    cells = []
    for said in (heard.prediction, new.prediction):
        uar = estimate_interval(heard.truth, said, speakers)
        cells.append(f"{100 * uar.value:.1f} [{100 * uar.low:.1f}, {100 * uar.high:.1f}]")
    cost = compare_paired(heard.truth, new.prediction, heard.prediction, speakers).difference
    cells.append(f"{100 * cost.value:+.1f} [{100 * cost.low:+.1f}, {100 * cost.high:+.1f}]")
    return cells


def main() -> None:
    """Write the table and the predictions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.trials)
    rows = []
    for corpus in list_once(pairs.columns["corpus"]):
        for voice in VOICES:
            own = pairs.of_voice(voice)
            own = own.take(own.columns["corpus"] == corpus)
            heard, new = (own.take(own.protocol == protocol) for protocol in (HEARD, NEW))
            n_speakers = len(set(heard.columns["speaker_id"]))
            if n_speakers > 1:
                counts = [f"{len(heard.truth):,}", str(n_speakers)]
                rows.append([str(corpus), *counts, voice, *compare(heard, new)])
    header = ("corpus", "clips", "speakers", "voice known from", "heard", "new", "cost")
    text = (
        "# Sentences that were never heard\n\n"
        "UAR in % on the same clips of speakers that no training heard; their sentences were in "
        "training, said by others, or were not. Without them a training also has fewer clips: "
        "half of RAVDESS, two thirds to four fifths of the others. Two of five folds; corpora of "
        "one tested speaker are left out. 95 % intervals by speaker.\n\n"
        f"{format_table(header, rows)}\n"
        "Trained by the commands of [the recognizer](../../recognizer.md), trials "
        f"{', '.join(TRIALS)}; then\n\n"
        "    python scripts/score_sentences.py TRIALS --out OUT\n"
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Any] = {name: pairs.columns[name] for name in KEPT}
    logits = {f"logit_{name}": pairs.logits[:, i] for i, name in enumerate(EMOTIONS)}
    write_table(arguments.out / "predictions.parquet", {**kept, **logits})
    write_text(arguments.out / "sentences.md", text)


if __name__ == "__main__":
    main()
