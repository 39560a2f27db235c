"""From a row of a checklist to what a page shows of it for one person."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from flask_login import current_user

from app.domain.actors import Actor
from app.domain.addresses import item_path
from app.domain.checklist import OPEN, TAKEN_AWAY, UNDO_WINDOW, WAIVED, ItemState, Severity, untick_needs_reason
from app.domain.evidence import is_expired
from app.domain.inline_text import plain_words
from app.domain.permissions import Permission
from app.domain.waivers import WaiverStanding
from app.queries.audit import list_last_events
from app.queries.reworded import list_ticked_words
from app.queries.rows import ItemRow
from app.queries.waivers import WaiverLine
from app.services.items import Saved
from app.web.waiver_views import WaiverView, waiver_view

# States that come and go with a waiver: they are decided, not taken back.
BY_WAIVER = WAIVED | {ItemState.NOT_APPLICABLE_REQUESTED}
# The waiver behind it has passed its day, and nobody has opened the item yet.
EXPIRED = WaiverStanding.REOPENING.word


@dataclass(slots=True, eq=False)
class RowView:
    """One box as a page shows it to one person. Not frozen: hundreds make a page, and that costs each of them.

    `seen` is all that the rest follows from, save the last six; two views of the same look the same.
    """

    seen: tuple[Any, ...]
    id: int
    key: str
    text: str
    body: str
    depth: int
    guidance: str
    severity: Severity
    state: ItemState
    state_word: str
    revision: int
    value: str
    value_prompt: str
    value_kind: str
    value_unit: str
    evidence: str
    is_evidence_expired: bool
    link: str
    reason: str
    assignee_id: int | None
    assignee_name: str | None
    due_on: date | None
    is_overdue: bool
    changed_by_name: str | None
    changed_at: datetime | None
    comment_count: int
    natural_role_title: str
    group_id: int
    has_twins: bool
    module_id: int | None
    path: str
    # Ticked with other words than it has now: these.
    said_before: str | None
    state_before_word: str
    may_work: bool
    may_assign: bool
    untick_needs_reason: bool
    rule: str
    waivers: tuple[WaiverView, ...] = ()
    undo: tuple[str, datetime] | None = None
    error: str | None = None
    # It was not refused: whoever means it says so once more.
    is_asked_first: bool = False
    conflict: tuple[str, str] | None = None
    typed: dict[str, str] = field(default_factory=dict)
    # The twins that were set along with it just now: their texts.
    along: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowView) and self.seen == other.seen

    def __hash__(self) -> int:
        return hash(self.seen)

    @property
    def is_asked_again(self) -> bool:
        """Whether somebody has to say that its tick is still true."""
        return self.said_before is not None

    @property
    def is_removed(self) -> bool:
        """Whether the adopted version no longer asks it."""
        return self.state is ItemState.REMOVED

    @property
    def is_momentary(self) -> bool:
        """Whether it shows something that is only this reader's, and only now."""
        return bool(self.waivers or self.undo or self.error or self.along)

    @property
    def is_left(self) -> bool:
        """Whether it is still to be done: open, or about to be opened because its waiver has expired."""
        return self.state in OPEN or any(waiver.is_over for waiver in self.waivers)

    @property
    def may_waive(self) -> bool:
        """Whether a waiver may be asked for: the first one, or one that follows the one in force."""
        if not self.may_work or self.state is ItemState.NOT_APPLICABLE_REQUESTED:
            return False
        return self.state not in WAIVED or [bool(waiver.ends_on) for waiver in self.waivers] == [True]

    @property
    def plain_text(self) -> str:
        """The text where nothing can be set as code."""
        return plain_words(self.text)

    @property
    def has_facts(self) -> bool:
        """Whether there is more to say than how it stands."""
        return bool(
            self.changed_by_name
            or self.assignee_name
            or self.value
            or self.link
            or self.due_on
            or self.comment_count
            or self.evidence
            or self.reason
            or self.has_twins
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at the rows of one module, what they may do there, and their day; asked once for all rows."""

    actor: Actor
    module_id: int | None
    may_work: bool
    may_assign: bool
    today: date
    zone: str


def reader_of(module_id: int | None, actor: Actor) -> Reader:
    """This person, in front of rows of a module."""
    may_work, may_assign = (
        actor.may_for(permission, module_id) for permission in (Permission.ITEM_WORK, Permission.ITEM_ASSIGN)
    )
    zone = _zone()
    return Reader(actor, module_id, may_work, may_assign, datetime.now(zone).date(), str(zone))


def row_view(
    row: ItemRow,
    reader: Reader,
    *,
    waivers: Sequence[WaiverLine] = (),
    undo: tuple[str, datetime] | None = None,
    said_before: str | None = None,
    along: tuple[str, ...] = (),
) -> RowView:
    """What a page shows of a row."""
    behind = tuple(waiver_view(waiver, reader.actor, reader.module_id) for waiver in waivers)
    # Who ticked it is not who took it away; that stands in its history.
    changed_by = None if row.state in TAKEN_AWAY else row.changed_by_name
    needs_reason = row.state is ItemState.DONE and untick_needs_reason(row.facts, actor_id=reader.actor.id or 0)
    seen = (row, reader.module_id, reader.may_work, reader.may_assign, needs_reason, reader.today, reader.zone)
    return RowView(
        (*seen, said_before),
        *(row.id, row.key, row.text, row.body, row.depth, row.guidance, row.severity, row.state),
        state_word=EXPIRED if any(waiver.is_over for waiver in behind) else row.state.word,
        revision=row.revision,
        value=row.value,
        value_prompt=row.value_prompt,
        value_kind=row.value_kind,
        value_unit=row.value_unit,
        evidence=_evidence_words(row, reader) if row.evidence_count else "",
        is_evidence_expired=is_expired(row.evidence_expires_on, reader.today),
        link=row.link,
        reason=row.reason,
        assignee_id=row.assignee_id,
        assignee_name=row.assignee_name,
        due_on=row.due_on,
        is_overdue=row.due_on is not None and row.state in OPEN and row.due_on < reader.today,
        changed_by_name=changed_by,
        changed_at=row.state_since if changed_by is not None else None,
        comment_count=row.comment_count,
        natural_role_title=row.natural_role.label,
        group_id=row.group_id,
        has_twins=bool(row.fact),
        module_id=reader.module_id,
        path=item_path(row.id),
        said_before=said_before,
        state_before_word=row.state_before.word if row.state_before else "",
        waivers=behind,
        may_work=reader.may_work,
        may_assign=reader.may_assign,
        untick_needs_reason=needs_reason,
        rule=row.why_not,
        undo=undo if reader.may_work else None,
        along=along,
    )


def said_before_of(rows: Sequence[ItemRow]) -> dict[int, str]:
    """What the ticked rows said that have other words now, by the number of the row."""
    asked = [row for row in rows if row.is_reworded and row.state is ItemState.DONE]
    words = list_ticked_words({row.id: row.state_since for row in asked})
    return {row.id: words[row.id].text if row.id in words else row.text for row in asked}


def _evidence_words(row: ItemRow, reader: Reader) -> str:
    """How much evidence stands, and how many days old the newest is."""
    days = (reader.today - local_day(row.evidence_at)).days if row.evidence_at else 0
    age = f"{days} d" if days > 0 else "today"
    return f"{row.evidence_count} evidence, {'newest ' if row.evidence_count > 1 else ''}{age}"


def undo_of_saved(row: ItemRow, saved: Saved) -> tuple[str, datetime] | None:
    """What was saved just now, as something that may be taken back."""
    return (saved.event, saved.at + UNDO_WINDOW) if saved.event and row.state not in BY_WAIVER else None


def undos_of(rows: Sequence[ItemRow], actor: Actor) -> dict[int, tuple[str, datetime]]:
    """The events that this person may still take back; asked for only in the seconds in which they can be."""
    since = datetime.now(UTC) - UNDO_WINDOW
    recent = {row.id: row.state_since for row in rows if row.changed_by_id == actor.id and row.state_since >= since}
    events = list_last_events(list(recent), actor.id or 0, since)
    return {item: (event.hex(), at + UNDO_WINDOW) for item, (event, at) in events.items() if at == recent[item]}


def with_refusal(
    view: RowView, error: str, *, conflict: tuple[str, str] | None = None, typed: dict[str, str] | None = None
) -> RowView:
    """The row as it truly is, with what was refused and what had been typed."""
    return replace(view, error=error, conflict=conflict, typed=typed or {}, undo=None)


def today() -> date:
    """The day it is for the reader."""
    return datetime.now(_zone()).date()


def local_day(moment: datetime) -> date:
    """The day of a moment, as the reader counts."""
    return moment.astimezone(_zone()).date()


def _zone() -> tzinfo:
    return current_user.zone if current_user.is_authenticated else UTC
