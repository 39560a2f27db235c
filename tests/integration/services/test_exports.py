"""Taking history out leaves history."""

from app.domain.permissions import Role
from app.services.exports import record_export
from tests.factories import Make


def test_an_export_says_who_took_events_by_which_filter(make: Make):
    auditor = make.person(Role.AUDITOR)

    record_export(auditor.origin, query="module=orders")
    record_export(auditor.origin, query="")

    assert [(e.actor_id, e.actor_role, e.object_label) for e in make.events("audit.exported")] == [
        (auditor.id, "auditor", "module=orders"),
        (auditor.id, "auditor", "everything"),
    ]
