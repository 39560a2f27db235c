"""Taking something out is remembered, too."""

from app.domain.actors import missing_role
from app.domain.audit import AuditAction
from app.domain.errors import NotPermitted
from app.domain.permissions import Permission
from app.services.write_path import SYSTEM_STREAM, About, Change, write_path


@write_path
def record_export(change: Change, *, query: str) -> bool:
    """Remember that somebody took events away, and by which filter. Written before the first byte leaves."""
    return _remember(change, AuditAction.AUDIT_EXPORTED, "audit", query, Permission.AUDIT_VIEW)


@write_path
def record_waiver_export(change: Change, *, query: str) -> bool:
    """Remember that somebody took the register of waivers away, and by which filter."""
    return _remember(change, AuditAction.WAIVER_EXPORTED, "waiver", query, Permission.CHECKLIST_VIEW)


def _remember(change: Change, action: AuditAction, kind: str, query: str, under: Permission) -> bool:
    if not change.actor.may(under):
        raise NotPermitted(missing_role(under))
    stream = change.take_subject(*SYSTEM_STREAM)
    change.record(action, About(kind, 0, query or "everything"), stream=stream, under=under)
    return True
