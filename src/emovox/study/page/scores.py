"""The sections about scores: answers, the main table, the leak, differences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from emovox.metrics import Interval
from emovox.protocols import get_protocol
from emovox.study.comparison import can_decide
from emovox.study.evaluate import ALL
from emovox.study.findings.answers import find_answers
from emovox.study.page.dots import Dot, draw_leak, draw_pairs, draw_scores
from emovox.study.page.parts import Answers, Cell, Figure, Grid, Section, Table
from emovox.study.standings import Standing
from emovox.study.story import Row, Story
from emovox.study.words import hundredths, say_bounds, say_p

_FEW = 10
"""With fewer speakers percentile intervals are too narrow; see ``emovox.metrics.speakers``."""

_MANY = 12
"""So many comparisons are drawn, and their figures folded away."""

_NAMES = {"uar": "UAR", "accuracy": "accuracy", "macro_f1": "macro F1"}


def write_answers(story: Story) -> Iterator[Section]:
    """Give what a reader wants to know first."""
    findings = find_answers(story)
    if findings:
        yield Section(
            "answers",
            "In short",
            "What the figures of this study say, put into words by the program that computed them. "
            "Each answer leads to its evidence.",
            (Answers(findings),),
        )


def write_scores(story: Story) -> Iterator[Section]:
    """Give the main table, and all scores drawn."""
    if not list_protocols_shown(story):
        return
    yield Section(
        "scores",
        "What each idea scores",
        "UAR is the mean over emotions of the share recognised, so that frequent emotions do not "
        "count more; all figures are in %. Brackets hold 95 % intervals by drawing speakers, not "
        "recordings: what would change if other people had been recorded.",
        (_tabulate_scores(story), _draw_all(story)),
    )


def list_protocols_shown(story: Story) -> list[str]:
    """Return the protocols of the general sections: all, or of more than two the main ones."""
    tested = {key[1] for key in story.standings if key[0] in story.core}
    protocols = [name for name in story.plan.protocols_used if name in tested]
    if len(protocols) <= 2 or not story.plan.report.ladder:
        return protocols
    return [name for name in protocols if name in (story.faulty, story.honest)]


def _list_general(story: Story) -> list[Standing]:
    return [
        one
        for name in list_protocols_shown(story)
        for one in story.list_standings(story.core, name)
    ]


def _tabulate_scores(story: Story) -> Table:
    protocols = list_protocols_shown(story)
    header = ["idea"]
    for protocol in protocols:
        several = f"{protocol}: " if len(protocols) > 1 else ""
        header += [f"{several}{name}" for name in _NAMES.values()]
    best = story.best.experiment if story.best else ""
    rows = []
    for name in story.core:
        cells = [Cell(story.get_title(name), strong=name == best)]
        for protocol in protocols:
            standing = story.standings.get((name, protocol))
            if standing is None:
                cells += [Cell("")] * len(_NAMES)
                continue
            strong = name == best and not standing.leaky
            cells += [_write_score(standing.scores[metric], strong) for metric in _NAMES]
        rows.append(cells)
    leaky = [p for p in protocols if get_protocol(p).leaky]
    note = f"Best on unheard voices in bold. Chance: {100 * story.chance:.1f} % UAR."
    if leaky:
        note += f" {', '.join(leaky)}: faulty on purpose, test speakers are in training as well."
    standings = _list_general(story)
    fewest = min(one.n_speakers for one in standings)
    if fewest < _FEW:
        note += f" Intervals from {fewest} speakers are too narrow."
    seeds = {one.n_seeds for one in standings}
    if max(seeds) > 1:
        note += f" {max(seeds)} seeds together; {_say_spread(story)}."
    return Table(header, rows, note)


def _say_spread(story: Story) -> str:
    spreads = [one.spread for one in story.standings.values() if one.spread is not None]
    return f"between seeds UAR varies by {100 * max(spreads, default=0):.1f} points at most (s. d.)"


def _write_score(interval: Interval, strong: bool) -> Cell:
    return Cell(hundredths(interval.value), say_bounds(interval.low, interval.high), strong=strong)


def _draw_all(story: Story) -> Figure:
    rows = [
        (
            story.get_title(name),
            [make_dot(one) for one in _list_general(story) if one.experiment == name],
        )
        for name in story.core
    ]
    top = max(d.high if d.high is not None else d.value for _, dots in rows for d in dots)
    title = "UAR of each idea under each protocol, with 95 % intervals by speaker"
    return Figure(
        "figure-scores",
        title,
        draw_scores(rows, story.chance, title=title, top=top),
        "UAR in % on test rows, with 95 % intervals over speakers; all corpora pooled.",
        list_marks(story),
    )


def make_dot(standing: Standing) -> Dot:
    """Return how a standing is drawn."""
    interval = standing.scores["uar"]
    known = not math.isnan(interval.low)
    return Dot(
        interval.value,
        interval.low if known else None,
        interval.high if known else None,
        standing.leaky,
        standing.protocol,
    )


def list_marks(story: Story) -> list[tuple[str, str]]:
    """Return the legend of marks by protocol."""
    marks = []
    for protocol in list_protocols_shown(story):
        leaky = get_protocol(protocol).leaky
        note = "faulty: test speakers also train" if leaky else "voices never heard"
        marks.append(("diamond f-vermilion" if leaky else "circle f-blue", f"{protocol} ({note})"))
    return marks


def write_leak(story: Story) -> Iterator[Section]:
    """Give what the faulty protocol adds, idea by idea and corpus by corpus."""
    faulty, honest = story.faulty, story.honest
    both = [
        (e.name, story.standings[e.name, str(honest)], story.standings[e.name, str(faulty)])
        for e in story.plan.experiments
        if {(e.name, faulty), (e.name, honest)} <= set(story.standings)
        and e.name not in story.plan.report.ladder
    ]
    if not both:
        return
    title = f"UAR from the {honest} to the {faulty} protocol"
    drawn = [(story.get_title(name), a.uar, b.uar) for name, a, b in both]
    table = Table(
        ["idea", "unheard voices", "claimed", "added", "claimed, published clips"],
        [
            [
                Cell(story.get_title(name)),
                Cell(hundredths(a.uar)),
                Cell(hundredths(b.uar)),
                Cell(hundredths(b.uar - a.uar, sign=True), strong=True),
                Cell(hundredths(b.uar_clean)),
            ]
            for name, a, b in both
        ],
        "UAR in %. Published clips: the test rows that are recordings as published, without the "
        "altered copies; blank where there are no others.",
    )
    yield Section(
        "leak",
        "What the leak costs",
        f"The {faulty} protocol shuffles all rows, so that a voice, and altered copies of the very "
        f"recording, are in training and test alike. What it adds to the {honest} protocol is "
        "memory of voices and recordings, and nothing that a new speaker will get.",
        (
            Figure(
                "figure-leak", title, draw_leak(drawn, title=title),
                "How far the faulty protocol lifts the same idea, in points of UAR.",
                list_marks(story),
            ),
            table,
        ),
    )  # fmt: skip


def write_pairs(story: Story) -> Iterator[Section]:
    """Give all differences between ideas on the same clips."""
    if not story.pairs:
        return
    pairs = story.pairs
    title = "Differences of UAR between ideas, with 95 % intervals"
    table = Table(
        ["idea", "against", "difference", "p", "p, corrected"],
        [
            [
                Cell(story.get_title(pair.a)),
                Cell(story.get_title(pair.b)),
                Cell(
                    hundredths(pair.difference, sign=True),
                    say_bounds(pair.low, pair.high, sign=True),
                    strong=pair.is_believed,
                ),
                Cell(_say_value(pair.p_value)),
                Cell(
                    _say_value(pair.p_corrected),
                    strong=pair.is_believed,
                ),
            ]
            for pair in pairs
        ],
        f"Points of UAR under the {story.honest} protocol; {pairs[0].n_rows:,} rows of "
        f"{pairs[0].n_speakers} speakers. Bold: corrected p below 0.05.",
        n_words=2,
        fold=f"All {len(pairs)} comparisons in figures" if len(pairs) > _MANY else "",
    )
    meaning = (
        "Two ideas are compared on the very same clips, so that easy and hard voices cancel out. "
        "The p-value says how often a difference this large arises when the two are exchanged at "
        f"random, speaker by speaker; it is corrected (Holm) over the {len(pairs)} comparisons."
    )
    if not can_decide(pairs):
        meaning += (
            f" With {pairs[0].n_speakers} speakers no difference here can pass after correction, "
            "however large."
        )
    yield Section(
        "pairs",
        "Differences that can be believed",
        meaning,
        (
            Figure(
                "figure-pairs", title, draw_pairs(pairs, story.get_title, title=title),
                "Differences in points of UAR, with 95 % intervals over speakers.",
                (("circle f-blue", "beyond chance"), ("circle hollow", "may be chance")),
            ),
            table,
        ),
    )  # fmt: skip


def _say_value(p_value: float) -> str:
    return say_p(p_value).removeprefix("p ").removeprefix("= ")


def write_corpora(story: Story) -> Iterator[Section]:
    """Give every corpus by itself; nothing where there is only one."""
    corpora = list(dict.fromkeys(clip.corpus for clip in story.clips))
    if len(corpora) < 2:
        return
    shown = list_protocols_shown(story)
    rows = [
        row
        for row in story.find_pooled(seed=story.plan.study.seeds[0])
        if row["experiment"] in story.core and row["protocol"] in shown
    ]
    figures = []
    for corpus in corpora:
        own = [row for row in rows if row["corpus"] == corpus]
        if own:
            figures.append(_draw_corpus(story, corpus, own))
    yield Section(
        "corpora",
        "Corpus by corpus",
        "Training is on all corpora together; here the test rows of each are scored alone. A "
        "corpus with few speakers is where a leaky protocol flatters most, and where an interval "
        "says least.",
        (Grid(figures, legend=list_marks(story)), _tabulate_corpora(story, rows)),
    )


def _draw_corpus(story: Story, corpus: str, rows: Sequence[Row]) -> Figure:
    drawn = [
        (
            story.get_title(name),
            [
                Dot(row["uar"], row["uar_low"], row["uar_high"], row["leaky"], row["protocol"])
                for row in rows
                if row["experiment"] == name
            ],
        )
        for name in story.core
    ]
    emotions = {clip.emotion for clip in story.clips if clip.corpus == corpus}
    title = f"{corpus}: {max(row['n_speakers'] for row in rows)} speakers"
    svg = draw_scores(drawn, 1 / len(emotions), title=title)
    return Figure(f"figure-corpus-{corpus}", title, svg, title)


def _tabulate_corpora(story: Story, rows: Sequence[Row]) -> Table:
    header = ["idea", "protocol", "corpus", "test rows", "speakers", "accuracy", "UAR", "train UAR"]
    return Table(
        header,
        [
            [
                Cell(story.get_title(row["experiment"])),
                Cell(row["protocol"]),
                Cell(row["corpus"]),
                Cell(f"{row['n_test']:,}"),
                Cell(str(row["n_speakers"])),
                Cell(hundredths(row["accuracy"])),
                Cell(hundredths(row["uar"]), say_bounds(row["uar_low"], row["uar_high"])),
                Cell(hundredths(row["train_uar"])),
            ]
            for row in rows
            if row["corpus"] != ALL
        ],
        "Figures in %; of the first seed.",
        n_words=3,
        fold="All figures of all corpora",
    )
