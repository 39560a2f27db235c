"""How the people of the made-up company work a checklist."""

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from app.demo import cast
from app.demo.cast import Player
from app.demo.words import VALUES, words_for
from app.domain.checklist import TAKEN_AWAY, ItemState, Severity
from app.domain.permissions import Role
from app.models.base import pretending
from app.queries.checklists import get_change_checklist, get_module_checklist, get_release_checklist
from app.queries.rows import ItemRow, list_rows
from app.queries.waivers import list_waivers_of
from app.services.item_states import set_state, set_states
from app.services.items import add_comment, assign
from app.services.waivers import decide_waiver, request_waiver

if TYPE_CHECKING:
    from app.demo.story import Company

BY_ROLE: dict[Role, tuple[Player, ...]] = {
    Role.DEVELOPER: cast.DEVELOPERS,
    Role.QA: (cast.TESTER,),
    Role.SECURITY: (cast.SECURITY,),
    Role.OPS: (cast.OPS,),
    Role.DBA: (cast.DBA, cast.SECOND_DBA),
    Role.TEAM_LEAD: (cast.LEAD, cast.SECOND_LEAD),
}


class Work:
    """The weeks between the beginning of a release and its end."""

    def __init__(self, company: "Company", release_key: str, *, begun: float, ends: float) -> None:
        self.company = company
        self.release_key = release_key
        self.begun = begun
        self.ends = ends
        self.dice = company.dice
        self.progress: dict[int, float] = {}

    def work_module(self, module_key: str, share: float) -> None:
        """Work through a module's checklist, as far as the share says, and leave the usual loose ends."""
        actor = self.company.origin(cast.LEAD).actor
        checklist = get_module_checklist(self.release_key, module_key, actor)
        rows = self._rows(checklist.id)
        reach = round(len(rows) * share)
        self._tick(checklist.id, rows[:reach])
        if share < 1:
            self._loose_ends(rows[reach:])

    def work_release(self, share: float) -> None:
        """The release's own boxes come late: only a shipped release has them done."""
        checklist = get_release_checklist(self.release_key, self.company.origin(cast.LEAD).actor)
        rows = self._rows(checklist.id)
        self._tick(checklist.id, rows if share >= 1 else rows[:2] if share > 0.1 else [])

    def work_change(self, module_key: str, number: int) -> None:
        """A change of a shipped release was seen through to its end."""
        actor = self.company.origin(cast.LEAD).actor
        checklist = get_change_checklist(self.release_key, module_key, number, actor)
        for row in self._rows(checklist.id):
            with pretending(self.company.moment(self._days_ago(row))):
                worker = self.company.origin(self._somebody(row))
                set_state(worker, row.id, revision=row.revision, state=ItemState.DONE, value=self._value(row))

    def _rows(self, checklist_id: int) -> list[ItemRow]:
        rows = [row for row in list_rows(checklist_id) if row.state not in TAKEN_AWAY]
        self.progress |= {row.id: number / len(rows) for number, row in enumerate(rows)}
        return rows

    def _days_ago(self, row: ItemRow) -> float:
        """The further down the checklist, the later."""
        return self.begun - (self.begun - self.ends) * self.progress[row.id]

    def _somebody(self, row: ItemRow) -> Player:
        return self.dice.choice(BY_ROLE[row.natural_role])

    def _tick(self, checklist_id: int, rows: list[ItemRow]) -> None:
        for _, part in groupby(rows, key=lambda row: row.group_id):
            group = list(part)
            waived = [row for row in group if row.severity is not Severity.KILLER and self.dice.random() < 0.05]
            single = [row for row in group if row.severity is Severity.KILLER or row.value_prompt]
            together = [row for row in group if row not in single and row not in waived]
            for row in waived:
                self._waive(row, decided=True)
            for row in (row for row in single if row not in waived):
                self._tick_one(row)
            if together:
                with pretending(self.company.moment(self._days_ago(together[0]))):
                    chosen = tuple((row.id, row.revision) for row in together)
                    worker = self.company.origin(self._somebody(together[0]))
                    set_states(worker, checklist_id, chosen, state=ItemState.DONE, reason="Gone through together.")

    def _tick_one(self, row: ItemRow) -> None:
        with pretending(self.company.moment(self._days_ago(row))):
            worker = self.company.origin(self._somebody(row))
            value = self._value(row)
            set_state(worker, row.id, revision=row.revision, state=ItemState.DONE, value=value)
            if self.dice.random() < 0.08:
                add_comment(
                    self.company.origin(self._somebody(row)), row.id, text=self.dice.choice(words_for(row.key).comments)
                )

    def _value(self, row: ItemRow) -> str | None:
        return self.dice.choice(VALUES[row.value_prompt]) if row.value_kind in {"number", "text"} else None

    def _waive(self, row: ItemRow, *, decided: bool) -> None:
        with pretending(self.company.moment(self._days_ago(row))):
            self._ask(row, revision=row.revision)
            if decided:
                [waiver] = list_waivers_of([row.id])[row.id]
                decide_waiver(self.company.origin(cast.DBA), waiver.id, approve=True, note="Agreed.")

    def _loose_ends(self, rows: list[ItemRow]) -> None:
        """What makes a release real: owners, due dates, something failed, something blocked, something asked for."""
        open_rows = [row for row in rows if row.severity is not Severity.KILLER]
        picked = self.dice.sample(open_rows, k=min(len(open_rows), 7))
        for number, row in enumerate(picked):
            self._assign(row)
            if number == 1 and self.dice.random() < 0.4:
                self._set(row, ItemState.FAILED, self.dice.choice(words_for(row.key).failures))
            elif number == 2 and self.dice.random() < 0.5:
                self._set(row, ItemState.BLOCKED, self.dice.choice(words_for(row.key).blocks))
            elif number == 3:
                self._set(row, ItemState.DOING, "")
        if len(picked) > 4 and self.dice.random() < 0.3:
            self._waive_later(picked[-1])

    def _assign(self, row: ItemRow) -> None:
        due = self.company.today + timedelta(days=self.dice.randrange(-2, 6))
        owner = self.company.ids[self._somebody(row)]
        with pretending(self.company.moment(self.begun * 0.4)):
            lead = self.company.origin(cast.LEAD)
            assign(lead, row.id, revision=row.revision, assignee_id=owner, due_on=due)

    def _set(self, row: ItemRow, state: ItemState, reason: str) -> None:
        with pretending(self.company.moment(self.dice.uniform(0, min(4, self.begun)))):
            worker = self.company.origin(self._somebody(row))
            set_state(worker, row.id, revision=row.revision + 1, state=state, reason=reason)

    def _waive_later(self, row: ItemRow) -> None:
        with pretending(self.company.moment(1)):
            self._ask(row, revision=row.revision + 1)

    def _ask(self, row: ItemRow, *, revision: int) -> None:
        reason, explanation = self.dice.choice(words_for(row.key).waivers)
        developer = self.company.origin(self.dice.choice(cast.DEVELOPERS))
        request_waiver(developer, row.id, revision=revision, reason=reason, explanation=explanation)
