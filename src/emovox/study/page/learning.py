"""The sections about learning: gaps, curves, emotions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from emovox.emotions import EMOTIONS
from emovox.protocols import get_protocol
from emovox.study.curves import Curves, summarize_curves
from emovox.study.findings.overfitting import (
    explain_dev_above_train,
    judge_overfitting,
    list_gaps,
)
from emovox.study.page.dots import draw_gaps
from emovox.study.page.lines import draw_confusion, draw_curves, find_loss_top
from emovox.study.page.parts import Cell, Figure, Grid, Part, Prose, Section, Table
from emovox.study.page.scores import list_protocols_shown
from emovox.study.story import Story
from emovox.study.words import hundredths

_CURVE_LEGEND = (
    ("line s-orange dashed", "training rows, as seen in training"),
    ("line s-vermilion", "training rows, dropout off"),
    ("line s-blue", "watched rows, never trained on"),
)


def write_overfitting(story: Story) -> Iterator[Section]:
    """Give the gap between training rows and unheard voices, and what it means."""
    gaps = list_gaps(story)
    if not gaps:
        return
    title = "UAR on training rows, dev speakers and test speakers"
    legend = [("square f-vermilion", "training rows"), ("circle f-blue", "test speakers")]
    if any(gap.dev is not None for gap in gaps):
        legend.insert(1, ("diamond f-orange", "dev speakers, at the epoch that is tested"))
    paragraphs = [finding.answer for finding in judge_overfitting(story)]
    table = Table(
        ["idea", "training rows", "dev", "test", "gap"],
        [
            [
                Cell(story.get_title(gap.experiment)),
                Cell(hundredths(gap.train)),
                Cell(hundredths(gap.dev)),
                Cell(hundredths(gap.test)),
                Cell(hundredths(gap.size), strong=True),
            ]
            for gap in gaps
        ],
        f"UAR in % under the {story.honest} protocol, by the finished model, dropout off. Dev, "
        "where the epoch was chosen on it, is a little flattered.",
    )
    yield Section(
        "overfitting",
        "Is it overfitting?",
        "A model overfits when it recognises its training rows much better than new voices: it has "
        "learnt whose voice it is, not only how the voice feels. The gap is read between training "
        "rows and test speakers; a remedy helps if test rises, not if the gap shrinks alone.",
        (
            Prose(paragraphs),
            Figure("figure-gaps", title, draw_gaps(gaps, story.get_title, title=title),
                   "UAR in %; the bar is the gap.", legend),
            table,
        ),
    )  # fmt: skip


def write_curves(story: Story) -> Iterator[Section]:
    """Give the learning curves of all networks."""
    shown = story.shown_curves
    if not shown:
        return
    parts: list[Part] = [Prose([finding.answer for finding in explain_dev_above_train(story)])]
    tops = find_loss_top([h for curves in shown.values() for h in curves.values()])
    figures, losses = [], []
    for name, curves in shown.items():
        for protocol, histories in curves.items():
            folds = f"mean of {len(histories)} runs" if len(histories) > 1 else "one run"
            watched = "test rows" if get_protocol(protocol).leaky else "dev speakers"
            label = f"{story.get_title(name)}, {protocol} ({folds}; watched: {watched})"
            figures.append(
                Figure(
                    f"figure-curves-{name}-{protocol}", f"Learning curves of {label}",
                    draw_curves(histories, "uar", top=1.0, title=label), label,
                )
            )  # fmt: skip
            losses.append(
                Figure(
                    f"figure-loss-{name}-{protocol}", f"Loss of {label}",
                    draw_curves(histories, "loss", top=tops, title=label), label,
                )
            )  # fmt: skip
    parts.append(Grid(figures, "UAR (%) by epoch", legend=_CURVE_LEGEND))
    parts.append(Grid(losses, "Cross-entropy (nats) by epoch", fold="The same for the loss",
                      legend=_CURVE_LEGEND))  # fmt: skip
    parts.append(_tabulate_curves(story, shown))
    yield Section(
        "curves",
        "Learning curves",
        "How training went, epoch by epoch; faint lines are single runs. Where the blue line stops "
        "rising while the vermilion one goes on, the network begins to learn voices by heart.",
        parts,
    )


def _tabulate_curves(story: Story, shown: Mapping[str, Curves]) -> Table:
    rows = []
    for name, curves in shown.items():
        for protocol, histories in curves.items():
            selected = story.is_selected(name, protocol)
            found = summarize_curves(histories, selected=selected)
            rows.append(
                [
                    Cell(story.get_title(name)),
                    Cell(protocol),
                    *(Cell(hundredths(value)) for value in (found.seen, found.off)),
                    *(Cell(hundredths(value)) for value in (found.watched, found.gap)),
                    Cell(f"{found.n_above_seen} of {found.n_epochs}"),
                    Cell(f"{found.n_above_off} of {found.n_epochs}"),
                ]
            )  # fmt: skip
    header = ["idea", "protocol", "as seen", "dropout off", "watched", "gap",
              "watched leads as seen", "watched leads dropout off"]  # fmt: skip
    return Table(
        header,
        rows,
        "UAR in % at the epoch that is tested, mean over runs; gap: dropout off minus watched. The "
        "last two columns count epochs.",
        n_words=2,
    )


def write_emotions(story: Story) -> Iterator[Section]:
    """Give recall by emotion, and what is taken for what."""
    protocol = story.honest or story.faulty
    own = story.list_standings(story.core, protocol)
    if not own or story.best is None:
        return
    shown = [i for i in range(len(EMOTIONS)) if any(one.recalls[i] is not None for one in own)]
    rows = []
    for standing in own:
        cells = [Cell(story.get_title(standing.experiment))]
        for i in shown:
            recall = standing.recalls[i]
            cells.append(Cell(hundredths(recall, digits=0), heat=recall))
        rows.append(cells)
    protocols = list_protocols_shown(story)
    keys = [key for key in story.standings if key[0] in story.core and key[1] in protocols]
    best = [_draw_matrix(story, key) for key in keys if key[0] == story.best.experiment]
    others = [_draw_matrix(story, key) for key in keys if key[0] != story.best.experiment]
    parts: list[Part] = [
        Table(
            ["idea", *(EMOTIONS[i] for i in shown)],
            rows,
            f"Recall in % under the {protocol} protocol: of all clips of an emotion, the share "
            "that is recognised.",
        ),
        Grid(best, f"What is taken for what: {story.get_title(story.best.experiment)}"),
    ]
    if others:
        parts.append(Grid(others, fold="The other ideas"))
    yield Section(
        "emotions",
        "Emotion by emotion",
        "The share of each emotion that is recognised, and what it is taken for otherwise. In a "
        "confusion matrix rows are the truth, columns what was recognised, figures % of the row.",
        parts,
    )


def _draw_matrix(story: Story, key: tuple[str, str]) -> Figure:
    standing = story.standings[key]
    title = f"{story.get_title(key[0])}, {key[1]}"
    svg = draw_confusion(standing.confusion, title=f"Confusion matrix of {title}")
    caption = f"{title}: {standing.n_rows:,} rows"
    return Figure(f"figure-confusion-{key[0]}-{key[1]}", title, svg, caption)
