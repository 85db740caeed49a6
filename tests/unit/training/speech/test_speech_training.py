import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from emovox.errors import ConfigError
from emovox.models import (
    Adaptation,
    ArtefactMetadata,
    Population,
    TrainingCorpus,
    load_artefact,
)
from emovox.recognizer.voice import compute_statistics, estimate_voice
from emovox.training.encoder import (
    EncoderShape,
    WhisperEncoder,
    load_encoder,
    name_encoder,
    write_encoder,
)
from emovox.training.speech.data import SpeechData
from emovox.training.speech.distill import (
    Distillation,
    Lesson,
    Student,
    distill_encoder,
)
from emovox.training.speech.ensemble import SpeechEnsemble
from emovox.training.speech.export import FRONTENDS, SHORTEST_S, export_speech
from emovox.training.speech.finetune import fine_tune
from emovox.training.speech.frontend import MARGIN_FRAMES, NEWEST, SpeechFrontEnd
from emovox.training.speech.frozen import build_frozen_states, encode_clips
from emovox.training.speech.judge import judge_clips
from emovox.training.speech.logmels import ROOM_CLIPS, LogMels, assign_rooms
from emovox.training.speech.network import (
    N_EXTRA,
    SEEMED,
    NetworkOptions,
    SpeechNetwork,
    VoiceHead,
    compute_discount,
    pool,
)
from emovox.training.speech.options import FineTuning
from emovox.training.speech.pooled import build_pooled_states, select_layers
from emovox.training.speech.targets import number_sentences
from emovox.training.speech.voices import ADAPTATION, VoiceBank, compute_voices
from emovox.types import Clip


def make_speech(n_samples: int = 8000) -> torch.Tensor:
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.normal(0, 0.1, (1, n_samples)).astype(np.float32))


def test_the_front_end_takes_the_level_from_the_log_mels_and_tells_it() -> None:
    front_end, length = SpeechFrontEnd(), torch.tensor([8000])
    log_mel, _, level = front_end(make_speech(), length)
    quiet, _, quiet_level = front_end(make_speech() * 0.01, length)
    # float32 logarithms of powers 1e4 apart.
    torch.testing.assert_close(log_mel, quiet, atol=1e-4, rtol=0)
    torch.testing.assert_close(level - quiet_level, torch.tensor([4.0]), atol=1e-4, rtol=0)


def test_silence_around_speech_leaves_its_level() -> None:
    front_end, speech = SpeechFrontEnd(), make_speech(32_000)
    around = torch.nn.functional.pad(speech, (16_000, 32_000))
    (_, _, level), (_, _, padded) = (
        front_end(x, torch.tensor([x.shape[1]])) for x in (speech, around)
    )
    assert abs(float(level - padded)) < 0.05  # the margins take their share


@pytest.mark.parametrize("version", MARGIN_FRAMES)
def test_the_front_end_cuts_silence_off(version: int) -> None:
    around = torch.nn.functional.pad(make_speech(), (16_000, 32_000))
    log_mel, n_frames, _ = SpeechFrontEnd(version=version)(around, torch.tensor([around.shape[1]]))
    # The window reaches one frame beyond the speech on either side.
    margins = 2 * MARGIN_FRAMES[version]
    assert 50 + margins <= int(n_frames) <= 54 + margins
    assert log_mel.isfinite().all()


def test_silence_put_around_a_recording_is_not_heard() -> None:
    rng, front_end = np.random.default_rng(0), SpeechFrontEnd()
    # On either side 0.1 s of a room, 60 dB below the speech: what digital silence is not.
    room = torch.from_numpy(rng.normal(0, 1e-4, (1, 1600)).astype(np.float32))
    recording = torch.cat([room, make_speech(), room], dim=1)
    around = torch.nn.functional.pad(recording, (3200, 3200))
    (log_mel, n, _), (padded, m, _) = (
        front_end(x, torch.tensor([x.shape[1]])) for x in (recording, around)
    )
    assert int(n) == int(m)
    torch.testing.assert_close(log_mel[..., : int(n)], padded[..., : int(n)], atol=1e-4, rtol=0)


