"""The gate policies that an older version left behind are in force, and gates are made with them as before."""

from pathlib import Path

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import select

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.policy_changes import ProposalState
from app.models import GatePolicy
from app.queries.gates import list_gates
from app.queries.policies import read_policies
from app.services.templates import load_catalogue
from tests.conftest import settings_for
from tests.factories import Make
from tests.servers import database_name, fresh_database, running_server


@pytest.mark.parametrize("embedded", [False, True], ids=["server", "embedded"])
def test_policies_of_an_older_version_count_as_adopted(tmp_path: Path, embedded: bool):
    with running_server() as server:
        url = "" if embedded else fresh_database(server, f"{database_name()}_policies")
        app = create_app(settings_for(url, tmp_path))
        with app.app_context():
            upgrade()
            load_catalogue(Origin(SYSTEM))
            before = {row.id: row.adopted_at for row in read_policies().rows.values()}
            db.session.remove()
            downgrade(revision="0006")
            db.session.remove()
            upgrade()

            policies = read_policies()
            assert {row.id: row.adopted_at for row in policies.rows.values()} == before
            assert {policies.state_of(row) for row in policies.rows.values()} == {ProposalState.IN_FORCE}
            release = Make().release()
            assert len(list_gates(release.item("pre.schema-planned").checklist_id)) == 3
            assert len(db.session.scalars(select(GatePolicy)).all()) == len(before)
            db.session.remove()
            db.engine.dispose()
