"""The pages of the recognizer's trials, in Markdown, from rows of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from emovox.emotions import EMOTIONS
from emovox.study.trials.scores import ProtocolScore, format_scores
from emovox.study.words import format_table, hundredths, say_bounds

Row = Mapping[str, Any]

_CHOICE = {
    False: "Any of the eight emotions may be said.",
    True: "Emotions that a corpus lacks are left out: the predictions that were kept do not hold "
    "them.",
}

_LIMIT = 0.05
"""The calibration error that is aimed at."""


def format_scores_page(scores: Sequence[ProtocolScore], free: Sequence[ProtocolScore]) -> str:
    """Return the UAR of each protocol among its corpus's emotions, and among all where given."""
    lines = [
        "# UAR by protocol",
        "",
        "In %, mean over folds, and the 95 % interval of the pooled clips by speaker.",
        "",
        format_scores(scores),
    ]
    if free and format_scores(free) == format_scores(scores):
        lines.append("Where any of the eight emotions may be said, the figures are the same.\n")
    elif free:
        lines += ["The same where any of the eight emotions may be said:", "", format_scores(free)]
    return "\n".join(lines)


def format_calibration(content: Row, error_rate: float) -> str:
    """Return what confidences are worth, and what refusing brings.

    Parameters
    ----------
    content : mapping
        ``restricted``, ``calibration``, ``calibration_tried``, ``calibration_elsewhere``,
        ``refusal`` and ``calibration_of_all``, as ``scores.json`` has them.
    error_rate : float
        That the threshold was chosen for.
    """
    rows = content["calibration"]
    voices, corpora = (
        list(dict.fromkeys(row[name] for row in rows)) for name in ("voice", "corpus")
    )
    found = {(row["voice"], row["corpus"]): row for row in rows}
    over = [row for row in rows if row["ece"] >= _LIMIT]
    lines = [
        "# Calibration",
        "",
        f"{_CHOICE[content['restricted']]} Temperatures and thresholds are fitted on other "
        "speakers than those they are applied to; no clip is calibrated by its corpus, which a "
        "user's recording has none of.",
        "",
        "![Share of right decisions over the stated confidence, unknown voices](reliability.svg)",
        "",
        "Expected calibration error (15 bins) with its 95 % interval by speaker, and in brackets "
        "how much more sure than right the network is on average, in points:",
        "",
        format_table(
            ["voice", *corpora],
            [[voice, *(_say_ece(found.get((voice, c))) for c in corpora)] for voice in voices],
        ),
        f"{len(rows) - len(over)} of {len(rows)} are below {_LIMIT}. The interval lies higher than "
        "the value: speakers drawn again differ by chance in every bin, and the error counts it.",
        "",
        "## What was tried",
        "",
        "Mean over corpora, the largest, and how many corpora are below 0.05:",
        "",
        format_table(
            ["calibration", "voice", "mean", "largest", "below"],
            [_say_way(row) for row in content["calibration_tried"]],
        ),
        *_say_fit(content["calibration_of_all"]),
    ]
    if content["calibration_elsewhere"]:
        lines += [
            "## Where more than the voice is unheard",
            "",
            "The same temperatures on protocols that hold out more:",
            "",
            format_table(
                ["protocol", "voice", "corpus", "calibration error"],
                [
                    [row["protocol"], row["voice"], row["corpus"], _say_ece(row)]
                    for row in content["calibration_elsewhere"]
                ],
            ),
        ]
    return "\n".join([*lines, *_say_refusal(content["refusal"], error_rate)])


def _say_ece(row: Row | None) -> str:
    if row is None:
        return ""
    bounds = (
        f" [{row['ece_low']:.3f}, {row['ece_high']:.3f}]"
        if row["ece_low"] == row["ece_low"]
        else ""
    )
    return f"{row['ece']:.3f}{bounds} ({hundredths(row['surplus'], sign=True)})"


def _say_way(row: Row) -> list[str]:
    errors = list(row["ece"].values())
    below = sum(error < _LIMIT for error in errors)
    return [
        row["way"],
        row["voice"],
        f"{np.mean(errors):.3f}",
        f"{max(errors):.3f}",
        f"{below} of {len(errors)}",
    ]


