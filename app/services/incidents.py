"""Reporting an incident, changing what its report says, and giving it to somebody."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import IO, Any

from sqlalchemy import select

from app.domain.actors import Origin
from app.domain.audit import AuditAction
from app.domain.checklist import BelongsTo
from app.domain.errors import Busy, DomainError, InvalidInput
from app.domain.evidence import EvidenceFacts, Limits
from app.domain.incidents import LINE_LIMIT, TITLE_LIMIT, IncidentSeverity, check_may_report
from app.domain.permissions import Permission
from app.files.store import KeptFile, Store
from app.models import Incident, Person
from app.queries.incidents import IncidentRow
from app.queries.modules import get_module
from app.queries.people import actor_of
from app.queries.rows import list_rows
from app.services.change import About, Change
from app.services.checklists import make_checklist
from app.services.evidence import keep_file, put_evidence
from app.services.incident_links import LinkKeys, Links, links_of
from app.services.incident_records import (
    ATTACHMENTS,
    STREAM,
    about_incident,
    check_revision,
    cover,
    follow_record,
    moment_words,
    plain_fact,
    save_incident,
    take_incident,
)
from app.services.write_path import write_path

# What people type or paste, and how many letters are kept: none of it is stored before it was looked through.
PASTED = {
    "title": TITLE_LIMIT,
    "server_version": LINE_LIMIT,
    **dict.fromkeys(("description", "steps", "expected", "actual", "error_messages", "log"), 0),
}
FILES_AT_MOST = 10
# What the history calls the facts of a report.
FACTS = {
    "severity": "severity",
    "title": "title",
    "description": "description",
    "began_at": "beginning",
    "server_version": "server version",
    "steps": "steps",
    "expected": "expected",
    "actual": "actual",
    "error_messages": "error messages",
    "is_without_error": "no error shown",
    "log": "log excerpt",
    "release_id": "release",
    "environment_id": "environment",
    "deployment_id": "deployment",
    "rollback_id": "rollback",
}


NO_LINKS = LinkKeys()


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody says about an incident."""

    severity: IncidentSeverity
    title: str
    description: str
    began_at: datetime | None
    server_version: str = ""
    steps: str = ""
    expected: str = ""
    actual: str = ""
    error_messages: str = ""
    is_without_error: bool = False
    log: str = ""
    links: LinkKeys = NO_LINKS


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report came to: its number, how many places were covered, and the files that rows name."""

    incident_id: int
    masked: int
    stored_as: tuple[str, ...] = ()


def report_with_files(
    origin: Origin,
    module_key: str,
    report: Report,
    uploads: list[tuple[IO[bytes], str]],
    *,
    store: Store,
    at_most: int,
    limits: Limits,
    today: date,
) -> Reported:
    """Keep files, then report with the rows that name them. What no row came to name goes."""
    if len(uploads) > FILES_AT_MOST:
        raise InvalidInput(files=f"Send at most {FILES_AT_MOST} files at once; more can be added to its list later.")
    kept: list[KeptFile] = []
    try:
        for stream, name in uploads:
            kept.append(keep_file(origin, stream, name, store, at_most))
        reported = report_incident(origin, module_key, report, files=tuple(kept), limits=limits, today=today)
    except Busy:
        raise  # it may have been saved: the files have to stay
    except DomainError:
        for file in kept:
            store.discard(file.stored_as)
        raise
    for file in kept:
        if file.stored_as not in reported.stored_as:  # sent twice: the first ones are there
            store.discard(file.stored_as)
    return reported


@write_path
def report_incident(
    change: Change,
    module_key: str,
    report: Report,
    *,
    files: tuple[KeptFile, ...] = (),
    limits: Limits,
    today: date,
) -> Reported:
    """Report an incident of a module, with its checklist, and tick what the report proves."""
    module = get_module(module_key, change.actor)
    change.actor.require(Permission.INCIDENT_WORK, module.id)
    if module.archived_at is not None:
        raise InvalidInput(module_key="This module is archived.")
    report, masked = _masked(report)
    check_may_report(report.title, report.description, report.began_at, now=change.at)
    links = links_of(change, module.id, report.links)
    incident = Incident(
        **_columns(report, links), module_id=module.id, reported_by_id=change.actor_id, reported_at=change.at
    )
    change.session.add(incident)
    change.session.flush()
    stream = change.new_stream(STREAM, incident.id)
    label = f"{module.name}, incident {incident.id}: {report.title}"
    checklist = make_checklist(change, BelongsTo.INCIDENT, incident.id, label=label, module_id=module.id)
    change.record(
        AuditAction.INCIDENT_REPORTED,
        About("incident", incident.id, f"incident {incident.id}: {report.title}", module.id, links.release_id),
        stream=stream,
        new=f"{report.severity.value}, since {moment_words(report.began_at)}{_covered(masked)}",
        after={
            "module": module.id,
            "checklist": checklist,
            "masked": masked,
            **{name: plain_fact(value) for name, value in _columns(report, links).items()},
        },
        under=Permission.INCIDENT_WORK,
    )
    row = follow_record(change, incident.id)
    item = next((one.id for one in list_rows(row.checklist_id) if one.key == ATTACHMENTS), 0)
    for file in files:
        put_evidence(change, item, EvidenceFacts(), file=file, limits=limits, today=today)
    return Reported(incident.id, masked, tuple(file.stored_as for file in files))


def _masked(report: Report) -> tuple[Report, int]:
    found = {name: cover(getattr(report, name), name, letters=PASTED[name]) for name in PASTED}
    covered: dict[str, Any] = {name: one.text for name, one in found.items()}
    return replace(report, **covered), sum(one.places for one in found.values())


def _covered(masked: int) -> str:
    return f", {masked} {'place' if masked == 1 else 'places'} masked" if masked else ""


def _columns(report: Report, links: Links) -> dict[str, Any]:
    said = {name: getattr(report, name) for name in Report.__dataclass_fields__ if name != "links"}
    return said | asdict(links)


@write_path
def change_incident(change: Change, incident_id: int, report: Report, *, revision: int) -> int:
    """Change what a report says, one event for each fact; how many places were covered."""
    row, stream = take_incident(change, incident_id)
    report, masked = _masked(report)
    check_revision(row, revision, theirs=row.description, yours=report.description)
    check_may_report(report.title, report.description, report.began_at, now=change.at)
    if report.began_at and row.recovered_at and report.began_at > row.recovered_at:
        raise InvalidInput(began_at="It cannot have begun after it worked again.")
    wanted = _columns(report, links_of(change, row.module_id, report.links))
    changed = {name: value for name, value in wanted.items() if value != getattr(row, name)}
    for name, value in changed.items():
        old = getattr(row, name)
        change.record(
            AuditAction.INCIDENT_CHANGED,
            about_incident(row),
            stream=stream,
            fact=FACTS[name],
            old=_words(old),
            new=_words(value) + (_covered(masked) if name in PASTED else ""),
            before={name: plain_fact(old)},
            after={name: plain_fact(value)},
            under=Permission.INCIDENT_WORK,
        )
    if changed:
        save_incident(change, row, changed)
    return masked


def _words(value: Any) -> str:
    """A fact as it stands in a sentence of the history."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = moment_words(value) if isinstance(value, datetime) else "" if value is None else str(value)
    return text if len(text) <= 300 else f"{text[:300]}… ({len(text):,} letters)"


@write_path
def give_incident(change: Change, incident_id: int, owner_id: int | None) -> bool:
    """Say who has it, or that nobody has."""
    row, stream = take_incident(change, incident_id)
    if owner_id is not None:
        _check_owner(change, row, owner_id)
    if owner_id == row.owner_id:
        return False
    change.record(
        AuditAction.INCIDENT_CHANGED,
        about_incident(row),
        stream=stream,
        fact="owner",
        old=f"person {row.owner_id}" if row.owner_id else "",
        new=f"person {owner_id}" if owner_id else "",
        before={"owner_id": row.owner_id},
        after={"owner_id": owner_id},
        under=Permission.INCIDENT_WORK,
    )
    save_incident(change, row, {"owner_id": owner_id})
    return True


def _check_owner(change: Change, row: IncidentRow, owner_id: int) -> None:
    is_there = change.session.scalar(select(Person.id).where(Person.id == owner_id, Person.deactivated_at.is_(None)))
    if is_there is None:
        raise InvalidInput(owner_id="There is no such person, or the account is deactivated.")
    if not actor_of(owner_id, means="").may_for(Permission.INCIDENT_WORK, row.module_id):
        raise InvalidInput(owner_id="This person may not work on incidents of the module. Choose somebody who may.")
