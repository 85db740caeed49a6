"""Altered recordings on disk, with what it takes to make them again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from emovox.audio import write_audio
from emovox.augment.registry import rebuild_alteration
from emovox.errors import ParameterError
from emovox.files import write_text
from emovox.types import Alteration, FloatArray, Recording

PARAMETERS = "parameters.json"

_UNITS = MappingProxyType({"db": "dB", "hz": "Hz", "kbps": "kbit/s", "s": "s"})
"""Unit at the end of a parameter's name -> as it is written."""


@dataclass(frozen=True, slots=True)
class Altered:
    """An altered recording that was written.

    Attributes
    ----------
    path : Path
        The file.
    alteration : Alteration
        What was done.
    samples : ndarray of float32, shape (n_samples,)
        What came of it.
    """

    path: Path
    alteration: Alteration
    samples: FloatArray


def write_altered(
    recording: Recording, alterations: Sequence[Alteration], folder: str | os.PathLike[str]
) -> tuple[Altered, ...]:
    """Write the recording and its altered versions, and their parameters.

    The folder gets ``00-original.wav``, a file for each alteration such as ``01-noise.wav``, all
    in 32-bit float so that nothing is clipped, and ``parameters.json``, which
    ``read_alterations`` reads.

    Parameters
    ----------
    recording : Recording
        As ``read_audio`` gives it.
    alterations : sequence of Alteration
        What to do to it, each by itself.
    folder : path-like
        Where to. It is made if it is not there.

    Returns
    -------
    tuple of Altered
        In the order of ``alterations``.
    """
    rate = recording.sampling_rate
    original = Path(folder) / "00-original.wav"
    write_audio(original, recording.samples, rate, encoding="float32")
    written = []
    for number, alteration in enumerate(alterations, start=1):
        samples = alteration.apply(recording.samples, rate)
        path = Path(folder) / f"{number:02d}-{alteration.describe()['name']}.wav"
        write_audio(path, samples, rate, encoding="float32")
        written.append(Altered(path, alteration, samples))
    record = {
        "source": recording.name,
        "original": original.name,
        "sampling_rate": rate,
        "altered": [
            {"file": one.path.name, "alteration": dict(one.alteration.describe())}
            for one in written
        ],
    }
    write_text(Path(folder) / PARAMETERS, json.dumps(record, indent=2) + "\n")
    return tuple(written)


def read_alterations(path: str | os.PathLike[str]) -> tuple[Alteration, ...]:
    """Read the alterations that ``write_altered`` noted in ``parameters.json``.

    Raises
    ------
    ParameterError
        If the file is not there, not such a file, or describes what this version cannot do.
    """
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        descriptions = [one["alteration"] for one in record["altered"]]
    except OSError as error:
        raise ParameterError(f"{str(path)!r} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise ParameterError(
            f"{str(path)!r} holds no alterations.",
            hint=f"Give a {PARAMETERS} that 'emovox augment' wrote.",
        ) from error
    return tuple(rebuild_alteration(description) for description in descriptions)


def format_alteration(description: Mapping[str, Any]) -> str:
    """Return a description in a few words, such as ``noise (snr 12.5 dB)``; seeds are left out."""
    if "alterations" in description:
        return ", ".join(format_alteration(part) for part in description["alterations"])
    shown = [
        _format_value(key, value)
        for key, value in description.items()
        if key not in ("name", "version", "seed") and value is not False
    ]
    return f"{description['name']} ({', '.join(shown)})"


def _format_value(key: str, value: object) -> str:
    if value is True:
        return key
    quantity, _, unit = key.rpartition("_")
    number = f"{value:.4g}" if isinstance(value, float) else str(value)
    return f"{quantity} {number} {_UNITS[unit]}" if unit in _UNITS else f"{key} {number}"
