"""What every act at a gate begins with: its streams are taken, and who acts has typed the password just now."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from app.database import server_now
from app.domain.errors import NotPermitted, RuleViolation
from app.domain.permissions import Permission
from app.models import Session
from app.queries.gates import GateRow, get_gate
from app.queries.override_facts import list_modules_owing
from app.queries.releases import require_release
from app.services.change import Change

PROVE_AGAIN = "Give your password again: for this gate it was too long ago."


def take_gate(change: Change, gate_id: int, *also: int, people: Iterable[int] = ()) -> GateRow:
    """Take the streams of the checklist, of who acts and of other people, and read the gate as it is then."""
    gate = get_gate(gate_id)
    if gate.module_id is None:
        require_release(gate.release_id or 0, change.actor)
    else:
        change.actor.require(Permission.CHECKLIST_VIEW, gate.module_id)
    persons = [change.find_stream("person", person) for person in (change.actor_id, *people)]
    change.take(gate.stream_id, *persons, *also)
    return get_gate(gate_id)


def streams_of_debt(change: Change, gate_id: int) -> list[int]:
    """The streams of the modules that owe a review for a gate.

    A confirmation and the passing of another gate of the module have no checklist in common: here they meet.
    """
    return [change.find_stream("module", number) for number in list_modules_owing(get_gate(gate_id))]


def proven_at(change: Change, within: timedelta | None) -> datetime:
    """When who acts gave the password; refused when it was too long ago, by the database's clock."""
    found: datetime | None = change.session.scalar(
        select(Session.authenticated_at).where(
            Session.id == change.actor.session_id, Session.person_id == change.actor_id, Session.ended_at.is_(None)
        )
    )
    if found is None:
        raise NotPermitted("Your session has ended. Sign in again.")
    if within is not None and server_now() - found > within:
        raise RuleViolation(PROVE_AGAIN)
    return found
