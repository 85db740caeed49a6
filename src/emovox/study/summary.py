"""The report of a study as Markdown: tables, figures, and what they say in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from emovox.protocols import get_protocol
from emovox.study.curves import CurveSummary, summarize_curves
from emovox.study.evaluate import ALL
from emovox.study.story import Row, Story
from emovox.study.words import format_table


def format_report(story: Story) -> str:
    """Return the whole report."""
    return "\n".join(_write_lines(story)).strip() + "\n"


def list_warnings(story: Story) -> list[str]:
    """Return what makes the figures doubtful, a sentence or two each."""
    warnings = []
    if story.plan.study.fast:
        warnings.append(
            "A fast trial, not a result: fewer clips, folds and epochs "
            "(fast is true in results.json)."
        )
    if story.n_finished < story.n_runs:
        warnings.append(
            f"{story.n_finished} of {story.n_runs} runs are finished; the rest is missing."
        )
    if "synthetic" in story.plan.study.corpora:
        warnings.append(
            "The recordings are synthetic voices, made by a program. "
            "The figures say that the pipeline works, and nothing about people."
        )
    return warnings


def _write_lines(story: Story) -> Iterator[str]:
    study = story.plan.study
    yield f"# {study.title or study.name}\n"
    for warning in list_warnings(story):
        yield f"> {warning}\n"
    if not story.rows:
        return
    yield from _write_main(story)
    yield from _write_corpora(story)
    yield from _write_curves(story)
    yield from _write_confusions(story)
    yield from _write_data(story)


def _write_main(story: Story) -> Iterator[str]:
    protocols = story.plan.protocols_used
    yield "## What each idea scores\n"
    yield (
        "UAR (mean over emotions of the share recognised) in % on test rows, all corpora pooled; "
        "in brackets the 95 % interval, speakers resampled. *Inflation* is what the faulty "
        "protocol adds. *Clean rows* are the test rows of the faulty protocol that are recordings "
        "as published, without the altered copies.\n"
    )
    faulty, honest = story.faulty, story.honest
    seeds = story.plan.study.seeds
    header = ["idea", *(["seed"] if len(seeds) > 1 else []), *protocols]
    both = faulty is not None and honest is not None
    table = []
    for experiment in story.plan.experiments:
        for seed in seeds:
            rows = {
                row["protocol"]: row
                for row in story.find_pooled(experiment=experiment.name, corpus=ALL, seed=seed)
            }
            cells = [story.get_title(experiment.name), *([str(seed)] if len(seeds) > 1 else [])]
            cells += [_format_uar(rows.get(protocol)) for protocol in protocols]
            if both:
                cells += _compare(rows.get(str(faulty)), rows.get(str(honest)))
            table.append(cells)
    yield format_table(header + (["inflation", f"{faulty}, clean rows"] if both else []), table)
    yield "![UAR by experiment and protocol](figures/comparison.svg)\n"


def _compare(faulty: Row | None, honest: Row | None) -> list[str]:
    if faulty is None or honest is None:
        return ["", ""]
    clean = faulty["uar_clean"]
    return [f"{100 * (faulty['uar'] - honest['uar']):+.1f}", f"{100 * clean:.1f}" if clean else ""]


def _write_corpora(story: Story) -> Iterator[str]:
    yield "## Corpus by corpus\n"
    yield "Trained on all corpora together; test rows of each corpus alone. All figures in %.\n"
    header = ["idea", "protocol", "corpus", "test rows", "speakers", "accuracy", "UAR", "train UAR"]
    table = [
        [
            story.get_title(row["experiment"]),
            row["protocol"],
            row["corpus"],
            f"{row['n_test']:,}",
            str(row["n_speakers"]),
            f"{100 * row['accuracy']:.1f}",
            _format_uar(row),
            "" if row["train_uar"] is None else f"{100 * row['train_uar']:.1f}",
        ]
        for row in story.find_pooled(seed=story.plan.study.seeds[0])
    ]
    yield format_table(header, table)


def _write_curves(story: Story) -> Iterator[str]:
    if not story.shown_curves:
        return
    yield "## Learning curves\n"
    yield (
        "*As seen*: measured while training, dropout active and weights changing. *Dropout off*: "
        "the same training rows after the epoch. *Watched*: dev speakers, or the test rows under "
        "a faulty protocol. UAR in %, at the epoch that is tested: the best on dev speakers, or "
        "the last where there are none; mean over folds. "
        "The last two columns count the epochs in which watched rows score above training rows: "
        "where only the first does, the gap is dropout's doing and no sign of skill.\n"
    )
    header = ["idea", "protocol", "epochs", "as seen", "dropout off", "watched",
              "watched > as seen", "watched > dropout off"]  # fmt: skip
    table = [
        [
            story.get_title(name),
            protocol,
            *_format_summary(
                summarize_curves(histories, selected=story.is_selected(name, protocol))
            ),
        ]
        for name, curves in story.shown_curves.items()
        for protocol, histories in curves.items()
    ]
    yield format_table(header, table)
    for name in story.shown_curves:
        yield f"![Learning curves of {story.get_title(name)}](figures/learning-{name}.svg)\n"


def _format_summary(summary: CurveSummary) -> list[str]:
    means = (summary.seen, summary.off, summary.watched)
    return [
        f"{summary.n_epochs / max(1, summary.n_runs):.0f}",
        *("" if mean is None else f"{100 * mean:.1f}" for mean in means),
        f"{summary.n_above_seen} of {summary.n_epochs}",
        f"{summary.n_above_off} of {summary.n_epochs}",
    ]


def _write_confusions(story: Story) -> Iterator[str]:
    yield "## What is taken for what\n"
    for name in story.core:
        title = story.get_title(name)
        yield f"![Confusion matrices of {title}](figures/confusion-{name}.svg)\n"


def _write_data(story: Story) -> Iterator[str]:
    yield "## Recordings and methods\n"
    speakers = {(clip.corpus, clip.speaker_id) for clip in story.clips}
    by_corpus = Counter(corpus for corpus, _ in speakers)
    table = []
    for corpus, n_clips in Counter(clip.corpus for clip in story.clips).items():
        emotions = {clip.emotion for clip in story.clips if clip.corpus == corpus}
        table.append([corpus, f"{n_clips:,}", str(by_corpus[corpus]), str(len(emotions))])
    yield format_table(["corpus", "clips", "speakers", "emotions"], table)
    for name in story.plan.protocols_used:
        protocol = get_protocol(name)
        yield f"- `{name}`: {protocol.description} ({protocol.source})"
    yield (
        "\nEvery figure is computed from stored predictions (`runs/*/predictions.parquet`) and "
        "`manifest.csv`. Features are standardized with the mean and deviation of training rows. "
        "Files left out, and why: `left_out.csv`. Settings: `study.toml`, and `config.toml`, "
        "`environment.json` of each run.\n"
    )


def _format_uar(row: Row | None) -> str:
    if row is None:
        return ""
    value = f"{100 * row['uar']:.1f}"
    if row["uar_low"] is None:
        return value
    return f"{value} [{100 * row['uar_low']:.1f}, {100 * row['uar_high']:.1f}]"
