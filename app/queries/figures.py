"""Reads of the figures that people typed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import figure_path
from app.domain.errors import UNSEEN, NotFound
from app.domain.figures import FigureKind
from app.domain.metric_facts import FigureFact
from app.domain.periods import Period
from app.domain.permissions import Permission
from app.models import Figure, FigureStrike, Module, Person, Release
from app.models.base import table_of

PAGE = 50
_figures, _strikes, _modules = table_of(Figure).c, table_of(FigureStrike).c, table_of(Module).c
_releases = table_of(Release).c
_typist, _striker = table_of(Person).alias("typist"), table_of(Person).alias("striker")
_FACTS = (
    select(
        *(_figures.id, _figures.kind, _figures.module_id, _modules.name, _figures.value, _figures.measured_on),
        *(_figures.starts_on, _figures.answers),
    )
    .join(table_of(Module), _modules.id == _figures.module_id)
    .outerjoin(table_of(FigureStrike), _strikes.figure_id == _figures.id)
    .where(_strikes.id.is_(None))
    .order_by(_figures.measured_on, _figures.id)
)
_ROWS = (
    select(
        *(_figures.id, _figures.kind, _figures.value, _figures.answers, _figures.starts_on, _figures.measured_on),
        *(_figures.source, _figures.link, _figures.typed_at, _figures.module_id),
        *(_modules.key.label("module_key"), _modules.name.label("module_name")),
        *(_releases.name.label("release_name"), _releases.id.label("release_id")),
        *(_typist.c.name.label("typed_by"), _strikes.reason, _strikes.struck_at, _striker.c.name.label("struck_by")),
    )
    .join(table_of(Module), _modules.id == _figures.module_id)
    .outerjoin(table_of(Release), _releases.id == _figures.release_id)
    .outerjoin(_typist, _typist.c.id == _figures.typed_by_id)
    .outerjoin(table_of(FigureStrike), _strikes.figure_id == _figures.id)
    .outerjoin(_striker, _striker.c.id == _strikes.struck_by_id)
)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure as pages show it."""

    id: int
    kind: FigureKind
    value: Decimal
    answers: int | None
    starts_on: date | None
    measured_on: date
    source: str
    link: str
    typed_at: datetime
    module_id: int
    module_key: str
    module_name: str
    release_name: str | None
    release_id: int | None
    typed_by: str | None
    reason: str | None
    struck_at: datetime | None
    struck_by: str | None

    @property
    def is_struck(self) -> bool:
        """Whether somebody found it wrong."""
        return self.struck_at is not None

    @property
    def path(self) -> str:
        """Its address."""
        return figure_path(self.id)


def list_figure_facts(module_ids: Collection[int], span: Period) -> list[FigureFact]:
    """What was measured in a time, and nobody struck; one statement. Records of days that reach into it, too."""
    wanted = _FACTS.where(_figures.module_id.in_(module_ids), _figures.measured_on >= span.first_on)
    return [
        FigureFact(
            *(row.id, row.kind, row.module_id, row.name, float(row.value), row.measured_on),
            starts_on=row.starts_on,
            answers=row.answers,
            path=figure_path(row.id),
        )
        for row in db.session.execute(wanted)
        if (row.starts_on or row.measured_on) <= span.last_on
    ]


def find_overlapping(module_id: int, kind: FigureKind, first_on: date, last_on: date) -> int | None:
    """The number of a record that holds some of these days already."""
    return db.session.scalar(
        _FACTS.with_only_columns(_figures.id).where(
            *(_figures.module_id == module_id, _figures.kind == kind),
            *(_figures.starts_on <= last_on, _figures.measured_on >= first_on),
        )
    )


def list_figures(module_ids: Collection[int], *, kind: str = "", before: int = 0) -> tuple[list[FigureRow], int | None]:
    """A page of all that was typed, the newest first, and the key of the next; one statement."""
    statement = _ROWS.where(_figures.module_id.in_(module_ids)).order_by(_figures.id.desc())
    if kind:
        statement = statement.where(_figures.kind == kind)
    if before:
        statement = statement.where(_figures.id < before)
    rows = _read(statement.limit(PAGE + 1))
    return (rows[:PAGE], rows[PAGE - 1].id) if len(rows) > PAGE else (rows, None)


def get_figure(figure_id: int, actor: Actor) -> FigureRow:
    """One figure of a module that this person may see."""
    found = _read(_ROWS.where(_figures.id == figure_id))
    if not found:
        raise NotFound(UNSEEN)
    actor.require(Permission.CHECKLIST_VIEW, found[0].module_id)
    return found[0]


def _read(statement: Select[*tuple[Any, ...]]) -> list[FigureRow]:
    return [FigureRow(**row._mapping) for row in db.session.execute(statement)]
