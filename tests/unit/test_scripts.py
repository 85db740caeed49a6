"""The scripts that write figures, on data whose figures are known."""

import argparse
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from emovox.audio import write_audio
from emovox.corpora import write_manifest
from emovox.emotions import EMOTIONS
from emovox.study.tables import write_table
from emovox.testing import make_recording
from emovox.types import Clip

SCRIPTS = Path(__file__).parents[2] / "scripts"
N_CLIPS = 20
SAVEE_UNKNOWN = ["savee", "40", "2", "unknown"]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_trial(
    folder: Path, held_out: str, clips: range, right: float, corpus: str = "savee"
) -> None:
    """Write predictions of two emotions, of which a share is right under every voice."""
    rows = [(voice, clip) for voice in ("unknown", "1", "10", "all") for clip in clips]
    truth = np.array([clip % 2 for _, clip in rows])
    wrong = np.array([clip % N_CLIPS >= right * N_CLIPS for _, clip in rows])
    logits = np.zeros((len(rows), len(EMOTIONS)))
    logits[np.arange(len(rows)), np.where(wrong, 1 - truth, truth)] = 5
    folder.mkdir(parents=True)
    table = {
        "trial": [folder.name] * len(rows),
        "held_out": [held_out] * len(rows),
        "voice": [voice for voice, _ in rows],
        "corpus": [corpus] * len(rows),
        "clip": [f"{clip:02}" for _, clip in rows],
        "sha256": [f"{clip:064}" for _, clip in rows],
        "speaker_id": [f"{corpus}-{clip // N_CLIPS}" for _, clip in rows],
        "emotion": [EMOTIONS[t] for t in truth],
    }
    table |= {f"logit_{name}": logits[:, i] for i, name in enumerate(EMOTIONS)}
    write_table(folder / "predictions.parquet", table)


def write_sentences(root: Path, heard: float, new: float, n_more: int = 0) -> None:
    """Write trials with sentences that were heard and with new ones, which test fewer clips."""
    for number in (1, 2):
        clips = range((number - 1) * 2 * N_CLIPS, number * 2 * N_CLIPS)
        write_trial(root / f"speaker-{number}", f"speaker:{number}", clips, heard)
        # The rest is not compared.
        fewer = range(clips.start, clips.stop - N_CLIPS + n_more)
        write_trial(root / f"sentence-{number}", f"speaker-sentence:{number}", fewer, new)


def read_cells(page: Path) -> list[list[str]]:
    lines = page.read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_new_sentences_are_compared_on_the_clips_that_both_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sentences(tmp_path, 0.9, 0.6)
    write_sentences(tmp_path / "other", 0.8, 0.7)
    write_sentences(tmp_path / "longer", 0.8, 0.7, n_more=1)
    script = load("score_sentences")
    out, other = tmp_path / "out", tmp_path / "kept"
    ways = [
        [str(tmp_path / "other"), "--out", str(other)],
        [str(tmp_path), "--out", str(out)],
        [str(out), "--out", str(out), "--against", str(other)],  # again from what it kept
    ]
    for arguments in ways:
        monkeypatch.setattr(sys, "argv", ["score_sentences.py", *arguments])
        script.main()
    rows = [r[4:] for r in read_cells(out / "sentences.md") if r[:4] == SAVEE_UNKNOWN]
    assert rows == [
        ["90.0 [90.0, 90.0]", "60.0 [60.0, 60.0]", "-30.0 [-30.0, -30.0]"],
        ["+10.0 [+10.0, +10.0]", "-10.0 [-10.0, -10.0]"],
    ]
    longer = ["--against", str(tmp_path / "longer")]
    monkeypatch.setattr(sys, "argv", ["score_sentences.py", str(out), "--out", str(out), *longer])
    with pytest.raises(SystemExit, match="judged other clips"):
        script.main()


def write_study(run: Path, experiment: str, right: float) -> None:
    """Write two folds of a study of RAVDESS, of which a share is right."""
    clips = [
        Clip(f"{i:02}.wav", "ravdess", f"ravdess-{i // N_CLIPS}", "male", emotion=EMOTIONS[i % 2])
        for i in range(2 * N_CLIPS)
    ]
    write_manifest(run / "manifest.csv", clips)
    for fold in (0, 1):
        rows = np.arange(fold * N_CLIPS, (fold + 1) * N_CLIPS)
        said = np.where(rows % N_CLIPS >= right * N_CLIPS, 1 - rows % 2, rows % 2)
        says = np.eye(len(EMOTIONS))[said]
        folder = run / "runs" / f"run-{fold}"
        folder.mkdir(parents=True)
        probabilities = {f"p_{name}": says[:, i] for i, name in enumerate(EMOTIONS)}
        write_table(folder / "predictions.parquet", {"clip": rows, **probabilities})
    folds = {"experiment": [experiment] * 2, "protocol": ["ravdess-emobox"] * 2}
    folds |= {"fold": ["1", "2"], "run": ["run-0", "run-1"]}
    write_table(run / "results.parquet", folds)


