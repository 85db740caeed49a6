"""The reference notebook's split, kept to measure what its fault is worth.

It augments first and splits afterwards: copies of one recording, and recordings of one speaker,
are in train and in test. Only a study that names it may use it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emovox.protocols.base import SplitProtocol, check_request
from emovox.protocols.fold import TEST, TRAIN, Fold
from emovox.types import Clip

_TEST_SHARE = 0.25


@dataclass(frozen=True, kw_only=True)
class NotebookProtocol(SplitProtocol):
    """All rows, altered ones too, shuffled: 75 % train, 25 % test, no dev."""

    leaky: ClassVar[bool] = True

    def folds(
        self, clips: Sequence[Clip], *, seed: int = 0, n_variants: int = 0
    ) -> tuple[Fold, ...]:
        """Return the one fold; see `SplitProtocol.folds`."""
        check_request(clips, seed, n_variants)
        n_rows = len(clips) * (n_variants + 1)
        # Rounded up, as scikit-learn's train_test_split does.
        n_test = math.ceil(_TEST_SHARE * n_rows)
        rows = np.full(n_rows, TRAIN, dtype=np.int8)
        rows[np.random.default_rng(seed).permutation(n_rows)[:n_test]] = TEST
        return (Fold(self.name, 1, rows.reshape(len(clips), n_variants + 1), leaky=True),)
