"""Under which conditions a model is tried, and how well it knows the speaker."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emovox.augment import (
    Babble,
    Band,
    Codec,
    Cut,
    Gain,
    Noise,
    Policy,
    Reverberation,
    Silence,
    Speed,
    Step,
    Transform,
)
from emovox.emotions import encode_emotions
from emovox.errors import ParameterError
from emovox.types import Alteration, Clip

SMALL = "small changes"
"""Family of the conditions that nobody would call another recording: decisions should stay."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What is done to each recording before it is judged.

    Attributes
    ----------
    name : str
        One word.
    title : str
        A few words, for a figure.
    family : str
        Conditions of one kind.
    transforms : tuple of Transform
        One after the other; none leaves the recording as it is. The same each time for the same
        clip.
    """

    name: str
    title: str
    family: str = ""
    transforms: tuple[Transform, ...] = ()

    def draw(self, clip: Clip, seed: int) -> Alteration | None:
        """Return what is done to a clip: it hangs on its content and the seed alone."""
        if not self.transforms:
            return None
        recipe = tuple(Step(transform) for transform in self.transforms)
        return Policy(self.name, self.title, (recipe,)).draw(get_key(clip), seed)[0]


CLEAN = Condition("clean", "as recorded")


def _at(value: float) -> tuple[float, float]:
    return (value, value)


_NOISE, _BABBLE, _LEVEL, _ROOM = "white noise", "babble of 6 voices", "level", "reverberation"
_LINE, _LENGTH = "line", "length"

ROBUSTNESS: tuple[Condition, ...] = (
    Condition("noise-20", "20 dB", _NOISE, (Noise(_at(20.0)),)),
    Condition("noise-10", "10 dB", _NOISE, (Noise(_at(10.0)),)),
    Condition("noise-5", "5 dB", _NOISE, (Noise(_at(5.0)),)),
    Condition("babble-20", "20 dB", _BABBLE, (Babble(_at(20.0)),)),
    Condition("babble-10", "10 dB", _BABBLE, (Babble(_at(10.0)),)),
    Condition("babble-5", "5 dB", _BABBLE, (Babble(_at(5.0)),)),
    Condition("louder-10", "10 dB louder", _LEVEL, (Gain(_at(10.0)),)),
    Condition("quieter-10", "10 dB quieter", _LEVEL, (Gain(_at(-10.0)),)),
    Condition("quieter-20", "20 dB quieter", _LEVEL, (Gain(_at(-20.0)),)),
    Condition("quieter-30", "30 dB quieter", _LEVEL, (Gain(_at(-30.0)),)),
    Condition("room-small", "small room, 0.3 s", _ROOM, (Reverberation(_at(0.3), _at(6.0)),)),
    Condition("room-large", "large room, 0.8 s", _ROOM, (Reverberation(_at(0.8), _at(0.0)),)),
    Condition("telephone", "telephone band", _LINE, (Band(_at(300.0), _at(3400.0)),)),
    Condition("mp3-32", "MP3, 32 kbit/s", _LINE, (Codec("mp3", _at(32.0)),)),
    Condition("mp3-16", "MP3, 16 kbit/s", _LINE, (Codec("mp3", _at(16.0)),)),
    Condition("opus-16", "Opus, 16 kbit/s", _LINE, (Codec("opus", _at(16.0)),)),
    Condition("opus-8", "Opus, 8 kbit/s", _LINE, (Codec("opus", _at(8.0)),)),
    Condition("silence", "1 s of silence around", _LENGTH, (Silence(_at(1.0), _at(1.0)),)),
    Condition("cut-2", "the middle 2 s", _LENGTH, (Cut(_at(2.0), _at(0.5)),)),
    Condition("cut-1", "the middle 1 s", _LENGTH, (Cut(_at(1.0), _at(0.5)),)),
    Condition("quieter-6", "6 dB quieter", SMALL, (Gain(_at(-6.0)),)),
    Condition("louder-6", "6 dB louder", SMALL, (Gain(_at(6.0)),)),
    Condition("padded", "0.2 s of silence around", SMALL, (Silence(_at(0.2), _at(0.2)),)),
    Condition("slower", "2 % slower", SMALL, (Speed(_at(0.98)),)),
    Condition("faster", "2 % faster", SMALL, (Speed(_at(1.02)),)),
    Condition("opus-32", "Opus, 32 kbit/s", SMALL, (Codec("opus", _at(32.0)),)),
)
"""What recordings meet outside a studio; levels go beyond full scale rather than being clipped."""


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Which clips of a speaker the model has heard, without labels, before it judges one.

    Attributes
    ----------
    n_clips : int or None
        So many others, drawn anew for each clip that is judged (fewer where there are fewer);
        None: all of the speaker, the judged one among them.
    emotion : str
        Only clips of this emotion are drawn: a hard case, or an enrolled sample of everyday
        speech. Empty: whatever they carry.
    """

    n_clips: int | None
    emotion: str = ""

    def __post_init__(self) -> None:
        if self.n_clips is not None and self.n_clips < 1:
            raise ParameterError(f"a voice is made of at least 1 clip, not {self.n_clips}.")
        if self.emotion:
            encode_emotions([self.emotion])

    @classmethod
    def parse(cls, text: str) -> Acquaintance:
        """Read ``10``, ``all``, ``10:angry`` or ``all:neutral``.

        Raises
        ------
        ParameterError
            If it is nothing of the kind.
        """
        count, _, emotion = text.partition(":")
        if count != "all" and not count.isdecimal():
            raise ParameterError(
                f"{text!r} is no number of clips.",
                hint="Give a number or 'all', and maybe an emotion: 10, all, 10:angry.",
            )
        return cls(None if count == "all" else int(count), emotion)

    @property
    def name(self) -> str:
        """One word."""
        count = "all" if self.n_clips is None else str(self.n_clips)
        return "-".join(filter(None, ("adapt", count, self.emotion)))

    @property
    def title(self) -> str:
        """A few words, for a figure."""
        emotion = f" {self.emotion}" if self.emotion else ""
        if self.n_clips is None:
            return f"all{emotion} clips of the speaker"
        return f"{self.n_clips}{emotion} clip{'s' if self.n_clips > 1 else ''} of the speaker"

    def choose(self, clips: Sequence[Clip], index: int, seed: int) -> list[int]:
        """Return which clips of a speaker are heard before the one at ``index`` is judged.

        Parameters
        ----------
        clips : sequence of Clip
            All usable ones of the speaker.
        index : int
            Of the clip that is judged.
        seed : int
            Of the draw.
        """
        fitting = [i for i, c in enumerate(clips) if not self.emotion or c.emotion == self.emotion]
        if self.n_clips is None:
            return fitting
        others = [i for i in fitting if i != index]
        rng = make_rng(clips[index], seed)
        return sorted(rng.permutation(others)[: self.n_clips].tolist())


@dataclass(frozen=True, slots=True)
class Pass:
    """One way through all clips: a condition, and how well the speakers are known.

    Attributes
    ----------
    condition : Condition
        The same for the clips that are heard before.
    acquaintance : Acquaintance or None
        None: nothing is known of any voice.
    """

    condition: Condition = CLEAN
    acquaintance: Acquaintance | None = None

    @property
    def name(self) -> str:
        """One word; the predictions are stored under it."""
        if self.acquaintance is None:
            return self.condition.name
        if self.condition == CLEAN:
            return self.acquaintance.name
        return f"{self.condition.name}-{self.acquaintance.name}"

    @property
    def title(self) -> str:
        """A few words, for a table."""
        if self.acquaintance is None:
            return "nothing known of the voice"
        return self.acquaintance.title


def get_key(clip: Clip) -> str:
    """Return what tells a clip from others, wherever it lies."""
    return clip.sha256 or clip.path


def make_rng(clip: Clip, seed: int) -> np.random.Generator:
    """Return chance that hangs on the clip and the seed alone."""
    digest = hashlib.sha256(get_key(clip).encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest)])