def make_study() -> tuple[SpeechNetwork, LogMels, np.ndarray, np.ndarray]:
    """Two emotions told apart by a band, four speakers by another."""
    torch.manual_seed(0)
    encoder = WhisperEncoder(EncoderShape(n_layers=2, width=64, n_heads=1, n_mels=80))
    network = SpeechNetwork(encoder.eval(), NetworkOptions(n_frozen=1, pooled=(1, 2), hidden=16))
    rng = np.random.default_rng(0)
    labels, speakers = np.arange(64) % 2 * 4, np.arange(64) // 16
    mels = rng.normal(0, 0.1, (64, 40, 80)).astype(np.float16)
    mels[labels == 4, :, :20] += 1
    mels[..., 40] += speakers[:, None]
    start, zeros = np.arange(64)[:, None] * 40, np.zeros((64, 1), np.float32)
    log_mels = LogMels(mels.reshape(-1, 80), start, np.full((64, 1), 40), zeros, speakers, speakers)
    return network, log_mels, labels, speakers


class KilledError(Exception):
    pass


def make_data(folder: Path) -> tuple[SpeechNetwork, SpeechData]:
    network, mels, labels, speakers = make_study()
    frozen = build_frozen_states(mels, network, folder, encoder_sha256="0")
    pooled = encode_clips(network, frozen, np.arange(64)).half().numpy()[:, None]
    known = np.isin(np.arange(8), labels) & np.ones((64, 1), bool)
    targets = np.eye(8, dtype=np.float32)[labels]
    rows = np.flatnonzero(speakers < 3)
    return network, SpeechData(
        frozen, pooled, rows, labels, speakers, targets, known, np.arange(64) // 2 % 4
    )


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_training_killed_after_an_epoch_ends_as_one_that_was_not(
    tmp_path: Path, epoch: int
) -> None:
    options = FineTuning(head_epochs=2, epochs=2, clips_per_epoch=48, precision="float32")

    def kill(record: dict[str, object]) -> None:
        if record["epoch"] == epoch:
            raise KilledError

    whole, data = make_data(tmp_path)
    fine_tune(whole, data, options)
    killed, data = make_data(tmp_path)
    with pytest.raises(KilledError):
        fine_tune(killed, data, options, folder=tmp_path, on_epoch=kill)
    resumed, data = make_data(tmp_path)
    fine_tune(resumed, data, options, folder=tmp_path)
    for name, weights in whole.state_dict().items():
        # The voices of the training are kept in 16 bits between epochs.
        torch.testing.assert_close(resumed.state_dict()[name], weights, atol=2e-3, rtol=0)


def test_other_altered_copies_are_another_training(tmp_path: Path) -> None:
    data = make_data(tmp_path)[1]
    copies = [np.concatenate([data.pooled, data.pooled * k], axis=1) for k in (0.5, 2.0)]
    others = [data, *(dataclasses.replace(data, pooled=pooled) for pooled in copies)]
    assert len({one.compute_fingerprint([]) for one in others}) == 3


def test_training_learns_and_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    network, data = make_data(tmp_path)
    frozen, labels, speakers, known = data.frozen, data.labels, data.speakers, data.known
    options = FineTuning(head_epochs=40, epochs=2, clips_per_epoch=48, precision="float32")
    epochs = []
    fine_tune(network, data, options, folder=tmp_path, on_epoch=lambda r: epochs.append(r["epoch"]))
    assert epochs == [0, 1, 2]
    unheard = np.flatnonzero(speakers == 3)
    states = encode_clips(network, frozen, unheard)
    for logits in judge_clips(network, states, speakers[unheard], labels[unheard]).values():
        assert (np.where(known[0], logits, -1e4).argmax(1) == labels[unheard]).mean() > 0.9
    again = make_study()[0]
    fine_tune(again, data, options, folder=tmp_path, on_epoch=lambda r: epochs.append(r["epoch"]))
    assert epochs == [0, 1, 2]  # nothing was done twice
    torch.testing.assert_close(encode_clips(again, frozen, unheard), states)


