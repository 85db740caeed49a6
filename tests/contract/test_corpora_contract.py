"""Every corpus keeps the same contract, and is read in every layout it was seen in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emovox.corpora import get_corpus, index_corpus, list_corpora, read_manifest, write_manifest
from emovox.corpora.data import read_checksums
from emovox.emotions import CORPUS_CODES, EMOTIONS

NAMES = {
    "ravdess": ("Actor_12/03-01-06-02-01-02-12.wav", "12", "fear", "female", "strong", "01"),
    "ravdess-song": ("Actor_01/03-02-04-01-02-01-01.wav", "01", "sad", "male", "normal", "02"),
    "crema-d": ("AudioWAV/1001_IEO_HAP_HI.wav", "1001", "happy", "male", "high", "IEO"),
    "tess": ("YAF_fear/YAF_neat_fear.wav", "YAF", "fear", "female", "", "neat"),
    "savee": ("ALL/JK_su03.wav", "JK", "surprise", "male", "", "su03"),
    "emodb": ("wav/03a01Fa.wav", "03", "happy", "male", "", "a01"),
    "nemo": ("samples/WR0_surprised_64.wav", "WR0", "surprise", "male", "", "64"),
    "ased": ("01Neutral/n1-01-01-01-03.wav", "03", "neutral", "female", "", "n01"),
}
"""Corpus -> a name, and what it says."""

SOUND = object()
"""A file with a sound of its own."""
POINTER = (
    b"version https://git-lfs.github.com/spec/v1\n"
    b"oid sha256:c6f94b2592487c7556bd86df7df6e8f4420d1b9c11414aeec9d8e5e640b51495\nsize 72862\n"
)


@dataclass(frozen=True)
class Layout:
    """A tree as it was found in the wild: name -> SOUND, bytes, or the name of an equal file."""

    corpus: str
    files: dict[str, object]
    kept: tuple[str, ...]
    left_out: dict[str, str]


def _one(corpus: str, *names: str) -> Layout:
    return Layout(corpus, dict.fromkeys(names, SOUND), names, {})


LAYOUTS = {
    "ravdess at the top": _one("ravdess", "Actor_01/03-01-01-01-01-01-01.wav"),
    "ravdess below lower case": _one(
        "ravdess", "audio_speech_actors_01-24/Actor_01/03-01-01-01-01-01-01.wav"
    ),
    "ravdess below title case": _one(
        "ravdess", "Audio_Speech_Actors_01-24/Actor_01/03-01-01-01-01-01-01.wav"
    ),
    "ravdess as opus": _one("ravdess", "Actor_01/03-01-01-01-01-01-01.opus"),
    "ravdess twice": Layout(
        "ravdess",
        {
            "Actor_01/03-01-01-01-01-01-01.wav": SOUND,
            "Actor_02/03-01-01-01-01-01-02.wav": SOUND,
            "audio_speech_actors_01-24/Actor_01/03-01-01-01-01-01-01.wav": (
                "Actor_01/03-01-01-01-01-01-01.wav"
            ),
            "audio_speech_actors_01-24/Actor_02/03-01-01-01-01-01-02.wav": (
                "Actor_02/03-01-01-01-01-01-02.wav"
            ),
        },
        ("Actor_01/03-01-01-01-01-01-01.wav", "Actor_02/03-01-01-01-01-01-02.wav"),
        {
            "audio_speech_actors_01-24/Actor_01/03-01-01-01-01-01-01.wav": "copy",
            "audio_speech_actors_01-24/Actor_02/03-01-01-01-01-01-02.wav": "copy",
        },
    ),
    "ravdess with a song and videos": Layout(
        "ravdess",
        {
            "Actor_01/01-01-01-01-01-01-01.mp4": b"video",
            "Actor_01/02-01-01-01-01-01-01.mp4": b"video",
            "Actor_01/01-01-01-01-01-01-01.wav": SOUND,
            "Actor_01/03-01-01-01-01-01-01.wav": SOUND,
            "Actor_01/03-02-01-01-01-01-01.wav": SOUND,
        },
        ("Actor_01/03-01-01-01-01-01-01.wav",),
        {
            "Actor_01/01-01-01-01-01-01-01.mp4": "video",
            "Actor_01/01-01-01-01-01-01-01.wav": "video",
            "Actor_01/02-01-01-01-01-01-01.mp4": "video",
            "Actor_01/03-02-01-01-01-01-01.wav": "song",
        },
    ),
    "ravdess song among speech": Layout(
        "ravdess-song",
        {
            "Actor_01/03-01-01-01-01-01-01.wav": SOUND,
            "Actor_01/03-02-01-01-01-01-01.wav": SOUND,
        },
        ("Actor_01/03-02-01-01-01-01-01.wav",),
        {"Actor_01/03-01-01-01-01-01-01.wav": "speech"},
    ),
    "crema-d with mp3 and video": Layout(
        "crema-d",
        {
            "AudioMP3/1001_DFA_ANG_XX.mp3": SOUND,
            "AudioWAV/1001_DFA_ANG_XX.wav": SOUND,
            "VideoFlash/1001_DFA_ANG_XX.flv": b"video",
        },
        ("AudioWAV/1001_DFA_ANG_XX.wav",),
        {"AudioMP3/1001_DFA_ANG_XX.mp3": "copy", "VideoFlash/1001_DFA_ANG_XX.flv": "video"},
    ),
    "crema-d as mp3 alone": _one("crema-d", "AudioMP3/1001_DFA_ANG_XX.mp3"),
    "crema-d as opus": _one("crema-d", "AudioWAV/1001_DFA_ANG_XX.opus"),
    "crema-d with a cut name": _one("crema-d", "AudioWAV/1040_ITH_SAD_X.wav"),
    "crema-d with pointers": Layout(
        "crema-d",
        {
            "AudioWAV/1001_DFA_ANG_XX.wav": POINTER,
            "AudioMP3/1001_DFA_ANG_XX.mp3": SOUND,
            "AudioWAV/1001_DFA_DIS_XX.wav": SOUND,
        },
        ("AudioMP3/1001_DFA_ANG_XX.mp3", "AudioWAV/1001_DFA_DIS_XX.wav"),
        {"AudioWAV/1001_DFA_ANG_XX.wav": "lfs-pointer"},
    ),
    "tess flat": _one("tess", "OAF_back_angry.wav", "YAF_back_ps.wav"),
    "tess with mixed capitals": _one(
        "tess",
        "OAF_Fear/OAF_back_fear.wav",
        "OAF_Pleasant_surprise/OAF_back_ps.wav",
        "OAF_pleasant_surprised/OAF_bar_ps.wav",
        "YAF_pleasant_surprised/YAF_back_ps.wav",
    ),
    "tess with the set again inside": Layout(
        "tess",
        {
            "TESS/OAF_Sad/OAF_back_sad.wav": SOUND,
            "TESS/TESS/OAF_Sad/OAF_back_sad.wav": "TESS/OAF_Sad/OAF_back_sad.wav",
        },
        ("TESS/OAF_Sad/OAF_back_sad.wav",),
        {"TESS/TESS/OAF_Sad/OAF_back_sad.wav": "copy"},
    ),
    "tess with the misspelt name": _one("tess", "OAF_neutral/OA_bite_neutral.wav"),
    "savee flat": _one("savee", "ALL/DC_a01.wav", "ALL/JE_sa02.wav"),
    "savee by speaker": _one("savee", "AudioData/DC/a01.wav", "AudioData/KL/su15.wav"),
    "savee one level down": _one("savee", "SAVEE/AudioData/JK/n30.wav", "SAVEE/ALL/JE_f03.wav"),
    "emodb with labels": Layout(
        "emodb",
        {
            "wav/03a01Fa.wav": SOUND,
            "wav/08a01Lc.wav": SOUND,
            "lablaut/03a01Fa.lablaut": b"0.1 f",
            "labsilb/03a01Fa.labsilb": b"0.1 f",
            "silb/03a01Fa.silb": b"0.1 f",
            "erkennung.txt": b"03a01Fa.wav",
            "erklaerung.txt": b"text",
        },
        ("wav/03a01Fa.wav",),
        {
            "erkennung.txt": "not-a-recording",
            "erklaerung.txt": "not-a-recording",
            "lablaut/03a01Fa.lablaut": "not-a-recording",
            "labsilb/03a01Fa.labsilb": "not-a-recording",
            "silb/03a01Fa.silb": "not-a-recording",
            "wav/08a01Lc.wav": "other-emotion",
        },
    ),
    "nemo": _one("nemo", "samples/EB0_anger_1.wav", "samples/WR0_surprised_64.wav"),
    "ased": _one("ased", "01Neutral/n1-01-01-01-01.wav", "04Sad/S4-04-01-02-23.wav"),
    "what file managers add": Layout(
        "savee",
        {
            "ALL/DC_a01.wav": SOUND,
            "ALL/._DC_a01.wav": b"\0\5\26\7",
            "ALL/.DS_Store": b"Bud1",
            "ALL/Thumbs.db": b"thumbs",
            "desktop.ini": b"[.ShellClassInfo]",
            "__MACOSX/ALL/DC_a01.wav": b"\0\5\26\7",
            ".git/DC_a02.wav": b"not looked at",
        },
        ("ALL/DC_a01.wav",),
        {
            "ALL/._DC_a01.wav": "system-file",
            "ALL/.DS_Store": "system-file",
            "ALL/Thumbs.db": "system-file",
            "desktop.ini": "system-file",
            "__MACOSX/ALL/DC_a01.wav": "system-file",
        },
    ),
}


def _write(folder: Path, files: dict[str, object]) -> None:
    rng = np.random.default_rng(0)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_bytes((folder / content).read_bytes())
        else:
            samples = rng.uniform(-0.3, 0.3, 8000).astype(np.float32)
            kind = {".mp3": "MP3", ".opus": "OGG"}.get(path.suffix, "WAV")
            subtype = {".opus": "OPUS"}.get(path.suffix)
            soundfile.write(path, samples, 16000, format=kind, subtype=subtype)


@pytest.fixture(params=list_corpora())
def corpus(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_facts_are_complete(corpus: str) -> None:
    info = get_corpus(corpus).INFO
    assert info.name == corpus
    assert info.title
    assert info.licence
    assert info.licence_url.startswith(("http://", "https://"))
    assert info.home.startswith(("http://", "https://"))
    assert len(info.citation) > 40
    assert info.n_clips > 0
    assert info.n_speakers > 0


def test_emotions_are_of_the_eight_in_their_order(corpus: str) -> None:
    emotions = get_corpus(corpus).INFO.emotions
    assert emotions == tuple(emotion for emotion in EMOTIONS if emotion in emotions)
    assert set(emotions) <= set(CORPUS_CODES[corpus.removesuffix("-song")].values())


def test_it_can_be_fetched_or_says_how_to_get_it(corpus: str) -> None:
    info = get_corpus(corpus).INFO
    assert bool(info.archives) != bool(info.instructions)
    for archive in info.archives:
        assert archive.url.startswith(("http://", "https://"))
        assert archive.digest.startswith(("md5:", "sha256:")) or info.name == "emodb"


def test_a_name_is_read(corpus: str) -> None:
    name, speaker, emotion, sex, intensity, sentence = NAMES[corpus]
    parsed = get_corpus(corpus).parse(name)
    assert parsed is not None
    assert parsed.excluded == ""
    assert (parsed.speaker, parsed.emotion, parsed.sex) == (speaker, emotion, sex)
    assert (parsed.intensity, parsed.sentence) == (intensity, sentence)


def test_a_key_is_the_published_name_and_reads_back_as_itself(corpus: str) -> None:
    reader = get_corpus(corpus)
    keys = read_checksums(corpus) or {Path(NAMES[corpus][0]).stem: None}
    for key in keys:
        parsed = reader.parse(f"{key}.wav")
        assert parsed is not None, key
        assert parsed.key == key


@pytest.mark.parametrize(
    "name", ["", "a.wav", "03-01.wav", "1001.wav", "happy/happy_1.wav", "DC.wav", "readme.txt"]
)
def test_other_names_are_none_of_it(corpus: str, name: str) -> None:
    assert get_corpus(corpus).parse(name) is None


def test_no_other_corpus_claims_its_names(corpus: str) -> None:
    for other in list_corpora():
        if other != corpus:
            parsed = get_corpus(other).parse(NAMES[corpus][0])
            assert parsed is None or parsed.excluded in ("speech", "song")


def test_known_faults_have_names_of_the_corpus(corpus: str) -> None:
    reader = get_corpus(corpus)
    for fault in reader.FAULTS:
        for key in fault.keys:
            parsed = reader.parse(f"{key}.wav")
            assert parsed is not None
            assert parsed.key == key


# Without a name, speech and song are both indexed, each as its own corpus.
CASES = [
    pytest.param(layout, named, id=f"{name}, {'named' if named else 'guessed'}")
    for name, layout in LAYOUTS.items()
    for named in (True, False)
    if named or "song" not in name
]


@pytest.mark.parametrize(("layout", "named"), CASES)
def test_a_layout_is_indexed(layout: Layout, named: bool, tmp_path: Path) -> None:
    _write(tmp_path, layout.files)
    result = index_corpus(tmp_path, corpus=layout.corpus if named else None)
    kept = {Path(clip.path).relative_to(tmp_path).as_posix() for clip in result.clips}
    assert kept == set(layout.kept)
    assert {one.path: one.reason_code for one in result.left_out} == layout.left_out
    assert {clip.corpus for clip in result.clips} == {layout.corpus}
    assert all(clip.emotion in EMOTIONS and clip.sha256 for clip in result.clips)
    # 8,000 samples at 16 kHz; MP3 pads to whole frames of 1,152 and tells an estimate.
    assert all(clip.duration_s == pytest.approx(0.5, abs=0.15) for clip in result.clips)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_manifest_comes_back_as_it_was(layout: Layout, tmp_path: Path) -> None:
    _write(tmp_path / "data", layout.files)
    clips = index_corpus(tmp_path / "data", corpus=layout.corpus).clips
    write_manifest(tmp_path / "manifest.csv", clips)
    for read, clip in zip(read_manifest(tmp_path / "manifest.csv"), clips, strict=True):
        # Durations are written to the microsecond.
        assert read.duration_s == pytest.approx(clip.duration_s, abs=1e-6)
        rounded = replace(clip, duration_s=read.duration_s)
        assert replace(read, extra=dict(read.extra)) == rounded


def test_a_singer_is_the_same_person_as_the_speaker(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "Actor_07/03-01-01-01-01-01-07.wav": SOUND,
            "Actor_07/03-02-01-01-01-01-07.wav": SOUND,
        },
    )
    result = index_corpus(tmp_path)
    assert [clip.corpus for clip in result.clips] == ["ravdess", "ravdess-song"]
    assert {clip.speaker_id for clip in result.clips} == {"ravdess-07"}
