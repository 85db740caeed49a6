"""The audit: whether figures can be believed, and what each leak would be worth."""

from emovox.study.audit.ladder import LadderOptions, Rung, climb_ladder
from emovox.study.audit.report import AuditOptions, AuditReport
from emovox.study.audit.target import audit_manifest, audit_runs, audit_study

__all__ = [
    "AuditOptions",
    "AuditReport",
    "LadderOptions",
    "Rung",
    "audit_manifest",
    "audit_runs",
    "audit_study",
    "climb_ladder",
]
