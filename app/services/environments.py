"""Environments: add, rename, and the order in which modules go through them."""

from collections.abc import Sequence

from sqlalchemy import func, select, update

from app.domain.audit import AuditAction
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.modules import is_key, key_rule
from app.domain.permissions import Permission
from app.models import Environment
from app.models.base import table_of
from app.services.change import SETTINGS, About, Change
from app.services.gates import make_missing_gates
from app.services.write_path import write_path

_all = table_of(Environment)


@write_path
def add_environment(change: Change, key: str, name: str) -> int:
    """Add an environment before the last one, which stays the one that people use; gives its number."""
    change.actor.require(Permission.MODULE_MANAGE, None)
    stream = change.take_subject(*SETTINGS)
    if not is_key(key):
        raise InvalidInput(environment=key_rule("pre-production"))
    if change.session.scalar(select(Environment.id).where(Environment.key == key)) is not None:
        raise InvalidInput(environment=f"There is an environment “{key}” already.")
    _check_name(change, name)
    last = change.session.scalar(select(func.max(Environment.position))) or 0
    # What is last asks for the release gate, and metrics count it: a new one takes that from nobody.
    change.session.execute(update(_all).where(_all.c.position == last).values(position=last + 1))
    environment = Environment(key=key, name=name, position=max(last, 1))
    change.session.add(environment)
    change.session.flush()
    make_missing_gates(change)
    change.record(
        AuditAction.ENVIRONMENT_ADDED,
        About("environment", environment.id, name),
        stream=stream,
        under=Permission.MODULE_MANAGE,
    )
    return environment.id


def _check_name(change: Change, name: str, *, own: int = 0) -> None:
    if not name:
        raise InvalidInput(environment_name="Give it a name.")
    names = change.session.scalars(select(_all.c.name).where(_all.c.id != own))
    if name.casefold() in {known.casefold() for known in names}:
        raise InvalidInput(environment_name=f"There is an environment “{name}” already.")


@write_path
def rename_environment(change: Change, environment_id: int, name: str, *, seen: str) -> bool:
    """Give an environment another name than the one that was seen; its key, by which gates know it, stays."""
    change.actor.require(Permission.MODULE_MANAGE, None)
    stream = change.take_subject(*SETTINGS)
    old = change.session.scalar(select(_all.c.name).where(_all.c.id == environment_id))
    if old is None:
        raise NotFound("There is no such environment.")
    _check_name(change, name, own=environment_id)
    if old == name:
        return False
    if old != seen:
        raise Conflict("Somebody else renamed it while you were typing.", theirs=old, yours=name)
    change.session.execute(update(_all).where(_all.c.id == environment_id).values(name=name))
    change.record(
        AuditAction.ENVIRONMENT_CHANGED,
        About("environment", environment_id, name),
        stream=stream,
        fact="name",
        old=old,
        new=name,
        before={"name": old},
        after={"name": name},
        under=Permission.MODULE_MANAGE,
    )
    return True


@write_path
def move_environment(change: Change, environment_id: int, *, place: int, seen: Sequence[int]) -> bool:
    """Put an environment at another place, 1 being the first; `seen`: the order that was looked at, by number.

    It counts for what starts from now on. Gates that were passed stay passed.
    """
    change.actor.require(Permission.MODULE_MANAGE, None)
    stream = change.take_subject(*SETTINGS)
    rows = change.session.execute(select(_all.c.id, _all.c.key).order_by(_all.c.position)).all()
    before, keys = [row.id for row in rows], {row.id: row.key for row in rows}
    if environment_id not in keys:
        raise NotFound("There is no such environment.")
    if before != list(seen):
        told = ", ".join(keys[number] for number in before)
        raise Conflict("Somebody else changed the order while you looked.", theirs=told)
    after = [number for number in before if number != environment_id]
    after.insert(max(0, place - 1), environment_id)
    if after == before:
        return False
    for position, number in enumerate(after, start=1):
        change.session.execute(update(_all).where(_all.c.id == number).values(position=position))
    old, new = ([keys[number] for number in order] for order in (before, after))
    change.record(
        AuditAction.ENVIRONMENT_MOVED,
        About("environment", environment_id, keys[environment_id]),
        stream=stream,
        old=", ".join(old),
        new=", ".join(new),
        before={"order": old},
        after={"order": new},
        under=Permission.MODULE_MANAGE,
    )
    return True
