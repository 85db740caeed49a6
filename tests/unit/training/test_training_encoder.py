from pathlib import Path

import librosa
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from emovox.errors import ModelIntegrityError, UnknownModelError
from emovox.training.encoder import EncoderShape, WhisperEncoder, compute_positions, load_encoder
from emovox.training.logmel import LogMelFrontEnd

SHAPE = EncoderShape(n_layers=2, width=64, n_heads=1, n_mels=80)


@pytest.fixture(scope="module")
def encoder() -> WhisperEncoder:
    torch.manual_seed(0)
    return WhisperEncoder(SHAPE).eval()


def write_encoder(encoder: WhisperEncoder, path: Path, prefix: str = "model.encoder.") -> None:
    tensors = {prefix + name: t.half() for name, t in encoder.state_dict().items()}
    positions = compute_positions(torch.arange(1500), encoder.shape.width)
    tensors[prefix + "embed_positions.weight"] = positions.half()
    save_file(tensors, path)


def make_batch(lengths: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(0)
    batch = np.zeros((len(lengths), max(lengths)), np.float32)
    for row, length in zip(batch, lengths, strict=True):
        row[:length] = rng.normal(0, 0.1, length)
    return torch.from_numpy(batch), torch.tensor(lengths)


def test_log_mel_follows_its_definition() -> None:
    waveform, length = make_batch((16_000, 11_111))
    log_mel, n_frames = LogMelFrontEnd()(waveform, length)
    assert n_frames.tolist() == [100, 69]
    for clip, size, count, ours in zip(waveform, length, n_frames, log_mel, strict=True):
        power = librosa.feature.melspectrogram(
            y=clip[:size].numpy(), sr=16_000, n_fft=400, hop_length=160, n_mels=80,
            center=True, pad_mode="reflect", power=2.0,
        )[:, :count]  # fmt: skip
        reference = np.log10(np.maximum(power, 1e-10))
        reference = (np.maximum(reference, reference.max() - 8) + 4) / 4
        # float32 sums of 400 products on both sides, then a logarithm.
        np.testing.assert_allclose(ours[:, :count].numpy(), reference, atol=2e-4)


def test_a_clip_is_encoded_the_same_alone_and_in_a_padded_batch(encoder: WhisperEncoder) -> None:
    waveform, length = make_batch((16_000, 9_999, 5_120))
    with torch.inference_mode():
        together, mask = encoder(waveform, length)
        for i, size in enumerate(length.tolist()):
            alone, own = encoder(waveform[i : i + 1, :size], length[i : i + 1])
            assert int(mask[i].sum()) == own.shape[1]
            for batched, single in zip(together, alone, strict=True):
                # Products of another size are summed in another order.
                torch.testing.assert_close(
                    batched[i, : own.shape[1]], single[0], atol=1e-4, rtol=1e-4
                )


def test_there_are_states_before_and_after_each_layer(encoder: WhisperEncoder) -> None:
    states, mask = encoder(*make_batch((16_000,)))
    assert [tuple(s.shape) for s in states] == [(1, 50, 64)] * 3
    assert mask.all()


def test_weights_are_read_from_a_file_and_from_a_folder(
    encoder: WhisperEncoder, tmp_path: Path
) -> None:
    write_encoder(encoder, tmp_path / "model.safetensors")
    for source in (tmp_path, tmp_path / "model.safetensors"):
        read, sha256 = load_encoder(source)
        assert read.shape == SHAPE
        assert len(sha256) == 64
        torch.testing.assert_close(
            read.layers[1].fc1.weight, encoder.layers[1].fc1.weight.half().float()
        )


def test_missing_file_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match=r"no encoder at .*Give a \.safetensors"):
        load_encoder(tmp_path / "none.safetensors")


def test_other_tensors_are_refused(encoder: WhisperEncoder, tmp_path: Path) -> None:
    write_encoder(encoder, tmp_path / "a.safetensors", prefix="decoder.")
    with pytest.raises(ModelIntegrityError, match="is no Whisper encoder"):
        load_encoder(tmp_path / "a.safetensors")


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(ModelIntegrityError, match="is no Whisper encoder"):
        load_encoder(tmp_path / "a.safetensors")


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("whisper-tiny.en-encoder", EncoderShape(4, 384, 6, 80)),
        ("whisper-base-encoder", EncoderShape(6, 512, 8, 80)),
    ],
)
def test_the_published_encoders_are_read(shared: Path, name: str, shape: EncoderShape) -> None:
    encoder, _ = load_encoder(shared / "encoders" / f"{name}.safetensors")
    assert encoder.shape == shape
