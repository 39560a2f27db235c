"""What a checklist belongs to, joined to any statement over checklists."""

from typing import Any

from sqlalchemy import Select, and_

from app.domain.addresses import Subject
from app.domain.checklist import BelongsTo
from app.models import Change, Checklist, Environment, Module, Release, Target
from app.models.base import table_of

_lists, _releases, _modules = table_of(Checklist).c, table_of(Release).c, table_of(Module).c
_changes, _targets, _environments = table_of(Change).c, table_of(Target).c, table_of(Environment).c
SUBJECT = (
    _lists.belongs_to,
    _lists.module_id,
    _lists.release_id,
    _lists.subject_id,
    _releases.key.label("release_key"),
    _modules.key.label("module_key"),
    _changes.number,
    _targets.key.label("target_key"),
    _environments.key.label("environment_key"),
)


def with_subject(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join what a checklist is about."""
    return (
        statement.outerjoin(table_of(Release), _releases.id == _lists.release_id)
        .outerjoin(table_of(Module), _modules.id == _lists.module_id)
        .outerjoin(table_of(Change), and_(_lists.belongs_to == BelongsTo.CHANGE, _changes.id == _lists.subject_id))
        .outerjoin(table_of(Target), and_(_lists.belongs_to == BelongsTo.TARGET, _targets.id == _lists.subject_id))
        .outerjoin(table_of(Environment), _environments.id == _targets.environment_id)
    )


def subject_of(row: Any) -> Subject:
    """The subject out of a result row that has its columns."""
    return Subject(
        row.belongs_to,
        row.release_key or "",
        row.module_key or "",
        row.number or 0,
        row.environment_key or "",
        row.target_key or "",
        row.subject_id,
    )
