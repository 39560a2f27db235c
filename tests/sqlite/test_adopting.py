"""Adopting a version on the embedded database, which joins tables in its own way when it changes them."""

from pathlib import Path

from flask_migrate import upgrade

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import ItemState
from app.domain.template_content import ItemContent
from app.queries.verification import find_faults
from app.services.templates import load_catalogue
from tests.conftest import settings_for
from tests.factories import Make
from tests.versions import bring, edited, gone, newest_content, publish, said, tick, with_item

PLANNED, TABLES = "pre.schema-planned", "pre.tables-identified"


def test_words_states_and_groups_follow_the_version_there_and_back(tmp_path: Path):
    app = create_app(settings_for("", tmp_path))
    with app.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))
        release = Make().release(modules=2)
        tick(release, PLANNED)
        tick(release, TABLES)
        first = newest_content()
        content = edited(first, pre__schema_planned=said("Plan it well"), pre__tables_identified=gone)
        version = publish(with_item(content, "pre-development", ItemContent("pre.new", "Something new"), at=1))

        bring(release, version)
        there = {row.key: (row.text, row.state, row.state_before, row.is_reworded) for row in release.items}
        bring(release, publish(first))
        back = {row.key: (row.text, row.state, row.state_before, row.is_reworded) for row in release.items}
        faults = list(find_faults())
        db.session.remove()
        db.engine.dispose()

    assert there[PLANNED] == ("Plan it well", ItemState.DONE, None, True)
    assert there[TABLES] == ("Identify all tables needed", ItemState.REMOVED, ItemState.DONE, False)
    assert there["pre.new"] == ("Something new", ItemState.TODO, None, False)
    assert back[PLANNED] == ("Plan database schema", ItemState.DONE, None, False)
    assert back[TABLES] == ("Identify all tables needed", ItemState.DONE, None, False)
    assert back["pre.new"] == ("Something new", ItemState.REMOVED, ItemState.TODO, False)
    assert faults == []
