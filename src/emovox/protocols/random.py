"""Split first, augment afterwards, and yet by chance: copies are kept apart, speakers are not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.protocols.base import SplitProtocol, check_request
from emovox.protocols.fold import TEST, TRAIN, Assignment, Fold
from emovox.types import Clip

_TEST_SHARE = 0.25


@dataclass(frozen=True, kw_only=True)
class RandomProtocol(SplitProtocol):
    """Clips shuffled: 75 % train with their altered copies, 25 % test without, no dev.

    It stands between ``notebook`` and ``speaker`` on the ladder of leaks: what it scores above
    ``speaker`` is what it is worth to have heard the test speakers.
    """

    leaky: ClassVar[bool] = True

    def folds(
        self, clips: Sequence[Clip], *, seed: int = 0, n_variants: int = 0
    ) -> tuple[Fold, ...]:
        """Return the one fold; see `SplitProtocol.folds`."""
        check_request(clips, seed, n_variants)
        clean = np.full(len(clips), TRAIN, dtype=np.int8)
        n_test = math.ceil(_TEST_SHARE * len(clips))
        clean[np.random.default_rng(seed).permutation(len(clips))[:n_test]] = TEST
        honest = Fold.from_clips(self.name, Assignment(1, clean), n_variants=n_variants)
        return (Fold(self.name, 1, honest.splits, leaky=True),)
