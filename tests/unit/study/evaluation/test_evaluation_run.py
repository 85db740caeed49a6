from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emovox.corpora import read_manifest, write_manifest
from emovox.errors import ManifestError, ParameterError
from emovox.recognizer import Recognizer
from emovox.study.evaluation import Acquaintance, EvaluationOptions, Pass, predict_all
from emovox.study.evaluation.predict import Judge, predict_pass
from emovox.study.evaluation.run import sample_clips
from emovox.study.tables import read_table
from emovox.testing import make_tiny_metadata, write_tiny_artefact

PLAIN = EvaluationOptions(seed=3)
OPTIONS = replace(PLAIN, acquaintances=(Acquaintance(2), Acquaintance(None)))


class Stages:
    """Remembers the passes that were made, and how far each came."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.done: list[tuple[int, int]] = []

    @contextmanager
    def __call__(self, label: str) -> Iterator:
        self.labels.append(label)
        yield lambda done, total: self.done.append((done, total))


def test_plain_pass_is_what_the_recognizer_says(evaluated, tiny_model, voices):
    folder, outcome = evaluated
    recognizer = Recognizer(tiny_model)
    table = read_table(folder / "predictions" / "clean.parquet")
    for index, clip in enumerate(outcome.clips[:5]):
        decision = recognizer.recognize(clip.path)
        assert table["emotion"][index] == decision.emotion
        assert table["accepted"][index] == decision.accepted
        # Stored to a millionth.
        assert table["confidence"][index] == pytest.approx(decision.confidence, abs=1e-6)


def test_all_clips_of_a_speaker_are_what_adapt_hears(evaluated, tiny_model):
    folder, outcome = evaluated
    table = read_table(folder / "predictions" / "adapt-all.parquet")
    speaker = outcome.clips[0].speaker_id
    own = [clip.path for clip in outcome.clips if clip.speaker_id == speaker]
    adapted = Recognizer(tiny_model).adapt(own)
    for index, clip in enumerate(outcome.clips):
        if clip.speaker_id == speaker:
            expected = adapted.recognize(clip.path).confidence
            # Stored to a millionth; clips are added up in another order.
            assert table["confidence"][index] == pytest.approx(expected, abs=2e-6)


def test_some_clips_of_a_speaker_are_those_that_were_chosen(evaluated, tiny_model):
    folder, outcome = evaluated
    table = read_table(folder / "predictions" / "adapt-2.parquet")
    own = [clip for clip in outcome.clips if clip.speaker_id == outcome.clips[0].speaker_id]
    chosen = Acquaintance(2).choose(own, 0, seed=3)
    adapted = Recognizer(tiny_model).adapt([own[i].path for i in chosen])
    expected = adapted.recognize(own[0].path).confidence
    assert table["confidence"][0] == pytest.approx(expected, abs=2e-6)


def test_predictions_name_clips_as_the_manifest_does(evaluated, voices):
    folder, _ = evaluated
    table = read_table(folder / "predictions" / "clean.parquet")
    rows = read_table(voices)
    assert table["path"].tolist() == rows["path"].tolist()
    assert read_table(folder / "clips.csv")["path"].tolist() == rows["path"].tolist()


def test_what_is_there_is_not_made_again(tiny_model, voices, tmp_path):
    def predict(options) -> list[str]:
        stages = Stages()
        predict_all(str(tiny_model), voices, tmp_path, options, stages)
        return stages.labels

    assert predict(PLAIN) == ["clean"]
    assert predict(PLAIN) == []
    assert predict(replace(PLAIN, acquaintances=(Acquaintance(1),))) == ["adapt-1"]
    (tmp_path / "predictions" / "clean.parquet").unlink()
    assert predict(PLAIN) == ["clean"]


def test_stopped_evaluation_goes_on_and_comes_to_the_same(evaluated, tiny_model, voices, tmp_path):
    class Stopped(Stages):
        def __call__(self, label: str):
            if label == "adapt-2":
                raise KeyboardInterrupt
            return super().__call__(label)

    with pytest.raises(KeyboardInterrupt):
        predict_all(str(tiny_model), voices, tmp_path, OPTIONS, Stopped())
    stages = Stages()
    outcome = predict_all(str(tiny_model), voices, tmp_path, OPTIONS, stages)
    assert stages.labels == ["adapt-2", "adapt-all"]
    for name, judged in evaluated[1].judged.items():
        np.testing.assert_array_equal(outcome.judged[name].probabilities, judged.probabilities)


def test_folder_of_something_else_is_refused(evaluated, tiny_model, voices, tmp_path):
    folder, _ = evaluated
    before = (folder / "evaluation.json").read_text()
    with pytest.raises(ParameterError, match="where seed is 3, not 4"):
        predict_all(str(tiny_model), voices, folder, EvaluationOptions(seed=4), Stages())
    other = tmp_path / "other.onnx"
    write_tiny_artefact(other, make_tiny_metadata(name="other"))
    with pytest.raises(ParameterError, match=r"where model is 'tiny\.testing', not 'other'"):
        predict_all(str(other), voices, folder, PLAIN, Stages())
    assert (folder / "evaluation.json").read_text() == before


def test_progress_counts_clips(tiny_model, voices, tmp_path):
    stages = Stages()
    predict_all(str(tiny_model), voices, tmp_path, PLAIN, stages)
    assert stages.done[-1] == (32, 32)


def test_processes_come_to_the_same(evaluated, tiny_model):
    _, outcome = evaluated
    judge = Judge(str(tiny_model), Pass(acquaintance=Acquaintance(2)), 3)
    alone = predict_pass(judge, outcome.clips)
    together = predict_pass(judge, outcome.clips, n_jobs=2)
    assert together == alone


def test_clips_that_cannot_be_read_are_left_out_and_counted(tiny_model, voices, tmp_path):
    clips = list(read_manifest(voices))
    clips[3] = replace(clips[3], path=str(tmp_path / "gone.wav"))
    clips[4] = replace(clips[4], emotion="")
    manifest = tmp_path / "manifest.csv"
    write_manifest(manifest, clips)
    outcome = predict_all(
        str(tiny_model), manifest, tmp_path / "out",
        EvaluationOptions(acquaintances=(Acquaintance(None),)), Stages(),
    )  # fmt: skip
    assert outcome.n_unlabelled == 1
    assert len(outcome.failed) == 1
    assert "gone.wav" in outcome.failed[0]
    for judged in outcome.judged.values():
        assert len(judged) == 30
        assert 3 not in judged.clip
        assert np.isfinite(judged.probabilities).all()
    table = read_table(tmp_path / "out" / "predictions" / "clean.parquet")
    assert table["error_type"][3] == "audio"
    assert "gone.wav" in table["error_message"][3]
    assert not table["accepted"][3]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"emotion": ""}, "has an emotion"), ({"path": "/gone/{}.wav"}, "none of the 32 clips")],
)
def test_nothing_to_score_is_an_error(tiny_model, voices, tmp_path, change, message):
    clips = [
        replace(clip, **{name: value.format(i) for name, value in change.items()})
        for i, clip in enumerate(read_manifest(voices))
    ]
    write_manifest(tmp_path / "manifest.csv", clips)
    with pytest.raises(ManifestError, match=message):
        predict_all(str(tiny_model), tmp_path / "manifest.csv", tmp_path / "out", PLAIN, Stages())


def test_voices_need_speakers(tiny_model, voices, tmp_path):
    clips = [replace(clip, speaker_id="") for clip in read_manifest(voices)]
    write_manifest(tmp_path / "manifest.csv", clips)
    options = EvaluationOptions(acquaintances=(Acquaintance(1),))
    with pytest.raises(ManifestError, match="no speaker_id"):
        predict_all(str(tiny_model), tmp_path / "manifest.csv", tmp_path / "out", options, Stages())


def test_model_that_cannot_adapt_says_so(voices, tmp_path):
    write_tiny_artefact(tmp_path / "stiff.onnx", make_tiny_metadata(adaptation=None))
    options = EvaluationOptions(acquaintances=(Acquaintance(1),))
    with pytest.raises(ParameterError, match="cannot adapt"):
        predict_all(str(tmp_path / "stiff.onnx"), voices, tmp_path / "out", options, Stages())
    assert not (tmp_path / "out").exists()


def test_sample_is_spread_evenly(voices):
    clips = read_manifest(voices)
    sample = sample_clips(clips, EvaluationOptions(sample=16))
    assert len(sample) == 16
    assert list(sample) == sorted(sample, key=clips.index)
    many = [replace(c, path=f"{i}-{c.path}", sha256="") for i in range(5) for c in clips]
    sample = sample_clips(many, EvaluationOptions(sample=64))
    pairs = [(clip.speaker_id, clip.emotion) for clip in sample]
    assert {pairs.count(pair) for pair in pairs} == {2}
    assert sample != sample_clips(many, EvaluationOptions(sample=64, seed=1))


def test_sample_of_more_than_there_are_is_all(voices):
    clips = read_manifest(voices)
    assert sample_clips(clips, EvaluationOptions(sample=1000)) == clips


@pytest.mark.parametrize("changes", [{"sample": 0}, {"seed": -1}, {"n_jobs": 0}])
def test_options_that_make_no_sense_are_refused(changes):
    with pytest.raises(ParameterError):
        EvaluationOptions(**changes)


def test_robustness_adds_its_passes_after_the_plain_one():
    passes = replace(PLAIN, robustness=True, acquaintances=(Acquaintance(1),) * 2).passes
    assert [one.name for one in passes[:3]] == ["clean", "adapt-1", "noise-20"]
    assert len({one.name for one in passes}) == len(passes) == 28


def test_identity_tells_what_was_tried(evaluated):
    folder, outcome = evaluated
    found = json.loads((Path(folder) / "evaluation.json").read_text())
    assert found["model"] == "tiny.testing"
    assert found["seal"] == outcome.metadata.seal
    assert set(found["passes"]) == {"clean", "adapt-2", "adapt-all"}
