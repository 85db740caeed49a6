"""Run the code of documentation pages, check the output they show, keep the figures they draw.

``make figures`` draws the figures of the course anew:

    python scripts/run_pages.py --figures docs/learn/figures docs/learn/*.md

A page is run from top to bottom in one folder, its Python blocks in one namespace. What follows a
command in a ``console`` block, and a ``text`` block right after a ``python`` block, is what must
come out of it; ``...`` stands for anything, and numbers may differ by two in their last digit.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FIGURE = re.compile(r"!\[[^\]]*\]\(figures/([\w.-]+\.svg)\)")
_NUMBER = re.compile(r"\d+(?:\.(\d+))?")
_SLACK = 2  # in the last digit shown: processors round differently, and models follow
_LOOSELY = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_STYLE = "matplotlibrc"


class PageError(Exception):
    """A page does not do what it says."""


@dataclass(frozen=True)
class Block:
    """A piece of code on a page.

    Attributes
    ----------
    language : str
        ``console`` (one command) or ``python``.
    code : str
        What is run.
    expected : str or None
        What must come out; None where the page shows nothing.
    line : int
        Where the code begins, from 1.
    """

    language: str
    code: str
    expected: str | None
    line: int


def read_blocks(text: str) -> list[Block]:
    """Return what a page runs, in order; a console block gives a block for each command."""
    blocks: list[Block] = []
    end = 0
    for fence in _FENCE.finditer(text):
        language, code = fence.groups()
        line = text.count("\n", 0, fence.start(2)) + 1
        if language == "console":
            blocks += _split_commands(code, line)
        elif language == "python":
            blocks.append(Block(language, code, None, line))
        elif language == "text" and blocks and not text[end : fence.start()].strip():
            last = blocks.pop()
            blocks.append(replace(last, expected=code) if last.language == "python" else last)
        end = fence.end()
    return blocks


def list_figures(text: str) -> list[str]:
    """Return the names of the figures that a page shows."""
    return _FIGURE.findall(text)


def run_page(page: Path, folder: Path) -> None:
    """Run all code of a page in a folder.

    Raises
    ------
    PageError
        If a command fails, or the output is not the one shown.
    """
    style = page.with_name(_STYLE)
    if style.exists():
        shutil.copy(style, folder / _STYLE)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in read_blocks(page.read_text(encoding="utf-8")):
        if block.language == "console":
            output = _run_command(block, folder, page)
        else:
            output = _run_python(block, namespace, page)
        if block.expected is not None:
            _compare(block, output, page)


def _split_commands(code: str, line: int) -> Iterator[Block]:
    lines = code.splitlines()
    starts = [number for number, text in enumerate(lines) if text.startswith("$ ")]
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        last = start
        while lines[last].endswith("\\"):
            last += 1
        command = "\n".join(lines[start : last + 1]).removeprefix("$ ")
        shown = "\n".join(lines[last + 1 : stop]).strip()
        yield Block("console", command, shown or None, line + start)


def _run_command(block: Block, folder: Path, page: Path) -> str:
    # `emovox` is the one that belongs to this Python.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        block.code,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PageError(
            f"{page}:{block.line}: exit code {done.returncode}\n$ {block.code}\n{done.stdout}"
        )
    return done.stdout


def _run_python(block: Block, namespace: dict[str, object], page: Path) -> str:
    # Empty lines before it: a traceback names the line of the page.
    code = compile("\n" * (block.line - 1) + block.code, str(page), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(code, namespace)
    return output.getvalue()


def _compare(block: Block, output: str, page: Path) -> None:
    wanted, got = (block.expected or "").strip() + "\n", output.strip() + "\n"
    if not doctest.OutputChecker().check_output(wanted, _align(wanted, got), _LOOSELY):
        raise PageError(
            f"{page}:{block.line}: the page shows\n\n{wanted}\nbut this comes out\n\n{got}"
        )


def _align(wanted: str, got: str) -> str:
    """Return what came out, with numbers near enough to the wanted ones replaced by these."""
    numbers = _NUMBER.finditer(wanted)
    if "..." in wanted or len(_NUMBER.findall(wanted)) != len(_NUMBER.findall(got)):
        return got

    def take(match: re.Match[str]) -> str:
        shown = next(numbers)
        step = 10.0 ** -len(shown[1] or "")
        # A single digit counts something.
        near = (
            len(shown[0]) > 1 and abs(float(match[0]) - float(shown[0])) <= (_SLACK + 0.01) * step
        )
        return shown[0] if near else match[0]

    return _NUMBER.sub(take, got)


def main() -> None:
    """Run the pages given on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--folder", type=Path, help="where to run them; default: a temporary one")
    parser.add_argument("--figures", type=Path, help="where to copy the figures that pages show")
    options = parser.parse_args()
    # One thread and no date: the same figures, byte for byte, on the same machine.
    os.environ |= {"OMP_NUM_THREADS": "1", "SOURCE_DATE_EPOCH": "0"}
    figures = options.figures.resolve() if options.figures else None
    # The course begins with the page that makes the voices.
    pages = sorted((page.resolve() for page in options.pages), key=lambda p: p.stem != "index")
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).resolve()
        os.chdir(folder)
        for page in pages:
            try:
                run_page(page, folder)
            except PageError as error:
                sys.exit(str(error))
            for name in list_figures(page.read_text(encoding="utf-8")):
                if not (folder / name).exists():
                    sys.exit(f"{page}: it shows {name} and does not draw it")
                if figures:
                    shutil.copy(folder / name, figures / name)
        os.chdir("/")


if __name__ == "__main__":
    main()
