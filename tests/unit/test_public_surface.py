import json
import subprocess
import sys

import pytest

import emovox


@pytest.mark.parametrize("name", emovox.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(emovox, name) is not None


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        emovox.nothing  # noqa: B018 - the access itself is what is tested


def modules_after(code: str) -> set[str]:
    listing = f"{code}; import sys, json; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_importing_emovox_imports_nothing_heavy() -> None:
    assert not modules_after("import emovox") & {"numpy", "torch", "onnxruntime", "soundfile"}


def test_help_imports_no_room() -> None:
    code = "from emovox.cli.app import run; run(['--help'])"
    loaded = modules_after(code)
    assert not loaded & {"numpy", "torch", "onnxruntime", "soundfile", "rich"}


def test_recognizing_does_not_reach_the_training_libraries() -> None:
    heavy = {"torch", "sklearn", "scipy", "pandas", "pyarrow", "matplotlib", "librosa"}
    assert not modules_after("import emovox.recognizer, emovox.cli.predict") & heavy