def test_what_a_sentence_adds_is_known_apart_from_voice_and_emotion() -> None:
    rng = np.random.default_rng(0)
    speaker, label, said = (
        np.repeat(np.arange(6), 80),
        np.tile(np.arange(8), 60),
        rng.integers(4, size=480),
    )
    width = 3
    voices, emotions, sentences = (
        rng.normal(0, s, (n, width)) for s, n in ((9, 6), (1, 8), (2, 4))
    )
    states = np.zeros((480, width + N_EXTRA), np.float32)
    states[:, :width] = voices[speaker] + emotions[label] + sentences[said]
    bank = VoiceBank(torch.from_numpy(states), speaker, label, speaker, np.ones(480, bool))
    said[:20] = -1  # nobody knows
    means, n_clips = bank.compute_sentences(said, bank.compute_groups(bank.compute_population())[0])
    assert n_clips.tolist() == np.bincount(said[20:]).tolist()
    assert not means[-1].any()
    assert not means[:, width:].any()
    # Means of few clips are drawn a little towards nothing.
    around = sentences - sentences.mean(0)
    np.testing.assert_allclose(means[:-1, :width] - means[:-1, :width].mean(0), around, atol=0.5)


def test_sentences_of_several_emotions_are_numbered_by_corpus() -> None:
    said = [
        *[("savee", "a01", "sad"), ("savee", "a01", "angry"), ("emodb", "a01", "sad")],
        *[("emodb", "a01", "angry"), ("savee", "", "sad"), ("savee", "", "angry")],
        *[("savee", "d01", "disgust"), ("savee", "d01", "disgust")],
    ]
    clips = [
        Clip(f"{i}.wav", corpus, f"{corpus}-{i}", "male", emotion=emotion, sentence=sentence)
        for i, (corpus, sentence, emotion) in enumerate(said)
    ]
    assert number_sentences(clips).tolist() == [1, 1, 0, 0, -1, -1, -1, -1]


def test_layers_pooled_once_are_what_the_network_pools(tmp_path: Path) -> None:
    network, mels, _, _ = make_study()
    frozen = build_frozen_states(mels, network, tmp_path, encoder_sha256="0")
    expected = encode_clips(network, frozen, np.arange(64)).numpy()
    for _ in range(2):  # computed, then read
        layers = build_pooled_states(mels, network.encoder, tmp_path, encoder_sha256="0")
    assert layers.shape == (64, 1, 3, 128)
    pooled = select_layers(layers, (1, 2), mels.level)
    # Both hold float16 on the way.
    np.testing.assert_allclose(pooled[:, 0].astype(np.float32), expected, atol=5e-3)
    last = select_layers(layers, (2,), mels.level)
    np.testing.assert_array_equal(last[..., :128], pooled[..., 128:256])
    np.testing.assert_array_equal(last[..., 128:], pooled[..., 256:])


def make_lesson(folder: Path) -> Lesson:
    network, mels, _, _ = make_study()
    frozen = build_frozen_states(mels, network, folder, encoder_sha256="0")
    pooled = encode_clips(network, frozen, np.arange(64)).half().numpy()[:, None]
    return Lesson(mels, frozen, pooled, np.arange(48))


def test_a_student_learns_what_the_teacher_says_and_goes_on_where_it_was_killed(
    tmp_path: Path,
) -> None:
    lesson = make_lesson(tmp_path)
    options = Distillation(n_layers=1, width=64, epochs=8, batch_frames=320, precision="float32")
    records = []
    student = distill_encoder(lesson, options, folder=tmp_path, on_epoch=records.append)
    assert records[-1]["pooled"] < 0.01 * records[0]["pooled"]
    again = distill_encoder(lesson, options, folder=tmp_path, on_epoch=records.append)
    assert len(records) == 8
    path = tmp_path / "student.safetensors"
    write_encoder(path, again, origin="distilled from whisper-base")
    assert name_encoder(path) == "an encoder distilled from whisper-base"
    loaded, _ = load_encoder(path)
    waveform = make_speech(), torch.tensor([8000])
    for mine, theirs in zip(student(*waveform)[0], loaded(*waveform)[0], strict=True):
        torch.testing.assert_close(mine, theirs, atol=0.02, rtol=0.02)  # float16 in the file


