"""Deployments of the made-up company: planned, started, looked after for an hour, a day and a week."""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.database import db
from app.demo import cast
from app.demo.cast import Player
from app.demo.signing import Signing
from app.demo.work import BY_ROLE
from app.domain.checklist import BelongsTo, ItemState
from app.domain.deployments import Outcome
from app.domain.gates import GateKind
from app.domain.permissions import Role
from app.models import ChecklistGroup
from app.models.base import pretending, utc_now
from app.queries.checklists import get_occasion_checklist
from app.queries.deployment_facts import list_steps
from app.queries.rows import ItemRow, list_rows
from app.services.deployment_plans import PlanFacts, StepFacts, plan_deployment
from app.services.deployments import do_step, finish_deployment, start_deployment
from app.services.freezes import FreezeFacts, add_freeze
from app.services.gate_records import BackupFacts, add_backup
from app.services.item_states import set_state

if TYPE_CHECKING:
    from app.demo.story import Company

ABORT = "More than 1 % of the requests fail for five minutes, or a statement of the migration takes longer than two."
# What is answered in the hours after.
VALUES = {
    "What you saw": "Two warnings of the label printer, as every evening.",
    "Errors and requests in the hour": "3 of 18,402",
    "Version answered": "2.15 on all four",
    "Slow statements before and after": "4 before, 4 after",
    "Free space, percent": "61",
    "Error ratio, percent": "0.02",
    "Orphan and duplicate rows found": "0",
    "Workflows walked": "all nine of the guide",
    "Statements over the limit": "0",
    "Unused indexes": "1",
    "Growth per day, MB": "38",
    "Restore tested at, minutes taken": "Thursday 06:10, 22",
}
GROUPS = ("first-hour", "first-day", "first-week")


