"""What a module answers decides what its live checklists ask; nothing that was done is lost by it."""

import json

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.applicability import Question
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.domain.waivers import WaiverDecision
from app.models import Checklist, ChecklistItem, Environment, Module, Waiver
from app.queries.applicability import list_answers, list_effects, read_answers
from app.queries.checklists import get_change_checklist, get_module_checklist
from app.queries.groups import list_groups
from app.queries.rows import list_rows
from app.services.applicability import Answered, answer_questions, preview_answers
from app.services.item_states import set_state
from app.services.items import set_value
from app.services.modules import add_target, archive_target
from app.services.release_modules import add_modules
from app.services.releases import (
    ReleaseFacts,
    add_change,
    archive_release,
    create_release,
    reopen_release,
    ship_release,
)
from app.services.undo import undo
from app.services.waivers import decide_waiver, request_waiver
from tests.factories import Made, MadeRelease, Make

UPLOADS, SCHEMA, SAP = Question.HAS_UPLOADS, Question.TOUCHES_SCHEMA, Question.CALLS_OUTSIDE_SYSTEM
UPLOAD_ITEM, SCHEMA_ITEM, KILLER = "input.uploads", "pre.schema-planned", "mig.rollback-tested"
# What the built-in catalogue takes away from who changes no schema: five groups of 30, and 3 items beside them.
WITHOUT_SCHEMA = 33
WHY = "the upload was dropped from the plan"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def _module(release: MadeRelease) -> Module:
    return db.session.scalars(select(Module).where(Module.key == release.modules[0])).one()


def _revisions(release: MadeRelease) -> dict[Question, int]:
    return {question: line.revision for question, line in list_answers(_module(release).id).items()}


def _answer(release: MadeRelease, who: Made | None = None, reason: str = "", **answers: bool | None) -> Answered:
    wanted = {Question(name): answer for name, answer in answers.items()}
    origin = (who or release.lead).origin
    return answer_questions(origin, release.modules[0], wanted, revisions=_revisions(release), reason=reason)


def _state(release: MadeRelease, key: str) -> ItemState:
    return release.item(key).state


def _ruled_out(release: MadeRelease) -> int:
    return sum(row.state is ItemState.RULED_OUT for row in release.items)


def test_a_first_answer_needs_no_reason_and_is_one_event(make: Make, release: MadeRelease):
    assert _answer(release, has_uploads=True, touches_schema=True) == Answered(changed=2, out=0, back=0)

    assert read_answers(_module(release).id) == {UPLOADS: True, SCHEMA: True}
    assert list_answers(_module(release).id)[UPLOADS].answered_by_name == release.lead.name
    told = {(entry.fact, entry.old_value, entry.new_value, entry.reason) for entry in make.events("module.answered")}
    assert told == {
        ("Does it take uploads?", "", "yes", ""),
        ("Does it change the schema of a database?", "", "yes", ""),
    }
    assert {entry.actor_role for entry in make.events("module.answered")} == {"team_lead"}


def test_a_no_takes_the_items_of_its_rules_away_with_an_event_each(make: Make, release: MadeRelease):
    assert _answer(release, has_uploads=False) == Answered(changed=1, out=1, back=0)

    item = release.item(UPLOAD_ITEM)
    assert (item.state, item.state_before, item.revision) == (ItemState.RULED_OUT, ItemState.TODO, 2)
    [entry] = make.events("item.ruled_out")
    assert (entry.object_id, entry.actor_id) == (item.id, release.lead.id)
    assert (entry.old_value, entry.new_value) == ("to do", "not applicable by rule")
    assert entry.reason == "by rule: takes no uploads"
    assert json.loads(entry.body)["after"] == {"state": "ruled_out", "revision": 2}


def test_the_rule_of_a_group_takes_all_its_items_in_one_batch(make: Make, release: MadeRelease):
    assert _answer(release, touches_schema=False).out == WITHOUT_SCHEMA == _ruled_out(release)

    events = make.events("item.ruled_out")
    assert len(events) == WITHOUT_SCHEMA
    assert len({entry.batch for entry in events}) == 1
    assert _state(release, KILLER) is ItemState.RULED_OUT


def test_what_is_ruled_out_counts_as_not_applicable_and_nothing_else_does(release: MadeRelease):
    _answer(release, touches_schema=False, has_uploads=False)

    groups = list_groups(get_module_checklist(release.key, release.modules[0], release.lead.actor))

    assert sum(group.counts.not_applicable for group in groups) == WITHOUT_SCHEMA + 1
    assert sum(group.counts.applicable for group in groups) == 147 - WITHOUT_SCHEMA - 1


def test_an_unanswered_question_takes_nothing_away(release: MadeRelease):
    _answer(release, personal_data=False, large_tables=False)

    assert _ruled_out(release) == 0


