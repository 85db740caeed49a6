"""Compare trials of the same speakers, with sentences that training heard and without.

    python scripts/score_sentences.py RUN/trials --out docs/results/recognizer/small-sentences

The trials speaker-1, speaker-2 and sentence-1, sentence-2 of scripts/recognizer.toml are compared
on the clips that both tested. Run again on its own folder it computes the same from what it kept.
With --against FOLDER, which it wrote of another recognizer, both are compared as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
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
HEADER = ("corpus", "clips", "speakers", "voice known from")
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


def iter_corpora(pairs: TrialPredictions) -> Iterator[tuple[list[str], list[TrialPredictions]]]:
    """Yield what to call each corpus and voice, and their predictions, sentences heard and new."""
    for corpus in list_once(pairs.columns["corpus"]):
        for voice in VOICES:
            own = pairs.of_voice(voice)
            own = own.take(own.columns["corpus"] == corpus)
            both = [own.take(own.protocol == protocol) for protocol in (HEARD, NEW)]
            n_speakers = len(set(both[0].columns["speaker_id"]))
            if n_speakers > 1:
                yield [str(corpus), f"{len(both[0].truth):,}", str(n_speakers), voice], both


def compare(heard: TrialPredictions, new: TrialPredictions) -> list[str]:
    """Return UAR with sentences that were heard, with new ones, and what the new ones cost."""
    speakers = list_speakers(heard)
    cells = []
    for said in (heard.prediction, new.prediction):
        uar = estimate_interval(heard.truth, said, speakers)
        cells.append(f"{100 * uar.value:.1f} [{100 * uar.low:.1f}, {100 * uar.high:.1f}]")
    return [*cells, tell_difference(new, heard)]


def tell_difference(here: TrialPredictions, there: TrialPredictions) -> str:
    """Return how much more UAR one has than the other on the same clips, with its interval."""
    speakers = list_speakers(here)
    more = compare_paired(here.truth, here.prediction, there.prediction, speakers).difference
    return f"{100 * more.value:+.1f} [{100 * more.low:+.1f}, {100 * more.high:+.1f}]"


def list_speakers(predictions: TrialPredictions) -> list[str]:
    """Return who says each clip."""
    speakers: list[str] = predictions.columns["speaker_id"].astype(str).tolist()
    return speakers


def describe_other(pairs: TrialPredictions, folder: Path) -> str:
    """Return how much better this recognizer is than another, as a section of the page."""
    other = read_pairs(folder)
    if _name(other).tolist() != _name(pairs).tolist():
        raise SystemExit(f"{folder} judged other clips.")
    rows = [
        [*names, *(tell_difference(*two) for two in zip(here, there, strict=True))]
        for (names, here), (_, there) in zip(iter_corpora(pairs), iter_corpora(other), strict=True)
    ]
    header = (*HEADER, "heard", "new")
    return (
        f"\n## Against {folder.name}\n\n"
        "Points of UAR more than there, on the same clips.\n\n"
        f"{format_table(header, rows)}"
    )


def main() -> None:
    """Write the table and the predictions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trials", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--against", type=Path, help="folder of another, written by this script")
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.trials)
    rows = [[*names, *compare(*both)] for names, both in iter_corpora(pairs)]
    header = (*HEADER, "heard", "new", "cost")
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
    if arguments.against:
        text += describe_other(pairs, arguments.against)
    arguments.out.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Any] = {name: pairs.columns[name] for name in KEPT}
    logits = {f"logit_{name}": pairs.logits[:, i] for i, name in enumerate(EMOTIONS)}
    write_table(arguments.out / "predictions.parquet", {**kept, **logits})
    write_text(arguments.out / "sentences.md", text)


if __name__ == "__main__":
    main()
