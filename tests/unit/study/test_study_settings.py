from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from emovox.errors import ConfigError
from emovox.study.settings import apply_override, build_record, format_toml, read_toml


@dataclass(frozen=True)
class Example:
    name: str
    epochs: int = 1
    rate: float = 0.5
    seeds: tuple[int, ...] = (0,)
    limit: int | None = None
    flag: bool = False
    rest: Mapping[str, Any] = field(default_factory=dict)


def test_a_table_becomes_a_record():
    table = {"name": "a", "rate": 2, "seeds": [1, 2], "limit": 3, "rest": {"x": 1}}
    record = build_record(Example, table, "[example]")
    assert record == Example("a", 1, 2.0, (1, 2), 3, False, {"x": 1})
    assert isinstance(record.rate, float)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": "a", "epoch": 1}, r"unknown key 'epoch' in \[example\]. Did you mean 'epochs'"),
        ({"name": 1}, r"\[example\] name is 1, it must be of type str"),
        ({"name": "a", "epochs": True}, r"epochs is True, it must be of type int"),
        ({"name": "a", "epochs": 1.5}, r"epochs is 1.5, it must be of type int"),
        ({"name": "a", "seeds": ["x"]}, r"seeds is 'x', it must be of type int"),
        ({"epochs": 1}, r"\[example\] lacks a key; not given: name"),
        ("text", r"\[example\] is 'text', it must be a table"),
    ],
)
def test_a_wrong_table_is_refused_with_a_reason(table, message):
    with pytest.raises(ConfigError, match=message):
        build_record(Example, table, "[example]")


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("a.b=3", 3),
        ("a.b = [1, 2]", [1, 2]),
        ('a.b="text"', "text"),
        ("a.b=text", "text"),
        ("a.b=true", True),
        ("a.b=x=y", "x=y"),
    ],
)
def test_an_override_is_toml_or_text(override, value):
    tables: dict[str, Any] = {"a": {"c": 1}}
    apply_override(tables, override)
    assert tables == {"a": {"c": 1, "b": value}}


@pytest.mark.parametrize("override", ["a.b", "=3", "a.c.d=1"])
def test_a_malformed_override_is_refused(override):
    with pytest.raises(ConfigError):
        apply_override({"a": {"c": 1}}, override)


def test_formatted_toml_reads_back():
    tables = {
        "top": 1,
        "a": {
            "text": 'quote " and \\ and \n line and ü',
            "float": 1e-07,
            "bool": True,
            "list": ["x", "y"],
            "numbers": (1, 2),
            "empty": [],
            "inner": {"key with space": 0.1, "deep": {"x": -1}},
            "nothing": {},
        },
    }
    text = format_toml(tables)
    expected = {**tables, "a": {**tables["a"], "numbers": [1, 2]}}  # type: ignore[dict-item]
    assert tomllib.loads(text) == expected


def test_none_is_left_out_of_toml():
    assert tomllib.loads(format_toml({"a": {"x": None, "y": 1}})) == {"a": {"y": 1}}


def test_files_that_are_not_there_or_not_toml(tmp_path):
    with pytest.raises(ConfigError, match="no study file at"):
        read_toml(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("[study\n")
    with pytest.raises(ConfigError, match="is not TOML"):
        read_toml(bad)
