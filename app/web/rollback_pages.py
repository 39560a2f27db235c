"""The page of a rollback: the one step that is to be done now, what came before it, and what comes next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app

from app.catalogue.reader import read_catalogue
from app.database import server_now
from app.domain.actors import Actor
from app.domain.checklist import BelongsTo
from app.domain.errors import UNSEEN, NotFound
from app.domain.modules import ContactKind
from app.domain.permissions import Permission
from app.domain.rollback_plans import commands_of
from app.domain.rollbacks import (
    Earlier,
    Step,
    StepOutcome,
    code_of,
    current_of,
    is_absence,
    last_done_of,
    newest_of,
    number_steps,
    time_taken_words,
    worked,
)
from app.queries.checklists import ChecklistHead, get_occasion_checklist
from app.queries.deployment_facts import DeploymentRow, read_deployment
from app.queries.groups import titles_of_groups
from app.queries.items import get_place
from app.queries.modules import list_contacts
from app.queries.rollback_runs import Pause, TakenStep, list_earlier, list_pauses, list_taken, spans_of
from app.queries.rollbacks import RollbackRow, get_rollback
from app.queries.rows import ItemRow, list_rows

NO_EARLIER = "no earlier run"
# Whom a step of the escalation path is about, where it names one of the contacts.
_CALLED = {"escalation.4-dev-team": ContactKind.DEVELOPMENT}
_FIRST = (ContactKind.ON_CALL, ContactKind.DBA, ContactKind.DEVOPS, ContactKind.DEVELOPMENT)


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call, as a page shows it."""

    title: str
    name: str
    phone: str
    email: str
    hours: str

    @property
    def number(self) -> str:
        """The telephone number as an address: digits, and a plus before them."""
        return "".join(sign for sign in self.phone if sign.isdigit() or sign == "+")


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One step of the escalation path, with the contact that it names."""

    text: str
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as the page shows it."""

    step: Step
    item: ItemRow
    group: str
    command: str
    code: str
    # What became of it last, and how long that took; nothing while it is open.
    taken: TakenStep | None
    took: str
    usually: str

    @property
    def number(self) -> int:
        """Its place among those that are asked."""
        return self.step.number

    @property
    def word(self) -> str:
        """Where it stands, in a word: a step of a rollback that is passed over was skipped."""
        if not self.step.is_open and self.taken:
            return self.taken.outcome.label
        return self.item.state.word