def _say_fit(fit: Row) -> list[str]:
    known = fit["known_temperature"]
    return [
        f"Fitted on all speakers at once: temperature "
        f"{fit['temperature']:.3f} for an unknown voice"
        + (f", {known:.3f} for one that is fully known" if known is not None else "")
        + f"; threshold {fit['threshold']:.3f}, which accepts {fit['coverage']:.0%}.",
        "",
    ]


def _say_refusal(rows: Sequence[Row], error_rate: float) -> list[str]:
    return [
        "## Refusing",
        "",
        "![Wrong decisions over the share of clips decided, by corpus](risk-coverage.svg)",
        "",
        f"The threshold is chosen so that {error_rate:.0%} of the accepted decisions on unknown "
        "voices are wrong, corpora weighing alike; here on speakers that it was not chosen on. "
        "In %, with the 95 % interval by speaker:",
        "",
        format_table(
            ["voice", "corpus", "decided", "wrong among them", "wrong if all are decided"],
            [
                [
                    row["voice"],
                    row["corpus"],
                    hundredths(row["coverage"]),
                    f"{hundredths(row['risk'])} {say_bounds(row['risk_low'], row['risk_high'])}",
                    hundredths(row["risk_of_all"]),
                ]
                for row in rows
            ],
        ),
    ]


def format_people(rows: Sequence[Row]) -> str:
    """Return for whom it works: a row a group of people, a column a knowledge of the voice."""
    voices = list(dict.fromkeys(row["voice"] for row in rows))
    found = {(row["corpus"], row["grouping"], row["group"], row["voice"]): row for row in rows}
    cells = []
    for corpus, grouping, group in dict.fromkeys(key[:3] for key in found):
        own = [found.get((corpus, grouping, group, voice)) for voice in voices]
        first = next(row for row in own if row)
        cells.append(
            [
                corpus,
                grouping,
                group,
                str(first["n_speakers"]),
                *(_say_uar(row) for row in own),
                hundredths(first["coverage"], digits=0),
                hundredths(
                    None if first["accuracy_accepted"] is None else 1 - first["accuracy_accepted"],
                    digits=0,
                ),
            ]
        )
    header = ["corpus", "by", "group", "speakers", *(f"UAR, {voice}" for voice in voices)]
    header += ["decided", "wrong among them"]
    lines = [
        "# For whom it works",
        "",
        "UAR in % among the emotions of the corpus, all predictions of the published protocols "
        "pooled, with the 95 % interval by speaker; then what the threshold accepts of unknown "
        "voices and how much of that is wrong, in %. Age and race as far as the manifest has them; "
        "one speaker stands for no group.",
        "",
        format_table(header, cells),
    ]
    return "\n".join(lines)


def _say_uar(row: Row | None) -> str:
    if row is None:
        return ""
    return f"{hundredths(row['uar'])} {say_bounds(row['uar_low'], row['uar_high'])}".strip()


def format_shortcuts(bias: Sequence[Row], sentences: Sequence[Row]) -> str:
    """Return what a corpus is taken for, and what words betray."""
    cells = [
        [
            row["corpus"],
            *(
                f"{hundredths(row['said'][e])} / {hundredths(row['there'][e])}"
                if row["there"][e]
                else f"{hundredths(row['said'][e])} / none"
                for e in EMOTIONS
            ),
            "left out" if row["lacking"] is None else hundredths(row["lacking"]),
        ]
        for row in bias
    ]
    lines = [
        "# Shortcuts",
        "",
        "## What a corpus is taken for",
        "",
        "How often each emotion is said, and how often it is there, in % of the clips of unknown "
        "voices where any of the eight may be said; last, how often one is said that the corpus "
        'lacks ("left out": the predictions that were kept do not hold it).',
        "",
        format_table(["corpus", *EMOTIONS, "lacking"], cells),
    ]
    if sentences:
        lines += [
            "## Sentences",
            "",
            "UAR in % by sentence, unknown voices, over the emotions that it is said with, among "
            "those of the corpus. A sentence with fewer emotions is easier or harder for that "
            "alone.",
            "",
            format_table(
                ["corpus", "sentence", "clips", "emotions", "speakers", "UAR"],
                [
                    [
                        row["corpus"],
                        row["sentence"],
                        str(row["n_clips"]),
                        str(row["n_emotions"]),
                        str(row["n_speakers"]),
                        _say_uar(row),
                    ]
                    for row in sentences
                ],
            ),
        ]
    return "\n".join(lines)
