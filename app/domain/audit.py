"""Every action worth remembering, and the bytes that prove it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from app.domain.canonical import canonical

BODY_VERSION = 1
# An entry of the log has to fit into 64 KiB with its frame.
BODY_LIMIT = 60 * 1024


class AuditAction(StrEnum):
    """Named `subject.past_tense`. Values are stored: never rename one."""

    PERSON_CREATED = "person.created"
    PERSON_INVITED = "person.invited"
    PERSON_JOINED = "person.joined"
    PERSON_CHANGED = "person.changed"
    PERSON_DEACTIVATED = "person.deactivated"
    PERSON_REACTIVATED = "person.reactivated"
    PERSON_ERASED = "person.erased"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 (an action's name)
    PASSWORD_RESET_OFFERED = "password.reset_offered"  # noqa: S105 (an action's name)
    SESSION_STARTED = "session.started"
    SESSION_REFUSED = "session.refused"
    SESSION_ENDED = "session.ended"
    SESSION_REVOKED = "session.revoked"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    MODULE_CREATED = "module.created"
    MODULE_CHANGED = "module.changed"
    MODULE_ARCHIVED = "module.archived"
    MODULE_RESTORED = "module.restored"
    MODULE_ANSWERED = "module.answered"
    ENVIRONMENT_ADDED = "environment.added"
    ENVIRONMENT_CHANGED = "environment.changed"
    ENVIRONMENT_MOVED = "environment.moved"
    TARGET_ADDED = "target.added"
    TARGET_ARCHIVED = "target.archived"
    RELEASE_CREATED = "release.created"
    RELEASE_CHANGED = "release.changed"
    RELEASE_SHIPPED = "release.shipped"
    RELEASE_REOPENED = "release.reopened"
    RELEASE_ARCHIVED = "release.archived"
    RELEASE_RESTORED = "release.restored"
    RELEASE_MODULE_ADDED = "release.module_added"
    RELEASE_MODULE_REMOVED = "release.module_removed"
    CHANGE_ADDED = "change.added"
    TEMPLATE_CREATED = "template.created"
    TEMPLATE_PUBLISHED = "template.published"
    TEMPLATE_CHOSEN = "template.chosen"
    TEMPLATE_IMPORTED = "template.imported"
    IMPORT_RECEIVED = "import.received"
    DRAFT_BEGUN = "draft.begun"
    DRAFT_CHANGED = "draft.changed"
    DRAFT_ADDED = "draft.added"
    DRAFT_MOVED = "draft.moved"
    DRAFT_REMOVED = "draft.removed"
    DRAFT_DISCARDED = "draft.discarded"
    CHECKLIST_CREATED = "checklist.created"
    CHECKLIST_DUE_MOVED = "checklist.due_moved"
    CHECKLIST_ADOPTED = "checklist.adopted"
    ITEM_STATE_CHANGED = "item.state_changed"
    ITEM_CHANGED = "item.changed"
    ITEM_COMMENTED = "item.commented"
    ITEM_ASSIGNED = "item.assigned"
    ITEM_UNDONE = "item.undone"
    ITEM_ESCALATED = "item.escalated"
    EVIDENCE_ADDED = "evidence.added"
    EVIDENCE_WITHDRAWN = "evidence.withdrawn"
    EVIDENCE_RECONFIRMED = "evidence.reconfirmed"
    POLICY_CREATED = "policy.created"
    POLICY_PROPOSED = "policy.proposed"
    POLICY_AGREED = "policy.agreed"
    POLICY_AGREEMENT_ENDED = "policy.agreement_ended"
    POLICY_WITHDRAWN = "policy.withdrawn"
    POLICY_ADOPTED = "policy.adopted"
    GATE_POLICY_CHANGED = "gate.policy_changed"
    SIGNOFF_GIVEN = "signoff.given"
    SIGNOFF_ENDED = "signoff.ended"
    SIGNOFF_EXPORTED = "signoff.exported"
    GATE_CONSUMED = "gate.consumed"
    GATE_RENEWED = "gate.renewed"
    DEPLOYMENT_PLANNED = "deployment.planned"
    DEPLOYMENT_CHANGED = "deployment.changed"
    DEPLOYMENT_CANCELLED = "deployment.cancelled"
    DEPLOYMENT_STARTED = "deployment.started"
    DEPLOYMENT_STEP_DONE = "deployment.step_done"
    DEPLOYMENT_FINISHED = "deployment.finished"
    DEPLOYMENT_OUTCOME_CHANGED = "deployment.outcome_changed"
    WINDOW_REMINDED = "window.reminded"
    WINDOW_MISSED = "window.missed"
    FREEZE_ADDED = "freeze.added"
    FREEZE_ENDED = "freeze.ended"
    DELEGATION_GIVEN = "delegation.given"
    DELEGATION_ANSWERED = "delegation.answered"
    OVERRIDE_OPENED = "override.opened"
    OVERRIDE_CONFIRMED = "override.confirmed"
    OVERRIDE_TOLD = "override.told"
    OVERRIDE_ENDED = "override.ended"
    OVERRIDE_REVIEWED = "override.reviewed"
    OVERRIDE_EXPORTED = "override.exported"
    ROLLBACK_PLAN_WRITTEN = "rollback_plan.written"
    REHEARSAL_ADDED = "rehearsal.added"
    BACKUP_ADDED = "backup.added"
    ROLLBACK_STARTED = "rollback.started"
    ROLLBACK_STEP_TAKEN = "rollback.step_taken"
    ROLLBACK_PAUSED = "rollback.paused"
    ROLLBACK_RESUMED = "rollback.resumed"
    ROLLBACK_FINISHED = "rollback.finished"
    INCIDENT_REPORTED = "incident.reported"
    INCIDENT_CHANGED = "incident.changed"
    INCIDENT_RECOVERED = "incident.recovered"
    INCIDENT_EXPLAINED = "incident.explained"
    INCIDENT_RESOLVED = "incident.resolved"
    INCIDENT_CLOSED = "incident.closed"
    INCIDENT_REOPENED = "incident.reopened"
    INCIDENT_COMPARED = "incident.compared"
    INCIDENT_EXPORTED = "incident.exported"
    ESCALATION_STARTED = "escalation.started"
    ESCALATION_DONE = "escalation.done"
    ESCALATION_PASSED_OVER = "escalation.passed_over"
    ITEM_RULED_OUT = "item.ruled_out"
    ITEM_RULED_IN = "item.ruled_in"
    ITEM_ADDED = "item.added"
    ITEM_REMOVED = "item.removed"
    ITEM_RETURNED = "item.returned"
    ITEM_REWORDED = "item.reworded"
    ITEM_CONFIRMED = "item.confirmed"
    WAIVER_REQUESTED = "waiver.requested"
    WAIVER_APPROVED = "waiver.approved"
    WAIVER_REFUSED = "waiver.refused"
    WAIVER_WITHDRAWN = "waiver.withdrawn"
    WAIVER_ENDED = "waiver.ended"
    WAIVER_EXPIRED = "waiver.expired"
    WAIVER_EXPORTED = "waiver.exported"
    DUTY_CREATED = "duty.created"
    DUTY_CHANGED = "duty.changed"
    DUTY_RESCHEDULED = "duty.rescheduled"
    DUTY_TICKED = "duty.ticked"
    DUTY_STRUCK = "duty.struck"
    DUTY_MISSED = "duty.missed"
    DUTY_TURNED = "duty.turned"
    DUTY_EXPORTED = "duty.exported"
    FEED_MADE = "feed.made"
    FEED_REVOKED = "feed.revoked"
    ATTEMPT_REFUSED = "attempt.refused"
    AUDIT_EXPORTED = "audit.exported"
    TEMPLATE_EXPORTED = "template.exported"
    CHECKLIST_EXPORTED = "checklist.exported"
    FIGURE_TYPED = "figure.typed"
    FIGURE_STRUCK = "figure.struck"
    METRIC_EXPORTED = "metric.exported"
    MAIL_TESTED = "mail.tested"
    MAIL_RETRIED = "mail.retried"

    @property
    def label(self) -> str:
        """The action in words, for a choice: “Item: state changed”."""
        return self.value.replace(".", ": ").replace("_", " ").capitalize()


# What stands behind the actor's name. {label} the object, {fact} which of its facts, {old} and {new} its values.


@dataclass(frozen=True, slots=True)
class SealedBody:
    """The canonical bytes of one event and their leaf hash."""

    body: bytes
    leaf: bytes


def moment_text(at: datetime) -> str:
    """A moment as it stands in a body: UTC, microseconds, always of the same length."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def seal(fields: Mapping[str, Any]) -> SealedBody:
    """Put the facts of an event into their one canonical form (RFC 8785) and hash it as a log leaf (RFC 6962)."""
    body = canonical({"v": BODY_VERSION, **fields})
    if len(body) > BODY_LIMIT:
        raise ValueError(f"an audit event of {len(body)} bytes is over the limit of {BODY_LIMIT}")
    return SealedBody(body, leaf_of(body))


def leaf_of(body: bytes) -> bytes:
    """The leaf hash of stored bytes."""
    return sha256(b"\x00" + body).digest()


def name_digest(salt: bytes, name: str) -> bytes:
    """What stands in a body instead of a person's name, so that the name stays erasable."""
    return sha256(salt + name.encode()).digest()
