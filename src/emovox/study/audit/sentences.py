"""What test clips say: whether training heard it, and how far the words alone would lead."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from emovox.emotions import encode_emotions
from emovox.metrics import compute_uar
from emovox.protocols import TEST, TRAIN, Finding, Fold, describe_folds
from emovox.types import Clip

_TELLING = 0.25
"""How much of the way from chance to certainty the words must go alone to be called telling."""


def inspect_sentences(folds: Sequence[Fold], clips: Sequence[Clip]) -> list[Finding]:
    """Return how far train and test of folds of one protocol share sentences.

    A reader who knows the sentence and no voice guesses the emotion it is said in most often in
    training. What that scores bounds what a model can have from the words; with a sentence in
    every emotion it is chance.

    Parameters
    ----------
    folds : sequence of Fold
        Of one protocol.
    clips : sequence of Clip
        Those the folds were made for.

    Returns
    -------
    list of Finding
        Warnings: sharing sentences is how most corpora are made.
    """
    truth: list[str] = []
    guess: list[str] = []
    shared: set[str] = set()
    where: list[int] = []
    n_shared = n_test = 0
    for fold in folds:
        heard: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for number in fold.clips(TRAIN).tolist():
            clip = clips[number]
            if clip.sentence:
                heard[clip.corpus, clip.sentence][clip.emotion] += 1
        fallback = _choose(sum(heard.values(), Counter()))
        for number in fold.clips(TEST).tolist():
            clip = clips[number]
            said = heard.get((clip.corpus, clip.sentence))
            n_test += 1
            if said is not None:
                n_shared += 1
                shared.add(f"{clip.corpus}: {clip.sentence}" if clip.corpus else clip.sentence)
                where.append(fold.index)
            if clip.emotion:
                truth.append(clip.emotion)
                guess.append(_choose(said) if said else fallback)
    if not n_shared or not truth:
        return []
    words = float(compute_uar(encode_emotions(truth), encode_emotions(guess)))
    chance = 1 / len(set(truth))
    values = {"share": n_shared / n_test, "words": words, "chance": chance}
    place = describe_folds(folds[0].protocol, where)
    findings = [Finding.of("shared-sentence", tuple(shared), place, **values)]
    if words - chance > _TELLING * (1 - chance):
        telling = {"words": words, "chance": chance}
        findings.append(Finding.of("telling-sentence", (), place, **telling))
    return findings


def _choose(counts: Counter[str]) -> str:
    """Return what is most frequent, the first by name of several."""
    return min(counts, key=lambda name: (-counts[name], name), default="")


def count_share(clips: Sequence[Clip]) -> float:
    """Return the share of clips whose sentence is known."""
    return float(np.mean([bool(clip.sentence) for clip in clips])) if clips else 0.0
