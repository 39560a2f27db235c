"""Working an item: taking and saving it, its value, link, comments, owner and due date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Update, bindparam, insert, update

from app.domain.audit import AuditAction
from app.domain.checklist import ItemState, check_is_asked, check_may_keep
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.permissions import Permission
from app.models import ChecklistItem, ItemComment, Person
from app.models.base import table_of
from app.queries.items import ItemPlace, get_item_now, get_place, list_places
from app.queries.people import can_see
from app.queries.rows import ItemRow, PlacedRow, list_chosen_rows
from app.services.change import About, Change
from app.services.facts import in_words, plain
from app.services.rollback_steps import Taken, follow_run
from app.services.write_path import write_path

# Built once for each set of columns, as building a statement costs more than sending it.
_items = table_of(ChecklistItem)
_CHANGE = update(_items).where(_items.c.id == bindparam("item"))
_CHANGE_MANY = (
    update(_items).where(_items.c.id.in_(bindparam("items", expanding=True))).values(revision=_items.c.revision + 1)
)


@cache
def _change_of(columns: frozenset[str]) -> Update:
    return _CHANGE.values({name: bindparam(f"to_{name}") for name in ("revision", *sorted(columns))})


@dataclass(frozen=True, slots=True)
class Saved:
    """What a change of an item came to. `event` is None when nothing was different, or nothing can be taken back.

    `twins` are the texts of the items that went along. `placed` is the row as it was written, so that nobody has to
    read it again; a repeated request does without.
    """

    item_id: int
    revision: int
    at: datetime
    event: str | None = None
    twins: tuple[str, ...] = ()
    placed: Annotated[PlacedRow | None, Field(exclude=True)] = field(default=None, compare=False)


def about_item(place: ItemPlace) -> About:
    """An item as the object of an event."""
    return About("item", place.id, place.text, place.module_id, place.release_id, place.template_version_id)


def take_item(
    change: Change, item_id: int, revision: int, permission: Permission, *, yours: str = ""
) -> tuple[ItemPlace, ItemRow]:
    """Take the checklist's stream and read the item now; Conflict when the page was older than the item."""
    working = change.take_of_item(item_id)
    change.actor.require(permission, working.place.module_id)
    check_revision(working.now, revision, yours=yours)
    check_is_asked(working.now.facts)
    return working.place, working.now


def check_revision(item: ItemRow, revision: int, *, yours: str) -> None:
    """Raise Conflict with both values when somebody else was faster."""
    if item.revision != revision:
        raise Conflict(
            f"Somebody else changed “{item.text}” since you opened this page.", theirs=standing(item), yours=yours
        )


def standing(item: ItemRow) -> str:
    """In words, where an item stands."""
    parts = [item.state.word, item.reason, item.value and f"value {item.value}", item.link]
    return ", ".join(part for part in parts if part)


def save_item(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    values: Mapping[str, Any],
    *,
    action: AuditAction | None = None,
    reason: str = "",
    new: str | None = None,
    under: Permission | None = Permission.ITEM_WORK,
    batch: bytes | None = None,
    claim: Taken | None = None,
) -> Saved:
    """Change columns of an item and leave one event per fact; nothing when nothing is different.

    `action` is what the change of the state is remembered as, where it is more than that. `claim`: what stood on paper
    of a step that is typed in later.
    """
    if not values:
        return Saved(item.id, item.revision, change.at, placed=_placed(change, place, item, {}))
    if item.is_reworded and values.get("state", ItemState.DONE) is not ItemState.DONE:
        values = {**values, "is_reworded": False}  # what is no longer ticked needs no second look
    changed = {f"to_{name}": value for name, value in values.items()}
    change.connection.execute(
        _change_of(frozenset(values)), {"item": item.id, "to_revision": item.revision + 1, **changed}
    )
    if "state" in values:
        said = Taken(values.get("value", item.value), values.get("reason", ""))
        follow_run(change, place, item.state, values["state"], claim or said)
    event = _record(change, place, item, values, action=action, reason=reason, new=new, under=under, batch=batch)
    return Saved(item.id, item.revision + 1, change.at, event.hex(), placed=_placed(change, place, item, values))


def save_alike(
    change: Change,
    items: Sequence[tuple[ItemPlace, ItemRow]],
    values: Mapping[str, Any],
    *,
    reason: str,
    batch: bytes,
) -> None:
    """Give items the same new state: one statement for all of them, and one event for each."""
    if not items:
        return
    change.connection.execute(_CHANGE_MANY.values(**values), {"items": [item.id for _, item in items]})
    for place, item in items:
        _record(change, place, item, values, reason=reason, under=Permission.ITEM_WORK, batch=batch)


def _record(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    values: Mapping[str, Any],
    *,
    action: AuditAction | None = None,
    reason: str,
    new: str | None = None,
    under: Permission | None,
    batch: bytes | None,
) -> bytes:
    """One event for each changed fact of an item; gives the last."""
    event = b""
    for fact in facts_of(values):
        event = change.record(
            (fact == "state" and action) or _ACTIONS[fact],
            about_item(place),
            stream=place.stream_id,
            fact=_WORDS[fact],
            old=value_words(fact, getattr(item, fact)),
            new=new if new is not None else value_words(fact, values[fact]),
            reason=reason,
            before={name: body_value(getattr(item, name)) for name in _PARTS[fact]} | {"revision": item.revision},
            after={name: body_value(values.get(name, getattr(item, name))) for name in _PARTS[fact]}
            | {"revision": item.revision + 1},
            under=under,
            batch=batch if fact == "state" else None,  # what is taken back together is how they stand
        )
    return event


