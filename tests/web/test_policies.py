"""Gate policies in a browser: what is asked, what is proposed, who agrees, and what adopting would do."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.database import db
from app.domain.gates import GateKind
from app.domain.permissions import Role
from app.models import Gate, Release
from app.models.base import pretending, utc_now
from app.queries.gates import get_gate, list_gates_where
from app.services.policies import take_agreement_back
from tests.factories import Made, MadeRelease, Make
from tests.integration.services.council import PRODUCTION, READY, Council
from tests.integration.services.test_signoffs import DBA, LEAD, QA, Room
from tests.web.waiving import plain

Browsers = Callable[[Made], FlaskClient]
TYPED = {"team_lead": "1", "qa": "1", "lasts_days": "14", "sign_within_minutes": "30", "note": "We are too few."}


@pytest.fixture
def council(make: Make) -> Council:
    return Council(make)


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1]


def page_of(browser: FlaskClient, number: int) -> str:
    return browser.get(f"/policies/{number}/").text


def send(browser: FlaskClient, number: int, page: str, **typed: object) -> TestResponse:
    """Send the adopting form of a page that was opened before."""
    said = {"seen": hidden(page, "seen"), "seen_new": hidden(page, "seen_new"), **typed}
    return browser.post(f"/policies/{number}/adopt/", data=said)


def wide_id(made: MadeRelease) -> int:
    return db.session.scalars(select(Release.id).where(Release.key == made.key)).one()


def release(council: Council) -> int:
    return council.room.gate().release_id or 0


def test_what_every_gate_asks_stands_on_one_page_with_the_proposals_that_wait(council: Council, client_of: Browsers):
    number = council.propose()

    page = plain(client_of(council.make.person(Role.AUDITOR)).get("/policies/").text)

    assert "What gates ask. 1 proposal waits" in page
    assert "It asks for 1 sign-off of Team lead and 1 of QA." in page
    assert f"Revision 2 waits for agreement, proposed by {council.lead.name}" in page
    assert "Propose another" not in page
    assert f'/policies/{number}/"' in client_of(council.lead).get("/policies/").text


def first_gates(browser: FlaskClient) -> str:
    """What is said of the gates before those that are for deployments."""
    return plain(browser.get("/policies/").text.partition("<main")[2]).split("Deploy")[0]


def test_a_relaxed_rule_in_force_is_marked(council: Council, client_of: Browsers):
    browser, number = client_of(council.lead), council.agreed()
    before = first_gates(browser)
    answer = send(browser, number, page_of(browser, number), for_new="1")

    after = first_gates(browser)
    assert answer.status_code == 303
    assert "relaxed Who ticked, proved or waived a covered item may sign." not in before
    assert "relaxed Who ticked, proved or waived a covered item may sign." in after


def test_a_policy_is_proposed_from_one_that_is_there(council: Council, client_of: Browsers):
    browser, now = client_of(council.lead), council.policies.in_force(READY).id
    form = browser.get(f"/policies/{now}/propose/").text
    assert re.search(r'id="team_lead"[^>]*value="1"', form)
    assert "Without it: Who ticked, proved or waived a covered item may sign." in plain(form)

    answer = browser.post(f"/policies/{now}/propose/", data=TYPED)

    assert answer.status_code == 303
    page = plain(browser.get(answer.location).text)
    assert "Relaxed: Who ticked, proved or waived a covered item may sign." in page
    assert "1 agreement of Team lead missing. 1 agreement of QA missing." in page


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"team_lead": "", "qa": ""}, "ask for at least one person"),
        ({"qa": "0"}, "Ask for 1 to 9 persons"),
        ({"qa": "-1"}, "Write a number"),
        ({"lasts_days": "soon"}, "Write a number"),
        ({"lasts_days": "0"}, "1 to 366 days"),
        ({"note": " "}, "Say why."),
        ({"environment_key": "staging"}, "no such environment"),
    ],
)
def test_what_makes_no_sense_is_said_and_what_was_typed_is_kept(
    council: Council, client_of: Browsers, wrong: dict[str, str], says: str
):
    now = council.policies.in_force(READY).id

    answer = client_of(council.lead).post(f"/policies/{now}/propose/", data={**TYPED, **wrong})

    assert answer.status_code == 422
    assert says in answer.text
    assert re.search(r'id="sign_within_minutes"[^>]*value="30"', answer.text)
    assert council.make.events("policy.proposed") == []


def test_what_is_asked_already_is_refused_with_the_sentence(council: Council, client_of: Browsers):
    now = council.policies.in_force(READY).id

    answer = client_of(council.lead).post(
        f"/policies/{now}/propose/", data={**TYPED, "not_behind_items": "y", "note": "Mine."}
    )

    assert answer.status_code == 409
    assert "This is what is asked already." in answer.text
    assert "Mine." in answer.text


def test_an_environment_is_proposed_a_policy_of_its_own(council: Council, client_of: Browsers):
    browser, now = client_of(council.dba), council.policies.in_force(PRODUCTION).id

    answer = browser.post(
        f"/policies/{now}/propose/", data={"environment_key": "production", "dba": "1", "note": "One DBA."}
    )

    page = plain(browser.get(answer.location).text)
    assert "Gate Deploy to production, revision 1" in page
    assert "Team lead is no longer asked." in page
    assert "None of its own yet" in plain(browser.get("/policies/").text)


def test_one_agrees_and_takes_it_back_on_the_page(council: Council, client_of: Browsers):
    number, browser = council.propose(), client_of(council.lead)
    assert "You agree as" in plain(page_of(browser, number))

    assert browser.post(f"/policies/{number}/agree/", data={"role": "team_lead"}).status_code == 303
    page = page_of(browser, number)
    assert f"<b>{council.lead.name}</b> as Team lead" in page
    assert "You agree as" not in plain(page)
    again = browser.post(f"/policies/{number}/agree/", data={"role": "team_lead"})
    assert (again.status_code, "You agree to this already." in again.text) == (409, True)
    assert browser.post(f"/policies/{number}/take-back/", data={}).status_code == 422
    assert browser.post(f"/policies/{number}/take-back/", data={"reason": "I misread it."}).status_code == 303

    assert "taken back just now : I misread it." in plain(page_of(browser, number))


def test_who_is_not_asked_is_refused_and_that_is_remembered(council: Council, client_of: Browsers):
    number, browser = council.propose(), client_of(council.dba)
    assert "You agree as" not in plain(page_of(browser, number))

    assert browser.post(f"/policies/{number}/agree/", data={"role": "dba"}).status_code == 403
    assert browser.post(f"/policies/{number}/agree/", data={"role": "viewer"}).status_code == 422

    (refused,) = council.make.events("attempt.refused")
    assert (refused.actor_id, refused.new_value) == (council.dba.id, f"POST /policies/{number}/agree/")


def test_a_password_typed_too_long_ago_is_asked_for_before_agreeing(council: Council, client_of: Browsers):
    number, browser = council.propose(), client_of(council.lead)

    with pretending(utc_now() + timedelta(minutes=31)):
        answer = browser.post(f"/policies/{number}/agree/", data={"role": "team_lead"})

    assert answer.status_code == 401
    assert "Give your password again" in answer.text


def test_the_page_shows_what_adopting_would_do_and_does_that(council: Council, client_of: Browsers):
    other, number, browser = Room(council.make), council.agreed(), client_of(council.lead)
    council.room.sign_all()

    page = page_of(browser, number)
    told = plain(page)
    assert "1 gate gets it, 2 sign-offs end" in told
    assert f"ends the sign-off of {council.lead.name} as Team lead, {council.qa.name} as QA" in told
    answer = send(browser, number, page, release=str(release(council)), reason="As agreed.")

    assert answer.status_code == 303
    assert "1 gate has this policy now. 2 sign-offs have ended with it." in plain(browser.get(answer.location).text)
    assert (council.room.gate().policy_id, other.gate().policy_revision) == (number, 1)
    assert "brought the gate Ready to revision 2" in plain(browser.get(f"/gates/{council.room.gate().id}/").text)


def test_a_gate_that_nobody_could_open_then_is_said_before(council: Council, client_of: Browsers):
    number = council.agreed(council.asking(Role.SECURITY))

    told = plain(page_of(client_of(council.lead), number))

    assert "1 could not be opened by anybody" in told
    assert "There are too few people who may sign it." in told


def test_what_changed_meanwhile_is_named_nothing_is_adopted_and_what_was_typed_is_kept(
    council: Council, client_of: Browsers
):
    number, browser = council.agreed(), client_of(council.lead)
    page = page_of(browser, number)
    council.room.sign(council.qa, QA)

    answer = send(browser, number, page, release=str(release(council)), reason="As agreed on Monday.")

    assert answer.status_code == 409
    told = plain(answer.text)
    assert "Not adopted: something has changed since you opened the page" in told
    assert "its sign-offs, its policy or who agrees are others now" in told
    assert "As agreed on Monday." in answer.text
    assert council.room.gate().policy_revision == 1
    again = send(browser, number, answer.text, release=str(release(council)), reason="As agreed on Monday.")
    assert again.status_code == 303
    assert council.room.gate().policy_id == number


def test_what_changed_for_new_gates_is_named(council: Council, client_of: Browsers):
    number, browser = council.agreed(), client_of(council.lead)
    page = page_of(browser, number)
    take_agreement_back(council.qa.origin, number, reason="No.")

    answer = send(browser, number, page, for_new="1")

    assert answer.status_code == 409
    assert "For new gates another policy is in force, or others agree." in answer.text


def test_nothing_is_adopted_without_choosing_or_agreement(council: Council, client_of: Browsers):
    number, browser = council.propose(), client_of(council.lead)
    page = page_of(browser, number)

    assert "Nothing can be adopted yet: it waits for agreement." in page
    assert "1 agreement of QA missing." in page
    assert send(browser, number, page).status_code == 422
    answer = send(browser, number, page, release=str(release(council)))
    assert (answer.status_code, council.room.gate().policy_revision) == (409, 1)


def test_a_forged_list_of_what_was_seen_adopts_nothing(council: Council, client_of: Browsers):
    number, browser = council.agreed(), client_of(council.lead)

    for seen in (
        "",
        "x.y.z",
        "1.2",
        f"{release(council)}.{10**30}.ab",
        f"{release(council)}.{council.room.gate().id}.0",
    ):
        answer = browser.post(
            f"/policies/{number}/adopt/", data={"release": str(release(council)), "seen": seen, "seen_new": ""}
        )
        assert answer.status_code == 409, seen
    assert council.room.gate().policy_revision == 1


def test_releases_of_modules_that_one_may_not_see_are_not_on_the_page(council: Council, client_of: Browsers):
    number = council.agreed()
    local = council.make.person(LEAD, module_id=council.make.module().id)

    page = page_of(client_of(local), number)

    assert f"Release {council.room.release.key}" not in page
    assert f"Release {council.room.release.key}" in page_of(client_of(council.lead), number)


def test_a_lead_of_one_module_adopts_for_it_beside_modules_that_they_may_not_see(council: Council, client_of: Browsers):
    number, wide = council.agreed(), council.make.release(modules=2)
    gates = [one for one in list_gates_where(Gate.kind == GateKind.READY) if one.release_id == wide_id(wide)]
    browser = client_of(council.make.person(LEAD, module_id=gates[0].module_id))

    answer = send(browser, number, page_of(browser, number), release=str(wide_id(wide)))

    assert answer.status_code == 303
    assert [get_gate(gate.id).policy_revision for gate in gates] == [2, 1]


def test_a_proposal_is_withdrawn_on_its_page_and_stays_there(council: Council, client_of: Browsers):
    number, browser = council.propose(), client_of(council.lead)
    assert "Withdraw the proposal" in page_of(browser, number)
    assert "Withdraw the proposal" not in page_of(client_of(council.qa), number)

    assert browser.post(f"/policies/{number}/withdraw/", data={}).status_code == 422
    assert browser.post(f"/policies/{number}/withdraw/", data={"reason": "Another way."}).status_code == 303

    page = plain(page_of(browser, number))
    assert f"Withdrawn by {council.lead.name} just now : Another way." in page
    assert "What adopting it would do" not in page


def test_the_inbox_and_the_gate_lead_to_the_policy(council: Council, client_of: Browsers):
    number = council.propose()

    inbox = client_of(council.qa).get("/signoffs/").text
    gate = client_of(council.qa).get(f"/gates/{council.room.gate().id}/").text

    assert "Policies that ask for your agreement" in inbox
    assert f'href="/policies/{number}/"' in inbox
    assert "Policies that ask for your agreement" not in client_of(council.dba).get("/signoffs/").text
    assert f'href="/policies/{council.room.gate().policy_id}/"' in gate


def test_a_policy_that_is_not_there_is_not_found(council: Council, client_of: Browsers):
    browser = client_of(council.make.person(LEAD, DBA, QA))

    for then in ("", "propose/"):
        assert browser.get(f"/policies/999999/{then}").status_code == 404
    for then in ("agree/", "take-back/", "withdraw/", "adopt/", "propose/"):
        typed = {"role": "qa", "reason": "x", "for_new": "1", **TYPED}
        assert browser.post(f"/policies/999999/{then}", data=typed).status_code == 404, then


def test_the_page_of_a_policy_takes_as_many_statements_for_six_modules_as_for_one(
    council: Council, client_of: Browsers, statements: list[str]
):
    number, browser, counts = council.agreed(), client_of(council.lead), []
    for modules in (1, 6):
        council.make.release(modules=modules)
        statements.clear()
        assert browser.get(f"/policies/{number}/").status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1]
