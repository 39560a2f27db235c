"""Rollbacks of the made-up company: one given up because there was a better way, one that runs right now."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.demo import cast
from app.demo.cast import Player
from app.domain.checklist import BelongsTo
from app.domain.deployments import Outcome
from app.domain.incidents import IncidentSeverity
from app.models import Deployment
from app.models.base import pretending
from app.queries.checklists import get_occasion_checklist
from app.queries.deployment_facts import list_deployments_where
from app.queries.rows import list_rows
from app.services.rollback_work import do_step, skip_step
from app.services.rollbacks import StartFacts, abort_rollback, pause_rollback, resume_rollback, start_rollback

if TYPE_CHECKING:
    from app.demo.story import Company

# What is kept with the first steps, in order; None: skipped, with the reason beside it.
EVENING = (
    ("deliveries-2200.sql.gz, 9.8 GB, checksum is right", ""),
    ("wiki/rollbacks/deliveries-before", ""),
    ("22:12, the floor and support", ""),
    ("e41b09c", ""),
    (None, "The same commit went back and forth on staging on Tuesday."),
    ("https://wiki.example.org/rollbacks/deliveries", ""),
)
NOW = (
    ("grn-staging.sql.gz, 2.4 GB", ""),
    ("wiki/rollbacks/grn-before", ""),
    ("the testers, in the channel", ""),
    ("7c02d1f", "It is the commit that the page of the build names."),
    (None, "This is staging."),
    ("https://wiki.example.org/rollbacks/grn", ""),
)


class Rolling:
    """The evenings on which something had to go back."""

    def __init__(self, company: "Company") -> None:
        self.company = company

    def play(self) -> None:
        """One in production that was given up, one in staging that somebody is in the middle of."""
        slow = list_deployments_where(Deployment.outcome == Outcome.DEGRADED)[0]
        at = (slow.finished_at or datetime.now(UTC)) + timedelta(minutes=35)
        why = StartFacts(
            "The list of deliveries takes four seconds, and the floor waits.",
            IncidentSeverity.MAJOR,
            "18,402 deliveries open, four workers, replica 2 s behind",
        )
        number = self._begin(slow.id, why, at, cast.OPS_LEAD)
        self._take(number, EVENING, at, (14, 6, 4, 3, 2, 5), cast.OPS_LEAD)
        with pretending(at + timedelta(minutes=36)):
            pause_rollback(self.company.origin(cast.OPS_LEAD), number, reason="Olga looks whether an index is enough.")
        with pretending(at + timedelta(minutes=58)):
            resume_rollback(self.company.origin(cast.OPS), number)
        with pretending(at + timedelta(minutes=60)):
            reason = "An index brings it to 0.3 s, and nothing has to go back. It is built tonight."
            abort_rollback(self.company.origin(cast.CHIEF_DBA), number, reason=reason)
        staged = list_deployments_where(Deployment.outcome == Outcome.SUCCEEDED)[0]
        now = datetime.now(UTC)
        ended_at = staged.finished_at or now
        begun = min(max(ended_at + timedelta(minutes=2), now - timedelta(minutes=31)), now - timedelta(minutes=25))
        why = StartFacts(
            "Receipts of two suppliers end up as one.", IncidentSeverity.MINOR, "212 receipts, 3 of them doubled"
        )
        running = self._begin(staged.id, why, begun, cast.OPS)
        self._take(running, NOW, begun, (8, 4, 2, 3, 1, 6), cast.OPS)

    def _begin(self, deployment_id: int, facts: StartFacts, at: datetime, by: Player) -> int:
        with pretending(at):
            return start_rollback(self.company.origin(by), deployment_id, facts).rollback_id

    def _take(
        self,
        number: int,
        steps: tuple[tuple[str | None, str], ...],
        at: datetime,
        minutes: tuple[int, ...],
        by: Player,
    ) -> None:
        """The first steps, each after so many minutes."""
        checklist = get_occasion_checklist(BelongsTo.ROLLBACK, number, self.company.origin(by).actor)
        for item, (value, note), taken in zip(list_rows(checklist.id), steps, minutes, strict=False):
            at += timedelta(minutes=taken)
            with pretending(at):
                if value is None:
                    skip_step(self.company.origin(by), number, item.id, revision=item.revision, reason=note)
                else:
                    do_step(self.company.origin(by), number, item.id, revision=item.revision, value=value, note=note)
