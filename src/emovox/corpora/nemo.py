"""nEMO: nine actors, ninety sentences, six emotions, Polish."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from emovox.corpora.info import CorpusInfo, Fault, ParsedName
from emovox.emotions import normalize_emotion

INFO = CorpusInfo(
    name="nemo",
    title="nEMO: Dataset of Emotional Speech in Polish",
    language="Polish",
    citation=(
        "Christop I (2024). nEMO: Dataset of Emotional Speech in Polish. Proc. LREC-COLING 2024. "
        "arXiv:2404.06292"
    ),
    licence="CC BY-NC-SA 4.0",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
    emotions=("neutral", "happy", "sad", "angry", "fear", "surprise"),
    n_clips=4481,
    n_speakers=9,
    home="https://github.com/amu-cai/nEMO",
    instructions=(
        "nEMO is a git repository. Run:\n  git clone https://github.com/amu-cai/nEMO.git"
    ),
    remarks=("speaker MP0 has half as many clips as the others",),
)

FAULTS: tuple[Fault, ...] = ()

_NAME = re.compile(
    r"([A-Z]{2}[0-9])_(anger|fear|happiness|neutral|sadness|surprised?)_([0-9]{1,2})", re.ASCII
)
_SEXES = {
    "EB0": "female",
    "IC0": "female",
    "KD0": "female",
    "KS0": "male",
    "MK0": "female",
    "MP0": "male",
    "SM0": "male",
    "TP0": "male",
    "WR0": "male",
}


def parse(name: str) -> ParsedName | None:
    """Read ``SPK_emotion_sentence``."""
    stem = PurePosixPath(name).stem
    match = _NAME.fullmatch(stem)
    if match is None or match[1] not in _SEXES:
        return None
    speaker, word, sentence = match.groups()
    return ParsedName(
        key=stem,
        speaker=speaker,
        emotion=normalize_emotion(word),
        sex=_SEXES[speaker],
        sentence=sentence,
    )
