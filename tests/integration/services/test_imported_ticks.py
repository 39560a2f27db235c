"""A document that was ticked: its ticks reach a checklist when somebody asks for them, in their own name."""

from dataclasses import replace

import pytest

from app.domain.checklist import ItemState, Severity
from app.domain.permissions import Role
from app.domain.template_content import Imported, content_digest
from app.queries.drafts import content_of_draft, get_draft
from app.queries.templates import VersionLine, get_newest_version
from app.services.adoption import TICKED_THERE, adopt
from app.services.imports import import_content
from app.services.publishing import publish
from app.services.templates import BUILT_IN
from tests.factories import MadeRelease, Make
from tests.versions import checklists_of, newest_content, seen, tick

PLANNED, TABLES, KILLER = "pre.schema-planned", "pre.tables-identified", "mig.rollback-tested"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def imported_version(release: MadeRelease, *done: str) -> VersionLine:
    """The built-in list out of a document in which some boxes were ticked, published as the next version."""
    content = replace(newest_content(), description=f"Brought in again, {len(done)} ticked.")
    found = Imported(content, frozenset(done))
    import_content(release.lead.origin, found, source="ours.md", into=BUILT_IN, with_ticks=True)
    digest = content_digest(content_of_draft(get_draft(BUILT_IN))).hex()
    publish(release.lead.origin, BUILT_IN, note="Out of our document.", seen=digest)
    return get_newest_version(BUILT_IN)


def test_ticks_of_the_document_are_brought_along_when_asked_by_whoever_adopts(release: MadeRelease, make: Make):
    version = imported_version(release, PLANNED, TABLES)

    adopt(release.lead.origin, version.id, seen(*checklists_of(release)), with_ticks=True)

    for key in (PLANNED, TABLES):
        item = release.item(key)
        assert (item.state, item.changed_by_id, item.reason) == (ItemState.DONE, release.lead.id, TICKED_THERE)
    events = make.events("item.state_changed")
    assert [(event.old_value, event.new_value, event.reason) for event in events] == [
        ("to do", "done", TICKED_THERE),
        ("to do", "done", TICKED_THERE),
    ]
    assert len({event.batch for event in events}) == 1
    assert release.item("mig.file-exists").state is ItemState.TODO


def test_a_hundred_ticks_take_as_many_statements_as_one(make: Make, statements: list[str]):
    counts = []
    for number in (1, 100):
        release = make.release()
        items = [row.key for row in release.items if row.severity is not Severity.KILLER]
        version = imported_version(release, *items[:number])
        adopting = seen(*checklists_of(release))
        statements.clear()
        adopt(release.lead.origin, version.id, adopting, with_ticks=True)
        counts.append(len(statements))
        assert sum(row.state is ItemState.DONE for row in release.items) == number

    assert counts[0] == counts[1]


def test_without_being_asked_for_none_is(release: MadeRelease):
    version = imported_version(release, PLANNED)

    adopt(release.lead.origin, version.id, seen(*checklists_of(release)))

    assert release.item(PLANNED).state is ItemState.TODO


def test_what_somebody_has_decided_here_and_killers_are_left_alone(release: MadeRelease, make: Make):
    worker = make.person(Role.DEVELOPER)
    tick(release, PLANNED, worker)
    version = imported_version(release, PLANNED, KILLER)
    assert release.item(KILLER).severity is Severity.KILLER

    adopt(release.lead.origin, version.id, seen(*checklists_of(release)), with_ticks=True)

    assert release.item(PLANNED).changed_by_id == worker.id
    assert release.item(KILLER).state is ItemState.TODO


def test_the_history_of_what_was_taken_away_and_came_back_says_both_states(release: MadeRelease, make: Make):
    version = imported_version(release)
    tick(release, TABLES)
    without = replace(
        newest_content(),
        groups=tuple(
            replace(group, items=tuple(item for item in group.items if item.key != TABLES))
            for group in newest_content().groups
        ),
    )
    import_content(release.lead.origin, Imported(without), source="ours.md", into=BUILT_IN)
    digest = content_digest(content_of_draft(get_draft(BUILT_IN))).hex()
    publish(release.lead.origin, BUILT_IN, note="Without one.", seen=digest)

    adopt(release.lead.origin, get_newest_version(BUILT_IN).id, seen(*checklists_of(release)))
    adopt(release.lead.origin, version.id, seen(*checklists_of(release)))

    [removed], [returned] = make.events("item.removed"), make.events("item.returned")
    assert (removed.old_value, removed.new_value) == ("done", "no longer asked")
    assert (returned.old_value, returned.new_value) == ("no longer asked", "done")
    assert release.item(TABLES).state is ItemState.DONE
