"""SAVEE: four men, phonetically balanced sentences, seven emotions, British English."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from emovox.corpora.info import CorpusInfo, Fault, ParsedName
from emovox.emotions import CORPUS_CODES

INFO = CorpusInfo(
    name="savee",
    title="Surrey Audio-Visual Expressed Emotion Database",
    language="English",
    citation=(
        "Haq S, Jackson PJB (2010). Multimodal emotion recognition. In: Wang W (ed.), Machine "
        "Audition: Principles, Algorithms and Systems. IGI Global, 398-423. "
        "doi:10.4018/978-1-61520-919-4.ch017"
    ),
    licence="free for research, by registration",
    licence_url="http://kahlan.eps.surrey.ac.uk/savee/",
    emotions=("neutral", "happy", "sad", "angry", "fear", "disgust", "surprise"),
    n_clips=480,
    n_speakers=4,
    home="http://kahlan.eps.surrey.ac.uk/savee/",
    instructions=(
        "SAVEE is given to those who register with its authors.\n"
        "  Open http://kahlan.eps.surrey.ac.uk/savee/Download.html, register, download the audio,\n"
        "  unpack it, then run: emovox corpora check DIR"
    ),
    clips_per_speaker=120,
    remarks=(
        "KL is 20 dB quieter than DC, JE and JK: the level betrays the speaker",
        "DC, JE and JK carry a DC offset of 0.03 to 0.04: remove it before features",
        "20 clips of DC, 17 of JE and 64 of JK are clipped",
    ),
)

FAULTS: tuple[Fault, ...] = ()

_FLAT = re.compile(r"(DC|JE|JK|KL)_(sa|su|[adfhn])([0-3][0-9])", re.ASCII)
_SPEAKERS = ("DC", "JE", "JK", "KL")


def parse(name: str) -> ParsedName | None:
    """Read ``SS_eNN``, or ``eNN`` in a folder ``SS``: speaker, emotion, sentence.

    The number of the sentence counts within an emotion, so the letter is part of ``sentence``.
    (Three sentences are said in every emotion; the names do not tell which.)
    """
    path = PurePosixPath(name)
    stem = f"{path.parent.name}_{path.stem}" if path.parent.name in _SPEAKERS else path.stem
    match = _FLAT.fullmatch(stem) or _FLAT.fullmatch(path.stem)
    if match is None:
        return None
    speaker, code, number = match.groups()
    return ParsedName(
        key=f"{speaker}_{code}{number}",
        speaker=speaker,
        emotion=CORPUS_CODES["savee"][code],
        sex="male",
        sentence=f"{code}{number}",
    )
