"""Transforms by name, and alterations made again from their descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from emovox.augment.babble import Babble, DrawnBabble
from emovox.augment.band import Band, DrawnBand
from emovox.augment.chain import Chain
from emovox.augment.codec import Codec, DrawnCodec
from emovox.augment.cut import Cut, DrawnCut
from emovox.augment.drawn import Drawn, Transform
from emovox.augment.gain import DrawnGain, Gain
from emovox.augment.noise import DrawnNoise, Noise
from emovox.augment.notebook_noise import DrawnNotebookNoise, NotebookNoise
from emovox.augment.pitch import DrawnPitch, Pitch
from emovox.augment.reverberation import DrawnReverberation, Reverberation
from emovox.augment.shift import DrawnShift, Shift
from emovox.augment.silence import DrawnSilence, Silence
from emovox.augment.speed import DrawnSpeed, Speed
from emovox.augment.stretch import DrawnStretch, Stretch
from emovox.errors import ParameterError, suggest
from emovox.types import Alteration

_TRANSFORMS: Mapping[str, type[Transform]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Noise,
            NotebookNoise,
            Pitch,
            Stretch,
            Shift,
            Speed,
            Gain,
            Babble,
            Reverberation,
            Band,
            Codec,
            Silence,
            Cut,
        )
    }
)
_DRAWN: Mapping[str, type[Drawn]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            DrawnNoise,
            DrawnNotebookNoise,
            DrawnPitch,
            DrawnStretch,
            DrawnShift,
            DrawnSpeed,
            DrawnGain,
            DrawnBabble,
            DrawnReverberation,
            DrawnBand,
            DrawnCodec,
            DrawnSilence,
            DrawnCut,
            Chain,
        )
    }
)


def list_transforms() -> tuple[str, ...]:
    """Return the names of all transforms."""
    return tuple(_TRANSFORMS)


def get_transform(name: str) -> Transform:
    """Return a transform with its default ranges.

    Raises
    ------
    ParameterError
        If no transform has this name.
    """
    if name not in _TRANSFORMS:
        raise ParameterError(f"no transform {name!r}.", hint=suggest(name, _TRANSFORMS))
    return _TRANSFORMS[name]()


def rebuild_alteration(description: Mapping[str, Any]) -> Alteration:
    """Make an alteration again from what its ``describe()`` gave.

    Parameters
    ----------
    description : mapping
        ``name``, ``version`` and the drawn parameters, such as one read from JSON.

    Returns
    -------
    Alteration
        One with the same key.

    Raises
    ------
    ParameterError
        If the description is incomplete, has something unknown, or another version made it.

    Examples
    --------
    >>> rebuild_alteration({"name": "gain", "version": 1, "gain_db": 3.0})
    DrawnGain(gain_db=3.0)
    """
    if not isinstance(description, Mapping):
        raise ParameterError(f"{description!r} describes no alteration: it is not a mapping.")
    parameters = dict(description)
    name = str(parameters.pop("name", ""))
    if name not in _DRAWN:
        raise ParameterError(f"no alteration is named {name!r}.", hint=suggest(name, _DRAWN))
    kind = _DRAWN[name]
    version = parameters.pop("version", None)
    if version != kind.version:
        raise ParameterError(
            f"{name} was drawn by version {version!r}, and this is version {kind.version}.",
            hint="Use the emovox that wrote the description, or draw anew.",
        )
    if kind is Chain:
        parts = parameters.pop("alterations", ())
        parameters["alterations"] = tuple(rebuild_alteration(part) for part in parts)
    try:
        return kind(**parameters)
    except TypeError as error:
        raise ParameterError(f"the description of {name} is not complete: {error}.") from error
