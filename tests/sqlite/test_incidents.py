"""Incidents on the embedded database, which has no full-text index: their words are looked for one by one."""

from pathlib import Path

from flask_migrate import upgrade

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.queries.escalation import list_similar
from app.queries.incidents import IncidentFilter, find_incident, list_incidents
from app.services.escalation import start_step
from app.services.templates import load_catalogue
from tests.conftest import settings_for
from tests.factories import Make


def test_earlier_ones_are_found_by_their_words_and_steps_are_kept(tmp_path: Path):
    app = create_app(settings_for("", tmp_path))
    with app.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))
        make = Make()
        lead, module = make.lead(), make.module()
        texts = {"title": "Transfers stop with a deadlock", "description": "Booking one waits for a lock."}
        alike = make.incident(module.key, by=lead, **texts)
        make.incident(module.key, by=lead, title="Labels are printed twice", description="Each comes out twice.")
        now = make.incident(module.key, by=lead, title="A DEADLOCK when booking", description="All, by _ or %.")
        row = find_incident(now)
        assert row is not None

        found = [one.id for one in list_similar(row, lead.actor)]
        by_words = list_incidents(IncidentFilter(text="deadlock +-*"), lead.actor).rows
        by_signs = list_incidents(IncidentFilter(text="%"), lead.actor).rows
        start_step(lead.origin, now, 1)
        db.session.remove()
        db.engine.dispose()

    assert found == [alike]
    assert [one.id for one in by_words] == [now, alike]
    assert by_signs == []
