"""How the site is built: ``make docs``.

Pages that live outside ``docs`` (README, CONTRIBUTING ...) and the command line reference are
written to ``docs/_generated`` first, from the files and from the real ``--help``.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from emovox.cli.app import root

HERE = Path(__file__).resolve().parent
GENERATED = HERE / "_generated"
REPOSITORY_PAGES = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}

project = "emovox"
author = copyright = "The emovox developers"
release = importlib.metadata.version("emovox")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "_generated/readme.md"]  # the start page includes the README
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["myst.header"]  # a page may begin with a quotation or a figure

html_theme = "furo"
html_title = "emovox"
html_static_path = ["_static"]
html_css_files = ["emovox.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0072b2",
        "color-brand-content": "#0072b2",
    },
    "dark_css_variables": {
        "color-brand-primary": "#56b4e9",
        "color-brand-content": "#56b4e9",
    },
}
pygments_style = "friendly"

# The reference is made without what only training needs.
autodoc_mock_imports = [
    "jinja2",
    "matplotlib",
    "onnx",
    "onnxscript",
    "pyarrow",
    "safetensors",
    "sklearn",
    "torch",
]
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more: shapes and units
autodoc_preserve_defaults = True
default_role = "py:obj"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
python_use_unqualified_type_names = True
add_module_names = False


def write_repository_pages() -> None:
    """Copy the pages outside ``docs``, their links turned to where they lie now."""
    for source, target in REPOSITORY_PAGES.items():
        path = HERE.parent / source
        folder = path.parent.relative_to(HERE.parent)
        # The start page includes the README, whose links count from there.
        here, up = ("_generated/", "") if source == "README.md" else ("", "../")

        def turn(
            match: re.Match[str], folder: Path = folder, here: str = here, up: str = up
        ) -> str:
            link = (folder / match[2]).as_posix()
            if link in REPOSITORY_PAGES:
                return f"{match[1]}({here}{REPOSITORY_PAGES[link]})"
            return f"{match[1]}({up}{link.removeprefix('docs/')})"

        text = path.read_text(encoding="utf-8")
        text = re.sub(r"(\])\((?!https?:|#|mailto:)([^)]+)\)", turn, text)
        write_page(GENERATED / target, text)


def walk_commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield the path and the help of a command and of all commands below it."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from walk_commands(below, click.Context(below, context, name))


def write_command_reference() -> None:
    """Write what ``--help`` says of every command."""
    # The width is that of a page; contexts below inherit it.
    settings = {**root.context_settings, "terminal_width": 92}
    context = click.Context(root, info_name="emovox", **settings)
    parts = [
        "# Command line\n\nWhat `emovox --help` and `emovox COMMAND --help` say. Exit codes are "
        "on the page about [errors](../errors.md).\n"
    ]
    for path, text in walk_commands(root, context):
        level = "##" if path.count(" ") < 2 else "###"
        parts.append(f"{level} {path}\n\n```text\n{text}\n```\n")
    write_page(GENERATED / "commands.md", "\n".join(parts))


def write_page(path: Path, text: str) -> None:
    """Write a page if it is another than before, so that nothing is built twice."""
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def call_parameters_so(*event: Any) -> None:
    """Show the attributes of a record as what they are too: the parameters that make it.

    Napoleon knows several names in front of one type among parameters only.
    """
    _, what, _, thing, _, lines = event
    if what == "class" and dataclasses.is_dataclass(thing) and "Parameters" not in lines:
        lines[:] = ["Parameters" if line == "Attributes" else line for line in lines]


def setup(app: Any) -> None:
    """Connect, before napoleon (500) reads the docstrings."""
    app.connect("autodoc-process-docstring", call_parameters_so, priority=400)


write_repository_pages()
write_command_reference()
