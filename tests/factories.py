"""Making what a test needs, with a name for everything that the test does not care about."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from itertools import count
from typing import Any

from sqlalchemy import select

from app.database import db
from app.domain.actors import Actor, Origin
from app.domain.audit import name_digest
from app.domain.evidence import EvidenceFacts, Limits
from app.domain.incidents import IncidentSeverity
from app.domain.permissions import Role
from app.models import AuditEvent, ChecklistItem, Module, Person, PersonName, RoleGrant, Session, Stream
from app.models.base import utc_now
from app.queries.checklists import get_module_checklist
from app.queries.people import actor_of, find_signed_in, list_sessions
from app.queries.rows import list_rows
from app.services.evidence import add_evidence, add_file
from app.services.incidents import Report, report_incident
from app.services.modules import ModuleFacts, create_module
from app.services.release_modules import add_modules
from app.services.releases import ReleaseFacts, create_release
from app.services.secret import hash_password, new_token, token_digest
from app.web.uploads import evidence_store

_numbers = count(1)
# The smallest picture: one dot.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)
LIMITS = Limits(per_item=50, release_bytes=1_000_000)


@dataclass(frozen=True)
class Made:
    """A person in a test: number, address, and what acts in their name."""

    id: int
    email: str
    name: str

    @property
    def actor(self) -> Actor:
        """The person as they are now, roles included."""
        return actor_of(self.id, means="session")

    @property
    def origin(self) -> Origin:
        """A fresh request of this person."""
        return Origin(self.actor, request_id="test")


class Make:
    """A maker of people, modules, releases and checklists."""

    def person(
        self, *roles: Role, module_id: int | None = None, name: str | None = None, password: str | None = None
    ) -> Made:
        """A person who holds roles, everywhere or for one module."""
        number = next(_numbers)
        name = name or f"Person {number}"
        person = Person(
            email=f"person{number}@example.org",
            name=name,
            password_hash=hash_password(password) if password else "set elsewhere",
        )
        db.session.add(person)
        db.session.flush()
        row = PersonName(person_id=person.id, name=name, salt=b"0" * 16, digest=name_digest(b"0" * 16, name))
        db.session.add(row)
        db.session.flush()
        person.name_id = row.id
        db.session.add(Stream(kind="person", subject_id=person.id))
        for role in roles:
            db.session.add(RoleGrant(person_id=person.id, role=role, module_id=module_id))
        db.session.commit()
        return Made(person.id, person.email, name)

    def session_token(self, person: Made) -> str:
        """A session of a person, as its cookie holds it."""
        token = new_token()
        db.session.add(
            Session(token_digest=token_digest(token), person_id=person.id, ends_at=utc_now() + timedelta(hours=12))
        )
        db.session.commit()
        return token

    def lead(self, **options: Any) -> Made:
        """A team lead."""
        return self.person(Role.TEAM_LEAD, **options)

    def module(self, key: str | None = None, *, lead: Made | None = None) -> Module:
        """A module."""
        key = key or f"module-{next(_numbers)}"
        create_module((lead or self.lead()).origin, key, ModuleFacts(name=key.replace("-", " ").capitalize()))
        return db.session.scalars(select(Module).where(Module.key == key)).one()

    def release(self, key: str | None = None, *, modules: int = 1, planned_on: date | None = None) -> "MadeRelease":
        """A release with some modules."""
        key = key or f"r{next(_numbers)}"
        lead = self.lead()
        keys = [self.module(lead=lead).key for _ in range(modules)]
        create_release(lead.origin, key, ReleaseFacts(name=f"Release {key}", planned_on=planned_on))
        ids = tuple(db.session.scalars(select(Module.id).where(Module.key.in_(keys))))
        add_modules(lead.origin, key, ids)
        return MadeRelease(key, tuple(keys), lead)

    def evidence(self, person: Made, item_id: int, **facts: Any) -> int:
        """A note that proves something, and its number."""
        said = EvidenceFacts(**{"note": "looked at it", **facts})
        return add_evidence(person.origin, item_id, said, limits=LIMITS, today=utc_now().date()).evidence_id

    def file(self, person: Made, item_id: int, *, name: str = "plan.png", content: bytes = PNG) -> int:
        """A file that proves something, and the number of the evidence."""
        return add_file(
            person.origin,
            item_id,
            EvidenceFacts(),
            (BytesIO(content), name),
            link="",
            store=evidence_store(),
            at_most=1_000_000,
            limits=LIMITS,
            today=utc_now().date(),
        ).evidence_id

    def incident(
        self,
        module_key: str,
        *,
        by: Made | None = None,
        title: str = "Orders cannot be saved",
        description: str = "Whoever saves an order waits and then sees an error page.",
        began_at: datetime | None = None,
        severity: IncidentSeverity = IncidentSeverity.MAJOR,
        **more: Any,
    ) -> int:
        """An incident of a module, and its number; by a developer, unless somebody is named."""
        by = by or self.person(Role.DEVELOPER)
        began_at = began_at or utc_now() - timedelta(minutes=40)
        report = Report(severity, title, description, began_at, **more)
        return report_incident(by.origin, module_key, report, limits=LIMITS, today=utc_now().date()).incident_id

    def events(self, action: str | None = None, *, object_id: int | None = None) -> list[AuditEvent]:
        """The events there are, the oldest first."""
        statement = select(AuditEvent).order_by(AuditEvent.stream_id, AuditEvent.stream_sequence)
        if action:
            statement = statement.where(AuditEvent.action == action)
        if object_id is not None:
            statement = statement.where(AuditEvent.object_id == object_id)
        return list(db.session.scalars(statement.execution_options(populate_existing=True)))

    def open_sessions(self, person: Made) -> list[Session]:
        """The sessions of a person that have not ended."""
        return list(list_sessions(person.id))

    def origin_in(self, token: str) -> Origin:
        """A fresh request from the browser that holds a session."""
        signed_in = find_signed_in(token_digest(token))
        assert signed_in is not None, "the session has ended"
        return Origin(signed_in.actor, request_id="test")


@dataclass(frozen=True)
class MadeRelease:
    """A release in a test."""

    key: str
    modules: tuple[str, ...]
    lead: Made

    @property
    def path(self) -> str:
        """The address of its matrix."""
        return f"/releases/{self.key}/"

    @property
    def module_path(self) -> str:
        """The address of its first module."""
        return f"/releases/{self.key}/modules/{self.modules[0]}/"

    @property
    def items(self) -> list[Any]:
        """The rows of its first module's checklist."""
        checklist = get_module_checklist(self.key, self.modules[0], self.lead.actor)
        return list_rows(checklist.id)

    def item(self, key: str) -> ChecklistItem:
        """One item of its first module, by its stable key, as it is now."""
        wanted = next(row for row in self.items if row.key == key)
        return db.session.get_one(ChecklistItem, wanted.id, populate_existing=True)
