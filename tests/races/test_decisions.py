"""What a service decides on: the world after it took its stream, and the roles in force."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, select, text

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, RuleViolation
from app.domain.permissions import Role
from app.models import RoleGrant
from app.queries.people import find_signed_in, list_grants
from app.services.environments import add_environment
from app.services.item_states import set_state
from app.services.modules import ModuleFacts, create_module
from app.services.releases import ReleaseFacts, create_release
from app.services.roles import revoke_role
from app.services.secret import token_digest
from tests.factories import Made, Make
from tests.races.running import elsewhere, just_before, race

ITEM = "pre.schema-planned"


def test_the_server_is_really_told_read_committed(app: Flask):
    name = (
        "tx_isolation" if "MariaDB" in db.session.scalars(text("SELECT VERSION()")).one() else "transaction_isolation"
    )

    assert db.session.scalars(text(f"SELECT @@SESSION.{name}")).one() == "READ-COMMITTED"


def test_what_was_read_before_the_stream_was_taken_decides_nothing(app: Flask, make: Make):
    release = make.release()
    slow, quick = make.person(Role.DEVELOPER), make.person(Role.QA)
    item = release.item(ITEM)
    seen = item.revision

    def overtake(_mine: Connection) -> None:
        elsewhere(app, lambda: set_state(quick.origin, item.id, revision=seen, state=ItemState.FAILED))

    with just_before("UPDATE streams", overtake), pytest.raises(Conflict) as refusal:
        set_state(slow.origin, item.id, revision=seen, state=ItemState.DONE)

    assert refusal.value.theirs == "failed"
    assert release.item(ITEM).state is ItemState.FAILED


def administrators() -> list[int]:
    """Who holds the role now."""
    db.session.rollback()
    in_force = select(RoleGrant.person_id).where(RoleGrant.role == Role.ADMINISTRATOR, RoleGrant.revoked_at.is_(None))
    return list(db.session.scalars(in_force))


def test_two_administrators_who_remove_each_other_leave_one(app: Flask, make: Make):
    def removing(by: Made, whom: Made) -> Callable[[], Any]:
        [grant] = list_grants(whom.id)
        origin, number = by.origin, grant.id
        return lambda: revoke_role(origin, whom.id, number)

    for _ in range(10):
        formers = administrators()
        first, second = make.person(Role.ADMINISTRATOR), make.person(Role.ADMINISTRATOR)
        for former in formers:
            [grant] = list_grants(former)
            revoke_role(first.origin, former, grant.id)

        outcomes = race(app, [removing(first, second), removing(second, first)])

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["RuleViolation", "bool"]
        assert any(isinstance(outcome, RuleViolation) and "last administrator" in str(outcome) for outcome in outcomes)
        assert len(administrators()) == 1


def test_a_revoked_role_is_known_at_the_next_request(app: Flask, make: Make):
    administrator, person = make.person(Role.ADMINISTRATOR), make.person(Role.DEVELOPER)
    release = make.release()
    digest = token_digest(make.session_token(person))
    before = elsewhere(app, lambda: find_signed_in(digest))
    assert {grant.role for grant in before.actor.grants} == {Role.DEVELOPER}

    [grant] = list_grants(person.id)
    elsewhere(app, lambda: revoke_role(administrator.origin, person.id, grant.id))

    after = elsewhere(app, lambda: find_signed_in(digest))
    assert after.actor.grants == ()
    item = release.item(ITEM)
    with pytest.raises(NotFound):
        set_state(person.origin, item.id, revision=item.revision, state=ItemState.DONE)


@pytest.mark.parametrize(
    "make_one",
    [
        lambda origin, key: create_release(origin, key, ReleaseFacts(name=key)),
        lambda origin, key: create_module(origin, key, ModuleFacts(name=key)),
        lambda origin, key: add_environment(origin, key, key),
    ],
    ids=["release", "module", "environment"],
)
def test_two_people_who_make_a_thing_of_one_name_get_one_thing_and_one_refusal(
    app: Flask, make: Make, make_one: Callable[..., Any]
):
    people = [make.lead().origin.actor for _ in range(3)]
    for number in range(5):
        origins = [make.lead().origin for _ in people]

        outcomes = race(app, [lambda origin=origin, key=f"same-{number}": make_one(origin, key) for origin in origins])

        refused = [outcome for outcome in outcomes if isinstance(outcome, InvalidInput)]
        assert len(refused) == len(outcomes) - 1, outcomes
