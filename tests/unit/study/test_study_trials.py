import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from emovox import Recognizer
from emovox.audio import write_audio
from emovox.corpora import write_manifest
from emovox.errors import ConfigError, ManifestError
from emovox.models import Artefact, get_model, load_artefact
from emovox.study.trials.answers import write_trial_answers
from emovox.study.trials.artefact import (
    Judged,
    TrialSource,
    read_trained,
    renew_artefact,
    write_trial_artefact,
)
from emovox.study.trials.join import join_predictions
from emovox.study.trials.plan import read_trials
from emovox.study.trials.report import write_scores
from emovox.study.trials.run import divide, prepare_plan, prune_planned, run_trial
from emovox.study.trials.scores import (
    format_scores,
    read_trial_predictions,
    score_protocols,
)
from emovox.testing import make_recording
from emovox.training.encoder import (
    EncoderShape,
    WhisperEncoder,
    compute_positions,
    load_encoder,
    write_encoder,
)
from emovox.training.speech.reading import read_network
from emovox.training.speech.trial import Workshop
from emovox.types import Clip

PLAN = """
[recognizer]
corpora = ["savee"]
augmentation = "none"
[network]
n_frozen = 1
pooled = [1, 2]
hidden = 8
[training]
head_epochs = 2
epochs = 1
clips_per_epoch = 16
precision = "float32"
[trials.a]
hold_out = ["savee-loso:1"]
[trials.b]
seed = 1
hold_out = ["savee-loso:2"]
[trials.final]
"""
_REPOSITORY = Path(__file__).parents[3]
SPEAKERS = ("JE", "KL", "DC", "JK")
EMOTIONS = ("happy", "sad", "angry")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trials")
    (root / "plan.toml").write_text(PLAN)
    torch.manual_seed(0)
    encoder = WhisperEncoder(EncoderShape(n_layers=2, width=64, n_heads=1, n_mels=80))
    with torch.no_grad():  # as after training: no two weights alike
        for parameter in encoder.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    tensors = {f"model.encoder.{n}": t.half() for n, t in encoder.state_dict().items()}
    positions = compute_positions(torch.arange(1500), 64).half()
    save_file(
        {**tensors, "model.encoder.embed_positions.weight": positions}, root / "e.safetensors"
    )
    clips = []
    for number, speaker in enumerate(SPEAKERS):
        for emotion in EMOTIONS:
            recording = make_recording(emotion, speaker=number, seed=number)
            path = root / f"{speaker}_{emotion}.wav"
            write_audio(path, recording.samples, recording.sampling_rate)
            clips.append(Clip(str(path), "savee", f"savee-{speaker}", "male", emotion=emotion))
    write_manifest(root / "manifest.csv", clips)
    return root


def test_trials_keep_what_was_said_of_the_speakers_held_out(study: Path) -> None:
    plan = read_trials(study / "plan.toml")
    shop = Workshop(encoder=study / "e.safetensors", folder=study / "out")
    prepared = prepare_plan(plan, study / "manifest.csv", shop)
    folders = [run_trial(plan, name, prepared, study / "trials") for name in plan.trials]
    predictions = read_trial_predictions(folders)
    assert set(predictions.columns["speaker_id"]) == {"savee-JE", "savee-KL"}
    assert np.isneginf(predictions.logits[:, 0]).all()  # no neutral among the clips
    scores = score_protocols(predictions)
    unknown = scores[0]
    assert (unknown.protocol, unknown.voice) == ("savee-loso", "unknown")
    assert (unknown.n_folds, unknown.n_trainings, unknown.n_clips) == (2, 2, 6)
    first = predictions.columns["voice"] == "unknown"
    hits = (predictions.truth == predictions.prediction)[first].reshape(2, 3).mean(1)
    assert unknown.uar == pytest.approx(hits.mean())
    assert "savee-loso" in format_scores(scores)
    write_scores(study / "scores", folders)
    again = read_trial_predictions([study / "scores"])
    assert score_protocols(again) == scores  # anyone can compute them again
    # Nothing is trained twice.
    before = [(f / "network.safetensors").stat().st_mtime_ns for f in folders]
    again = [run_trial(plan, name, prepared, study / "trials") for name in plan.trials]
    assert [(f / "network.safetensors").stat().st_mtime_ns for f in again] == before


