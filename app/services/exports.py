"""Taking something out is remembered, too."""

from app.domain.audit import AuditAction
from app.domain.permissions import Permission
from app.services.write_path import SYSTEM_STREAM, About, Change, write_path


@write_path
def record_export(change: Change, *, number: int, query: str) -> bool:
    """Remember that somebody took events away, how many, and by which filter."""
    stream = change.take_subject(*SYSTEM_STREAM)
    change.record(
        AuditAction.AUDIT_EXPORTED,
        About("audit", 0, query or "everything"),
        stream=stream,
        new=str(number),
        under=Permission.AUDIT_VIEW,
    )
    return True
