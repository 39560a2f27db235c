"""Figures that people type: added, and struck when they were wrong."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select

from app.domain.audit import AuditAction
from app.domain.errors import InvalidInput, RuleViolation
from app.domain.figures import FigureFacts, FigureKind, check_figure, plain_number
from app.domain.metric_words import value_words
from app.domain.permissions import Permission
from app.models import Figure, FigureStrike, Module, Release, ReleaseModule
from app.models.base import table_of
from app.queries.figures import find_overlapping, get_figure
from app.queries.modules import get_module
from app.services.change import About, Change
from app.services.write_path import write_path


@write_path
def type_figure(change: Change, module_key: str, facts: FigureFacts, *, today: date) -> int:
    """Keep a number that somebody measured about a module; gives its own number."""
    module = get_module(module_key, change.actor)
    change.actor.require(Permission.ITEM_WORK, module.id)
    stream = change.take_subject("module", module.id)
    check_figure(facts, today=today)
    release_id = _release_of(change, module, facts.release_key)
    first_on = facts.starts_on if facts.kind.has_days else None
    if first_on is not None:
        _check_alone(module.id, facts, first_on)
    answers = facts.answers if facts.kind.has_answers else None
    row = {
        "module_id": module.id,
        "release_id": release_id,
        "kind": facts.kind,
        "value": facts.value,
        "answers": answers,
        "starts_on": first_on,
        "measured_on": facts.measured_on,
        "source": facts.source,
        "link": facts.link,
        "typed_by_id": change.actor_id,
        "typed_at": change.at,
    }
    number = change.put(insert(table_of(Figure)), row)
    change.record(
        AuditAction.FIGURE_TYPED,
        About("figure", number, module.name, module.id, release_id),
        stream=stream,
        fact=facts.kind.label,
        new=_words(facts.kind, facts.value),
        reason=facts.source,
        after={name: _plain(value) for name, value in row.items() if name not in {"typed_by_id", "typed_at"}},
        under=Permission.ITEM_WORK,
    )
    return number


def _release_of(change: Change, module: Module, key: str) -> int | None:
    """The release that the figure is about; one that holds the module."""
    if not key:
        return None
    found: int | None = change.session.scalar(
        select(Release.id)
        .join(ReleaseModule, ReleaseModule.release_id == Release.id)
        .where(Release.key == key, ReleaseModule.module_id == module.id, ReleaseModule.removed_at.is_(None))
    )
    if found is None:
        raise InvalidInput(release="This module is not in this release.")
    return found


def _check_alone(module_id: int, facts: FigureFacts, first_on: date) -> None:
    """A day is known once: two records of it would count twice."""
    other = find_overlapping(module_id, facts.kind, first_on, facts.measured_on)
    if other is not None:
        raise InvalidInput(
            starts_on=f"Some of these days are in record {other} already. Strike that one first if it is wrong."
        )


def _plain(value: Any) -> Any:
    """A column's value as it can stand in a canonical body."""
    if isinstance(value, Decimal):
        return plain_number(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


@write_path
def strike_figure(change: Change, figure_id: int, *, reason: str) -> bool:
    """Say that a figure was wrong: it counts nowhere any more, and stays where it can be read."""
    figure = get_figure(figure_id, change.actor)
    change.actor.require(Permission.ITEM_WORK, figure.module_id)
    stream = change.take_subject("module", figure.module_id)
    # Asked again: somebody else may have struck it while the stream was waited for.
    figure = get_figure(figure_id, change.actor)
    if figure.is_struck:
        raise RuleViolation("This figure has been struck already.")
    if not reason:
        raise InvalidInput(reason="Say what is wrong with it.")
    row = {"figure_id": figure_id, "reason": reason, "struck_by_id": change.actor_id, "struck_at": change.at}
    change.session.execute(insert(table_of(FigureStrike)), row)
    change.record(
        AuditAction.FIGURE_STRUCK,
        About("figure", figure_id, figure.module_name, figure.module_id, figure.release_id),
        stream=stream,
        fact=figure.kind.label,
        old=_words(figure.kind, figure.value),
        reason=reason,
        after={"figure": figure_id},
        under=Permission.ITEM_WORK,
    )
    return True


def _words(kind: FigureKind, value: Decimal) -> str:
    """A value as the history tells it."""
    return value_words(kind.unit, float(value))