def test_what_was_done_keeps_its_tick_and_has_it_again_when_the_rule_applies_again(make: Make, release: MadeRelease):
    developer = make.person(Role.DEVELOPER)
    set_state(developer.origin, release.item(UPLOAD_ITEM).id, revision=1, state=ItemState.DONE, reason="all types")
    ticked = release.item(UPLOAD_ITEM).state_since

    _answer(release, has_uploads=False)
    assert release.item(UPLOAD_ITEM).state_before is ItemState.DONE
    assert _answer(release, reason=WHY, has_uploads=True) == Answered(changed=1, out=0, back=1)

    item = release.item(UPLOAD_ITEM)
    assert (item.state, item.state_before, item.reason) == (ItemState.DONE, None, "all types")
    assert (item.changed_by_id, item.state_since) == (developer.id, ticked)
    [entry] = make.events("item.ruled_in")
    assert (entry.new_value, entry.reason) == ("done", "Only when it takes uploads")


@pytest.mark.parametrize("new", [True, None])
def test_another_answer_needs_a_reason_which_stands_in_its_event(make: Make, release: MadeRelease, new: bool | None):
    _answer(release, has_uploads=False)

    with pytest.raises(InvalidInput) as refusal:
        _answer(release, has_uploads=new)
    assert list(refusal.value.fields) == ["reason"]
    assert _state(release, UPLOAD_ITEM) is ItemState.RULED_OUT

    _answer(release, reason=WHY, has_uploads=new)
    assert _state(release, UPLOAD_ITEM) is ItemState.TODO
    assert make.events("module.answered")[-1].reason == WHY
    assert read_answers(_module(release).id).get(UPLOADS) is new


def test_answers_that_cannot_both_be_true_are_refused_together(release: MadeRelease):
    _answer(release, touches_schema=False)

    with pytest.raises(InvalidInput) as refusal:
        _answer(release, drops_or_renames=True)

    assert list(refusal.value.fields) == ["touches_schema"]
    assert read_answers(_module(release).id) == {SCHEMA: False}


def test_an_answer_from_an_old_page_is_refused_with_both_values(make: Make, release: MadeRelease):
    seen = _revisions(release)
    _answer(release, has_uploads=True)

    with pytest.raises(Conflict) as refusal:
        answer_questions(make.lead().origin, release.modules[0], {UPLOADS: False}, revisions=seen)

    assert refusal.value.theirs == "“Does it take uploads?” yes"
    assert refusal.value.yours == "“Does it take uploads?” no"
    assert (_state(release, UPLOAD_ITEM), read_answers(_module(release).id)) == (ItemState.TODO, {UPLOADS: True})


def test_an_answer_taken_back_and_given_anew_is_not_taken_for_the_old_one(release: MadeRelease):
    _answer(release, has_uploads=True)
    seen = _revisions(release)
    _answer(release, reason=WHY, has_uploads=None)
    _answer(release, has_uploads=False)

    with pytest.raises(Conflict):
        answer_questions(release.lead.origin, release.modules[0], {UPLOADS: True}, revisions=seen, reason=WHY)


def test_two_who_answer_different_questions_do_not_meet(make: Make, release: MadeRelease):
    _answer(release, has_uploads=True)
    answer_questions(make.lead().origin, release.modules[0], {SAP: True}, revisions={})

    assert read_answers(_module(release).id) == {UPLOADS: True, SAP: True}


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.TEAM_LEAD, Role.ADMINISTRATOR}])
def test_only_a_lead_answers(make: Make, release: MadeRelease, role: Role):
    person = make.person(role)
    with pytest.raises(NotPermitted):
        _answer(release, person, has_uploads=False)
    with pytest.raises(NotPermitted):
        preview_answers(person.actor, release.modules[0], {UPLOADS: False}, revisions={}, reason="")
    assert read_answers(_module(release).id) == {}


def test_a_lead_of_another_module_sees_no_such_module(make: Make, release: MadeRelease):
    stranger = make.person(Role.TEAM_LEAD, module_id=make.module().id)
    with pytest.raises(NotFound):
        _answer(release, stranger, has_uploads=False)


def test_nobody_works_on_what_is_ruled_out(make: Make, release: MadeRelease):
    _answer(release, has_uploads=False)
    item, person = release.item(UPLOAD_ITEM), make.person(Role.DEVELOPER)

    for attempt in (
        lambda: set_state(person.origin, item.id, revision=2, state=ItemState.DONE),
        lambda: set_state(person.origin, item.id, revision=2, state=ItemState.RULED_OUT, value="3"),
        lambda: set_value(person.origin, item.id, revision=2, value="3", link=""),
        lambda: request_waiver(person.origin, item.id, revision=2, reason=WaiverReason.OTHER, explanation="not here"),
    ):
        with pytest.raises(RuleViolation, match="By the answers of its module"):
            attempt()
    assert release.item(UPLOAD_ITEM).revision == 2


