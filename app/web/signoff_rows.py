"""Sign-offs as rows of an export."""

from collections.abc import Iterator, Sequence

from app.domain.audit import moment_text
from app.queries.signoff_sheet import SheetGate

HEADER = (
    *("signoff_id", "subject", "gate", "environment", "name", "role", "decision", "signed_at_utc", "statement"),
    *("reason", "condition", "condition_until", "status", "ended_at_utc", "ended_by", "ended_reason"),
    *("policy_revision", "relaxed_rules", "gate_passed_at_utc", "content_sha256", "content_fits"),
)
# No person's text is in these.
OWN = {
    *("signoff_id", "gate", "role", "decision", "signed_at_utc", "condition_until", "status", "ended_at_utc"),
    *("policy_revision", "relaxed_rules", "gate_passed_at_utc", "content_sha256", "content_fits"),
}


def csv_rows(gates: Sequence[SheetGate]) -> Iterator[tuple[object, ...]]:
    """One row for each sign-off, gate by gate."""
    for gate in gates:
        for one in gate.signoffs:
            yield (
                *(one.id, gate.subject, gate.kind.label, gate.environment, one.name, one.role.label),
                *(one.decision.value, moment_text(one.signed_at), one.statement, one.reason, one.on_condition),
                one.condition_ends_on.isoformat() if one.condition_ends_on else "",
                *(one.status, moment_text(one.ended_at) if one.ended_at else "", one.ended_by, one.ended_reason),
                *(one.policy_revision, " ".join(one.relaxed)),
                *(moment_text(gate.consumed_at) if gate.consumed_at else "", one.digest),
                "yes" if one.fits else "no",
            )