def test_steps_are_compared_on_the_same_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_study(tmp_path / "run", "student", 0.5)
    # All under one fold: folds do not matter where each clip is tested once.
    recognizer = tmp_path / "recognizer"
    write_trial(recognizer / "small", "ravdess-emobox:1", range(2 * N_CLIPS), 0.8, "ravdess")
    out = tmp_path / "out"
    script = load("score_steps")
    monkeypatch.setattr(
        script, "STEPS", (script.STEPS[0], script.Step("small", "small", "student"))
    )
    for source in (tmp_path / "run", out):  # then again from what it kept
        arguments = [str(source), "--recognizer", str(recognizer), "--out", str(out)]
        monkeypatch.setattr(sys, "argv", ["score_steps.py", *arguments])
        script.main()
        lines = (out / "steps.md").read_text().splitlines()
        rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
        assert [row[0:3:2] for row in rows if row[0] == "1"] == [["1", "50.0 [50.0, 50.0]"]]
        assert next(row for row in rows if row[0] == "2")[1:5] == [
            *("small", "80.0 [80.0, 80.0]", "+30.0 [+30.0, +30.0]", "1"),
        ]
    assert (out / "steps.svg").exists()


def test_what_a_part_brings_is_told_on_the_same_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = range(2 * N_CLIPS)
    write_trial(tmp_path / "scores" / "frozen", "ravdess-emobox:1", clips, 0.8, "ravdess")
    write_trial(tmp_path / "scores" / "frozen-corpora", "corpus:4", clips, 0.6, "ravdess")
    for number, right in (("1", 0.85), ("without-ravdess", 0.7)):
        held_out = "ravdess-emobox:1" if number == "1" else "corpus:4"
        write_trial(tmp_path / "run" / number, held_out, clips, right, "ravdess")
    script = load("ablate")
    out = tmp_path / "out"
    trials = [tmp_path / "run" / name for name in ("1", "without-ravdess")]
    script.keep(out / "votes", script.read_trial_predictions(trials))
    (tmp_path / "changes.toml").write_text(
        '[votes]\ntitle = "the votes"\n[never]\ntitle = "never trained"\n'
    )
    files = [str(tmp_path / "changes.toml"), "plan.toml", "manifest.csv"]
    arguments = [*files, "--recognizer", str(tmp_path / "scores"), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["ablate.py", *arguments])
    script.main()
    page = (out / "ablations.md").read_text()
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in page.splitlines()]
    assert [row[1:] for row in rows if row[0] == "the votes"] == [
        ["+5.0 [+5.0, +5.0]"] * 2 + ["+10.0 [+10.0, +10.0]"] * 2
    ]
    assert "never trained" not in page


def test_ablations_change_one_thing_of_the_recipe() -> None:
    script = load("ablate")
    changes = script.read_toml(SCRIPTS / "ablations.toml")
    recipe = SCRIPTS / "recognizer.toml"
    whole = script.change_plan(script.read_trials(recipe), {})
    assert set(whole.trials) == set(script.TRIALS)
    same = set()
    for name, change in changes.items():
        plan = script.change_plan(script.read_trials(recipe, change.get("set", [])), change)
        if plan == whole:
            same.add(name)
        assert {t.hold_out for t in plan.trials.values()} == {
            t.hold_out for t in whole.trials.values()
        }
    assert same == {"copies", "second-copy"}  # these are left out of what was prepared


def test_confidences_are_told_where_they_were_not_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = range(4 * N_CLIPS)
    heard, never = tmp_path / "small", tmp_path / "small-corpora"
    write_trial(heard, "savee-loso:1", clips, 0.9)
    write_trial(never, "corpus:5", clips, 0.6)
    script = load("score_calibration")
    monkeypatch.setattr(sys, "argv", ["score_calibration.py", str(heard), str(never)])
    script.main()
    page = (never / "carried.md").read_text()
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in page.splitlines()]
    sure = [row[3] for row in rows if row[:2] == ["unknown", "savee"]]
    # 60 % sure where 90 % are right, then the other way round; of 8 emotions 2 are said.
    assert sure == ["\N{MINUS SIGN}30.0", "+30.0"]


