"""ONNX artefacts: read, verified, run. The only file that knows onnxruntime.

An artefact is one ONNX file:

=================== ======= =================== ============================================
inputs              type    shape               meaning
=================== ======= =================== ============================================
``waveform``        float32 (batch, n_samples)  mono, 16 kHz, padded at the end
``length``          int64   (batch,)            samples of each clip that are not padding
``voice_mean``      float32 (batch, n_states)   mean of the voice's states, or the population's
``voice_deviation`` float32 (batch, n_states)   and their deviation
=================== ======= =================== ============================================

Outputs: ``logits`` float32 (batch, 8) and ``states`` float32 (batch, n_states), where
``logits = network((states - voice_mean) / voice_deviation)``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import (
    onnxruntime_pybind11_state as ort_errors,
)

from emovox.emotions import EMOTIONS
from emovox.errors import ModelIntegrityError, ParameterError, UnknownModelError
from emovox.models.metadata import METADATA_KEY, UNSEALED, ArtefactMetadata
from emovox.models.reading import read_metadata
from emovox.types import FloatArray

_LOAD_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    UnicodeDecodeError,  # damage inside the metadata's text
)


@dataclass(frozen=True, slots=True)
class ArtefactOutput:
    """What an artefact says of a batch of clips.

    Attributes
    ----------
    logits : ndarray of float32, shape (batch, 8)
    states : ndarray of float32, shape (batch, n_states)
        Of which a voice's statistics are made.
    """

    logits: FloatArray
    states: FloatArray


class Artefact:
    """A model that was loaded and verified. Safe to use from several threads at once.

    Made by :func:`load_artefact`.
    """

    def __init__(self, session: Any, metadata: ArtefactMetadata, path: str) -> None:
        self.metadata = metadata
        self.path = path
        self._session = session
        self._mean = np.array(metadata.population.mean, dtype=np.float32)
        self._deviation = np.array(metadata.population.deviation, dtype=np.float32)

    def run(
        self,
        waveforms: Sequence[FloatArray],
        *,
        voice_mean: FloatArray | None = None,
        voice_deviation: FloatArray | None = None,
    ) -> ArtefactOutput:
        """Return logits and states of a batch of clips, whatever their lengths.

        Parameters
        ----------
        waveforms : sequence of ndarray of float32, shape (n_samples,) each
            Mono, at ``metadata.sampling_rate``. The memory used grows with their number times
            the longest.
        voice_mean, voice_deviation : ndarray of float32, shape (n_states,) or (batch, n_states)
            Of the states of a known voice. Default: the population's.

        Raises
        ------
        ParameterError
            If there is no waveform, one has no samples or more than one dimension, or the
            statistics have the wrong shape.
        """
        padded, length = self._pad(waveforms)
        mean = self._mean if voice_mean is None else voice_mean
        deviation = self._deviation if voice_deviation is None else voice_deviation
        shape = (len(length), self.metadata.n_states)
        try:
            mean, deviation = (
                np.ascontiguousarray(np.broadcast_to(v, shape), dtype=np.float32)
                for v in (mean, deviation)
            )
        except ValueError:
            raise ParameterError(
                f"voice statistics of shapes {np.shape(mean)} and {np.shape(deviation)} "
                f"do not fit {shape} (batch, states)."
            ) from None
        inputs = {
            "waveform": padded,
            "length": length,
            "voice_mean": mean,
            "voice_deviation": deviation,
        }
        return ArtefactOutput(*self._session.run(["logits", "states"], inputs))

    def compute_probabilities(self, logits: FloatArray, *, n_clips_known: int = 0) -> FloatArray:
        """Return calibrated probabilities of the eight emotions.

        Parameters
        ----------
        logits : ndarray of float32, shape (batch, 8)
        n_clips_known : int, default=0
            Of the voice whose statistics the logits were computed with.

        Returns
        -------
        ndarray of float32, shape (batch, 8)
            Rows add up to 1; emotions the model was not trained on have 0.
        """
        known = [emotion in self.metadata.emotions for emotion in EMOTIONS]
        adaptation = self.metadata.adaptation
        knowledge = adaptation.compute_knowledge(n_clips_known) if adaptation else 0.0
        temperature = self.metadata.calibration.get_temperature(knowledge)
        return compute_probabilities(logits, temperature=temperature, known=known)

    def _pad(self, waveforms: Sequence[FloatArray]) -> tuple[FloatArray, np.ndarray]:
        if not waveforms or any(w.ndim != 1 or not w.size for w in waveforms):
            shapes = [w.shape for w in waveforms]
            raise ParameterError(f"waveforms have shapes {shapes}; each must be (n_samples > 0,).")
        shortest = round(self.metadata.shortest_s * self.metadata.sampling_rate)
        length = np.array([max(w.size, shortest) for w in waveforms], dtype=np.int64)
        padded = np.zeros((len(waveforms), length.max()), dtype=np.float32)
        for row, waveform in zip(padded, waveforms, strict=True):
            row[: waveform.size] = waveform
        return padded, length


def compute_probabilities(
    logits: FloatArray, *, temperature: float = 1.0, known: Sequence[bool] | None = None
) -> FloatArray:
    """Return the softmax of ``logits / temperature`` over the known classes.

    Parameters
    ----------
    logits : ndarray of float32, shape (..., n_classes)
    temperature : float > 0, default=1.0
        Above 1 makes the model less sure of itself (Guo et al. 2017, On calibration of modern
        neural networks, eq. 9).
    known : sequence of bool, shape (n_classes,), optional
        Classes that can occur; the others get probability 0. Default: all.

    Examples
    --------
    >>> compute_probabilities(np.zeros(4, np.float32), known=[True, True, False, False])
    array([0.5, 0.5, 0. , 0. ], dtype=float32)
    """
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    if known is not None:
        scaled = np.where(known, scaled, -np.inf)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probabilities: FloatArray = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return probabilities


def load_artefact(path: str | os.PathLike[str], *, n_threads: int = 1) -> Artefact:
    """Load an artefact and verify all of it.

    Parameters
    ----------
    path : path-like
        The ONNX file.
    n_threads : int > 0, default=1
        Threads that one call of :meth:`Artefact.run` uses.

    Raises
    ------
    UnknownModelError
        If there is no such file.
    ModelIntegrityError
        If it is damaged, not of emovox, of another version, or not what its metadata says.
    """
    if n_threads < 1:
        raise ParameterError(f"n_threads is {n_threads}; it must be at least 1.")
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UnknownModelError(
            f"no model can be read at {os.fspath(path)!r}: {error.strerror}.",
            hint="Give the path of a .onnx file, as 'emovox train' writes it.",
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors alone; they are raised besides
    # The level above lays images out anew: nothing for matrix products, and a quarter of the time
    # that loading takes.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    # Processors without 8-bit dot products (Intel's before 2019, AMD's before 2022) add two
    # products of uint8 and int8 in 16 bits, which overflow: half of emovox-nano's decisions were
    # others. There, this moves int8 weights to uint8 on loading.
    options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        if text is None:
            raise ModelIntegrityError(
                f"it carries no metadata under {METADATA_KEY!r}, so emovox did not write it.",
                hint="Models of other programs cannot be used; 'emovox train' writes one.",
            )
        metadata = read_metadata(text)
        _verify_seal(content, metadata)
        _verify_shapes(session, metadata)
    except _LOAD_ERRORS as error:
        raise ModelIntegrityError(
            f"{os.fspath(path)!r} is damaged, or not an ONNX file that can be run: {error}",
            hint="Copy or export the model again.",
        ) from None
    except ModelIntegrityError as error:
        raise ModelIntegrityError(
            f"{os.fspath(path)!r} cannot be used: {error.message}", hint=error.hint
        ) from None
    return Artefact(session, metadata, os.fspath(path))


def seal_artefact(content: bytes) -> bytes:
    """Write the hash of an artefact's content into it.

    Parameters
    ----------
    content : bytes
        An ONNX file whose metadata has ``seal`` as :class:`ArtefactMetadata` makes it: zeros.

    Returns
    -------
    bytes
        The same, with the SHA-256 of ``content`` in place of the zeros.
    """
    digest = hashlib.sha256(content).hexdigest()
    return content.replace(_format_seal(UNSEALED), _format_seal(digest), 1)


def _verify_seal(content: bytes, metadata: ArtefactMetadata) -> None:
    # Piece by piece: a copy of the whole file costs as much as a third of its hash.
    before, seal, after = _part(content, _format_seal(metadata.seal))
    digest = hashlib.sha256(before)
    digest.update(_format_seal(UNSEALED) if seal else b"")
    digest.update(after)
    if digest.hexdigest() != metadata.seal:
        raise ModelIntegrityError(
            "its content is not what was sealed: it was damaged or changed.",
            hint="Copy or export the model again.",
        )


def _part(content: bytes, seal: bytes) -> tuple[memoryview, bytes, memoryview]:
    """Return what stands before the seal, the seal, and what follows it."""
    whole = memoryview(content)
    place = content.find(seal)
    if place < 0:
        return whole, b"", whole[len(whole) :]
    return whole[:place], seal, whole[place + len(seal) :]


def _format_seal(digest: str) -> bytes:
    # As it stands in the JSON value; within any other text there the quotes are escaped.
    return f'"seal": "{digest}"'.encode()


def _verify_shapes(session: Any, metadata: ArtefactMetadata) -> None:
    n_states = metadata.n_states
    inputs = {
        "waveform": ("tensor(float)", (None, None)),
        "length": ("tensor(int64)", (None,)),
        "voice_mean": ("tensor(float)", (None, n_states)),
        "voice_deviation": ("tensor(float)", (None, n_states)),
    }
    outputs = {
        "logits": ("tensor(float)", (None, len(EMOTIONS))),
        "states": ("tensor(float)", (None, n_states)),
    }
    for word, wanted, nodes in (
        ("inputs", inputs, session.get_inputs()),
        ("outputs", outputs, session.get_outputs()),
    ):
        found = {node.name: (node.type, _read_shape(node)) for node in nodes}
        if found.keys() != wanted.keys():
            raise ModelIntegrityError(f"its {word} are {sorted(found)}, not {sorted(wanted)}.")
        for name, right in wanted.items():
            if found[name] != right:
                raise ModelIntegrityError(f"its {name!r} is {found[name]}, not {right}.")


def _read_shape(node: Any) -> tuple[int | None, ...]:
    """Return the shape with None for a dimension that is open (a name, or nothing, in ONNX)."""
    return tuple(size if isinstance(size, int) else None for size in node.shape)
