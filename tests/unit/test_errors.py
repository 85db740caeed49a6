import pickle
from pathlib import Path

import pytest

from emovox import errors
from emovox.errors import EmovoxError, MissingExtraError, suggest

EXIT_CODES = {
    "ParameterError": (2, 422),
    "AudioError": (3, 400),
    "NotAudioError": (3, 415),
    "EmptyAudioError": (3, 400),
    "TruncatedAudioError": (3, 400),
    "TooLargeError": (3, 413),
    "RefusedError": (4, 422),
    "ModelError": (5, 503),
    "UnknownModelError": (5, 404),
    "ModelIntegrityError": (5, 503),
    "CorpusError": (6, 500),
    "ManifestError": (6, 500),
    "ConfigError": (7, 500),
    "MissingExtraError": (8, 501),
    "ProtocolError": (9, 500),
    "ParityError": (9, 500),
    "WorkerError": (10, 500),
}

ERRORS = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, EmovoxError) and value is not EmovoxError
]


def make(kind: type[EmovoxError]) -> EmovoxError:
    return kind("train") if kind is MissingExtraError else kind("what is wrong.", hint="do this.")


def test_errors_are_exactly_the_designed_ones() -> None:
    assert {kind.__name__ for kind in ERRORS} == set(EXIT_CODES)


@pytest.mark.parametrize("kind", ERRORS)
def test_error_has_its_exit_code_and_status(kind: type[EmovoxError]) -> None:
    assert (kind.exit_code, kind.http_status) == EXIT_CODES[kind.__name__]


@pytest.mark.parametrize("kind", ERRORS)
def test_error_survives_a_process_border(kind: type[EmovoxError]) -> None:
    error = make(kind)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.message, copy.hint) == (error.message, error.hint)


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in ERRORS]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", ERRORS)
def test_error_is_documented(kind: type[EmovoxError]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    assert f"| `{kind.code}` | `{kind.__name__}` | {kind.exit_code} | {kind.http_status} |" in text


def test_missing_extra_says_how_to_install_it() -> None:
    assert "pip install 'emovox[train]'" in str(MissingExtraError("train"))


def test_parameter_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="too small"):
        raise errors.ParameterError("too small.")


def test_suggest_names_the_nearest_first() -> None:
    assert suggest("angri", ["happy", "angry"]) == "Did you mean 'angry'? Known: angry, happy."


def test_suggest_without_a_near_one_lists_all() -> None:
    assert suggest("xyz", ["b", "a"]) == "Known: a, b."
