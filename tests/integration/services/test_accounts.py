"""How people come in: the first administrator, invitations, links that work once."""

from datetime import timedelta

import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.errors import Gone, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.models import OneTimeLink, Person, RoleGrant
from app.models.base import utc_now
from app.queries.people import find_person_by_email, list_grants
from app.services.accounts import (
    INVITATION,
    RESET,
    SETUP,
    check_link,
    check_usable_link,
    choose_password,
    invite,
    make_setup_link,
    new_link_token,
    offer_new_link,
    set_up,
)
from app.services.roles import deactivate
from app.services.secret import is_password, token_digest
from tests.factories import Made, Make

PASSWORD = "eleven coffees a day"
OTHER_PASSWORD = "twelve teas in the night"


def _setup_link() -> str:
    token = new_link_token()
    assert make_setup_link(Origin(SYSTEM), SecretStr(token))
    return token


def _set_up(token: str, *, email: str = "first@example.org", is_lead: bool = False) -> int:
    return set_up(token, name="Ines Ito", email=email, password=PASSWORD, is_lead=is_lead, request_id="test")


def _invited(administrator: Made, *roles: tuple[Role, int | None], email: str = "new@example.org") -> tuple[int, str]:
    token = new_link_token()
    return invite(administrator.origin, SecretStr(token), "Noor Nasser", email, roles), token


def _reset_link(administrator: Made, person_id: int) -> str:
    token = new_link_token()
    offer_new_link(administrator.origin, SecretStr(token), person_id)
    return token


def test_a_fresh_product_has_nobody_in_it(app):
    assert db.session.scalars(select(Person)).all() == []


def test_the_setup_link_makes_the_first_administrator_who_can_sign_in(make: Make):
    person_id = _set_up(_setup_link(), email=" First@Example.org ")

    person = db.session.get_one(Person, person_id)
    assert (person.email, person.name) == ("first@example.org", "Ines Ito")
    assert is_password(PASSWORD, person.password_hash)
    assert [grant.role for grant in list_grants(person_id)] == [Role.ADMINISTRATOR]
    [created] = make.events("person.created")
    assert (created.object_id, created.object_label) == (person_id, f"person {person_id}")
    assert [event.new_value for event in make.events("role.granted")] == ["Administrator"]


def test_the_first_administrator_who_also_leads_gets_both_roles(make: Make):
    person_id = _set_up(_setup_link(), is_lead=True)

    assert {grant.role for grant in list_grants(person_id)} == {Role.ADMINISTRATOR, Role.TEAM_LEAD}


def test_the_setup_link_works_once(make: Make):
    token = _setup_link()
    _set_up(token)

    with pytest.raises(Gone):
        _set_up(token, email="second@example.org")
    with pytest.raises(Gone):
        check_usable_link(token, SETUP)
    assert find_person_by_email("second@example.org") is None


def test_a_link_made_before_somebody_came_in_ends_with_them(make: Make):
    token = _setup_link()
    make.person(Role.VIEWER)

    with pytest.raises(Gone, match="set this up already"):
        _set_up(token)


def test_no_setup_link_is_made_when_there_is_somebody(make: Make):
    make.person(Role.VIEWER)

    assert make_setup_link(Origin(SYSTEM), SecretStr("x")) is False
    assert db.session.scalars(select(OneTimeLink)).all() == []


def test_a_new_setup_link_ends_the_older_one(app):
    older, newer = _setup_link(), _setup_link()

    with pytest.raises(Gone):
        check_usable_link(older, SETUP)
    assert check_usable_link(newer, SETUP)


@pytest.mark.parametrize(("days", "is_there"), [(6.99, True), (7.01, False)])
def test_the_setup_link_lasts_seven_days(app, days: float, is_there: bool):
    token = _setup_link()

    with time_machine.travel(utc_now() + timedelta(days=days), tick=False):
        if is_there:
            assert _set_up(token)
        else:
            with pytest.raises(Gone):
                _set_up(token)


