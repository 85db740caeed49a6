"""``emovox corpora``: list, fetch, index, export and check corpora; make synthetic voices."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emovox.cli.progress import progress_bar

if TYPE_CHECKING:
    from emovox.corpora import IndexResult, LeftOut, Note
    from emovox.types import Clip

_N_EXAMPLES = 3


@click.group("corpora")
def command() -> None:
    """List, fetch, index, export and check corpora; make synthetic voices."""


@command.command("list")
@click.argument("name", required=False)
def list_command(name: str | None) -> None:
    """List the corpora that emovox reads, or tell all about one of them."""
    from emovox.corpora import get_corpus, list_corpora

    if name is not None:
        _show_corpus(name)
        return
    click.echo(
        f"{'name':13} {'clips':>5} {'speakers':>8}  {'language':8}  {'licence':34}  emotions"
    )
    for known in list_corpora():
        info = get_corpus(known).INFO
        click.echo(
            f"{info.name:13} {info.n_clips:5} {info.n_speakers:8}  {info.language:8}  "
            f"{info.licence:34}  {' '.join(info.emotions)}"
        )


def _show_corpus(name: str) -> None:
    from emovox.corpora import get_corpus

    info = get_corpus(name).INFO
    click.echo(f"{info.name}: {info.title}")
    click.echo(f"{info.n_clips} clips, {info.n_speakers} speakers, {info.language}")
    click.echo(f"Emotions: {', '.join(info.emotions)}")
    click.echo(f"Licence: {info.licence} ({info.licence_url})")
    click.echo(f"Home: {info.home}")
    click.echo(f"Please cite: {info.citation}")
    click.echo(
        f"How to get it: {info.instructions or f'emovox corpora fetch {info.name} --to DIR'}"
    )
    for remark in info.remarks:
        click.echo(f"Note: {remark}.")


@command.command("index")
@click.argument("path", type=click.Path(readable=False))
@click.option("--corpus", help="Take clips of this corpus only; default: of any known one.")
@click.option("--folders", is_flag=True, help="PATH has a folder for each emotion.")
@click.option("--out", required=True, type=click.Path(), help="Manifest to write: .csv, .parquet.")
@click.option(
    "--emotion",
    "words",
    multiple=True,
    metavar="WORD=EMOTION",
    help="Your word for an emotion; WORD= leaves such clips out. Can be repeated.",
)
@click.option(
    "--segments",
    type=click.Path(file_okay=False),
    help="Folder for the parts of recordings that a table names by start and end: each is cut out "
    "into a file of its own. Without it such a table is refused.",
)
@click.option("--measure", is_flag=True, help="Decode every file; note quiet and clipped ones.")
@click.option("--jobs", type=click.IntRange(min=1), help="Threads; default: one a core.")
@click.option("--details", is_flag=True, help="Show every file left out, and every note.")
def index_command(
    path: str,
    corpus: str | None,
    folders: bool,
    out: str,
    words: tuple[str, ...],
    segments: str | None,
    measure: bool,
    jobs: int | None,
    details: bool,
) -> None:
    """Write a manifest of the clips below PATH.

    PATH is a folder that holds one or several known corpora, in any layout; with --folders a
    folder of your own that has a folder for each emotion; or a table of your own (CSV, Parquet)
    with the columns path and emotion, and speaker, sex, ... where known, such as those of
    nkululeko and audformat. What is left out is told with its reason.
    """
    from emovox.corpora import IndexOptions, index_corpus, index_folders, index_table

    own = _parse_words(words)
    if segments and not Path(path).is_file():
        raise click.UsageError("--segments is for tables; PATH is none.")
    options = IndexOptions(measure=measure, n_jobs=jobs, segments=segments)
    with progress_bar("indexing") as progress:
        if Path(path).is_file():
            rows = _read_rows(path)
            result = index_table(path, rows=rows, words=own, options=options, progress=progress)
        elif folders:
            result = index_folders(path, words=own, options=options, progress=progress)
        else:
            result = index_corpus(path, corpus=corpus, options=options, progress=progress)
    _write_clips(out, result.clips)
    _show_index(result, details)
    click.echo(f"{len(result.clips)} clips: {out}", err=True)


def _parse_words(words: Sequence[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    if not all(sign for _, sign, _ in pairs):
        raise click.BadParameter("give WORD=EMOTION, for example --emotion wut=angry")
    return {word: emotion for word, _, emotion in pairs}


def _read_rows(path: str) -> list[dict[str, object]] | None:
    """Return the rows of a Parquet table; None for CSV, which corpora reads itself."""
    if Path(path).suffix.lower() != ".parquet":
        return None
    from emovox.study.tables import read_table

    columns = read_table(path)
    cells = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in cells]


def _write_clips(path: str, clips: Sequence[Clip]) -> None:
    from emovox.corpora import clips_to_rows, write_manifest

    if Path(path).suffix.lower() != ".parquet":
        write_manifest(path, clips)
        return
    from emovox.study.tables import write_table

    rows = clips_to_rows(clips, Path(path).parent)
    write_table(path, {name: [row[name] for row in rows] for name in rows[0]})


def _show_index(result: IndexResult, details: bool) -> None:
    for corpus, n in Counter(clip.corpus for clip in result.clips).items():
        own = [clip for clip in result.clips if clip.corpus == corpus]
        emotions = Counter(clip.emotion for clip in own)
        counts = ", ".join(f"{n_clips} {emotion}" for emotion, n_clips in emotions.items())
        n_speakers = len({clip.speaker_id for clip in own} - {""})
        click.echo(f"{corpus}: {n} clips of {n_speakers} speakers: {counts}", err=True)
    _show_findings("left out", result.left_out, details)
    _show_findings("noted", result.notes, details)


def _show_findings(title: str, findings: Sequence[LeftOut] | Sequence[Note], details: bool) -> None:
    by_code: dict[str, list[str]] = defaultdict(list)
    for one in findings:
        code = str(getattr(one, "reason_code", "") or getattr(one, "code", ""))
        by_code[code].append(f"{one.path} {one.message}".strip())
    for code, messages in by_code.items():
        click.echo(f"{title} ({code}): {len(messages)}", err=True)
        shown = messages if details else messages[:_N_EXAMPLES]
        for message in shown:
            click.echo(f"    {message}", err=True)
        if len(shown) < len(messages):
            click.echo(f"    ... and {len(messages) - len(shown)} more (--details)", err=True)


@command.command("export")
@click.argument("manifest", type=click.Path(readable=False, path_type=Path))
@click.option(
    "--format",
    "layout",
    type=click.Choice(["nkululeko", "audformat"]),
    required=True,
    help="Columns file, speaker, gender, emotion, ...; audformat has start and end after the file.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV table to write.")
def export_command(manifest: Path, layout: str, out: Path) -> None:
    """Write MANIFEST as a table that nkululeko or audformat reads.

    'emovox corpora index' reads it back. Recordings below the folder of the table are named
    relative to it: nkululeko takes them so with absolute_path = False.
    """
    from emovox.corpora import export_table
    from emovox.study.tables import read_clips

    clips = read_clips(manifest)
    export_table(out, clips, layout)
    click.echo(f"{len(clips)} clips: {out}", err=True)


@command.command("check")
@click.argument("folder", type=click.Path(readable=False))
@click.option("--corpus", help="Compare with this corpus only.")
@click.option("--jobs", type=click.IntRange(min=1), help="Threads; default: one a core.")
@click.option("--details", is_flag=True, help="Name every file.")
def check_command(folder: str, corpus: str | None, jobs: int | None, details: bool) -> int:
    """Compare the files below FOLDER with the published checksums.

    Files in another encoding (mp3, opus) cannot be compared, and are counted apart. The exit code
    is 6 if a file is changed, missing, unreadable, or a Git LFS pointer.
    """
    from emovox.corpora import check_corpus
    from emovox.errors import CorpusError

    with progress_bar("comparing") as progress:
        report = check_corpus(folder, corpus=corpus, n_jobs=jobs, progress=progress)
    groups = {
        "as published": report.ok,
        "changed": report.changed,
        "in another encoding, not comparable": report.re_encoded,
        'Git LFS pointers, run "git lfs pull"': report.pointers,
        "unreadable": report.unreadable,
        "not published under this name": report.unknown,
        "missing": report.missing,
    }
    click.echo(f"compared with: {', '.join(report.corpora)}")
    for title, names in groups.items():
        if names or title == "as published":
            click.echo(f"{len(names)} {title}")
        for name in names if details else ():
            click.echo(f"    {name}")
    faults = (report.changed, report.pointers, report.unreadable, report.missing)
    return CorpusError.exit_code if any(faults) else 0


@command.command("fetch")
@click.argument("name")
@click.option("--to", "folder", required=True, type=click.Path(), help="Folder to put it in.")
@click.option("--accept-licence", is_flag=True, help="You have read the licence and accept it.")
@click.option("--keep-archive", is_flag=True, help="Keep the archive after unpacking it.")
def fetch_command(name: str, folder: str, accept_licence: bool, keep_archive: bool) -> None:
    """Fetch the corpus NAME from its publisher into a folder of its name.

    The licence is shown and must be accepted. A download that was interrupted goes on; size and
    hash are verified. For corpora that take a registration or git, it says how to get them.
    """
    from emovox.corpora import FetchOptions, fetch_corpus, get_corpus

    info = get_corpus(name).INFO
    if info.archives:
        click.echo(f"{info.title}\nLicence: {info.licence} ({info.licence_url})", err=True)
        click.echo(f"Please cite: {info.citation}", err=True)
        accept_licence = accept_licence or click.confirm("Do you accept the licence?", err=True)
    options = FetchOptions(accept_licence=accept_licence, keep_archive=keep_archive)
    with progress_bar("fetching") as progress:
        place = fetch_corpus(name, folder, options, progress=progress)
    click.echo(f"{name}: {place}", err=True)


@command.command("synthesize")
@click.option("--out", required=True, type=click.Path(), help="Folder to write to.")
@click.option("--speakers", default=8, show_default=True, help="Number of synthetic voices.")
@click.option("--per-emotion", default=6, show_default=True, help="Clips of each in each emotion.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same corpus.")
def synthesize_command(out: str, speakers: int, per_emotion: int, seed: int) -> None:
    """Make a labelled corpus of synthetic voices: nobody's, for tests and demonstrations."""
    from emovox.corpora import SyntheticOptions, make_synthetic_corpus

    options = SyntheticOptions(n_speakers=speakers, n_per_emotion=per_emotion, seed=seed)
    with progress_bar("synthesizing") as progress:
        manifest = make_synthetic_corpus(out, options, progress=progress)
    click.echo(f"synthetic voices: {manifest}", err=True)
