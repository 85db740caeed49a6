"""What a trained network says of held-out clips, their voices unknown or known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from emovox.emotions import EMOTIONS
from emovox.training.speech.network import SpeechNetwork
from emovox.training.speech.voices import compute_voices
from emovox.types import FloatArray, IntArray

UNKNOWN, ALL = "unknown", "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceCondition:
    """From how much of a speaker a voice is known.

    Attributes
    ----------
    name : str
    n_clips : int or None
        Drawn at random for each clip judged; None: all of the speaker's.
    emotion : str
        The only one among them; empty: any.
    itself : bool, default=True
        Whether the clip judged may be among them.
    """

    name: str
    n_clips: int | None = 0
    emotion: str = ""
    itself: bool = True


CONDITIONS = (
    VoiceCondition(name=UNKNOWN),
    VoiceCondition(name="1", n_clips=1, itself=False),
    VoiceCondition(name="3", n_clips=3, itself=False),
    VoiceCondition(name="10", n_clips=10, itself=False),
    VoiceCondition(name="30", n_clips=30, itself=False),
    VoiceCondition(name=ALL, n_clips=None),
    VoiceCondition(name="10-angry", n_clips=10, emotion="angry", itself=False),
    VoiceCondition(name="10-neutral", n_clips=10, emotion="neutral", itself=False),
)
"""As the results tables have them."""


def judge_clips(
    network: SpeechNetwork,
    states: Tensor,
    speakers: IntArray,
    labels: IntArray,
    *,
    seed: int = 0,
    conditions: tuple[VoiceCondition, ...] = CONDITIONS,
) -> dict[str, FloatArray]:
    """Return logits of clips under each condition.

    Labels choose which clips a set may hold, as a test of skewed sets needs it; the network
    never sees them.

    Parameters
    ----------
    network : SpeechNetwork
    states : Tensor, shape (n_clips, n_states)
        Pooled states of all clips of the speakers.
    speakers, labels : ndarray of int64, shape (n_clips,)
    seed : int
        Of the sets.
    conditions : tuple of VoiceCondition

    Returns
    -------
    dict of str to ndarray of float32, shape (n_clips, 8)
    """
    head = network.head.eval()
    population = (head.mean, head.deviation)
    with torch.inference_mode():
        states = head.listen(states)
        judged = {}
        for number, condition in enumerate(conditions):
            rng = np.random.default_rng([seed, number])
            sets = _draw_sets(condition, speakers, labels, rng)
            mean, deviation = compute_voices(states, sets, population)
            judged[condition.name] = head(states, mean, deviation).numpy()
    return judged


def _draw_sets(
    condition: VoiceCondition, speakers: IntArray, labels: IntArray, rng: np.random.Generator
) -> list[IntArray]:
    everyone = np.arange(len(speakers))
    of_emotion = labels == (EMOTIONS.index(condition.emotion) if condition.emotion else labels)
    sets = []
    for clip in everyone:
        pool = np.flatnonzero((speakers == speakers[clip]) & of_emotion)
        if not condition.itself:
            pool = pool[pool != clip]
        size = len(pool) if condition.n_clips is None else min(condition.n_clips, len(pool))
        sets.append(rng.choice(pool, size, replace=False) if size < len(pool) else pool)
    return sets
