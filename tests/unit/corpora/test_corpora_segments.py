"""Tables of nkululeko and audformat, in and out; parts of recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emovox.audio import read_audio, write_audio
from emovox.corpora import IndexOptions, export_table, index_table
from emovox.corpora.segments import parse_time
from emovox.errors import CorpusError, ManifestError, ParameterError
from emovox.types import Clip

RATE = 16000


def write(folder: Path, *names: str, n_samples: int = RATE) -> dict[str, np.ndarray]:
    written = {}
    for number, name in enumerate(names):
        samples = np.random.default_rng(number).uniform(-0.3, 0.3, n_samples).astype(np.float32)
        write_audio(folder / name, samples, RATE)
        written[name] = read_audio(folder / name).samples
    return written


def table(folder: Path, text: str) -> Path:
    path = folder / "emodb.csv"
    path.write_text(text, encoding="utf-8")
    return path


# As pandas and audformat write them, and as their to_timedelta reads them.
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("NaT", None),
        ("0 days", 0.0),
        ("0 days 00:00:01.500000", 1.5),
        ("1 days 02:03:04.25", 93784.25),
        ("1 day, 0:00:01", 86401.0),
        ("00:01:02.25", 62.25),
        ("1.5", 1.5),
        ("2", 2.0),
        ("1500ms", 1.5),
        ("0.5 s", 0.5),
    ],
)
def test_times_are_understood(text: str, seconds: float | None) -> None:
    assert parse_time("start", text, "line 2") == seconds


@pytest.mark.parametrize("text", ["-1", "-1 days +23:59:59", "soon", "1:2", "1e400"])
def test_a_time_that_is_none_is_named_with_its_line(text: str) -> None:
    with pytest.raises(ManifestError, match=r"line 7: end .* is no time") as caught:
        parse_time("end", text, "line 7")
    assert "seconds" in caught.value.hint


def test_a_table_of_nkululeko_is_read(tmp_path: Path) -> None:
    write(tmp_path, "wav/a.wav", "wav/b.wav", "wav/c.wav")
    path = table(
        tmp_path,
        "file,speaker,gender,emotion\nwav/a.wav,3,male,anger\nwav/b.wav,8,female,happiness\n"
        "wav/c.wav,9,other,boredom\n",
    )
    result = index_table(path, words={"boredom": ""})
    assert [(c.speaker_id, c.sex, c.emotion, c.extra) for c in result.clips] == [
        ("emodb-3", "male", "angry", {}),
        ("emodb-8", "female", "happy", {}),
    ]


def test_a_segmented_table_of_whole_files_is_read_as_it_is(tmp_path: Path) -> None:
    write(tmp_path, "a.wav", "b.wav", "c.wav")
    path = table(
        tmp_path,
        "file,start,end,speaker,emotion\na.wav,0 days,,3,anger\nb.wav,0 days 00:00:00,NaT,3,fear\n"
        # The length of the file, rounded as tables do.
        "c.wav,0,0.9995,3,sadness\n",
    )
    clips = index_table(path).clips
    assert [Path(clip.path).name for clip in clips] == ["a.wav", "b.wav", "c.wav"]
    assert [clip.extra for clip in clips] == [{}, {}, {}]


def test_parts_are_refused_without_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.wav")
    path = table(tmp_path, "file,start,end,emotion\na.wav,0,,sad\na.wav,0.25,0.5,sad\n")
    with pytest.raises(
        ManifestError, match=r"line 3: a.wav is to be used from 0.25 s to 0.5 s"
    ) as caught:
        index_table(path)
    assert "--segments" in caught.value.hint


def test_parts_are_cut_out_sample_by_sample(tmp_path: Path) -> None:
    whole = write(tmp_path, "wav/a.wav", "wav/b.wav")
    path = table(
        tmp_path,
        "file,start,end,speaker,emotion\n"
        "wav/a.wav,0 days 00:00:00.250000,0 days 00:00:00.500000,3,anger\n"
        "wav/a.wav,0 days 00:00:00.500000,,3,fear\n"
        "wav/b.wav,0 days,,4,fear\n",
    )
    folder = tmp_path / "parts"
    result = index_table(path, options=IndexOptions(segments=folder))
    first, second, third = result.clips
    assert result.notes == ()
    np.testing.assert_array_equal(read_audio(first.path).samples, whole["wav/a.wav"][4000:8000])
    np.testing.assert_array_equal(read_audio(second.path).samples, whole["wav/a.wav"][8000:])
    assert Path(third.path) == tmp_path / "wav/b.wav"
    assert Path(first.path).parent == Path(second.path).parent == folder
    assert (first.duration_s, second.duration_s) == (0.25, 0.5)
    assert (first.emotion, first.speaker_id) == ("angry", "emodb-3")
    assert first.extra == {
        "segment_of": "wav/a.wav",
        "segment_start_s": "0.25",
        "segment_end_s": "0.5",
    }
    assert second.extra["segment_end_s"] == ""


def test_the_same_table_cuts_the_same_files(tmp_path: Path) -> None:
    write(tmp_path, "x/a.wav", "y/a.wav")
    path = table(tmp_path, "file,start,end,emotion\nx/a.wav,0.25,1,sad\ny/a.wav,0.25,1,sad\n")
    options = IndexOptions(segments=tmp_path / "parts")
    clips = index_table(path, options=options).clips
    assert index_table(path, options=options).clips == clips
    # Of one name and the same times, but of two recordings.
    assert len({clip.path for clip in clips}) == len(list((tmp_path / "parts").iterdir())) == 2


def test_parts_that_cannot_be_cut_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.wav")
    path = table(
        tmp_path,
        "file,start,end,emotion\na.wav,0.25,0.5,sad\na.wav,5,6,sad\nnone.wav,1,2,sad\n",
    )
    result = index_table(path, options=IndexOptions(segments=tmp_path / "parts"))
    assert len(result.clips) == 1
    assert sorted((one.path, one.reason_code) for one in result.left_out) == [
        ("a.wav", "empty-audio"),
        ("none.wav", "missing"),
    ]


def test_an_end_before_the_start_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "a.wav")
    path = table(tmp_path, "file,start,end,emotion\na.wav,0.5,0.5,sad\n")
    with pytest.raises(ManifestError, match=r"line 2: the end, 0.5 s, is not after the start"):
        index_table(path)


def make_clips(folder: Path) -> tuple[Clip, ...]:
    write(folder, "wav/a.wav", "wav/b.wav")
    path = table(
        folder,
        "path,corpus,speaker,sex,age,emotion,intensity,sentence,room\n"
        'wav/a.wav,mine,anna,f,51,sad,strong,"one, ""two""",3\nwav/b.wav,other,,,,calm,,,\n',
    )
    return index_table(path).clips


