"""Recordings of your own: a table that names them, or a folder for each emotion."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from emovox.corpora.found import Candidate, IndexResult, LeftOut, Note
from emovox.corpora.index import IndexOptions, nothing_usable, scan_candidates
from emovox.corpora.info import ParsedName
from emovox.corpora.manifest import parse_number, read_csv, to_text
from emovox.corpora.notes import note_contents
from emovox.corpora.segments import END, START, take_part
from emovox.corpora.settle import settle_copies, settle_duplicates
from emovox.corpora.walk import find_recordings
from emovox.emotions import EMOTIONS, normalize_emotion
from emovox.errors import ManifestError, ParameterError
from emovox.types import Progress

_NAMES = {
    "path": ("file", "filename", "file_name", "filepath", "file_path", "wav", "audio", "clip"),
    "corpus": ("dataset", "database", "source"),
    "speaker_id": ("speaker", "spk", "speakerid", "actor", "subject", "person"),
    "sex": ("gender",),
    "age": (),
    "emotion": ("label", "class", "category", "target", "emotion_label"),
    "intensity": ("level", "strength"),
    "sentence": ("text", "transcript", "transcription", "utterance", "statement"),
}
_SEXES = {
    "": "",
    "female": "female",
    "f": "female",
    "w": "female",
    "woman": "female",
    "male": "male",
    "m": "male",
    "man": "male",
    # Words that audformat allows, and we have none for.
    "child": "",
    "other": "",
    "unknown": "",
}
# Measured anew, so that they are true.
_MEASURED = ("duration_s", "sha256")


def index_table(
    path: str | os.PathLike[str],
    *,
    rows: Iterable[Mapping[str, Any]] | None = None,
    words: Mapping[str, str] | None = None,
    options: IndexOptions | None = None,
    progress: Progress | None = None,
) -> IndexResult:
    """Index recordings that a table names.

    Columns are found by their usual names (``path``, ``file``, ``emotion``, ``label``,
    ``speaker``, ``gender``, ...), in any case; others are kept. So tables of nkululeko and
    audformat are read as they are. Emotions are the eight or everyday words for them; anything
    else is an error that lists every word not understood.

    ``start`` and ``end`` (audformat's segmented index) say which part of a file is meant, in
    seconds or as ``0 days 00:00:01.5``. Parts are cut out into ``options.segments``.

    Parameters
    ----------
    path : path-like
        A CSV file. Recordings lie relative to its folder, or absolute. Its name without suffix
        is the corpus where no column says it.
    rows : iterable of mapping, optional
        The table itself, where it was not CSV.
    words : mapping of str to str, optional
        Your words for emotions -> one of the eight, or ``""`` to leave such clips out.
    options, progress
        As for `index_corpus`.

    Returns
    -------
    IndexResult
        In the order of the table.

    Raises
    ------
    ManifestError
        If there is no column for the path or the emotion, a value is not understood, or a row
        means a part of a file and there is no folder for parts.
    CorpusError
        If no recording can be used.
    """
    source = Path(path)
    given = read_csv(source) if rows is None else dict(enumerate(rows, start=2))
    places = [f"{source}, line {line}" for line in given]
    table = [{name: to_text(value) for name, value in row.items()} for row in given.values()]
    columns = _find_columns(source, table)
    emotions = _understand_emotions([row[columns["emotion"]] for row in table], words or {})
    candidates: list[Candidate] = []
    left_out: list[LeftOut] = []
    for place, row, emotion in zip(places, table, emotions, strict=True):
        candidate = _read_row(source, row, columns, emotion, place)
        part = take_part(candidate, row, place, None if options is None else options.segments)
        if isinstance(part, Candidate):
            candidates.append(part)
        else:
            left_out.append(part)
    return _index(source, candidates, left_out, options, progress)


def index_folders(
    folder: str | os.PathLike[str],
    *,
    words: Mapping[str, str] | None = None,
    options: IndexOptions | None = None,
    progress: Progress | None = None,
) -> IndexResult:
    """Index recordings sorted into a folder for each emotion: ``happy/a.wav``, ``anger/b.wav``.

    A folder inside an emotion's (``happy/anna/a.wav``) names the speaker.

    Parameters
    ----------
    folder : path-like
        Its name is the corpus.
    words, options, progress
        As for `index_table`.

    Returns
    -------
    IndexResult
        In the order of the paths.

    Raises
    ------
    ManifestError
        If the name of a folder is not understood as an emotion.
    CorpusError
        If there is no folder, or no recording can be used.
    """
    root = Path(folder).absolute()
    names, left_out = find_recordings(folder)
    inside = [name for name in names if "/" in name]
    left_out += [
        LeftOut(name, "unknown-name", "lies in no folder of an emotion")
        for name in names
        if "/" not in name
    ]
    emotions = _understand_emotions([PurePosixPath(n).parts[0] for n in inside], words or {})
    candidates = []
    for name, emotion in zip(inside, emotions, strict=True):
        parts = PurePosixPath(name).parts
        speaker = parts[1] if len(parts) > 2 else ""
        parsed = _exclude_unwanted(ParsedName(key=name, speaker=speaker, emotion=emotion))
        candidates.append(
            Candidate(
                Path(folder) / name,
                name,
                root.name,
                f"{root.name}-{speaker}" if speaker else "",
                parsed,
            )
        )
    return _index(Path(folder), candidates, left_out, options, progress)


def _find_columns(source: Path, table: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return emovox's name of a column -> the table's own."""
    if not table:
        raise ManifestError(f"{source}: the table has no row.")
    given = {name.strip().lower().replace(" ", "_").replace("-", "_"): name for name in table[0]}
    columns: dict[str, str] = {}
    for name, others in _NAMES.items():
        matching = [given[word] for word in (name, *others) if word in given]
        if matching:
            columns[name] = matching[0]
    for name in ("path", "emotion"):
        if name not in columns:
            legal = ", ".join((name, *_NAMES[name]))
            raise ManifestError(
                f"{source}: no column for the {name} among: {', '.join(table[0])}.",
                hint=f"Call it one of: {legal}.",
            )
    return columns


def _understand_emotions(given: Sequence[str], words: Mapping[str, str]) -> list[str]:
    """Return one of the eight for each word, or "" where the words say to leave it out."""
    known = {word.strip().lower(): emotion for word, emotion in words.items()}
    bad = sorted(set(known.values()) - {*EMOTIONS, ""})
    if bad:
        raise ParameterError(f"unknown emotions {bad}; known: {', '.join(EMOTIONS)}.")
    unknown: Counter[str] = Counter()
    understood = []
    for word in given:
        try:
            understood.append(
                known[word.lower()] if word.lower() in known else normalize_emotion(word)
            )
        except ParameterError:
            unknown[word] += 1
    if unknown:
        found = ", ".join(f"{word!r} ({n})" for word, n in sorted(unknown.items()))
        raise ManifestError(
            f"emotions not understood: {found}; known: {', '.join(EMOTIONS)}.",
            hint="Say what they mean, or that they are to be left out: "
            f"--emotion {sorted(unknown)[0]}=sad, --emotion {sorted(unknown)[0]}=",
        )
    return understood


def _read_row(
    source: Path, row: Mapping[str, str], columns: Mapping[str, str], emotion: str, place: str
) -> Candidate:
    values = {name: row[column] for name, column in columns.items()}
    if not values["path"]:
        raise ManifestError(f"{place}: the path is empty.")
    sex = values.get("sex", "").lower()
    if sex not in _SEXES:
        raise ManifestError(
            f"{place}: unknown sex {sex!r}.", hint="Known: female, male, or nothing."
        )
    age = parse_number("age", values.get("age", ""), place)
    corpus = values.get("corpus") or source.stem
    speaker = values.get("speaker_id", "").removeprefix(f"{corpus}-")
    taken = {*columns.values(), *_MEASURED}
    taken |= {name for name in row if name.strip().lower() in (START, END)}
    parsed = ParsedName(
        # Rows that name one file are told apart, and then compared by its bytes.
        key=place.removeprefix(f"{source}, "),
        speaker=speaker,
        emotion=emotion,
        sex=_SEXES[sex],
        age=None if age is None else int(age),
        intensity=values.get("intensity", ""),
        sentence=values.get("sentence", ""),
        extra={name: value for name, value in row.items() if name not in taken},
    )
    return Candidate(
        path=source.parent / values["path"],
        name=values["path"],
        corpus=corpus,
        speaker_id=f"{corpus}-{speaker}" if speaker else "",
        parsed=_exclude_unwanted(parsed),
    )


def _exclude_unwanted(parsed: ParsedName) -> ParsedName:
    return parsed if parsed.emotion else replace(parsed, excluded="other-emotion")


def _index(
    source: Path,
    candidates: Sequence[Candidate],
    left_out: list[LeftOut],
    options: IndexOptions | None,
    progress: Progress | None,
) -> IndexResult:
    there = []
    for candidate in candidates:
        if candidate.parsed.excluded:
            message = "is of an emotion that is to be left out"
            left_out.append(LeftOut(candidate.name, candidate.parsed.excluded, message))
        elif not candidate.path.is_file():
            left_out.append(LeftOut(candidate.name, "missing", "is not there"))
        else:
            there.append(candidate)
    kept, out = settle_copies(scan_candidates(there, options, progress))
    left_out += out
    kept, out = settle_duplicates(kept)
    left_out += out
    notes = list(note_contents(kept))
    nameless = sum(not one.candidate.speaker_id for one in kept)
    if nameless:
        message = f"{nameless} clips have no speaker: no protocol can keep their speakers apart"
        notes.append(Note("", "no-speaker", message))
    result = IndexResult(
        tuple(one.to_clip() for one in kept), tuple(left_out), tuple(notes), len(candidates)
    )
    if not result.clips:
        raise nothing_usable(source, result)
    return result
