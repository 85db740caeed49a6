"""The rungs of the ladder: protocols, each of which stops one leak more than the one before."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

RUNGS: Mapping[str, str] = MappingProxyType(
    {
        "notebook": "augment, then split: altered copies of test recordings train",
        "random": "split, then augment: speakers are in train and test",
        "speaker": "other speakers; the sentences are the same",
        "speaker-sentence": "other speakers and other sentences",
        "corpus": "another corpus: other rooms, actors' schools, languages",
    }
)
"""Protocol -> what it lets through, or stops."""