def test_a_student_pools_what_its_projections_say() -> None:
    torch.manual_seed(0)
    student = Student(Distillation(n_layers=1, width=64), teacher_width=96, n_pooled=2, start=None)
    states, mask = torch.randn(3, 20, 64), torch.arange(20) < torch.tensor([[20], [7], [1]])
    units = torch.rand(2, 2, 96) + 0.5
    wide = [p(states) * u[1] + u[0] for p, u in zip(student.projections, units, strict=True)]
    torch.testing.assert_close(student.pool(states, mask, units), pool(wide, mask))


def test_a_student_begins_as_another_encoder_and_needs_its_width(tmp_path: Path) -> None:
    lesson = make_lesson(tmp_path)
    start = WhisperEncoder(EncoderShape(n_layers=2, width=64, n_heads=1, n_mels=80))
    still = Distillation(n_layers=1, width=64, epochs=1, rate=0.0, precision="float32")
    student = distill_encoder(lesson, still, start=start)
    assert torch.equal(student.layers[0].fc1.weight, start.layers[0].fc1.weight)
    with pytest.raises(ConfigError, match="1 layers of 128"):
        distill_encoder(lesson, dataclasses.replace(still, width=128), start=start)


def make_metadata(n_states: int) -> ArtefactMetadata:
    return ArtefactMetadata(
        name="tiny.test",
        frontend=FRONTENDS[NEWEST],
        population=Population((0.0,) * n_states, (1.0,) * n_states),
        emotions=("neutral", "happy", "angry"),
        corpora=(TrainingCorpus("own", "none", 64, 4),),
        data_sha256="0" * 64,
        seed=0,
        code_version="0",
        adaptation=Adaptation(2.0, 20.0),
        shortest_s=SHORTEST_S,
    )


def make_ensemble() -> SpeechEnsemble:
    """Two networks, of unlike encoders and layers."""
    torch.manual_seed(1)
    encoder = WhisperEncoder(EncoderShape(n_layers=2, width=128, n_heads=2, n_mels=80))
    other = SpeechNetwork(encoder, NetworkOptions(n_frozen=1, pooled=(1,), hidden=16))
    return SpeechEnsemble([make_study()[0], other]).eval()


def test_networks_side_by_side_say_the_mean_of_what_each_says_of_its_own_voice() -> None:
    ensemble = make_ensemble()
    first, second = ensemble.members
    inputs = make_speech(), torch.tensor([8000])
    mean, deviation = torch.randn(1, ensemble.n_states), torch.rand(1, ensemble.n_states) + 1
    n = first.n_states
    with torch.inference_mode():
        logits, states = ensemble(*inputs, mean, deviation)
        one, one_states = first(*inputs, mean[:, :n], deviation[:, :n])
        two, two_states = second(*inputs, mean[:, n:], deviation[:, n:])
    torch.testing.assert_close(logits, (one + two) / 2)
    torch.testing.assert_close(states, torch.cat([one_states, two_states], dim=1))


def test_networks_side_by_side_share_their_front_end() -> None:
    encoder = WhisperEncoder(EncoderShape(n_layers=2, width=64, n_heads=1, n_mels=80))
    older = SpeechNetwork(encoder, NetworkOptions(pooled=(2,), front_end=NEWEST - 1))
    with pytest.raises(ConfigError, match="share their front-end"):
        SpeechEnsemble([make_study()[0], older])


