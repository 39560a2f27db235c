"""Planning a deployment, changing the plan, and calling it off."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from app.domain.audit import AuditAction, moment_text
from app.domain.deployments import DeploymentState
from app.domain.errors import UNSEEN, Conflict, InvalidInput, NotFound, RuleViolation
from app.domain.gates import GateKind
from app.domain.permissions import Permission
from app.models import Deployment, DeploymentStep, Person
from app.models.base import table_of
from app.queries.deployment_facts import (
    DeploymentRow,
    find_last_started,
    find_unfinished,
    get_place,
    list_steps,
    read_deployment,
)
from app.queries.gates import GateRow, get_gate
from app.queries.releases import list_release_module_ids
from app.services.change import About, Change
from app.services.facts import in_words, plain
from app.services.gate_access import take_gate
from app.services.gate_turns import open_next_turn
from app.services.write_path import write_path

_all, _people = table_of(Deployment), table_of(Person).c
_STEP = insert(table_of(DeploymentStep))
RUN = Permission.DEPLOYMENT_RUN


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One step, as it is typed."""

    text: str
    command: str = ""
    owner_id: int | None = None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What is typed about a deployment that is to come."""

    window_starts_at: datetime
    window_ends_at: datetime
    decider_id: int
    abort_criteria: str
    notes: str = ""
    steps: tuple[StepFacts, ...] = ()


def about_deployment(row: DeploymentRow) -> About:
    """A deployment as the object of an event."""
    return About("deployment", row.id, row.label, row.module_id, row.release_id)


def take_deployment(change: Change, deployment_id: int, *also: int) -> tuple[DeploymentRow, int]:
    """Take the stream of a deployment and others, as one who runs deployments; gives it as it is then."""
    seen = read_deployment(deployment_id)
    change.actor.require(RUN, seen.module_id)
    stream = change.find_stream("deployment", deployment_id)
    change.take(stream, *also)
    return read_deployment(deployment_id), stream


@write_path
def plan_deployment(change: Change, gate_id: int, facts: PlanFacts) -> int:
    """Plan what a deploy gate lets start; gives the number of the deployment.

    A gate that an earlier deployment has passed opens anew: in a new turn, in which nobody has signed.
    """
    gate = _take_free(change, gate_id)
    place = get_place(gate_id)
    if place.is_archived or gate.module_id not in list_release_module_ids(gate.release_id or 0):
        raise RuleViolation("This module is not in this release any more, or the release is archived.")
    _check(change, facts)
    if gate.consumed_at is not None:
        used = find_last_started(gate_id)
        used_by = f"deployment {used.id}" if used else "what was started before"
        open_next_turn(change, gate, gate.consumed_at, used_by=used_by)
    number = change.put(
        insert(_all),
        {
            **_columns(facts),
            "release_id": gate.release_id,
            "module_id": gate.module_id,
            "environment_id": place.environment_id,
            "gate_id": gate_id,
            "revision": 1,
            "created_at": change.at,
            "created_by_id": change.actor_id,
            "cancelled_reason": "",
            "outcome_note": "",
        },
    )
    stream = change.new_stream("deployment", number)
    _put_steps(change, number, 1, facts.steps)
    row = read_deployment(number)
    change.record(
        AuditAction.DEPLOYMENT_PLANNED,
        about_deployment(row),
        stream=stream,
        new=_window_words(facts),
        after={"gate": gate_id, "environment": row.environment_key, **_told(facts)},
        under=RUN,
    )
    return number


def _take_free(change: Change, gate_id: int) -> GateRow:
    """Take a deploy gate behind which nothing is planned and nothing runs."""
    seen = get_gate(gate_id)
    if seen.kind is not GateKind.DEPLOY or seen.module_id is None:
        raise NotFound(UNSEEN)
    change.actor.require(RUN, seen.module_id)
    gate = take_gate(change, gate_id)
    other = find_unfinished(gate_id)
    if other is not None:
        word = "runs" if other.state is DeploymentState.RUNNING else "is planned"
        raise RuleViolation(f"Deployment {other.id} {word} there already: finish it or call it off first.")
    return gate


def _check(change: Change, facts: PlanFacts) -> None:
    if facts.window_ends_at <= facts.window_starts_at:
        raise InvalidInput(window_ends_at="The window ends before it begins.")
    if not facts.abort_criteria:
        raise InvalidInput(abort_criteria="Say what has to be seen for it to be stopped.")
    if not facts.steps:
        raise InvalidInput(steps="Write at least one step.")
    if any(not step.text for step in facts.steps):
        raise InvalidInput(steps="Say in words what each step does.")
    people = {facts.decider_id, *(step.owner_id for step in facts.steps if step.owner_id is not None)}
    here = select(_people.id).where(_people.id.in_(people), _people.deactivated_at.is_(None))
    gone = people - set(change.session.scalars(here))
    if facts.decider_id in gone:
        raise InvalidInput(decider_id="There is no such person.")
    if gone:
        raise InvalidInput(steps="The owner of a step is no such person.")


def _columns(facts: PlanFacts) -> dict[str, object]:
    names = ("window_starts_at", "window_ends_at", "decider_id", "abort_criteria", "notes")
    return {name: getattr(facts, name) for name in names}


def _put_steps(change: Change, deployment_id: int, revision: int, steps: tuple[StepFacts, ...]) -> None:
    rows = [
        {
            "deployment_id": deployment_id,
            "revision": revision,
            "position": position,
            "text": step.text,
            "command": step.command,
            "owner_id": step.owner_id,
        }
        for position, step in enumerate(steps, start=1)
    ]
    change.session.execute(_STEP, rows)


def _window_words(facts: PlanFacts) -> str:
    return f"{facts.window_starts_at:%Y-%m-%d %H:%M} to {facts.window_ends_at:%Y-%m-%d %H:%M} UTC"


def _told(facts: PlanFacts) -> dict[str, object]:
    """A plan as it stands in an event."""
    return {
        "window_starts_at": moment_text(facts.window_starts_at),
        "window_ends_at": moment_text(facts.window_ends_at),
        "decider": facts.decider_id,
        "abort_criteria": plain(facts.abort_criteria),
        "notes": plain(facts.notes),
        "steps": len(facts.steps),
    }


@write_path
def change_deployment(change: Change, deployment_id: int, facts: PlanFacts, *, revision: int) -> bool:
    """Change the plan of a deployment that has not started; one event for each fact that is different."""
    row, stream = take_deployment(change, deployment_id)
    if row.state is not DeploymentState.PLANNED:
        raise RuleViolation("Only what has not started is planned anew.")
    if row.revision != revision:
        theirs = f"{row.abort_criteria}\n{row.notes}".strip()
        raise Conflict("Somebody else changed this plan while you were typing.", theirs=theirs)
    _check(change, facts)
    _record_changes(change, row, stream, facts)
    change.session.execute(
        update(_all).where(_all.c.id == deployment_id).values(**_columns(facts), revision=revision + 1)
    )
    return True


def _record_changes(change: Change, row: DeploymentRow, stream: int, facts: PlanFacts) -> None:
    before = tuple(StepFacts(step.text, step.command, step.owner_id) for step in list_steps(row.id))
    if before != facts.steps:
        _put_steps(change, row.id, row.revision + 1, facts.steps)
    words = {
        "window_starts_at": "beginning of the window",
        "window_ends_at": "end of the window",
        "decider_id": "go/no-go person",
        "abort_criteria": "abort criteria",
        "notes": "notes",
    }
    differing = [(name, getattr(row, name), getattr(facts, name)) for name in words]
    told = [(words[name], name, in_words(name, old), in_words(name, new)) for name, old, new in differing if old != new]
    if before != facts.steps:
        told.append(("steps", "steps", _steps_words(before), _steps_words(facts.steps)))
    for fact, name, old, new in told:
        change.record(
            AuditAction.DEPLOYMENT_CHANGED,
            about_deployment(row),
            stream=stream,
            fact=fact,
            old=old,
            new=new,
            before={name: plain(old)},
            after={name: plain(new)},
            under=RUN,
        )


def _steps_words(steps: tuple[StepFacts, ...]) -> str:
    return in_words("steps", "; ".join(f"{number}. {step.text}" for number, step in enumerate(steps, start=1)))


@write_path
def cancel_deployment(change: Change, deployment_id: int, *, reason: str) -> bool:
    """Call a deployment off that has not started. What was signed for it still counts."""
    row, stream = take_deployment(change, deployment_id)
    if row.state is not DeploymentState.PLANNED:
        raise RuleViolation("Only what has not started is called off.")
    if not reason:
        raise InvalidInput(reason="Say why it does not take place.")
    change.session.execute(
        update(_all)
        .where(_all.c.id == deployment_id)
        .values(
            cancelled_at=change.at,
            cancelled_by_id=change.actor_id,
            cancelled_reason=reason,
            revision=_all.c.revision + 1,
        )
    )
    change.record(
        AuditAction.DEPLOYMENT_CANCELLED,
        about_deployment(row),
        stream=stream,
        reason=reason,
        after={"cancelled_at": moment_text(change.at)},
        under=RUN,
    )
    return True
