"""Taking something out is remembered, too."""

from app.domain.actors import missing_role
from app.domain.audit import AuditAction
from app.domain.errors import NotPermitted
from app.domain.permissions import Permission
from app.queries.checklists import get_checklist
from app.queries.releases import get_release
from app.queries.template_content import title_of
from app.queries.templates import get_version
from app.services.change import SYSTEM_STREAM, About, Change
from app.services.write_path import write_path


@write_path
def record_export(change: Change, *, query: str) -> bool:
    """Remember that somebody took events away, and by which filter. Written before the first byte leaves."""
    return _remember(change, AuditAction.AUDIT_EXPORTED, "audit", query, Permission.AUDIT_VIEW)


@write_path
def record_waiver_export(change: Change, *, query: str) -> bool:
    """Remember that somebody took the register of waivers away, and by which filter."""
    return _remember(change, AuditAction.WAIVER_EXPORTED, "waiver", query, Permission.CHECKLIST_VIEW)


@write_path
def record_override_export(change: Change, *, query: str) -> bool:
    """Remember that somebody took the register of break-glass away, and by which filter."""
    return _remember(change, AuditAction.OVERRIDE_EXPORTED, "override", query, Permission.CHECKLIST_VIEW)


@write_path
def record_metric_export(change: Change, *, what: str) -> bool:
    """Remember that somebody took the rows behind numbers away, and which."""
    return _remember(change, AuditAction.METRIC_EXPORTED, "metric", what, Permission.CHECKLIST_VIEW)


@write_path
def record_incident_export(change: Change, *, query: str) -> bool:
    """Remember that somebody took the list of incidents away, and by which filter."""
    return _remember(change, AuditAction.INCIDENT_EXPORTED, "incident", query, Permission.CHECKLIST_VIEW)


def _remember(change: Change, action: AuditAction, kind: str, query: str, under: Permission) -> bool:
    if not change.actor.may(under):
        raise NotPermitted(missing_role(under))
    stream = change.take_subject(*SYSTEM_STREAM)
    change.record(action, About(kind, 0, query or "everything"), stream=stream, under=under)
    return True


@write_path
def record_version_export(change: Change, template_key: str, number: int, *, form: str) -> bool:
    """Remember that somebody took a template version away, and as what. Written before the first byte leaves."""
    if not change.actor.may(Permission.CHECKLIST_VIEW):
        raise NotPermitted(missing_role(Permission.CHECKLIST_VIEW))
    stream = change.take_subject(*SYSTEM_STREAM)
    version = get_version(template_key, number)
    change.record(
        AuditAction.TEMPLATE_EXPORTED,
        About("template_version", version.id, version.label, template_version_id=version.id),
        stream=stream,
        new=form,
        under=Permission.CHECKLIST_VIEW,
    )
    return True


@write_path
def record_checklist_export(change: Change, checklist_id: int, *, form: str) -> bool:
    """Remember that somebody took a checklist away, and as what. It changes nothing about the checklist."""
    stream = change.take_subject(*SYSTEM_STREAM)
    checklist = get_checklist(checklist_id, change.actor)
    change.record(
        AuditAction.CHECKLIST_EXPORTED,
        About("checklist", checklist.id, title_of(checklist), checklist.module_id, checklist.release_id),
        stream=stream,
        new=form,
        under=Permission.CHECKLIST_VIEW,
    )
    return True


@write_path
def record_signoff_export(change: Change, release_key: str) -> bool:
    """Remember that somebody took the sign-offs of a release away."""
    stream = change.take_subject(*SYSTEM_STREAM)
    release = get_release(release_key, change.actor)
    change.record(
        AuditAction.SIGNOFF_EXPORTED,
        About("release", release.id, release.name, release_id=release.id),
        stream=stream,
        under=Permission.CHECKLIST_VIEW,
    )
    return True


@write_path
def record_duty_export(change: Change, *, query: str) -> bool:
    """Remember that somebody took records of duties away, and by which filter."""
    return _remember(change, AuditAction.DUTY_EXPORTED, "duty", query, Permission.CHECKLIST_VIEW)