@dataclass(frozen=True, slots=True)
class Absence:
    """Nothing was done for a while: which step to do once more."""

    step: StepView
    minutes: int
    by_name: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A rollback as one person sees it now."""

    row: RollbackRow
    checklist: ChecklistHead
    steps: Sequence[StepView]
    current: StepView | None
    newest: StepView | None
    pause: Pause | None
    absence: Absence | None
    lasted: str
    current_lasts: str
    may_run: bool
    contacts: Sequence[Contact]
    escalation: Sequence[EscalationStep]
    before: Mapping[str, Any]

    @property
    def following(self) -> Sequence[StepView]:
        """The two steps after the current one."""
        return self.steps[self.current.number : self.current.number + 2] if self.current else ()

    @property
    def taken_count(self) -> int:
        """How many steps are done or skipped."""
        return sum(not step.step.is_open for step in self.steps)

    @property
    def may_go_on(self) -> bool:
        """Whether this person is offered to take a step."""
        return self.may_run and not self.row.is_over and self.pause is None


def seen_deployment(deployment_id: int, actor: Actor) -> DeploymentRow:
    """A deployment that this person may see; NotFound otherwise."""
    row = read_deployment(deployment_id)
    actor.require(Permission.CHECKLIST_VIEW, row.module_id)
    return row


def runnable_deployment(deployment_id: int, actor: Actor) -> DeploymentRow:
    """A deployment that this person may take back."""
    row = seen_deployment(deployment_id, actor)
    actor.require(Permission.DEPLOYMENT_RUN, row.module_id)
    return row


def require_run(rollback_id: int, actor: Actor) -> RollbackRow:
    """A rollback that this person may work on."""
    row = get_rollback(rollback_id, actor)
    actor.require(Permission.DEPLOYMENT_RUN, row.module_id)
    return row


def require_step(rollback_id: int, item_id: int, actor: Actor) -> None:
    """Raise NotFound unless a step belongs to the rollback that the address names."""
    row = require_run(rollback_id, actor)
    if get_place(item_id).checklist_id != row.checklist_id:
        raise NotFound(UNSEEN)


def run_view(rollback_id: int, actor: Actor) -> RunView:
    """All that the page shows, in the same number of statements for any number of steps."""
    row, now = get_rollback(rollback_id, actor), server_now()
    taken, pauses = list_taken(row.id), list_pauses(row.id)
    views = _steps_of(row, taken, pauses)
    by_item = {view.step.item_id: view for view in views}
    steps = [view.step for view in views]
    current, newest = current_of(steps), newest_of(steps)
    pause = next((one for one in pauses if one.ended_at is None), None) if not row.is_over else None
    moved = [one for one in taken if one.outcome is not StepOutcome.REPEATED]
    contacts = contacts_of(row.module_id)
    since, spans = moved[-1].ended_at if moved else row.started_at, spans_of(pauses)
    return RunView(
        row,
        get_occasion_checklist(BelongsTo.ROLLBACK, row.id, actor),
        views,
        current=by_item[current.item_id] if current else None,
        newest=by_item[newest.item_id] if newest else None,
        pause=pause,
        absence=_absence(row, by_item, steps, taken, now) if pause is None else None,
        lasted=time_taken_words(worked(row.started_at, row.finished_at or now, spans)),
        current_lasts=time_taken_words(worked(since, row.finished_at or now, spans)),
        may_run=actor.may_for(Permission.DEPLOYMENT_RUN, row.module_id),
        contacts=contacts,
        escalation=escalation_of(contacts),
        before=json.loads(row.state_before),
    )


def _steps_of(row: RollbackRow, taken: Sequence[TakenStep], pauses: Sequence[Pause]) -> list[StepView]:
    items = {item.id: item for item in list_rows(row.checklist_id)}
    titles = titles_of_groups(row.checklist_id)
    steps = number_steps((item.id, item.text, item.state) for item in items.values())
    last = {one.item_id: one for one in taken if one.outcome is not StepOutcome.REPEATED}
    earlier = list_earlier(row.module_id, row.id)
    commands = commands_of(row.plan, tuple((item.key, item.text) for item in items.values()))
    spans = spans_of(pauses)
    views = []
    for step in steps:
        item, one = items[step.item_id], last.get(step.item_id)
        is_timed = one is not None and one.outcome is StepOutcome.DONE and one.claimed_at is None
        views.append(
            StepView(
                step,
                item,
                titles[item.group_id],
                commands.get(item.key, ""),
                step_code(row.deployment_id, row.turn, item.key),
                taken=one if not step.is_open else None,
                took=time_taken_words(worked(one.started_at, one.ended_at, spans)) if one and is_timed else "",
                usually=usually_words(earlier.get(item.key)),
            )
        )
    return views


def usually_words(earlier: Earlier | None) -> str:
    """How long a step took in earlier runs, with how many those were; in words when there was none."""
    if earlier is None:
        return NO_EARLIER
    runs = "1 earlier run" if earlier.count == 1 else f"{earlier.count} earlier runs"
    return f"{time_taken_words(earlier.median)} in {runs}"


def _absence(
    row: RollbackRow,
    by_item: Mapping[int, StepView],
    steps: Sequence[Step],
    taken: Sequence[TakenStep],
    now: datetime,
) -> Absence | None:
    last = last_done_of(steps)
    if row.is_over or last is None or not taken or not is_absence(taken[-1].ended_at, now):
        return None
    done = next(one for one in reversed(taken) if one.item_id == last.item_id)
    return Absence(by_item[last.item_id], int((now - done.ended_at).total_seconds() // 60), done.by_name)


def step_code(deployment_id: int, turn: int, key: str) -> str:
    """The code of a step on paper."""
    return code_of(str(current_app.secret_key), deployment_id, turn, key)


def contacts_of(module_id: int) -> list[Contact]:
    """Whom to call about a module, who is on call first; those that nobody has filled in are not there."""
    known = {one.kind: one for one in list_contacts(module_id)}
    there = [known[kind] for kind in _FIRST if kind in known and known[kind].name]
    return [Contact(one.kind.label, one.name, one.phone, one.email, one.hours) for one in there]


def escalation_of(contacts: Sequence[Contact]) -> list[EscalationStep]:
    """The six steps of the escalation path, in order."""
    known = {one.title: one for one in contacts}
    lines = [line for line in read_catalogue().other_lines if line.key.startswith("escalation.")]
    called = {key: known.get(kind.label) for key, kind in _CALLED.items()}
    return [EscalationStep(line.text, called.get(line.key)) for line in lines]
