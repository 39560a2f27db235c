"""One's own work in a browser: what is overdue is called so, whatever it waits for."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.models.base import utc_now
from app.services.items import assign
from app.services.waivers import request_waiver
from tests.factories import MadeRelease, Make

ITEM = "pre.schema-planned"
# A year that no test will ever run in.
LONG_AGO = date(2019, 3, 5)


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def section(page: str, title: str) -> str:
    """The words of one section of the page."""
    part = page.split(f"<h2>{title}")[1].split("</section>", maxsplit=1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


def test_a_date_of_another_year_is_told_with_its_year(make: Make, client_of: Callable, release: MadeRelease):
    owner, item = make.person(Role.DEVELOPER), release.item(ITEM)
    assign(release.lead.origin, item.id, revision=1, assignee_id=owner.id, due_on=LONG_AGO)

    browser = client_of(owner)

    assert "overdue since Tuesday, 5 March 2019" in section(browser.get("/me/").text, "Overdue")
    assert "Tuesday, 5 March 2019" in browser.get(f"{release.module_path}groups/pre-development/").text


def test_a_date_of_this_year_is_told_without_it(make: Make, client_of: Callable, release: MadeRelease):
    owner, item, today = make.person(Role.DEVELOPER), release.item(ITEM), utc_now().date()
    assign(release.lead.origin, item.id, revision=1, assignee_id=owner.id, due_on=today)

    told = section(client_of(owner).get("/me/").text, "Due today")

    assert f"due {today:%A}, {today.day} {today:%B}" in told
    assert str(today.year) not in told


def test_what_waits_for_ones_approval_says_that_it_is_overdue(make: Make, client_of: Callable, release: MadeRelease):
    owner, item, today = make.person(Role.DEVELOPER), release.item(ITEM), utc_now().date()
    days = {"late": today - timedelta(days=1), "early": today + timedelta(days=1)}
    late, early = item.id, release.items[1].id
    for number, day in ((late, days["late"]), (early, days["early"])):
        assign(release.lead.origin, number, revision=1, assignee_id=owner.id, due_on=day)
        request_waiver(owner.origin, number, revision=2, reason=WaiverReason.OTHER, explanation="it has no table")

    told = section(client_of(make.person(Role.DBA)).get("/me/").text, "Waiting for your approval")

    assert told.count("overdue since") == told.count(" due ") == 1
    assert f"overdue since {days['late']:%A}" in told
