"""Calendar feeds: shown once, read without a session, revoked for good, never more than their owner may see now."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from flask.testing import FlaskClient
from icalendar import Calendar, Event
from pydantic import SecretStr
from sqlalchemy import delete, select, text

from app.database import db
from app.domain.duties import TurnKind
from app.domain.errors import NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.domain.recurrence import Period
from app.models import CalendarFeed, RoleGrant
from app.models.base import pretending
from app.queries.calendar_feeds import list_feeds
from app.services.calendar_feeds import MOST
from app.services.calendar_feeds import make_feed as add_feed
from app.services.duties import Place, turn_duty, update_duty
from app.services.modules import archive_module
from app.services.roles import deactivate, reactivate
from app.services.throttle import FEEDS, LINKS
from tests.duties import BERLIN, DAILY, MONTHLY, NEW_YORK, add, moment, tick, wish
from tests.factories import Made, Make

NOW = "2026-03-20 09:00"


@pytest.fixture
def lead(make: Make) -> Made:
    return make.lead()


@pytest.fixture
def owner(make: Make) -> Made:
    return make.person(Role.OPS)


def make_feed(browser: FlaskClient, key: str = "once") -> str:
    """The path of a new feed, as the page shows it."""
    answer = browser.post("/schedule/feed/", data={"name": "my phone", "idempotency_key": key})
    assert answer.status_code == 201
    return re.search(r'value="https?://[^/"]+(/calendar/[^"?]+\.ics)"', answer.text)[1]


@pytest.fixture
def feed(owner: Made, client_of: Callable) -> str:
    return make_feed(client_of(owner))


def events(client: FlaskClient, path: str, at: str = NOW) -> dict[str, Event]:
    """The entries of a feed, by their titles."""
    with pretending(moment(at)):
        answer = client.get(path)
    assert answer.status_code == 200
    calendar = Calendar.from_ical(answer.get_data())
    zones = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
    found = {str(event["SUMMARY"]): event for event in calendar.walk("VEVENT")}
    named = {event["DTSTART"].params["TZID"] for event in found.values() if "TZID" in event["DTSTART"].params}
    assert named <= zones
    return found


def expanded(event: Event, until: str) -> list[str]:
    """The moments at which an entry happens, worked out from the file alone."""
    start = event["DTSTART"].dt
    rule = event["RRULE"].to_ical().decode()
    # The rule counts on the wall; its end, in UTC, is brought there too.
    rule = re.sub(r"UNTIL=(\w+)Z", lambda found: f"UNTIL={in_zone(found[1], start.tzinfo):%Y%m%dT%H%M%S}", rule)
    naive = rrule.rrulestr(f"RRULE:{rule}", dtstart=start.replace(tzinfo=None))
    left_out = {one.dt.astimezone(UTC) for one in getattr(event.get("EXDATE"), "dts", [])}
    moments = [
        one.replace(tzinfo=start.tzinfo).astimezone(UTC)
        for one in naive.between(start.replace(tzinfo=None), datetime.fromisoformat(until), inc=True)
    ]
    return [f"{one:%m-%d %H:%M}" for one in moments if one not in left_out]


def in_zone(text: str, zone: ZoneInfo) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).astimezone(zone)


def test_the_address_is_shown_once_and_only_its_digest_is_kept(make: Make, owner: Made, client_of: Callable):
    browser = client_of(owner)
    path = make_feed(browser)
    token = path.removeprefix("/calendar/").removesuffix(".ics")

    assert make_feed(browser) == path, "the same form sent twice makes one feed"
    assert token not in browser.get("/schedule/feed/").text
    assert "my phone" in browser.get("/schedule/feed/").text
    [kept] = db.session.scalars(select(CalendarFeed))
    assert token.encode() not in kept.token_digest
    assert [event.object_id for event in make.events("feed.made")] == [kept.id]
    assert token not in "".join(event.body.decode() for event in make.events())


def test_a_feed_is_read_without_a_session_and_nothing_new_is_not_sent_again(
    lead: Made, owner: Made, feed: str, client: FlaskClient
):
    duty = add(lead, MONTHLY)
    with pretending(moment(NOW)):
        first = client.get(feed)
        again = client.get(feed, headers={"If-None-Match": first.headers["ETag"]})
    with pretending(moment(NOW) + timedelta(days=40)):
        later = client.get(feed, headers={"If-None-Match": first.headers["ETag"]})

    assert first.mimetype == "text/calendar"
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert "Set-Cookie" not in first.headers
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT4H" in first.data
    assert (again.status_code, again.data) == (304, b"")
    assert later.status_code == 304, "what a rule says does not change from day to day"
    update_duty(lead.origin, duty, wish(MONTHLY, title="Read them"), revision=1)
    assert client.get(feed, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert list_feeds(owner.id)[0].read_at is not None


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_an_entry_keeps_its_time_of_day_over_a_change_of_clocks(lead: Made, feed: str, client: FlaskClient, zone: str):
    add(lead, replace(DAILY, time_zone=zone, at=time(9)), "2026-03-05 20:00")

    entry = events(client, feed)["Look at the logs"]

    found = expanded(entry, "2026-04-01")
    local = [moment(f"2026-{one}").astimezone(ZoneInfo(zone)) for one in found]
    assert [(one.day, f"{one:%H:%M}") for one in local] == [(day, "09:00") for day in range(6, 32)]
    assert entry["URL"].endswith("/schedule/duties/" + entry["UID"].split("-")[1] + "/")


def test_a_series_that_begins_in_the_hour_that_is_left_out_keeps_its_time(lead: Made, feed: str, client: FlaskClient):
    add(lead, replace(DAILY, at=time(2, 30)), "2026-03-28 12:00")

    entry = events(client, feed)["Look at the logs"]

    assert expanded(entry, "2026-04-01")[:2] == ["03-30 00:30", "03-31 00:30"]


def test_a_pause_is_left_out_and_what_rests_now_ends(lead: Made, feed: str, client: FlaskClient):
    duty = add(lead, replace(DAILY, time_zone="UTC"), "2026-03-01 08:00")
    for at, kind in (("2026-03-03 09:00", TurnKind.PAUSED), ("2026-03-05 09:00", TurnKind.RESUMED)):
        with pretending(moment(at)):
            turn_duty(lead.origin, duty, kind, reason="Closed.")
    days = ["03-01 17:00", "03-02 17:00", "03-05 17:00", "03-06 17:00"]
    assert expanded(events(client, feed)["Look at the logs"], "2026-03-06 23:00") == days

    with pretending(moment("2026-03-07 09:00")):
        turn_duty(lead.origin, duty, TurnKind.PAUSED, reason="Closed.")

    assert expanded(events(client, feed)["Look at the logs"], "2026-04-01") == days


def test_what_no_rule_can_say_stands_there_day_by_day(lead: Made, feed: str, client: FlaskClient):
    duty = add(lead, replace(MONTHLY, day=31, weekdays_only=True))

    with pretending(moment(NOW)):
        calendar = Calendar.from_ical(client.get(feed).get_data())
    found = {str(event["UID"]): event["DTSTART"].dt.date().isoformat() for event in calendar.walk("VEVENT")}
    assert [day for day in found.values() if day < "2026-07"] == [
        *("2026-02-02", "2026-03-02", "2026-03-31", "2026-04-30", "2026-06-01", "2026-06-30")
    ]
    assert len(found) == len(set(found.values()))
    assert all(uid.startswith(f"duty-{duty}-1-") for uid in found)


def test_a_feed_holds_only_what_its_owner_may_see_now(make: Make, lead: Made, client: FlaskClient, client_of: Callable):
    here, there = make.module("here", lead=lead), make.module("there", lead=lead)
    for place in (Place(), Place(here.id), Place(there.id)):
        add(lead, MONTHLY, place=place)
    insider = make.person(Role.DEVELOPER, module_id=here.id)
    everything, one = make_feed(client_of(lead)), make_feed(client_of(insider))
    assert everything != one, "somebody else's form gives no address of theirs"

    assert set(events(client, everything)) == {
        *("Look at the logs", "Look at the logs (Here)", "Look at the logs (There)")
    }
    assert set(events(client, one)) == {"Look at the logs (Here)"}
    assert events(client, f"{one}?only=mine") == {}
    archive_module(lead.origin, "here")
    assert events(client, one) == {}


def test_a_revoked_feed_answers_nobody_any_more(make: Make, owner: Made, feed: str, client: FlaskClient, client_of):
    number = list_feeds(owner.id)[0].id
    for _ in range(2):
        assert client_of(owner).post(f"/schedule/feed/{number}/revoke/").status_code == 303

    answer = client.get(feed)

    assert (answer.status_code, answer.mimetype) == (410, "text/html")
    assert "This calendar feed has ended." in answer.text
    assert [event.object_id for event in make.events("feed.revoked")] == [number]


def test_the_feed_of_a_closed_account_rests_and_so_does_that_of_who_has_no_role(
    make: Make, owner: Made, feed: str, client: FlaskClient
):
    admin = make.person(Role.ADMINISTRATOR)
    deactivate(admin.origin, owner.id)
    assert client.get(feed).status_code == 410
    reactivate(admin.origin, owner.id)
    assert client.get(feed).status_code == 200
    db.session.execute(delete(RoleGrant).where(RoleGrant.person_id == owner.id))
    db.session.commit()
    assert client.get(feed).status_code == 410


def test_an_address_that_nobody_made_is_unknown_and_not_guessed_for_long(client: FlaskClient):
    db.session.execute(text("DELETE FROM rate_counters"))
    codes = [client.get(f"/calendar/guess-{number}.ics").status_code for number in range(LINKS[0].amount + 1)]

    assert codes == [404] * LINKS[0].amount + [429]


def test_a_feed_is_not_read_all_the_time(feed: str, client: FlaskClient):
    codes = [client.get(feed).status_code for _ in range(FEEDS[0].amount + 1)]

    assert codes == [200] * FEEDS[0].amount + [429]


def test_nobody_has_feeds_without_end_or_without_a_role(make: Make, owner: Made):
    for number in range(MOST):
        add_feed(owner.origin, SecretStr(f"token {number}"), "my phone")
    with pytest.raises(RuleViolation, match="Revoke one first"):
        add_feed(owner.origin, SecretStr("one more"), "my phone")
    with pytest.raises(NotPermitted):
        add_feed(make.person(Role.ADMINISTRATOR).origin, SecretStr("theirs"), "my phone")

    assert len(list_feeds(owner.id)) == MOST


def test_nobody_revokes_the_feed_of_somebody_else(lead: Made, owner: Made, feed: str, client: FlaskClient, client_of):
    number = list_feeds(owner.id)[0].id

    assert client_of(lead).post(f"/schedule/feed/{number}/revoke/").status_code == 404
    assert client.get(feed).status_code == 200


def test_a_name_is_wanted_and_stays_typed(owner: Made, client_of: Callable):
    answer = client_of(owner).post("/schedule/feed/", data={"name": "x" * 121})

    assert answer.status_code == 422
    assert "Use at most 120 characters." in answer.text
    assert "x" * 121 in answer.text


def test_what_is_done_changes_nothing_in_a_calendar(lead: Made, owner: Made, feed: str, client: FlaskClient):
    duty = add(lead, replace(MONTHLY, period=Period.WEEKLY, weekday=4), "2026-03-01 08:00")
    before = expanded(events(client, feed)["Look at the logs"], "2026-04-20")
    tick(owner, duty, NOW)

    assert expanded(events(client, feed)["Look at the logs"], "2026-04-20") == before