@pytest.mark.parametrize("layout", ["nkululeko", "audformat"])
def test_what_is_exported_is_read_back_the_same(layout: str, tmp_path: Path) -> None:
    clips = make_clips(tmp_path)
    export_table(tmp_path / "out.csv", clips, layout)
    assert index_table(tmp_path / "out.csv").clips == clips


def test_exported_tables_have_the_columns_of_their_readers(tmp_path: Path) -> None:
    clips = make_clips(tmp_path)
    export_table(tmp_path / "n.csv", clips)
    header, first, _ = (tmp_path / "n.csv").read_text().splitlines()
    assert header == "file,speaker,gender,age,emotion,corpus,intensity,sentence,room"
    assert first == 'wav/a.wav,mine-anna,female,51,sad,mine,strong,"one, ""two""",3'
    export_table(tmp_path / "a.csv", clips, "audformat")
    header, first, _ = (tmp_path / "a.csv").read_text().splitlines()
    assert header.startswith("file,start,end,speaker,gender,")
    assert first.startswith("wav/a.wav,0 days 00:00:00,,mine-anna,female,")


def test_export_refuses_what_it_cannot_say(tmp_path: Path) -> None:
    clip = Clip("a.wav", emotion="sad", extra={"gender": "x"})
    with pytest.raises(ManifestError, match="gender"):
        export_table(tmp_path / "out.csv", [clip])
    with pytest.raises(ParameterError, match="csv"):
        export_table(tmp_path / "out.csv", [clip], "csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_table_of_missing_parts_is_an_error(tmp_path: Path) -> None:
    path = table(tmp_path, "file,start,end,emotion\nnone.wav,1,2,sad\n")
    with pytest.raises(CorpusError, match="missing"):
        index_table(path)
