"""Waivers of every kind in the made-up company: in force, about to expire, expired, refused, ended, and asked for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.demo import cast
from app.demo.cast import Player
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import OPEN, ItemState, Severity
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.models.base import pretending
from app.queries.checklists import get_module_checklist
from app.queries.rows import ItemRow, list_rows
from app.queries.waivers import list_waivers_of
from app.services.item_states import set_state
from app.services.waivers import decide_waiver, end_waiver, expire_waiver, request_waiver

if TYPE_CHECKING:
    from app.demo.story import Company


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody of the company asks for, how many days ago, and until how many days from today."""

    kind: WaiverKind
    reason: WaiverReason
    text: str
    asked: int
    until: int
    severity: Severity = Severity.REQUIRED
    states: tuple[ItemState, ...] = (ItemState.TODO,)


FIXED_ELSEWHERE = Wish(
    WaiverKind.OVERRIDE,
    WaiverReason.FALSE_ALARM,
    "The linter counts the generated files; the code itself is clean.",
    asked=4,
    until=21,
    states=(ItemState.DONE,),
)
RISK = Wish(
    WaiverKind.ACCEPTED_RISK,
    WaiverReason.WATCHED,
    "The copy for it is missing; Sam watches the first hour and can switch the module off.",
    asked=5,
    until=45,
    severity=Severity.KILLER,
)
LATER = Wish(
    WaiverKind.DEFERRAL,
    WaiverReason.AFTER_DEPLOYMENT,
    "The numbers exist only when the module has run for a day.",
    asked=9,
    until=3,
)
ASKED = Wish(
    WaiverKind.DEFERRAL,
    WaiverReason.WAITS_FOR_OTHERS,
    "The supplier of the scanner sends the new driver next week.",
    asked=1,
    until=14,
)
EXPIRED = Wish(
    WaiverKind.OVERRIDE,
    WaiverReason.WAITING_IS_WORSE,
    "The other transfer screens wait for this table.",
    asked=12,
    until=-5,
)
REFUSED = Wish(
    WaiverKind.ACCEPTED_RISK,
    WaiverReason.SMALL_HARM,
    "It concerns one list that few people open.",
    asked=8,
    until=60,
)
ENDED = Wish(
    WaiverKind.DEFERRAL,
    WaiverReason.NEXT_RELEASE,
    "It belongs with the new warehouse screens.",
    asked=10,
    until=40,
)


class Waiving:
    """The exceptions of one release."""

    def __init__(self, company: "Company", release_key: str, modules: Iterable[str]) -> None:
        self.company = company
        self.release_key = release_key
        self.modules = list(modules)
        self.used: set[int] = set()

    def play(self, earlier_release_key: str) -> None:
        """One or two of each kind, each on an item where it fits."""
        for wish in (RISK, LATER):
            self._decide(wish, approve=True)
        self._ask(ASKED)
        self._fail_and_go_on(FIXED_ELSEWHERE)
        self._then(EXPIRED, -EXPIRED.until - 1, lambda waiver: expire_waiver(self._nobody(), waiver))
        self._then(ENDED, 6, lambda waiver: end_waiver(self._of(cast.LEAD), waiver, reason="The screens come now."))
        self._decide(REFUSED, approve=False)
        self._again(earlier_release_key)

    def _nobody(self) -> Origin:
        return Origin(SYSTEM, request_id="demo")

    def _of(self, player: Player) -> Origin:
        return self.company.origin(player)

    def _rows(self, release_key: str, module_key: str) -> list[ItemRow]:
        checklist = get_module_checklist(release_key, module_key, self._of(cast.LEAD).actor)
        return list_rows(checklist.id)

    def _find(self, wish: Wish) -> ItemRow | None:
        """An item of the kind that such a wish is about; each in another module, as far as there are enough."""
        for turn in range(len(self.modules)):
            module = self.modules[(len(self.used) + turn) % len(self.modules)]
            for row in self._rows(self.release_key, module):
                if row.severity is wish.severity and row.state in wish.states and row.id not in self.used:
                    self.used.add(row.id)
                    return row
        return None

    def _ask(self, wish: Wish, row: ItemRow | None = None, *, revision: int | None = None) -> int | None:
        row = row or self._find(wish)
        if row is None:
            return None
        ends_on = None if wish.kind is WaiverKind.NOT_APPLICABLE else self.company.today + timedelta(days=wish.until)
        with pretending(self.company.moment(wish.asked)):
            request_waiver(
                self._of(self.company.dice.choice(cast.DEVELOPERS)),
                row.id,
                revision=revision or row.revision,
                kind=wish.kind,
                reason=wish.reason,
                explanation=wish.text,
                ends_on=ends_on,
            )
        return list_waivers_of([row.id])[row.id][-1].id

    def _decide(self, wish: Wish, waiver: int | None = None, *, approve: bool) -> int | None:
        waiver = waiver or self._ask(wish)
        if waiver is not None:
            with pretending(self.company.moment(wish.asked - 1)):
                note = "Agreed until then." if approve else "Then it is quickly done. Please do it."
                decide_waiver(self._of(cast.SECOND_DBA), waiver, approve=approve, note=note)
        return waiver

    def _then(self, wish: Wish, days_ago: int, act: Callable[[int], object]) -> None:
        waiver = self._decide(wish, approve=True)
        if waiver is not None:
            with pretending(self.company.moment(days_ago)):
                act(waiver)

    def _fail_and_go_on(self, wish: Wish) -> None:
        """Somebody looks again at what was done, it fails, and the release goes on all the same."""
        # Where the rest is done, so that a module is ready with something that is overridden.
        nearest = min(self.modules, key=lambda key: sum(row.state in OPEN for row in self._rows(self.release_key, key)))
        rows = self._rows(self.release_key, nearest)
        row = next((row for row in rows if row.severity is wish.severity and row.state in wish.states), None)
        if row is None:
            return
        with pretending(self.company.moment(wish.asked + 1)):
            reason = "the check is red since the last build"
            saved = set_state(
                self._of(cast.TESTER), row.id, revision=row.revision, state=ItemState.FAILED, reason=reason
            )
        self._decide(wish, self._ask(wish, row, revision=saved.revision), approve=True)

    def _again(self, earlier_release_key: str) -> None:
        """What did not apply in the release before does not apply in this one either."""
        for module in self.modules:
            waived = {
                row.key for row in self._rows(earlier_release_key, module) if row.state is ItemState.NOT_APPLICABLE
            }
            for row in self._rows(self.release_key, module):
                if row.key in waived and row.state is ItemState.TODO and row.id not in self.used:
                    text = "As in the release before: the module has no such thing."
                    wish = Wish(WaiverKind.NOT_APPLICABLE, WaiverReason.NO_SUCH_FEATURE, text, asked=3, until=0)
                    self.used.add(row.id)
                    self._decide(wish, self._ask(wish, row), approve=True)
                    return
