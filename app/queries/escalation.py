"""Reads of an incident's escalation: its steps, whom they call, and what was like it before."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.actors import Actor
from app.domain.escalations import THE_LEAD, StepAct, StepFacts, ToldHow
from app.domain.incidents import IncidentSeverity
from app.models import EscalationStep, Incident, Module, ModuleContact, Person, SimilarLook
from app.models.base import table_of
from app.queries.full_text import relevance
from app.queries.incidents import IncidentRow, seen_by

SIMILAR_AT_MOST = 5
_steps, _looks = table_of(EscalationStep).c, table_of(SimilarLook).c
_incidents, _modules, _people = table_of(Incident).c, table_of(Module).c, table_of(Person).c
_told = table_of(Person).alias("told")


class StepRow(NamedTuple):
    """One act of an escalation, with the names of those in it."""

    level: int
    act: StepAct
    text: str
    has_helped: bool | None
    whom: str
    told_how: ToldHow | None
    acted_at: datetime
    acted_by_name: str
    told_name: str | None

    @property
    def facts(self) -> StepFacts:
        """Reduced to what the rules look at."""
        return StepFacts(self.level, self.act, self.acted_at)


_STEPS = (
    select(
        *(_steps[name] for name in ("level", "act", "text", "has_helped", "whom", "told_how", "acted_at")),
        _people.name.label("acted_by_name"),
        _told.c.name.label("told_name"),
    )
    .join(table_of(Person), _people.id == _steps.acted_by_id)
    .outerjoin(_told, _told.c.id == _steps.told_id)
    .where(_steps.incident_id == bindparam("incident"), _steps.turn == bindparam("turn"))
    .order_by(_steps.id)
)


def list_steps(incident_id: int, turn: int) -> list[StepRow]:
    """What was done in one turn of an escalation, the oldest first."""
    return [StepRow._make(row) for row in db.session.execute(_STEPS, {"incident": incident_id, "turn": turn})]


class Callee(NamedTuple):
    """Somebody who can be called about a module: one of its contacts, or its lead."""

    key: str
    title: str
    name: str
    email: str
    phone: str
    hours: str
    verified_on: date | None

    @property
    def words(self) -> str:
        """Who it is, as it stands beside a step."""
        return f"{self.title}: {self.name}"


def list_callees(module_id: int) -> dict[str, Callee]:
    """Who can be called about a module, by the key under which a form names them."""
    rows = db.session.scalars(select(ModuleContact).where(ModuleContact.module_id == module_id))
    found = {
        one.kind.value: Callee(
            *(one.kind.value, one.kind.label, one.name, one.email, one.phone, one.hours, one.verified_on)
        )
        for one in rows
    }
    lead = db.session.execute(
        select(_people.name, _people.email)
        .join(table_of(Module), _modules.lead_id == _people.id)
        .where(_modules.id == module_id, _people.deactivated_at.is_(None))
    ).one_or_none()
    if lead is not None:
        found[THE_LEAD] = Callee(THE_LEAD, "Lead of the module", lead.name, lead.email, "", "", None)
    return found


def find_person_to_tell(email: str) -> int | None:
    """The number of the person whose address this is, where their account is open."""
    if not email:
        return None
    return db.session.scalar(
        select(_people.id).where(_people.email == email.casefold(), _people.deactivated_at.is_(None))
    )


class SimilarRow(NamedTuple):
    """An earlier incident that is like one, and whether somebody has opened it beside that."""

    id: int
    title: str
    severity: IncidentSeverity
    began_at: datetime
    closed_at: datetime | None
    resolution: str
    module_name: str
    opened_at: datetime | None


def list_similar(row: IncidentRow, actor: Actor) -> Sequence[SimilarRow]:
    """Up to five earlier incidents of one's modules that say the same, the most alike first."""
    alike = relevance(f"{row.title} {row.description} {row.error_messages}")
    found = (
        select(
            *(_incidents[name] for name in ("id", "title", "severity", "began_at", "closed_at", "resolution")),
            _modules.name.label("module_name"),
            _looks.opened_at,
        )
        .join(table_of(Module), _modules.id == _incidents.module_id)
        .outerjoin(
            table_of(SimilarLook),
            (_looks.other_id == _incidents.id) & (_looks.incident_id == row.id) & (_looks.turn == row.turn),
        )
        .where(_incidents.id != row.id, _incidents.reported_at <= row.reported_at, seen_by(actor), alike > 0)
        .order_by(alike.desc(), _incidents.id.desc())
        .limit(SIMILAR_AT_MOST)
    )
    return [SimilarRow._make(one) for one in db.session.execute(found)]
