"""One digest a person and a day, in their own morning, when there is something to say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState
from app.domain.mails import LINES_AT_MOST
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.models import ChecklistItem, Mail, Module, Person, RoleGrant, Waiver
from app.models.base import pretending
from app.queries.people import list_grants
from app.services.item_states import set_state
from app.services.items import assign
from app.services.profile import update_profile
from app.services.roles import deactivate, revoke_role
from app.services.signoffs import withdraw
from app.services.waivers import decide_waiver, request_waiver
from app.worker.jobs import write_digests
from app.worker.post import send_mails
from tests.factories import Made, MadeRelease, Make
from tests.integration.services.test_signoffs import LEAD, QA, Room
from tests.mailbox import URL, Mailbox, sends_to

NOW = datetime.now(UTC)
MORNING = NOW.replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(days=NOW.hour >= 7)
DAY = MORNING.date()
YESTERDAY = DAY - timedelta(days=1)


def owe(release: MadeRelease, person: Made, due_on: date | None, number: int = 0) -> ChecklistItem:
    """Give somebody an item of a release to do until a day."""
    item = release.items[number]
    assign(release.lead.origin, item.id, revision=item.revision, assignee_id=person.id, due_on=due_on)
    return db.session.get_one(ChecklistItem, item.id, populate_existing=True)


def write_at(at: datetime) -> None:
    """What the worker does at a moment."""
    with pretending(at):
        write_digests()
        send_mails()


def live_in(person: Made, zone: str) -> None:
    db.session.execute(update(Person).where(Person.id == person.id).values(time_zone=zone))
    db.session.commit()


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def worker(make: Make) -> Made:
    return make.person(Role.DEVELOPER, name="Ravi Kumar")


def test_late_due_and_blocked_items_arrive_each_with_its_link(mailbox: Mailbox, release: MadeRelease, worker: Made):
    late, due = owe(release, worker, DAY - timedelta(days=3)), owe(release, worker, DAY, 1)
    blocked = owe(release, worker, DAY + timedelta(days=9), 2)
    set_state(worker.origin, blocked.id, revision=blocked.revision, state=ItemState.BLOCKED, reason="No server yet.")
    owe(release, worker, DAY + timedelta(days=1), 3)

    write_at(MORNING)

    [message] = mailbox.to(worker.email)
    assert message["Subject"] == "Countersign: 1 late, 1 due today, 1 blocked"
    text = mailbox.text()
    told = f"Ravi Kumar, this waits for you on {DAY:%A}, {DAY.day} {DAY:%B %Y}.\n"
    assert text.startswith(told)
    where = f"{release.modules[0].replace('-', ' ').capitalize()} in Release {release.key}"
    assert f"Late (1)\n- {where}: {late.text}, due {late.due_on}\n  {URL}/items/{late.id}/\n" in text
    assert f"Due today (1)\n- {where}: {due.text}\n  {URL}/items/{due.id}/\n" in text
    assert f"Blocked (1)\n- {where}: {blocked.text}, due {blocked.due_on}, blocked: No server yet.\n" in text
    assert f"{URL}/me/\n" in text
    assert text.endswith(f"Switch it off in your profile:\n{URL}/profile/\n")


def test_gates_stand_first_and_those_to_be_signed_again_before_all(mailbox: Mailbox, make: Make):
    room, second = Room(make), Room(make)
    room.sign(room.qa, QA)
    item = room.item()
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.DONE, reason="With a column.")

    write_at(MORNING)

    text = mailbox.to(room.qa.email)[0].get_content().replace("\r\n", "\n")
    again, ready, ended = (text.index(words) for words in ("To sign again (1)", "To sign (1)", "Sign-offs of yours"))
    assert again < ready < ended
    assert f"Ready. Yours ended: set “{item.text}” from done to done\n  {URL}/gates/{room.gate().id}/" in text
    assert f"{URL}/gates/{second.gate().id}/" in text[ready:ended]
    assert f"Ready, stale: set “{item.text}” from done to done\n" in text[ended:]


def test_a_gate_that_one_could_not_sign_is_not_announced(mailbox: Mailbox, make: Make):
    room = Room(make)
    barred = make.person(QA)
    items = update(ChecklistItem).where(ChecklistItem.checklist_id == room.checklist_id)
    db.session.execute(items.values(changed_by_id=barred.id))
    db.session.commit()

    write_at(MORNING)

    assert mailbox.to(barred.email) == []
    assert "To sign (1)" in mailbox.to(room.qa.email)[0].get_content()


def test_what_one_took_back_oneself_is_no_news_and_a_lost_role_is(mailbox: Mailbox, make: Make):
    room = Room(make)
    withdraw(room.origin(room.qa), room.sign(room.qa, QA), reason="Too early.")
    room.sign(room.lead, LEAD)
    boss = make.person(Role.ADMINISTRATOR)
    grant = next(one.id for one in list_grants(room.lead.id) if one.role is LEAD)
    revoke_role(boss.origin, room.lead.id, grant)

    write_at(MORNING)

    assert "yours that ended" not in mailbox.to(room.qa.email)[0].get_content()
    assert "role lost: The role Team lead was taken back." in mailbox.to(room.lead.email)[0].get_content()


def test_waivers_to_decide_and_waivers_that_end_soon_are_told_to_those_whose_they_are(
    mailbox: Mailbox, make: Make, release: MadeRelease, worker: Made
):
    dba = make.person(Role.DBA)
    kind, reason = WaiverKind.OVERRIDE, WaiverReason.FALSE_ALARM
    for number, ends_on in ((0, DAY + timedelta(days=4)), (1, DAY + timedelta(days=90))):
        item = release.items[number]
        request_waiver(
            worker.origin,
            item.id,
            revision=item.revision,
            kind=kind,
            reason=reason,
            explanation="the check is wrong here",
            ends_on=ends_on,
        )
    [first, _] = db.session.scalars(select(Waiver.id).order_by(Waiver.id))
    decide_waiver(dba.origin, first, approve=True)

    write_at(MORNING)

    asker, decider = (mailbox.to(one.email)[0].get_content().replace("\r\n", "\n") for one in (worker, dba))
    assert "Waivers that expire soon (1)" in asker
    assert f"{release.items[0].text}, expires in 4 days" in asker
    assert "to decide" not in asker
    assert "Waivers to decide (1)" in decider
    assert f"{release.items[1].text} ({WaiverKind.OVERRIDE.label}, asked for by Ravi Kumar)" in decider


def test_who_has_nothing_gets_nothing_and_is_not_looked_at_again_that_day(
    mailbox: Mailbox, release: MadeRelease, worker: Made, statements: list[str]
):
    write_at(MORNING)
    owe(release, worker, YESTERDAY)
    statements.clear()
    write_at(MORNING + timedelta(hours=3))

    assert mailbox.to(worker.email) == []
    assert len(statements) < 6
    write_at(MORNING + timedelta(days=1))
    assert len(mailbox.to(worker.email)) == 1


def test_it_comes_once_a_day_and_once_after_a_day_without_a_worker(
    mailbox: Mailbox, release: MadeRelease, worker: Made
):
    owe(release, worker, YESTERDAY)
    for hours in (0, 1, 15, 24 + 24 + 5, 24 + 24 + 6, 24 + 24 + 24):
        write_at(MORNING + timedelta(hours=hours))

    moments = db.session.scalars(select(Mail.created_at).where(Mail.person_id == worker.id).order_by(Mail.id)).all()
    assert [at - MORNING for at in moments] == [timedelta(), timedelta(hours=53), timedelta(hours=72)]


def test_one_that_could_not_go_yesterday_gives_way_to_the_one_of_today(
    mailbox: Mailbox, release: MadeRelease, worker: Made
):
    owe(release, worker, YESTERDAY)
    mailbox.close()
    write_at(MORNING)
    mailbox.open()
    with pretending(MORNING + timedelta(days=1)):
        write_digests()
    write_at(MORNING + timedelta(days=1, minutes=1))

    [message] = mailbox.to(worker.email)
    assert f"{(MORNING + timedelta(days=1)).day} " in message.get_content().splitlines()[0]


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        # Clocks go forward in Berlin on 29 March 2026: seven is at six UTC the day before, at five on that day.
        ("Europe/Berlin", "2026-03-28T06:00:00"),
        ("Europe/Berlin", "2026-03-29T05:00:00"),
        # And back on 25 October.
        ("Europe/Berlin", "2026-10-25T06:00:00"),
        ("Asia/Kolkata", "2026-03-29T01:30:00"),
        ("Pacific/Kiritimati", "2026-03-28T17:00:00"),
        ("Pacific/Pago_Pago", "2026-03-29T18:00:00"),
        # Here the hour after midnight is the one that is left out.
        ("America/Santiago", "2026-09-06T10:00:00"),
    ],
)
def test_it_is_seven_in_the_morning_where_the_person_is(
    mailbox: Mailbox, release: MadeRelease, worker: Made, zone: str, at: str
):
    seven = datetime.fromisoformat(f"{at}+00:00")
    live_in(worker, zone)
    owe(release, worker, date(2026, 1, 1))
    db.session.execute(update(Person).where(Person.id != worker.id).values(digest_enabled=False))
    db.session.commit()
    write_at(seven - timedelta(hours=20))

    write_at(seven - timedelta(seconds=1))
    before = len(mailbox.taken)
    write_at(seven)

    assert (before, len(mailbox.taken)) == (1, 2)


def test_who_moves_to_another_time_zone_gets_no_second_one_for_the_same_day(
    mailbox: Mailbox, release: MadeRelease, worker: Made
):
    owe(release, worker, YESTERDAY)
    live_in(worker, "Asia/Tokyo")
    write_at(MORNING)
    live_in(worker, "America/Los_Angeles")
    write_at(MORNING + timedelta(hours=8))

    assert len(mailbox.to(worker.email)) == 1


def test_who_switched_it_off_gets_none_and_that_is_remembered(
    mailbox: Mailbox, make: Make, release: MadeRelease, worker: Made
):
    owe(release, worker, YESTERDAY)
    update_profile(
        worker.origin, revision=1, name=worker.name, time_zone="UTC", shortcuts_enabled=True, digest_enabled=False
    )

    write_at(MORNING)

    assert mailbox.to(worker.email) == []
    [event] = make.events("person.changed")
    assert (event.fact, event.old_value, event.new_value) == ("daily mail", "True", "False")


def test_who_has_left_or_not_joined_yet_gets_none(mailbox: Mailbox, make: Make, release: MadeRelease, worker: Made):
    invited = make.person(Role.DEVELOPER)
    owe(release, worker, YESTERDAY)
    owe(release, invited, YESTERDAY, 1)
    db.session.execute(update(Person).where(Person.id == invited.id).values(password_hash=None))
    db.session.commit()
    deactivate(make.person(Role.ADMINISTRATOR).origin, worker.id)

    write_at(MORNING)

    gone = {worker.id, invited.id}
    assert gone & set(db.session.scalars(select(Mail.person_id))) == set()
    assert mailbox.to(worker.email) == mailbox.to(invited.email) == []


def test_nothing_is_told_of_modules_that_one_may_not_see_any_more(
    mailbox: Mailbox, make: Make, release: MadeRelease, worker: Made
):
    owe(release, worker, YESTERDAY)
    boss = make.person(Role.ADMINISTRATOR)
    revoke_role(boss.origin, worker.id, list_grants(worker.id)[0].id)

    write_at(MORNING)

    assert mailbox.to(worker.email) == []


def test_where_mail_is_off_none_is_made_and_none_is_owed(
    app: Flask, mailbox: Mailbox, release: MadeRelease, worker: Made
):
    owe(release, worker, YESTERDAY)
    sends_to(app, "")
    write_at(MORNING)

    assert db.session.scalars(select(Mail)).all() == []
    assert db.session.scalar(select(Person.digest_made_on).where(Person.id == worker.id)) is None


def test_a_long_list_is_cut_and_says_how_much_more_there_is(mailbox: Mailbox, release: MadeRelease, worker: Made):
    for number in range(LINES_AT_MOST + 3):
        owe(release, worker, YESTERDAY, number)

    write_at(MORNING)

    text = mailbox.text()
    assert f"Late ({LINES_AT_MOST + 3})\n" in text
    assert text.count("/items/") == LINES_AT_MOST
    assert f"- and 3 more: {URL}/me/\n" in text


def test_it_takes_as_many_statements_for_many_lines_as_for_one(
    mailbox: Mailbox, make: Make, statements: list[str], release: MadeRelease, worker: Made
):
    counts = []
    for day, number in ((0, 1), (1, 8)):
        for each in range(number):
            owe(release, worker, YESTERDAY, day * 10 + each)
        db.session.execute(update(Person).where(Person.id != worker.id).values(digest_enabled=False))
        db.session.commit()
        statements.clear()
        with pretending(MORNING + timedelta(days=day)):
            write_digests()
        counts.append(len(statements))

    assert counts[0] == counts[1]


def test_an_own_request_and_one_of_another_module_are_for_others_to_decide(mailbox: Mailbox, make: Make):
    release = make.release(modules=2)
    module_id = db.session.scalars(select(Module.id).where(Module.key == release.modules[1])).one()
    # Sees everything and decides for one module.
    own, elsewhere = make.person(Role.DBA), make.person(Role.VIEWER)
    db.session.add(RoleGrant(person_id=elsewhere.id, role=Role.DBA, module_id=module_id))
    db.session.commit()
    item = release.items[0]
    request_waiver(own.origin, item.id, revision=1, reason=WaiverReason.OTHER, explanation="no schema here")

    write_at(MORNING)

    assert mailbox.to(own.email) == mailbox.to(elsewhere.email) == []
    assert "Waivers to decide (1)" in mailbox.to(release.lead.email)[0].get_content()


def test_what_ended_before_the_last_digest_is_no_news_and_neither_is_what_ended_weeks_ago(mailbox: Mailbox, make: Make):
    room = Room(make)
    room.sign(room.qa, QA)
    item = room.item()
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.DONE, reason="With a column.")
    news = "Sign-offs of yours that ended"
    db.session.execute(update(Person).where(Person.id == room.qa.id).values(digest_made_on=DAY - timedelta(days=30)))
    db.session.commit()

    write_at(MORNING + timedelta(days=6))
    write_at(MORNING + timedelta(days=7))
    first, second = (one.get_content() for one in mailbox.to(room.qa.email))
    assert (news in first, news in second) == (True, False)

    db.session.execute(update(Person).where(Person.id == room.qa.id).values(digest_made_on=DAY - timedelta(days=30)))
    db.session.commit()
    write_at(MORNING + timedelta(days=8))
    assert news not in mailbox.to(room.qa.email)[2].get_content()


def test_of_a_signoff_for_a_module_that_one_may_not_see_any_more_nothing_is_told(mailbox: Mailbox, make: Make):
    room = Room(make)
    room.sign(room.qa, QA)
    boss = make.person(Role.ADMINISTRATOR)
    revoke_role(boss.origin, room.qa.id, list_grants(room.qa.id)[0].id)

    write_at(MORNING)

    assert mailbox.to(room.qa.email) == []


def test_what_is_late_and_blocked_stands_there_once(mailbox: Mailbox, release: MadeRelease, worker: Made):
    item = owe(release, worker, YESTERDAY)
    set_state(worker.origin, item.id, revision=item.revision, state=ItemState.BLOCKED, reason="No server yet.")

    write_at(MORNING)

    assert mailbox.text().count(f"/items/{item.id}/") == 1
    assert "blocked: No server yet." in mailbox.text()
