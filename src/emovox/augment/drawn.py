"""What every alteration and every transform shares: descriptions, keys, checks, draws."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from dataclasses import asdict
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np

from emovox.errors import EmptyAudioError, ParameterError
from emovox.types import Alteration, FloatArray

Range: TypeAlias = tuple[float, float]
"""Lowest and highest value that may be drawn; the same twice: always that one."""

DIGITS = 6
"""Decimal places of drawn values: short in a description, far finer than can be heard."""

_MAX_SEED = 2**32 - 1


class Transform(Protocol):
    """One kind of change, with the ranges its parameters are drawn from."""

    @property
    def name(self) -> str:
        """As in ``list_transforms``."""
        ...

    def draw(self, rng: np.random.Generator) -> Alteration:
        """Draw the parameters of one alteration. Nothing else uses chance."""
        ...


class Drawn(ABC):
    """Base of alterations: a frozen dataclass whose fields are the drawn parameters.

    Attributes
    ----------
    name : str
        Of the transform it was drawn by.
    version : int
        Of the arithmetic. It rises when the same parameters give other samples, so that nothing
        stored under the old key is taken for the new.
    """

    __slots__ = ()
    name: ClassVar[str]
    version: ClassVar[int] = 1

    def describe(self) -> dict[str, Any]:
        """Return name, version and drawn parameters: all that ``rebuild_alteration`` needs."""
        return {"name": self.name, "version": self.version, **asdict(self)}  # type: ignore[call-overload]

    @property
    def key(self) -> str:
        """The description as one line of JSON: everything that determines the change."""
        return json.dumps(self.describe(), sort_keys=True, separators=(",", ":"))

    def apply(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        """Return the altered recording; the input is left as it is.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples,)
            Mono signal in [-1, 1].
        sampling_rate : int
            Of ``samples``, in Hz.

        Returns
        -------
        ndarray of float32, shape (n_samples_out,)
            May go beyond [-1, 1] where something was added or amplified: nothing is clipped.

        Raises
        ------
        ParameterError
            If ``samples`` is not one-dimensional.
        EmptyAudioError
            If it holds nothing.
        """
        given = np.asarray(samples, dtype=np.float32)
        if given.ndim != 1:
            raise ParameterError(
                f"samples have the shape {given.shape}; one channel is needed: (n_samples,)."
            )
        if not given.size:
            raise EmptyAudioError("a recording without samples cannot be altered.")
        return self._alter(given, sampling_rate)

    @abstractmethod
    def _alter(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        """Return a new array; ``samples`` is float32, one-dimensional, not empty."""


def validate_between(name: str, value: float, low: float, high: float) -> None:
    """Raise ParameterError unless ``low <= value <= high`` (so never for NaN)."""
    if not (isinstance(value, int | float) and low <= value <= high):
        raise ParameterError(f"{name} is {value!r}; it must be a number from {low:g} to {high:g}.")


def validate_range(name: str, value: Range, low: float, high: float) -> None:
    """Raise ParameterError unless ``value`` is a pair of rising numbers within the limits."""
    if not (isinstance(value, tuple) and len(value) == 2):
        raise ParameterError(f"{name} is {value!r}; it must be a pair (lowest, highest).")
    for bound in value:
        validate_between(name, bound, low, high)
    if value[0] > value[1]:
        raise ParameterError(f"{name} is {value!r}; the first must not exceed the second.")


def validate_seed(seed: int) -> None:
    """Raise ParameterError unless the seed is one that ``draw_seed`` can draw."""
    if not (isinstance(seed, int) and 0 <= seed <= _MAX_SEED):
        raise ParameterError(f"seed is {seed!r}; it must be a whole number from 0 to {_MAX_SEED}.")


def draw_uniform(rng: np.random.Generator, within: Range) -> float:
    """Draw a number evenly from a range, rounded to ``DIGITS`` places."""
    return round(float(rng.uniform(*within)), DIGITS)


def draw_ratio(rng: np.random.Generator, within: Range) -> float:
    """Draw a ratio from a range so that x and 1/x are equally likely, rounded."""
    low, high = within
    return round(math.exp(rng.uniform(math.log(low), math.log(high))), DIGITS)


def draw_seed(rng: np.random.Generator) -> int:
    """Draw the seed of a later random signal; it fits any JSON reader's integers."""
    return int(rng.integers(_MAX_SEED, endpoint=True))


def draw_white_noise(seed: int, n_samples: int) -> FloatArray:
    """Return Gaussian noise of variance 1, float32, shape (n_samples,)."""
    return np.random.default_rng(seed).standard_normal(n_samples, dtype=np.float32)


def fit_length(samples: FloatArray, n_samples: int) -> FloatArray:
    """Return a copy, cut or filled with zeros at the end, shape (n_samples,)."""
    fitted = np.zeros(n_samples, dtype=np.float32)
    fitted[: len(samples)] = samples[:n_samples]
    return fitted


def add_noise(samples: FloatArray, noise: FloatArray, snr_db: float) -> FloatArray:
    """Return the sum, the noise scaled so that the powers stand in the stated ratio.

    Signal power is the mean square about the mean over the whole recording, pauses included, so
    that a constant offset counts for nothing. Noise power is measured on the noise itself: the
    ratio is met exactly, not on average. Silence on either side leaves the recording as it is.
    """
    noise_power = np.mean(noise**2, dtype=np.float64)
    if not noise_power:
        return samples.copy()
    ratio = np.var(samples, dtype=np.float64) / noise_power
    return samples + np.float32(np.sqrt(ratio) * 10.0 ** (-snr_db / 20.0)) * noise
