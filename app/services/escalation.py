"""The steps of an incident's escalation: begun, done, passed over, each once in a turn."""

from typing import Any

from sqlalchemy import insert, select

from app.domain.addresses import occasion_path
from app.domain.audit import AuditAction
from app.domain.checklist import BelongsTo
from app.domain.errors import UNSEEN, InvalidInput, NotFound
from app.domain.escalations import (
    FIRST_TO_CALL,
    LEVELS,
    SOMEBODY_ELSE,
    StepAct,
    ToldHow,
    check_may_finish,
    check_may_pass_over,
    check_may_start,
    states_of,
)
from app.domain.mails import Letter, Line, MailKind
from app.domain.permissions import Permission
from app.models import EscalationStep, SimilarLook
from app.models.base import table_of
from app.queries.escalation import find_person_to_tell, list_callees, list_steps
from app.queries.incidents import IncidentRow, get_incident
from app.services.change import Change
from app.services.incident_records import about_incident, cover, plain_fact, take_incident
from app.services.mailing import put_mail
from app.services.write_path import write_path

_ACTIONS = {
    StepAct.STARTED: AuditAction.ESCALATION_STARTED,
    StepAct.DONE: AuditAction.ESCALATION_DONE,
    StepAct.PASSED_OVER: AuditAction.ESCALATION_PASSED_OVER,
}
_looks = table_of(SimilarLook)


@write_path
def start_step(
    change: Change, incident_id: int, level: int, *, callee: str = "", whom: str = "", text: str = ""
) -> int:
    """Begin a step; from the fourth on somebody is called, and told by mail where they have an account here.

    `callee` is a contact of the module, its lead, or somebody else, who is then named by `whom`. Gives the number of
    mails that were put into the outbox.
    """
    row, stream = take_incident(change, incident_id)
    states = states_of(step.facts for step in list_steps(row.id, row.turn))
    name, email = _called(row, level, callee, whom)
    covered = cover(text, "text").text
    check_may_start(level, states, whom=name, impact=covered)
    told = find_person_to_tell(email) if level >= FIRST_TO_CALL else None
    sent = put_mail(change, [told], _letter(row, level, covered)) if told is not None else 0
    how = (ToldHow.MAIL if sent else ToldHow.BY_HAND) if level >= FIRST_TO_CALL else None
    _keep(
        change,
        (row, stream, level, StepAct.STARTED),
        {"text": covered, "whom": name, "told_id": told if sent else None, "told_how": how},
    )
    return sent


def _called(row: IncidentRow, level: int, callee: str, whom: str) -> tuple[str, str]:
    """Who is called, in words, and the address at which they can be written to."""
    if level < FIRST_TO_CALL:
        return "", ""
    if callee == SOMEBODY_ELSE:
        return whom, ""
    found = list_callees(row.module_id).get(callee)
    if found is None:
        raise InvalidInput(callee="This module has no such contact. Choose another, or name somebody else.")
    return found.words, found.email


def _letter(row: IncidentRow, level: int, text: str) -> Letter:
    return Letter(
        MailKind.NOTICE,
        f"escalation:{row.id}:{row.turn}:{level}",
        f"{row.severity.value.capitalize()} incident {row.id}: {row.title}",
        (
            f"Step {level}, “{LEVELS[level]}”, was begun for {row.module_name}: you are asked to answer.",
            *([text] if text else []),
            Line("What is known, and where to say what came of it:", occasion_path(BelongsTo.INCIDENT, row.id)),
        ),
    )


@write_path
def finish_step(change: Change, incident_id: int, level: int, *, outcome: str, has_helped: bool | None = None) -> int:
    """Say what came of a step that is under way; how many places were covered in what was pasted."""
    row, stream = take_incident(change, incident_id)
    states = states_of(step.facts for step in list_steps(row.id, row.turn))
    covered = cover(outcome, "outcome")
    check_may_finish(level, states, outcome=covered.text, is_resolved=row.resolved_at is not None)
    _keep(change, (row, stream, level, StepAct.DONE), {"text": covered.text, "has_helped": has_helped})
    return covered.places


@write_path
def pass_over_step(change: Change, incident_id: int, level: int, *, reason: str) -> bool:
    """Leave a step out, with the reason."""
    row, stream = take_incident(change, incident_id)
    states = states_of(step.facts for step in list_steps(row.id, row.turn))
    covered = cover(reason, "outcome").text
    check_may_pass_over(level, states, reason=covered)
    _keep(change, (row, stream, level, StepAct.PASSED_OVER), {"text": covered})
    return True


def _keep(change: Change, step: tuple[IncidentRow, int, int, StepAct], said: dict[str, Any]) -> None:
    row, stream, level, act = step
    values = {"text": "", "has_helped": None, "whom": "", "told_id": None, "told_how": None, **said}
    where = {"incident_id": row.id, "turn": row.turn, "level": level, "act": act}
    by = {"acted_by_id": change.actor_id, "acted_at": change.at}
    change.session.execute(insert(table_of(EscalationStep)).values(**where, **values, **by))
    told = f", told {values['told_how'].word}" if values["told_how"] else ""
    text = values["text"]
    change.record(
        _ACTIONS[act],
        about_incident(row),
        stream=stream,
        fact=f"step {level}",
        new=f"{LEVELS[level]}{': ' if values['whom'] else ''}{values['whom']}{told}",
        reason=text if len(text) <= 2000 else f"{text[:300]}… ({len(text):,} letters)",
        after={"level": level, "turn": row.turn, "act": act} | {name: plain_fact(one) for name, one in values.items()},
        under=Permission.INCIDENT_WORK,
    )


@write_path
def look_at_similar(change: Change, incident_id: int, other_id: int) -> int:
    """Remember that somebody opened an earlier incident beside this one; gives the number of that."""
    row, stream = take_incident(change, incident_id)
    other = get_incident(other_id, change.actor)
    if other.id == row.id:
        raise NotFound(UNSEEN)
    own = _looks.c
    known = select(own.id).where(own.incident_id == row.id, own.turn == row.turn, own.other_id == other.id)
    if change.session.scalar(known) is None:
        look = {"incident_id": row.id, "turn": row.turn, "other_id": other.id}
        change.session.execute(insert(_looks).values(**look, opened_by_id=change.actor_id, opened_at=change.at))
        change.record(
            AuditAction.INCIDENT_COMPARED,
            about_incident(row),
            stream=stream,
            new=f"incident {other.id}",
            after=look,
            under=Permission.INCIDENT_WORK,
        )
    return other.id
