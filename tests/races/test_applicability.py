"""Answers that change while others tick, ask, and make checklists: no tick is lost, nothing is asked in vain."""

from collections import Counter
from datetime import date

from flask import Flask
from sqlalchemy import select, update

from app.database import db
from app.domain.applicability import Question
from app.domain.audit import AuditAction
from app.domain.checklist import ItemState
from app.domain.errors import Busy, Conflict, DomainError
from app.domain.permissions import Role
from app.domain.template_content import DueAnchor
from app.domain.waiver_kinds import WaiverReason
from app.domain.waivers import WaiverDecision
from app.models import ChecklistItem, Module, Waiver
from app.queries.applicability import list_answers, read_answers
from app.queries.checklists import get_module_checklist
from app.queries.releases import get_release
from app.queries.rows import list_rows
from app.services.applicability import Answered, answer_questions
from app.services.item_states import set_state
from app.services.items import Saved
from app.services.release_modules import add_modules
from app.services.releases import ReleaseFacts, create_release, update_release
from app.services.waivers import request_waiver
from tests.factories import MadeRelease, Make
from tests.races.running import history_of, race, stream_of

UPLOADS, SCHEMA = Question.HAS_UPLOADS, Question.TOUCHES_SCHEMA
UPLOAD_ITEM = "input.uploads"


def _module_id(release: MadeRelease) -> int:
    return db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()


def _answers(make: Make, release: MadeRelease, reason: str = "looked again", **wanted: bool):
    """An act that answers, as from a page opened now."""
    origin, number = make.lead().origin, _module_id(release)
    seen = {question: line.revision for question, line in list_answers(number).items()}
    answers = {Question(name): answer for name, answer in wanted.items()}
    return lambda: answer_questions(origin, release.modules[0], answers, revisions=seen, reason=reason)


def test_an_answer_and_a_tick_at_once_keep_both_in_either_order(app: Flask, make: Make):
    orders = Counter()
    for _ in range(12):
        release = make.release()
        item, developer = release.item(UPLOAD_ITEM), make.person(Role.DEVELOPER)
        origin = developer.origin

        answered, ticked = race(
            app,
            [
                _answers(make, release, has_uploads=False),
                lambda origin=origin, item=item: set_state(origin, item.id, revision=1, state=ItemState.DONE),
            ],
        )

        assert answered == Answered(changed=1, out=1, back=0)
        now = release.item(UPLOAD_ITEM)
        assert now.state is ItemState.RULED_OUT
        if isinstance(ticked, Saved):
            assert (now.state_before, now.changed_by_id) == (ItemState.DONE, developer.id)
        else:
            assert isinstance(ticked, Conflict)
            assert (ticked.theirs, now.state_before) == ("not applicable by rule", ItemState.TODO)
        told = [entry for entry in history_of(stream_of(item)) if entry.object_id == item.id]
        assert sum(entry.action is AuditAction.ITEM_RULED_OUT for entry in told) == 1
        orders[type(ticked).__name__] += 1
    assert sum(orders.values()) == 12


def test_a_waiver_asked_for_at_the_same_moment_never_waits_for_an_item_that_is_gone(app: Flask, make: Make):
    for _ in range(6):
        release = make.release()
        item, origin = release.item(UPLOAD_ITEM), make.person(Role.DEVELOPER).origin

        race(
            app,
            [
                _answers(make, release, has_uploads=False),
                lambda item=item, origin=origin: request_waiver(
                    origin, item.id, revision=1, reason=WaiverReason.OTHER, explanation="no uploads here"
                ),
            ],
        )

        assert release.item(UPLOAD_ITEM).state is ItemState.RULED_OUT
        decisions = db.session.scalars(select(Waiver.decision).where(Waiver.item_id == item.id)).all()
        assert WaiverDecision.PENDING not in decisions


def test_two_who_answer_one_question_differently_leave_one_answer_and_the_items_that_follow_it(app: Flask, make: Make):
    for _ in range(6):
        release = make.release()

        outcomes = race(app, [_answers(make, release, has_uploads=False), _answers(make, release, has_uploads=True)])

        assert Counter(type(outcome).__name__ for outcome in outcomes) == {"Answered": 1, "Conflict": 1}
        is_yes = read_answers(_module_id(release))[UPLOADS]
        wanted = ItemState.TODO if is_yes else ItemState.RULED_OUT
        assert release.item(UPLOAD_ITEM).state is wanted


def test_a_checklist_made_at_the_same_moment_follows_the_answer(app: Flask, make: Make):
    for number in range(8):
        release = make.release()
        key = f"later-{number}"
        create_release(release.lead.origin, key, ReleaseFacts(name=key))
        add, ids = release.lead.origin, (_module_id(release),)

        outcomes = race(
            app,
            [
                _answers(make, release, touches_schema=False),
                lambda add=add, key=key, ids=ids: add_modules(add, key, ids),
            ],
        )

        assert not [outcome for outcome in outcomes if isinstance(outcome, DomainError)]
        checklist = get_module_checklist(key, release.modules[0], release.lead.actor)
        assert sum(row.state is ItemState.RULED_OUT for row in list_rows(checklist.id)) == 33


def test_answers_of_many_modules_and_the_day_of_their_release_never_show_a_deadlock(app: Flask, make: Make):
    release = make.release(modules=3)
    ids = {row.key: row.id for row in db.session.execute(select(Module.key, Module.id))}
    db.session.execute(
        update(ChecklistItem)
        .where(ChecklistItem.key == UPLOAD_ITEM)
        .values(due_anchor=DueAnchor.RELEASE_PLANNED, due_days=-1)
    )
    db.session.commit()
    for turn in range(6):
        acts = [_plan(make, release, turn)]
        for key in release.modules:
            seen = {question: line.revision for question, line in list_answers(ids[key]).items()}
            acts.append(
                lambda origin=make.lead().origin, key=key, seen=seen, turn=turn: answer_questions(  # noqa: B008 - now
                    origin, key, {SCHEMA: bool(turn % 2)}, revisions=seen, reason="again"
                )
            )

        outcomes = race(app, acts)

        assert {type(outcome) for outcome in outcomes} <= {Answered, bool, Busy}, outcomes
        assert sum(isinstance(outcome, Answered) for outcome in outcomes) == len(release.modules)
    moved = [entry for entry in history_of(stream_of(release.item(UPLOAD_ITEM))) if "due" in entry.action]
    assert len(moved) == 6


def _plan(make: Make, release: MadeRelease, turn: int):
    origin, day = make.lead().origin, date(2026, 11, turn + 1)
    now = get_release(release.key, release.lead.actor)
    revision, facts = now.revision, ReleaseFacts(now.name, day)
    return lambda: update_release(origin, release.key, facts, revision=revision)
