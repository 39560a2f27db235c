"""A room in which a module is deployed: somebody plans it, somebody else signs it, and a third person starts it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.database import db
from app.domain.checklist import BelongsTo, ItemState
from app.domain.deployments import Outcome
from app.domain.gates import Decision, GateKind
from app.domain.permissions import Role
from app.models import BackupRecord, ChecklistItem, Deployment, Gate
from app.models.base import utc_now
from app.queries.checklists import get_occasion_checklist
from app.queries.gates import GateRow, get_gate
from app.queries.standing import standing_of
from app.services.deployment_plans import PlanFacts, StepFacts, plan_deployment
from app.services.deployments import finish_deployment, start_deployment
from app.services.gate_records import BackupFacts, add_backup
from app.services.item_states import set_state
from app.services.release_modules import add_modules
from app.services.releases import ReleaseFacts, create_release
from app.services.signoffs import Wish, sign
from tests.factories import Made, Make
from tests.integration.services.test_gate_records import prepared
from tests.integration.services.test_signoffs import DBA, Room

STEPS = (StepFacts("Stop the workers", "systemctl stop grn-worker"), StepFacts("Run the migration"))


def planned_for(room: "Deploying", **more: Any) -> PlanFacts:
    """A plan whose window is open now."""
    facts = {
        "window_starts_at": utc_now() - timedelta(hours=1),
        "window_ends_at": utc_now() + timedelta(hours=3),
        "decider_id": room.ops.id,
        "abort_criteria": "More than 1 % of the requests fail.",
        "steps": STEPS,
        **more,
    }
    return PlanFacts(**facts)


class Deploying(Room):
    """A module that may go to staging once it is signed."""

    def __init__(self, make: Make) -> None:
        super().__init__(make)
        self.ops = make.person(Role.OPS)
        prepared(self)

    def deploy_gate(self, environment: str = "staging") -> GateRow:
        return self.gate(GateKind.DEPLOY, environment)

    def sign_deploy(self, *, by: Made | None = None, role: Role = DBA, environment: str = "staging") -> int:
        gate = self.deploy_gate(environment)
        digest = standing_of(gate, utc_now()).content.digest
        return sign(self.origin(by or self.dba), gate.id, Wish(role, Decision.APPROVE, digest))

    def plan(self, environment: str = "staging", **more: Any) -> int:
        return plan_deployment(self.ops.origin, self.deploy_gate(environment).id, planned_for(self, **more))

    def start(self, number: int) -> int:
        return start_deployment(self.ops.origin, number)

    def finish(self, number: int, outcome: Outcome = Outcome.SUCCEEDED) -> None:
        finish_deployment(self.ops.origin, number, outcome=outcome, note="As it was seen.")

    def started(self) -> int:
        """A deployment to staging that runs."""
        number = self.plan()
        self.sign_deploy()
        self.start(number)
        return number

    def next_release(self, environment: str = "staging") -> GateRow:
        """A deploy gate of the same module in another release."""
        key, lead = f"{self.release.key}-next", self.release.lead
        create_release(lead.origin, key, ReleaseFacts(name="The next one"))
        add_modules(lead.origin, key, (self.gate().module_id or 0,))
        wanted = (Gate.kind == GateKind.DEPLOY) & (Gate.environment_key == environment)
        return get_gate(db.session.scalars(select(Gate.id).where(wanted).order_by(Gate.id.desc())).first() or 0)

    def row(self, number: int) -> Deployment:
        return db.session.get_one(Deployment, number, populate_existing=True)

    def newest_backup(self) -> int | None:
        return db.session.scalar(select(BackupRecord.id).order_by(BackupRecord.id.desc()).limit(1))

    def back_up(self, environment: str = "production", taken_at: datetime | None = None) -> int:
        taken = taken_at or utc_now() - timedelta(minutes=5)
        facts = BackupFacts(environment, "grn", taken, 2_000, "ab" * 32, is_restore_tested=True)
        return add_backup(self.worker.origin, self.checklist_id, facts)

    def checklist_of(self, number: int) -> int:
        """The checklist of the hours after a deployment."""
        return get_occasion_checklist(BelongsTo.DEPLOYMENT, number, self.ops.actor).id

    def do_all(self, number: int, gate: str) -> None:
        """Tick all that a gate of the hours after covers."""
        items = select(ChecklistItem).where(
            ChecklistItem.checklist_id == self.checklist_of(number), ChecklistItem.gate == gate
        )
        for item in db.session.scalars(items).all():
            set_state(self.worker.origin, item.id, revision=item.revision, state=ItemState.DONE)