def _placed(change: Change, place: ItemPlace, item: ItemRow, values: Mapping[str, Any]) -> PlacedRow | None:
    """The row as it is now; None where a name would have to be looked up."""
    if "assignee_id" in values:
        return None
    names = {"changed_by_name": change.actor.name} if "changed_by_id" in values else {}
    written = {"revision": item.revision + 1, **values, **names} if values else {}
    return PlacedRow(item._replace(**written), place.module_id, place.release_id)


# The facts of an item, the columns that each is made of, and the words and action it is remembered by.
_PARTS = {
    "value": ("value",),
    "link": ("link",),
    "assignee_id": ("assignee_id",),
    "due_on": ("due_on",),
    "state": ("state", "reason", "changed_by_id", "state_since", "is_reworded"),
}
_WORDS = {"value": "value", "link": "link", "assignee_id": "owner", "due_on": "due date", "state": "state"}
_ACTIONS = {
    "value": AuditAction.ITEM_CHANGED,
    "link": AuditAction.ITEM_CHANGED,
    "due_on": AuditAction.ITEM_CHANGED,
    "assignee_id": AuditAction.ITEM_ASSIGNED,
    "state": AuditAction.ITEM_STATE_CHANGED,
}


def facts_of(values: Mapping[str, Any]) -> list[str]:
    """The facts among columns; the state last, because its event is the one that can be taken back."""
    return [fact for fact in _PARTS if fact in values]


def value_words(fact: str, value: Any) -> str:
    """A fact's value as it stands in the history."""
    return value.word if isinstance(value, ItemState) else in_words(fact, value)


def body_value(value: Any) -> Any:
    """A column's value as it can stand in a canonical body."""
    return value.value if isinstance(value, ItemState) else plain(value)


@write_path
def set_value(change: Change, item_id: int, *, revision: int, value: str, link: str) -> Saved:
    """Keep what was measured, and where to look."""
    place, item = take_item(change, item_id, revision, Permission.ITEM_WORK, yours=f"{value} {link}".strip())
    check_is_asked(item.facts)
    wanted = {"value": value, "link": link}
    values = {name: text for name, text in wanted.items() if text != getattr(item, name)}
    check_may_keep(value_kind=item.value_kind, **values)
    return save_item(change, place, item, values)


@write_path
def add_comment(change: Change, item_id: int, *, text: str) -> Saved:
    """Say something about an item. It has no revision to be stale against: both comments stay."""
    place = get_place(item_id)
    change.actor.require(Permission.ITEM_WORK, place.module_id)
    if not text:
        raise InvalidInput(text="Type a comment.")
    change.take(place.stream_id)
    item = get_item_now(item_id)
    change.session.execute(
        insert(ItemComment).values(item_id=item_id, author_id=change.actor_id, text=text, created_at=change.at)
    )
    change.session.execute(
        update(ChecklistItem).where(ChecklistItem.id == item_id).values(comment_count=item.comment_count + 1),
        execution_options={"synchronize_session": False},
    )
    change.record(
        AuditAction.ITEM_COMMENTED,
        about_item(place),
        stream=place.stream_id,
        new=text,
        under=Permission.ITEM_WORK,
    )
    return Saved(item_id, item.revision, change.at)


@write_path
def assign(change: Change, item_id: int, *, revision: int, assignee_id: int | None, due_on: date | None) -> Saved:
    """Give an item an owner and a due date, or take them away."""
    place, item = take_item(change, item_id, revision, Permission.ITEM_ASSIGN)
    if assignee_id is not None:
        person = change.session.get(Person, assignee_id)
        if person is None or person.deactivated_at is not None:
            raise InvalidInput(assignee_id="There is no such person, or the account is deactivated.")
        if not can_see(assignee_id, place.module_id):
            raise InvalidInput(assignee_id="This person may not see the module. An administrator grants a role for it.")
    wanted = {"assignee_id": assignee_id, "due_on": due_on}
    values = {name: value for name, value in wanted.items() if value != getattr(item, name)}
    return save_item(change, place, item, values, under=Permission.ITEM_ASSIGN)


def take_items(
    change: Change, checklist_id: int, items: tuple[tuple[int, int], ...]
) -> tuple[dict[int, ItemPlace], list[ItemRow]]:
    """Take the stream of one checklist and read several of its items; all must be its own and as they were seen."""
    if not items:
        raise InvalidInput(item_ids="Select at least one item.")
    revisions = dict(items)
    places = {place.id: place for place in list_places(list(revisions))}
    if len(places) != len(revisions) or {place.checklist_id for place in places.values()} != {checklist_id}:
        raise NotFound("These items do not belong to one checklist.")
    first = next(iter(places.values()))
    change.actor.require(Permission.ITEM_WORK, first.module_id)
    change.take(first.stream_id)
    rows = list_chosen_rows(list(revisions))
    for item in rows:
        check_revision(item, revisions[item.id], yours="several items at once")
    return places, rows
