"""Frozen records that are passed between rooms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
"""Samples, features, probabilities: always float32."""

IntArray: TypeAlias = NDArray[np.int64]

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (done, total) while long work goes on."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A decoded recording.

    Attributes
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono signal in [-1, 1].
    sampling_rate : int
        Of ``samples``, in Hz.
    name : str
        Path, or ``<bytes>``, ``<array>`` and the like where there is none.
    source_rate : int
        Sampling rate of the source, in Hz, before any resampling.
    n_channels : int
        Channels of the source, before mixing down.
    """

    samples: FloatArray
    sampling_rate: int
    name: str = "<array>"
    source_rate: int = 0
    n_channels: int = 1

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sampling_rate


@dataclass(frozen=True, slots=True)
class Clip:
    """A labelled unit of a corpus: one row of a manifest. Unknown text is empty.

    Attributes
    ----------
    path : str
        As the reader can open it (the manifest file itself may hold it relative).
    corpus, speaker_id : str
        ``speaker_id`` is ``corpus-speaker``, unique over corpora.
    sex : str
        ``female``, ``male`` or empty.
    age : int or None
        In years.
    emotion : str
        One of ``emovox.emotions.EMOTIONS``, or empty (unlabelled).
    intensity, sentence : str
        As the corpus names them.
    duration_s : float or None
        Length in seconds.
    sha256 : str
        Of the file's bytes, in hexadecimal.
    extra : mapping of str to str
        Columns emovox does not know, kept.
    """

    path: str
    corpus: str = ""
    speaker_id: str = ""
    sex: str = ""
    age: int | None = None
    emotion: str = ""
    intensity: str = ""
    sentence: str = ""
    duration_s: float | None = None
    sha256: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the recognizer says of one recording.

    Attributes
    ----------
    emotion : str
        The most probable emotion, always.
    confidence : float
        Its probability.
    probabilities : mapping of str to float
        One for each of the eight emotions, in their order; they add up to 1.
    accepted : bool
        Whether to believe it.
    reason : str
        Empty where accepted, else one of ``low_confidence``, ``silent``, ``too_short``,
        ``no_speech``, ``clipped``.
    duration_s : float
        Length of the recording in seconds.
    path : str
        Where it came from.
    """

    emotion: str
    confidence: float
    probabilities: Mapping[str, float]
    accepted: bool
    reason: str
    duration_s: float
    path: str


class Alteration(Protocol):
    """A change to a recording whose parameters are already drawn: applying it is deterministic."""

    @property
    def key(self) -> str:
        """Everything that determines the change, as one line of JSON."""
        ...

    def apply(self, samples: FloatArray, sampling_rate: int) -> FloatArray:
        """Return the altered samples, float32, shape (n_samples_out,)."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """Return the transform's name and its drawn parameters."""
        ...
