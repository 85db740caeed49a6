"""Names of RAVDESS files, speech and song: ``MM-CC-EE-II-SS-RR-AA``."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from emovox.corpora.info import ParsedName
from emovox.emotions import CORPUS_CODES

_NAME = re.compile(
    r"(0[1-3])-(0[12])-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1[0-9]|2[0-4])", re.ASCII
)
_AUDIO_ONLY = "03"
_INTENSITIES = {"01": "normal", "02": "strong"}


def parse_ravdess_name(name: str, channel: str) -> ParsedName | None:
    """Read a file name.

    Parameters
    ----------
    name : str
        Path of a file.
    channel : str
        ``speech`` or ``song``: the other is excluded.

    Returns
    -------
    ParsedName or None
        None if it is not a name of RAVDESS.
    """
    stem = PurePosixPath(name).stem
    match = _NAME.fullmatch(stem)
    if match is None:
        return None
    modality, code, emotion, intensity, statement, repetition, actor = match.groups()
    heard = {"01": "speech", "02": "song"}[code]
    excluded = "" if heard == channel else heard
    return ParsedName(
        key=stem,
        speaker=actor,
        emotion=CORPUS_CODES["ravdess"][emotion],
        sex="male" if int(actor) % 2 else "female",
        intensity=_INTENSITIES[intensity],
        sentence=statement,
        extra={"repetition": repetition},
        excluded=excluded if modality == _AUDIO_ONLY else "video",
    )
