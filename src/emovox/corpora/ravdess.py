"""RAVDESS, the speech: 24 actors, two sentences, eight emotions, English."""

from __future__ import annotations

from emovox.corpora.info import Archive, CorpusInfo, Fault, ParsedName
from emovox.corpora.ravdess_names import parse_ravdess_name
from emovox.emotions import EMOTIONS

INFO = CorpusInfo(
    name="ravdess",
    title="Ryerson Audio-Visual Database of Emotional Speech and Song, speech",
    language="English",
    citation=(
        "Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of Emotional Speech "
        "and Song (RAVDESS): a dynamic, multimodal set of facial and vocal expressions in North "
        "American English. PLoS ONE 13(5): e0196391. doi:10.1371/journal.pone.0196391"
    ),
    licence="CC BY-NC-SA 4.0",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
    emotions=EMOTIONS,
    n_clips=1440,
    n_speakers=24,
    home="https://zenodo.org/records/1188976",
    archives=(
        Archive(
            name="Audio_Speech_Actors_01-24.zip",
            url="https://zenodo.org/records/1188976/files/Audio_Speech_Actors_01-24.zip?download=1",
            n_bytes=208_468_073,
            digest="md5:bc696df654c87fed845eb13823edef8a",
        ),
    ),
    clips_per_speaker=60,
    remarks=(
        "1055 of the published clips have more than 20 % exact zeros at their ends",
        "at least ten published clips, of actors 09 and 20 among others, peak below -41 dBFS; "
        "they are not silent",
    ),
)

FAULTS = (
    Fault(
        ("03-01-03-01-02-01-07", "03-01-03-01-02-02-07"),
        "duplicate",
        "are one recording under two names",
    ),
    Fault(("03-01-02-01-01-02-01",), "stereo", "is published in stereo, both channels equal"),
    Fault(("03-01-02-01-02-02-05",), "stereo", "is published in stereo, both channels equal"),
    Fault(("03-01-03-01-02-01-20",), "stereo", "is published in stereo, both channels equal"),
    Fault(("03-01-06-01-01-02-20",), "stereo", "is published in stereo, both channels equal"),
    Fault(("03-01-08-01-02-02-01",), "stereo", "is published in stereo, both channels equal"),
)


def parse(name: str) -> ParsedName | None:
    """Read ``03-01-EE-II-SS-RR-AA``: emotion, intensity, statement, repetition, actor."""
    return parse_ravdess_name(name, "speech")
