"""The error tree: every error emovox raises on purpose, its exit code and its HTTP status.

::

    EmovoxError                    exit  HTTP
      ParameterError (ValueError)   2    422
      AudioError                    3    400
        NotAudioError               3    415
        EmptyAudioError             3    400
        TruncatedAudioError         3    400
        TooLargeError               3    413
      RefusedError                  4    422
      ModelError                    5    503
        UnknownModelError           5    404
        ModelIntegrityError         5    503
      CorpusError                   6    500
      ManifestError                 6    500
      ConfigError                   7    500
      MissingExtraError (ImportError) 8  501
      ProtocolError                 9    500
      ParityError                   9    500
      WorkerError                  10    500

A message says what is wrong, with which value, and what would be right; ``hint`` says what to
do next; ``code`` is a stable slug (``docs/errors.md`` lists them all).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class EmovoxError(Exception):
    """Root of all errors raised on purpose.

    Parameters
    ----------
    message : str
        What is wrong, with which value, and what would be right.
    hint : str, default=""
        The next step for the reader, one sentence.
    """

    code = "error"
    exit_code = 1
    http_status = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders; keyword arguments would be lost by the default.
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[EmovoxError], message: str, hint: str) -> EmovoxError:
    return kind(message, hint=hint)


class ParameterError(EmovoxError, ValueError):
    """An argument has a value that is not allowed."""

    code = "parameter"
    exit_code = 2
    http_status = 422


class AudioError(EmovoxError):
    """A recording cannot be used."""

    code = "audio"
    exit_code = 3
    http_status = 400


class NotAudioError(AudioError):
    """The content is not audio in a format that can be decoded."""

    code = "not-audio"
    http_status = 415


class EmptyAudioError(AudioError):
    """The recording holds no samples, or the file no bytes."""

    code = "empty-audio"


class TruncatedAudioError(AudioError):
    """The file ends before its header says it does."""

    code = "truncated-audio"


class TooLargeError(AudioError):
    """The recording is longer or larger than the limit set for it."""

    code = "too-large"
    http_status = 413


class RefusedError(EmovoxError):
    """A decision was not accepted and the caller asked for strictness."""

    code = "refused"
    exit_code = 4
    http_status = 422


class ModelError(EmovoxError):
    """A model cannot be used."""

    code = "model"
    exit_code = 5
    http_status = 503


class UnknownModelError(ModelError):
    """No model has this name, or no file lies at this path."""

    code = "unknown-model"
    http_status = 404


class ModelIntegrityError(ModelError):
    """A model file is damaged, or not what its metadata says."""

    code = "model-integrity"


class CorpusError(EmovoxError):
    """A corpus folder is not what it should be."""

    code = "corpus"
    exit_code = 6


class ManifestError(EmovoxError):
    """A manifest is malformed."""

    code = "manifest"
    exit_code = 6


class ConfigError(EmovoxError):
    """A configuration has an unknown key or a value of the wrong kind."""

    code = "config"
    exit_code = 7


class MissingExtraError(EmovoxError, ImportError):
    """An optional part of emovox is not installed.

    Parameters
    ----------
    extra : str
        Name of the extra that brings it, such as ``train``.
    """

    code = "missing-extra"
    exit_code = 8
    http_status = 501

    def __init__(self, extra: str, *, hint: str = "") -> None:
        super().__init__(
            f"this needs the extra {extra!r}, which is not installed.",
            hint=hint or f"Install it with: pip install 'emovox[{extra}]'",
        )
        self.extra = extra

    def __reduce__(self) -> tuple[object, ...]:
        return (MissingExtraError, (self.extra,))


class ProtocolError(EmovoxError):
    """A split leaks, or cannot be made from these clips."""

    code = "protocol"
    exit_code = 9


class ParityError(EmovoxError):
    """Two implementations of one thing disagree by more than the tolerance."""

    code = "parity"
    exit_code = 9


class WorkerError(EmovoxError):
    """A worker process died or cannot be reached."""

    code = "worker"
    exit_code = 10


def suggest(value: str, known: Iterable[str]) -> str:
    """Return a sentence naming the legal values, the nearest first where one is near.

    Parameters
    ----------
    value : str
        What was given.
    known : iterable of str
        What is legal.

    Returns
    -------
    str
        ``Did you mean 'x'? Known: a, b, c.``
    """
    legal = sorted(known)
    near = difflib.get_close_matches(value, legal, n=1)
    question = f"Did you mean {near[0]!r}? " if near else ""
    return f"{question}Known: {', '.join(legal)}."
