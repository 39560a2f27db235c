"""Reads of what a module answered, and of what rules make of it in its checklists."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select

from app.database import db
from app.domain.addresses import Subject
from app.domain.applicability import Answers, Question, is_ruled_out, why_not_with
from app.domain.checklist import TAKEN_AWAY, ItemState
from app.models import Change, Checklist, ChecklistGroup, ChecklistItem, ModuleAnswer, Person, Release, Target
from app.models.base import table_of
from app.queries.returning import state_to_return_to
from app.queries.subjects import SUBJECT, subject_of, with_subject


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """What was answered to one question, by whom and when."""

    question: Question
    is_yes: bool
    revision: int
    answered_at: datetime
    answered_by_name: str | None


_answers, _people = table_of(ModuleAnswer).c, table_of(Person).c
_ANSWERS = select(_answers.question, _answers.is_yes).where(_answers.module_id == bindparam("module"))
_ANSWERS_OF = select(_answers.module_id, _answers.question, _answers.is_yes).where(
    _answers.module_id.in_(bindparam("modules", expanding=True))
)
_LINES = (
    select(_answers.question, _answers.is_yes, _answers.revision, _answers.answered_at, _people.name)
    .outerjoin(table_of(Person), _people.id == _answers.answered_by_id)
    .where(_answers.module_id == bindparam("module"))
)


def read_answers(module_id: int) -> dict[Question, bool]:
    """What a module answered; a question without an answer is missing."""
    return {row.question: row.is_yes for row in db.session.execute(_ANSWERS, {"module": module_id})}


def list_answers_of(module_ids: Sequence[int]) -> dict[int, dict[Question, bool]]:
    """What each of several modules answered; one without an answer is missing."""
    found: dict[int, dict[Question, bool]] = defaultdict(dict)
    for row in db.session.connection().execute(_ANSWERS_OF, {"modules": module_ids}):
        found[row.module_id][row.question] = row.is_yes
    return found


def list_answers(module_id: int) -> dict[Question, AnswerLine]:
    """The answers of a module with who gave them."""
    return {row.question: AnswerLine(*row) for row in db.session.execute(_LINES, {"module": module_id})}


@dataclass(frozen=True, slots=True)
class PlacedChecklist:
    """A checklist of a module, with what an event about its items says."""

    id: int
    stream_id: int
    module_id: int
    release_id: int | None
    template_version_id: int


@dataclass(frozen=True, slots=True)
class LiveChecklist(PlacedChecklist):
    """A checklist that rules still reach: its release has not shipped, its target is in use."""

    subject: Subject
    name: str


_lists, _releases, _targets = table_of(Checklist).c, table_of(Release).c, table_of(Target).c
_LIVE = (
    with_subject(
        select(
            _lists.id,
            _lists.stream_id,
            _lists.template_version_id,
            _releases.name.label("release_name"),
            table_of(Change).c.title,
            _targets.name.label("target_name"),
            *SUBJECT,
        )
    )
    .where(
        _lists.module_id == bindparam("module"),
        _releases.shipped_at.is_(None),
        _releases.archived_at.is_(None),
        _targets.archived_at.is_(None),
    )
    .order_by(_lists.release_id.is_(None), _lists.id)
)


def list_live_checklists(module_id: int) -> list[LiveChecklist]:
    """The checklists of a module that follow its answers."""
    return [
        LiveChecklist(
            row.id,
            row.stream_id,
            module_id,
            row.release_id,
            row.template_version_id,
            subject_of(row),
            _name(row),
        )
        for row in db.session.execute(_LIVE, {"module": module_id})
    ]


def _name(row: Any) -> str:
    if row.target_name:
        return f"target {row.target_name}"
    return f"{row.release_name}, !{row.number} {row.title}".strip() if row.number else str(row.release_name)


class RuledItem(NamedTuple):
    """An item for which there is a rule, its own or its group's."""

    id: int
    checklist_id: int
    text: str
    state: ItemState
    state_before: ItemState | None
    revision: int
    own_rule: str
    group_rule: str

    @property
    def rules(self) -> tuple[str, str]:
        """All rules that must hold."""
        return self.group_rule, self.own_rule

    def is_leaving(self, answers: Answers) -> bool:
        """Whether these answers take it away."""
        return self.state not in TAKEN_AWAY and is_ruled_out(self.rules, answers)

    def is_returning(self, answers: Answers) -> bool:
        """Whether it was taken away, and these answers bring it back."""
        return self.state is ItemState.RULED_OUT and not is_ruled_out(self.rules, answers)


