"""Figures as text: shares in percent, differences in points, intervals in brackets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def percent(share: float | None) -> str:
    """Return such as ``12.3 %``; empty for None."""
    return "" if share is None else f"{100 * share:.1f} %"


def points(difference: float | None) -> str:
    """Return such as ``+4.5``, of a difference from -1 to 1; empty for None."""
    return "" if difference is None else f"{100 * difference:+.1f}"


def share_of(row: Mapping[str, Any], name: str, *, bounds: str = "", unit: str = " %") -> str:
    """Return a share with its interval, such as ``12.3 [10.1, 14.5] %``.

    Parameters
    ----------
    row : mapping
        With the share, and its bounds or None.
    name : str
        Of the share.
    bounds : str, default=""
        Put before ``low`` and ``high`` in the names of the bounds.
    unit : str, default=" %"
        Put behind.
    """
    low, high = row[f"{bounds}low"], row[f"{bounds}high"]
    text = f"{100 * row[name]:.1f}"
    return text + unit if low is None else f"{text} [{100 * low:.1f}, {100 * high:.1f}]{unit}"


def change_of(row: Mapping[str, Any], name: str = "value", *, bounds: str = "") -> str:
    """Return a difference with its interval, such as ``+4.5 [+1.2, +7.8]``."""
    low, high = row[f"{bounds}low"], row[f"{bounds}high"]
    text = points(row[name])
    return text if low is None else f"{text} [{points(low)}, {points(high)}]"
