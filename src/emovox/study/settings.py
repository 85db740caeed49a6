"""Strict TOML: tables become frozen dataclasses, unknown keys are refused, and back."""

from __future__ import annotations

import json
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from emovox.errors import ConfigError, suggest

T = TypeVar("T")


def read_toml(path: str | Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    ConfigError
        If it is not there, or is not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"no study file at {path}.", hint="Give the path of a .toml file."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from None


def apply_override(tables: dict[str, Any], override: str) -> None:
    """Set one value in nested tables, in place.

    Parameters
    ----------
    tables : dict
        As read from TOML.
    override : str
        ``table.key=value``; the value is TOML, or else taken as text.

    Raises
    ------
    ConfigError
        If there is no ``=``, or the way leads through something that is not a table.
    """
    path, equals, text = override.partition("=")
    *way, key = path.strip().split(".")
    if not equals or not key:
        raise ConfigError(f"{override!r} is not an override.", hint="Write --set table.key=value.")
    table = tables
    for name in way:
        inner = table.setdefault(name, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{override!r}: {name!r} is a value, not a table.")
        table = inner
    try:
        table[key] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        table[key] = text.strip()


def check_keys(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Raise ConfigError at the first key that is not known, naming the nearest one."""
    legal = tuple(known)
    for key in table:
        if key not in legal:
            raise ConfigError(f"unknown key {key!r} in {where}.", hint=suggest(key, legal))


def check_name(value: str, known: Iterable[str], where: str) -> None:
    """Raise ConfigError if a value is not one of the known names."""
    legal = tuple(known)
    if value not in legal:
        raise ConfigError(f"{where} is {value!r}, which is not known.", hint=suggest(value, legal))


def build_record(kind: type[T], table: Mapping[str, Any], where: str) -> T:
    """Make a frozen dataclass of a table; lists become tuples, integers floats where asked.

    Parameters
    ----------
    kind : type
        A dataclass whose fields are of plain types, tuples of them, or mappings.
    table : mapping
        Its keys are names of fields.
    where : str
        What to call the table in messages, such as ``[study]``.

    Raises
    ------
    ConfigError
        If a key is unknown, a value is of the wrong kind, or one without default is missing.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where} is {table!r}, it must be a table.")
    hints = typing.get_type_hints(kind)
    check_keys(table, hints, where)
    values = {key: _convert(value, hints[key], f"{where} {key}") for key, value in table.items()}
    try:
        return kind(**values)
    except TypeError:
        needed = [f.name for f in fields(kind) if f.name not in values]  # type: ignore[arg-type]
        raise ConfigError(f"{where} lacks a key; not given: {', '.join(needed)}.") from None


def _convert(value: Any, hint: Any, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        hints = [h for h in typing.get_args(hint) if h is not type(None)]
        return _convert(value, hints[0], where)
    if origin is typing.Literal:
        check_name(value, typing.get_args(hint), where)
        return value
    if origin is tuple:
        items = value if isinstance(value, list | tuple) else [value]
        inner = typing.get_args(hint)[0]
        return tuple(_convert(item, inner, where) for item in items)
    if hint is float and type(value) is int:
        return float(value)
    kind = origin or hint
    # A bool is an int in Python, but `epochs = true` is a mistake.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ConfigError(f"{where} is {value!r}, it must be of type {kind.__name__}.")
    return value


def format_toml(tables: Mapping[str, Any]) -> str:
    """Write nested mappings of plain values and lists as TOML. None values are left out."""
    return "\n".join(_format_table(tables, ())).strip() + "\n"


def _format_table(table: Mapping[str, Any], way: tuple[str, ...]) -> list[str]:
    plain = {k: v for k, v in table.items() if not isinstance(v, Mapping) and v is not None}
    lines = [f"{_format_key(key)} = {_format_value(value)}" for key, value in plain.items()]
    if way and (lines or not table):
        lines.insert(0, f"\n[{'.'.join(_format_key(part) for part in way)}]")
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _format_table(value, (*way, key))
    return lines


def _format_key(key: str) -> str:
    bare = key.replace("-", "").replace("_", "")
    return key if bare.isalnum() and bare.isascii() else json.dumps(key)


def _format_value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_format_value(item) for item in value) + "]"
    if isinstance(value, bool | str):
        return json.dumps(value)  # JSON's escapes are TOML's
    return repr(value)
