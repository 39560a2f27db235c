"""Adopting a template version: what stays with its stable key, what comes, what goes, and what is asked again."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.checklist import ItemState, Severity
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.domain.waiver_kinds import WaiverReason
from app.models import Checklist, Module, Waiver
from app.models.base import utc_now
from app.queries.adoption import list_heads
from app.queries.checklists import get_module_checklist
from app.queries.groups import list_groups
from app.queries.register import list_pending
from app.queries.rows import list_rows
from app.queries.templates import get_version
from app.queries.verification import find_faults
from app.services.adoption import adopt
from app.services.item_states import set_state
from app.services.items import add_comment, assign, set_value
from app.services.releases import ship_release
from app.services.templates import BUILT_IN
from app.services.waivers import decide_waiver, request_waiver
from tests.factories import MadeRelease, Make
from tests.versions import bring, checklists_of, edited, gone, newest_content, publish, said, seen, tick, with_item

PLANNED, TABLES = "pre.schema-planned", "pre.tables-identified"
NEW = ItemContent("pre.reviewed-by-two", "Two people looked at the plan", severity=Severity.KILLER)


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def test_a_new_item_comes_as_to_do_in_its_place(release: MadeRelease):
    version = publish(with_item(newest_content(), "pre-development", NEW, at=1))

    bring(release, version)

    item = release.item(NEW.key)
    assert (item.state, item.text, item.severity, item.revision) == (ItemState.TODO, NEW.text, Severity.KILLER, 1)
    keys = [row.key for row in release.items]
    assert keys[:3] == [PLANNED, NEW.key, TABLES]
    assert len(keys) == 148


def test_everything_that_was_done_stays_with_the_stable_key(release: MadeRelease, make: Make):
    lead, developer = release.lead, make.person(Role.DEVELOPER)
    item = release.item(PLANNED)
    set_value(lead.origin, item.id, revision=1, value="https://example.org/plan", link="")
    assign(lead.origin, item.id, revision=2, assignee_id=developer.id, due_on=None)
    add_comment(lead.origin, item.id, text="looked at it")
    tick(release, PLANNED, developer)
    before = release.item(PLANNED)

    bring(release, publish(edited(newest_content(), pre__tables_identified=said("Other words"))))

    after = release.item(PLANNED)
    kept = ("id", "state", "value", "link", "assignee_id", "comment_count", "changed_by_id", "state_since", "revision")
    assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
    assert not after.is_reworded


def test_a_reworded_ticked_item_is_asked_again_and_one_that_is_not_ticked_is_not(release: MadeRelease):
    tick(release, PLANNED)
    content = edited(
        newest_content(), pre__schema_planned=said("Plan it well"), pre__tables_identified=said("Name them")
    )

    bring(release, publish(content))

    ticked, other = release.item(PLANNED), release.item(TABLES)
    assert (ticked.state, ticked.is_reworded, ticked.text) == (ItemState.DONE, True, "Plan it well")
    assert (other.state, other.is_reworded, other.text) == (ItemState.TODO, False, "Name them")


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"body": "And this, too."}, True),
        ({"value_prompt": "Link to the approved plan"}, True),
        ({"severity": Severity.KILLER}, True),
        ({"severity": Severity.ADVISORY}, False),
        ({"guidance": "Other advice."}, False),
        ({"natural_role": Role.OPS}, False),
    ],
)
def test_only_what_changes_the_meaning_is_asked_about(release: MadeRelease, make: Make, change: dict, asks: bool):
    tick(release, PLANNED)

    bring(release, publish(edited(newest_content(), pre__schema_planned=lambda item: replace(item, **change))))

    item = release.item(PLANNED)
    assert item.is_reworded is asks
    assert {name: getattr(item, name) for name in change} == change
    assert len(make.events("item.reworded", object_id=item.id)) == asks
    [event] = make.events("checklist.adopted")
    assert ("1 reworded" if asks else "1 updated") in event.new_value


def test_a_removed_item_is_kept_with_its_state_and_counts_no_more(release: MadeRelease, make: Make):
    tick(release, PLANNED)
    item = release.item(PLANNED)

    bring(release, publish(edited(newest_content(), pre__schema_planned=gone)))

    now = release.item(PLANNED)
    assert (now.id, now.state, now.state_before) == (item.id, ItemState.REMOVED, ItemState.DONE)
    checklist = get_module_checklist(release.key, release.modules[0], release.lead.actor)
    assert list_groups(checklist)[0].counts.total == 4
    [event] = make.events("item.removed")
    assert (event.object_id, event.old_value) == (item.id, "done")
    with pytest.raises(RuleViolation, match="no longer asks"):
        set_state(release.lead.origin, now.id, revision=now.revision, state=ItemState.TODO, reason="really")


def test_an_item_that_returns_stands_where_it_stood(release: MadeRelease, make: Make):
    tick(release, PLANNED)
    since = release.item(PLANNED).state_since
    first = newest_content()
    bring(release, publish(edited(first, pre__schema_planned=gone)))

    bring(release, publish(first))

    item = release.item(PLANNED)
    assert (item.state, item.state_before, item.is_reworded) == (ItemState.DONE, None, False)
    assert item.state_since == since
    assert [event.new_value for event in make.events("item.returned")] == ["done"]
    assert make.events("item.added") == []


def test_an_item_that_returns_with_other_words_is_asked_again(release: MadeRelease, make: Make):
    tick(release, PLANNED)
    first = newest_content()
    bring(release, publish(edited(first, pre__schema_planned=gone)))

    bring(release, publish(edited(first, pre__schema_planned=said("Plan it again"))))

    assert (release.item(PLANNED).state, release.item(PLANNED).is_reworded) == (ItemState.DONE, True)
    assert (len(make.events("item.returned")), len(make.events("item.reworded"))) == (1, 1)


def test_adopting_the_earlier_version_again_takes_the_question_back(release: MadeRelease):
    tick(release, PLANNED)
    bring(release, publish(edited(newest_content(), pre__schema_planned=said("Plan it well"))))
    assert release.item(PLANNED).is_reworded

    bring(release, get_version(BUILT_IN, 1))

    item = release.item(PLANNED)
    assert (item.text, item.is_reworded, item.state) == ("Plan database schema", False, ItemState.DONE)


def test_groups_come_change_and_go_and_their_items_move(release: MadeRelease):
    first = newest_content()
    plan, *others = first.groups
    moved, *rest = plan.items
    fresh = GroupContent("zeroth", "Before all", plan.section, items=(NEW, moved))
    content = replace(first, groups=(fresh, replace(plan, title="Plan first", items=tuple(rest)), *others[1:]))
    tick(release, moved.key)

    bring(release, publish(content))

    checklist = get_module_checklist(release.key, release.modules[0], release.lead.actor)
    groups = list_groups(checklist)
    assert [(group.key, group.title) for group in groups[:2]] == [("zeroth", "Before all"), (plan.key, "Plan first")]
    assert [(group.key, group.is_gone, group.counts.total) for group in groups if group.is_gone] == [
        (others[0].key, True, 0)
    ]
    assert groups[-1].is_gone
    item = release.item(moved.key)
    assert (item.group_id, item.state, item.is_reworded) == (groups[0].id, ItemState.DONE, False)
    assert {row.state for row in list_rows(checklist.id, group_id=groups[-1].id)} == {ItemState.REMOVED}


def test_a_group_whose_items_all_moved_is_shown_no_more(release: MadeRelease):
    first = newest_content()
    content = replace(first, groups=(replace(first.groups[0], key="renamed"), *first.groups[1:]))

    bring(release, publish(content))

    groups = list_groups(get_module_checklist(release.key, release.modules[0], release.lead.actor))
    assert groups[0].key == "renamed"
    assert "pre-development" not in {group.key for group in groups}


def test_the_template_of_a_team_keeps_the_ticks_of_the_same_keys(release: MadeRelease):
    tick(release, PLANNED)
    words = next(item for item in newest_content().items if item.key == PLANNED)
    version = publish(TemplateContent("Ours", "", (GroupContent("ours", "Ours", items=(words, NEW)),)), key="ours")

    bring(release, version)

    rows = {row.key: row.state for row in release.items if row.state is not ItemState.REMOVED}
    assert rows == {PLANNED: ItemState.DONE, NEW.key: ItemState.TODO}
    head = get_module_checklist(release.key, release.modules[0], release.lead.actor)
    assert head.version_label == "Ours, version 1"


def test_a_waiver_stays_with_its_item_and_waits_while_it_is_not_asked(release: MadeRelease, make: Make):
    item = release.item(PLANNED)
    request_waiver(
        make.person(Role.DEVELOPER).origin, item.id, revision=1, reason=WaiverReason.OTHER, explanation="no schema"
    )
    waiver = db.session.scalars(select(Waiver)).one()
    first = newest_content()
    bring(release, publish(edited(first, pre__schema_planned=gone)))

    assert list_pending(release.lead.actor, utc_now().date()) == []
    with pytest.raises(RuleViolation, match="no longer asks"):
        decide_waiver(release.lead.origin, waiver.id, approve=True)
    bring(release, publish(first))
    decide_waiver(release.lead.origin, waiver.id, approve=True)

    assert release.item(PLANNED).state is ItemState.NOT_APPLICABLE


def test_the_history_names_every_item_once_in_one_batch_and_fits_together(make: Make):
    release = make.release(modules=2)
    tick(release, PLANNED)
    content = edited(newest_content(), pre__schema_planned=said("Plan it well"), pre__tables_identified=gone)

    bring(release, publish(with_item(content, "pre-development", NEW)))

    actions = ("checklist.adopted", "item.added", "item.removed", "item.reworded")
    events = [event for action in actions for event in make.events(action)]
    assert [len(make.events(action)) for action in actions] == [2, 2, 2, 2]
    assert len({event.batch for event in events}) == 1
    assert {event.actor_role for event in events} == {"team_lead"}
    adopted = make.events("checklist.adopted")[0]
    assert (adopted.old_value, adopted.new_value) == (
        "Migration maintenance, version 1",
        "Migration maintenance, version 2: 1 added, 1 reworded, 1 removed",
    )
    assert json.loads(adopted.body)["after"]["ticks_kept"] in {0, 1}
    added = make.events("item.added")[0]
    assert added.object_label == NEW.text
    assert added.object_id
    assert list(find_faults()) == []


def test_a_checklist_that_changed_since_the_preview_stops_all_of_them(make: Make):
    release = make.release(modules=2)
    version = publish(edited(newest_content(), pre__schema_planned=said("Plan it well")))
    shown = seen(*checklists_of(release))
    tick(release, TABLES)

    with pytest.raises(Conflict, match="has changed since you looked"):
        adopt(release.lead.origin, version.id, shown)

    heads = list_heads(checklists_of(release))
    assert {head.version_number for head in heads} == {1}
    assert make.events("checklist.adopted") == []


def test_a_comment_or_a_value_since_the_preview_stops_nothing(release: MadeRelease):
    version = publish(edited(newest_content(), pre__schema_planned=said("Plan it well")))
    shown = seen(*checklists_of(release))
    add_comment(release.lead.origin, release.item(TABLES).id, text="still thinking")

    adopt(release.lead.origin, version.id, shown)

    assert release.item(PLANNED).text == "Plan it well"


def test_sending_it_twice_is_one_adoption(release: MadeRelease, make: Make):
    version = publish(edited(newest_content(), pre__schema_planned=said("Plan it well")))
    origin, shown = release.lead.origin, seen(*checklists_of(release))

    assert adopt(origin, version.id, shown) == adopt(origin, version.id, shown)

    assert len(make.events("checklist.adopted")) == 1
    with pytest.raises(Conflict):
        adopt(release.lead.origin, version.id, shown)


def test_who_may_not_adopt_everywhere_adopts_for_the_own_module_only(make: Make):
    release = make.release(modules=2)
    own = db.session.scalars(select(Module).where(Module.key == release.modules[0])).one()
    lead = make.person(Role.TEAM_LEAD, module_id=own.id)
    version = publish(edited(newest_content(), pre__schema_planned=said("Plan it well")))
    first, second = checklists_of(release)
    of_release = db.session.scalars(select(Checklist.id).where(Checklist.belongs_to == "release")).one()

    assert adopt(lead.origin, version.id, seen(first)) == [first]
    for other in (second, of_release):
        with pytest.raises(NotFound):
            adopt(lead.origin, version.id, seen(other))
    with pytest.raises(NotPermitted, match="Team lead"):
        adopt(make.person(Role.DBA).origin, version.id, seen(second))


def test_what_is_no_longer_worked_on_stays_as_it_is(release: MadeRelease):
    version = publish(edited(newest_content(), pre__schema_planned=said("Plan it well")))
    shown = seen(*checklists_of(release))
    ship_release(release.lead.origin, release.key)

    with pytest.raises(RuleViolation, match="no longer worked on"):
        adopt(release.lead.origin, version.id, shown)


def test_a_version_that_has_nothing_of_this_kind_is_refused(release: MadeRelease):
    version = publish(
        TemplateContent("Ours", "", (GroupContent("g", "G", belongs_to="release", items=(NEW,)),)), key="ours"
    )

    with pytest.raises(RuleViolation, match="nothing for a module"):
        adopt(release.lead.origin, version.id, seen(*checklists_of(release)))


def test_choosing_none_is_refused_in_words(release: MadeRelease):
    with pytest.raises(InvalidInput, match="at least one"):
        adopt(release.lead.origin, get_version(BUILT_IN, 1).id, ())


def test_an_unknown_checklist_stops_all(release: MadeRelease):
    with pytest.raises(NotFound):
        adopt(release.lead.origin, get_version(BUILT_IN, 1).id, (*seen(*checklists_of(release)), (10**9, "x")))


@pytest.mark.parametrize("number", [1, 60])
def test_as_many_statements_for_sixty_items_as_for_one(release: MadeRelease, statements: list[str], number: int):
    content = newest_content()
    first, second = content.groups[0], content.groups[1]
    fresh = [replace(NEW, key=f"new.{n}") for n in range(number)]
    tick(release, PLANNED)
    keys = [row.key for row in release.items][2:]
    edits = dict.fromkeys(keys[:number], gone) | {key: said("Other") for key in keys[number : 2 * number]}
    named = {key.replace("-", "_").replace(".", "__"): edit for key, edit in edits.items()}
    content = edited(content, pre__schema_planned=said("Plan it well"), **named)
    for item in fresh:
        content = with_item(content, second.key, item)
    assert first.key != second.key
    version, shown, origin = publish(content), seen(*checklists_of(release)), release.lead.origin
    statements.clear()

    adopt(origin, version.id, shown)

    assert len(statements) == 24
