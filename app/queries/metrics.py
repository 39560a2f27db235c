"""Reads of all that metrics are made of, narrowed to the modules that a person may see and asks for."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select, true

from app.database import db
from app.domain.actors import Actor
from app.domain.errors import UNSEEN, NotFound
from app.domain.metric_book import Facts
from app.domain.metric_facts import GateFact, OperationFacts
from app.domain.metric_keys import Source
from app.domain.periods import Period
from app.domain.permissions import Permission
from app.models import Checklist, Module, ReleaseModule
from app.models.base import table_of
from app.queries.figures import list_figure_facts
from app.queries.gate_times import list_gate_times, opened_since
from app.queries.operations import read_operations
from app.queries.phase_times import list_documents, list_phase_times

_lists, _modules, _members = table_of(Checklist).c, table_of(Module).c, table_of(ReleaseModule).c


@dataclass(frozen=True, slots=True)
class ScopeModule:
    """A module that metrics can be narrowed to."""

    id: int
    key: str
    name: str
    team: str
    is_archived: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """The modules that are looked at, and whether what belongs to releases is looked at, too."""

    modules: tuple[ScopeModule, ...]
    # None: not the releases' own gates. Else a condition for those that one may see.
    releases: ColumnElement[bool] | None

    @property
    def ids(self) -> list[int]:
        """Their numbers. What is archived now was there then."""
        return [one.id for one in self.modules]

    @property
    def in_use(self) -> int:
        """How many of them are not archived."""
        return sum(not one.is_archived for one in self.modules)


def list_scope_modules(actor: Actor) -> list[ScopeModule]:
    """All modules that a person may see; one statement."""
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    statement = select(_modules.id, _modules.key, _modules.name, _modules.team, _modules.archived_at)
    if visible is not None:
        statement = statement.where(_modules.id.in_(visible))
    rows = db.session.execute(statement.order_by(_modules.name))
    return [ScopeModule(row.id, row.key, row.name, row.team, row.archived_at is not None) for row in rows]


def scope_of(known: Collection[ScopeModule], actor: Actor, *, module_key: str = "", team: str = "") -> Scope:
    """What is looked at; NotFound for a module or a team of which this person sees nothing."""
    chosen = tuple(one for one in known if module_key in ("", one.key) and team in ("", one.team))
    if (module_key or team) and not chosen:
        raise NotFound(UNSEEN)
    if module_key or team:
        return Scope(chosen, None)
    if actor.modules(Permission.CHECKLIST_VIEW) is None:
        return Scope(chosen, true())
    held = select(_members.release_id).where(
        _members.module_id.in_([one.id for one in chosen]), _members.removed_at.is_(None)
    )
    return Scope(chosen, _lists.release_id.in_(held))


def read_facts(scope: Scope, period: Period, sources: Collection[Source] = tuple(Source)) -> Facts:
    """All that the metrics of a period and of the one before are made of; a fixed number of statements."""
    span, ids = Period(period.before.first_on, period.last_on), scope.ids
    is_asked = {source: source in sources for source in Source}
    return Facts(
        read_operations(ids, span.begins_at, span.ends_at) if is_asked[Source.DEPLOYMENTS] else OperationFacts(),
        tuple(_gates(scope, span)) if is_asked[Source.GATES] else (),
        tuple(list_phase_times(ids, span)) if is_asked[Source.PHASES] else (),
        tuple(list_documents(ids, span)) if is_asked[Source.DOCUMENTS] else (),
        tuple(list_figure_facts(ids, span)) if is_asked[Source.FIGURES] else (),
        modules=scope.in_use,
    )


def _gates(scope: Scope, span: Period) -> list[GateFact]:
    own = _lists.module_id.in_(scope.ids)
    seen = own if scope.releases is None else or_(own, and_(_lists.module_id.is_(None), scope.releases))
    return list_gate_times(opened_since(span.begins_at), seen)
