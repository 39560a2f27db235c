"""Taking something out is remembered, too."""

from app.domain.audit import AuditAction
from app.domain.permissions import Permission
from app.services.write_path import SYSTEM_STREAM, About, Change, write_path


@write_path
def record_export(change: Change, *, query: str) -> bool:
    """Remember that somebody took events away, and by which filter. Written before the first byte leaves."""
    stream = change.take_subject(*SYSTEM_STREAM)
    change.record(
        AuditAction.AUDIT_EXPORTED,
        About("audit", 0, query or "everything"),
        stream=stream,
        under=Permission.AUDIT_VIEW,
    )
    return True