@pytest.mark.parametrize("make", [lambda: make_study()[0].eval(), make_ensemble])
@pytest.mark.parametrize(("quantize", "tolerance"), [(False, 1e-4), (True, 0.1)])
def test_an_artefact_says_what_the_network_says(
    tmp_path: Path,
    quantize: bool,
    tolerance: float,
    make: Callable[[], SpeechNetwork | SpeechEnsemble],
) -> None:
    network = make()
    n_states = network.n_states
    metadata = make_metadata(n_states)
    export_speech(tmp_path / "tiny.onnx", network, metadata, quantize=quantize)
    names = [weight.name for weight in onnx.load(tmp_path / "tiny.onnx").graph.initializer]
    assert any(name.endswith("_quantized") for name in names) is quantize
    assert not any("front_end" in name and name.endswith("_quantized") for name in names)
    artefact = load_artefact(tmp_path / "tiny.onnx")
    clips = [make_speech(n)[0].numpy() for n in (16_000, 9_001, 4_000)]
    mean = np.linspace(-1, 1, n_states).astype(np.float32)
    mean[-1] = 0.8  # known from eight clips
    output = artefact.run(clips, voice_mean=mean, voice_deviation=np.full_like(mean, 1.5))
    for row, clip in enumerate(clips):
        with torch.inference_mode():
            voice = torch.from_numpy(mean)[None], torch.full((1, n_states), 1.5)
            samples = torch.from_numpy(clip)[None]
            logits, states = network(samples, torch.tensor([len(clip)]), *voice)
        for emotion in (0, 2, 4):
            assert abs(output.logits[row, emotion] - logits[0, emotion]) < tolerance
        assert output.logits[row, 1] == -1e4
        if not quantize:
            np.testing.assert_allclose(output.states[row], states[0], atol=1e-3)


