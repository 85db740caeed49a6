import os
import subprocess
import sys
from pathlib import Path

import pytest

from emovox.cli.app import _COMMANDS, run
from emovox.errors import CorpusError


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in _COMMANDS:
        assert name in shown


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"emovox {name}" in capsys.readouterr().out


def test_unknown_command_is_a_usage_error_with_a_suggestion(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["predic"]) == 2
    assert "Did you mean 'predict'?" in capsys.readouterr().err


def test_our_errors_become_a_message_and_a_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CorpusError("no clips in x.", hint="Give the folder that holds them.")

    monkeypatch.setattr("emovox.cli.app.root.main", fail)
    assert run([]) == 6
    assert capsys.readouterr().err == "Error: no clips in x.\n  Give the folder that holds them.\n"


def test_interrupt_is_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("emovox.cli.app.root.main", interrupt)
    assert run([]) == 130


def test_a_file_that_cannot_be_written_is_no_bug(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    target = tmp_path / "file" / "new" / "corpus"
    arguments = ["corpora", "synthesize", "--out", str(target), "--speakers", "1"]
    assert run([*arguments, "--per-emotion", "1"]) == 2
    assert f"Error: {target}" in capsys.readouterr().err


def test_other_errors_of_the_system_name_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "locked/a")

    monkeypatch.setattr("emovox.cli.app.root.main", fail)
    assert run([]) == 2
    assert capsys.readouterr().err == "Error: locked/a cannot be used: Permission denied.\n"


def test_a_reader_may_go_away() -> None:
    # Nobody reads: the first write of the command fails.
    reads, writes = os.pipe()
    os.close(reads)
    script = "from emovox.cli import main; main()"
    command = [sys.executable, "-c", script, "corpora", "list"]
    with os.fdopen(writes, "wb") as out:
        ended = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
