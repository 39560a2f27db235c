"""The database accounts that docs/accounts.sql gives: enough for every write of the product, and no more."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask_migrate import upgrade
from pydantic import SecretStr
from sqlalchemy import create_engine, make_url, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app import create_app
from app.database import db, error_number
from app.domain.actors import SYSTEM, Origin
from app.domain.applicability import Question
from app.domain.checklist import ItemState
from app.domain.gates import GateState
from app.domain.modules import ContactKind
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.models import Module, Person, Signoff, Waiver
from app.models.base import Base
from app.queries.applicability import list_answers
from app.queries.gates import list_active
from app.queries.health import schema_state
from app.services.accounts import invite, new_link_token, offer_new_link
from app.services.applicability import answer_questions
from app.services.environments import add_environment
from app.services.evidence import reconfirm, withdraw_evidence
from app.services.item_states import set_state, set_states
from app.services.items import add_comment, assign, set_value
from app.services.modules import ContactFacts, ModuleFacts, add_target, set_contacts, update_module
from app.services.people import find_person_by_email
from app.services.profile import update_profile
from app.services.release_modules import remove_module
from app.services.releases import ReleaseFacts, add_change, create_release, ship_release
from app.services.roles import deactivate, grant_role, reactivate
from app.services.sessions import Browser, sign_in, touch_session
from app.services.signoffs import consume, withdraw
from app.services.templates import load_catalogue
from app.services.undo import undo
from app.services.waivers import decide_waiver, request_waiver, withdraw_waiver
from app.services.write_path import write_path
from app.worker.jobs import collect_files, forget_old
from tests.conftest import settings_for
from tests.factories import MadeRelease, Make
from tests.integration.services.test_signoffs import Room

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "accounts.sql"
OWNER, APP = "countersign_owner", "countersign_app"
# To a table, or to one column of it.
DENIED = {1142, 1143}
ITEM, OTHER = "pre.schema-planned", "mig.rollback-tested"


def statements_of(part: str) -> list[str]:
    """The statements of one part of the script."""
    return [line.rstrip(";") for line in part.splitlines() if line.startswith(("CREATE", "GRANT"))]


@pytest.fixture(scope="module")
def parts() -> tuple[list[str], list[str]]:
    before, after = SCRIPT.read_text().split("-- 2.")
    return statements_of(before), statements_of(after)


@pytest.fixture(scope="module")
def product(
    database: SimpleNamespace, parts: tuple[list[str], list[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The product on the app's account; the schema was made on the owner's."""
    password = uuid4().hex
    here = {OWNER: f"owner_{uuid4().hex[:8]}", APP: f"app_{uuid4().hex[:8]}"}

    def adapted(statement: str) -> str:
        statement = re.sub(r"\bcountersign\b", database.name, statement)
        statement = re.sub(r"BY '[^']+'", f"BY '{password}'", statement)
        return re.sub("|".join(here), lambda found: here[found.group()], statement)

    def address(account: str) -> str:
        url = make_url(database.url).set(username=here[account], password=password)
        return url.render_as_string(hide_password=False)

    admin = create_engine(database.server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        try:
            # What the script says of a server with a binary log; one without takes it, too.
            connection.execute(text("SET GLOBAL log_bin_trust_function_creators = 1"))
            for statement in parts[0]:
                connection.execute(text(adapted(statement)))
            owner = create_app(settings_for(address(OWNER), tmp_path_factory.mktemp("owner")))
            with owner.app_context():
                upgrade()
                load_catalogue(Origin(SYSTEM))
                db.session.remove()
                db.engine.dispose()
            for statement in parts[1]:
                connection.execute(text(adapted(statement)))
            product = create_app(settings_for(address(APP), tmp_path_factory.mktemp("app")))
            yield product
            with product.app_context():
                db.engine.dispose()
        finally:
            for account in here.values():
                connection.execute(text(f"DROP USER IF EXISTS {account}@'%'"))


@pytest.fixture(scope="module")
def release(product: Flask) -> Iterator[MadeRelease]:
    with product.app_context():
        yield Make().release("granted", modules=2)
        db.session.remove()


def test_every_table_is_named_once(parts: tuple[list[str], list[str]]):
    named = re.findall(r"ON countersign\.(\w+) TO countersign_app@'%'", "\n".join(parts[1]))

    assert sorted(named) == sorted([*Base.metadata.tables, "alembic_version"])


def tick(lead: Any, release: MadeRelease) -> None:
    item = release.item(ITEM)
    state = ItemState.TODO if item.state is ItemState.DONE else ItemState.DONE
    saved = set_state(lead.origin, item.id, revision=item.revision, state=state, reason="tried")
    undo(lead.origin, saved.item_id, bytes.fromhex(saved.event or ""))


def bulk(lead: Any, release: MadeRelease) -> None:
    rows = [row for row in release.items if row.severity.value != "killer"][5:9]
    checklist = release.item(rows[0].key).checklist_id
    set_states(
        lead.origin, checklist, tuple((r.id, r.revision) for r in rows), state=ItemState.DOING, reason="together"
    )


def describe(lead: Any, release: MadeRelease) -> None:
    item = release.item(ITEM)
    add_comment(lead.origin, item.id, text="seen")
    set_value(lead.origin, item.id, revision=item.revision, value=f"https://example.org/{uuid4().hex}", link="")
    item = release.item(ITEM)
    assign(lead.origin, item.id, revision=item.revision, assignee_id=lead.id, due_on=date(2030, 1, 1))


def prove(lead: Any, release: MadeRelease) -> None:
    item = release.item("test.rollback")
    set_state(lead.origin, item.id, revision=item.revision, state=ItemState.DONE)
    file, note = Make().file(lead, item.id), Make().evidence(lead, item.id)
    chosen = ((file, item.revision + 1),)
    assert reconfirm(lead.origin, item.checklist_id, chosen, today=date(2026, 1, 1))
    withdraw_evidence(lead.origin, item.id, note, reason="another database")
    collect_files()


def waive(lead: Any, release: MadeRelease) -> None:
    for settle in (
        lambda waiver: decide_waiver(Make().lead().origin, waiver.id, approve=False, note="it does"),
        lambda waiver: withdraw_waiver(lead.origin, waiver.id),
    ):
        item = release.item(OTHER)
        request_waiver(
            lead.origin, item.id, revision=item.revision, reason=WaiverReason.NOT_TOUCHED, explanation="no such table"
        )
        settle(db.session.query(Waiver).filter_by(item_id=item.id).order_by(Waiver.id.desc()).first())


def arrange(lead: Any, release: MadeRelease) -> None:
    key = f"next-{uuid4().hex[:6]}"
    create_release(lead.origin, key, ReleaseFacts(name=key), copy_from=release.key)
    add_change(lead.origin, key, release.modules[0], 1, title="one", link="https://git.example.org/1")
    remove_module(lead.origin, key, release.modules[1])
    ship_release(lead.origin, key)


def equip(lead: Any, release: MadeRelease) -> None:
    module = release.modules[0]
    environment = add_environment(lead.origin, f"env-{uuid4().hex[:6]}", "Another")
    add_target(lead.origin, module, environment, "main", "Main")
    made = Make().module(lead=lead)
    update_module(lead.origin, made.key, ModuleFacts(name="Renamed"), revision=made.revision)
    full = ContactFacts(name="On call", email="call@example.org")
    for facts in (full, None):
        revision = db.session.get_one(Module, made.id, populate_existing=True).revision
        set_contacts(lead.origin, made.key, dict.fromkeys(ContactKind, facts), revision=revision)


def answer(lead: Any, release: MadeRelease) -> None:
    number = Make().module(lead=lead)
    for answered in (True, False, None):
        seen = {question: line.revision for question, line in list_answers(number.id).items()}
        answer_questions(lead.origin, number.key, {Question.HAS_UPLOADS: answered}, revisions=seen, reason="tried")
    assert list_answers(number.id) == {}


def manage(_lead: Any, _release: MadeRelease) -> None:
    administrator = Make().person(Role.ADMINISTRATOR)
    address = f"{uuid4().hex}@example.org"
    number = invite(administrator.origin, SecretStr(new_link_token()), "New", address, ((Role.QA, None),))
    offer_new_link(administrator.origin, SecretStr(new_link_token()), number)
    grant_role(administrator.origin, number, Role.DBA, None)
    deactivate(administrator.origin, number)
    reactivate(administrator.origin, number)
    assert find_person_by_email(address) is not None


def come_and_go(_lead: Any, _release: MadeRelease) -> None:
    person = Make().person(Role.VIEWER, password="a password that is long enough")
    started, _ = sign_in(
        person.email,
        "a password that is long enough",
        browser=Browser(address="127.0.0.1", name="test"),
        request_id="test",
        hours=1,
    )
    touch_session(started.session_id)
    revision = db.session.get_one(Person, person.id, populate_existing=True).revision
    update_profile(
        person.origin, revision=revision, name="Another name", time_zone="Europe/Berlin", shortcuts_enabled=False
    )
    forget_old()


@pytest.mark.parametrize(
    "act",
    [tick, bulk, describe, prove, waive, arrange, equip, answer, manage, come_and_go],
    ids=lambda act: act.__name__,
)
def test_the_account_of_the_product_can_do_all_that_the_product_does(
    app: Flask, make: Make, release: MadeRelease, act: Callable[[Any, MadeRelease], None]
):
    act(make.lead(), release)


def test_the_schema_can_be_seen_to_be_current(app: Flask):
    assert schema_state() == "ready"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET reason = 'rewritten'",
        "DELETE FROM audit_events",
        "REPLACE INTO audit_events SELECT * FROM audit_events",
        "TRUNCATE TABLE audit_events",
        "DROP TABLE audit_events",
        "ALTER TABLE audit_events ADD COLUMN more INT",
        "RENAME TABLE audit_events TO elsewhere",
        "DROP TRIGGER audit_events_no_update",
        "DELETE FROM item_comments",
        "DELETE FROM checklist_items",
        "DELETE FROM people",
        "UPDATE template_items SET text = 'easier'",
        "UPDATE template_versions SET number = 1",
        "DELETE FROM checklists",
        "DELETE FROM evidence",
        "UPDATE evidence SET file_sha256 = NULL",
        "UPDATE evidence SET note = 'as planned'",
        "UPDATE evidence_confirmations SET confirmed_at = '2020-01-01'",
    ],
)
def test_the_account_of_the_product_cannot_do_what_the_product_never_does(
    app: Flask, release: MadeRelease, statement: str
):
    with pytest.raises(DBAPIError) as refusal:
        db.session.execute(text(statement))

    assert error_number(refusal.value) in DENIED
    db.session.rollback()


