"""Break-glass: opened by one person, confirmed by a second, over by itself, and reviewed by a third."""

from datetime import timedelta

from sqlalchemy import insert, select

from app.database import server_now
from app.domain.addresses import override_path
from app.domain.audit import AuditAction
from app.domain.errors import Conflict, NotPermitted, RuleViolation
from app.domain.gates import GateState
from app.domain.mails import Letter, Line, MailKind
from app.domain.overrides import (
    CONFIRM_WITHIN,
    PROVE_WITHIN,
    OverrideEnd,
    OverrideWish,
    ReviewOutcome,
    check_may_confirm,
    check_may_end,
    check_may_open,
    check_may_review,
    end_by_time,
    time_words,
)
from app.domain.permissions import Permission, Role, roles_with
from app.models import (
    Override,
    OverrideConfirmation,
    OverrideEnding,
    OverrideObstacle,
    OverrideReview,
    OverrideTelling,
    Person,
)
from app.models.base import table_of
from app.queries.gates import GateRow, find_grant, get_gate
from app.queries.obstacles import Skipped, obstacles_of, seen_at, skipped_at
from app.queries.override_rows import OverrideRow
from app.queries.overrides import find_override, get_override, list_live_of_gate
from app.queries.standing import Standing, standing_of
from app.services.change import Change
from app.services.gate_access import streams_of_debt, take_gate
from app.services.mailing import put_mail
from app.services.proof import proved_at
from app.services.signoff_ends import about_gate
from app.services.write_path import write_path

NOT_YOURS = "A break-glass of this gate needs the role Ops, DBA or Team lead. An administrator grants it."
_people = table_of(Person).c


@write_path
def open_override(change: Change, gate_id: int, wish: OverrideWish) -> int:
    """Open a break-glass of a gate; gives its number. It lets nothing on before a second person has confirmed it."""
    gate = take_gate(change, gate_id)
    role = _acting_role(change, gate)
    proved_at(change, PROVE_WITHIN)
    now = server_now()
    check_may_open(wish, is_consumed=gate.consumed_at is not None, is_under_way=bool(list_live_of_gate(gate.id, now)))
    number = change.put(
        insert(table_of(Override)),
        {
            "gate_id": gate.id,
            "cycle": gate.cycle,
            "reason": wish.reason,
            "incident": wish.incident,
            "minutes": wish.minutes,
            "opened_by_id": change.actor_id,
            "name_id": change.actor.name_id,
            "role": role,
            "opened_at": now,
            "lapses_at": now + CONFIRM_WITHIN,
        },
    )
    change.record(
        AuditAction.OVERRIDE_OPENED,
        about_gate(gate),
        stream=gate.stream_id,
        new=f"number {number}, for {time_words(wish.minutes)}, incident {wish.incident}",
        reason=wish.reason,
        after={"override": number, "minutes": wish.minutes, "incident": wish.incident, "cycle": gate.cycle},
        under=Permission.GATE_OVERRIDE,
    )
    return number


def _acting_role(change: Change, gate: GateRow) -> Role:
    """The role that allows it and is held at this moment; whatever the session says, and for no administrator."""
    if change.actor.means != "session":
        raise NotPermitted("Only a person who is signed in breaks the glass.")
    held = _role_held(change.actor_id, gate)
    if held is None:
        raise NotPermitted(NOT_YOURS)
    return held


def _role_held(person_id: int, gate: GateRow) -> Role | None:
    allowing = roles_with(Permission.GATE_OVERRIDE)
    return next((role for role in allowing if find_grant(person_id, role, gate.module_id) is not None), None)


@write_path
def confirm_override(change: Change, override_id: int, *, seen: bytes) -> bool:
    """Confirm what another person opened: from now on, for the time that was asked, the gate is overridden.

    `seen` is what stood in its way when the second person looked.
    """
    found = get_override(override_id, change.actor)
    debts = streams_of_debt(change, found.gate_id)
    gate = take_gate(change, found.gate_id, *debts, people=[found.opened.person_id or 0])
    role, now = _acting_role(change, gate), server_now()
    found = get_override(override_id, change.actor)
    check_may_confirm(found.facts, actor_id=change.actor_id, at=now, is_consumed=gate.consumed_at is not None)
    proved_at(change, PROVE_WITHIN)
    if _role_held(found.opened.person_id or 0, gate) is None:
        raise RuleViolation("Who opened it no longer holds a role that allows this. Open it again if it is needed.")
    standing = standing_of(gate, now)
    if seen_at(standing) != seen:
        raise Conflict("What is in the way of this gate has changed since you opened the page.")
    ends_at = now + timedelta(minutes=found.minutes)
    confirmation = {
        "override_id": found.id,
        "confirmed_by_id": change.actor_id,
        "name_id": change.actor.name_id,
        "role": role,
        "confirmed_at": now,
        "ends_at": ends_at,
    }
    change.session.execute(insert(table_of(OverrideConfirmation)), confirmation)
    _keep_obstacles(change, found, standing)
    change.record(
        AuditAction.OVERRIDE_CONFIRMED,
        about_gate(gate),
        stream=gate.stream_id,
        new=f"number {found.id}, until {ends_at:%Y-%m-%d %H:%M} UTC",
        reason=found.reason,
        before={"state": standing.verdict.state.value},
        after={"override": found.id, "state": GateState.OVERRIDDEN.value, "digest": standing.content.digest.hex()},
        under=Permission.GATE_OVERRIDE,
    )
    tell_skipped(change, found, gate, skipped_at(standing, besides={change.actor_id, found.opened.person_id or 0}))
    return True


