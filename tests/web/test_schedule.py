"""The schedule in a browser: what is left first, ticked and struck by forms, a month on one page, records as CSV."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time
from html import unescape

import pytest
from flask.testing import FlaskClient

from app.domain.duties import TurnKind
from app.domain.permissions import Role
from app.domain.recurrence import Period
from app.models.base import pretending
from app.queries.duties import list_duties
from app.services.duties import Place, add_starting_duties
from app.web.form_words import NOT_OFFERED
from tests.duties import BERLIN, DAILY, MONTHLY, add, look, moment, tick, told
from tests.factories import Made, Make

FORM = {
    "title": "Count a shelf",
    "guidance": "",
    "place": "",
    "owner_role": "qa",
    "period": "monthly",
    "weekday": "0",
    "day": "31",
    "quarter_month": "1",
    "month": "1",
    "at": "14:30",
    "time_zone": BERLIN,
    "weekdays_only": "y",
    "grace_days": "3",
    "grace_hours": "2",
}


def seen(page: str) -> str:
    """A page as one reads it."""
    body = re.sub(
        r"<(script|style|svg)\b.*?</\1>", " ", page.split("<main", 1)[1].split("</main", maxsplit=1)[0], flags=re.DOTALL
    )
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def get(browser: FlaskClient, path: str, at: str) -> str:
    with pretending(moment(at)):
        answer = browser.get(path)
    assert answer.status_code == 200, path
    return seen(answer.text)


@pytest.fixture
def lead(make: Make) -> Made:
    return make.lead(name="Leena Thomas")


@pytest.fixture
def window(client_of: Callable, lead: Made) -> FlaskClient:
    return client_of(lead)


def test_the_first_sentence_and_the_first_rows_are_what_is_left(lead: Made, window: FlaskClient):
    up, late, missed = add(lead, MONTHLY), add(lead, MONTHLY), add(lead, replace(MONTHLY, day=5))
    tick(lead, up, "2026-01-09 09:00")

    text = get(window, "/schedule/", "2026-01-11 09:00")

    assert "1 of 3 duties is late, 1 was missed." in text
    with pretending(moment("2026-01-11 09:00")):
        page = window.get("/schedule/").text
    assert [int(number) for number in re.findall(r'id="duty-(\d+)"', page)] == [late, missed, up]
    only = get(window, "/schedule/?state=missed", "2026-01-11 09:00")
    assert "1 of 1 duty was missed" in only
    assert "Mon 5 January" in only


def test_an_empty_schedule_offers_the_fifteen_and_a_second_click_adds_none(
    make: Make, lead: Made, window: FlaskClient, client_of: Callable
):
    assert "No duties yet. Add the starting document\u2019s 15." in seen(window.get("/schedule/").text)
    assert "A team lead adds them" in seen(client_of(make.person(Role.VIEWER)).get("/schedule/").text)

    for words in ("15 duties are added.", "All of them are here."):
        answer = window.post("/schedule/duties/starting/", data={"place": ""}, follow_redirects=True)
        assert words in answer.text

    assert len(list_duties(lead.actor, datetime.now(UTC))) == 15


def test_a_duty_is_ticked_with_a_value_and_a_note(make: Make, lead: Made, window: FlaskClient):
    duty = add(lead, MONTHLY)
    assert "missed after Thu 15 January" in get(window, f"/schedule/duties/{duty}/", "2026-01-12 09:00")

    with pretending(moment("2026-01-12 09:00")):
        answer = window.post(
            f"/schedule/duties/{duty}/tick/", data={"on": "2026-01-10", "value": "3 errors", "note": "All old."}
        )
        again = window.post(f"/schedule/duties/{duty}/tick/", data={"on": "2026-01-10"})

    assert answer.status_code == 303
    assert again.status_code == 409
    assert "Leena Thomas did it already" in again.text
    text = get(window, f"/schedule/duties/{duty}/", "2026-01-12 10:00")
    assert "done late" in text
    assert "3 errors All old." in text
    assert "It is done" not in text


def test_what_cannot_be_kept_is_said_and_stays_typed(lead: Made, window: FlaskClient):
    duty = add(lead, MONTHLY)
    with pretending(moment("2026-01-09 09:00")):
        answer = window.post(f"/schedule/duties/{duty}/tick/", data={"value": "9" * 201, "note": "Kept."})

    assert answer.status_code == 422
    assert "Use at most 200 characters." in answer.text
    assert "Kept.</textarea>" in answer.text
    assert not look(lead, duty, "2026-01-09 09:00").facts.records


def test_a_struck_record_is_shown_beside_the_one_that_took_its_place(lead: Made, window: FlaskClient):
    duty = add(lead, MONTHLY)
    record = tick(lead, duty, "2026-01-09 09:00", "none")
    path = f"/schedule/duties/{duty}/records/{record}/strike/"
    with pretending(moment("2026-01-09 10:00")):
        refused = window.post(path, data={"reason": ""})
        answer = window.post(path, data={"reason": "The wrong server."})
    tick(lead, duty, "2026-01-09 11:00", "four")

    assert (refused.status_code, answer.status_code) == (422, 303)
    text = get(window, f"/schedule/duties/{duty}/", "2026-01-09 12:00")
    assert "four" in text
    assert "none by Leena Thomas, struck by Leena Thomas" in text
    assert "The wrong server." in text


def test_the_history_of_a_duty_is_shown_in_parts_and_missed_ones_stand_in_it(lead: Made, window: FlaskClient):
    duty = add(lead, DAILY)
    tick(lead, duty, "2026-03-01 09:00")

    first = get(window, f"/schedule/duties/{duty}/", "2026-03-11 10:00")
    last = get(window, f"/schedule/duties/{duty}/?part=3", "2026-03-11 10:00")

    assert "Its periods 70" in first
    # What a strike would do is said once, too.
    assert [page.partition("Its periods")[2].count("missed") for page in (first, last)] == [28 + 1, 10]
    assert "Sun 1 March" in first
    assert "Thu 1 January" in last


def test_a_duty_is_added_and_changed_by_a_form(make: Make, lead: Made, window: FlaskClient):
    made = window.post("/schedule/duties/new/", data=FORM)
    duty = int(made.headers["Location"].rstrip("/").rpartition("/")[2])

    text = seen(window.get(f"/schedule/duties/{duty}/").text)
    assert "every month on the last day, 14:30 in Europe/Berlin, after a weekend on Monday" in text
    assert "3 days and 2 hours" in text
    page = window.get(f"/schedule/duties/{duty}/edit/").text
    assert 'value="31"' in page
    changed = {**FORM, "revision": "1", "period": "annually", "month": "11"}
    assert window.post(f"/schedule/duties/{duty}/edit/", data=changed).status_code == 303
    assert window.post(f"/schedule/duties/{duty}/edit/", data=changed).status_code == 409
    assert "every year on the last day of November" in seen(window.get(f"/schedule/duties/{duty}/").text)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": ""}, "Say it."),
        ({"day": "32"}, "Write a day from 1 to 31"),
        ({"day": "soon"}, "Write a number, for example 12."),
        ({"at": "noon"}, "Write a time of day, for example 17:00."),
        ({"grace_days": "22"}, "Monthly allows 21 days of grace"),
        ({"period": "daily", "grace_days": "1"}, "Daily allows no whole days of grace"),
        ({"place": "987654"}, NOT_OFFERED),
    ],
)
def test_a_form_that_no_calendar_can_hold_is_refused_beside_its_field(window: FlaskClient, wrong: dict, words: str):
    answer = window.post("/schedule/duties/new/", data={**FORM, **wrong})

    assert answer.status_code == 422
    assert words in answer.text


def test_a_duty_is_paused_resumed_archived_and_restored(make: Make, lead: Made, window: FlaskClient):
    duty = add(lead)
    path = f"/schedule/duties/{duty}/"
    assert window.post(f"{path}pause/", data={"reason": ""}).status_code == 422
    assert "Pause “Look at the logs”?" in seen(window.get(f"{path}pause/").text)

    said = []
    for word in ("pause", "resume", "archive", "restore"):
        assert window.post(f"{path}{word}/", data={"reason": "A holiday."}).status_code == 303
        said.append(seen(window.get(path).text))

    assert "Nothing is asked for the time being" in said[0]
    assert "Paused by Leena Thomas" in said[1]
    assert "archived" in said[2]
    assert [body["after"]["kind"] for body in told(make, "duty.turned")] == [kind.value for kind in TurnKind]


def test_who_only_reads_is_offered_nothing_to_do(make: Make, lead: Made, client_of: Callable):
    duty = add(lead, MONTHLY)
    reader = client_of(make.person(Role.AUDITOR))

    for path in ("/schedule/", f"/schedule/duties/{duty}/"):
        with pretending(moment("2026-01-12 09:00")):
            page = reader.get(path).text.split("<main", 1)[1]
        assert 'method="post"' not in page
        assert "#tick" not in page


def test_a_month_is_a_table_with_what_became_of_each_day(lead: Made, window: FlaskClient):
    weekly = replace(DAILY, period=Period.WEEKLY, weekday=6, at=time(23, 30), grace_days=1)
    duty = add(lead, weekly, "2026-10-01 08:00")
    tick(lead, duty, "2026-10-04 09:00")
    with pretending(moment("2026-10-27 03:00")):
        page = window.get("/schedule/calendar/?month=2026-10").text

    assert page.count('<th scope="col">') == 7
    assert 'rel="prev" href="/schedule/calendar/?month=2026-09"' in page
    assert 'rel="next" href="/schedule/calendar/?month=2026-11"' in page
    # The reader counts in UTC: half past eleven in Berlin is half past nine, and after the change half past ten.
    days = re.findall(r'<time datetime="(2026-10-\d\d)">(?:(?!</td>).)*?cal-more">([^<]+)', page, re.DOTALL)
    assert [(day, words.strip()) for day, words in days] == [
        ("2026-10-04", "21:30, on time"),
        ("2026-10-11", "21:30, missed"),
        ("2026-10-18", "21:30, missed"),
        ("2026-10-25", "22:30, late"),
    ]
    assert re.search(r'<td id="today" class="\s*is-today[^>]*>\s*<p class="cal-day"><time datetime="2026-10-27">', page)


@pytest.mark.parametrize("asked", ["2026-13", "nonsense", "0001-01", "9999-12", "2026-10-05"])
def test_a_month_that_no_calendar_has_is_this_one(window: FlaskClient, asked: str):
    assert "May 2026" in get(window, f"/schedule/calendar/?month={asked}", "2026-05-11 09:00")


def test_the_records_go_out_as_csv_and_that_is_told(make: Make, lead: Made, window: FlaskClient):
    duty = add(lead, MONTHLY)
    tick(lead, duty, "2026-01-12 09:00", "=1+1")
    add(lead, MONTHLY, place=Place(make.module().id))

    answer = window.get("/schedule/export/?state=")

    [row] = csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff")))
    assert (row["duty_id"], row["value"], row["outcome"]) == (str(duty), "'=1+1", "done late")
    assert row["due_at_utc"] == "2026-01-10T16:00:00.000000Z"
    assert len(make.events("duty.exported")) == 1


def test_what_is_late_or_due_today_stands_in_the_own_work_of_who_is_asked(make: Make, lead: Made, client_of: Callable):
    ops = make.person(Role.OPS)
    late, today = add(lead, MONTHLY), add(lead, replace(MONTHLY, day=12))
    add(lead, replace(MONTHLY, day=13))
    tick(ops, add(lead, replace(MONTHLY, day=12)), "2026-01-10 09:00")

    with pretending(moment("2026-01-12 09:00")):
        page = client_of(ops).get("/me/").text
        others = client_of(lead).get("/me/").text

    assert "2 things wait for you." in seen(page)
    assert re.findall(r"/schedule/duties/(\d+)/", page) == [str(late), str(today)]
    assert "/schedule/duties/" not in others.split("<main", 1)[1]


def test_a_long_schedule_takes_no_more_statements_than_a_short_one(
    make: Make, lead: Made, window: FlaskClient, statements: list[str]
):
    def asked(path: str) -> int:
        window.get(path)
        statements.clear()
        window.get(path)
        return len(statements)

    paths = ("/schedule/", "/schedule/calendar/", "/me/")
    add_starting_duties(lead.origin, Place(), time_zone=BERLIN)
    short = [asked(path) for path in paths]
    for _ in range(2):
        add_starting_duties(lead.origin, Place(make.module(lead=lead).id), time_zone=BERLIN)

    assert [asked(path) for path in paths] == short
