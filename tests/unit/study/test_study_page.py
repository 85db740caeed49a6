"""The page, opened as a browser would: what it loads, where its anchors lead, what it says."""

from __future__ import annotations

import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from emovox.errors import MissingExtraError
from emovox.study import read_study, report_study
from emovox.study.page import Cell, Prose, Section, Table, format_page
from emovox.study.page.sources import make_address
from emovox.study.story import Story

LOADING = {"src", "srcset", "poster", "data", "background", "xlink:href"}
EVIL = "<script>alert('1 & 2')</script>"


class Page(HTMLParser):
    """Collects what matters of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.figures: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if tag not in ("meta", "link", "br", "hr", "img"):
            self._open.append(tag)
        if tag == "figure":
            self.figures.append(str(values["id"]))
        if "id" in values:
            self.ids.append(str(values["id"]))
        if tag == "a":
            self.links.append(str(values["href"]))
        self.loaded += [str(value) for name, value in attrs if name in LOADING]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "script"):
            self.text += data

    @property
    def is_closed(self) -> bool:
        return not self._open


@pytest.fixture(scope="session")
def text(tiny_root: Path) -> str:
    return (tiny_root / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def page(text: str) -> Page:
    return Page(text)


def test_nothing_is_loaded_but_recordings_that_are_there(page, text, tiny_root):
    assert not {"link", "script", "iframe", "img", "object", "embed", "base"} & set(page.tags)
    assert "@import" not in text
    assert "url(" not in text
    assert page.loaded
    for address in page.loaded:
        assert not re.match(r"[a-z]+:", address)
        assert (tiny_root / unquote(address)).is_file()


def test_every_element_is_closed(page):
    assert page.is_closed


def test_every_anchor_leads_somewhere_and_no_id_is_twice(page):
    anchors = [link[1:] for link in page.links if link.startswith("#")]
    assert {"answers", "scores", "leak", "pairs", "overfitting", "curves", "emotions", "listen",
            "data", "methods", "versions"} <= set(anchors)  # fmt: skip
    assert set(anchors) <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_every_figure_is_there(page):
    wanted = {"figure-scores", "figure-leak", "figure-pairs", "figure-gaps"}
    for protocol in ("notebook", "speaker"):
        wanted |= {f"figure-curves-network-{protocol}", f"figure-loss-network-{protocol}"}
        wanted |= {f"figure-confusion-{name}-{protocol}" for name in ("network", "linear")}
    assert set(page.figures) == wanted
    # Each figure has a drawing, beside the marks of its legend.
    assert page.tags.count("figure") == len(wanted)


def test_the_page_says_what_makes_it_doubtful_and_what_it_was_made_with(page):
    assert "A tiny study" in page.text
    assert "synthetic voices, made by a program" in page.text
    assert "numpy" in page.text
    assert "chance" in page.text
    assert "S. Burnwal" in page.text


@pytest.fixture
def copy(tiny_root: Path, tmp_path: Path) -> Path:
    root = tmp_path / "copy"
    shutil.copytree(tiny_root, root, ignore=shutil.ignore_patterns("store", "figures"))
    return root


def test_text_is_escaped_wherever_it_comes_from(copy):
    path = copy / "study.toml"
    study = path.read_text().replace('"A tiny study"', f'"{EVIL}"')
    path.write_text(study.replace('"A network"', f'"{EVIL}"'))
    report_study(copy)
    text = (copy / "report.html").read_text()
    evil = Page(text)
    assert "script" not in evil.tags
    assert "<script" not in text
    assert evil.text.count(EVIL) > 5
    tables = (copy / "tables" / "scores.tex").read_text()
    assert r"1 \& 2" in tables


def test_without_links_no_recording_is_named(copy):
    report_study(copy, links=False)
    page = Page((copy / "report.html").read_text())
    assert page.loaded == []
    assert ".wav" not in page.text
    assert "listen" not in page.ids
    assert str(copy) not in page.text


def test_recordings_that_went_away_are_left_out(copy):
    shutil.rmtree(copy / "data")
    report_study(copy)
    assert Page((copy / "report.html").read_text()).loaded == []


def test_the_same_figures_give_the_same_page(copy, text):
    report_study(copy)
    assert (copy / "report.html").read_text() == text


def make_story(study: Path, **changes) -> Story:
    values = {"plan": read_study(study), "clips": [], "rows": [], "curves": {}, "n_runs": 3,
              "n_finished": 0, **changes}  # fmt: skip
    return Story(**values)


def test_a_study_without_any_result_has_a_page(tiny_study, tmp_path):
    page = Page(format_page(make_story(tiny_study), tmp_path))
    assert "0 of 3 runs are finished" in page.text
    assert page.figures == []
    assert "scores" not in page.ids


def test_other_rooms_can_add_a_section(tiny_study, tmp_path):
    table = Table(["a", "b"], [[Cell("<b>"), Cell("1", "[0, 2]", strong=True)]], "of all")
    section = Section("audit", "Leaks", "What is shared.", (Prose(["Nothing & no one."]), table))
    page = Page(format_page(make_story(tiny_study), tmp_path, further=[section]))
    assert "#audit" in page.links
    assert "audit" in page.ids
    for text in ("Nothing & no one.", "<b>", "[0, 2]", "of all"):
        assert text in page.text


def test_addresses_are_relative_inside_the_folder_and_quoted(tmp_path):
    assert make_address(tmp_path / "a b" / "c#1.wav", tmp_path) == "a%20b/c%231.wav"
    other = make_address(tmp_path / "x.wav", tmp_path / "study")
    assert other == (tmp_path / "x.wav").resolve().as_uri()


def test_says_how_to_install_jinja(monkeypatch):
    for name in [n for n in sys.modules if n.startswith(("emovox.study.page", "jinja2"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'emovox[train]'")):
        import emovox.study.page  # noqa: F401
