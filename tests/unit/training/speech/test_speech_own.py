"""From a finished model and a few recordings to a model that knows them better."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from emovox.audio import write_audio
from emovox.cli.app import run
from emovox.corpora import read_manifest, write_manifest
from emovox.emotions import EMOTIONS
from emovox.errors import ConfigError, ManifestError, ModelIntegrityError, ParameterError
from emovox.models import (
    Adaptation,
    ArtefactMetadata,
    Encoder,
    Population,
    Score,
    get_model,
    load_artefact,
)
from emovox.models.metadata import TrainingCorpus, TrainingRun
from emovox.testing import make_recording, write_tiny_artefact
from emovox.training import HeadTuning, OwnJob, OwnResult, train_from
from emovox.training.encoder import EncoderShape, WhisperEncoder
from emovox.training.speech import reading
from emovox.training.speech.ensemble import put_together
from emovox.training.speech.export import FRONTENDS, SHORTEST_S, export_speech
from emovox.training.speech.frontend import NEWEST
from emovox.training.speech.holding import hold_out
from emovox.training.speech.listening import compute_states, hear_clips
from emovox.training.speech.network import NetworkOptions, SpeechNetwork
from emovox.training.speech.reading import (
    is_quantized,
    list_precise,
    read_members,
    read_network,
    read_tensors,
)
from emovox.training.speech.tuning import OwnStates, tune_head
from emovox.types import Clip

KNOWN = ("neutral", "happy", "sad", "angry", "fear")


def make_network(
    pooled: tuple[int, ...] = (1, 2), front_end: int = NEWEST, seed: int = 0
) -> SpeechNetwork:
    torch.manual_seed(seed)
    encoder = WhisperEncoder(EncoderShape(n_layers=2, width=64, n_heads=1, n_mels=80))
    options = NetworkOptions(n_frozen=pooled[0], pooled=pooled, hidden=16, front_end=front_end)
    network = SpeechNetwork(encoder, options).eval()
    with torch.no_grad():
        # As training leaves them: the exporter keeps equal values once, under one name.
        for values in (*network.parameters(), network.head.offsets):
            values += 0.02 * torch.randn_like(values)
    recordings = [make_recording(e, speaker=s).samples for e in ("sad", "angry") for s in range(4)]
    states = torch.stack([compute_states(network, samples) for samples in recordings])
    network.head.mean.copy_(states.mean(0))
    network.head.deviation.copy_(states.std(0) + 0.01)
    return network


def make_metadata(*networks: SpeechNetwork) -> ArtefactMetadata:
    mean, deviation = (
        tuple(torch.cat([getattr(network.head, name) for network in networks]).tolist())
        for name in ("mean", "deviation")
    )
    return ArtefactMetadata(
        name="tiny.test",
        frontend=FRONTENDS[networks[0].options.front_end],
        population=Population(mean, deviation),
        emotions=KNOWN,
        corpora=(TrainingCorpus("older", "CC BY 4.0", 64, 4),),
        data_sha256="0" * 64,
        seed=0,
        code_version="0",
        training=TrainingRun("make it", 1.0),
        encoder=Encoder("whisper-nano", "MIT", "1" * 64),
        adaptation=Adaptation(2.0, 20.0),
        shortest_s=SHORTEST_S,
    )


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that was never trained, in float32."""
    path = tmp_path_factory.mktemp("start") / "start.onnx"
    network = make_network()
    export_speech(path, network, make_metadata(network))
    return path


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two voices, three emotions, ten sentences."""
    folder = tmp_path_factory.mktemp("own")
    clips = []
    for number in range(30):
        emotion, speaker = ("happy", "sad", "angry")[number % 3], number // 3 % 2
        recording = make_recording(emotion, speaker=speaker, seed=number)
        path = folder / f"{number}.wav"
        write_audio(path, recording.samples, recording.sampling_rate)
        clips.append(
            Clip(str(path), "mine", f"mine-{speaker}", emotion=emotion, sentence=f"{number // 3}")
        )
    write_manifest(folder / "own.csv", clips)
    return folder / "own.csv"


@pytest.mark.parametrize(
    ("quantize", "pooled", "front_end"), [(False, (0, 2), NEWEST), (True, (1, 2), 2)]
)
def test_a_network_is_read_back_from_its_artefact(
    tmp_path: Path, quantize: bool, pooled: tuple[int, ...], front_end: int
) -> None:
    network = make_network(pooled, front_end)
    path = tmp_path / "a.onnx"
    export_speech(path, network, make_metadata(network), quantize=quantize)
    assert is_quantized(path) is quantize
    read, artefact = read_network(path)
    assert (read.options.pooled, read.options.front_end) == (pooled, front_end)
    own = network.state_dict()
    assert read_tensors(path).keys() == own.keys()
    for name, tensor in read.state_dict().items():
        # 8 bits: half a step of the largest weight of a channel.
        tolerance = float(own[name].abs().max()) / 200 if quantize else 1e-7
        torch.testing.assert_close(tensor, own[name], atol=tolerance, rtol=0)
    samples = make_recording("angry", speaker=5).samples
    voice = artefact.metadata.population
    mean, deviation = (torch.tensor(part)[None] for part in (voice.mean, voice.deviation))
    with torch.inference_mode():
        length = torch.tensor([len(samples)])
        logits, _ = read(torch.from_numpy(samples)[None], length, mean, deviation)
    there = artefact.run([samples]).logits
    there[there == -1e4] = logits.numpy()[there == -1e4]
    # Float: sums in another order. int8: activations are rounded too, logits are about 0.3 here.
    np.testing.assert_allclose(logits, there, atol=0.1 if quantize else 1e-4)


def test_what_shall_stay_precise_stays_in_float32_and_is_found_again(tmp_path: Path) -> None:
    network, path = make_network((1, 2), 2), tmp_path / "a.onnx"
    precise = ("encoder.layers.0.self_attn",)
    export_speech(path, network, make_metadata(network), quantize=True, precise=precise)
    assert list_precise(path) == precise
    own = network.state_dict()
    tensors = read_tensors(path)
    for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
        first, second = (f"encoder.layers.{number}.self_attn.{name}.weight" for number in (0, 1))
        torch.testing.assert_close(tensors[first], own[first], atol=1e-7, rtol=0)
        assert not torch.equal(tensors[second], own[second])
    # Few values of unlike kinds: 8 bits cannot hold their range.
    for name in ("head.gate.weight", "head.trust.weight"):
        torch.testing.assert_close(tensors[name], own[name], atol=0, rtol=0)
    export_speech(path, network, make_metadata(network), quantize=True)
    assert list_precise(path) == ()
    with pytest.raises(ConfigError, match=r"layers\.7"):
        export_speech(
            path, network, make_metadata(network), quantize=True, precise=("encoder.layers.7",)
        )


def write_pair(path: Path) -> list[SpeechNetwork]:
    members = [make_network((0, 2)), make_network((2,), seed=1)]
    export_speech(path, put_together(members), make_metadata(*members))
    return members


def test_networks_side_by_side_are_read_back(tmp_path: Path) -> None:
    members = write_pair(tmp_path / "pair.onnx")
    read, _ = read_members(tmp_path / "pair.onnx")
    for own, other in zip(members, read, strict=True):
        assert own.options.pooled == other.options.pooled
        for name, tensor in other.state_dict().items():
            torch.testing.assert_close(tensor, own.state_dict()[name], atol=1e-7, rtol=0)
    with pytest.raises(ParameterError, match="is 2 networks side by side"):
        read_network(tmp_path / "pair.onnx")


def test_networks_side_by_side_learn_from_the_same_clips(tmp_path: Path, manifest: Path) -> None:
    before = write_pair(tmp_path / "pair.onnx")
    tuning = HeadTuning(n_steps=60, every=20, rate=1e-3)
    steps: list[tuple[int, int]] = []
    result = train_from(
        manifest,
        tmp_path / "better.onnx",
        OwnJob(start=tmp_path / "pair.onnx", tuning=tuning),
        progress=lambda *s: steps.append(s),
    )
    assert result.after > result.before
    assert steps[-1][0] == steps[-1][1]
    assert all(a[0] < b[0] for a, b in itertools.pairwise(steps))
    after, _ = read_members(tmp_path / "better.onnx")
    for own, other in zip(before, after, strict=True):
        was, now = own.head.unknown.out.weight, other.head.unknown.out.weight
        assert (now - was).abs().max() > 1e-3


@pytest.mark.parametrize("name", ["emovox-small", "emovox-nano"])
def test_packaged_models_are_read_back(name: str) -> None:
    # Whatever the processor: sums of 8-bit products may overflow on some, see ``load_artefact``.
    network, artefact = read_network(get_model(name))
    samples = make_recording("angry", speaker=3).samples
    head = network.head
    with torch.inference_mode():
        length = torch.tensor([len(samples)])
        voice = head.mean[None], head.deviation[None]
        logits, _ = network(torch.from_numpy(samples)[None], length, *voice)
    # 8-bit activations; logits span about ten.
    np.testing.assert_allclose(logits, artefact.run([samples]).logits, atol=0.5)


def test_a_network_wrongly_read_does_not_come_out(
    start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = read_tensors(start)
    wrong = {**right, "encoder.layers.0.fc1.weight": right["encoder.layers.0.fc1.weight"] * -1}
    monkeypatch.setattr(reading, "read_tensors", lambda _: wrong)
    with pytest.raises(ModelIntegrityError, match="cannot be read back"):
        read_network(start)


def test_other_models_cannot_be_trained_further(tmp_path: Path) -> None:
    write_tiny_artefact(tmp_path / "tiny.onnx")
    with pytest.raises(ParameterError, match=r"'tiny\.testing' hears by .*emovox-small is one"):
        read_network(tmp_path / "tiny.onnx")


def test_the_head_is_given_what_is_heard(start: Path, manifest: Path) -> None:
    network, artefact = read_network(start)
    samples = make_recording("sad").samples
    states = compute_states(network, samples)
    head = network.head
    with torch.inference_mode():
        logits = head(states[None], head.mean[None], head.deviation[None])
    there = artefact.run([samples]).logits
    np.testing.assert_allclose(logits[:, :1], there[:, :1], atol=1e-4)


def test_what_cannot_be_used_is_left_out_and_said(start: Path, manifest: Path) -> None:
    network, _ = read_network(start)
    silent = manifest.parent / "silent.wav"
    write_audio(silent, np.zeros(16_000, np.float32), 16_000)
    clips = [Clip(str(manifest)), Clip(str(silent)), Clip(str(manifest.parent / "0.wav"))]
    heard = hear_clips(network, clips)
    assert heard.clips == (clips[2],)
    assert heard.states.shape == (1, network.n_states)
    assert [failure.partition(": ")[0] for failure in heard.failures] == [
        clip.path for clip in clips[:2]
    ]
    assert heard.failures[1].endswith(": silent")


def make_states(n: int = 60) -> tuple[SpeechNetwork, OwnStates]:
    """Return a head that knows eight emotions by one state each, and clips where two are turned."""
    network = make_network()
    head = network.head
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2 + 2  # happy, sad
    states = head.mean + head.deviation * torch.from_numpy(
        rng.normal(0, 0.3, (n, network.n_states)).astype(np.float32)
    )
    states[torch.arange(n), torch.from_numpy(labels)] += (
        3 * head.deviation[torch.from_numpy(labels)]
    )
    return network, OwnStates(states, labels, np.arange(n) % 3)


def test_a_head_learns_and_stays_near() -> None:
    distances = []
    for pull in (0.001, 0.0):
        network, data = make_states()
        before = {name: p.detach().clone() for name, p in network.head.named_parameters()}
        tuning = HeadTuning(n_steps=100, every=50, rate=1e-3, pull=pull)
        logits = tune_head(network, data, tuning, watch=data.states)
        assert logits.shape == (3, 60, 8)
        right = (logits.argmax(2) == data.labels).mean(axis=1)
        assert right[0] < 0.8 < 0.95 < right[-1]
        moved = [(p - before[name]).square().sum() for name, p in network.head.named_parameters()]
        distances.append(float(torch.stack(moved).sum().detach()))
    assert 0 < distances[0] < distances[1]


def test_a_head_that_rehearses_keeps_what_the_clips_lack() -> None:
    """Clips of two emotions; the head said fear of something else before."""
    drift = []
    for rehearsal in (0.0, 4.0):
        network, data = make_states()
        fear = EMOTIONS.index("fear")
        network.head.offsets[fear, 10:20] = 3 * network.head.deviation[10:20]
        with torch.no_grad():
            network.head.unknown.out.bias[fear] += 1.0
        other = data.states.clone()
        other[:, 10:20] += 3 * network.head.deviation[10:20]
        # Nothing else holds it: neither the pull back nor a loss that spares what is lacking.
        tuning = HeadTuning(
            n_steps=100, every=100, rate=1e-3, pull=0.0, absent=0.0, rehearsal=rehearsal
        )
        logits = torch.from_numpy(tune_head(network, data, tuning, watch=other)).softmax(2)
        drift.append(float((logits[0, :, fear] - logits[1, :, fear]).mean()))
    assert drift[0] > 0.1
    assert drift[1] < 0.8 * drift[0]


def make_clips(speakers: int, sentences: int, *, of_emotion: bool = False) -> list[Clip]:
    clips = []
    for number in range(60):
        emotion = KNOWN[number % 3]
        sentence = str(number // 3 % sentences) if sentences else ""
        clips.append(
            Clip(
                f"{number}.wav", "mine", f"mine-{number // 3 % speakers}", emotion=emotion,
                sentence=f"{emotion} {sentence}" if of_emotion else sentence,
            )
        )  # fmt: skip
    return clips


@pytest.mark.parametrize(
    ("speakers", "sentences", "kind"),
    [(5, 4, "speaker"), (4, 5, "sentence"), (1, 0, "clip"), (2, 3, "clip")],
)
def test_what_is_held_out_follows_from_the_clips(speakers: int, sentences: int, kind: str) -> None:
    clips = make_clips(speakers, sentences)
    labels = np.arange(60) % 3
    found, fold = hold_out(clips, labels)
    assert found == kind
    groups = [c.speaker_id if kind == "speaker" else c.sentence for c in clips]
    for one in range(5):
        assert set(labels[fold != one]) == {0, 1, 2}
        if kind != "clip":
            held = {g for g, f in zip(groups, fold, strict=True) if f == one}
            assert not held & {g for g, f in zip(groups, fold, strict=True) if f != one}
    assert max(np.bincount(fold)) <= 15


def test_sentences_of_one_emotion_are_spread_over_folds() -> None:
    clips = make_clips(2, 5, of_emotion=True)
    kind, fold = hold_out(clips, np.arange(60) % 3)
    assert kind == "sentence"
    for one in range(5):
        assert np.bincount(np.arange(60)[fold == one] % 3).tolist() == [4, 4, 4]


def test_clips_that_do_not_allow_it_are_refused() -> None:
    with pytest.raises(ManifestError, match="60 clips of 2 speakers cannot be held out by speaker"):
        hold_out(make_clips(2, 0), np.arange(60) % 3, "speaker")
    with pytest.raises(ParameterError, match="Did you mean 'speaker'"):
        hold_out(make_clips(2, 0), np.arange(60) % 3, "speakers")


def test_training_from_a_model_makes_a_better_one(start: Path, manifest: Path) -> None:
    out = manifest.parent / "better.onnx"
    steps: list[tuple[int, int]] = []
    tuning = HeadTuning(n_steps=60, every=20, rate=1e-3)
    result = train_from(
        manifest, out, OwnJob(start=start, tuning=tuning), progress=lambda *s: steps.append(s)
    )
    assert result.held_out == "sentence"
    assert result.after > result.before
    assert result.n_steps in (20, 40, 60)
    assert steps[-1][0] == steps[-1][1]
    assert all(a[0] < b[0] for a, b in itertools.pairwise(steps))
    artefact, before = load_artefact(out), load_artefact(start)
    metadata = artefact.metadata
    assert metadata == result.metadata
    assert metadata.name == "better"
    assert metadata.encoder is not None
    assert metadata.encoder.name == "tiny.test, itself from whisper-nano"
    assert metadata.encoder.licence == "MIT"
    assert [corpus.name for corpus in metadata.corpora] == ["older", "mine"]
    assert metadata.training is None  # that was of the start
    assert metadata.scores[0].value == pytest.approx(result.after)
    assert metadata.calibration.temperature != 1.0
    assert metadata.calibration.fitted_on == "own recordings, each sentence held out once"
    samples = make_recording("happy", seed=99).samples
    ours, theirs = artefact.run([samples]).logits, before.run([samples]).logits
    assert ours[0, EMOTIONS.index("happy")] > theirs[0, EMOTIONS.index("happy")]
    assert ours[0, EMOTIONS.index("surprise")] == -1e4
    # The encoder is the same.
    for name, tensor in read_tensors(out).items():
        if name.startswith("encoder."):
            torch.testing.assert_close(tensor, read_tensors(start)[name])


def rename(clip: Clip, emotion: str) -> Clip:
    return dataclasses.replace(clip, emotion=emotion)


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda c: c[:19], 6, "has 19 clips with an emotion; at least 20"),
        (lambda c: [*c[:26], rename(c[26], "fear")], 6, "fewer than 4 clips of: fear (1)"),
        (lambda c: [rename(clip, "sad") for clip in c], 6, "of sad alone"),
        (lambda c: [rename(clip, "calm") for clip in c[:9]] + c[9:], 2, "does not know: calm"),
    ],
)
def test_clips_that_teach_nothing_are_refused(
    start: Path, manifest: Path, tmp_path: Path, capsys, change, code: int, message: str
) -> None:
    write_manifest(tmp_path / "m.csv", change(list(read_manifest(manifest))))
    out = tmp_path / "out.onnx"
    arguments = ["train", str(tmp_path / "m.csv"), "--from", str(start), "--out", str(out)]
    assert run(arguments) == code
    assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "emovox-small", "--model", "lstm"], "give one of --model and --from"),
        ([], "give one of --model and --from"),
        (["--from", "emovox-small", "--fold", "2"], "--fold has no effect with --from"),
        (["--model", "lstm", "--hold-out", "clip"], "--hold-out has no effect with --model"),
        (["--from", "emovox-small", "--hold-out", "room"], "'room' cannot be held out"),
    ],
)
def test_the_command_says_what_does_not_fit(
    manifest: Path, tmp_path: Path, capsys, arguments: list[str], message: str
) -> None:
    out = tmp_path / "out.onnx"
    assert run(["train", str(manifest), "--out", str(out), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_command_tells_what_came_of_it(
    manifest: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The training itself is tested above."""
    asked = []

    def pretend(manifest: Path, out: Path, job: OwnJob, *, progress: object) -> OwnResult:
        asked.append((manifest, out, job))
        score = Score("uar", 0.7, "own recordings", "mine", 5, 2, 30)
        return OwnResult(
            metadata=dataclasses.replace(make_metadata(make_network()), scores=(score,)),
            held_out="sentence",
            n_steps=0,
            before=0.7,
            after=0.7,
            failures=("a.wav: silent",),
        )

    monkeypatch.setattr("emovox.training.speech.own.train_from", pretend)
    out = tmp_path / "mine.onnx"
    given = ["--from", "emovox-small", "--hold-out", "sentence", "--seed", "3", "--threads", "1"]
    assert run(["train", str(manifest), "--out", str(out), *given]) == 0
    tuning = HeadTuning(seed=3, n_threads=1)
    job = OwnJob(start="emovox-small", tuning=tuning, hold_out="sentence")
    assert asked == [(manifest, out, job)]
    shown = capsys.readouterr()
    assert shown.out == f"{out}\n"
    assert "left out: a.wav: silent" in shown.err
    assert "uar 70.0 before, 70.0 after 0 steps: 30 clips of 2 speakers, each sent" in shown.err
    assert "nothing helped" in shown.err
