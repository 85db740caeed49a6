"""How the recognizer's network is trained, in one record."""

from __future__ import annotations

from dataclasses import dataclass

from emovox.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning:
    """How to train. First the head alone on frozen states, then all that may move.

    Attributes
    ----------
    seed : int, default=0
        Of everything drawn.
    head_epochs : int, default=12
        Passes of the head over the frozen states of all clips and copies.
    epochs : int, default=4
        Of the whole, each of ``clips_per_epoch`` clips. 0: the encoder stays as it came.
    clips_per_epoch : int, default=9000
        Drawn with a chance that falls with the square root of a speaker's number of clips.
    batch_frames : int, default=4000
        States (50 a second) of a batch, padding included.
    longest_frames : int, default=150
        States of a clip in training, at most; longer ones are cut at random (3 s).
    head_rate, encoder_rate : float
        Learning rates of AdamW at their highest; the last layer's is ``encoder_rate``.
    rate_decay : float, default=0.7
        Factor of the rate from a layer to the one below.
    weight_decay : float, default=0.02
    averaging : float, default=0.995
        Of the weights: each step keeps this share of the average.
    label_smoothing : float, default=0.05
        Spread over the emotions that the corpus has.
    votes : float, default=0.25
        Weight of what CREMA-D's listeners heard against what the actor meant.
    absent : float, default=3.0
        By how much the logits of emotions that a clip's corpus lacks are lowered in the loss. A
        large value leaves them free: then nothing ever says that a neutral clip of CREMA-D is
        not surprised. With 0 they are wrong answers like any other, and rooms would tell them.
    exchange : float, default=0.5
        Share of the clips whose voice and room are exchanged for another's, by the difference of
        their mean states, where the voice is unknown.
    exchange_sentences : float, default=1.0
        Share of the clips of which what is said is exchanged likewise, by what each sentence adds
        to a voice's states on average. Without that the network learns how each of a few
        sentences sounds in anger.
    precision : str, default="auto"
        ``float32``, ``bfloat16``; ``auto`` measures.
    """

    seed: int = 0
    head_epochs: int = 12
    epochs: int = 4
    clips_per_epoch: int = 9000
    batch_frames: int = 4000
    longest_frames: int = 150
    head_rate: float = 5e-4
    encoder_rate: float = 1e-4
    rate_decay: float = 0.7
    weight_decay: float = 0.02
    averaging: float = 0.995
    label_smoothing: float = 0.05
    votes: float = 0.25
    absent: float = 3.0
    exchange: float = 0.5
    exchange_sentences: float = 1.0
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name, lowest in (("head_epochs", 1), ("epochs", 0), ("clips_per_epoch", 1)):
            if getattr(self, name) < lowest:
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be at least {lowest}.")
