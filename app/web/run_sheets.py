"""A rollback as one sheet of paper: every step with its box, its command and its code, and whom to call."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.checklist import BelongsTo
from app.domain.rollback_plans import commands_of
from app.domain.template_diff import part_of
from app.queries.deployment_facts import DeploymentRow
from app.queries.rollback_facts import plan_for
from app.queries.rollback_runs import TakenStep
from app.queries.rollbacks import list_rollbacks_of
from app.queries.template_content import content_of_version
from app.queries.templates import get_version_for_new
from app.services.templates import BUILT_IN
from app.web.rollback_pages import (
    Contact,
    EscalationStep,
    RunView,
    StepView,
    contacts_of,
    escalation_of,
    step_code,
)

# So much of commands leaves the sheet one page; more of it has a page of its own.
LINES_ON_SHEET, LONGEST_LINE = 12, 100


@dataclass(frozen=True, slots=True)
class SheetStep:
    """One line of the sheet."""

    number: int
    group: str
    text: str
    role: str
    prompt: str
    command: str
    code: str
    # What became of it; nothing where it is still to be done.
    word: str = ""
    value: str = ""
    taken: TakenStep | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed."""

    title: str
    what: str
    version: str
    plan_words: str
    steps: Sequence[SheetStep]
    contacts: Sequence[Contact]
    escalation: Sequence[EscalationStep]
    path: str
    # Where it stands, once it was begun.
    run: RunView | None = None

    @property
    def has_room(self) -> bool:
        """Whether the commands stand beside their steps, or on a page of their own."""
        lines = [line for step in self.steps for line in step.command.splitlines()]
        return sum(1 + len(line) // LONGEST_LINE for line in lines) <= LINES_ON_SHEET


def sheet_to_come(row: DeploymentRow) -> Sheet:
    """The sheet of the next rollback of a deployment, before anybody has begun it; or of the one that runs."""
    version = get_version_for_new(BelongsTo.ROLLBACK, BUILT_IN)
    groups = part_of(content_of_version(version.id), BelongsTo.ROLLBACK).groups
    items = [(group.title, item) for group in groups for item in group.items]
    known, plan = list_rollbacks_of(row.id), plan_for(row)
    turn = len(known) + (0 if known and not known[-1].is_over else 1)
    commands = commands_of(plan.body if plan else "", tuple((item.key, item.text) for _, item in items))
    steps = [
        SheetStep(
            number,
            title,
            item.text,
            item.natural_role.label,
            item.value_prompt,
            commands.get(item.key, ""),
            step_code(row.id, turn, item.key),
        )
        for number, (title, item) in enumerate(items, start=1)
    ]
    contacts = contacts_of(row.module_id)
    return Sheet(
        f"Rollback of deployment {row.id}",
        f"{row.module_name}, {row.release_name}, in {row.environment_name}",
        version.label,
        plan_words(plan.revision if plan else 0),
        steps,
        contacts,
        escalation_of(contacts),
        f"/deployments/{row.id}/rollback/",
    )


def plan_words(revision: int) -> str:
    """Which plan the commands are from."""
    return f"rollback plan, revision {revision}" if revision else "no rollback plan"


def sheet_of(view: RunView) -> Sheet:
    """The sheet of a rollback that was begun, with what was done so far."""
    row = view.row
    return Sheet(
        row.title,
        row.what,
        view.checklist.version_label,
        plan_words(row.plan_revision),
        [_line_of(step) for step in view.steps],
        view.contacts,
        view.escalation,
        row.path,
        run=view,
    )


def _line_of(step: StepView) -> SheetStep:
    item = step.item
    return SheetStep(
        step.number,
        step.group,
        item.text,
        item.natural_role.label,
        item.value_prompt,
        step.command,
        step.code,
        word=step.word if step.taken else "",
        value=item.value,
        taken=step.taken,
    )
