"""Lists of items over many checklists: a release's rows, one person's work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from app.database import db
from app.domain.actors import Actor
from app.domain.applicability import why_not
from app.domain.checklist import OPEN, BelongsTo, ItemState, Phase, Severity
from app.domain.permissions import Permission
from app.models import (
    Change,
    Checklist,
    ChecklistGroup,
    ChecklistItem,
    Environment,
    Module,
    Person,
    Release,
    Target,
)
from app.queries.rows import BETWEEN_RULES, RULES
from app.queries.subjects import subject_of

_OWNER = aliased(Person)
_CHANGER = aliased(Person)


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item in a list over many checklists."""

    id: int
    text: str
    url: str
    release_name: str
    module_name: str
    group_title: str
    phase: Phase
    state: ItemState
    severity: Severity
    reason: str
    rule: str
    owner_name: str | None
    changed_by_name: str | None
    since: datetime
    due_on: date | None


def item_lines() -> Select[*tuple[Any, ...]]:
    """Items with all that a line says, to be narrowed."""
    return (
        select(
            ChecklistItem.id,
            ChecklistItem.text,
            ChecklistItem.phase,
            ChecklistItem.state,
            ChecklistItem.severity,
            ChecklistItem.reason,
            ChecklistItem.state_since,
            ChecklistItem.due_on,
            ChecklistGroup.key.label("group_key"),
            ChecklistGroup.title.label("group_title"),
            Checklist.belongs_to,
            Checklist.subject_id,
            Release.key.label("release_key"),
            Release.name.label("release_name"),
            Module.key.label("module_key"),
            Module.name.label("module_name"),
            Change.number,
            Target.key.label("target_key"),
            Environment.key.label("environment_key"),
            _OWNER.name.label("owner_name"),
            _CHANGER.name.label("changed_by_name"),
            RULES.label("rules"),
        )
        .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
        .join(ChecklistGroup, ChecklistGroup.id == ChecklistItem.group_id)
        .outerjoin(Release, Release.id == Checklist.release_id)
        .outerjoin(Module, Module.id == Checklist.module_id)
        .outerjoin(Change, (Checklist.belongs_to == BelongsTo.CHANGE) & (Change.id == Checklist.subject_id))
        .outerjoin(Target, (Checklist.belongs_to == BelongsTo.TARGET) & (Target.id == Checklist.subject_id))
        .outerjoin(Environment, Environment.id == Target.environment_id)
        .outerjoin(_OWNER, _OWNER.id == ChecklistItem.assignee_id)
        .outerjoin(_CHANGER, _CHANGER.id == ChecklistItem.changed_by_id)
    )


def line_of(row: Any) -> ItemLine:
    """One line out of a result row that has its columns."""
    return ItemLine(
        id=row.id,
        text=row.text,
        url=subject_of(row).row_path(row.group_key, row.id),
        release_name=row.release_name or "",
        module_name=row.module_name or "the release",
        group_title=row.group_title,
        phase=row.phase,
        state=row.state,
        severity=row.severity,
        reason=row.reason,
        rule=why_not(row.rules.split(BETWEEN_RULES)) if row.rules else "",
        owner_name=row.owner_name,
        changed_by_name=row.changed_by_name,
        since=row.state_since,
        due_on=row.due_on,
    )


def list_lines(
    checklist_ids: Sequence[int],
    *,
    states: Sequence[ItemState],
    phase: Phase | None,
    severities: Sequence[Severity] = tuple(Severity),
) -> list[ItemLine]:
    """The items of some checklists in some states, in one phase or in all, of some severities."""
    statement = item_lines().where(
        Checklist.id.in_(checklist_ids), ChecklistItem.state.in_(states), ChecklistItem.severity.in_(severities)
    )
    if phase is not None:
        statement = statement.where(ChecklistItem.phase == phase)
    rows = db.session.execute(statement.order_by(Module.name, Checklist.id, ChecklistItem.position))
    return [line_of(row) for row in rows]


def list_assigned(actor: Actor) -> list[ItemLine]:
    """What a person has to do and may see, over all releases that have not shipped; the most pressing first."""
    if not actor.may(Permission.CHECKLIST_VIEW):
        return []
    statement = item_lines().where(
        ChecklistItem.assignee_id == actor.id,
        ChecklistItem.state.in_(sorted(OPEN)),
        or_(Release.id.is_(None), Release.shipped_at.is_(None) & Release.archived_at.is_(None)),
    )
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    if visible is not None:
        statement = statement.where(or_(Checklist.module_id.is_(None), Checklist.module_id.in_(visible)))
    rows = db.session.execute(
        statement.order_by(ChecklistItem.due_on.is_(None), ChecklistItem.due_on, ChecklistItem.id)
    )
    return [line_of(row) for row in rows]
