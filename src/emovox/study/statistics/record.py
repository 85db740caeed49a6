"""What a piece of advice is."""

from __future__ import annotations

from dataclasses import dataclass

WORTH = 0.01
"""Differences of UAR below this are not worth a choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One piece of advice.

    Attributes
    ----------
    topic : str
        ``keep``, ``normalize``, ``logs``, ``summary``, ``order``, ``voices``, ``leak``,
        ``shortcut``.
    text : str
        What to do, for people.
    evidence : str
        The figures it rests on.
    figure : str
        Name of the figure that shows them, or empty.
    check : str
        What a study would have to measure, in words; empty where none can.
    expected : float or None
        The difference of UAR (from 0 to 1) that is expected then.
    low, high : float or None
        Its 95 % interval, over speakers.
    at_least : bool
        Whether more than expected is right as well.
    features : str
        The feature set that it speaks of.
    """

    topic: str
    text: str
    evidence: str
    figure: str = ""
    check: str = ""
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    at_least: bool = False
    features: str = ""
