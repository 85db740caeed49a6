"""The core loop: a recording goes in, a calibrated decision comes out."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emovox.audio import AudioSource, inspect_recording, read_audio
from emovox.emotions import EMOTIONS
from emovox.errors import AudioError
from emovox.models import ArtefactMetadata, get_model, load_artefact
from emovox.recognizer.listening import hear_voice
from emovox.recognizer.parallel import map_in_order
from emovox.recognizer.segments import Segment
from emovox.recognizer.timeline import find_segments
from emovox.recognizer.voice import Voice, compute_statistics
from emovox.types import Decision, FloatArray, Recording


@dataclass(frozen=True, slots=True)
class Failure:
    """A recording that could not be used, and why."""

    path: str
    error: AudioError


class Recognizer:
    """Says which emotion a voice carries.

    Safe to use from several threads at once.

    Parameters
    ----------
    model : str or path-like, optional
        Name of a model that comes with emovox (:func:`emovox.list_models`), or an artefact's
        path. Default: ``emovox-small``.
    n_threads : int, default=1
        Threads that the recognition of one recording uses.

    Raises
    ------
    UnknownModelError, ModelIntegrityError
        If there is no such model, or it cannot be trusted.

    Examples
    --------
    >>> recognizer = Recognizer()  # doctest: +SKIP
    >>> decision = recognizer.recognize("clip.wav")  # doctest: +SKIP
    >>> decision.emotion, decision.confidence  # doctest: +SKIP
    ('happy', 0.83)
    >>> anna = recognizer.adapt(["anna-1.wav", "anna-2.wav"])  # doctest: +SKIP
    >>> anna.recognize("anna-3.wav").emotion  # doctest: +SKIP
    'neutral'
    """

    def __init__(self, model: str | os.PathLike[str] | None = None, *, n_threads: int = 1) -> None:
        self._artefact = load_artefact(get_model(model), n_threads=n_threads)
        self._voice: Voice | None = None
        # None: the population's.
        self._voice_mean: FloatArray | None = None
        self._voice_deviation: FloatArray | None = None

    @property
    def metadata(self) -> ArtefactMetadata:
        """What the model says of itself."""
        return self._artefact.metadata

    @property
    def voice(self) -> Voice | None:
        """The voice it is bound to; None where it takes everybody for the average of all."""
        return self._voice

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
        logits = self._artefact.run(
            [recording.samples],
            voice_mean=self._voice_mean,
            voice_deviation=self._voice_deviation,
        ).logits
        n_clips = self._voice.n_clips if self._voice else 0
        probabilities = self._artefact.compute_probabilities(logits, n_clips_known=n_clips)[0]
        return self._decide(recording, report.reason, probabilities)

    def recognize_many(
        self, paths: Iterable[str | os.PathLike[str]], *, n_jobs: int = 1
    ) -> Iterator[Decision | Failure]:
        """Yield a decision for each recording, or why there is none, in their order.

        However many there are, only ``n_jobs`` of them are held at a time. They are read when
        their decisions are asked for, or with more than one job shortly before.

        Parameters
        ----------
        paths : iterable of path-like
        n_jobs : int, default=1
            Recordings that are recognized at once.
        """
        return map_in_order(self._attempt, paths, n_jobs)

    def timeline(
        self, source: AudioSource, *, window_s: float = 3.0, hop_s: float = 1.0
    ) -> Iterator[Segment]:
        """Yield which emotion a recording of any length carries when: see :func:`find_segments`."""
        return find_segments(self, source, window_s=window_s, hop_s=hop_s)

    def adapt(self, clips: Iterable[AudioSource]) -> Recognizer:
        """Return a recognizer that knows the speaker of these clips; this one stays as it is.

        No labels are needed. Called on a recognizer that knows the speaker already, it adds the
        clips to what is known.

        Parameters
        ----------
        clips : iterable of path, bytes, binary file object, or (samples, sampling_rate)
            Of one speaker, in any order; the more, and the more different their emotions, the
            better: where all carry one, it is found less often afterwards. A long recording counts
            as many clips.

        Raises
        ------
        AudioError
            If one cannot be decoded.
        ParameterError
            If the model cannot adapt.
        """
        voice = self.estimate_voice(clips)
        return self.with_voice(voice if self._voice is None else self._voice.merge(voice))

    def with_voice(self, voice: Voice) -> Recognizer:
        """Return a recognizer that is bound to a voice; this one stays as it is.

        Raises
        ------
        ParameterError
            If the voice was heard by another model.
        """
        bound = copy.copy(self)  # the model itself is shared
        bound._voice = voice
        bound._voice_mean, bound._voice_deviation = compute_statistics(voice, self.metadata)
        return bound

    def estimate_voice(
        self, clips: Iterable[AudioSource], *, skip_unreadable: bool = False, n_jobs: int = 1
    ) -> Voice:
        """Return the voice that these clips have in common. What the gate refuses is left out.

        Parameters
        ----------
        clips : iterable of path, bytes, binary file object, or (samples, sampling_rate)
            As for :meth:`adapt`.
        skip_unreadable : bool, default=False
            Pass over clips that cannot be decoded, rather than raise AudioError.
        n_jobs : int, default=1
            Clips that are listened to at once.
        """
        return hear_voice(self._artefact, clips, skip_unreadable=skip_unreadable, n_jobs=n_jobs)

    def _attempt(self, path: str | os.PathLike[str]) -> Decision | Failure:
        try:
            return self.recognize(path)
        except AudioError as error:
            return Failure(os.fspath(path), error)

    def _decide(self, recording: Recording, problem: str, probabilities: FloatArray) -> Decision:
        best = int(probabilities.argmax())
        confidence = float(probabilities[best])
        doubt = "low_confidence" if confidence < self.metadata.calibration.threshold else ""
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
