"""A room in which a deployment runs and is taken back by two people on call."""

from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select

from app.database import db
from app.domain.incidents import IncidentSeverity
from app.domain.permissions import Role
from app.domain.rollbacks import Claim, code_of
from app.models import Checklist, ChecklistItem, Rollback, RollbackStep
from app.queries.rollbacks import get_rollback
from app.queries.rows import ItemRow, list_rows
from app.services.items import Saved
from app.services.rollback_work import do_step, skip_step
from app.services.rollbacks import Started, StartFacts, start_rollback
from tests.factories import Made, Make
from tests.integration.services.deploying import Deploying

WHY = StartFacts("Orders fail since the migration.", IncidentSeverity.CRITICAL, "412 orders, all workers stopped")
SECRET = SecretStr("a secret of thirty-two characters")
# What each kind of value takes.
VALUES = {"text": "seen", "number": "3", "link": "https://git.example.org/42", "": ""}


def taken_back(lead: Made, deployment_id: int) -> dict[str, object]:
    """A rollback of a deployment that runs, and its first step, for tests of addresses."""
    number = start_rollback(lead.origin, deployment_id, WHY).rollback_id
    found = get_rollback(number, lead.actor)
    return {"rollback_id": number, "rollback_item_id": list_rows(found.checklist_id)[0].id}


class RollingBack(Deploying):
    """A deployment to staging that runs, and who takes it back."""

    def __init__(self, make: Make) -> None:
        super().__init__(make)
        self.ravi = make.person(Role.OPS, name="Ravi")
        self.mia = make.person(Role.OPS, name="Mia")
        self.deployment = self.started()

    def begin(self, by: Made | None = None) -> Started:
        return start_rollback((by or self.ravi).origin, self.deployment, WHY)

    def begun(self) -> int:
        return self.begin().rollback_id

    def items(self, rollback: int) -> list[ItemRow]:
        checklist = select(Checklist.id).where(Checklist.belongs_to == "rollback", Checklist.subject_id == rollback)
        return list_rows(db.session.execute(checklist).scalar_one())

    def do(self, rollback: int, number: int, *, by: Made | None = None, **more: Any) -> Saved:
        item = self.items(rollback)[number - 1]
        said = {"revision": item.revision, "value": VALUES[item.value_kind], **more}
        return do_step((by or self.ravi).origin, rollback, item.id, **said)

    def skip(self, rollback: int, number: int, reason: str = "There is no such thing here.") -> Saved:
        item = self.items(rollback)[number - 1]
        return skip_step(self.ravi.origin, rollback, item.id, revision=item.revision, reason=reason)

    def do_up_to(self, rollback: int, last: int) -> None:
        for number in range(1, last + 1):
            self.do(rollback, number)

    def item(self, rollback: int, number: int) -> ChecklistItem:
        return db.session.get_one(ChecklistItem, self.items(rollback)[number - 1].id, populate_existing=True)

    def run(self, rollback: int) -> Rollback:
        return db.session.get_one(Rollback, rollback, populate_existing=True)

    def records(self, rollback: int) -> list[RollbackStep]:
        found = select(RollbackStep).where(RollbackStep.rollback_id == rollback).order_by(RollbackStep.id)
        return list(db.session.scalars(found))

    def claims(self, rollback: int, typed: list[tuple[datetime, str]]) -> tuple[Claim, ...]:
        """What is read off the paper for the first open steps, with the right codes; nothing for the others."""
        row = get_rollback(rollback, self.ravi.actor)
        rows = [item for item in self.items(rollback) if item.state == "todo"]
        codes = [code_of(SECRET.get_secret_value(), row.deployment_id, row.turn, item.key) for item in rows]
        filled = [
            Claim(item.id, code, at, by, VALUES[item.value_kind])
            for item, code, (at, by) in zip(rows, codes, typed, strict=False)
        ]
        return (*filled, *(Claim(item.id, "", None, "") for item in rows[len(filled) :]))
