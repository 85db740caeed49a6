"""For whom and for which words the recognizer works, and what it takes a corpus for.

Rows of figures from trials' predictions by clip and the manifest; intervals by speaker.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.errors import ManifestError
from emovox.metrics import estimate_interval
from emovox.study.evaluation.judged import Judged
from emovox.study.evaluation.score import score_groups
from emovox.study.trials.calibration import Calibrated
from emovox.study.trials.scores import TrialPredictions, list_once
from emovox.types import Clip, IntArray

Row = dict[str, Any]

_MOST_SENTENCES = 20
"""A corpus with more has too few clips of each to say anything."""


def find_clips(predictions: TrialPredictions, clips: Sequence[Clip]) -> IntArray:
    """Return the place of each row's clip in the manifest, shape (n,).

    Raises
    ------
    ManifestError
        If a clip is not there.
    """
    places = {(c.corpus, c.speaker_id, Path(c.path).stem): i for i, c in enumerate(clips)}
    columns = predictions.columns
    keys = zip(columns["corpus"], columns["speaker_id"], columns["clip"], strict=True)
    found = np.array([places.get(key, -1) for key in keys], dtype=np.int64)
    if (found < 0).any():
        missing = int((found < 0).argmax())
        raise ManifestError(
            f"the manifest lacks {len(np.unique(columns['clip'][found < 0]))} of the clips that "
            f"were predicted, among them {columns['clip'][missing]} of "
            f"{columns['speaker_id'][missing]}.",
            hint="Give the manifest that the trials were trained with.",
        )
    return found


def judge(calibrated: Calibrated, places: IntArray | None = None) -> Judged:
    """Return predictions as evaluations have them.

    Parameters
    ----------
    calibrated : Calibrated
    places : ndarray of int64, shape (n,), optional
        Of the clips in the manifest; default: the rows themselves.
    """
    rows = calibrated.predictions
    return Judged(
        clip=np.arange(len(rows.truth)) if places is None else places,
        truth=rows.truth,
        probabilities=calibrated.probabilities,
        accepted=calibrated.accepted,
        corpus=rows.columns["corpus"].astype(str),
        speaker=rows.columns["speaker_id"].astype(str),
    )


def score_people(judged: Judged, clips: Sequence[Clip]) -> list[Row]:
    """Return the metrics of groups of people, corpus by corpus.

    The network chooses among the emotions of the corpus, as published figures do.
    """
    own = judged.restrict()
    corpora = [str(corpus) for corpus in list_once(judged.corpus)]
    return [row for corpus in corpora for row in score_groups(own.of_corpus(corpus), clips)]


def score_bias(predictions: TrialPredictions) -> list[Row]:
    """Return how often each emotion is said of each corpus, and how often it is there.

    Parameters
    ----------
    predictions : TrialPredictions
        Where any emotion may be said. ``lacking`` is the share of clips that are taken for an
        emotion that their corpus lacks; None where such were left out of the predictions.
    """
    rows = []
    for corpus in list_once(predictions.columns["corpus"]):
        own = predictions.take(predictions.columns["corpus"] == corpus)
        there, said = (
            np.bincount(values, minlength=len(EMOTIONS)) / len(own.truth)
            for values in (own.truth, own.prediction)
        )
        absent = there == 0
        left_out = absent.any() and np.isneginf(own.logits[:, absent]).all()
        rows.append(
            {
                "corpus": corpus,
                "there": dict(zip(EMOTIONS, there.tolist(), strict=True)),
                "said": dict(zip(EMOTIONS, said.tolist(), strict=True)),
                "lacking": None if left_out else float(said[absent].sum()),
            }
        )
    return rows


def score_sentences(judged: Judged, clips: Sequence[Clip]) -> list[Row]:
    """Return the UAR by sentence, of the corpora that have few.

    Over the emotions that the sentence is said with; the network chooses among those of the
    corpus.
    """
    own = judged.restrict()
    sentences = np.array([clips[i].sentence for i in own.clip])
    rows: list[Row] = []
    for corpus in list_once(own.corpus):
        here = own.corpus == corpus
        names = [name for name in np.unique(sentences[here]).tolist() if name]
        if not 1 < len(names) <= _MOST_SENTENCES:
            continue
        for name in names:
            part = own.take(here & (sentences == name))
            found = estimate_interval(part.truth, part.prediction, part.speaker.tolist())
            rows.append(
                {
                    "corpus": corpus,
                    "sentence": name,
                    "n_clips": len(np.unique(part.clip)),
                    "n_emotions": len(np.unique(part.truth)),
                    "n_speakers": found.n_speakers,
                    "uar": found.value,
                    "uar_low": found.low,
                    "uar_high": found.high,
                }
            )
    return rows