def test_a_card_names_the_command_without_anybodys_paths(tmp_path: Path) -> None:
    train, join = load("train_recognizer"), load("join_recognizers")
    plan, encoder, run = tmp_path / "small.toml", str(tmp_path / "e.safetensors"), str(tmp_path)
    arguments = argparse.Namespace(
        plan=plan,
        encoder=encoder,
        set=["training.epochs=0"],
        answers=tmp_path,
        artefact=tmp_path / "small.onnx",
        member=[[str(plan), encoder, run], ["base.toml", "b.safetensors", run]],
    )
    assert train.describe_command(arguments, "final") == (
        "python scripts/train_recognizer.py scripts/small.toml MANIFEST --encoder e.safetensors "
        "--out RUN --set training.epochs=0 --answers ANSWERS final --artefact small.onnx"
    )
    assert join.describe_command(arguments) == (
        "python scripts/join_recognizers.py MANIFEST --member scripts/small.toml e.safetensors "
        "RUN1 --member scripts/base.toml b.safetensors RUN2 --answers ANSWERS --artefact small.onnx"
    )


def write_evaluation(folder: Path, right: int) -> None:
    """Write what ``emovox evaluate`` keeps: two speakers, so many of whose clips are right."""
    clips = [
        Clip(f"{i}.wav", "savee", f"savee-{i // N_CLIPS}", "male", emotion=EMOTIONS[i % 2])
        for i in range(2 * N_CLIPS)
    ]
    write_manifest(folder / "clips.csv", clips)
    rows = np.arange(2 * N_CLIPS)
    said = np.where(rows % N_CLIPS < right, rows % 2, 1 - rows % 2)
    # What savee lacks is likelier still, and does not count.
    says = 0.4 * np.eye(len(EMOTIONS))[said] + 0.6 * np.eye(len(EMOTIONS))[[7] * len(rows)]
    table = {"clip": rows, "accepted": rows >= 0, "error_type": [""] * len(rows)}
    table |= {f"p_{name}": says[:, i] for i, name in enumerate(EMOTIONS)}
    (folder / "predictions").mkdir()
    write_table(folder / "predictions" / "clean.parquet", table)


def test_what_8_bits_change_is_told_with_the_share_of_decisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {"int8": 16, "float": 14}
    for name, right in folders.items():
        (tmp_path / name).mkdir()
        write_evaluation(tmp_path / name, right)
    out = tmp_path / "out"
    tiny = ["--model", "tiny", *(str(tmp_path / name) for name in folders)]
    other = ["--model", "other", *(str(tmp_path / name) for name in reversed(folders))]
    script = load("score_int8")
    for arguments in (tiny, other, []):  # one more, then again from what it kept
        monkeypatch.setattr(sys, "argv", ["score_int8.py", *arguments, "--out", str(out)])
        script.main()
    rows = read_cells(out / "int8.md")
    minus = "\N{MINUS SIGN}10.0"
    assert [row for row in rows if row[0] in {"tiny", "other"}] == [
        ["tiny", "savee", "40", "2", "70.0", "80.0", "+10.0 [+10.0, +10.0]", "10.0"],
        ["other", "savee", "40", "2", "80.0", "70.0", f"{minus} [{minus}, {minus}]", "10.0"],
    ]


@pytest.mark.parametrize("telling", [True, False])
def test_silence_that_betrays_an_emotion_is_found_out(
    telling: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, clips = np.random.default_rng(0), []
    for number in range(48):
        corpus, emotion = ("savee", "emodb")[number % 2], ("angry", "sad")[number // 4 % 2]
        speech = make_recording("neutral", speaker=0, seed=number).samples
        noise = rng.normal(0, 1e-4, 8000)
        if telling and emotion == "sad":
            # The same room, but for the highest bands.
            noise = np.convolve(noise, [0.5, 0.5], mode="same")
        path = tmp_path / f"{number}.wav"
        write_audio(path, np.concatenate([noise, speech]).astype(np.float32), 16_000)
        clips.append(Clip(str(path), corpus, f"{corpus}-{number % 4}", "male", emotion=emotion))
    write_manifest(tmp_path / "manifest.csv", clips)
    out = tmp_path / "out"
    arguments = [str(tmp_path / "manifest.csv"), "--out", str(out), "--jobs", "1"]
    monkeypatch.setattr(sys, "argv", ["silence_baseline.py", *arguments])
    load("silence_baseline").main()
    row = next(line for line in (out / "silence.md").read_text().splitlines() if "savee" in line)
    n_clips, n_speakers, chance, silence = row.strip("| ").split("|")[1:5]
    assert (int(n_clips), int(n_speakers), float(chance)) == (24, 2, 50.0)
    uar = float(silence.split("[")[0])
    assert uar >= 95 if telling else uar < 80
