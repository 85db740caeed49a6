"""EmoDB, the Berlin database: ten actors, ten sentences, seven emotions, German."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from emovox.corpora.info import Archive, CorpusInfo, Fault, ParsedName
from emovox.emotions import CORPUS_CODES

INFO = CorpusInfo(
    name="emodb",
    title="Berlin Database of Emotional Speech",
    language="German",
    citation=(
        "Burkhardt F, Paeschke A, Rolfes M, Sendlmeier W, Weiss B (2005). A database of German "
        "emotional speech. Proc. Interspeech 2005, 1517-1520. doi:10.21437/Interspeech.2005-446"
    ),
    licence="free for research",
    licence_url="http://emodb.bilderbar.info/",
    emotions=("neutral", "happy", "sad", "angry", "fear", "disgust"),
    n_clips=535,
    n_speakers=10,
    home="http://emodb.bilderbar.info/",
    archives=(Archive(name="emodb.zip", url="http://emodb.bilderbar.info/download/download.zip"),),
    remarks=("81 of the 535 published clips are of boredom, which is none of the eight emotions",),
)

FAULTS: tuple[Fault, ...] = ()

_BOREDOM = "L"
_NAME = re.compile(r"(03|08|09|1[0-6])([ab][0-9]{2})([WLEAFTN])([a-z]?)", re.ASCII)
_SPEAKERS = {
    "03": ("male", 31),
    "08": ("female", 34),
    "09": ("female", 21),
    "10": ("male", 32),
    "11": ("male", 26),
    "12": ("male", 30),
    "13": ("female", 32),
    "14": ("female", 35),
    "15": ("male", 25),
    "16": ("female", 31),
}


def parse(name: str) -> ParsedName | None:
    """Read ``SSTTTEV``: speaker, sentence, emotion, version."""
    stem = PurePosixPath(name).stem
    match = _NAME.fullmatch(stem)
    if match is None:
        return None
    speaker, sentence, code, version = match.groups()
    sex, age = _SPEAKERS[speaker]
    return ParsedName(
        key=stem,
        speaker=speaker,
        emotion=CORPUS_CODES["emodb"].get(code, ""),
        sex=sex,
        age=age,
        sentence=sentence,
        extra={"version": version},
        excluded="other-emotion" if code == _BOREDOM else "",
    )
