"""Duties that recur, done and missed: told once, never back-dated, whoever was down."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from app.catalogue.duties import read_duties
from app.catalogue.reader import LineKind, read_catalogue
from app.database import db
from app.domain.audit import moment_text
from app.domain.duties import DutyState, TurnKind
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.models import DutyOmission, DutyRecord, DutySchedule, DutyStrike, DutyTurn, Stream
from app.models.base import pretending, table_of
from app.queries.duties import list_duties
from app.services.duties import DutyWish, Place, add_starting_duties, create_duty, turn_duty, update_duty
from app.services.duty_records import strike_record, tick_duty
from app.services.modules import archive_module
from tests.duties import BERLIN, DAILY, MONTHLY, NEW_YORK, add, look, moment, tick, told, wish, work
from tests.factories import Made, Make


@pytest.fixture
def lead(make: Make) -> Made:
    return make.lead()


@pytest.fixture
def ops(make: Make) -> Made:
    return make.person(Role.OPS, name="Sam Reed")


def test_the_starting_document_has_its_fifteen_duties():
    keys = [line.key for line in read_catalogue().other_lines if line.kind is LineKind.RECURRING_TASK]

    assert [one.key for one in read_duties()] == keys
    assert len(keys) == 15
    assert all(one.schedule.period.value == one.key.split(".")[1] for one in read_duties())


def test_the_fifteen_are_added_once_and_what_is_missing_again(make: Make, lead: Made):
    module = make.module(lead=lead)

    assert add_starting_duties(lead.origin, Place(), time_zone=BERLIN) == 15
    assert add_starting_duties(lead.origin, Place(), time_zone=BERLIN) == 0
    assert add_starting_duties(lead.origin, Place(module.id), time_zone=BERLIN) == 15
    created = told(make, "duty.created")
    assert len(created) == 30
    assert created[0]["after"]["schedule"]["time_zone"] == BERLIN
    assert {body["module_id"] for body in created} == {None, module.id}


def test_whoever_adds_takes_what_it_is_for(make: Make, lead: Made):
    module = make.module(lead=lead)

    def version(kind: str, subject: int) -> int:
        known = select(Stream.version).where(Stream.kind == kind, Stream.subject_id == subject)
        return db.session.scalar(known) or 0

    before = version("settings", 0), version("module", module.id)
    for place in (Place(), Place(module.id)):
        add(lead, place=place)

    assert version("settings", 0) > before[0]
    assert version("module", module.id) > before[1]


def test_a_tick_is_a_record_with_value_note_and_the_moment(make: Make, lead: Made, ops: Made):
    duty = add(lead, MONTHLY)

    record = tick(ops, duty, "2026-01-12 09:00", "3 errors")

    row = look(ops, duty, "2026-01-12 10:00")
    assert (row.state, row.last.name, row.last.at) == (DutyState.UP, "Sam Reed", moment("2026-01-12 09:00"))
    [body] = told(make, "duty.ticked")
    assert body["after"] == {
        "record": record,
        "schedule": row.facts.revision.id,
        "on": "2026-01-10",
        "value": "3 errors",
        "due_at": "2026-01-10T16:00:00.000000Z",
        "ends_at": "2026-01-15T16:00:00.000000Z",
        "recorded_at": "2026-01-12T09:00:00.000000Z",
        "outcome": "done late",
    }


def test_the_second_who_ticks_is_told_who_did(make: Make, lead: Made, ops: Made):
    duty = add(lead, MONTHLY)
    tick(ops, duty, "2026-01-09 09:00")

    with pytest.raises(RuleViolation, match="Sam Reed did it already, at 2026-01-09 09:00 UTC"):
        tick(lead, duty, "2026-01-09 09:01")

    assert len(told(make, "duty.ticked")) == 1


def test_a_missed_period_cannot_be_ticked_afterwards(make: Make, lead: Made, ops: Made):
    duty = add(lead, MONTHLY)

    with pytest.raises(RuleViolation, match="is over"):
        tick(ops, duty, "2026-01-15 16:00", on=date(2026, 1, 10))

    assert look(ops, duty, "2026-01-15 16:00").state is DutyState.MISSED
    tick(ops, duty, "2026-01-15 16:01", "done at last")
    assert look(ops, duty, "2026-01-15 16:02").state is DutyState.UP
    work(moment("2026-01-16 08:00"))
    assert [body["after"]["on"] for body in told(make, "duty.missed")] == ["2026-01-10"]


DAYS = [date(2026, 2, 1) + timedelta(days=number) for number in range(68)]
# The worker is down on days of both changes, and once for two days.
DOWN = {date(2026, 3, 8), date(2026, 3, 29), date(2026, 3, 30)}


def local(day: date, clock: int, zone: str) -> datetime:
    return datetime.combine(day, time(clock), ZoneInfo(zone)).astimezone(UTC)


def missed_days(zone: str, done: set[date]) -> list[tuple[str, str, str]]:
    """What has to be told, worked out day by day."""
    dues = [(day, local(day, 17, zone)) for day in DAYS if day not in done]
    return [(f"{day}", moment_text(due), moment_text(due + timedelta(hours=6))) for day, due in dues]


def test_over_a_quarter_every_missed_day_is_told_once_with_its_true_moments(make: Make, lead: Made, ops: Made):
    """Clocks change in both zones, the worker was down for two days, and else it runs twice."""
    duties = {zone: add(lead, replace(DAILY, time_zone=zone), "2026-01-31 23:30") for zone in (BERLIN, NEW_YORK)}
    done = {zone: set(DAYS[number::5]) for number, zone in enumerate(duties)}

    for day in DAYS:
        for zone, duty in duties.items():
            if day in done[zone]:
                tick(ops, duty, f"{local(day, 16, zone):%Y-%m-%d %H:%M}")
        for _ in range(0 if day in DOWN else 2):
            work(datetime.combine(day + timedelta(days=1), time(12), UTC))

    missed = told(make, "duty.missed")
    for zone, duty in duties.items():
        found = [body["after"] for body in missed if body["object"]["id"] == duty]
        assert [(one["on"], one["due_at"], one["ends_at"]) for one in found] == missed_days(zone, done[zone])
        # Only what is new is looked at again.
        assert look(lead, duty, "2026-04-10 12:00").told_until_at > moment("2026-04-08 12:00")
    # When it was written is when it was written.
    assert all(body["at"] > body["after"]["ends_at"] for body in missed)


def test_the_worker_looks_on_from_where_it_was_also_when_all_is_done(lead: Made, ops: Made):
    duty = add(lead, MONTHLY)
    tick(ops, duty, "2026-01-09 09:00")

    work(moment("2026-02-01 12:00"))

    assert look(lead, duty, "2026-02-01 13:00").told_until_at >= moment("2026-02-01 12:00")


def test_a_struck_record_stays_and_its_period_is_open_again_while_there_is_grace(make: Make, lead: Made, ops: Made):
    duty = add(lead, MONTHLY)
    record = tick(ops, duty, "2026-01-12 09:00", "0")

    with pretending(moment("2026-01-13 09:00")):
        strike_record(ops.origin, duty, record, reason="The wrong server.")

    assert look(ops, duty, "2026-01-13 09:00").state is DutyState.LATE
    again = tick(ops, duty, "2026-01-13 09:05", "4")
    assert db.session.get_one(DutyRecord, record).value == "0"
    assert db.session.get_one(DutyRecord, again).turn == 2
    [body] = told(make, "duty.struck")
    assert (body["why"], body["before"]["record"]) == ("The wrong server.", record)
    with pytest.raises(RuleViolation, match="already"):
        strike_record(lead.origin, duty, record, reason="Again.")


def test_what_is_struck_after_its_time_was_missed_and_the_history_is_told(make: Make, lead: Made, ops: Made):
    duty = add(lead, MONTHLY)
    record = tick(ops, duty, "2026-01-12 09:00")
    work(moment("2026-03-05 09:00"))
    assert [body["after"]["on"] for body in told(make, "duty.missed")] == ["2026-02-10"]

    with pretending(moment("2026-03-05 10:00")):
        strike_record(lead.origin, duty, record, reason="Nobody looked.")
    work(moment("2026-03-05 11:00"))
    work(moment("2026-03-05 12:00"))

    assert [body["after"]["on"] for body in told(make, "duty.missed")] == ["2026-02-10", "2026-01-10"]


def test_a_record_is_struck_by_who_made_it_or_a_lead_and_with_a_reason(make: Make, lead: Made, ops: Made):
    duty = add(lead, MONTHLY)
    record = tick(ops, duty, "2026-01-09 09:00")

    with pytest.raises(NotPermitted, match="who made it"):
        strike_record(make.person(Role.DBA).origin, duty, record, reason="Mine is better.")
    with pytest.raises(InvalidInput):
        strike_record(ops.origin, duty, record, reason="")
    with pytest.raises(NotFound):
        strike_record(lead.origin, add(lead), record, reason="Another duty's.")


def test_a_changed_schedule_is_a_row_more_and_judges_only_what_comes(make: Make, lead: Made, ops: Made):
    duty = add(lead, MONTHLY)
    with pretending(moment("2026-01-20 09:00")):
        update_duty(lead.origin, duty, wish(replace(MONTHLY, day=25, grace_days=0), title="Read the logs"), revision=1)

    row = look(ops, duty, "2026-01-21 09:00")
    assert (row.state, row.title, row.revision) == (DutyState.MISSED, "Read the logs", 2)
    assert f"{row.standing.upcoming.due_at:%m-%d}" == "01-25"
    [changed], [moved] = told(make, "duty.changed"), told(make, "duty.rescheduled")
    assert (changed["old"], changed["new"]) == ("Look at the logs", "Read the logs")
    assert moved["after"]["schedule"]["day"] == 25
    assert moved["after"]["since_at"] == "2026-01-20T09:00:00.000000Z"
    with pytest.raises(Conflict):
        update_duty(lead.origin, duty, wish(), revision=1)


def test_a_pause_excuses_and_is_told_with_its_reason(make: Make, lead: Made, ops: Made):
    duty = add(lead)
    for at, kind in (("2026-01-02 09:00", TurnKind.PAUSED), ("2026-01-05 09:00", TurnKind.RESUMED)):
        with pretending(moment(at)):
            turn_duty(lead.origin, duty, kind, reason="The office is closed.")
    work(moment("2026-01-06 12:00"))

    assert [body["after"]["on"] for body in told(make, "duty.missed")] == ["2026-01-01", "2026-01-05"]
    [pause, _] = told(make, "duty.turned")
    assert (pause["new"], pause["why"]) == ("paused", "The office is closed.")
    with pytest.raises(InvalidInput):
        turn_duty(lead.origin, duty, TurnKind.PAUSED)
    with pytest.raises(RuleViolation):
        turn_duty(lead.origin, duty, TurnKind.RESUMED)


def test_of_an_archived_duty_or_module_nothing_is_asked(make: Make, lead: Made):
    module = make.module(lead=lead)
    archived, _ = add(lead), add(lead, place=Place(module.id))
    turn_duty(lead.origin, archived, TurnKind.ARCHIVED, reason="Nobody needs it.")
    archive_module(lead.origin, module.key)

    assert list_duties(lead.actor, datetime.now(UTC)) == []
    assert [row.id for row in list_duties(lead.actor, datetime.now(UTC), is_archived=True)] == [archived]
    work(datetime.now(UTC) + timedelta(days=2))
    assert {body["object"]["id"] for body in told(make, "duty.missed")} <= {archived}


def test_who_may_do_what(make: Make, lead: Made):
    module = make.module(lead=lead)
    for_all, for_one = add(lead), add(lead, place=Place(module.id))
    insider, stranger = (make.person(Role.DEVELOPER, module_id=one) for one in (module.id, make.module().id))
    viewer = make.person(Role.VIEWER)

    assert [row.id for row in list_duties(insider.actor, datetime.now(UTC))] == [for_one]
    for who, duty, refusal in (
        (viewer, for_one, NotPermitted),
        (stranger, for_one, NotFound),
        (insider, for_all, NotFound),
    ):
        with pytest.raises(refusal):
            tick_duty(who.origin, duty, on=None)
    assert tick_duty(insider.origin, for_one, on=None)
    for act in (
        lambda: create_duty(insider.origin, Place(module.id), wish()),
        lambda: update_duty(insider.origin, for_one, wish(), revision=1),
        lambda: turn_duty(insider.origin, for_one, TurnKind.PAUSED, reason="No."),
        lambda: add_starting_duties(insider.origin, Place(), time_zone="UTC"),
    ):
        with pytest.raises(NotPermitted):
            act()
    local_lead = make.lead(module_id=module.id)
    with pytest.raises(NotPermitted):
        create_duty(local_lead.origin, Place(), wish())
    with pytest.raises(InvalidInput):
        create_duty(local_lead.origin, Place(make.module().id), wish())
    with pytest.raises(InvalidInput):
        create_duty(local_lead.origin, Place(module.id, 987654), wish())


@pytest.mark.parametrize(
    "wrong",
    [
        DutyWish("", "", Role.OPS, DAILY),
        DutyWish("Look", "", Role.VIEWER, DAILY),
        DutyWish("Look", "", Role.OPS, replace(DAILY, time_zone="Middle/Earth")),
    ],
)
def test_what_cannot_be_asked_of_anybody_is_refused(make: Make, lead: Made, wrong: DutyWish):
    with pytest.raises(InvalidInput):
        create_duty(lead.origin, Place(), wrong)

    assert make.events("duty.created") == []


def test_two_duties_of_one_title_have_keys_of_their_own(lead: Made):
    keys = [look(lead, add(lead), "2026-01-02").key for _ in range(2)]

    assert keys == ["own.look-at-the-logs", "own.look-at-the-logs-2"]


@pytest.mark.parametrize("model", [DutySchedule, DutyRecord, DutyStrike, DutyTurn, DutyOmission])
def test_the_database_changes_no_row_that_is_only_added(make: Make, lead: Made, model: type):
    duty = add(lead, MONTHLY)
    strike_record(lead.origin, duty, tick(lead, duty, "2026-01-09 09:00"), reason="Wrong.")
    turn_duty(lead.origin, duty, TurnKind.PAUSED, reason="Wait.")
    work(datetime.now(UTC))
    table = table_of(model)

    for statement in (delete(table), update(table).values(id=table.c.id)):
        with pytest.raises(DBAPIError, match="only ever added"), db.session.begin_nested():
            db.session.execute(statement)
