"""Encoders by name, from a hub on this machine that is good, wrong or not there."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from emovox.errors import ModelIntegrityError, UnknownModelError
from emovox.training.encoder import EncoderShape, WhisperEncoder, compute_positions, load_encoder
from emovox.training.hub import Hub, find_encoder

NAME = "openai/whisper-nano"


@dataclass
class Served:
    content: bytes = b""
    pointer: str = ""
    asked: list[str] = field(default_factory=list)
    hub: Hub = field(default_factory=Hub)

    def serve(self, content: bytes) -> None:
        self.content = content
        digest = hashlib.sha256(content).hexdigest()
        version = "version https://git-lfs.github.com/spec/v1"
        self.pointer = f"{version}\noid sha256:{digest}\nsize {len(content)}\n"


@pytest.fixture
def served() -> Iterator[Served]:
    state = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            answers = {
                f"/{NAME}/raw/main/model.safetensors": state.pointer.encode(),
                f"/{NAME}/resolve/main/model.safetensors": state.content,
            }
            body = answers.get(self.path)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        state.hub = Hub(url=f"http://127.0.0.1:{server.server_port}", timeout_s=30.0)
        yield state
        server.shutdown()
        thread.join()


def make_checkpoint() -> tuple[WhisperEncoder, bytes]:
    """Return an encoder, and a checkpoint as the hub has it: with a decoder besides."""
    torch.manual_seed(0)
    encoder = WhisperEncoder(EncoderShape(n_layers=1, width=64, n_heads=1, n_mels=80)).eval()
    tensors = {f"model.encoder.{name}": t for name, t in encoder.state_dict().items()}
    positions = compute_positions(torch.arange(1500), 64)
    decoder = {"model.decoder.embed_tokens.weight": torch.zeros(100, 64)}
    return encoder, save({**tensors, "model.encoder.embed_positions.weight": positions, **decoder})


def test_a_name_is_fetched_once_and_is_the_encoder(served: Served, tmp_path: Path) -> None:
    encoder, content = make_checkpoint()
    served.serve(content)
    steps: list[tuple[int, int]] = []
    file = find_encoder(
        NAME, cache=tmp_path, hub=served.hub, progress=lambda *step: steps.append(step)
    )
    assert steps[-1] == (len(content), len(content))
    read, sha256 = load_encoder(file)
    assert sha256 == hashlib.sha256(content).hexdigest()
    torch.testing.assert_close(read.layers[0].fc1.weight, encoder.layers[0].fc1.weight)
    assert len(served.asked) == 2
    assert find_encoder(NAME, cache=tmp_path, hub=served.hub) == file
    assert len(served.asked) == 2


def test_what_was_damaged_in_the_cache_is_fetched_again(served: Served, tmp_path: Path) -> None:
    served.serve(b"weights")
    file = find_encoder(NAME, cache=tmp_path, hub=served.hub)
    file.write_bytes(b"weighty")
    assert find_encoder(NAME, cache=tmp_path, hub=served.hub).read_bytes() == b"weights"


def test_other_bytes_than_stated_are_refused(served: Served, tmp_path: Path) -> None:
    served.serve(b"weights")
    served.content = b"WEIGHTS"
    with pytest.raises(UnknownModelError, match="its hash is not sha256:"):
        find_encoder(NAME, cache=tmp_path, hub=served.hub)
    # Nothing is kept that would make the next attempt wrong.
    assert not list((tmp_path / "openai--whisper-nano").iterdir())


def test_an_answer_without_a_hash_is_refused(served: Served, tmp_path: Path) -> None:
    served.serve(b"weights")
    served.pointer = "Not here, sign in."
    with pytest.raises(
        ModelIntegrityError, match=r"states no size and hash.*'Not here, sign in\.'"
    ):
        find_encoder(NAME, cache=tmp_path, hub=served.hub)


def test_an_unknown_name_says_so(served: Served, tmp_path: Path) -> None:
    with pytest.raises(
        UnknownModelError, match=r"'openai/whisper-none' could not be fetched.*Not Fo"
    ):
        find_encoder("openai/whisper-none", cache=tmp_path, hub=served.hub)


def test_without_a_network_the_error_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match=r"could not be fetched.*Without a network give a"):
        find_encoder(NAME, cache=tmp_path, hub=Hub(url="http://127.0.0.1:9", timeout_s=1.0))


def test_files_and_folders_come_before_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "openai" / "whisper-nano"
    folder.mkdir(parents=True)
    file = folder / "model.safetensors"
    file.write_bytes(b"")
    assert find_encoder(NAME).absolute() == file
    assert find_encoder(folder) == file
    assert find_encoder(file) == file


@pytest.mark.parametrize(
    "name",
    ["whisper", "a/b/c", "../encoder", "./model.safetensors", "a/b.safetensors", "empty/dir"],
)
def test_what_is_neither_is_said(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty" / "dir").mkdir(parents=True)
    with pytest.raises(UnknownModelError, match=r"no encoder at .*such as openai/whisper-tiny\.en"):
        find_encoder(name)
