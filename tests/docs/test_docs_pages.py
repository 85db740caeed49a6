"""The course does what it says; the commands of most other pages are ones that emovox knows."""

from __future__ import annotations

import ast
import copy
import importlib
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from emovox.cli.app import root
from emovox.emotions import EMOTIONS
from emovox.testing import make_recording

ROOT = Path(__file__).resolve().parents[2]
RUNNER = ROOT / "scripts" / "run_pages.py"
COURSE = sorted((ROOT / "docs" / "learn").glob("*.md"))
LESSONS = [page for page in COURSE if page.stem != "index"]
OTHERS = [
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "learn" not in page.parts),
]


def load_runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_pages", RUNNER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


runner = load_runner()


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def run(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    # A process of its own: pages change the folder and matplotlib's state.
    return subprocess.run(
        [sys.executable, str(RUNNER), "--folder", str(folder), str(page)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the start page of the course has been run."""
    folder = tmp_path_factory.mktemp("course")
    done = run(ROOT / "docs" / "learn" / "index.md", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("page", LESSONS, ids=name_of)
def test_a_page_of_the_course_does_what_it_shows(page: Path, course: Path) -> None:
    done = run(page, course)
    assert done.returncode == 0, done.stderr
    for name in runner.list_figures(page.read_text()):
        drawn, committed = (read_words(at / name) for at in (course, page.parent / "figures"))
        # The words, not the bytes: curves may differ in the last digit on another processor.
        assert drawn == committed, f"{name} is out of date; run make figures"


def read_words(figure: Path) -> list[str]:
    """Return the words of a figure; numbers that were measured may round otherwise elsewhere."""
    words = re.findall(r"<text[^>]*>([^<]*)</text>", figure.read_text())
    return [word for word in words if not re.search(r"\d", word)]


def test_figures_are_those_that_the_course_shows_and_stay_small() -> None:
    figures = {figure.name: figure for figure in (ROOT / "docs/learn/figures").iterdir()}
    shown = [name for page in COURSE for name in runner.list_figures(page.read_text())]
    assert sorted(shown) == sorted(figures)
    # A clone stays quick.
    assert sum(figure.stat().st_size for figure in figures.values()) < 1_500_000


@pytest.mark.parametrize("page", OTHERS, ids=name_of)
def test_commands_and_imports_of_other_pages_exist(page: Path) -> None:
    text = page.read_text()
    for block in runner.read_blocks(text):
        if block.language == "console":
            parse_command(block.code)
        else:
            check_imports(block.code)
    for line in re.findall(r"^ {4}(emovox .*)$", text, re.MULTILINE):
        parse_command(line)


def parse_command(line: str) -> None:
    """Parse an emovox command as click would, without running it."""
    program, *words = shlex.split(line.replace("\\\n", " "), comments=True)
    if program != "emovox":
        return
    command: click.Command = root
    context = click.Context(command, info_name=program)
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None, line
        command = found
        context = click.Context(command, parent=context)
    # What a page names need not be there: files are not looked at. In a copy, for other tests of
    # this process use the same command.
    command = copy.copy(command)
    command.params = [copy.copy(parameter) for parameter in command.params]
    for parameter in command.params:
        if isinstance(parameter.type, click.Path):
            parameter.type = click.STRING
    command.make_parser(context).parse_args(list(words))
    command.parse_args(context, words)


def check_imports(code: str) -> None:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("emovox"):
            module = importlib.import_module(node.module or "")
            assert all(hasattr(module, name.name) for name in node.names), ast.unparse(node)


def test_the_page_of_other_tools_does_what_it_shows(tmp_path: Path) -> None:
    done = run(ROOT / "docs" / "tools.md", tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_readme_recognizes_a_recording(tmp_path: Path) -> None:
    from emovox.audio import write_audio

    recording = make_recording()
    write_audio(tmp_path / "my.wav", recording.samples, recording.sampling_rate)
    blocks = runner.read_blocks((ROOT / "README.md").read_text())
    code = next(block.code for block in blocks if block.language == "python")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[0] in EMOTIONS


# The runner itself


def test_runner_reads_commands_with_their_output() -> None:
    text = "Text\n\n```console\n$ one \\\n    --more\nshown\n$ two\n```\n"
    first, second = runner.read_blocks(text)
    assert (first.code, first.expected, first.line) == ("one \\\n    --more", "shown", 4)
    assert (second.code, second.expected, second.line) == ("two", None, 7)


def test_runner_takes_text_as_output_only_right_after_python() -> None:
    python, text = "```python\nprint(1)\n```\n", "```text\n1\n```\n"
    assert [b.expected for b in runner.read_blocks(python + "\n" + text)] == ["1\n"]
    assert [b.expected for b in runner.read_blocks(python + "\nWords.\n\n" + text)] == [None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python\nprint(2)\n```\n\n```text\n1\n```\n", "page.md:2: the page shows"),
        ("```console\n$ exit 3\n```\n", "page.md:2: exit code 3"),
        ("```console\n$ echo no\nyes\n```\n", "but this comes out"),
    ],
)
def test_runner_refuses_a_page_that_is_wrong(text: str, message: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(runner.PageError, match=message):
        runner.run_page(page, tmp_path)


@pytest.mark.parametrize(
    ("shown", "fits"), [("right in 46%", True), ("right in 45%", True), ("right in 42%", False)]
)
def test_runner_lets_numbers_round_otherwise(shown: str, fits: bool, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"```console\n$ echo right in 47%\n{shown}\n```\n")
    if fits:
        runner.run_page(page, tmp_path)
    else:
        with pytest.raises(runner.PageError):
            runner.run_page(page, tmp_path)


def test_runner_lets_dots_stand_for_anything(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo took 3.2 s\ntook ... s\n```\n")
    runner.run_page(page, tmp_path)