def test_a_tick_from_before_the_answer_is_stale(make: Make, release: MadeRelease):
    _answer(release, has_uploads=False)

    with pytest.raises(Conflict) as refusal:
        set_state(make.person(Role.DEVELOPER).origin, release.item(UPLOAD_ITEM).id, revision=1, state=ItemState.DONE)
    assert refusal.value.theirs == "not applicable by rule"


def test_a_tick_that_a_rule_took_away_cannot_be_taken_back(make: Make, release: MadeRelease):
    developer = make.person(Role.DEVELOPER)
    saved = set_state(developer.origin, release.item(UPLOAD_ITEM).id, revision=1, state=ItemState.DONE)
    _answer(release, has_uploads=False)

    with pytest.raises(Conflict, match="has been changed since"):
        undo(developer.origin, saved.item_id, bytes.fromhex(saved.event or ""))


@pytest.mark.parametrize(
    ("before", "after"), [(ItemState.BLOCKED, ItemState.BLOCKED), (ItemState.DONE, ItemState.TODO)]
)
def test_a_waiver_that_waits_is_withdrawn_by_the_rule(
    make: Make, release: MadeRelease, before: ItemState, after: ItemState
):
    developer, number = make.person(Role.DEVELOPER), release.item(UPLOAD_ITEM).id
    set_state(developer.origin, number, revision=1, state=before, reason="waits for the scanner")
    request_waiver(developer.origin, number, revision=2, reason=WaiverReason.OTHER, explanation="no upload in it")

    _answer(release, has_uploads=False)

    item, waiver = release.item(UPLOAD_ITEM), db.session.scalars(select(Waiver)).one()
    assert (item.state, item.state_before, item.revision) == (ItemState.RULED_OUT, after, 5)
    assert (waiver.decision, waiver.decided_by_id) == (WaiverDecision.WITHDRAWN, release.lead.id)
    [withdrawn], [ruled_out] = make.events("waiver.withdrawn"), make.events("item.ruled_out")
    assert (withdrawn.reason, withdrawn.new_value) == ("by rule: takes no uploads", after.word)
    assert (ruled_out.old_value, ruled_out.batch) == (after.word, withdrawn.batch)
    with pytest.raises(RuleViolation, match="answers of its module"):
        decide_waiver(make.person(Role.DBA).origin, waiver.id, approve=True)

    _answer(release, reason=WHY, has_uploads=True)
    item = release.item(UPLOAD_ITEM)
    assert (item.state, item.reason) == (after, "waits for the scanner" if after is ItemState.BLOCKED else "")


def test_of_many_that_leave_only_what_waits_is_withdrawn(make: Make, release: MadeRelease):
    number = release.item(SCHEMA_ITEM).id
    request_waiver(
        make.person(Role.DEVELOPER).origin, number, revision=1, reason=WaiverReason.OTHER, explanation="no schema"
    )

    assert _answer(release, touches_schema=False).out == WITHOUT_SCHEMA

    assert len(make.events("waiver.withdrawn")) == 1
    assert {row.revision for row in release.items if row.state is ItemState.RULED_OUT} == {2, 4}


def test_what_was_waived_comes_back_waived(make: Make, release: MadeRelease):
    number = release.item(UPLOAD_ITEM).id
    request_waiver(
        make.person(Role.DEVELOPER).origin, number, revision=1, reason=WaiverReason.OTHER, explanation="no upload"
    )
    waiver = db.session.scalars(select(Waiver)).one()
    decide_waiver(make.person(Role.DBA).origin, waiver.id, approve=True)

    _answer(release, has_uploads=False)
    _answer(release, reason=WHY, has_uploads=True)

    assert _state(release, UPLOAD_ITEM) is ItemState.NOT_APPLICABLE
    assert db.session.scalars(select(Waiver.decision)).all() == [WaiverDecision.APPROVED]


def test_a_new_checklist_begins_without_what_was_ruled_out(make: Make, release: MadeRelease):
    _answer(release, touches_schema=False)
    create_release(release.lead.origin, "later", ReleaseFacts(name="Later"))

    add_modules(release.lead.origin, "later", (_module(release).id,))

    checklist = get_module_checklist("later", release.modules[0], release.lead.actor)
    rows = list_rows(checklist.id)
    assert sum(row.state is ItemState.RULED_OUT for row in rows) == WITHOUT_SCHEMA
    assert {row.why_not for row in rows} == {"", "does not change the schema"}
    told = [entry for entry in make.events("item.ruled_out") if entry.release_id == checklist.release_id]
    assert len(told) == WITHOUT_SCHEMA


