"""Commands for whoever runs the product."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from flask_migrate import upgrade
from sqlalchemy import func, select

from app import create_app
from app.database import db
from app.domain.evidence import EvidenceKind
from app.domain.permissions import Role
from app.models import Evidence
from app.queries.people import list_people
from app.queries.verification import find_faults
from app.services.roles import deactivate
from config import Settings
from tests.factories import Make
from tests.servers import fresh_database, running_server


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Flask]:
    """The product as production runs it, on a database of its own."""
    with running_server() as server:
        given: dict[str, Any] = {
            "COUNTERSIGN_ENV": "production",
            "COUNTERSIGN_DATA": tmp_path,
            "COUNTERSIGN_URL": "https://checks.example.org",
            "SECRET_KEY": "x" * 40,
            "DATABASE_URL": fresh_database(server, "countersign_test_production"),
        }
        app = create_app(Settings(**given))
        yield app
        with app.app_context():
            db.engine.dispose()


def test_files_of_evidence_are_read_and_what_is_wrong_with_them_is_said(
    app: Flask, runner: FlaskCliRunner, make: Make, tmp_path: Path
):
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"evidence_dir": tmp_path})
    try:
        release = make.release()
        numbers = [make.file(release.lead, release.item("pre.schema-planned").id) for _ in range(3)]
        before = runner.invoke(args=["verify-evidence"])
        changed, gone, _ = sorted(path for path in tmp_path.rglob("*") if path.is_file())
        changed.write_bytes(b"something else")
        gone.unlink()
        after = runner.invoke(args=["verify-evidence"])
    finally:
        app.config["SETTINGS"] = settings

    assert (before.exit_code, before.output) == (0, "All 3 files of evidence are the ones that were added.\n")
    assert after.exit_code == 1
    assert after.output.count("“plan.png”: This file is not the one that was added.") == 1
    assert after.output.count("“plan.png”: This file is gone from the disk.") == 1
    assert "2 of 3 files of evidence are gone or were changed" in after.output
    assert sum(f"evidence {number} of item" in after.output for number in numbers) == 2


def test_prepare_brings_up_production_and_prints_a_link_under_its_own_name(production: Flask):
    result = production.test_cli_runner().invoke(args=["prepare"])

    assert result.exit_code == 0, result.output
    assert re.search(r"setup-link: https://checks\.example\.org/setup/\S{40,}/", result.output)


def test_prepare_again_makes_a_new_link_while_nobody_is_there(production: Flask):
    runner = production.test_cli_runner()

    links = {runner.invoke(args=["prepare"]).output for _ in range(2)}

    assert len(links) == 2


def test_the_demo_is_refused_in_production(production: Flask):
    runner = production.test_cli_runner()
    runner.invoke(args=["prepare"])

    result = runner.invoke(args=["load-demo"])

    assert result.exit_code == 1
    assert "production" in result.output


def test_the_setup_link_is_refused_when_somebody_is_there(runner: FlaskCliRunner, make: Make):
    make.person(Role.ADMINISTRATOR)

    result = runner.invoke(args=["setup-link"])

    assert result.exit_code == 1
    assert "invited in the browser" in result.output


def test_the_demo_is_refused_when_somebody_is_there(runner: FlaskCliRunner, make: Make):
    make.person(Role.VIEWER)

    assert runner.invoke(args=["load-demo"]).exit_code == 1


def test_the_catalogue_is_loaded_once(runner: FlaskCliRunner):
    assert "was there already" in runner.invoke(args=["load-catalogue"]).output


def test_a_name_is_erased_only_of_who_is_deactivated_and_the_history_stays_whole(
    runner: FlaskCliRunner, make: Make, app: Flask
):
    person = make.person(Role.VIEWER, name="Forget Me")
    refused = runner.invoke(args=["erase-name", str(person.id)])
    deactivate(make.person(Role.ADMINISTRATOR).origin, person.id)
    erased = runner.invoke(args=["erase-name", str(person.id)])

    assert (refused.exit_code, erased.exit_code) == (1, 0)
    assert "Forget Me" not in {line.name for line in list_people()}
    assert person.email not in {line.email for line in list_people()}
    assert make.events("person.erased")


def test_the_demo_makes_three_releases_through_the_services_and_prints_each_password_once(tmp_path: Path):
    app = create_app(Settings(COUNTERSIGN_ENV="test", COUNTERSIGN_DATA=tmp_path))
    with app.app_context():
        upgrade()
    runner = app.test_cli_runner()
    runner.invoke(args=["load-catalogue"])

    result = runner.invoke(args=["load-demo"])

    assert result.exit_code == 0, result.output
    passwords = re.findall(r"@example\.org\s+(\S+)", result.output)
    assert len(passwords) == len(set(passwords)) == 18
    browser = app.test_client()
    email, password = re.search(r"(leena@example\.org)\s+(\S+)", result.output).groups()
    app.config["WTF_CSRF_ENABLED"] = False
    browser.post("/sign-in/", data={"email": email, "password": password})
    assert browser.get("/releases/").text.count("<tr>") == 4
    with app.app_context():
        assert list(find_faults()) == []
        kinds = db.session.execute(select(Evidence.kind, func.count()).group_by(Evidence.kind)).all()
        assert {kind for kind, _ in kinds} == set(EvidenceKind)
        db.session.remove()
        db.engine.dispose()