_items, _groups = table_of(ChecklistItem).c, table_of(ChecklistGroup).c
_RULED = (
    select(
        _items.id,
        _items.checklist_id,
        _items.text,
        _items.state,
        state_to_return_to().label("state_before"),
        _items.revision,
        _items.applies_when,
        _groups.applies_when,
    )
    .join(table_of(ChecklistGroup), _groups.id == _items.group_id)
    .where(
        _items.checklist_id.in_(bindparam("checklists", expanding=True)),
        or_(_items.applies_when != "", _groups.applies_when != "", _items.state == ItemState.RULED_OUT),
    )
    .order_by(_items.checklist_id, _items.position)
)
_TOTALS = (
    select(_items.checklist_id, func.count())
    .where(_items.checklist_id.in_(bindparam("checklists", expanding=True)), _items.state != ItemState.REMOVED)
    .group_by(_items.checklist_id)
)


def list_ruled_items(checklist_ids: Sequence[int]) -> list[RuledItem]:
    """The items of some checklists for which there is a rule; one statement."""
    return [RuledItem._make(row) for row in db.session.execute(_RULED, {"checklists": checklist_ids})]


@dataclass(frozen=True, slots=True)
class Effect:
    """What answers make of one checklist."""

    checklist: LiveChecklist
    total: int
    items: tuple[RuledItem, ...]
    answers: Answers

    @property
    def out(self) -> list[RuledItem]:
        """What does not apply."""
        return [item for item in self.items if is_ruled_out(item.rules, self.answers)]

    @property
    def applying(self) -> int:
        """How many items no rule takes away."""
        return self.total - len(self.out)

    @property
    def leaving(self) -> list[RuledItem]:
        """What is asked now and would not be."""
        return [item for item in self.items if item.is_leaving(self.answers)]

    @property
    def staying(self) -> list[RuledItem]:
        """What does not apply now, and would not then."""
        return [item for item in self.out if item.state is ItemState.RULED_OUT]

    @property
    def returning(self) -> list[RuledItem]:
        """What would be asked again."""
        return [item for item in self.items if item.is_returning(self.answers)]

    @property
    def leaving_done(self) -> int:
        """How many of what leaves were ticked."""
        return sum(item.state is ItemState.DONE for item in self.leaving)

    @property
    def is_change(self) -> bool:
        """Whether anything leaves or comes back."""
        return bool(self.leaving or self.returning)

    def by_reason(self, items: Iterable[RuledItem]) -> list[tuple[str, list[RuledItem]]]:
        """Items that do not apply, under the reason why."""
        found: dict[str, list[RuledItem]] = defaultdict(list)
        for item in items:
            found[why_not_with(item.rules, self.answers)].append(item)
        return list(found.items())


def list_effects(module_id: int, answers: Answers) -> list[Effect]:
    """What answers would make of each live checklist of a module; three statements."""
    live = list_live_checklists(module_id)
    ids = [checklist.id for checklist in live]
    totals = {row[0]: row[1] for row in db.session.execute(_TOTALS, {"checklists": ids})}
    items: dict[int, list[RuledItem]] = defaultdict(list)
    for item in list_ruled_items(ids):
        if item.state is not ItemState.REMOVED:
            items[item.checklist_id].append(item)
    return [Effect(checklist, totals.get(checklist.id, 0), tuple(items[checklist.id]), answers) for checklist in live]
