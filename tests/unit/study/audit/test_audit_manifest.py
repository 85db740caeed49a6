"""Every planted leak is found and named, and nothing else is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from emovox.audio import read_audio, transcode, write_audio
from emovox.augment import get_policy
from emovox.corpora import index_corpus
from emovox.errors import ManifestError, ProtocolError
from emovox.files import hash_file
from emovox.protocols import KINDS
from emovox.study.audit import AuditOptions, audit_manifest
from emovox.types import Clip

RATE = 16_000
QUICK = AuditOptions(by_sound=False)


def copy_clip(clip: Clip, path: Path, alter: Callable, **changes: object) -> Clip:
    """Write an altered copy of a clip and return it as a clip of its own."""
    recording = read_audio(clip.path, sampling_rate=RATE)
    write_audio(path, alter(recording.samples), RATE)
    return replace(clip, path=str(path), sha256=hash_file(path), **changes)


def code_again(clip: Clip, path: Path, **changes: object) -> Clip:
    """Return a clip that is another one after MP3 at 48 kbit/s."""
    return copy_clip(
        clip, path, lambda s: transcode(s, RATE, codec="mp3", bit_rate_kbps=48), **changes
    )


def add_noise(clip: Clip, path: Path, **changes: object) -> Clip:
    """Return a clip that is another one with the notebook's noise."""
    noise = get_policy("notebook").draw(clip.sha256, 0)[0]
    return copy_clip(clip, path, lambda s: noise.apply(s, RATE), **changes)


def split_by_speaker(clips: Sequence[Clip]) -> list[Clip]:
    """Add a column split: the first speaker tests, the second is dev, the others train."""
    speakers = sorted({clip.speaker_id for clip in clips})
    place = dict.fromkeys(speakers, "train") | {speakers[0]: "test", speakers[1]: "dev"}
    return [replace(clip, extra={**clip.extra, "split": place[clip.speaker_id]}) for clip in clips]


def find(report, code):
    return next(finding for finding in report.findings if finding.code == code)


def list_codes(report, severity="leak"):
    return [finding.code for finding in report.findings if finding.severity == severity]


def test_a_clean_manifest_has_no_leak(voices, write):
    report = audit_manifest(write(voices), AuditOptions())
    assert report.ok
    assert report.n_clips == 96
    assert report.n_speakers == 6
    # All synthetic voices say the same sentences, each in every emotion.
    assert list_codes(report, "warning") == ["shared-sentence"]
    values = find(report, "shared-sentence").values
    assert values["share"] == 1
    assert abs(values["words"] - values["chance"]) < 0.1
    assert "copies by sound" in report.checked
    assert report.not_checked == ()


def test_a_shared_speaker_is_found(voices, write):
    clips = split_by_speaker(voices)
    moved = next(n for n, clip in enumerate(clips) if clip.extra["split"] == "train")
    clips[moved] = replace(clips[moved], extra={"split": "test"})
    report = audit_manifest(write(clips), QUICK)
    assert list_codes(report) == ["shared-speaker"]
    finding = find(report, "shared-speaker")
    assert finding.names == (clips[moved].speaker_id,)
    assert finding.where == "given, fold 1"
    assert "speaker" in finding.advice


def test_a_given_split_by_speaker_is_clean(voices, write):
    assert audit_manifest(write(split_by_speaker(voices)), QUICK).ok


def test_sister_rows_and_altered_test_clips_are_found(voices, write):
    options = AuditOptions(protocol="notebook", augmentation="notebook", by_sound=False)
    report = audit_manifest(write(voices), options)
    assert {"shared-speaker", "sister-rows", "altered-test"} == set(list_codes(report))
    assert len(find(report, "shared-speaker").names) == 6


def test_a_random_split_leaks_speakers_alone(voices, write):
    options = AuditOptions(protocol="random", augmentation="notebook", by_sound=False)
    assert list_codes(audit_manifest(write(voices), options)) == ["shared-speaker"]


@pytest.mark.parametrize("alter", [code_again, add_noise])
def test_a_copy_in_other_bytes_under_another_name_is_found(voices, write, tmp_path, alter):
    clips = split_by_speaker(voices)
    tested = next(clip for clip in clips if clip.extra["split"] == "test")
    copy = alter(tested, tmp_path / "copy.wav", speaker_id="x-9", extra={"split": "train"})
    report = audit_manifest(write([*clips, copy]), AuditOptions())
    assert list_codes(report) == ["near-duplicate-across"]
    (pair,) = find(report, "near-duplicate-across").names
    assert Path(tested.path).name in pair
    assert "copy.wav" in pair


def test_sisters_as_files_of_their_own_are_found(voices, write, tmp_path):
    sisters = [add_noise(clip, tmp_path / f"{n}.wav") for n, clip in enumerate(voices[::12])]
    report = audit_manifest(write([*voices, *sisters]), AuditOptions(protocol="random"))
    across = find(report, "near-duplicate-across").names
    together = [f for f in report.findings if f.code == "near-duplicate"]
    assert len(across) + sum(len(f.names) for f in together) == len(sisters)
    # By speaker they stay together: no leak, but a warning.
    report = audit_manifest(write([*voices, *sisters]), AuditOptions(protocol="speaker"))
    assert report.ok
    assert len(find(report, "near-duplicate").names) == len(sisters)


