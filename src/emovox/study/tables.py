"""Tables of named columns as Parquet, CSV or NumPy's npz: the suffix decides."""

from __future__ import annotations

import csv
import os
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from emovox.corpora import read_manifest, rows_to_clips
from emovox.errors import ManifestError, MissingExtraError, ParameterError, suggest
from emovox.files import replacing
from emovox.types import Clip

Column: TypeAlias = Sequence[Any] | NDArray[Any]
Columns: TypeAlias = Mapping[str, Column]
_Choice = TypeVar("_Choice")

# Not "007": that is a name made of digits.
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?|-?inf|nan", re.IGNORECASE)
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")


def write_table(path: str | os.PathLike[str], columns: Columns) -> None:
    """Write a table, atomically.

    Parameters
    ----------
    path : path-like
        Ends in ``.parquet``, ``.csv`` or ``.npz``.
    columns : mapping of str to sequence
        All of one length: numbers, truth values or text (None is empty text).

    Raises
    ------
    ParameterError
        If the suffix is another one, or the columns differ in length.
    MissingExtraError
        If it is Parquet and pyarrow is not installed.
    """
    write_batches(path, [columns])


def write_batches(path: str | os.PathLike[str], batches: Iterable[Columns]) -> None:
    """Write a table whose rows come in batches, atomically.

    Parquet and CSV keep one batch in memory, npz all of them.

    Parameters
    ----------
    path : path-like
        Ends in ``.parquet``, ``.csv`` or ``.npz``.
    batches : iterable of mapping of str to sequence
        At least one; all with the same columns in the same order.

    Raises
    ------
    ParameterError, MissingExtraError
        As in `write_table`.
    """
    write = _pick(path, {".parquet": _write_parquet, ".csv": _write_csv, ".npz": _write_npz})
    rest = iter(batches)
    first = next(rest, None)
    if not first:
        raise ParameterError(f"there are no columns to write to {path}; at least one is needed.")
    with replacing(path) as temporary:
        write(temporary, map(_as_arrays, chain([first], rest)))


def read_table(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read a table written by `write_table`, or by others in these formats.

    Parameters
    ----------
    path : path-like
        Ends in ``.parquet``, ``.csv`` or ``.npz``.

    Returns
    -------
    dict of str to ndarray
        Numbers, truth values, or text as ``str`` objects; missing text is empty. In CSV a column
        holds numbers if all its cells do that are not empty (empty ones are NaN).

    Raises
    ------
    ParameterError
        If the suffix is another one.
    ManifestError
        If there is no such file, or it is not what its suffix says.
    MissingExtraError
        If it is Parquet and pyarrow is not installed.
    """
    read = _pick(path, {".parquet": _read_parquet, ".csv": _read_csv, ".npz": _read_npz})
    if not Path(path).is_file():
        raise ManifestError(f"there is no table at {path}.")
    try:
        return read(Path(path))
    except (ValueError, csv.Error, zipfile.BadZipFile) as error:
        raise ManifestError(f"{path} is damaged or not what its name says ({error}).") from error


def read_clips(path: str | os.PathLike[str]) -> tuple[Clip, ...]:
    """Read a manifest from CSV or Parquet.

    Raises
    ------
    ManifestError
        If it is missing or malformed.
    MissingExtraError
        If it is Parquet and pyarrow is not installed.
    """
    if Path(path).suffix.lower() != ".parquet":
        return read_manifest(path)
    columns = read_table(path)
    rows = (dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True))
    return rows_to_clips(rows, Path(path).parent)


def _pick(path: str | os.PathLike[str], choices: Mapping[str, _Choice]) -> _Choice:
    suffix = Path(path).suffix.lower()
    if suffix not in choices:
        raise ParameterError(
            f"{path} has the suffix {suffix!r}, which no table has. {suggest(suffix, choices)}"
        )
    return choices[suffix]


def _as_arrays(columns: Columns) -> dict[str, NDArray[Any]]:
    arrays = {name: _as_array(column) for name, column in columns.items()}
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ParameterError(f"columns differ in length: {lengths}.")
    return arrays


def _as_array(column: Column) -> NDArray[Any]:
    """Return numbers and truth values as they are (None is NaN), all else as text objects."""
    array = np.asarray(column)
    if array.dtype.kind in "biuf":
        return array
    known = [value for value in column if value is not None]
    if known and all(isinstance(v, int | float) and not isinstance(v, bool) for v in known):
        return array.astype(np.float64)
    return np.array(["" if value is None else str(value) for value in column], dtype=object)


def _write_csv(path: Path, batches: Iterable[dict[str, NDArray[Any]]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        for number, columns in enumerate(batches):
            if number == 0:
                writer.writerow(columns)
            writer.writerows(zip(*map(_blank_nan, columns.values()), strict=True))


def _blank_nan(column: NDArray[Any]) -> NDArray[Any]:
    if column.dtype.kind != "f" or not np.isnan(column).any():
        return column
    return np.where(np.isnan(column), "", column.astype(object))


def _read_csv(path: Path) -> dict[str, NDArray[Any]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        names, *rows = csv.reader(stream, strict=True)
    cells = zip(*rows, strict=True) if rows else ((),) * len(names)
    return {name: _parse(column) for name, column in zip(names, cells, strict=True)}


def _parse(cells: tuple[str, ...]) -> NDArray[Any]:
    filled = [cell for cell in cells if cell]
    if not filled or not all(map(_NUMBER.fullmatch, filled)):
        if set(filled) <= {"True", "False"} and len(filled) == len(cells) > 0:
            return np.array([cell == "True" for cell in cells])
        return np.array(cells, dtype=object)
    if len(filled) == len(cells) and all(map(_INTEGER.fullmatch, cells)):
        return np.array(cells, dtype=np.int64)
    return np.array([cell or "nan" for cell in cells], dtype=np.float64)


def _write_npz(path: Path, batches: Iterable[dict[str, NDArray[Any]]]) -> None:
    parts = list(batches)
    with zipfile.ZipFile(path, "w") as archive:
        for name in parts[0]:
            column = np.concatenate([part[name] for part in parts])
            # Objects would be pickled; text has a type of its own.
            column = column.astype(str) if column.dtype == object else column
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, column, allow_pickle=False)


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as archive:
        columns = {name: archive[name] for name in archive.files}
    return {
        name: column.astype(object) if column.dtype.kind == "U" else column
        for name, column in columns.items()
    }


def _write_parquet(path: Path, batches: Iterable[dict[str, NDArray[Any]]]) -> None:
    arrow, parquet = _import_pyarrow()
    writer = None
    try:
        for columns in batches:
            table = arrow.table({name: arrow.array(column) for name, column in columns.items()})
            writer = writer or parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _read_parquet(path: Path) -> dict[str, NDArray[Any]]:
    _, parquet = _import_pyarrow()
    table = parquet.read_table(path)
    return {
        name: _as_array(column.to_numpy())
        for name, column in zip(table.column_names, table.columns, strict=True)
    }


def _import_pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow  # noqa: PLC0415 - CSV and npz do without
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("train") from error
    return pyarrow, pyarrow.parquet
