"""TESS: two actresses, 200 words in one carrier phrase, seven emotions, English."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from emovox.corpora.info import CorpusInfo, Fault, ParsedName
from emovox.emotions import CORPUS_CODES

INFO = CorpusInfo(
    name="tess",
    title="Toronto Emotional Speech Set",
    language="English",
    citation=(
        "Pichora-Fuller MK, Dupuis K (2020). Toronto emotional speech set (TESS). Borealis. "
        "doi:10.5683/SP2/E8H2MF"
    ),
    licence="CC BY-NC-ND 4.0",
    licence_url="https://creativecommons.org/licenses/by-nc-nd/4.0/",
    emotions=("neutral", "happy", "sad", "angry", "fear", "disgust", "surprise"),
    n_clips=2800,
    n_speakers=2,
    home="https://doi.org/10.5683/SP2/E8H2MF",
    instructions=(
        "TESS lies in the University of Toronto's Dataverse, which makes its archive on request.\n"
        "  Open https://doi.org/10.5683/SP2/E8H2MF in a browser, choose Access Dataset, Download,\n"
        "  unpack it, then run: emovox corpora check DIR"
    ),
    clips_per_speaker=1400,
    remarks=("there are two speakers: a figure from TESS alone says little about other voices",),
)

_AIFF = "is published as AIFF under the suffix .wav"
FAULTS = (
    Fault(("YAF_germ_angry",), "other-format", _AIFF),
    Fault(("YAF_neat_fear",), "other-format", _AIFF),
    Fault(("OAF_food_fear",), "odd-rate", "is published at 96 kHz"),
    Fault(("OAF_pad_ps",), "clipped", "has 50 samples at full scale"),
    Fault(("OA_bite_neutral",), "misspelt", "lacks the F in its name; the speaker is OAF"),
)

_WORDS = "|".join((*CORPUS_CODES["tess"], "pleasant_surprised?"))
_NAME = re.compile(rf"(OAF?|YAF)_([a-z]+)_({_WORDS})", re.IGNORECASE | re.ASCII)
_AGES = {"OAF": 64, "YAF": 26}
_MISSPELT = {"OAF_bite_neutral": "OA_bite_neutral"}


def parse(name: str) -> ParsedName | None:
    """Read ``OAF_word_emotion`` (the older actress) or ``YAF_word_emotion`` (the younger)."""
    match = _NAME.fullmatch(PurePosixPath(name).stem)
    if match is None:
        return None
    speaker = "YAF" if match[1].upper() == "YAF" else "OAF"
    word, emotion = match[2].lower(), match[3].lower()
    code = emotion if emotion in CORPUS_CODES["tess"] else "ps"
    key = f"{speaker}_{word}_{code}"
    return ParsedName(
        key=_MISSPELT.get(key, key),
        speaker=speaker,
        emotion=CORPUS_CODES["tess"][code],
        sex="female",
        age=_AGES[speaker],
        sentence=word,
    )