class Deploying:
    """The evenings on which modules of a release go out."""

    def __init__(self, company: "Company", signing: Signing) -> None:
        self.company = company
        self.signing = signing

    def play_shipped(self, modules: list[str]) -> None:
        """Two modules go to staging and on to production; one of them is slow there, and is looked at late."""
        night = self.signing.at + timedelta(hours=4)
        for number, module in enumerate(modules):
            self._prepare(module, night, staged=True)
            staged = self._deploy(module, "staging", night + timedelta(minutes=40 * number))
            self._look_after(staged, GROUPS)
            evening = datetime.combine((night + timedelta(days=2)).date(), time(19), UTC)
            self._prepare(module, evening + timedelta(minutes=50 * number), staged=False)
            is_slow = number == 1
            done = self._deploy(
                module,
                "production",
                evening + timedelta(minutes=50 * number),
                Outcome.DEGRADED if is_slow else Outcome.SUCCEEDED,
                "The list of deliveries takes four seconds. An index comes on Monday." if is_slow else "",
            )
            self._look_after(done, GROUPS[:2] if is_slow else GROUPS, late_by=timedelta(hours=2 if is_slow else 0))

    def play_busy(self, module: str) -> None:
        """A module has gone to staging within the hour; production is planned, and so is a quiet time."""
        begun = self.signing.moment()
        number = self._plan(module, "staging", begun, begun + timedelta(hours=2))
        with pretending(self.signing.moment()):
            start_deployment(self.company.origin(cast.OPS_LEAD), number)
        for step in list_steps(number):
            with pretending(self.signing.moment()):
                do_step(self.company.origin(cast.OPS_LEAD), number, step.id, note="")
        with pretending(self.signing.moment()):
            self._finish(number, Outcome.SUCCEEDED, "")
        self._tick(number, "first-hour", self.signing.moment())
        window = datetime.combine(self.company.today + timedelta(days=2), time(20), UTC)
        self._plan(module, "production", window, window + timedelta(hours=2))
        with pretending(self.signing.moment()):
            ends = datetime.combine(self.company.today + timedelta(days=26), time(6), UTC)
            facts = FreezeFacts(ends - timedelta(days=9), ends, "Stocktaking: nobody may be kept from counting.")
            add_freeze(self.company.origin(cast.LEAD), facts)

    def _prepare(self, module: str, at: datetime, *, staged: bool) -> None:
        """The records that the gate asks, and the sign-offs, some minutes before."""
        signing = self.signing
        signing.at = at - timedelta(minutes=30)
        if staged:
            signing.prepare(module)
            signing.sign_deploy(module, "staging", (cast.CHIEF_DBA, Role.DBA))
            return
        with pretending(signing.moment()):
            taken_at = utc_now() - timedelta(hours=2)
            backup = BackupFacts("production", f"{module} production", taken_at, 9_836_000_000, "c4" * 32, True, "")
            add_backup(self.company.origin(cast.DBA), signing.checklist(module), backup)
        signers = ((cast.CHIEF_DBA, Role.DBA), (cast.RELEASE_LEAD, Role.TEAM_LEAD))
        signing.sign_deploy(module, "production", *signers)

    def _plan(self, module: str, environment: str, begins: datetime, ends: datetime) -> int:
        gate = self.signing.gate(self.signing.checklist(module), GateKind.DEPLOY, environment)
        ids, schema = self.company.ids, module.replace("-", "_")
        steps = (
            StepFacts("Say in the channel that it begins", "", ids[cast.OPS]),
            StepFacts("Stop the workers", f"systemctl stop {module}-worker@*", ids[cast.OPS]),
            StepFacts("Run the migration", f"flask db upgrade --directory migrations/{schema}", ids[cast.DBA]),
            StepFacts("Count tables and rows", f"mysql {schema} < checks/counts.sql", ids[cast.DBA]),
            StepFacts("Start the workers and look at the first ten jobs", f"systemctl start {module}-worker@1"),
        )
        facts = PlanFacts(begins, ends, ids[cast.RELEASE_LEAD], ABORT, "Support knows. The rota has the phone.", steps)
        with pretending(self.signing.moment()):
            return plan_deployment(self.company.origin(cast.OPS), gate.id, facts)

    def _deploy(
        self, module: str, environment: str, at: datetime, outcome: Outcome = Outcome.SUCCEEDED, note: str = ""
    ) -> int:
        number = self._plan(module, environment, at, at + timedelta(hours=2))
        with pretending(at + timedelta(minutes=2)):
            start_deployment(self.company.origin(cast.OPS_LEAD), number)
        for place, step in enumerate(list_steps(number), start=1):
            with pretending(at + timedelta(minutes=2 + 3 * place)):
                do_step(self.company.origin(cast.OPS_LEAD), number, step.id, note="")
        with pretending(at + timedelta(minutes=24)):
            self._finish(number, outcome, note)
        return number

    def _finish(self, number: int, outcome: Outcome, note: str) -> None:
        finish_deployment(self.company.origin(cast.OPS_LEAD), number, outcome=outcome, note=note)

    def _look_after(self, number: int, groups: tuple[str, ...], late_by: timedelta = timedelta(0)) -> None:
        """Each group of checks is gone through well before it is due; the last of them so much later than that."""
        begun = self.signing.at
        after = {"first-hour": timedelta(minutes=55), "first-day": timedelta(hours=16), "first-week": timedelta(days=6)}
        for group in groups:
            is_last = group == groups[-1] and late_by
            at = begun + after[group]
            self._tick(number, group, at + timedelta(days=2) + late_by if is_last else at)

    def _tick(self, number: int, group: str, at: datetime) -> None:
        lead = self.company.origin(cast.LEAD).actor
        checklist = get_occasion_checklist(BelongsTo.DEPLOYMENT, number, lead)
        groups = select(ChecklistGroup.id).where(ChecklistGroup.checklist_id == checklist.id)
        group_id = db.session.scalars(groups.where(ChecklistGroup.key == group)).one()
        for place, row in enumerate(list_rows(checklist.id, group_id=group_id)):
            with pretending(at + timedelta(minutes=place)):
                worker = self.company.origin(_worker(row))
                value = VALUES.get(row.value_prompt)
                set_state(worker, row.id, revision=row.revision, state=ItemState.DONE, value=value)


def _worker(row: ItemRow) -> Player:
    return BY_ROLE[row.natural_role][0]