def test_a_weak_password_leaves_the_setup_link_usable(make: Make):
    token = _setup_link()

    with pytest.raises(InvalidInput, match="at least 15"):
        set_up(token, name="Ines", email="first@example.org", password="short", is_lead=False, request_id="")

    assert make.events("person.created") == []
    assert _set_up(token)


def test_a_link_is_for_its_own_purpose_only(make: Make):
    _, token = _invited(make.person(Role.ADMINISTRATOR))

    with pytest.raises(NotFound):
        check_link(token, SETUP)
    with pytest.raises(NotFound):
        check_link("no such token", SETUP, INVITATION, RESET)
    with pytest.raises(NotFound):
        _set_up(token)


def test_a_setup_link_sets_nobodys_password(app):
    with pytest.raises(NotFound):
        choose_password(_setup_link(), PASSWORD, request_id="")


def test_the_database_never_holds_a_token(make: Make):
    _, token = _invited(make.person(Role.ADMINISTRATOR))

    [link] = db.session.scalars(select(OneTimeLink))
    assert link.token_digest == token_digest(token)
    assert not [event for event in make.events() if token.encode() in event.body]


def test_an_invited_person_has_roles_and_no_password_until_they_choose_one(make: Make):
    module = make.module()
    administrator = make.person(Role.ADMINISTRATOR)

    person_id, token = _invited(administrator, (Role.DEVELOPER, module.id), (Role.AUDITOR, None))

    person = db.session.get_one(Person, person_id)
    assert person.password_hash is None
    assert [(g.role, g.module_id) for g in list_grants(person_id)] == [
        (Role.DEVELOPER, module.id),
        (Role.AUDITOR, None),
    ]
    assert {event.actor_id for event in make.events("role.granted", object_id=person_id)} == {administrator.id}
    assert make.events("person.invited")[0].object_id == person_id

    assert choose_password(token, PASSWORD, request_id="") == person_id
    assert is_password(PASSWORD, db.session.get_one(Person, person_id, populate_existing=True).password_hash)
    [joined] = make.events("person.joined")
    assert (joined.actor_id, joined.object_id) == (person_id, person_id)


def test_an_invitation_works_once(make: Make):
    _, token = _invited(make.person(Role.ADMINISTRATOR))
    choose_password(token, PASSWORD, request_id="")

    with pytest.raises(Gone):
        choose_password(token, OTHER_PASSWORD, request_id="")
    assert len(make.events("person.joined")) == 1


def test_an_address_belongs_to_one_person_for_ever(make: Make):
    administrator = make.person(Role.ADMINISTRATOR)
    _invited(administrator)

    with pytest.raises(InvalidInput, match="here already"):
        _invited(administrator, email=" NEW@example.org")


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_an_invitation_never_gives_for_one_module_what_is_for_everything(make: Make, role: Role):
    module = make.module()

    with pytest.raises(InvalidInput, match="for everything"):
        _invited(make.person(Role.ADMINISTRATOR), (role, module.id))

    assert find_person_by_email("new@example.org") is None
    assert db.session.scalars(select(RoleGrant).where(RoleGrant.module_id.is_not(None))).all() == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_but_an_administrator_invites_or_resets(make: Make, role: Role):
    person = make.person(role)

    with pytest.raises(NotPermitted, match="Administrator"):
        _invited(person)
    with pytest.raises(NotPermitted, match="Administrator"):
        _reset_link(person, make.person(Role.VIEWER).id)
    assert len(make.events("attempt.refused")) == 2


def test_a_new_password_link_ends_the_older_ones(make: Make):
    administrator, person = make.person(Role.ADMINISTRATOR), make.person(Role.DEVELOPER, password=PASSWORD)
    older, newer = _reset_link(administrator, person.id), _reset_link(administrator, person.id)

    with pytest.raises(Gone):
        choose_password(older, OTHER_PASSWORD, request_id="")
    assert choose_password(newer, OTHER_PASSWORD, request_id="") == person.id
    assert [e.object_id for e in make.events("password.reset_offered")] == [person.id, person.id]


