"""A database that an older version made is told from a broken one."""

from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from app.database import db
from tests.conftest import settings_for


@pytest.mark.parametrize("lost", ["DROP TABLE waivers", "ALTER TABLE sessions DROP COLUMN authenticated_at"])
def test_what_is_missing_in_the_database_is_answered_with_the_command_that_prepares_it(tmp_path: Path, lost: str):
    app = create_app(settings_for("", tmp_path))
    with app.app_context():
        upgrade()
        db.session.execute(text(lost))
        db.session.commit()

        @app.get("/reads-everything/")
        def read() -> str:
            db.session.execute(text("SELECT authenticated_at FROM sessions, waivers"))
            return "read"

        read.access = "public"
        answer = app.test_client().get("/reads-everything/")
        db.session.remove()
        db.engine.dispose()

    assert answer.status_code == 503
    assert "flask --app wsgi prepare" in answer.text
