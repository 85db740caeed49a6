"""Advice from the statistics of features: what to choose before anything is trained.

Each piece of advice has a figure it rests on and says what a study should then measure, so that
it can be found wrong; `emovox.study.statistics.verdict` finds out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from emovox.study.statistics.record import WORTH, Advice
from emovox.study.statistics.wording import change_of, percent, points

Results = Mapping[str, Any]
"""All of ``statistics.json``, or a row of it."""

_NEAR_BEST = 0.01
"""So much UAR may be given up for fewer features."""

_FEW = 0.8
"""Dropping less than a fifth of the features is not worth it."""


def give_advice(results: Results) -> tuple[Advice, ...]:
    """Return the advice that follows from statistics.

    Parameters
    ----------
    results : mapping
        What ``statistics.json`` holds; see `emovox.study.statistics.measure_statistics`.
    """
    advisers = (
        _advise_shortcut, _advise_keep, _advise_normalize, _advise_logs, _advise_summary,
        _advise_order, _advise_voices, _advise_leak,
    )  # fmt: skip
    return tuple(
        dataclasses.replace(advice, features=results["features"])
        for adviser in advisers
        for advice in adviser(results)
    )


def _advise_shortcut(results: Results) -> Iterator[Advice]:
    found = [row for row in results["rows"] if row["shortcut"]]
    own = {name: sum(row["shortcut"] == name for row in found) for name in ("corpus", "speaker")}
    mean = results["mean"]
    share = len(found) / len(results["rows"])
    if not any(own.values()):
        return
    worst = max(own, key=lambda name: own[name])
    remedy = (
        "Test on whole corpora left out, and believe no figure of pooled corpora alone"
        if worst == "corpus"
        else "Test on speakers left out, and take each speaker's mean away"
    )
    yield Advice(
        topic="shortcut",
        text=f"Beware of the shortcut: {worst}. {remedy}.",
        evidence=(
            f"For {percent(share)} of the features something else explains more than emotion does: "
            f"the corpus for {own['corpus']}, the speaker for {own['speaker']} of "
            f"{len(results['rows'])}. Mean shares: emotion {percent(mean['emotion'])}, "
            f"speaker {percent(mean['speaker'])}, corpus {percent(mean['corpus'])}."
        ),
        figure="shortcuts",
    )


def _advise_keep(results: Results) -> Iterator[Advice]:
    steps: Sequence[Results] = results["selections"]
    *_, whole = steps
    enough = next(row for row in steps if row["uar"] >= whole["uar"] - _NEAR_BEST)
    redundancy = results["redundancy"]
    n_all, n_kept = whole["n_kept"], enough["n_kept"]
    best = ", ".join(f"`{row['feature']}`" for row in results["rows"][:5])
    if n_kept <= _FEW * n_all:
        text = (
            f"Keep the {n_kept} features of best rank that do not repeat each other; "
            f"{n_all - n_kept} of {n_all} may go."
        )
    else:
        n_kept, enough = n_all, whole
        text = f"Keep all {n_all} features: whatever is dropped, something is lost."
    yield Advice(
        topic="keep",
        text=text,
        evidence=(
            ", ".join(
                f"{row['n_kept']} features read {percent(row['uar'])}"
                for row in _pick_steps(steps, n_kept)
            )
            + " UAR off unheard speakers. The effective number of dimensions is "
            f"{redundancy['n_effective']:.0f}; {redundancy['n_clusters']} features are left "
            f"where one speaks for all that correlate by {redundancy['threshold']:g}. "
            f"Most of emotion: {best}."
        ),
        figure="sizes",
        check="the same model with the features kept, and with all of them",
        expected=enough["uar"] - whole["uar"],
    )


def _pick_steps(steps: Sequence[Results], n_kept: int) -> Iterator[Results]:
    """Give the steps that show the way: ten features, half of what is kept, it, and all."""
    wanted = {10, n_kept, steps[-1]["n_kept"]}
    wanted.add(max((row["n_kept"] for row in steps if row["n_kept"] <= n_kept / 2), default=n_kept))
    return (row for row in steps if row["n_kept"] in wanted)


def _advise_normalize(results: Results) -> Iterator[Advice]:
    gain = results["normalization"]
    rows = [row for row in results["rows"] if row["emotion_within"] is not None]
    before, after = (
        float(np.median([row[name] for row in rows])) for name in ("emotion", "emotion_within")
    )
    spoken = {row["what"]: row["uar"] for row in results["labels"]}.get("speaker")
    helps = gain["value"] >= WORTH and (gain["low"] is None or gain["low"] > 0)
    yield Advice(
        topic="normalize",
        text=(
            "Take out each speaker's mean and deviation, where several clips of a speaker are "
            f"there: it should bring about {points(gain['value'])} points of UAR."
            if helps
            else "Do not count on per-speaker normalization: over all clips no gain is certain."
        ),
        evidence=(
            f"UAR of a linear classifier on unheard speakers changes by {change_of(gain)} points. "
            f"The median share of emotion goes from {percent(before)} to {percent(after)} where "
            "what corpus, sex and speaker explain is taken out."
            + (f" The speaker is recognised at {percent(spoken)}." if spoken else "")
            + _tell_corpora(results["by_corpus"])
        ),
        figure="separability",
        check="a model that knows each voice (all clips, unlabelled), and one that does not",
        expected=gain["value"],
        low=gain["low"],
        high=gain["high"],
    )


def _tell_corpora(rows: Sequence[Results]) -> str:
    if len(rows) < 2:
        return ""
    changes = (f"{row['corpus']} {points(row['uar_normalized'] - row['uar'])}" for row in rows)
    return f" Corpus by corpus: {', '.join(changes)}."


def _advise_logs(results: Results) -> Iterator[Advice]:
    gain = results["logs"]
    if gain is None or gain["value"] < WORTH or (gain["low"] is not None and gain["low"] <= 0):
        return
    yield Advice(
        topic="logs",
        text=f"Take logarithms of the {gain['n_skewed']} skewed features.",
        evidence=(
            "They are positive, and a few loud clips rule their variance (skewness above 2); "
            f"with logarithms the linear classifier gains {change_of(gain)} points of UAR."
        ),
        check="the same model on logarithms of those features, and on the features as they are",
        expected=gain["value"],
        low=gain["low"],
        high=gain["high"],
    )


def _advise_summary(results: Results) -> Iterator[Advice]:
    parts: Sequence[Results] = results["parts"]
    if not parts:
        return
    first, last = parts[0], parts[-1]
    gain = last["uar"] - first["uar"]
    shares = {row["statistic"]: row["emotion"] for row in results["statistics"]}
    best = max(shares, key=lambda name: shares[name])
    yield Advice(
        topic="summary",
        text=(
            "Means alone throw emotion away: use statistics of the frames, or the frames."
            if gain >= WORTH
            else "Means are enough: other statistics of the frames add nothing."
        ),
        evidence=(
            f"Means alone read {percent(first['uar'])} UAR off unheard speakers, all statistics "
            f"{percent(last['uar'])}. The statistic with the largest mean share of emotion is "
            f"`{best}` ({percent(shares[best])}); the means hold {percent(shares['mean'])}."
        ),
        figure="dynamics",
        check="the same model on the set of statistics, and on a set of means",
        expected=gain,
    )


def _advise_order(results: Results) -> Iterator[Advice]:
    parts: Sequence[Results] = results["parts"]
    if len(parts) < 2:
        return
    last = parts[-1]
    ordered = last["gain"] >= WORTH and (last["gain_low"] is None or last["gain_low"] > 0)
    yield Advice(
        topic="order",
        text=(
            "The order of frames carries emotion: a model of sequences has something to find "
            "that means and percentiles lack. Statistics with deltas already hold a part of it."
            if ordered
            else "The order of frames adds nothing here: prefer statistics to sequences."
        ),
        evidence=(
            "Statistics that depend on the order of frames (deltas, voiced runs) change the UAR by "
            f"{change_of(last, 'gain', bounds='gain_')} points beyond"
            " those that do not."
        ),
        figure="dynamics",
        check="the best model of frame sequences, and the best model of means",
        expected=last["gain"],
        low=last["gain_low"],
        high=last["gain_high"],
        at_least=bool(ordered),
    )  # fmt: skip


def _advise_voices(results: Results) -> Iterator[Advice]:
    rows: Sequence[Results] = results["voices"]
    if len(rows) < 2:
        return
    first, last = rows[0], rows[-1]
    gap = last["train_uar"] - last["uar"]
    doublings = np.log2(last["n_speakers"] / rows[-2]["n_speakers"])
    slope = (last["uar"] - rows[-2]["uar"]) / doublings
    hungry = "would still help" if slope >= WORTH else "of this kind would change little"
    yield Advice(
        topic="voices",
        text=(
            f"With {last['n_speakers']:.0f} training voices choose small, strictly regularised "
            "models: even a linear one knows the voices it trained on better than others. "
            f"More speakers {hungry}."
        ),
        evidence=(
            f"The linear classifier scores {percent(last['train_uar'])} UAR on voices it trained "
            f"on, {percent(last['uar'])} on others (with {first['n_speakers']:.0f} voices: "
            f"{percent(first['train_uar'])} and {percent(first['uar'])}). The last doubling of "
            f"the voices brought {points(slope)} points."
        ),
        figure="sizes",
        check="UAR on training rows minus UAR on test rows, of every model under honest protocols",
        expected=gap,
        at_least=True,
    )


def _advise_leak(results: Results) -> Iterator[Advice]:
    scores = {(row["what"], row["split"]): row["uar"] for row in results["labels"]}
    honest = scores["emotion", "unheard speakers"]
    mixed = scores["emotion", "clips at random"]
    yield Advice(
        topic="leak",
        text=(
            "Split by speaker. Splitting clips at random would flatter even a linear model by "
            f"{points(mixed - honest)} points of UAR."
        ),
        evidence=(
            f"The same classifier reads {percent(mixed)} UAR where clips are split at random, "
            f"{percent(honest)} where speakers are."
        ),
        figure="readings",
        check="the same model under a protocol that shares speakers, and under an honest one",
        expected=mixed - honest,
        at_least=True,
    )
