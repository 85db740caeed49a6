"""A voice: how its states lie, clip by clip, without a label; and how far a model follows it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emovox.errors import ParameterError
from emovox.files import write_text
from emovox.models import Adaptation, ArtefactMetadata
from emovox.types import FloatArray

_FIELDS = ("model", "seal", "n_clips", "mean", "variance")


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """Statistics of a speaker's clips, as one model hears them.

    Attributes
    ----------
    model, seal : str
        Name and seal of the model; no other can use them.
    n_clips : int
        Of how many clips. 0: nothing is known of the voice.
    mean, variance : ndarray of float64, shape (n_states,)
        Of the clips' states; the variance is estimated with n (not n - 1).
    """

    model: str
    seal: str
    n_clips: int
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    def merge(self, other: Voice) -> Voice:
        """Return the voice of both sets of clips together.

        Parameters
        ----------
        other : Voice
            Of the same speaker and the same model.

        Raises
        ------
        ParameterError
            If it is of another model.

        References
        ----------
        Chan, Golub, LeVeque, "Algorithms for computing the sample variance", 1983, eq. 2.1.
        """
        if other.seal != self.seal:
            raise ParameterError(
                f"one voice was heard by {self.model!r}, the other by {other.model!r}, or by "
                "another file of this name; only voices of one model can be merged."
            )
        n_clips = self.n_clips + other.n_clips
        if not n_clips:
            return self
        share = other.n_clips / n_clips
        step = other.mean - self.mean
        variance = (1 - share) * self.variance + share * other.variance
        return Voice(
            self.model,
            self.seal,
            n_clips,
            mean=self.mean + share * step,
            variance=variance + share * (1 - share) * step**2,
        )


def estimate_voice(states: FloatArray, metadata: ArtefactMetadata) -> Voice:
    """Return the voice whose clips have these states.

    Parameters
    ----------
    states : ndarray of float32, shape (n_clips, n_states)
        Any number of clips, none among them, in any order.
    metadata : ArtefactMetadata
        Of the model that heard them.
    """
    if states.ndim != 2 or states.shape[1] != metadata.n_states:
        raise ParameterError(
            f"states have shape {states.shape}; it must be (n_clips, {metadata.n_states})."
        )
    # An empty row more would change nothing but the division by zero.
    values = states.astype(np.float64) if len(states) else np.zeros((1, metadata.n_states))
    return Voice(metadata.name, metadata.seal, len(states), values.mean(axis=0), values.var(axis=0))


def compute_statistics(voice: Voice, metadata: ArtefactMetadata) -> tuple[FloatArray, FloatArray]:
    """Return what an artefact takes as ``voice_mean`` and ``voice_deviation``.

    With n clips and the prior counts k of ``metadata.adaptation``:

        mean = (k * population.mean + n * voice.mean) / (k + n)
        deviation = sqrt((k * population.deviation**2 + n * voice.variance) / (k + n))

    No clip gives exactly the population's; ever more clips the voice's own.

    Returns
    -------
    mean, deviation : ndarray of float32, shape (n_states,)

    Raises
    ------
    ParameterError
        If the voice was heard by another model, or this one cannot adapt.
    """
    adaptation = require_adaptation(metadata)
    if voice.seal != metadata.seal or voice.mean.size != metadata.n_states:
        raise ParameterError(
            f"the voice was heard by the model {voice.model!r} (seal {voice.seal[:8]}), this is "
            f"{metadata.name!r} (seal {metadata.seal[:8]}).",
            hint="Each model hears in its own way: enrol the voice again with this one.",
        )
    mean = np.array(metadata.population.mean)
    variance = np.square(metadata.population.deviation)
    # In this form a share of 0 leaves the population's exactly as it is.
    mean += (voice.mean - mean) * _weigh(voice.n_clips, adaptation.prior_mean_clips)
    variance += (voice.variance - variance) * _weigh(
        voice.n_clips, adaptation.prior_deviation_clips
    )
    return mean.astype(np.float32), np.sqrt(variance).astype(np.float32)


def require_adaptation(metadata: ArtefactMetadata) -> Adaptation:
    """Return how a model adapts; raise ParameterError if it cannot."""
    if metadata.adaptation is None:
        raise ParameterError(
            f"the model {metadata.name!r} cannot adapt to a voice.",
            hint="Use it without, or use one that can: 'emovox models' lists them.",
        )
    return metadata.adaptation


def write_voice(path: str | os.PathLike[str], voice: Voice) -> None:
    """Write a voice as JSON, atomically."""
    values = {name: getattr(voice, name) for name in _FIELDS}
    values |= {name: values[name].tolist() for name in ("mean", "variance")}
    write_text(path, json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n")


def read_voice(path: str | os.PathLike[str]) -> Voice:
    """Return the voice that :func:`write_voice` wrote.

    Raises
    ------
    ParameterError
        If the file cannot be read or holds no voice.
    """
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        mean, variance = (np.array(raw[name], dtype=np.float64) for name in ("mean", "variance"))
        voice = Voice(raw["model"], raw["seal"], raw["n_clips"], mean, variance)
    except OSError as error:
        raise ParameterError(f"no voice can be read at {str(path)!r}: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        voice = None
    if voice is None or not _is_sound(voice):
        raise ParameterError(
            f"{str(path)!r} holds no voice, or a damaged one.", hint="Enrol it again."
        )
    return voice


def _weigh(n_clips: int, prior_clips: float) -> float:
    return n_clips / (prior_clips + n_clips)


def _is_sound(voice: Voice) -> bool:
    return (
        all(type(text) is str for text in (voice.model, voice.seal))
        and type(voice.n_clips) is int
        and voice.n_clips >= 0
        and voice.mean.ndim == 1
        and voice.mean.shape == voice.variance.shape
        and bool(np.isfinite(voice.mean).all() and np.isfinite(voice.variance).all())
        and bool((voice.variance >= 0).all())
    )
