"""Two people at one checklist, one act sent many times, and acts that would lock each other out."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import select

from app.database import db
from app.domain.actors import Origin
from app.domain.audit import AuditAction
from app.domain.checklist import ItemState
from app.domain.errors import Busy, Conflict, DomainError, KeyReused
from app.domain.permissions import Role
from app.models import AuditEvent, Checklist, ChecklistItem, IdempotencyKey
from app.services.change import About, Change
from app.services.item_states import set_state, set_states
from app.services.items import Saved, add_comment, set_value
from app.services.write_path import write_path
from tests.factories import Make
from tests.races.running import START_WITHIN, history_of, race, stream_of

ROUNDS = 200
FIRST, SECOND = "pre.schema-planned", "mig.rollback-tested"
LINK = "https://example.org/plan"


def test_two_people_ticking_two_items_of_one_checklist_both_succeed_every_time(app: Flask, make: Make):
    release = make.release()
    people = [make.person(Role.DEVELOPER), make.person(Role.QA)]
    items = [release.item(FIRST), release.item(SECOND)]
    gate = threading.Barrier(2)

    def work(person: Any, item: ChecklistItem) -> Callable[[], int]:
        actor = person.actor

        def tick() -> int:
            revision = item.revision
            for number in range(ROUNDS):
                state = ItemState.TODO if number % 2 else ItemState.DONE
                gate.wait(START_WITHIN)
                origin = replace(person.origin, actor=actor)
                revision = set_state(origin, item.id, revision=revision, state=state).revision
            return revision

        return tick

    revisions = race(app, [work(person, item) for person, item in zip(people, items, strict=True)])

    assert revisions == [item.revision + ROUNDS for item in items]
    events = history_of(stream_of(items[0]))
    for person, item in zip(people, items, strict=True):
        about = [entry for entry in events if entry.object_kind == "item" and entry.object_id == item.id]
        assert len(about) == ROUNDS
        assert {entry.actor_id for entry in about} == {person.id}
        assert {json.loads(entry.body)["actor"]["id"] for entry in about} == {person.id}
        assert [json.loads(entry.body)["after"]["revision"] for entry in about] == [
            item.revision + number for number in range(1, ROUNDS + 1)
        ]


def test_of_two_people_ticking_one_item_exactly_one_wins_and_the_other_is_told(app: Flask, make: Make):
    release = make.release()
    people = [make.person(Role.DEVELOPER), make.person(Role.QA)]
    for item in release.items[:30]:
        outcomes = race(
            app,
            [
                lambda origin=person.origin, item=item: set_state(
                    origin, item.id, revision=item.revision, state=ItemState.DONE
                )
                for person in people
            ],
        )

        won = [outcome for outcome in outcomes if isinstance(outcome, Saved)]
        lost = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
        assert (len(won), len(lost)) == (1, 1), outcomes
        assert lost[0].theirs == "done"
        winner = people[outcomes.index(won[0])]
        now = db.session.get_one(ChecklistItem, item.id, populate_existing=True)
        assert (now.changed_by_id, now.revision) == (winner.id, item.revision + 1)
        [event] = make.events(AuditAction.ITEM_STATE_CHANGED, object_id=item.id)
        assert event.actor_id == winner.id


def test_a_form_sent_ten_times_at_once_leaves_one_event_and_one_answer(app: Flask, make: Make):
    release = make.release()
    person = make.person(Role.DEVELOPER)
    for item in release.items[:5]:
        origin = person.origin

        answers = race(
            app,
            [lambda: set_state(origin, item.id, revision=item.revision, state=ItemState.DONE)] * 10,  # noqa: B023
        )

        given = [answer for answer in answers if not isinstance(answer, Busy)]
        assert given
        assert all(answer == given[0] and isinstance(answer, Saved) for answer in given), answers
        [event] = make.events(object_id=item.id, action=AuditAction.ITEM_STATE_CHANGED)
        assert json.loads(event.body)["idem"] == origin.key.hex()


def test_one_key_with_other_content_is_refused_and_has_no_effect(app: Flask, make: Make):
    release = make.release()
    item = release.item(FIRST)
    origin = make.person(Role.DEVELOPER).origin

    outcomes = race(
        app,
        [lambda text=f"comment {number}": add_comment(origin, item.id, text=text) for number in range(6)],
    )

    [saved] = [outcome for outcome in outcomes if isinstance(outcome, Saved)]
    assert saved.item_id == item.id
    assert {type(outcome) for outcome in outcomes} <= {Saved, KeyReused, Busy}
    assert any(isinstance(outcome, KeyReused) for outcome in outcomes)
    kept = db.session.get_one(ChecklistItem, item.id, populate_existing=True)
    assert kept.comment_count == 1
    assert len(make.events(AuditAction.ITEM_COMMENTED, object_id=item.id)) == 1


def test_acts_on_several_items_in_opposite_orders_never_show_a_deadlock(app: Flask, make: Make):
    release = make.release()
    people = [make.person(Role.DEVELOPER) for _ in range(6)]
    wanted = [row for row in release.items if row.severity.value != "killer"][:12]
    checklist = db.session.get_one(ChecklistItem, wanted[0].id).checklist_id
    for turn in range(10):
        now = db.session.execute(
            select(ChecklistItem.id, ChecklistItem.revision)
            .where(ChecklistItem.id.in_([row.id for row in wanted]))
            .order_by(ChecklistItem.position)
        ).all()
        seen = tuple((row.id, row.revision) for row in now)
        state = ItemState.TODO if turn % 2 else ItemState.DOING

        outcomes = race(
            app,
            [
                lambda origin=person.origin, pairs=seen[:: 1 if number % 2 else -1], state=state: set_states(
                    origin, checklist, pairs, state=state, reason="looked at together"
                )
                for number, person in enumerate(people)
            ],
        )

        assert {type(outcome) for outcome in outcomes} <= {list, Conflict, Busy}, outcomes
        assert sum(isinstance(outcome, list) for outcome in outcomes) == 1
    stream = db.session.scalars(select(Checklist.stream_id).where(Checklist.id == checklist)).one()
    changes = [entry for entry in history_of(stream) if entry.action is AuditAction.ITEM_STATE_CHANGED]
    assert len(changes) == 10 * len(wanted)


@write_path
def take_both(change: Change, first: int, second: int, meeting: int) -> list[int]:
    """Take two streams in the order given, which the product never does: it takes them by number."""
    change.take(first)
    if not MEETINGS[meeting].broken:
        meet(MEETINGS[meeting])
    change.take(second)
    for stream in (first, second):
        change.record(AuditAction.AUDIT_EXPORTED, About("audit", 0, "both"), stream=stream)
    return [first, second]


MEETINGS: dict[int, threading.Barrier] = {}


def meet(gate: threading.Barrier) -> None:
    """Wait for the other once; whoever comes again after that finds the gate broken and goes on."""
    try:
        gate.wait(5)
    except threading.BrokenBarrierError:
        return
    gate.abort()


def test_a_real_deadlock_is_solved_by_doing_it_again(app: Flask, make: Make):
    make.release(modules=2)
    actors = [make.person(Role.DEVELOPER).actor for _ in range(2)]
    streams = sorted(db.session.scalars(select(Checklist.stream_id).order_by(Checklist.id.desc()).limit(2)))
    before = [len(history_of(stream)) for stream in streams]
    for number in range(5):
        MEETINGS[number] = threading.Barrier(2)

        outcomes = race(
            app,
            [
                lambda number=number: take_both(Origin(actors[0]), *streams, number),
                lambda number=number: take_both(Origin(actors[1]), *streams[::-1], number),
            ],
        )

        assert not [outcome for outcome in outcomes if isinstance(outcome, DomainError)]
        assert MEETINGS[number].broken, "the two never held one stream each at the same time"
    assert [len(history_of(stream)) for stream in streams] == [count + 10 for count in before]


def test_two_facts_of_one_item_typed_at_once_are_never_mixed(app: Flask, make: Make):
    release = make.release()
    item = release.item(FIRST)
    people = [make.person(Role.DEVELOPER), make.person(Role.QA)]

    outcomes = race(
        app,
        [
            lambda: set_value(people[0].origin, item.id, revision=item.revision, value=LINK, link=""),
            lambda: set_state(people[1].origin, item.id, revision=item.revision, state=ItemState.DOING),
        ],
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Saved"]
    now = db.session.get_one(ChecklistItem, item.id, populate_existing=True)
    assert (now.value == LINK) != (now.state is ItemState.DOING)


def test_a_refused_act_leaves_no_key_behind_so_that_it_can_be_sent_again(app: Flask, make: Make):
    release = make.release()
    item = release.item(FIRST)
    origin = replace(make.person(Role.DEVELOPER).origin, key=uuid4().bytes)

    outcomes = race(app, [lambda: set_state(origin, item.id, revision=999, state=ItemState.DONE)] * 3)

    assert {type(outcome) for outcome in outcomes} <= {Conflict, Busy}
    assert not db.session.scalars(select(IdempotencyKey).where(IdempotencyKey.key == origin.key)).all()
    assert not db.session.scalars(select(AuditEvent).where(AuditEvent.object_id == item.id)).all()
    assert set_state(origin, item.id, revision=item.revision, state=ItemState.DONE).revision == item.revision + 1
