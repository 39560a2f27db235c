"""Figures are added and struck, never changed; each leaves an event that says all of it."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.database import db
from app.domain.actors import Origin
from app.domain.errors import InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.figures import FigureFacts, FigureKind
from app.domain.periods import Period
from app.domain.permissions import Role
from app.models import Figure, FigureStrike, Module, Release
from app.models.base import utc_now
from app.queries.figures import list_figure_facts
from app.services.figures import strike_figure, type_figure
from tests.factories import Made, MadeRelease, Make

TODAY = utc_now().date()
COVERAGE = FigureFacts(
    FigureKind.TEST_COVERAGE, Decimal("87.5"), TODAY, "nightly build", link="https://ci.example.org/1"
)
UPTIME = FigureFacts(FigureKind.UPTIME, Decimal("99.95"), TODAY, "the monitor", starts_on=TODAY - timedelta(days=9))


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def worker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


def kept(worker: Made, release: MadeRelease, facts: FigureFacts = COVERAGE) -> int:
    return type_figure(worker.origin, release.modules[0], facts, today=TODAY)


def counted(release: MadeRelease, span: int = 30) -> list[float]:
    module = db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()
    return [one.value for one in list_figure_facts([module], Period(TODAY - timedelta(days=span), TODAY))]


def test_a_figure_is_kept_as_it_was_typed_and_its_event_says_all_of_it(make: Make, release: MadeRelease, worker: Made):
    number = kept(worker, release, replace(COVERAGE, release_key=release.key, answers=7))

    row = db.session.get_one(Figure, number)
    of_release = db.session.scalars(select(Release.id).where(Release.key == release.key)).one()
    assert (row.value, row.release_id, row.typed_by_id) == (Decimal("87.5"), of_release, worker.id)
    assert row.answers is None  # nobody was asked for a coverage
    (event,) = make.events("figure.typed")
    assert (event.fact, event.new_value, event.reason) == ("Test coverage", "87.5 %", "nightly build")
    assert json.loads(event.body)["after"] == {
        "module_id": row.module_id,
        "release_id": of_release,
        "kind": "test-coverage",
        "value": "87.5",
        "answers": None,
        "starts_on": None,
        "measured_on": TODAY.isoformat(),
        "source": "nightly build",
        "link": "https://ci.example.org/1",
    }


def test_a_figure_sent_twice_is_kept_once(make: Make, release: MadeRelease, worker: Made):
    origin = worker.origin
    again = Origin(origin.actor, request_id="test", key=origin.key)

    numbers = {type_figure(one, release.modules[0], COVERAGE, today=TODAY) for one in (origin, again)}

    assert len(numbers) == len(make.events("figure.typed")) == 1


def test_a_struck_figure_counts_nowhere_and_stays(make: Make, release: MadeRelease, worker: Made):
    number = kept(worker, release)
    assert counted(release) == [87.5]

    strike_figure(worker.origin, number, reason="It was the other module.")

    assert counted(release) == []
    assert db.session.get_one(Figure, number).value == Decimal("87.5")
    (event,) = make.events("figure.struck")
    assert (event.object_id, event.old_value, event.reason) == (number, "87.5 %", "It was the other module.")
    with pytest.raises(RuleViolation, match="struck already"):
        strike_figure(worker.origin, number, reason="Again.")
    assert len(db.session.scalars(select(FigureStrike)).all()) == 1


def test_it_is_struck_with_a_reason(release: MadeRelease, worker: Made):
    number = kept(worker, release)

    with pytest.raises(InvalidInput, match="what is wrong"):
        strike_figure(worker.origin, number, reason="")


def test_a_day_of_uptime_is_recorded_once(release: MadeRelease, worker: Made):
    first = kept(worker, release, UPTIME)
    overlapping = replace(UPTIME, starts_on=TODAY, measured_on=TODAY)
    with pytest.raises(InvalidInput, match=f"in record {first} already"):
        kept(worker, release, overlapping)
    kept(worker, release, replace(UPTIME, starts_on=date(2026, 1, 1), measured_on=UPTIME.starts_on - timedelta(days=1)))

    strike_figure(worker.origin, first, reason="The monitor was off.")

    assert kept(worker, release, overlapping)


def test_a_record_that_reaches_into_a_period_is_read(release: MadeRelease, worker: Made):
    kept(worker, release, UPTIME)

    assert counted(release, span=0) == [99.95]


def test_who_does_not_work_on_a_module_types_nothing_about_it(make: Make, release: MadeRelease, worker: Made):
    number = kept(worker, release)
    with pytest.raises(NotPermitted):
        kept(make.person(Role.VIEWER), release)
    with pytest.raises(NotPermitted):
        strike_figure(make.person(Role.VIEWER).origin, number, reason="No.")
    stranger = make.person(Role.DEVELOPER, module_id=make.module().id)
    with pytest.raises(NotFound):
        kept(stranger, release)
    with pytest.raises(NotFound):
        strike_figure(stranger.origin, number, reason="No.")
    assert counted(release) == [87.5]


def test_a_figure_names_no_release_that_does_not_hold_the_module(make: Make, release: MadeRelease, worker: Made):
    with pytest.raises(InvalidInput, match="not in this release"):
        kept(worker, release, replace(COVERAGE, release_key=make.release().key))


def test_what_cannot_have_been_measured_is_not_kept(release: MadeRelease, worker: Made):
    with pytest.raises(InvalidInput, match="has not come yet"):
        kept(worker, release, replace(COVERAGE, measured_on=TODAY + timedelta(days=1)))
    assert counted(release) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE figures SET value = 100",
        "DELETE FROM figures",
        "UPDATE figure_strikes SET reason = ''",
        "DELETE FROM figure_strikes",
    ],
)
def test_the_database_itself_changes_no_figure(release: MadeRelease, worker: Made, statement: str):
    strike_figure(worker.origin, kept(worker, release), reason="Wrong.")

    with pytest.raises(DBAPIError, match="only ever added"), db.session.begin_nested():
        db.session.execute(text(statement))