def make_head() -> tuple[VoiceHead, torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
    """A head, states of four clips, and the population."""
    torch.manual_seed(0)
    head = make_study()[0].eval().head
    states = torch.randn(4, len(head.mean))
    states[:, -1] = 1.0
    return head, states, (torch.zeros(len(head.mean)), torch.ones(len(head.mean)))


def test_level_counts_beside_the_level_of_the_voice_alone() -> None:
    head, states, population = make_head()
    louder = states.clone()
    louder[:, -N_EXTRA] += 2.0
    sets = [np.arange(1, 4)] * 4
    with torch.inference_mode():
        states, louder = head.listen(states), head.listen(louder)
        unknown = [head(s, *(p.expand_as(s) for p in population)) for s in (states, louder)]
        known = [head(s, *compute_voices(s, sets, population)) for s in (states, louder)]
        beside = head(louder[:1], *(v[:1] for v in compute_voices(states, sets, population)))
    torch.testing.assert_close(*unknown)
    torch.testing.assert_close(*known)  # the whole recording is louder: nothing changes
    assert (beside - known[0][:1]).abs().max() > 1e-3


def test_clips_of_one_emotion_do_not_make_it_the_middle_of_a_voice() -> None:
    head, states, population = make_head()
    head.offsets[4, :8] = 3.0
    sets = [np.arange(4)]
    states[:, 1 - N_EXTRA : -1] = 1 / 8
    angry = states.clone()
    angry[:, 1 - N_EXTRA : -1] = torch.eye(8)[4]
    angry[:, :8] += 3.0
    even, one_sided = (
        compute_voices(states, sets, population),
        compute_voices(angry, sets, population),
    )
    with torch.inference_mode():
        trusted = [head.trust(head._weigh_evidence(*v)).sigmoid() for v in (even, one_sided)]
        assert trusted[0] < 0.1
        assert trusted[1] > 0.9
        head.trust.bias.fill_(50.0)
        head.offsets[:4] = head.offsets[5:] = 0.0
        sane = compute_voices(states, sets, population)
        sane[0][:, 1 - N_EXTRA : -1] = 0.0
        torch.testing.assert_close(
            head.classify_known(angry[:1], *one_sided), head.classify_known(angry[:1], *sane)
        )


def test_an_emotion_that_a_voice_seems_to_carry_too_often_is_discounted() -> None:
    _, states, population = make_head()

    def discount(*seemed: float, n_clips: int = 40) -> torch.Tensor:
        clips = states[:1].repeat(n_clips, 1)
        clips[:, SEEMED] = torch.tensor(seemed)
        return compute_discount(compute_voices(clips, [np.arange(n_clips)], population)[0])[0]

    even = discount(*[1 / 8] * 8)
    torch.testing.assert_close(even, torch.zeros(8), atol=1e-6, rtol=0)
    often = discount(0.1, 0.1, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1)
    assert often[4] > 0.7
    assert (often[:4] < 0).all()
    # What hardly was heard gains little: the recordings may lack it.
    lacking = discount(0.2, 0.0, 0.2, 0.2, 0.2, 0.2, 0.0, 0.0)
    assert lacking[1] > -0.6
    # Angry clips are taken at their word, and so are few.
    assert discount(0.02, 0.02, 0.02, 0.02, 0.86, 0.02, 0.02, 0.02)[4] < often[4] / 4
    assert discount(0.1, 0.1, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1, n_clips=2)[4] < often[4] / 2


def test_the_discount_is_of_known_voices_and_not_learnt_under() -> None:
    head, states, population = make_head()
    states[:, SEEMED] = torch.tensor([0.1, 0.1, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1])
    nobody = [p.expand_as(states) for p in population]
    voice = compute_voices(states, [np.arange(4)] * 4, population)
    with torch.inference_mode():
        torch.testing.assert_close(head(states, *nobody), head.classify_unknown(states))
        discounted = head(states, *voice)
        head.train()
        for expert in (head.unknown, head.known):
            expert.dropout = 0.0
        torch.testing.assert_close(discounted, head(states, *voice) - compute_discount(voice[0]))
    assert (compute_discount(voice[0])[:, 4] > 0).all()


def test_rooms_hold_clips_of_one_speaker_whatever_their_order() -> None:
    clips = [
        Clip(f"{i}.wav", "savee", f"savee-{s}", emotion="sad", sha256=f"{i:064d}")
        for s in ("JE", "KL")
        for i in range(ROOM_CLIPS + 5)
    ]
    room, keys = assign_rooms(clips)
    assert [np.bincount(room)[r] for r in range(4)] == [ROOM_CLIPS, 5, ROOM_CLIPS, 5]
    assert len(set(keys)) == 4
    again, same = assign_rooms(clips[::-1])
    assert [same[r] for r in again] == [keys[r] for r in room[::-1]]


def test_voices_in_training_are_those_of_the_recognizer() -> None:
    states = torch.from_numpy(np.random.default_rng(0).normal(3, 1, (12, 5)).astype(np.float32))
    population = states.mean(0) + 0.5, states.std(0) * 2
    metadata = dataclasses.replace(
        make_metadata(5),
        population=Population(*(tuple(part.tolist()) for part in population)),
        adaptation=ADAPTATION,
    )
    sets = [np.arange(12), np.array([3]), np.array([], np.int64), np.array([1, 7, 9])]
    mean, deviation = compute_voices(states, sets, population)
    for row, members in enumerate(sets):
        voice = estimate_voice(states.numpy()[members], metadata)
        ours = mean[row].numpy(), deviation[row].numpy()
        # float32 sums of squares here, float64 there.
        np.testing.assert_allclose(ours, compute_statistics(voice, metadata), rtol=1e-4)


def test_plans_that_cannot_be_trained_are_refused() -> None:
    with pytest.raises(ConfigError, match="none below n_frozen, which is 2"):
        NetworkOptions(n_frozen=2, pooled=(1, 2))
    with pytest.raises(ConfigError, match="head_epochs is 0"):
        FineTuning(head_epochs=0)
    encoder = WhisperEncoder(EncoderShape(n_layers=2, width=64, n_heads=1, n_mels=80))
    with pytest.raises(ConfigError, match="the encoder has 2 layers"):
        SpeechNetwork(encoder, NetworkOptions(pooled=(1, 3)))
