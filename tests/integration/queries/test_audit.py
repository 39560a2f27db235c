"""The history can be narrowed by anything and paged through in both directions without loss."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
import time_machine

from app.database import db
from app.domain.audit import AuditAction
from app.domain.checklist import ItemState
from app.domain.errors import NotFound
from app.domain.permissions import Role
from app.models import AuditEvent, Module, Release
from app.queries.audit import (
    PAGE,
    AuditFilter,
    count_events,
    list_item_events,
    list_last_events,
    read_names,
    read_page,
    stream_events,
)
from app.services.change import About, Change
from app.services.item_states import set_state
from app.services.items import add_comment
from app.services.write_path import write_path
from tests.factories import Made, MadeRelease, Make

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
ITEM = "pre.schema-planned"


@write_path
def remember(change: Change, number: int) -> bool:
    """Leave many events of one moment."""
    stream = change.take_subject("test", 0)
    for each in range(number):
        change.record(AuditAction.MODULE_CREATED, About("module", each, f"module {each}"), stream=stream)
    return True


@pytest.fixture
def auditor(make: Make) -> Made:
    return make.person(Role.AUDITOR)


def _pages(walk: Callable[[str], Any], key: str, way: str) -> list[list[bytes]]:
    """All pages from one end to the other."""
    pages = []
    while True:
        page = walk(key)
        pages.append([row.id for row in page.rows])
        key = getattr(page, way)
        if not key:
            return pages


@pytest.mark.parametrize("numbers", [[1], [PAGE], [PAGE + 1], [2 * PAGE], [30, 1, 70, 1, 45]])
def test_walking_back_and_forth_meets_every_event_once_in_order(make: Make, auditor: Made, numbers: list[int]):
    for minute, number in enumerate(numbers):
        with time_machine.travel(NOON + timedelta(minutes=minute // 2), tick=False):
            remember(make.lead().origin, number)
    wanted = AuditFilter(text="module ")
    everything = [row.id for part in stream_events(wanted, auditor.actor) for row in part]
    assert len(everything) == sum(numbers)

    back = _pages(lambda key: read_page(wanted, auditor.actor, before=key), "", "older")
    assert [number for page in back for number in page] == everything
    assert {len(page) for page in back[:-1]} <= {PAGE}

    oldest = read_page(wanted, auditor.actor, before=_last_key(wanted, auditor))
    forth = (
        _pages(lambda key: read_page(wanted, auditor.actor, after=key), oldest.newer, "newer") if oldest.newer else []
    )
    met = [number for page in reversed(forth) for number in page] + [row.id for row in oldest.rows]
    assert met == everything


def _last_key(wanted: AuditFilter, auditor: Made) -> str:
    """The key behind which the last page begins; empty when there is one page only."""
    key = ""
    while (page := read_page(wanted, auditor.actor, before=key)).older:
        key = page.older
    return key


def test_what_happens_meanwhile_moves_no_page(make: Make, auditor: Made):
    with time_machine.travel(NOON, tick=False):
        remember(make.lead().origin, PAGE + 10)
    wanted = AuditFilter(text="module ")
    first = read_page(wanted, auditor.actor)

    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        remember(make.lead().origin, 20)
    second = read_page(wanted, auditor.actor, before=first.older)

    assert len(second.rows) == 10
    assert not {row.id for row in first.rows} & {row.id for row in second.rows}
    assert (first.total, second.total) == (PAGE + 10, PAGE + 30)


def test_the_newest_page_has_nothing_newer_and_the_oldest_nothing_older(make: Make, auditor: Made):
    remember(make.lead().origin, 3)

    page = read_page(AuditFilter(text="module "), auditor.actor)

    assert (page.newer, page.older) == (None, None)


@pytest.mark.parametrize("key", ["nonsense", "_", "9999-99-99T12:00:00_00", "2026-11-02T12:00:00+00:00_xyz"])
def test_a_key_that_no_page_has_given_is_not_found(auditor: Made, key: str):
    with pytest.raises(NotFound):
        read_page(AuditFilter(), auditor.actor, before=key)
    with pytest.raises(NotFound):
        read_page(AuditFilter(), auditor.actor, after=key)


def test_no_event_at_all_is_an_empty_page(auditor: Made):
    page = read_page(AuditFilter(text="never said"), auditor.actor)

    assert (list(page.rows), page.total, page.older, page.newer) == ([], 0, None, None)


def _fits(event: AuditEvent, wanted: AuditFilter) -> bool:
    module = db.session.get(Module, event.module_id) if event.module_id else None
    release = db.session.get(Release, event.release_id) if event.release_id else None
    texts = (event.object_label, event.old_value, event.new_value, event.reason)
    return all(
        [
            wanted.since is None or event.occurred_at >= wanted.since,
            wanted.until is None or event.occurred_at < wanted.until,
            wanted.actor_id is None or event.actor_id == wanted.actor_id,
            not wanted.module_key or (module is not None and module.key == wanted.module_key),
            not wanted.release_key or (release is not None and release.key == wanted.release_key),
            not wanted.action or event.action.value == wanted.action,
            not wanted.request_id or event.request_id == wanted.request_id,
            not wanted.text or any(wanted.text.lower() in text.lower() for text in texts),
        ]
    )


def _busy_hours(make: Make) -> tuple[Made, MadeRelease]:
    developer, qa = make.person(Role.DEVELOPER), make.person(Role.QA)
    with time_machine.travel(NOON - timedelta(hours=3), tick=False):
        releases = [make.release(modules=2), make.release()]
    for hour, release in enumerate(releases * 2):
        with time_machine.travel(NOON + timedelta(hours=hour), tick=False):
            item = release.item(ITEM)
            set_state(developer.origin, item.id, revision=item.revision, state=ItemState.BLOCKED, reason=f"hour {hour}")
            add_comment(qa.origin, item.id, text="100% of_it \\ said")
    return developer, releases[0]


def test_every_pair_of_filters_gives_what_a_plain_search_gives(make: Make, auditor: Made):
    developer, release = _busy_hours(make)
    events = make.events()
    values = {
        "since": NOON,
        "until": NOON + timedelta(hours=2),
        "actor_id": developer.id,
        "module_key": release.modules[0],
        "release_key": release.key,
        "action": "item.state_changed",
        "text": "hour 2",
        "request_id": "test",
    }

    for number in (1, 2):
        for names in combinations(values, number):
            wanted = AuditFilter(**{name: values[name] for name in names})
            expected = {event.id for event in events if _fits(event, wanted)}
            found = [row.id for part in stream_events(wanted, auditor.actor) for row in part]
            assert set(found) == expected, names
            assert len(found) == len(expected) == count_events(wanted, auditor.actor), names


def test_all_filters_together_narrow_to_one(make: Make, auditor: Made):
    developer, release = _busy_hours(make)
    wanted = AuditFilter(
        NOON, NOON + timedelta(hours=9), developer.id, release.modules[0], release.key, "item.state_changed", "hour 2"
    )

    assert [row.reason for row in read_page(wanted, auditor.actor).rows] == ["hour 2"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("100%", True), ("of_it", True), ("\\ said", True), ("100_", False), ("ofxit", False), ("%", True)],
)
def test_a_text_is_searched_for_as_it_is_typed(make: Make, auditor: Made, text: str, found: bool):
    _busy_hours(make)

    assert (count_events(AuditFilter(text=text), auditor.actor) > 0) is found


def test_a_moment_belongs_to_the_hour_that_begins_with_it(make: Make, auditor: Made):
    _busy_hours(make)

    def number(since: datetime, until: datetime) -> int:
        return count_events(AuditFilter(since=since, until=until), auditor.actor)

    assert number(NOON, NOON + timedelta(hours=1)) == 2
    assert number(NOON + timedelta(microseconds=1), NOON + timedelta(hours=1)) == 0


def test_an_unknown_action_is_nobodys(auditor: Made):
    assert count_events(AuditFilter(action="item.state_changed"), auditor.actor) == 0


def test_the_history_of_an_item_is_its_own_the_newest_first(make: Make):
    _, release = _busy_hours(make)
    item = release.item(ITEM)

    rows = list_item_events(item.id)

    assert [row.action.value for row in rows] == ["item.commented", "item.state_changed"] * 2
    assert {row.object_id for row in rows} == {item.id}
    assert {row.module_id is not None for row in rows} == {True}


def test_what_could_be_taken_back_is_ones_own_newest_change_of_state(make: Make):
    developer, release = _busy_hours(make)
    item = release.item(ITEM)

    newest = make.events("item.state_changed", object_id=item.id)[-1]
    since = newest.occurred_at

    assert list_last_events([item.id], developer.id, since) == {item.id: (newest.id, newest.occurred_at)}
    assert list_last_events([item.id], developer.id, NOON) == {item.id: (newest.id, newest.occurred_at)}
    assert list_last_events([item.id], developer.id, since + timedelta(microseconds=1)) == {}
    assert list_last_events([item.id], release.lead.id, NOON) == {}


def test_a_number_in_the_history_has_a_name_on_the_page(make: Make):
    person = make.person(name="Asha Shah")

    assert read_names().people[person.id] == "Asha Shah"