def double_tess(voices, folder):
    """Make the much-copied upload of TESS: the whole set again, in a folder of the same name."""
    words = ("back", "bar", "base", "bath", "bean", "beg", "bite", "boat")
    for number, clip in enumerate(voices[:48]):
        actress, emotion = ("OAF", "YAF")[number % 2], ("angry", "sad", "happy")[number % 3]
        inner = "TESS/TESS" if number else "TESS"
        for top in ("TESS", inner):
            path = (
                folder
                / top
                / f"{actress}_{emotion}"
                / f"{actress}_{words[number // 6]}_{emotion}.wav"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(clip.path, path)
    return folder


def test_the_doubled_upload_of_tess_is_found(voices, write, tmp_path):
    folder = double_tess(voices, tmp_path / "upload")
    # A manifest as anyone would write it, by walking through the folders.
    clips = [
        Clip(
            str(path),
            "tess",
            f"tess-{path.stem[:3]}",
            "female",
            emotion=path.stem.split("_")[2],
            sentence=path.stem.split("_")[1],
        )
        for path in sorted(folder.rglob("*.wav"))
    ]
    assert len(clips) == 95
    report = audit_manifest(write(clips), AuditOptions(protocol="random", by_sound=False))
    assert "duplicate-across" in list_codes(report)
    n_apart = len(find(report, "duplicate-across").names)
    n_together = len(find(report, "duplicate").names)
    assert n_apart + n_together == 47
    report = audit_manifest(write(clips), AuditOptions(protocol="speaker", by_sound=False))
    assert report.ok
    assert len(find(report, "duplicate").names) == 47
    # The index keeps one file of each clip: then nothing is left to find.
    indexed = index_corpus(folder, corpus="tess").clips
    report = audit_manifest(write(indexed), AuditOptions(protocol="random", by_sound=False))
    assert "duplicate" not in {finding.code.removesuffix("-across") for finding in report.findings}


def test_one_recording_with_two_labels_is_found(voices, write, tmp_path):
    angry = next(clip for clip in voices if clip.emotion == "angry")
    sad = code_again(angry, tmp_path / "sad.wav", emotion="sad")
    report = audit_manifest(write([*voices, sad]), AuditOptions())
    assert len(find(report, "two-labels").names) == 1


def test_a_clip_of_nobody_is_found(voices, write):
    clips = split_by_speaker(voices)
    clips[0] = replace(clips[0], speaker_id="")
    report = audit_manifest(write(clips), QUICK)
    assert find(report, "unknown-speaker").names == (clips[0].path,)
    assert not report.ok
    with pytest.raises(ProtocolError, match="no speaker_id"):
        audit_manifest(write(clips), AuditOptions(protocol="speaker", by_sound=False))


def test_sentences_that_tell_the_emotion_are_told(voices, write):
    clips = [replace(clip, sentence=f"{clip.emotion} words") for clip in voices]
    finding = find(audit_manifest(write(clips), QUICK), "telling-sentence")
    assert finding.values["words"] == 1


def test_new_sentences_are_no_matter(voices, write):
    report = audit_manifest(write(voices), AuditOptions(protocol="speaker-sentence"))
    assert report.findings == ()


def test_unknown_sentences_are_said_to_be_unknown(voices, write):
    clips = [replace(clip, sentence="") for clip in voices]
    report = audit_manifest(write(clips), QUICK)
    assert report.findings == ()
    assert "sentences: unknown of 100% of the clips" in report.not_checked
    assert "copies by sound: not asked for" in report.not_checked


def test_unreadable_files_do_not_stop_an_audit(voices, write, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound at all")
    missing = tmp_path / "missing.wav"
    clips = [
        *voices,
        replace(voices[0], path=str(broken), sha256=hash_file(broken)),
        replace(voices[0], path=str(missing), sha256=""),
    ]
    report = audit_manifest(write(clips), AuditOptions())
    names = find(report, "unreadable").names
    assert [Path(name).name for name in names] == ["broken.wav", "missing.wav"]


def test_a_report_is_plain_values(voices, write):
    report = audit_manifest(write(voices), QUICK)
    table = json.loads(json.dumps(report.to_dict()))
    assert table["ok"] is True
    (finding,) = table["findings"]
    assert finding["n"] == len(finding["names"]) > 0
    assert finding["severity"] == "warning"


def test_the_model_of_another_manifest_is_refused(voices, write, tmp_path):
    from emovox.testing import write_tiny_artefact

    write_tiny_artefact(tmp_path / "model.onnx")
    options = AuditOptions(by_sound=False, model=tmp_path / "model.onnx")
    with pytest.raises(ManifestError, match="was not trained on"):
        audit_manifest(write(voices), options)


def test_every_kind_of_finding_says_what_to_do():
    for kind in KINDS.values():
        assert kind.severity in ("leak", "warning")
        assert kind.advice.endswith(".")
        assert not kind.text.endswith(".")
