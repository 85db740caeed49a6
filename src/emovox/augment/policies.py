"""Policies: how many altered copies of a clip there are, and how each is drawn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from emovox.augment.babble import Babble
from emovox.augment.band import Band
from emovox.augment.chain import Chain
from emovox.augment.codec import Codec
from emovox.augment.drawn import Transform
from emovox.augment.gain import Gain
from emovox.augment.noise import Noise
from emovox.augment.notebook_noise import NotebookNoise
from emovox.augment.pitch import Pitch
from emovox.augment.registry import get_transform, list_transforms
from emovox.augment.reverberation import Reverberation
from emovox.augment.shift import Shift
from emovox.augment.silence import Silence
from emovox.augment.speed import Speed
from emovox.augment.stretch import Stretch
from emovox.errors import ParameterError, suggest
from emovox.types import Alteration


@dataclass(frozen=True, slots=True)
class Step:
    """A transform and how often it is taken."""

    transform: Transform
    probability: float = 1.0


Recipe: TypeAlias = tuple[Step, ...]
"""Steps of one variant, in the order of their application; the first is always taken."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the altered copies of a clip are drawn.

    Attributes
    ----------
    name, description : str
        One word; one sentence.
    recipes : tuple of Recipe
        One for each variant.
    streams : tuple of int
        Which stream of random numbers each variant draws from; empty: the number of the variant.
    """

    name: str
    description: str
    recipes: tuple[Recipe, ...]
    streams: tuple[int, ...] = ()

    @property
    def n_variants(self) -> int:
        """Altered copies of a clip, the clean one not counted."""
        return len(self.recipes)

    def draw(self, clip_key: str, seed: int) -> tuple[Alteration, ...]:
        """Draw the alterations of one clip.

        They depend on the arguments alone, never on the order of the calls, and the first ones
        stay the same where a policy has more variants.

        Parameters
        ----------
        clip_key : str
            What tells the clip from all others, such as the SHA-256 of its file.
        seed : int
            Of the study. Must be >= 0.

        Returns
        -------
        tuple of Alteration, length n_variants
        """
        if seed < 0:
            raise ParameterError(f"the seed is {seed}; it must be 0 or more.")
        clip = int.from_bytes(hashlib.sha256(clip_key.encode()).digest())
        streams = self.streams or range(len(self.recipes))
        return tuple(
            _draw_variant(recipe, np.random.default_rng([seed, clip, stream]))
            for stream, recipe in zip(streams, self.recipes, strict=True)
        )


def _draw_variant(recipe: Recipe, rng: np.random.Generator) -> Alteration:
    first, *others = recipe
    taken = [first.transform.draw(rng)]
    taken += [step.transform.draw(rng) for step in others if rng.random() < step.probability]
    return taken[0] if len(taken) == 1 else Chain(tuple(taken))


# Speed, pitch and level are what differs between voices and rooms and says little of the emotion
# in these amounts; white noise stands for poorer recordings.
_STANDARD: Recipe = (
    Step(Speed((0.9, 1.1))),
    Step(Pitch((-2.0, 2.0)), 0.5),
    Step(Noise((10.0, 35.0)), 0.5),
    Step(Shift((-0.1, 0.1)), 0.5),
    Step(Gain((-6.0, 6.0)), 0.5),
)

# What lies between an actor in a studio and a phone in a kitchen, in the order of nature: the
# voice, the room, others in it, the microphone, the line.
_ROBUST: Recipe = (
    Step(Speed((0.9, 1.1))),
    Step(Silence(), 0.3),
    Step(Reverberation(), 0.35),
    Step(Babble((5.0, 25.0)), 0.25),
    Step(Noise((5.0, 30.0)), 0.25),
    Step(Band(), 0.25),
    Step(Codec("opus", (8.0, 48.0)), 0.15),
    Step(Codec("mp3", (16.0, 48.0)), 0.15),
    Step(Gain((-20.0, 6.0)), 0.5),
)

_POLICIES = MappingProxyType(
    {
        policy.name: policy
        for policy in (
            Policy("none", "No altered copies.", ()),
            Policy(
                "notebook",
                "Two copies: the notebook's noise; stretched by 0.8, then 0.7 semitones up.",
                (
                    (Step(NotebookNoise()),),
                    (Step(Stretch((0.8, 0.8))), Step(Pitch((0.7, 0.7)))),
                ),
            ),
            Policy(
                "standard",
                "Copies (2, or as many as asked) at another speed; each by even chance also at "
                "another pitch, noisy, moved in time, louder or quieter.",
                (_STANDARD, _STANDARD),
            ),
            Policy(
                "robust",
                "Copies (2, or as many as asked) at another speed; each by chance also with "
                "silence around, in a room, amid voices, noisy, band-limited, coded, quieter.",
                (_ROBUST, _ROBUST),
            ),
        )
    }
)


def list_policies() -> tuple[str, ...]:
    """Return the names of all policies."""
    return tuple(_POLICIES)


def get_policy(name: str, *, n_variants: int | None = None) -> Policy:
    """Return a policy.

    Parameters
    ----------
    name : str
        One of ``list_policies()``, or transforms joined by ``+``, such as ``noise+pitch``: a
        copy by each of them alone. The copy by one is the same whatever the others are.
    n_variants : int, optional
        Altered copies of a clip, >= 1. Only ``standard`` and ``robust`` let one choose.

    Raises
    ------
    ParameterError
        If no policy has this name, or it has another, fixed number of variants.
    """
    policy = _POLICIES.get(name) or _combine_transforms(name)
    if n_variants is None or n_variants == policy.n_variants:
        return policy
    recipe = {"standard": _STANDARD, "robust": _ROBUST}.get(name)
    if recipe is None or n_variants < 1:
        raise ParameterError(
            f"the policy {name!r} cannot make {n_variants} copies of a clip, but "
            f"{'1 or more' if recipe else policy.n_variants}."
        )
    return Policy(policy.name, policy.description, (recipe,) * n_variants)


def _combine_transforms(name: str) -> Policy:
    parts = name.split("+")
    known = list_transforms()
    for part in parts:
        if part not in known:
            legal = (*_POLICIES, *known)
            raise ParameterError(f"no augmentation policy {name!r}.", hint=suggest(part, legal))
    if len(set(parts)) < len(parts):
        raise ParameterError(f"the augmentation policy {name!r} names a transform twice.")
    streams = tuple(_FIRST_STREAM + known.index(part) for part in parts)
    return replace(make_policy(parts), name=name, streams=streams)


_FIRST_STREAM = 1000
"""Of transforms by name; far behind the variants of the other policies."""


def make_policy(transforms: Iterable[str]) -> Policy:
    """Return a policy with one variant for each transform named, by that transform alone.

    Raises
    ------
    ParameterError
        If a name is unknown.
    """
    names = tuple(transforms)
    recipes = tuple((Step(get_transform(name)),) for name in names)
    return Policy("custom", f"One copy each: {', '.join(names)}.", recipes)
