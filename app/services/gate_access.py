"""What every act at a gate begins with: its streams are taken."""

from collections.abc import Iterable

from app.domain.permissions import Permission
from app.queries.gates import GateRow, get_gate
from app.queries.override_facts import list_modules_owing
from app.queries.releases import require_release
from app.services.change import Change


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
