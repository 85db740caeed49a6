"""What a clip's logits should say: its label, softened, among the emotions its corpus has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from emovox.corpora import read_crema_d_votes
from emovox.emotions import EMOTIONS, encode_emotions
from emovox.types import Clip, FloatArray, IntArray


def find_known(clips: Sequence[Clip]) -> NDArray[np.bool_]:
    """Return which emotions each clip's corpus has, shape (n_clips, 8).

    A corpus says nothing about emotions it lacks: their logits are left out of the loss.
    """
    labels = encode_emotions([clip.emotion for clip in clips])
    corpora = np.array([clip.corpus for clip in clips])
    known = np.zeros((len(clips), len(EMOTIONS)), dtype=bool)
    for corpus in np.unique(corpora):
        there = corpora == corpus
        known[there] = np.isin(np.arange(len(EMOTIONS)), labels[there])
    return known


def number_sentences(clips: Sequence[Clip]) -> IntArray:
    """Return a number for what each clip says, shape (n_clips,).

    It is -1 where nobody knows, and where the corpus has a sentence with one emotion alone: then
    nothing tells apart what either adds to a voice.
    """
    emotions: dict[tuple[str, str], set[str]] = {}
    for clip in clips:
        emotions.setdefault((clip.corpus, clip.sentence), set()).add(clip.emotion)
    names = sorted(name for name, said in emotions.items() if name[1] and len(said) > 1)
    number = {name: place for place, name in enumerate(names)}
    return np.array([number.get((clip.corpus, clip.sentence), -1) for clip in clips], np.int64)


def build_targets(clips: Sequence[Clip], *, smoothing: float, votes: float) -> FloatArray:
    """Return the probabilities to be learnt, shape (n_clips, 8); rows add up to 1.

    Parameters
    ----------
    clips : sequence of Clip
        Labelled.
    smoothing : float
        Share spread evenly over the emotions that the corpus has.
    votes : float
        Share given to what listeners heard, where they were asked (CREMA-D).
    """
    known = find_known(clips)
    labels = encode_emotions([clip.emotion for clip in clips])
    meant = np.eye(len(EMOTIONS))[labels]
    heard = _read_votes(clips)
    asked = heard.any(axis=1, keepdims=True)
    meant = np.where(asked, (1 - votes) * meant + votes * heard, meant)
    even = known / known.sum(axis=1, keepdims=True)
    targets: FloatArray = ((1 - smoothing) * meant + smoothing * even).astype(np.float32)
    return targets


def _read_votes(clips: Sequence[Clip]) -> NDArray[np.float64]:
    table = read_crema_d_votes()
    heard = np.zeros((len(clips), len(EMOTIONS)))
    for row, clip in enumerate(clips):
        found = table.get(PurePath(clip.path).stem) if clip.corpus == "crema-d" else None
        if found:
            for emotion, count in found.items():
                heard[row, EMOTIONS.index(emotion)] = count
            heard[row] /= max(heard[row].sum(), 1.0)
    return heard
