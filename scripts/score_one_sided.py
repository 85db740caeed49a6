"""What discounting brings and costs where a known voice's clips are mostly of one emotion.

    python scripts/score_one_sided.py docs/results/recognizer/small --out docs/results/recognizer

The FOLDER is one that score_trials.py wrote. Of each speaker's clips a set is drawn, so much of it
of one emotion; the discount knows the voice from that set alone (its states stay those of all
clips), and the set itself is judged, as a call would be. Nothing is trained.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from emovox.emotions import EMOTIONS
from emovox.files import write_text
from emovox.metrics import ResamplingOptions, compare_paired
from emovox.study.trials.scores import TrialPredictions, read_trial_predictions
from emovox.study.words import format_table
from emovox.training.speech.network import N_EXTRA, SEEMED, compute_discount
from emovox.training.speech.voices import ADAPTATION
from emovox.types import FloatArray, IntArray

MOSTLY = ("neutral", "sad", "angry", "happy")
SHARES = (0.4, 0.6, 0.8, 1.0)
LARGEST = 40
"""Clips of the emotion that a set is mostly of, at most."""


def list_voices(predictions: TrialPredictions) -> Iterator[tuple[str, TrialPredictions]]:
    """Yield each speaker of each trial, with what was said of all clips of the voice."""
    columns = predictions.columns
    names = np.char.add(columns["trial"].astype(str), columns["speaker_id"].astype(str))
    for name in np.unique(names):
        own = predictions.take(names == name)
        yield str(own.columns["speaker_id"][0]), own


def discount(seemed: FloatArray) -> FloatArray:
    """Return what logits lose by a voice whose clips seemed so, shape (8,)."""
    voice = torch.zeros(1, N_EXTRA)
    heard = len(seemed) / (len(seemed) + ADAPTATION.prior_mean_clips)
    voice[0, SEEMED] = heard * torch.from_numpy(seemed.mean(0))
    voice[0, -1] = heard
    taken: FloatArray = compute_discount(voice)[0].numpy()
    return taken


def draw_set(truth: IntArray, emotion: int, share: float, rng: np.random.Generator) -> IntArray:
    """Return clips of which so much is of one emotion."""
    own, others = (rng.permutation(np.flatnonzero(r)) for r in (truth == emotion, truth != emotion))
    own = own[:LARGEST]
    return np.concatenate([own, others[: round(len(own) * (1 - share) / share)]])


def score(everything: TrialPredictions, emotion: str, share: float) -> list[str]:
    """Return how many decisions are right without discount and with it, and UAR likewise."""
    rng = np.random.default_rng(0)
    label = EMOTIONS.index(emotion)
    truth: list[IntArray] = []
    before: list[IntArray] = []
    after: list[IntArray] = []
    speakers: list[str] = []
    for speaker, own in list_voices(everything):
        unknown, known = own.of_voice("unknown"), own.of_voice("all")
        if label not in known.truth:
            continue
        lacking = ~np.isin(np.arange(len(EMOTIONS)), known.truth)
        seemed = torch.from_numpy(unknown.logits).softmax(1).numpy()
        chosen = draw_set(known.truth, label, share, rng)
        plain = known.logits[chosen] + discount(seemed)
        for said, logits in ((before, plain), (after, plain - discount(seemed[chosen]))):
            said.append(np.where(lacking, -np.inf, logits).argmax(1))
        truth.append(known.truth[chosen])
        speakers += [speaker] * len(chosen)
    labels, old, new = (np.concatenate(values) for values in (truth, before, after))
    cells = [emotion, f"{100 * share:.0f}", f"{len(labels):,}", str(len(set(speakers)))]
    for metric in ("accuracy", "uar"):
        options = ResamplingOptions(metric=metric)
        found = compare_paired(labels, new, old, speakers, options).difference
        cells.append(f"{100 * found.value:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]")
    return cells


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    everything = read_trial_predictions([arguments.folder], among_all=True)
    rows = [score(everything, emotion, share) for emotion in MOSTLY for share in SHARES]
    header = ("mostly", "share, %", "clips", "speakers", "decisions right", "UAR")
    text = (
        "# Voices of mostly one emotion\n\n"
        "What the discount of known voices adds, in points, where so much of a voice's clips is of "
        "one emotion; the same clips are judged. All corpora pooled, among the emotions of each, "
        "95 % intervals by speaker.\n\n"
        f"{format_table(header, rows)}\n"
        f"    python scripts/score_one_sided.py {arguments.folder} --out OUT\n"
    )
    write_text(arguments.out / "one_sided.md", text)


if __name__ == "__main__":
    main()
