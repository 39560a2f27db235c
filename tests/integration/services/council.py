"""A few people and the policies that they change: what the tests of policies share."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.gates import GateKind
from app.domain.permissions import Role
from app.domain.policy_changes import ProposalState, Wanted
from app.models.base import utc_now
from app.queries.policies import Policies, PolicyRow, list_agreements, read_policies
from app.queries.policy_preview import Preview, preview_of
from app.services.policies import agree, propose
from app.services.policy_adoption import Adopted, Choice, adopt
from tests.factories import Made, Make
from tests.integration.services.test_signoffs import LEAD, QA, Room

READY = (GateKind.READY, "")
STAGING, PRODUCTION = (GateKind.DEPLOY, "staging"), (GateKind.DEPLOY, "production")
# What the ready gate asks with the product: a lead and QA, nobody behind an item, 14 days, 30 minutes.
STRICT = Wanted((("team_lead", 1), ("qa", 1)), ("not-behind-items",), 14, 30)
RELAXED = replace(STRICT, separation=())


class Council:
    """A room with its people, and policies that they change."""

    def __init__(self, make: Make) -> None:
        self.make, self.room = make, Room(make)
        self.lead, self.qa, self.dba = self.room.lead, self.room.qa, self.room.dba
        # For another module alone: a policy may ask for Security, and here nobody could sign it.
        make.person(Role.SECURITY, module_id=make.module().id)

    def propose(self, wanted: Wanted = RELAXED, line: tuple[GateKind, str] = READY, by: Made | None = None) -> int:
        """A proposal that waits; its number."""
        return propose(self.room.origin(by or self.lead), *line, wanted, note="We are too few.")

    @staticmethod
    def strict(days: int) -> Wanted:
        """The strict policy with another time."""
        return replace(STRICT, lasts_days=days)

    @staticmethod
    def asking(role: Role) -> Wanted:
        """The strict policy with one person of another role."""
        return replace(STRICT, required=((role.value, 1),))

    def agree(self, number: int, person: Made, role: Role) -> int:
        """Somebody agrees."""
        return agree(self.room.origin(person), number, role)

    def agreed(self, wanted: Wanted = RELAXED) -> int:
        """A proposal for the ready gate to which those agree whom the old policy asks."""
        number = self.propose(wanted)
        self.agree(number, self.lead, LEAD)
        self.agree(number, self.qa, QA)
        return number

    @property
    def policies(self) -> Policies:
        return read_policies()

    def row(self, number: int) -> PolicyRow:
        return self.policies.get(number)

    def state(self, number: int) -> ProposalState:
        return self.policies.state_of(self.row(number))


def preview(number: int) -> Preview:
    policies = read_policies()
    return preview_of(policies.get(number), policies, list_agreements([number]), utc_now())


def choice_of(number: int, person: Made, rooms: Sequence[Room] = (), *, is_for_new: bool = False) -> Choice:
    """What the page shows somebody now, with some releases chosen."""
    shown, releases = preview(number), {room.gate().release_id for room in rooms}
    return Choice(
        tuple(sorted(releases)),
        is_for_new,
        tuple((one.gate.id, one.mark_for(person.actor)) for one in shown.gates if one.gate.release_id in releases),
        shown.for_new.mark if shown.for_new else "",
        reason="As agreed.",
    )


def bring(council: Council, number: int, by: Made | None = None, *, is_for_new: bool = False) -> Adopted:
    """Adopt a policy for the council's release, after a look at the page."""
    person = by or council.lead
    return adopt(person.origin, number, choice_of(number, person, [council.room], is_for_new=is_for_new))
