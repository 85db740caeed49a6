"""Who is in train, dev and test, and the audit for leaks.

::

    folds = get_protocol("speaker").folds(clips, seed=0, n_variants=2)
    clip_index, variant = folds[0].rows(TRAIN)
"""

from emovox.protocols.audit import LeakReport, check_fold, validate_fold
from emovox.protocols.base import SplitProtocol
from emovox.protocols.copies import Copies, CopyOptions, find_copies, report_copies
from emovox.protocols.findings import KINDS, Finding, Kind, sort_findings
from emovox.protocols.fold import (
    DEV,
    SPLIT_NAMES,
    TEST,
    TRAIN,
    UNUSED,
    Fold,
    combine_folds,
)
from emovox.protocols.given import has_split, read_split
from emovox.protocols.inspection import describe_folds, inspect_folds
from emovox.protocols.limits import Limits, limit_fold
from emovox.protocols.registry import get_protocol, list_protocols

__all__ = [
    "DEV",
    "KINDS",
    "SPLIT_NAMES",
    "TEST",
    "TRAIN",
    "UNUSED",
    "Copies",
    "CopyOptions",
    "Finding",
    "Fold",
    "Kind",
    "LeakReport",
    "Limits",
    "SplitProtocol",
    "check_fold",
    "combine_folds",
    "describe_folds",
    "find_copies",
    "get_protocol",
    "has_split",
    "inspect_folds",
    "limit_fold",
    "list_protocols",
    "read_split",
    "report_copies",
    "sort_findings",
    "validate_fold",
]
