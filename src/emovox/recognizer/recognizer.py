"""The core loop: a recording goes in, a calibrated decision comes out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emovox.audio import AudioSource, inspect_recording, read_audio
from emovox.emotions import EMOTIONS
from emovox.errors import AudioError
from emovox.models import ArtefactMetadata, load_artefact
from emovox.types import Decision, FloatArray, Recording


@dataclass(frozen=True, slots=True)
class Failure:
    """A recording that could not be used, and why."""

    path: str
    error: AudioError


class Recognizer:
    """Says which emotion a voice carries.

    Parameters
    ----------
    model : path-like
        An artefact, as ``emovox train`` writes it.
    n_threads : int, default=1
        Threads that the recognition of one recording uses.

    Raises
    ------
    UnknownModelError, ModelIntegrityError
        If there is no such model, or it cannot be trusted.

    Examples
    --------
    >>> decision = Recognizer("model.onnx").recognize("clip.wav")  # doctest: +SKIP
    >>> decision.emotion, decision.confidence  # doctest: +SKIP
    ('happy', 0.83)
    """

    def __init__(self, model: str | os.PathLike[str], *, n_threads: int = 1) -> None:
        self._artefact = load_artefact(model, n_threads=n_threads)

    @property
    def metadata(self) -> ArtefactMetadata:
        """What the model says of itself."""
        return self._artefact.metadata

    def recognize(self, source: AudioSource) -> Decision:
        """Return the decision on one recording.

        It always names the most probable emotion; ``accepted`` says whether to believe it.

        Parameters
        ----------
        source : path, bytes, binary file object, or (samples, sampling_rate)
            What :func:`emovox.audio.read_audio` takes.

        Raises
        ------
        AudioError
            If it cannot be decoded.
        """
        recording = read_audio(source, sampling_rate=self.metadata.sampling_rate)
        report = inspect_recording(recording)
        logits = self._artefact.run([recording.samples]).logits
        probabilities = self._artefact.compute_probabilities(logits)[0]
        return self._decide(recording, report.reason, probabilities)

    def recognize_many(
        self, paths: Iterable[str | os.PathLike[str]]
    ) -> Iterator[Decision | Failure]:
        """Yield a decision for each recording, or why there is none, in their order.

        This is a generator: a recording is read when its decision is asked for, and only one is
        held at a time, however many there are.
        """
        for path in paths:
            try:
                yield self.recognize(path)
            except AudioError as error:
                yield Failure(os.fspath(path), error)

    def _decide(self, recording: Recording, problem: str, probabilities: FloatArray) -> Decision:
        best = int(probabilities.argmax())
        confidence = float(probabilities[best])
        doubt = "low_confidence" if confidence < self.metadata.threshold else ""
        reason = problem or doubt
        return Decision(
            emotion=EMOTIONS[best],
            confidence=confidence,
            probabilities=dict(zip(EMOTIONS, map(float, probabilities), strict=True)),
            accepted=not reason,
            reason=reason,
            duration_s=recording.duration_s,
            path=recording.name,
        )
