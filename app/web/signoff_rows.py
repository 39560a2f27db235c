"""Sign-offs as rows of an export."""

from collections.abc import Iterator, Sequence

from app.domain.audit import moment_text
from app.queries.override_rows import OverrideRow
from app.queries.signoff_sheet import SheetGate

HEADER = (
    *("signoff_id", "subject", "gate", "environment", "name", "for", "role", "decision", "signed_at_utc", "statement"),
    *("reason", "condition", "condition_until", "status", "ended_at_utc", "ended_by", "ended_reason"),
    *("policy_revision", "relaxed_rules", "gate_passed_at_utc", "content_sha256", "content_fits"),
    *("gate_passed_by", "override_id"),
)
# No person's text is in these.
OWN = {
    *("signoff_id", "gate", "role", "decision", "signed_at_utc", "condition_until", "status", "ended_at_utc"),
    *("policy_revision", "relaxed_rules", "gate_passed_at_utc", "content_sha256", "content_fits"),
    *("gate_passed_by", "override_id"),
}


def csv_rows(gates: Sequence[SheetGate]) -> Iterator[tuple[object, ...]]:
    """One row for each sign-off, gate by gate, and before them one for each break-glass that was confirmed."""
    for gate in gates:
        for broken in gate.overrides:
            yield _broken(gate, broken)
        for one in gate.signoffs:
            yield (
                *(one.id, gate.subject, gate.kind.label, gate.environment, one.name, one.for_name, one.role.label),
                *(one.decision.value, moment_text(one.signed_at), one.statement, one.reason, one.on_condition),
                one.condition_ends_on.isoformat() if one.condition_ends_on else "",
                *(one.status, moment_text(one.ended_at) if one.ended_at else "", one.ended_by, one.ended_reason),
                *(one.policy_revision, " ".join(one.relaxed)),
                *(_passed_at(gate), one.digest, "yes" if one.fits else "no", passed_by(gate), ""),
            )


def _passed_at(gate: SheetGate) -> str:
    return moment_text(gate.consumed_at) if gate.consumed_at else ""


def passed_by(gate: SheetGate) -> str:
    """What a gate was passed by; empty where it was not."""
    if gate.consumed_at is None:
        return ""
    return "break-glass" if any(one.used for one in gate.overrides) else "sign-offs"


def _broken(gate: SheetGate, one: OverrideRow) -> tuple[object, ...]:
    """A break-glass among the sign-offs: the two who answer for it, why, and what the review said."""
    second, reviewed = one.confirmed or one.opened, one.reviewed
    roles = [act.role.label for act in (one.opened, second) if act.role]
    return (
        *("", gate.subject, gate.kind.label, gate.environment, f"{one.opened.name} and {second.name}"),
        *("", " and ".join(roles), "break-glass", moment_text(second.at), "", f"{one.incident}: {one.reason}", "", ""),
        f"reviewed: {one.outcome.word}" if one.outcome else "not reviewed",
        *((moment_text(reviewed.at), reviewed.name, one.review) if reviewed else ("", "", "")),
        *(gate.policy_revision, " ".join(gate.relaxed), _passed_at(gate), "", "", passed_by(gate), one.id),
    )