def test_a_reset_ends_every_session_and_is_remembered(make: Make):
    administrator, person = make.person(Role.ADMINISTRATOR), make.person(Role.DEVELOPER, password=PASSWORD)
    make.session_token(person)

    choose_password(_reset_link(administrator, person.id), OTHER_PASSWORD, request_id="")

    stored = db.session.get_one(Person, person.id, populate_existing=True).password_hash
    assert is_password(OTHER_PASSWORD, stored)
    assert not is_password(PASSWORD, stored)
    assert make.open_sessions(person) == []
    [changed] = make.events("password.changed")
    assert (changed.actor_id, changed.object_id) == (person.id, person.id)


@pytest.mark.parametrize(("minutes", "works"), [(59, True), (61, False)])
def test_a_reset_link_lasts_sixty_minutes(make: Make, minutes: int, works: bool):
    person = make.person(Role.DEVELOPER, password=PASSWORD)
    token = _reset_link(make.person(Role.ADMINISTRATOR), person.id)

    with time_machine.travel(utc_now() + timedelta(minutes=minutes), tick=False):
        if works:
            assert choose_password(token, OTHER_PASSWORD, request_id="") == person.id
        else:
            with pytest.raises(Gone):
                choose_password(token, OTHER_PASSWORD, request_id="")


def test_a_reset_link_reaches_the_account_it_was_made_for_and_no_other(make: Make):
    one, other = make.person(Role.QA, password=PASSWORD), make.person(Role.QA, password=PASSWORD)

    choose_password(_reset_link(make.person(Role.ADMINISTRATOR), one.id), OTHER_PASSWORD, request_id="")

    assert is_password(PASSWORD, db.session.get_one(Person, other.id, populate_existing=True).password_hash)


def test_a_refused_password_leaves_the_link_usable(make: Make):
    person = make.person(Role.QA, name="Asha Shah", password=PASSWORD)
    token = _reset_link(make.person(Role.ADMINISTRATOR), person.id)

    with pytest.raises(InvalidInput, match="little more than a name"):
        choose_password(token, "Asha Shah Asha Shah", request_id="")
    assert choose_password(token, OTHER_PASSWORD, request_id="") == person.id


def test_somebody_who_never_joined_gets_a_new_invitation(make: Make):
    administrator = make.person(Role.ADMINISTRATOR)
    person_id, _ = _invited(administrator)
    token = _reset_link(administrator, person_id)

    with time_machine.travel(utc_now() + timedelta(days=6), tick=False):
        assert check_usable_link(token, INVITATION)
        choose_password(token, PASSWORD, request_id="")
    assert len(make.events("person.joined")) == 1


def test_a_deactivated_account_gets_no_link_and_its_links_open_nothing(make: Make):
    administrator, person = make.person(Role.ADMINISTRATOR), make.person(Role.DBA, password=PASSWORD)
    token = _reset_link(administrator, person.id)
    deactivate(administrator.origin, person.id)

    with pytest.raises(RuleViolation, match="Reactivate it first"):
        _reset_link(administrator, person.id)
    with pytest.raises(Gone, match="a newer one was made"):
        choose_password(token, OTHER_PASSWORD, request_id="")
    assert is_password(PASSWORD, db.session.get_one(Person, person.id, populate_existing=True).password_hash)


def test_a_link_for_somebody_who_is_not_there_is_not_made(make: Make):
    with pytest.raises(NotFound):
        _reset_link(make.person(Role.ADMINISTRATOR), 999_999)


def test_a_link_that_belongs_to_nobody_sets_no_password(app):
    token = new_link_token()
    ends = utc_now() + timedelta(minutes=5)
    db.session.add(OneTimeLink(purpose=RESET, token_digest=token_digest(token), expires_at=ends))
    db.session.commit()

    with pytest.raises(NotFound):
        choose_password(token, PASSWORD, request_id="")
