"""One break-glass as it is read everywhere: its gate, its people under the names of then, its times."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from app.database import db
from app.domain.addresses import Subject
from app.domain.checklist import BelongsTo
from app.domain.gates import GateKind
from app.domain.overrides import OverrideEnd, OverrideFacts, OverrideState, ReviewOutcome
from app.domain.permissions import Role
from app.models import (
    Checklist,
    Gate,
    Module,
    Override,
    OverrideConfirmation,
    OverrideEnding,
    OverrideReview,
    OverrideUse,
    PersonName,
    Release,
)
from app.models.base import table_of
from app.queries.subjects import SUBJECT, subject_of, with_subject


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a person did about a break-glass, under the name of then."""

    person_id: int | None
    name: str
    at: datetime
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """One break-glass with all that became of it."""

    id: int
    gate_id: int
    kind: GateKind
    environment_key: str
    module_id: int | None
    module_name: str
    release_id: int | None
    release_name: str
    stream_id: int
    subject: Subject
    reason: str
    incident: str
    minutes: int
    opened: Act
    lapses_at: datetime
    confirmed: Act | None
    ends_at: datetime | None
    ended: Act | None
    ended_how: OverrideEnd | None
    ended_reason: str
    used: Act | None
    reviewed: Act | None
    outcome: ReviewOutcome | None
    review: str

    @property
    def facts(self) -> OverrideFacts:
        """Reduced to what the rules look at."""
        return OverrideFacts(
            self.opened.person_id or 0,
            self.lapses_at,
            self.confirmed.person_id if self.confirmed else None,
            self.ends_at,
            self.ended_how,
            is_used=self.used is not None,
            is_reviewed=self.reviewed is not None,
        )

    def state(self, at: datetime) -> OverrideState:
        """Where it stands at a moment."""
        return self.facts.state(at)

    @property
    def gate_title(self) -> str:
        """The gate in words, with its environment where it has one."""
        return f"{self.kind.label} to {self.environment_key}" if self.environment_key else self.kind.label

    @property
    def place(self) -> str:
        """What the gate belongs to, in words."""
        if self.subject.belongs_to is BelongsTo.RELEASE:
            return f"release {self.release_name}"
        change = f", change !{self.subject.number}" if self.subject.number else ""
        return f"{self.module_name} in {self.release_name}{change}"

    def over_at(self, at: datetime) -> datetime | None:
        """When it stopped letting the gate on, if it has."""
        ends = [one.at for one in (self.used, self.ended) if one] + [
            one for one in (self.ends_at,) if one and one <= at
        ]
        return min(ends, default=None) if self.confirmed else None


_all, _confirmed = table_of(Override).c, table_of(OverrideConfirmation).c
_endings, _uses, _reviews = table_of(OverrideEnding).c, table_of(OverrideUse).c, table_of(OverrideReview).c
_gates, _lists = table_of(Gate).c, table_of(Checklist).c
_modules, _releases = table_of(Module).c, table_of(Release).c
_NAMES = {
    act: table_of(PersonName).alias(f"{act}_name") for act in ("opened", "confirmed", "ended", "used", "reviewed")
}
ROWS = with_subject(
    select(
        *(_all.id, _all.gate_id, _all.reason, _all.incident, _all.minutes, _all.lapses_at),
        *(_all.opened_by_id, _all.opened_at, _all.role.label("opened_role")),
        *(_confirmed.confirmed_by_id, _confirmed.confirmed_at, _confirmed.ends_at),
        _confirmed.role.label("confirmed_role"),
        *(_endings.kind.label("ended_how"), _endings.ended_by_id, _endings.ended_at),
        _endings.reason.label("ended_reason"),
        *(_uses.used_by_id, _uses.used_at),
        *(_reviews.reviewed_by_id, _reviews.reviewed_at, _reviews.outcome, _reviews.text.label("review")),
        _reviews.role.label("reviewed_role"),
        *(_gates.kind, _gates.environment_key.label("gate_environment"), _lists.stream_id),
        *(_modules.name.label("module_name"), _releases.name.label("release_name")),
        *(one.c.name.label(f"{act}_name") for act, one in _NAMES.items()),
        *SUBJECT,
    )
    .select_from(table_of(Override))
    .join(table_of(Gate), _gates.id == _all.gate_id)
    .join(table_of(Checklist), _lists.id == _gates.checklist_id)
    .outerjoin(table_of(OverrideConfirmation), _confirmed.override_id == _all.id)
    .outerjoin(table_of(OverrideEnding), _endings.override_id == _all.id)
    .outerjoin(table_of(OverrideUse), _uses.override_id == _all.id)
    .outerjoin(table_of(OverrideReview), _reviews.override_id == _all.id)
    .outerjoin(_NAMES["opened"], _NAMES["opened"].c.id == _all.name_id)
    .outerjoin(_NAMES["confirmed"], _NAMES["confirmed"].c.id == _confirmed.name_id)
    .outerjoin(_NAMES["ended"], _NAMES["ended"].c.id == _endings.name_id)
    .outerjoin(_NAMES["used"], _NAMES["used"].c.id == _uses.name_id)
    .outerjoin(_NAMES["reviewed"], _NAMES["reviewed"].c.id == _reviews.name_id)
)


def _act(row: Any, name: str) -> Act | None:
    at = getattr(row, f"{name}_at")
    if at is None:
        return None
    person = getattr(row, f"{name}_by_id")
    known = getattr(row, f"{name}_name")
    called = known or (f"Person {person}" if person else "Countersign")
    return Act(person, called, at, getattr(row, f"{name}_role", None))


def _row(row: Any) -> OverrideRow:
    opened = Act(row.opened_by_id, row.opened_name or f"Person {row.opened_by_id}", row.opened_at, row.opened_role)
    return OverrideRow(
        *(row.id, row.gate_id, row.kind, row.gate_environment, row.module_id),
        module_name=row.module_name or "",
        release_id=row.release_id,
        release_name=row.release_name or "",
        stream_id=row.stream_id,
        subject=subject_of(row),
        reason=row.reason,
        incident=row.incident,
        minutes=row.minutes,
        opened=opened,
        lapses_at=row.lapses_at,
        confirmed=_act(row, "confirmed"),
        ends_at=row.ends_at,
        ended=_act(row, "ended"),
        ended_how=row.ended_how,
        ended_reason=row.ended_reason or "",
        used=_act(row, "used"),
        reviewed=_act(row, "reviewed"),
        outcome=row.outcome,
        review=row.review or "",
    )


def read_rows(statement: Select[*tuple[Any, ...]]) -> list[OverrideRow]:
    """Break-glass out of a statement that begins with `ROWS`."""
    return [_row(row) for row in db.session.execute(statement)]
