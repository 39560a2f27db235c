"""The page of the twelve rules: how each is held, how often it was not, and the way to the rows behind each number."""

from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.domain.always_never import RULES
from app.domain.permissions import Role
from tests.factories import Made, Make
from tests.integration.services.test_overrides import Broken, untouched
from tests.integration.services.test_signoffs import COVERED, DBA
from tests.web.waiving import grant, plain

Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Broken:
    return Broken(make)


def card(page: str, key: str) -> str:
    """What the page says of one rule."""
    return unescape(page.split(f'id="{key}"')[1].split("</article>", maxsplit=1)[0])


def test_all_twelve_stand_there_with_how_they_are_held_and_what_is_still_a_persons_word(
    room: Broken, client_of: Browsers
):
    page = client_of(room.make.person(Role.AUDITOR)).get("/rules/").text

    assert page.count("rule-card") == 12
    for rule in RULES:
        told = plain(card(page, rule.key))
        assert all(sentence in told for sentence in rule.enforced), rule.key
        assert rule.by_hand in told
    assert "Never deploy without backup" in plain(page)
    assert "coming soon" not in page.lower()
    assert "%" not in plain(page)


def test_nothing_is_said_in_words_and_never_as_a_share(room: Broken, client_of: Browsers):
    told = plain(card(client_of(room.lead).get("/rules/").text, "never.no-backup"))

    assert "no gate was passed yet" in told
    assert "Overridden by break-glass never" in told
    assert "no box now , none ever" in told
    assert "2 gates of 2" in told


def test_each_number_leads_to_its_rows(room: Broken, client_of: Browsers):
    number = room.breaks(untouched(room))
    other = room.breaks()
    browser = client_of(room.lead)
    told = card(browser.get("/rules/").text, "never.no-backup")
    assert 'href="/overrides/?rule=never.no-backup"' in told

    page = browser.get("/overrides/?rule=never.no-backup").text

    assert "Never deploy without backup" in page
    assert f'id="override-{number}"' in page
    assert f'id="override-{other}"' not in page
    shut = browser.get("/rules/never.no-backup/").text
    assert f'href="/gates/{untouched(room).id}/"' in shut
    assert "There is no record of a backup." in shut


def test_waivers_of_its_items_are_found_by_the_rule(room: Broken, client_of: Browsers):
    asker, decider = room.make.person(Role.DEVELOPER), room.make.person(DBA)
    grant(asker, decider, room.make.release(), "tests.unit.models")
    grant(asker, decider, room.make.release(), COVERED)
    browser = client_of(room.lead)
    assert "1 box now" in plain(card(browser.get("/rules/").text, "never.skip-testing"))

    page = plain(browser.get("/waivers/register/?rule=never.skip-testing&standing=in-force").text)

    assert "1 waiver, in force" in page
    assert "Model tests" in page
    assert "2 waivers" in plain(browser.get("/waivers/register/?rule=no-such-rule").text)


def test_a_rule_that_there_is_not_is_not_there(room: Broken, client_of: Browsers):
    assert client_of(room.lead).get("/rules/never.sleep/").status_code == 404


def test_a_lead_and_an_auditor_find_the_page_beside_the_waivers(room: Broken, client_of: Browsers):
    for reader in (room.lead, room.make.person(Role.AUDITOR)):
        browser = client_of(reader)
        for address in ("/waivers/", "/waivers/register/", "/overrides/"):
            assert 'href="/rules/"' in browser.get(address).text, address