def _keep_obstacles(change: Change, found: OverrideRow, standing: Standing) -> None:
    rows = [
        {"override_id": found.id, "key": one.key, "item_id": one.item_id, "text": one.text[:1000]}
        for one in obstacles_of(standing)
    ]
    if rows:
        change.session.execute(insert(table_of(OverrideObstacle)), rows)


def tell_skipped(change: Change, found: OverrideRow, gate: GateRow, skipped: list[Skipped]) -> None:
    """Tell everybody whose word was not waited for: it stands in their inbox until somebody has reviewed it.

    The one place from which they are told; a message that leaves the product begins here.
    """
    if not skipped:
        return
    named = select(_people.id, _people.name_id).where(_people.id.in_([one.person_id for one in skipped]))
    names = {row.id: row.name_id for row in change.session.execute(named)}
    rows = [
        {
            "override_id": found.id,
            "person_id": one.person_id,
            "name_id": names[one.person_id],
            "role": one.role,
            "told_at": change.at,
        }
        for one in skipped
    ]
    change.session.execute(insert(table_of(OverrideTelling)), rows)
    put_mail(change, [one.person_id for one in skipped], _notice(found))
    for one in skipped:
        change.record(
            AuditAction.OVERRIDE_TOLD,
            about_gate(gate),
            stream=gate.stream_id,
            fact="passed over",
            new=f"person {one.person_id}",
            after={"override": found.id, "person": one.person_id, "role": one.role.value},
        )


def _notice(found: OverrideRow) -> Letter:
    return Letter(
        MailKind.NOTICE,
        f"override:{found.id}",
        f"Break-glass: the gate {found.gate_title} of {found.place} goes on without your sign-off",
        (
            "Two people have overridden this gate. Your sign-off was not waited for.",
            f"Why: {found.reason}",
            f"Incident: {found.incident}",
            Line("What was in its way, who did it, and the review that is still owed:", override_path(found.id)),
        ),
    )


@write_path
def end_override(change: Change, override_id: int, *, reason: str) -> bool:
    """Call one off that nobody has confirmed, or end one before its time; whoever may open one may end it."""
    found, gate = _take(change, override_id)
    _acting_role(change, gate)
    how = check_may_end(found.facts, at=server_now(), reason=reason)
    _end(change, found, gate, how, reason)
    return True


@write_path
def expire_override(change: Change, override_id: int) -> bool:
    """Say in the history that time has ended one; whether there was anything to say.

    It has let nothing on since that moment, whether this has run or not.
    """
    found = find_override(override_id)
    if found is None:
        return False
    change.take(found.stream_id)
    found = find_override(override_id)
    how = end_by_time(found.facts, server_now()) if found else None
    if found is None or how is None or found.reviewed is not None:
        return False
    _end(change, found, get_gate(found.gate_id), how, "")
    return True


def _end(change: Change, found: OverrideRow, gate: GateRow, how: OverrideEnd, reason: str) -> None:
    by_time = {OverrideEnd.LAPSED: found.lapses_at, OverrideEnd.EXPIRED: found.ends_at}
    row = {
        "override_id": found.id,
        "kind": how,
        "ended_by_id": change.actor.id,
        "name_id": change.actor.name_id,
        "reason": reason,
        "ended_at": by_time.get(how) or change.at,
    }
    change.session.execute(insert(table_of(OverrideEnding)), row)
    change.record(
        AuditAction.OVERRIDE_ENDED,
        about_gate(gate),
        stream=gate.stream_id,
        fact=how.value,
        new=f"number {found.id}, {how.word}",
        reason=reason,
        after={"override": found.id, "ended": how.value},
    )


@write_path
def review_override(change: Change, override_id: int, *, outcome: ReviewOutcome, text: str) -> bool:
    """Say as a third person what one found; from then on it holds back no deployment, whatever was found."""
    found, gate = _take(change, override_id)
    role = _acting_role(change, gate)
    check_may_review(found.facts, actor_id=change.actor_id, at=server_now(), text=text)
    proved_at(change, PROVE_WITHIN)
    row = {
        "override_id": found.id,
        "reviewed_by_id": change.actor_id,
        "name_id": change.actor.name_id,
        "role": role,
        "outcome": outcome,
        "text": text,
        "reviewed_at": change.at,
    }
    change.session.execute(insert(table_of(OverrideReview)), row)
    change.record(
        AuditAction.OVERRIDE_REVIEWED,
        about_gate(gate),
        stream=gate.stream_id,
        fact=outcome.value,
        new=f"number {found.id}, {outcome.word}",
        reason=text,
        after={"override": found.id, "outcome": outcome.value},
        under=Permission.GATE_OVERRIDE,
    )
    return True


def _take(change: Change, override_id: int) -> tuple[OverrideRow, GateRow]:
    gate = take_gate(change, get_override(override_id, change.actor).gate_id)
    return get_override(override_id, change.actor), gate