def test_a_look_at_another_recipe_needs_a_folder_of_its_own(study: Path) -> None:
    plan = read_trials(
        study / "plan.toml", ["training.epochs=0", "network.pooled=[2]", "network.front_end=2"]
    )
    assert (plan.network.pooled, plan.network.front_end, plan.training.epochs) == ((2,), 2, 0)
    shop = Workshop(encoder=study / "e.safetensors", folder=study / "look")
    prepared = prepare_plan(plan, study / "manifest.csv", shop)
    assert not prepared.frozen.parts  # the encoder stays: no frame is kept
    assert (run_trial(plan, "a", prepared, study / "look") / "predictions.parquet").exists()
    other = read_trials(study / "plan.toml", ["training.head_epochs=3", "training.epochs=0"])
    with pytest.raises(ConfigError, match="other clips, options"):
        run_trial(other, "a", prepared, study / "look")


def test_states_stay_in_the_precision_that_they_were_begun_in(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = read_trials(study / "plan.toml", ["training.epochs=0"])
    shop = Workshop(encoder=study / "e.safetensors", folder=tmp_path)
    pooled = []
    # A busy machine measures otherwise the second time; then the note is lost.
    for precision in ("bfloat16", "float32", "float32"):
        monkeypatch.setattr(
            "emovox.training.speech.trial.choose_encoding_precision", lambda p=precision: p
        )
        if len(pooled) == 2:
            (tmp_path / "precision").write_text("half")
        pooled.append(prepare_plan(plan, study / "manifest.csv", shop).pooled)
    assert (pooled[0] == pooled[1]).all()
    assert (pooled[0] != pooled[2]).any()


def test_a_network_that_was_deleted_leaves_no_predictions(study: Path) -> None:
    plan = read_trials(study / "plan.toml", ["training.epochs=0"])
    shop = Workshop(encoder=study / "e.safetensors", folder=study / "out")
    prepared = prepare_plan(plan, study / "manifest.csv", shop)
    folder = run_trial(plan, "a", prepared, study / "deleted")
    before = read_trial_predictions([folder])
    (folder / "network.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"the trial 'a' .* is not finished"):
        read_trained(TrialSource(prepared, plan, "a", study / "deleted"))
    other = read_trials(study / "plan.toml", ["training.epochs=0", "trials.a.seed=9"])
    run_trial(other, "a", prepared, study / "deleted")
    assert (read_trial_predictions([folder]).logits != before.logits).any()


def test_a_plan_wants_all_of_its_corpora(study: Path) -> None:
    plan = read_trials(study / "plan.toml", ['recognizer.corpora=["savee", "tess"]'])
    shop = Workshop(encoder=study / "e.safetensors", folder=study / "out")
    with pytest.raises(ConfigError, match="no labelled clip of tess"):
        prepare_plan(plan, study / "manifest.csv", shop)
    (study / "both.toml").write_text(f'trials_of = "plan.toml"\n{PLAN}')
    with pytest.raises(ConfigError, match="trials of its own and trials_of"):
        read_trials(study / "both.toml")


def test_nobody_held_out_trains(study: Path) -> None:
    clips = [Clip(s, "savee", f"savee-{s}", emotion="sad") for s in SPEAKERS]
    plan = read_trials(study / "plan.toml")
    train, tested = divide(clips, plan.get("a"))
    assert train.tolist() == [1, 2, 3]
    assert tested == {0: "savee-loso:1"}
    assert divide(clips, plan.get("final"))[1] == {}
    with pytest.raises(ConfigError, match="no trial"):
        plan.get("c")


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(PLAN.replace("hidden", "hiden"))
    with pytest.raises(ConfigError, match="hiden"):
        read_trials(tmp_path / "plan.toml")


def test_the_committed_plan_is_valid() -> None:
    plan = read_trials(_REPOSITORY / "scripts" / "recognizer.toml")
    assert len(plan.trials) == 23
    nano = read_trials(_REPOSITORY / "scripts" / "nano.toml")
    assert nano.trials == plan.trials  # they share them


def test_the_last_trial_becomes_a_model_that_predicts(study: Path) -> None:
    plan = read_trials(study / "plan.toml")
    shop = Workshop(encoder=study / "e.safetensors", folder=study / "out")
    prepared = prepare_plan(plan, study / "manifest.csv", shop)
    folders = [run_trial(plan, name, prepared, study / "trials") for name in plan.trials]
    path = study / "emovox-tiny.onnx"
    source, judged = TrialSource(prepared, plan, "final", study / "trials"), Judged(tuple(folders))
    write_trial_artefact(path, [source], judged, command="make it")
    recognizer = Recognizer(path)
    metadata = recognizer.metadata
    assert metadata.emotions == ("happy", "sad", "angry")
    assert [(c.name, c.n_clips, c.n_speakers) for c in metadata.corpora] == [("savee", 12, 4)]
    assert metadata.scores[0].protocol == "savee-loso"
    # Of the network that is there, not of one that was deleted: it began with its head.
    log = study / "trials" / "final" / "metrics.jsonl"
    records = [json.loads(line) for line in log.read_text().splitlines()]
    log.write_text('{"epoch": 0, "seconds": 7200}\n' + log.read_text())
    write_trial_artefact(path, [source], judged, command="make it")
    training = load_artefact(path).metadata.training
    assert training is not None
    assert training.command == "make it"
    assert training.hours == round(sum(record["seconds"] for record in records) / 3600, 3)
    clip = study / "JE_sad.wav"
    decision = recognizer.recognize(clip)
    assert sum(decision.probabilities.values()) == pytest.approx(1, abs=1e-5)
    adapted = recognizer.adapt([study / f"JE_{emotion}.wav" for emotion in EMOTIONS])
    assert adapted.recognize(clip).probabilities != decision.probabilities
    # Renewed on other predictions: other scores, the rest as it was.
    exact, renewed = study / "exact.onnx", study / "renewed.onnx"
    write_trial_artefact(exact, [source], judged, command="make it", quantize=False)
    renew_artefact(renewed, exact, Judged(tuple(folders[:1])))
    before, after = load_artefact(exact), load_artefact(renewed)
    assert before.metadata.scores[0].n_folds == 2
    assert after.metadata.scores[0].n_folds == 1
    assert after.metadata.calibration != before.metadata.calibration
    assert after.metadata.data_sha256 == before.metadata.data_sha256
    _check_alike(before, after)


def test_confidences_are_fitted_where_no_corpus_was_heard(study: Path) -> None:
    plan = read_trials(study / "plan.toml")
    shop = Workshop(encoder=study / "e.safetensors", folder=study / "out")
    prepared = prepare_plan(plan, study / "manifest.csv", shop)
    one, other = (run_trial(plan, name, prepared, study / "trials") for name in ("a", "b"))
    both, alone = Judged((one,), (other,)), Judged((other,))
    assert both.score() == (*Judged((one,)).score(), *alone.score())
    assert both.calibrate() == dataclasses.replace(
        alone.calibrate(), fitted_on="corpora that no training heard"
    )
    assert both.calibrate().temperature != Judged((one,)).calibrate().temperature


def test_renewing_keeps_8_bit_weights_to_the_last(study: Path) -> None:
    packaged = get_model("emovox-nano")
    renew_artefact(
        study / "nano.onnx", packaged, Judged((_REPOSITORY / "docs/results/recognizer/nano",))
    )
    _check_alike(load_artefact(packaged), load_artefact(study / "nano.onnx"))
    assert (study / "nano.onnx").stat().st_size < 1.02 * packaged.stat().st_size


def _check_alike(one: Artefact, other: Artefact) -> None:
    clip = make_recording("sad").samples
    was, now = one.run([clip]), other.run([clip])
    np.testing.assert_array_equal(was.logits, now.logits)
    np.testing.assert_array_equal(was.states, now.states)


def test_networks_side_by_side_are_scored_and_become_one_model(study: Path) -> None:
    runs = []
    for name, pooled in (("one", "[1]"), ("two", "[2]")):
        plan = read_trials(study / "plan.toml", ["training.epochs=0", f"network.pooled={pooled}"])
        shop = Workshop(encoder=study / "e.safetensors", folder=study / "out")
        prepared = prepare_plan(plan, study / "manifest.csv", shop)
        for trial in plan.trials:
            run_trial(plan, trial, prepared, study / name)
        runs.append(TrialSource(prepared, plan, "final", study / name))
    folders = [[study / name / trial for trial in ("a", "b")] for name in ("one", "two")]
    join_predictions(folders, study / "joined")
    joined = read_trial_predictions([study / "joined"], among_all=True)
    first, second = (read_trial_predictions(paths, among_all=True) for paths in folders)
    row = {name: str(joined.columns[name][5]) for name in ("trial", "voice", "clip")}
    means = [
        p.logits[np.logical_and.reduce([p.columns[n] == v for n, v in row.items()])]
        for p in (first, second)
    ]
    np.testing.assert_allclose(joined.logits[5], np.mean(means, axis=0)[0], atol=0.01)
    path = study / "emovox-both.onnx"
    write_trial_artefact(path, runs, Judged((study / "joined",)), command="make it")
    recognizer = Recognizer(path)
    assert recognizer.metadata.encoder.name.count(" + ") == 1
    assert len(recognizer.metadata.population.mean) == sum(
        source.prepared.pooled.shape[2] for source in runs
    )
    alone = recognizer.recognize(study / "JE_sad.wav").probabilities
    known = recognizer.adapt([study / f"JE_{e}.wav" for e in EMOTIONS])
    assert known.recognize(study / "JE_sad.wav").probabilities != alone
    with pytest.raises(ManifestError, match="network 2 judged other clips"):
        join_predictions([folders[0], folders[1][:1]], study / "nothing")


def test_a_piece_of_an_encoder_learns_from_what_trained_networks_answer(study: Path) -> None:
    shop = Workshop(encoder=study / "e.safetensors", folder=study / "out")
    teachers = read_trials(study / "plan.toml", ["training.epochs=0"])
    heard = prepare_plan(teachers, study / "manifest.csv", shop)
    run_trial(teachers, "a", heard, study / "teachers")
    source = TrialSource(heard, teachers, "a", study / "teachers")
    write_trial_answers([source, source], study / "answers")

    plan = read_trials(
        study / "plan.toml",
        [
            "pruning.hidden=100",
            "pruning.n_heads=1",
            "pruning.channels=32",
            "network.pooled=[1]",
            "network.n_frozen=0",
            "teaching.weight=0.5",
        ],
    )
    piece = study / "piece.safetensors"
    write_encoder(piece, prune_planned(plan, study / "manifest.csv", shop), origin="cut from mine")
    own = Workshop(encoder=piece, folder=study / "out")
    prepared = prepare_plan(plan, study / "manifest.csv", own)
    with pytest.raises(ConfigError, match="name their answers"):
        run_trial(plan, "a", prepared, study / "taught")
    with pytest.raises(ConfigError, match="no answers at"):
        run_trial(plan, "b", prepared, study / "taught", answers=study / "answers")
    folder = run_trial(plan, "a", prepared, study / "taught", answers=study / "answers")
    assert set(read_trial_predictions([folder]).columns["speaker_id"]) == {"savee-JE"}
    # What it learnt from counts: without, it is another training.
    untaught = read_trials(study / "plan.toml", ["network.pooled=[1]", "network.n_frozen=0"])
    with pytest.raises(ConfigError, match="other clips, options"):
        run_trial(untaught, "a", prepared, study / "taught")
    path = study / "emovox-piece.onnx"
    source = TrialSource(prepared, plan, "a", study / "taught", study / "answers")
    write_trial_artefact(path, [source], Judged((folder,)), command="make it")
    network, artefact = read_network(path)
    assert artefact.metadata.encoder.name == "an encoder cut from mine"
    assert network.encoder.shape == load_encoder(piece)[0].shape


def test_teachers_have_an_encoder_as_it_came_and_held_out_the_same(study: Path) -> None:
    shop = Workshop(encoder=study / "e.safetensors", folder=study / "out")
    plan = read_trials(study / "plan.toml", ["training.epochs=0"])
    prepared = prepare_plan(plan, study / "manifest.csv", shop)
    first, second = (TrialSource(prepared, plan, name, study / "teachers") for name in "ab")
    with pytest.raises(ConfigError, match="held out the same clips"):
        write_trial_answers([first, second], study / "answers")
    moved = TrialSource(prepared, read_trials(study / "plan.toml"), "a", study / "trials")
    with pytest.raises(ConfigError, match="stayed as it came"):
        write_trial_answers([moved], study / "answers")
