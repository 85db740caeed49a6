"""The section about other corpora: what carries over from which to which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emovox.study.findings.carrying import judge_crossing
from emovox.study.page.grids import Square, draw_matrix
from emovox.study.page.parts import Cell, Figure, Part, Prose, Section, Table
from emovox.study.questions import Crossing, list_crossings
from emovox.study.story import Story
from emovox.study.words import hundredths, join_words, say_bounds


def write_matrix(story: Story) -> Iterator[Section]:
    """Give the matrix of corpora."""
    parts: list[Part] = []
    told: dict[tuple[str, ...], None] = {}
    for name in story.plan.report.cross_corpus:
        cells = list_crossings(story, name)
        crossed = [one for one in cells if not one.within]
        if not crossed:
            continue
        told.update(dict.fromkeys(one.emotions for one in crossed))
        title = f"UAR from training corpora to test corpus: {story.get_title(name)}"
        columns = sorted({one.test for one in crossed})
        drawn = {(_find_row(one), one.test): _make_square(one) for one in cells}
        keys = dict.fromkeys(_find_row(one) for one in sorted(cells, key=_order_row))
        svg = draw_matrix([(k, k) for k in keys], columns, drawn, title=title)
        parts.append(
            Figure(
                f"figure-matrix-{name}", title, svg,
                f"{story.get_title(name)}. UAR in %; below it on how many emotions both sides "
                "share, and what guessing gives. The darker, the more of the way from guessing to "
                "knowing is left.",
            )
        )  # fmt: skip
        parts.append(_tabulate_crossings(story, name, crossed))
    if not parts:
        return
    shared = "; or ".join(join_words(emotions) for emotions in told)
    yield Section(
        "matrix",
        "From corpus to corpus",
        "Trained on each corpus alone, or on all but one, and tested on a corpus of which nothing "
        "was heard; the last row has other speakers of the test corpus in training. Only emotions "
        f"that both sides have are trained and tested: {shared}.",
        (Prose([finding.answer for finding in judge_crossing(story)]), *parts),
    )


_WITHIN = "all, other speakers"
_OTHERS = "all others"


def _find_row(one: Crossing) -> str:
    if one.within:
        return _WITHIN
    return one.train[0] if len(one.train) == 1 else _OTHERS


def _order_row(one: Crossing) -> tuple[int, tuple[str, ...]]:
    rank = 2 if one.within else 0 if len(one.train) == 1 else 1
    return rank, one.train if rank == 0 else ()


def _make_square(one: Crossing) -> Square:
    note = f"{' + '.join(one.train)} to {one.test}: {', '.join(one.emotions)}"
    return Square(one.uar, one.chance, len(one.emotions), note)


def _tabulate_crossings(story: Story, name: str, cells: Sequence[Crossing]) -> Table:
    return Table(
        ["trained on", "tested on", "UAR", "chance", "test rows", "speakers", "emotions"],
        [
            [
                Cell(" + ".join(one.train)),
                Cell(one.test),
                Cell(hundredths(one.uar), say_bounds(one.low, one.high)),
                Cell(hundredths(one.chance)),
                Cell(f"{one.n_rows:,}"),
                Cell(str(one.n_speakers)),
                Cell(str(len(one.emotions))),
            ]
            for one in sorted(cells, key=_order_row)
        ],
        f"{story.get_title(name)}: UAR in % with 95 % intervals by speaker.",
        n_words=2,
        fold=f"All figures with intervals: {story.get_title(name)}",
    )
