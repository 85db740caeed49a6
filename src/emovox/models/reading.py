"""Metadata read back from JSON: every field there, of its type, and none against another."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Iterator
from typing import Any

from emovox.emotions import EMOTIONS
from emovox.errors import ModelIntegrityError
from emovox.models.metadata import (
    FRONTEND_KINDS,
    READABLE_VERSIONS,
    SAMPLING_RATE,
    SINCE,
    Adaptation,
    ArtefactMetadata,
    Calibration,
    Population,
)


def read_metadata(text: str) -> ArtefactMetadata:
    """Return the metadata that ``text`` holds, checked.

    Parameters
    ----------
    text : str
        As :meth:`ArtefactMetadata.to_json` writes it. Every field of its format version must be
        there, none else.

    Raises
    ------
    ModelIntegrityError
        If it is not JSON, of another format version, incomplete, or contradicts itself.
    """
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelIntegrityError(f"the metadata is not JSON: {error}.") from None
    version = raw.get("format_version") if isinstance(raw, dict) else None
    if version not in READABLE_VERSIONS:
        # Before anything else: the other fields may be different ones in another version.
        readable = ", ".join(map(str, READABLE_VERSIONS))
        raise ModelIntegrityError(
            f"the artefact has format version {version!r}; this emovox reads {readable}.",
            hint="Export the model again, or install the emovox that wrote it.",
        )
    _complete(ArtefactMetadata, raw, version)
    metadata: ArtefactMetadata = _build(ArtefactMetadata, raw, "metadata")
    validate_metadata(metadata)
    return metadata


def _complete(kind: Any, raw: dict[str, Any], version: int) -> None:
    """Give an older file the fields that came later, with the values that change nothing."""
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if field.metadata.get(SINCE, 1) > version:
            raw.setdefault(field.name, field.default)
        elif dataclasses.is_dataclass(hints[field.name]) and isinstance(raw.get(field.name), dict):
            _complete(hints[field.name], raw[field.name], version)


def validate_metadata(metadata: ArtefactMetadata) -> None:
    """Raise unless the values agree with each other and with what emovox can use.

    Raises
    ------
    ModelIntegrityError
        Naming the first field that is wrong, its value, and what would be right.
    """
    wrong = next(_find_faults(metadata), None)
    if wrong is not None:
        raise ModelIntegrityError(f"the artefact's metadata is wrong: {wrong}.")


def _find_faults(metadata: ArtefactMetadata) -> Iterator[str]:
    if metadata.labels != EMOTIONS:
        yield f"labels are {metadata.labels}, not {EMOTIONS}"
    if not metadata.emotions or not set(metadata.emotions) <= set(EMOTIONS):
        yield f"emotions are {metadata.emotions}, not some of {EMOTIONS}"
    if metadata.sampling_rate != SAMPLING_RATE:
        yield f"sampling_rate is {metadata.sampling_rate} Hz, not {SAMPLING_RATE}"
    if metadata.frontend.kind not in FRONTEND_KINDS:
        yield f"frontend.kind is {metadata.frontend.kind!r}, not one of {FRONTEND_KINDS}"
    if not 0 <= metadata.shortest_s < math.inf:
        yield f"shortest_s is {metadata.shortest_s}, not 0 or more"
    if (training := metadata.training) and not 0 <= training.hours < math.inf:
        yield f"training.hours is {training.hours}, not 0 or more"
    yield from _find_voice_faults(metadata.population, metadata.adaptation)
    yield from _find_calibration_faults(metadata.calibration)


def _find_voice_faults(population: Population, adaptation: Adaptation | None) -> Iterator[str]:
    mean, deviation = population.mean, population.deviation
    if not mean:
        yield "population.mean is empty"
    if len(mean) != len(deviation):
        yield f"population has {len(mean)} means, {len(deviation)} deviations"
    if not all(map(math.isfinite, (*mean, *deviation))):
        yield "population has values that are not finite"
    if min(deviation, default=1.0) <= 0:
        yield "population.deviation is not above 0"
    for name, value in dataclasses.asdict(adaptation).items() if adaptation else ():
        if not 0 < value < math.inf:
            yield f"adaptation.{name} is {value}, not above 0"


def _find_calibration_faults(calibration: Calibration) -> Iterator[str]:
    for name in ("temperature", "known_temperature"):
        value = getattr(calibration, name)
        if value is not None and not 0 < value < math.inf:
            yield f"calibration.{name} is {value}, not above 0"
    for name in ("threshold", "error_rate", "coverage"):
        value = getattr(calibration, name)
        if value is not None and not 0 <= value <= 1:
            yield f"calibration.{name} is {value}, not in [0, 1]"


def _build(kind: Any, value: Any, where: str) -> Any:
    """Return ``value``, parsed JSON, as an instance of the annotation ``kind``."""
    if isinstance(kind, types.UnionType):  # the only union here: something or None
        return None if value is None else _build(typing.get_args(kind)[0], value, where)
    if dataclasses.is_dataclass(kind):
        return _build_record(kind, value, where)
    if typing.get_origin(kind) is tuple and isinstance(value, list):
        item = typing.get_args(kind)[0]
        if item is float and all(type(v) is float for v in value):
            return tuple(value)  # thousands, each time a model is loaded
        return tuple(_build(item, v, f"{where}[{i}]") for i, v in enumerate(value))
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is kind:
        return value
    raise ModelIntegrityError(
        f"the artefact's {where} is {_show(value)}, not of type {_name(kind)}."
    )


def _build_record(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ModelIntegrityError(f"the artefact's {where} is {_show(value)}, not an object.")
    hints = typing.get_type_hints(kind)
    if missing := sorted(hints.keys() - value.keys()):
        raise ModelIntegrityError(f"the artefact's {where} lacks {', '.join(missing)}.")
    if unknown := sorted(value.keys() - hints.keys()):
        raise ModelIntegrityError(f"the artefact's {where} has unknown {', '.join(unknown)}.")
    return kind(**{key: _build(hints[key], value[key], f"{where}.{key}") for key in hints})


def _name(kind: Any) -> str:
    return "list" if typing.get_origin(kind) is tuple else str(kind.__name__)


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
