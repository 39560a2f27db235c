"""Adopting: bringing checklists that people work on to another template version, with all that was done on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from app.domain.adoption import Plan, StandingItem, Step, check_still_true, fingerprint, meaning_of, plan
from app.domain.applicability import RULED
from app.domain.audit import AuditAction
from app.domain.checklist import ItemState
from app.domain.errors import UNSEEN, InvalidInput, NotFound, RuleViolation
from app.domain.identifiers import time_ordered_id
from app.domain.permissions import Permission
from app.domain.template_content import TemplateContent
from app.domain.template_diff import part_of
from app.models import ChecklistItem
from app.models.base import table_of
from app.queries.adoption import list_heads, list_imported_ticks, list_standing_items
from app.queries.applicability import PlacedChecklist, read_answers
from app.queries.checklists import ChecklistHead
from app.queries.template_content import content_of_version
from app.queries.templates import VersionLine, get_version_by_id
from app.services.adopted_rows import ItemChanges, move_items, read_item_numbers, renew_rows
from app.services.change import About, Change
from app.services.due import give_due_dates
from app.services.item_states import tick_together
from app.services.items import Saved, about_item, take_item
from app.services.ruling import bring_in_line
from app.services.write_path import write_path

_items = table_of(ChecklistItem)
TICKED_THERE = "Ticked in the imported document."


@dataclass(frozen=True, slots=True)
class Adopting:
    """One checklist on its way to another version."""

    head: ChecklistHead
    plan: Plan
    batch: bytes

    def about(self, version: VersionLine) -> About:
        """The checklist as the object of an event."""
        head = self.head
        return About("checklist", head.id, head.label, head.module_id, head.release_id, version.id)

    def about_item(self, item_id: int, text: str, version: VersionLine) -> About:
        """One of its items as the object of an event."""
        return About("item", item_id, text, self.head.module_id, self.head.release_id, version.id)


@write_path
def adopt(
    change: Change, version_id: int, expected: tuple[tuple[int, str], ...], *, with_ticks: bool = False
) -> list[int]:
    """Bring checklists to a version, all of them or none; `expected` is what the preview showed of each.

    Ticks, values, comments, owners and waivers stay with their stable keys. `with_ticks`: what was ticked in the
    document that the version was imported from is ticked here too, by whoever adopts. Gives the checklists' numbers.
    """
    seen = dict(expected)
    if not seen:
        raise InvalidInput(checklist="Choose at least one checklist.")
    version, content = get_version_by_id(version_id), content_of_version(version_id)
    for head in _heads(seen):
        change.actor.require(Permission.TEMPLATE_ADOPT, head.module_id)
    change.take(*(head.stream_id for head in _heads(seen)))
    heads = _heads(seen)
    standing = list_standing_items([head.id for head in heads])
    batch = time_ordered_id()
    adopting = []
    for head in heads:
        wanted = check_may_adopt(head, content)
        check_still_true(seen[head.id], fingerprint(head.version_id, standing[head.id]), label=head.title)
        adopting.append(Adopting(head, plan(standing[head.id], wanted), batch))
    _apply(change, adopting, version)
    if with_ticks:
        tick_together(change, list_imported_ticks(seen, version.id), reason=TICKED_THERE)
    return [head.id for head in heads]


def _heads(seen: dict[int, str]) -> list[ChecklistHead]:
    heads = list_heads(list(seen))
    if len(heads) != len(seen):
        raise NotFound(UNSEEN)
    return heads


def check_may_adopt(head: ChecklistHead, content: TemplateContent) -> TemplateContent:
    """Raise RuleViolation unless a checklist may be brought to a version; gives the part that it would take."""
    if not head.is_live:
        raise RuleViolation(f"{head.title} is no longer worked on: its checklist stays as it is.")
    wanted = part_of(content, head.belongs_to)
    if not wanted.items:
        raise RuleViolation(f"This version has nothing for a {head.belongs_to.value}: {head.title} stays as it is.")
    return wanted


def _apply(change: Change, adopting: Sequence[Adopting], version: VersionLine) -> None:
    numbers = [one.head.id for one in adopting]
    renew_rows(change, numbers, version.id)
    move_items(change, _changes([one.plan for one in adopting]))
    items = read_item_numbers(change, numbers) if any(one.plan.added for one in adopting) else {}
    for one in adopting:
        _record_all(change, one, version, items)
        _bring_in_line(change, one.head, version)


def _bring_in_line(change: Change, head: ChecklistHead, version: VersionLine) -> None:
    """What follows from rules: due dates for what has none, and what the answers of the module take away."""
    give_due_dates(change, head.id, head.release_id)
    if head.module_id is not None and head.belongs_to in RULED:
        placed = PlacedChecklist(head.id, head.stream_id, head.module_id, head.release_id, version.id)
        # Who changes the answers takes this checklist's stream too, and brings it in line anew.
        answers = read_answers(head.module_id)
        if answers:
            bring_in_line(change, [placed], answers, under=Permission.TEMPLATE_ADOPT)


def _changes(plans: Sequence[Plan]) -> ItemChanges:
    steps = list(chain.from_iterable(one.steps for one in plans))
    returned = {step.item.id for one in plans for step in one.returned}
    return ItemChanges(
        removed=[item.id for one in plans for item in one.removed],
        returned=sorted(returned),
        touched=[step.item.id for step in steps if step.item.id not in returned],
        asked=[step.item.id for step in steps if step.asks],
        asked_no_more=[step.item.id for step in steps if step.asks is False],
    )


def _record_all(change: Change, one: Adopting, version: VersionLine, numbers: dict[tuple[int, str], int]) -> None:
    """One event for the checklist, and one for each item that was added, taken away, brought back or reworded."""
    head, done = one.head, one.plan
    change.record(
        AuditAction.CHECKLIST_ADOPTED,
        one.about(version),
        stream=head.stream_id,
        old=head.version_label,
        new=f"{version.label}: {done.sentence or 'nothing different'}",
        before={"template_version_id": head.version_id},
        after={"template_version_id": version.id, "ticks_kept": done.ticks_kept, "updated": len(done.updated)},
        under=Permission.TEMPLATE_ADOPT,
        batch=one.batch,
    )
    for added in done.added:
        about = one.about_item(numbers[head.id, added.key], added.text, version)
        change.record(
            AuditAction.ITEM_ADDED,
            about,
            stream=head.stream_id,
            under=Permission.TEMPLATE_ADOPT,
            batch=one.batch,
        )
    for item in done.removed:
        about = one.about_item(item.id, item.content.text, version)
        _record_state(change, one, about, item, ItemState.REMOVED)
    for step in done.returned:
        about = one.about_item(step.item.id, step.new.text, version)
        _record_state(change, one, about, step.item, step.item.own_state)
    for step in (*done.returned, *done.reworded):
        if step.is_reworded:
            _record_words(change, one, step, one.about_item(step.item.id, step.new.text, version))


def _record_state(change: Change, one: Adopting, about: About, item: StandingItem, state: ItemState) -> None:
    change.record(
        AuditAction.ITEM_REMOVED if state is ItemState.REMOVED else AuditAction.ITEM_RETURNED,
        about,
        stream=one.head.stream_id,
        fact="state",
        old=item.state.word,
        new=state.word,
        before={"state": item.state.value, "revision": item.revision},
        after={"state": state.value, "revision": item.revision + 1},
        under=Permission.TEMPLATE_ADOPT,
        batch=one.batch,
    )


def _record_words(change: Change, one: Adopting, step: Step, about: About) -> None:
    first, *more = (fact.word for fact in step.facts)
    change.record(
        AuditAction.ITEM_REWORDED,
        about,
        stream=one.head.stream_id,
        fact=f"{first} and {len(more)} more" if more else first,
        old=step.item.content.text,
        new=step.new.text,
        before={"meaning": meaning_of(step.item.content), "revision": step.item.revision},
        after={"meaning": meaning_of(step.new), "is_asked_again": bool(step.asks)},
        under=Permission.TEMPLATE_ADOPT,
        batch=one.batch,
    )


@write_path
def confirm_item(change: Change, item_id: int, *, revision: int) -> Saved:
    """Say that a ticked item is still true with its new words."""
    place, item = take_item(change, item_id, revision, Permission.ITEM_WORK, yours="still true")
    if not item.is_reworded:
        return Saved(item.id, item.revision, change.at)
    change.session.execute(
        _items.update().where(_items.c.id == item.id).values(is_reworded=False, revision=item.revision + 1)
    )
    event = change.record(
        AuditAction.ITEM_CONFIRMED,
        about_item(place),
        stream=place.stream_id,
        new=item.text,
        before={"is_reworded": True, "revision": item.revision},
        after={"is_reworded": False, "revision": item.revision + 1},
        under=Permission.ITEM_WORK,
    )
    return Saved(item.id, item.revision + 1, change.at, event.hex())
