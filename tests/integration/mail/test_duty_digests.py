"""A digest reminds of the duties of one's roles: once each morning, in one's own zone."""

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from app.database import db
from app.domain.permissions import Role
from app.domain.recurrence import Period
from app.models import Person
from app.models.base import pretending
from app.services.duties import Place
from app.worker.jobs import write_digests
from app.worker.post import send_mails
from tests.duties import BERLIN, DAILY, MONTHLY, add, moment, tick
from tests.factories import Made, Make
from tests.mailbox import URL, Mailbox


def write_at(at: datetime) -> None:
    with pretending(at):
        write_digests()
        send_mails()


@pytest.fixture
def ops(make: Make) -> Made:
    """Somebody in Berlin who is asked first."""
    person = make.person(Role.OPS, name="Sam Reed")
    db.session.execute(update(Person).where(Person.id == person.id).values(time_zone=BERLIN))
    db.session.commit()
    return person


def test_what_is_due_late_and_missed_stands_in_the_morning_mail_of_who_is_asked(
    mailbox: Mailbox, make: Make, ops: Made
):
    lead = make.lead()
    weekly = replace(DAILY, period=Period.WEEKLY, grace_days=2, grace_hours=0)
    late = add(lead, replace(weekly, weekday=0), "2026-02-27 08:00")
    due = add(lead, replace(DAILY, at=time(23, 30)), "2026-03-03 00:00")
    add(lead, replace(DAILY, at=time(9), grace_hours=0), "2026-03-02 00:00")

    write_at(moment("2026-03-03 06:00"))

    [message] = mailbox.to(ops.email)
    assert (
        message["Subject"]
        == "Countersign: 1 late in the schedule, 2 due today in the schedule, 1 missed in the schedule"
    )
    text = mailbox.text()
    words = "For everything: Look at the logs, due"
    assert f"Late in the schedule (1)\n- {words} 2026-03-02 17:00\n  {URL}/schedule/duties/{late}/" in text
    assert f"- {words} 2026-03-03 23:30\n  {URL}/schedule/duties/{due}/" in text
    assert f"Missed in the schedule (1)\n- {words} 2026-03-02 09:00" in text
    assert mailbox.to(lead.email) == []


@pytest.mark.parametrize("first", [date(2026, 3, 27), date(2026, 10, 23)])
def test_over_a_change_of_clocks_each_morning_has_one_reminder_at_seven_and_none_is_lost(
    mailbox: Mailbox, make: Make, ops: Made, first: date
):
    """The worker looks every half an hour, twice, and is down on the day of the change."""
    add(make.lead(), DAILY, f"{first} 00:00")
    down = first + timedelta(days=2)
    looks = [moment(f"{first}") + timedelta(minutes=30 * half) for half in range(4 * 48)]
    for at in looks:
        if at.date() != down:
            write_at(at)
            write_at(at)

    mornings = [one["Date"].datetime.astimezone(ZoneInfo(BERLIN)) for one in mailbox.to(ops.email)]
    expected = [first, first + timedelta(days=1), first + timedelta(days=3)]
    assert [f"{one:%Y-%m-%d %H:%M}" for one in mornings] == [f"{day} 07:00" for day in expected]
    # What was missed while it was down stands in the next one.
    text = mailbox.text()
    missed = [f"{first + timedelta(days=number)} 17:00" for number in (1, 2)]
    assert re.findall(r"due (\S+ \S+)", text.partition("Missed in the schedule (2)")[2]) == missed


def test_who_does_not_hold_the_role_where_it_is_asked_is_not_reminded(mailbox: Mailbox, make: Make, ops: Made):
    lead, here, there = make.lead(), make.module(), make.module()
    add(lead, MONTHLY, "2026-03-01 00:00", Place(here.id))
    insider, stranger = (make.person(Role.OPS, module_id=one.id) for one in (here, there))
    other_role = make.person(Role.DBA)

    write_at(moment("2026-03-10 08:00"))

    reminded = [who.id for who in (ops, insider, stranger, other_role, lead) if mailbox.to(who.email)]
    assert reminded == [ops.id, insider.id]


def test_a_duty_that_is_done_or_rests_is_not_reminded_of(mailbox: Mailbox, make: Make, ops: Made):
    duty = add(make.lead(), MONTHLY, "2026-03-01 00:00")
    tick(ops, duty, "2026-03-09 09:00")

    write_at(moment("2026-03-10 08:00"))

    assert mailbox.to(ops.email) == []
