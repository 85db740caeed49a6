"""ASED: 65 volunteers, seven sentences an emotion, five emotions, Amharic.

Most sentences belong to one emotion, so the words give the emotion away: never score emotion on
this corpus as if it were voice.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from emovox.corpora.info import CorpusInfo, Fault, ParsedName
from emovox.emotions import CORPUS_CODES

INFO = CorpusInfo(
    name="ased",
    title="Amharic Speech Emotion Dataset",
    language="Amharic",
    citation=(
        "Retta EA, Almekhlafi E, Sutcliffe R, Mhamed M, Ali H, Feng J (2023). A new Amharic "
        "speech emotion dataset and classification benchmark. ACM Transactions on Asian and "
        "Low-Resource Language Information Processing 22(1). doi:10.1145/3529759"
    ),
    licence="free download, no licence text",
    licence_url="https://github.com/Ethio2021/ASED_V1",
    emotions=("neutral", "happy", "sad", "angry", "fear"),
    n_clips=2474,
    n_speakers=65,
    home="https://github.com/Ethio2021/ASED_V1",
    instructions=(
        "ASED is a git repository. Run:\n  git clone https://github.com/Ethio2021/ASED_V1.git"
    ),
    remarks=(
        "most sentences belong to one emotion: the words give it away, do not score emotion here",
    ),
)

FAULTS = (
    Fault(("n1-07-01-02-53", "n1-07-02-02-53"), "duplicate", "are one recording under two names"),
    Fault(("h3-01-01-02-08", "h3-01-02-02-08"), "duplicate", "are one recording under two names"),
    Fault(("s4-03-01-01-23", "s4-03-02-01-23"), "duplicate", "are one recording under two names"),
    Fault(("a5-07-01-02-63", "a5-07-02-02-63"), "duplicate", "are one recording under two names"),
    *(
        Fault((key,), "wrong-sex", "carries the code of a man; the speaker is a woman")
        for key in (
            "f2-01-01-02-15",
            "f2-02-01-02-25",
            "f2-07-02-02-21",
            "s4-01-02-02-09",
            "s4-04-01-02-23",
        )
    ),
)

_NAME = re.compile(
    r"(n1|f2|h3|s4|a5)-(0[1-7])-([0-9]{2})-(0[12])-([0-9]{2})", re.IGNORECASE | re.ASCII
)
_SEXES = {"01": "female", "02": "male"}
# Five clips carry the wrong code for a speaker whose other clips agree.
_WOMEN_WITH_SLIPS = ("09", "15", "21", "23", "25")


def parse(name: str) -> ParsedName | None:
    """Read ``xn-yy-aa-gg-bb``: emotion, sentence, repetition, sex, speaker.

    Sentences are numbered within an emotion, so the emotion's letter is part of ``sentence``.
    """
    stem = PurePosixPath(name).stem.lower()
    match = _NAME.fullmatch(stem)
    if match is None:
        return None
    code, number, repetition, sex, speaker = match.groups()
    return ParsedName(
        key=stem,
        speaker=speaker,
        emotion=CORPUS_CODES["ased"][code[0]],
        sex="female" if speaker in _WOMEN_WITH_SLIPS else _SEXES[sex],
        sentence=f"{code[0]}{number}",
        extra={"repetition": repetition},
    )
