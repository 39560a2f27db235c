"""Taking something out is remembered, too."""

from app.domain.actors import missing_role
from app.domain.audit import AuditAction
from app.domain.errors import NotPermitted
from app.domain.permissions import Permission
from app.services.write_path import SYSTEM_STREAM, About, Change, write_path


@write_path
def record_export(change: Change, *, query: str) -> bool:
    """Remember that somebody took events away, and by which filter. Written before the first byte leaves."""
    if not change.actor.may(Permission.AUDIT_VIEW):
        raise NotPermitted(missing_role(Permission.AUDIT_VIEW))
    stream = change.take_subject(*SYSTEM_STREAM)
    change.record(
        AuditAction.AUDIT_EXPORTED,
        About("audit", 0, query or "everything"),
        stream=stream,
        under=Permission.AUDIT_VIEW,
    )
    return True