KEPT = (
    *("signoffs", "signoff_ends", "signed_contents", "audit_events"),
    *("gate_policies", "delegations", "delegation_answers", "rollback_plans", "rehearsals", "backup_records"),
)
BESIDE_THE_PRODUCT = (
    "UPDATE {} SET {} = {}",
    "DELETE FROM {}",
    "REPLACE INTO {} SELECT * FROM {}",
    "TRUNCATE TABLE {}",
    "DROP TABLE {}",
    "ALTER TABLE {} ADD COLUMN more INT",
    "RENAME TABLE {} TO elsewhere",
    "DROP TRIGGER {}_no_update",
    "DROP TRIGGER {}_no_delete",
)


@pytest.mark.parametrize("table", KEPT)
def test_i18_and_nasty_12_the_account_of_the_product_can_neither_change_nor_remove_what_was_signed(
    app: Flask, release: MadeRelease, table: str
):
    column = next(iter(Base.metadata.tables[table].primary_key)).name
    for statement in BESIDE_THE_PRODUCT:
        with pytest.raises(DBAPIError) as refusal:
            db.session.execute(text(statement.replace("SET {} = {}", f"SET {column} = {column}").replace("{}", table)))

        assert error_number(refusal.value) in DENIED, statement
        db.session.rollback()


def test_nasty_12_the_account_of_the_product_signs_ends_and_passes(app: Flask, make: Make):
    room = Room(make)
    room.sign_all()
    number = list_active([room.gate().id])[0].id
    withdraw(room.lead.origin, number, reason="I looked at the wrong plan.")
    room.sign(room.lead, Role.TEAM_LEAD)

    write_path(consume)(room.worker.origin, room.gate().id)

    assert room.state is GateState.CONSUMED
    with pytest.raises(DBAPIError, match="denied"):
        db.session.execute(update(Signoff).values(role=Role.DBA), execution_options={"synchronize_session": False})
    db.session.rollback()
