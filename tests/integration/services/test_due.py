"""Items that are due by a rule get their day when the checklist is made, and follow the planned day of the release."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, update

from app.database import db
from app.domain.template_content import DueAnchor, DueRule, GroupContent
from app.models import Checklist, ChecklistItem
from app.models.base import pretending
from app.queries.releases import get_release
from app.services.items import assign
from app.services.release_modules import add_modules
from app.services.releases import ReleaseFacts, add_change, update_release
from tests.factories import MadeRelease, Make
from tests.versions import newest_content, publish

MADE = datetime(2026, 11, 2, 9, tzinfo=UTC)
PLANNED, MOVED = date(2026, 11, 27), date(2026, 12, 4)  # Fridays
BY_RELEASE, BY_CHECKLIST, OTHER = "prep.backup-procedure", "pre.schema-planned", "mig.file-exists"
OF_CHANGE, OF_RELEASE = "vc.pre.reviewed", "rel.notes"


def _due(rules: dict[str, DueRule]) -> None:
    """Publish the template with items that are due by rules."""

    def ruled(group: GroupContent) -> GroupContent:
        return replace(group, items=tuple(replace(item, due=rules.get(item.key, item.due)) for item in group.items))

    content = newest_content()
    publish(replace(content, groups=tuple(ruled(group) for group in content.groups)))


@pytest.fixture
def release(make: Make) -> MadeRelease:
    """A release made on a Monday from a template with due dates."""
    _due(
        {
            BY_RELEASE: DueRule(DueAnchor.RELEASE_PLANNED, -6, weekdays_only=True),
            OTHER: DueRule(DueAnchor.RELEASE_PLANNED, -1),
            BY_CHECKLIST: DueRule(DueAnchor.CHECKLIST_CREATED, 5, weekdays_only=True),
            OF_CHANGE: DueRule(DueAnchor.RELEASE_PLANNED, 0),
            OF_RELEASE: DueRule(DueAnchor.RELEASE_PLANNED, 0),
        }
    )
    with pretending(MADE):
        return make.release(planned_on=PLANNED)


def _plan(release: MadeRelease, day: date | None, *, name: str | None = None) -> None:
    now = get_release(release.key, release.lead.actor)
    facts = ReleaseFacts(name or now.name, day, now.notes)
    update_release(release.lead.origin, release.key, facts, revision=now.revision)


def test_items_are_due_as_their_rules_say(release: MadeRelease):
    days = {row.key: row.due_on for row in release.items if row.due_on}

    assert days == {
        # The sixth day before is a Saturday, the fifth after too.
        BY_RELEASE: date(2026, 11, 20),
        OTHER: date(2026, 11, 26),
        BY_CHECKLIST: date(2026, 11, 9),
    }


def test_modules_that_come_together_are_all_due(make: Make, release: MadeRelease):
    modules = [make.module().id for _ in range(3)]

    with pretending(MADE):
        add_modules(release.lead.origin, release.key, tuple(modules))

    due = select(func.count(ChecklistItem.id)).join(Checklist, Checklist.id == ChecklistItem.checklist_id)
    due = due.where(ChecklistItem.due_on.is_not(None))
    assert [db.session.scalar(due.where(Checklist.module_id == number)) for number in modules] == [3, 3, 3]


def test_what_is_due_by_the_release_follows_its_day_with_one_event_a_checklist(make: Make, release: MadeRelease):
    add_change(release.lead.origin, release.key, release.modules[0], 7, title="Add tables", link="")

    _plan(release, MOVED)

    assert release.item(BY_RELEASE).due_on == date(2026, 11, 27)
    assert (release.item(OTHER).due_on, release.item(OTHER).revision) == (date(2026, 12, 3), 2)
    assert (release.item(BY_CHECKLIST).due_on, release.item(BY_CHECKLIST).revision) == (date(2026, 11, 9), 1)
    module, name = release.modules[0].capitalize().replace("-", " "), f"Release {release.key}"
    told = {(entry.object_label, entry.new_value) for entry in make.events("checklist.due_moved")}
    assert told == {
        (f"{module} in {name}", "2 due dates"),
        (f"{module} in {name}, change !7 Add tables", "1 due date"),
        (f"release {name}", "1 due date"),
    }
    body = json.loads(make.events("checklist.due_moved")[0].body)
    assert (body["before"], body["after"]["planned_on"]) == ({"planned_on": "2026-11-27"}, "2026-12-04")


def test_what_somebody_set_by_hand_stays(make: Make, release: MadeRelease):
    item = release.item(OTHER)
    by_hand = date(2026, 11, 12)
    assign(release.lead.origin, item.id, revision=1, assignee_id=None, due_on=by_hand)
    cleared = release.item(BY_RELEASE)
    assign(release.lead.origin, cleared.id, revision=1, assignee_id=None, due_on=None)

    _plan(release, MOVED)

    assert (release.item(OTHER).due_on, release.item(BY_RELEASE).due_on) == (by_hand, None)
    assert [entry.object_label for entry in make.events("checklist.due_moved")] == [f"release Release {release.key}"]


def test_without_a_day_nothing_is_due_and_with_one_again_it_is(release: MadeRelease):
    _plan(release, None)
    assert (release.item(OTHER).due_on, release.item(BY_CHECKLIST).due_on) == (None, date(2026, 11, 9))

    _plan(release, MOVED)
    assert release.item(OTHER).due_on == date(2026, 12, 3)


def test_a_release_without_a_day_gives_none_when_its_checklists_are_made(make: Make, release: MadeRelease):
    later = make.release()

    assert {row.key for row in later.items if row.due_on} == {BY_CHECKLIST}


def test_another_name_of_the_release_moves_nothing(make: Make, release: MadeRelease):
    _plan(release, PLANNED, name="Another name")

    assert make.events("checklist.due_moved") == []
    assert release.item(OTHER).revision == 1


def test_moving_the_day_takes_as_many_statements_for_more_items(make: Make, statements: list[str]):
    counts = []
    for keys in ([OTHER], [row.key for row in make.release().items][:60]):
        _due({key: DueRule(DueAnchor.RELEASE_PLANNED, -1) for key in keys})
        release = make.release(planned_on=PLANNED)
        statements.clear()
        _plan(release, MOVED)
        counts.append(len(statements))
        assert sum(row.due_on == date(2026, 12, 3) for row in release.items) == len(keys)

    assert counts[0] == counts[1]


def test_the_day_by_hand_of_one_item_does_not_hold_the_others(release: MadeRelease):
    db.session.execute(update(ChecklistItem).where(ChecklistItem.key == OTHER).values(due_on=date(2026, 1, 1)))
    db.session.commit()

    _plan(release, MOVED)

    assert release.item(OTHER).due_on == date(2026, 1, 1)
    assert release.item(BY_RELEASE).due_on == date(2026, 11, 27)
