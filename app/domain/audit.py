"""Every action worth remembering, the sentence that tells it, and the bytes that prove it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import rfc8785

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
SENTENCES: dict[AuditAction, str] = {
    AuditAction.PERSON_CREATED: "created the account of {label}",
    AuditAction.PERSON_INVITED: "invited {label}",
    AuditAction.PERSON_JOINED: "joined",
    AuditAction.PERSON_CHANGED: "changed the {fact} of {label} from {old} to {new}",
    AuditAction.PERSON_DEACTIVATED: "deactivated {label}",
    AuditAction.PERSON_REACTIVATED: "reactivated {label}",
    AuditAction.PERSON_ERASED: "erased the name of {label}",
    AuditAction.PASSWORD_CHANGED: "changed the password of {label}",
    AuditAction.PASSWORD_RESET_OFFERED: "made a password link for {label}",
    AuditAction.SESSION_STARTED: "signed in",
    AuditAction.SESSION_REFUSED: "was refused at sign-in as {label}",
    AuditAction.SESSION_ENDED: "signed out",
    AuditAction.SESSION_REVOKED: "ended a session of {label}",
    AuditAction.ROLE_GRANTED: "granted {new} to {label}",
    AuditAction.ROLE_REVOKED: "revoked {old} from {label}",
    AuditAction.MODULE_CREATED: "created the module {label}",
    AuditAction.MODULE_CHANGED: "changed the {fact} of the module {label} from {old} to {new}",
    AuditAction.MODULE_ARCHIVED: "archived the module {label}",
    AuditAction.MODULE_RESTORED: "restored the module {label}",
    AuditAction.MODULE_ANSWERED: "answered “{fact}” for the module {label} with {new}, before: {old}",
    AuditAction.ENVIRONMENT_ADDED: "added the environment {label}",
    AuditAction.ENVIRONMENT_CHANGED: "changed the {fact} of the environment {label} from {old} to {new}",
    AuditAction.ENVIRONMENT_MOVED: "put the environments in this order: {new}, before: {old}",
    AuditAction.TARGET_ADDED: "added the target {label}",
    AuditAction.TARGET_ARCHIVED: "archived the target {label}",
    AuditAction.RELEASE_CREATED: "created the release {label}",
    AuditAction.RELEASE_CHANGED: "changed the {fact} of the release {label} from {old} to {new}",
    AuditAction.RELEASE_SHIPPED: "marked the release {label} as shipped, {new}",
    AuditAction.RELEASE_REOPENED: "reopened the release {label}",
    AuditAction.RELEASE_ARCHIVED: "archived the release {label}",
    AuditAction.RELEASE_RESTORED: "restored the release {label}",
    AuditAction.RELEASE_MODULE_ADDED: "added {new} to the release {label}",
    AuditAction.RELEASE_MODULE_REMOVED: "took {old} out of the release {label}",
    AuditAction.CHANGE_ADDED: "added the change {label}",
    AuditAction.TEMPLATE_CREATED: "created the template {label}",
    AuditAction.TEMPLATE_PUBLISHED: "published {label}",
    AuditAction.TEMPLATE_CHOSEN: "chose {new} for new checklists, before: {old}",
    AuditAction.TEMPLATE_IMPORTED: "imported {label}: {new}",
    AuditAction.IMPORT_RECEIVED: "sent {label} to be imported, {new}",
    AuditAction.DRAFT_BEGUN: "began a draft of {label}",
    AuditAction.DRAFT_CHANGED: "changed the {fact} of “{label}” from {old} to {new}",
    AuditAction.DRAFT_ADDED: "added “{label}”",
    AuditAction.DRAFT_MOVED: "moved “{label}” {new}",
    AuditAction.DRAFT_REMOVED: "took out “{label}”",
    AuditAction.DRAFT_DISCARDED: "threw the draft of {label} away",
    AuditAction.CHECKLIST_CREATED: "made the checklist of {label} from {new}",
    AuditAction.CHECKLIST_DUE_MOVED: "moved {new} in the checklist of {label} with the day of its release",
    AuditAction.CHECKLIST_ADOPTED: "brought the checklist of {label} from {old} to {new}",
    AuditAction.ITEM_STATE_CHANGED: "set “{label}” from {old} to {new}",
    AuditAction.ITEM_CHANGED: "changed the {fact} of “{label}” from {old} to {new}",
    AuditAction.ITEM_COMMENTED: "commented on “{label}”: {new}",
    AuditAction.ITEM_ASSIGNED: "assigned “{label}” to {new}, before: {old}",
    AuditAction.ITEM_UNDONE: "took back the last change of “{label}”: {fact} from {old} to {new}",
    AuditAction.ITEM_ESCALATED: "told {new} that “{label}”, due on {old}, is late",
    AuditAction.ITEM_ADDED: "added “{label}”, which the adopted version asks",
    AuditAction.ITEM_REMOVED: "took away “{label}”, which the adopted version no longer asks; it was {old}",
    AuditAction.ITEM_RETURNED: "brought back “{label}”, which the adopted version asks again; it is {new}",
    AuditAction.ITEM_REWORDED: "gave “{label}” the words of the adopted version ({fact}), before: {old}",
    AuditAction.ITEM_CONFIRMED: "said that “{label}” is still true with its new words",
    AuditAction.POLICY_CREATED: "laid down what the gate {label} asks: {new}",
    AuditAction.POLICY_PROPOSED: "proposed {label}: {new}, in force: {old}",
    AuditAction.POLICY_AGREED: "agreed to {label} as {new}",
    AuditAction.POLICY_AGREEMENT_ENDED: "took back the agreement to {label} as {old}",
    AuditAction.POLICY_WITHDRAWN: "withdrew {label}",
    AuditAction.POLICY_ADOPTED: "adopted {label} for new gates, before: {old}",
    AuditAction.GATE_POLICY_CHANGED: "brought {label} to {new}, before: {old}",
    AuditAction.SIGNOFF_GIVEN: "signed {label}: {new}",
    AuditAction.SIGNOFF_ENDED: "ended a sign-off of {label}: {fact}, {new}",
    AuditAction.SIGNOFF_EXPORTED: "exported the sign-offs of {label}",
    AuditAction.GATE_CONSUMED: "passed {label}, with {new}",
    AuditAction.GATE_RENEWED: "opened {label} anew: what was signed before counted for {old}",
    AuditAction.DEPLOYMENT_PLANNED: "planned {label}: {new}",
    AuditAction.DEPLOYMENT_CHANGED: "changed the {fact} of {label} from {old} to {new}",
    AuditAction.DEPLOYMENT_CANCELLED: "called {label} off",
    AuditAction.DEPLOYMENT_STARTED: "started {label}, with {new}",
    AuditAction.DEPLOYMENT_STEP_DONE: "did {fact} of {label}: {new}",
    AuditAction.DEPLOYMENT_FINISHED: "finished {label}: {new}",
    AuditAction.DEPLOYMENT_OUTCOME_CHANGED: "changed how {label} ended, from {old} to {new}",
    AuditAction.WINDOW_REMINDED: "reminded {new} of the {fact} of {label}",
    AuditAction.WINDOW_MISSED: "found the {fact} of {label} missed: {new}",
    AuditAction.FREEZE_ADDED: "added {label}: {new}",
    AuditAction.FREEZE_ENDED: "ended {label} early",
    AuditAction.DELEGATION_GIVEN: "asked {label} to sign for them: {new}",
    AuditAction.DELEGATION_ANSWERED: "{fact} to sign for {label} as {new}",
    AuditAction.OVERRIDE_OPENED: "opened a break-glass of {label}: {new}",
    AuditAction.OVERRIDE_CONFIRMED: "confirmed a break-glass of {label}: {new}",
    AuditAction.OVERRIDE_TOLD: "told {new} that {label} goes on without them",
    AuditAction.OVERRIDE_ENDED: "ended a break-glass of {label}: {new}",
    AuditAction.OVERRIDE_REVIEWED: "reviewed a break-glass of {label}: {new}",
    AuditAction.OVERRIDE_EXPORTED: "exported the register of break-glass: {label}",
    AuditAction.ROLLBACK_PLAN_WRITTEN: "wrote the rollback plan of {label}, revision {new}",
    AuditAction.REHEARSAL_ADDED: "recorded a rehearsal of the rollback plan of {label}: {new}",
    AuditAction.BACKUP_ADDED: "recorded a backup for {label}: {new}",
    AuditAction.ROLLBACK_STARTED: "began {label}",
    AuditAction.ROLLBACK_STEP_TAKEN: "took {label}: {new}",
    AuditAction.ROLLBACK_PAUSED: "paused {label}",
    AuditAction.ROLLBACK_RESUMED: "went on with {label}",
    AuditAction.ROLLBACK_FINISHED: "ended {label}: {new}",
    AuditAction.INCIDENT_REPORTED: "reported {label}: {new}",
    AuditAction.INCIDENT_CHANGED: "changed the {fact} of {label} from {old} to {new}",
    AuditAction.INCIDENT_RECOVERED: "said of {label} that it works again since {new}, before: {old}",
    AuditAction.INCIDENT_EXPLAINED: "said why {label} could happen: {new}",
    AuditAction.INCIDENT_RESOLVED: "said how {label} was resolved: {new}",
    AuditAction.INCIDENT_CLOSED: "closed {label}",
    AuditAction.INCIDENT_REOPENED: "opened {label} again, for turn {new}",
    AuditAction.INCIDENT_COMPARED: "opened {new} beside {label}",
    AuditAction.INCIDENT_EXPORTED: "exported incidents: {label}",
    AuditAction.ESCALATION_STARTED: "began {fact} of the escalation of {label}: {new}",
    AuditAction.ESCALATION_DONE: "did {fact} of the escalation of {label}: {new}",
    AuditAction.ESCALATION_PASSED_OVER: "passed over {fact} of the escalation of {label}",
    AuditAction.ITEM_RULED_OUT: "took “{label}” away by its rule, from {old} to {new}",
    AuditAction.ITEM_RULED_IN: "brought “{label}” back by its rule, from {old} to {new}",
    AuditAction.EVIDENCE_ADDED: "added evidence to “{label}”: {new}",
    AuditAction.EVIDENCE_WITHDRAWN: "withdrew evidence of “{label}”: {old}",
    AuditAction.EVIDENCE_RECONFIRMED: "confirmed that the evidence of “{label}” is still true: {new}",
    AuditAction.WAIVER_REQUESTED: "asked to waive “{label}”: {new}",
    AuditAction.WAIVER_APPROVED: "approved the waiver of “{label}”: {new}",
    AuditAction.WAIVER_REFUSED: "refused the waiver of “{label}”",
    AuditAction.WAIVER_WITHDRAWN: "withdrew the waiver of “{label}”",
    AuditAction.WAIVER_ENDED: "ended the waiver of “{label}”: from {old} to {new}",
    AuditAction.WAIVER_EXPIRED: "reopened “{label}”, whose waiver has expired: from {old} to {new}",
    AuditAction.WAIVER_EXPORTED: "exported waivers: {label}",
    AuditAction.DUTY_CREATED: "added the duty “{label}”: {new}",
    AuditAction.DUTY_CHANGED: "changed the {fact} of the duty “{label}” from {old} to {new}",
    AuditAction.DUTY_RESCHEDULED: "changed when the duty “{label}” is due from {old} to {new}",
    AuditAction.DUTY_TICKED: "did the duty “{label}” for {fact}: {new}",
    AuditAction.DUTY_STRUCK: "struck a record of the duty “{label}” for {fact}: {old}",
    AuditAction.DUTY_MISSED: "noted that the duty “{label}” for {fact} was missed: {new}",
    AuditAction.DUTY_TURNED: "{new} the duty “{label}”, {old} before",
    AuditAction.DUTY_EXPORTED: "exported records of duties: {label}",
    AuditAction.FEED_MADE: "made a calendar feed, “{label}”",
    AuditAction.FEED_REVOKED: "revoked the calendar feed “{label}”",
    AuditAction.ATTEMPT_REFUSED: "was refused ({new}): {label}",
    AuditAction.AUDIT_EXPORTED: "exported events: {label}",
    AuditAction.TEMPLATE_EXPORTED: "exported {label} as {new}",
    AuditAction.CHECKLIST_EXPORTED: "exported the checklist of {label} as {new}",
    AuditAction.FIGURE_TYPED: "typed {new} as the {fact} of {label}",
    AuditAction.FIGURE_STRUCK: "struck {old}, which was typed as the {fact} of {label}",
    AuditAction.METRIC_EXPORTED: "exported the numbers of {label}",
    AuditAction.MAIL_TESTED: "asked for {label}, a test",
    AuditAction.MAIL_RETRIED: "put {label}, a {new}, back into the outbox",
}


def tell(action: AuditAction, *, label: str, fact: str = "", old: str = "", new: str = "") -> str:
    """The sentence behind the actor's name."""
    return SENTENCES[action].format(label=label, fact=fact, old=old or "nothing", new=new or "nothing")


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
    body = rfc8785.dumps({"v": BODY_VERSION, **fields})
    if len(body) > BODY_LIMIT:
        raise ValueError(f"an audit event of {len(body)} bytes is over the limit of {BODY_LIMIT}")
    return SealedBody(body, leaf_of(body))


def leaf_of(body: bytes) -> bytes:
    """The leaf hash of stored bytes."""
    return sha256(b"\x00" + body).digest()


def name_digest(salt: bytes, name: str) -> bytes:
    """What stands in a body instead of a person's name, so that the name stays erasable."""
    return sha256(salt + name.encode()).digest()
