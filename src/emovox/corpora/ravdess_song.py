"""RAVDESS, the song: kept apart from the speech, though the actors are the same people."""

from __future__ import annotations

from emovox.corpora.info import Archive, CorpusInfo, Fault, ParsedName
from emovox.corpora.ravdess_names import parse_ravdess_name

INFO = CorpusInfo(
    name="ravdess-song",
    title="Ryerson Audio-Visual Database of Emotional Speech and Song, song",
    language="English",
    citation=(
        "Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of Emotional Speech "
        "and Song (RAVDESS): a dynamic, multimodal set of facial and vocal expressions in North "
        "American English. PLoS ONE 13(5): e0196391. doi:10.1371/journal.pone.0196391"
    ),
    licence="CC BY-NC-SA 4.0",
    licence_url="https://creativecommons.org/licenses/by-nc-sa/4.0/",
    emotions=("neutral", "calm", "happy", "sad", "angry", "fear"),
    n_clips=1012,
    n_speakers=23,
    home="https://zenodo.org/records/1188976",
    archives=(
        Archive(
            name="Audio_Song_Actors_01-24.zip",
            url="https://zenodo.org/records/1188976/files/Audio_Song_Actors_01-24.zip?download=1",
            n_bytes=225_505_317,
            digest="md5:5411230427d67a21e18aa4d466e6d1b9",
        ),
    ),
    clips_per_speaker=44,
    speakers_of="ravdess",
    remarks=("actor 18 has no song",),
)

FAULTS: tuple[Fault, ...] = ()


def parse(name: str) -> ParsedName | None:
    """Read ``03-02-EE-II-SS-RR-AA``: emotion, intensity, statement, repetition, actor."""
    return parse_ravdess_name(name, "song")
