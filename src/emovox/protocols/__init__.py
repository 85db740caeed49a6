"""Who is in train, dev and test, and the audit for leaks.

::

    folds = get_protocol("speaker").folds(clips, seed=0, n_variants=2)
    clip_index, variant = folds[0].rows(TRAIN)
"""

from emovox.protocols.audit import LeakReport, check_fold, validate_fold
from emovox.protocols.base import SplitProtocol
from emovox.protocols.fold import (
    DEV,
    SPLIT_NAMES,
    TEST,
    TRAIN,
    UNUSED,
    Fold,
    combine_folds,
)
from emovox.protocols.registry import get_protocol, list_protocols

__all__ = [
    "DEV",
    "SPLIT_NAMES",
    "TEST",
    "TRAIN",
    "UNUSED",
    "Fold",
    "LeakReport",
    "SplitProtocol",
    "check_fold",
    "combine_folds",
    "get_protocol",
    "list_protocols",
    "validate_fold",
]