def test_of_checklists_that_are_made_together_each_follows_the_answers_of_its_module(make: Make):
    earlier, lead = make.release(modules=3), make.lead()
    for module, says in zip(earlier.modules, (False, True, False), strict=True):
        answer_questions(lead.origin, module, {SCHEMA: says}, revisions={}, reason="")
    ids = db.session.scalars(select(Module.id).where(Module.key.in_(earlier.modules)))
    create_release(lead.origin, "later", ReleaseFacts(name="Later"))

    add_modules(lead.origin, "later", tuple(ids))

    made = [list_rows(get_module_checklist("later", module, lead.actor).id) for module in earlier.modules]
    out = [sum(row.state is ItemState.RULED_OUT for row in rows) for rows in made]
    assert out == [WITHOUT_SCHEMA, 0, WITHOUT_SCHEMA]


def test_rules_reach_merge_requests_and_targets_but_not_the_release(make: Make, release: MadeRelease):
    lead, key = release.lead, release.modules[0]
    db.session.execute(update(ChecklistItem).values(applies_when=""))
    staging = db.session.scalars(select(Environment.id).where(Environment.key == "staging")).one()
    add_change(lead.origin, release.key, key, 7, title="", link="")
    add_target(lead.origin, key, staging, "primary", "")
    add_target(lead.origin, key, staging, "gone", "")
    lists = {
        row.belongs_to.value: row.id for row in db.session.scalars(select(Checklist).order_by(Checklist.id.desc()))
    }
    db.session.execute(update(ChecklistItem).values(applies_when="large_tables"))
    db.session.commit()
    gone = max(c.subject_id for c in db.session.scalars(select(Checklist).where(Checklist.belongs_to == "target")))
    archive_target(lead.origin, key, gone)

    _answer(release, large_tables=False)

    def states(number: int) -> set[ItemState]:
        return {row.state for row in list_rows(number)}

    assert states(lists["release"]) == {ItemState.TODO}
    assert states(lists["module"]) == {ItemState.RULED_OUT}
    assert states(get_change_checklist(release.key, key, 7, lead.actor).id) == {ItemState.RULED_OUT}
    assert states(lists["target"]) == {ItemState.RULED_OUT}
    archived = db.session.scalars(select(Checklist.id).where(Checklist.subject_id == gone)).all()
    assert states(max(archived)) == {ItemState.TODO}


@pytest.mark.parametrize("end", [ship_release, archive_release])
def test_what_has_shipped_or_is_archived_stays_as_it_was(release: MadeRelease, end):
    end(release.lead.origin, release.key)

    assert _answer(release, has_uploads=False) == Answered(changed=1, out=0, back=0)

    assert _state(release, UPLOAD_ITEM) is ItemState.TODO
    assert list_effects(_module(release).id, {UPLOADS: False}) == []


def test_a_reopened_release_is_brought_in_line_when_the_answers_are_saved_again(release: MadeRelease):
    ship_release(release.lead.origin, release.key)
    _answer(release, has_uploads=False)
    reopen_release(release.lead.origin, release.key, "forgot one")

    assert _answer(release, has_uploads=False) == Answered(changed=0, out=1, back=0)
    assert _state(release, UPLOAD_ITEM) is ItemState.RULED_OUT


@pytest.mark.parametrize("values", [{"state": ItemState.REMOVED}, {"applies_when": "has_upload"}])
def test_what_a_version_removed_or_what_has_no_readable_rule_is_left_alone(release: MadeRelease, values):
    number = release.item(UPLOAD_ITEM).id
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id == number).values(**values))
    db.session.commit()

    assert _answer(release, has_uploads=False).out == 0
    assert [effect.out for effect in list_effects(_module(release).id, {UPLOADS: False})] == [[]]


def test_the_preview_counts_what_would_leave_and_come_back_and_changes_nothing(make: Make, release: MadeRelease):
    _answer(release, has_uploads=False)
    set_state(make.person(Role.DBA).origin, release.item(SCHEMA_ITEM).id, revision=1, state=ItemState.DONE)
    before = len(make.events())

    [effect] = preview_answers(
        release.lead.actor,
        release.modules[0],
        {UPLOADS: True, SCHEMA: False},
        revisions=_revisions(release),
        reason=WHY,
    )

    assert (effect.total, effect.applying, len(effect.out)) == (147, 147 - WITHOUT_SCHEMA, WITHOUT_SCHEMA)
    assert (len(effect.leaving), effect.leaving_done) == (WITHOUT_SCHEMA, 1)
    assert [item.text for item in effect.returning] == ["File uploads validated"]
    assert [(why, len(items)) for why, items in effect.by_reason(effect.out)] == [
        ("does not change the schema", WITHOUT_SCHEMA)
    ]
    assert (len(make.events()), _state(release, UPLOAD_ITEM)) == (before, ItemState.RULED_OUT)
