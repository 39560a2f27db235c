"""Of the hours after a deployment people are reminded before they end, and told once when they were missed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.database import db
from app.domain.checklist import ItemState
from app.domain.deployments import Outcome
from app.domain.permissions import Role
from app.domain.windows import WindowState
from app.models import ChecklistItem, DeploymentWindow, Mail, Module, WindowNotice
from app.models.base import pretending
from app.queries.deployment_windows import list_windows_of
from app.services.item_states import set_state
from app.services.roles import deactivate
from app.worker.jobs import tell_of_windows
from app.worker.post import send_mails
from tests.factories import Make
from tests.integration.services.deploying import Deploying
from tests.mailbox import Mailbox

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 11, 24, 22, 0, tzinfo=BERLIN)


def room_at(make: Make, at: datetime) -> Deploying:
    with pretending(at - timedelta(hours=2)):
        room = Deploying(make)
        db.session.execute(update(Module).values(time_zone="Europe/Berlin", lead_id=room.lead.id))
        db.session.commit()
        return room


@pytest.fixture
def room(make: Make) -> Deploying:
    return room_at(make, TUESDAY)


def started(room: Deploying, at: datetime = TUESDAY) -> int:
    with pretending(at):
        room.back_up("staging")
        return room.started()


def work(at: datetime, *, times: int = 1) -> None:
    for _ in range(times):
        with pretending(at):
            tell_of_windows()


def happened(room: Deploying) -> list[tuple[str, str, datetime]]:
    told = {"window.reminded": "reminded", "window.missed": "missed"}
    return [
        (told[event.action], event.fact, event.occurred_at.astimezone(BERLIN))
        for event in room.make.events()
        if event.action in told
    ]


def do_all(room: Deploying, group: str, at: datetime) -> None:
    items = select(ChecklistItem).where(ChecklistItem.gate == group, ChecklistItem.state == ItemState.TODO)
    with pretending(at):
        for item in db.session.scalars(items).all():
            set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.DONE)


def states(number: int, at: datetime) -> list[WindowState]:
    return [one.state(at) for one in list_windows_of([number])[number]]


def test_everybody_concerned_is_reminded_a_quarter_before_the_first_hour_ends(room: Deploying, mailbox: Mailbox):
    started(room)

    work(TUESDAY + timedelta(minutes=44))
    assert happened(room) == []
    work(TUESDAY + timedelta(minutes=45), times=3)

    with pretending(TUESDAY + timedelta(minutes=46)):
        send_mails()
    assert [one[:2] for one in happened(room)] == [("reminded", "first hour")]
    assert sorted(to for found in mailbox.recipients for to in found) == sorted([room.ops.email, room.lead.email])
    (mail,) = mailbox.to(room.ops.email)
    assert "2026-11-24 23:00 CET" in mail["Subject"]
    assert "6 of its 6 checks are left" in mail.get_content()
    assert "/checklist/groups/first-hour/" in mail.get_content()


@pytest.mark.parametrize(("month", "day"), [(10, 24), (3, 27)])
def test_each_thing_is_told_once_at_its_minute_over_a_night_in_which_the_clocks_change(
    make: Make, mailbox: Mailbox, month: int, day: int
):
    """Two workers look at the minute before each edge and at the edge."""
    saturday = datetime(2026 if month == 10 else 2027, month, day, 23, 30, tzinfo=BERLIN)
    room = room_at(make, saturday)
    started(room, saturday)
    # On the clock there: what falls on a Sunday or Saturday is due on the Monday.
    monday, week, over = (saturday + timedelta(days=days) for days in (2, 9, 30))
    expected = [
        ("reminded", "first hour", saturday + timedelta(minutes=45)),
        ("missed", "first hour", saturday.astimezone(UTC) + timedelta(hours=2)),
        ("reminded", "first day", monday - timedelta(hours=4)),
        ("missed", "first day", monday + timedelta(hours=4)),
        ("reminded", "first week", week - timedelta(days=1)),
        ("missed", "first week", week + timedelta(days=1)),
        ("reminded", "ongoing", over - timedelta(days=3)),
        ("missed", "ongoing", over + timedelta(days=7)),
    ]

    for _, _, at in expected:
        work(at.astimezone(UTC) - timedelta(minutes=1), times=2)
        work(at.astimezone(UTC), times=2)

    assert happened(room) == expected
    assert all(before <= after for (_, _, before), (_, _, after) in pairwise(happened(room)))


def test_a_worker_that_was_down_for_a_day_says_what_was_missed_and_reminds_of_nothing_that_is_over(
    room: Deploying, mailbox: Mailbox
):
    started(room)

    work(TUESDAY + timedelta(hours=23), times=2)

    assert [one[:2] for one in happened(room)] == [("missed", "first hour"), ("reminded", "first day")]
    (missed, _) = happened(room)
    assert missed[2] == TUESDAY + timedelta(hours=23), "it is not told as of an earlier moment"


def test_what_is_done_in_time_is_neither_reminded_of_nor_missed(room: Deploying, mailbox: Mailbox):
    number = started(room)
    do_all(room, "first-hour", TUESDAY + timedelta(minutes=30))

    work(TUESDAY + timedelta(hours=5))

    assert happened(room) == []
    assert states(number, TUESDAY + timedelta(hours=5))[0] is WindowState.DONE


def test_what_is_done_late_stays_late_and_what_was_missed_stays_missed(room: Deploying, mailbox: Mailbox):
    number = started(room)
    do_all(room, "first-hour", TUESDAY + timedelta(hours=1, minutes=30))
    do_all(room, "first-day", TUESDAY + timedelta(days=2))

    later = TUESDAY + timedelta(days=2, hours=1)
    assert states(number, later)[:2] == [WindowState.DONE_LATE, WindowState.DONE_AFTER_MISSED]
    work(later)
    assert [one[:2] for one in happened(room)] == [("missed", "first day")]


def test_who_has_no_account_any_more_is_told_nothing(room: Deploying, mailbox: Mailbox):
    started(room)
    with pretending(TUESDAY + timedelta(minutes=30)):
        deactivate(room.make.person(Role.ADMINISTRATOR).origin, room.lead.id)

    work(TUESDAY + timedelta(minutes=45))

    told = [event.new_value for event in room.make.events("window.reminded")]
    assert told == [f"person {room.ops.id}"]


def test_a_tick_that_was_taken_back_counts_by_the_last_one(room: Deploying):
    number = started(room)
    do_all(room, "first-hour", TUESDAY + timedelta(minutes=30))
    item = db.session.scalars(select(ChecklistItem).where(ChecklistItem.gate == "first-hour")).first()
    with pretending(TUESDAY + timedelta(minutes=40)):
        set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.TODO, reason="Not all of it.")
    assert states(number, TUESDAY + timedelta(minutes=50))[0] is WindowState.DUE_SOON

    do_all(room, "first-hour", TUESDAY + timedelta(minutes=70))

    assert states(number, TUESDAY + timedelta(days=1))[0] is WindowState.DONE_LATE


def test_what_was_rolled_back_is_not_looked_after_any_more(room: Deploying, mailbox: Mailbox):
    number = started(room)
    with pretending(TUESDAY + timedelta(hours=3)):
        room.finish(number, Outcome.ROLLED_BACK)

    work(TUESDAY + timedelta(days=60))

    hour, *others = states(number, TUESDAY + timedelta(days=60))
    assert hour is WindowState.MISSED, "nobody had looked when it was due"
    assert set(others) == {WindowState.DROPPED}
    assert [one[:2] for one in happened(room)] == [("missed", "first hour")]


def test_without_mail_nobody_is_reminded_and_what_was_missed_is_in_the_history(room: Deploying):
    started(room)

    work(TUESDAY + timedelta(minutes=50))
    assert happened(room) == []
    work(TUESDAY + timedelta(hours=3))

    assert [one[:2] for one in happened(room)] == [("missed", "first hour")]
    assert db.session.scalar(select(Mail.id)) is None


def test_another_time_zone_of_the_module_rewrites_no_window(room: Deploying):
    started(room)
    before = db.session.scalars(select(DeploymentWindow.due_at)).all()

    db.session.execute(update(Module).values(time_zone="Asia/Tokyo"))
    db.session.commit()

    assert db.session.scalars(select(DeploymentWindow.due_at)).all() == before


def test_what_was_laid_down_and_told_is_never_changed(room: Deploying, mailbox: Mailbox):
    started(room)
    work(TUESDAY + timedelta(minutes=50))

    for model, name in ((DeploymentWindow, "due_at"), (WindowNotice, "made_at")):
        with pytest.raises(DBAPIError, match="only ever added"):
            db.session.execute(update(model).values({name: TUESDAY}))
        db.session.rollback()
