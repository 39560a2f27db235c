"""The one way in which anything is changed: whole or not at all, once, in order, and remembered."""

import json
from collections import defaultdict
from collections.abc import Callable

import pytest
from pydantic import SecretStr
from sqlalchemy import event, func, select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.audit import AuditAction, leaf_of, moment_text
from app.domain.checklist import ItemState
from app.domain.errors import UNSEEN, Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Permission, Role
from app.domain.waiver_kinds import WaiverReason
from app.models import AuditEvent, Checklist, IdempotencyKey, ItemComment, Module, Stream, Waiver
from app.queries.people import list_grants
from app.services.accounts import make_setup_link, new_link_token, set_up
from app.services.change import SYSTEM_STREAM, About, Change
from app.services.item_states import set_state
from app.services.items import add_comment
from app.services.releases import ReleaseFacts, ship_release, update_release
from app.services.roles import grant_role, revoke_role
from app.services.templates import load_catalogue
from app.services.waivers import decide_waiver, request_waiver
from app.services.write_path import record_refusal, write_path
from tests.factories import MadeRelease, Make

ITEM = "pre.schema-planned"


@write_path
def name_module_then_fail(change: Change, key: str) -> bool:
    """Change a row and record it, and then meet what nobody foresaw."""
    stream = change.new_stream("test", 1)
    change.session.add(Module(key=key, name=key))
    change.session.flush()
    change.record(AuditAction.MODULE_CREATED, About("module", 1, key), stream=stream)
    raise ZeroDivisionError


@write_path
def record_on(change: Change, stream_id: int) -> bool:
    """Record on a stream that was not taken."""
    change.record(AuditAction.MODULE_CREATED, About("module", 1, "x"), stream=stream_id)
    return True


@write_path
def take_in_any_order(change: Change, stream_ids: tuple[int, ...]) -> bool:
    """Take streams as they come."""
    change.take(*stream_ids)
    change.take(*stream_ids)
    return True


@write_path
def take_subjects(change: Change, numbers: tuple[int, ...]) -> list[int]:
    """Take the streams of things, whether they have begun or not."""
    change.take_subjects("test", numbers)
    return sorted(change.taken)


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def _version(kind: str, subject_id: int) -> int:
    found = select(Stream.version).where(Stream.kind == kind, Stream.subject_id == subject_id)
    return db.session.scalars(found).one()


def _version_of(stream_id: int) -> int:
    return db.session.scalars(select(Stream.version).where(Stream.id == stream_id)).one()


def _busy_day(make: Make, release: MadeRelease) -> None:
    developer, dba = make.person(Role.DEVELOPER), make.person(Role.DBA)
    item = release.item(ITEM)
    set_state(developer.origin, item.id, revision=1, state=ItemState.BLOCKED, reason="naïve, “quoted” 🦉\n2nd line")
    add_comment(developer.origin, item.id, text="said")
    request_waiver(developer.origin, item.id, revision=2, reason=WaiverReason.OTHER, explanation="no schema")
    decide_waiver(dba.origin, db.session.scalars(select(Waiver.id)).one(), approve=True, note="agreed")
    update_release(release.lead.origin, release.key, ReleaseFacts("Renamed"), revision=1)
    with pytest.raises(NotPermitted):
        ship_release(developer.origin, release.key)
    grant_role(make.person(Role.ADMINISTRATOR).origin, developer.id, Role.QA, None)


def test_each_stream_is_numbered_without_gaps_and_chained_to_its_tail(make: Make, release: MadeRelease):
    _busy_day(make, release)

    streams = defaultdict(list)
    for row in make.events():
        streams[row.stream_id].append(row)
    assert len(streams) > 5
    for number, rows in streams.items():
        assert [row.stream_sequence for row in rows] == list(range(1, len(rows) + 1))
        bodies = [json.loads(row.body) for row in rows]
        assert [body["prev"] for body in bodies] == [None, *(row.leaf.hex() for row in rows[:-1])]
        assert [(body["stream"], body["stream_seq"]) for body in bodies] == [
            (number, sequence) for sequence in range(1, len(rows) + 1)
        ]
        stream = db.session.get_one(Stream, number, populate_existing=True)
        assert (stream.sequence, stream.tail_digest) == (len(rows), rows[-1].leaf)


def test_the_columns_for_searching_say_what_the_body_says(make: Make, release: MadeRelease):
    _busy_day(make, release)

    events = make.events()
    assert len(events) > 10
    for row in events:
        body = json.loads(row.body, parse_float=lambda text: pytest.fail(f"a float in a body: {text}"))
        assert row.leaf == leaf_of(row.body)
        assert body["v"] == 1
        assert (body["id"], body["op"], body["at"]) == (row.id.hex(), row.action.value, moment_text(row.occurred_at))
        assert (body["actor"]["id"], body["actor"]["role"]) == (row.actor_id, row.actor_role)
        assert body["object"] == {"kind": row.object_kind, "id": row.object_id, "label": row.object_label}
        assert (body["fact"], body["old"], body["new"], body["why"]) == (
            row.fact,
            row.old_value,
            row.new_value,
            row.reason,
        )
        assert (body["module_id"], body["release_id"], body["req_id"]) == (
            row.module_id,
            row.release_id,
            row.request_id,
        )
        assert body["batch"] == (row.batch.hex() if row.batch else None)
        assert len(bytes.fromhex(body["idem"])) == 16


def test_an_event_says_who_in_which_session_and_by_which_means(make: Make, release: MadeRelease):
    person = make.person(Role.DEVELOPER, name="Asha Shah")
    origin = make.origin_in(make.session_token(person))

    add_comment(origin, release.item(ITEM).id, text="said")

    actor = json.loads(make.events("item.commented")[0].body)["actor"]
    assert (actor["id"], actor["auth"], actor["session_id"]) == (person.id, "session", origin.actor.session_id)
    assert actor["name_sha256"] == origin.actor.name_digest.hex()
    assert "name" not in actor


def test_what_fails_leaves_neither_row_nor_event_nor_key(make: Make):
    origin = make.lead().origin
    before = (len(make.events()), db.session.scalar(select(func.count(IdempotencyKey.key))))

    with pytest.raises(ZeroDivisionError):
        name_module_then_fail(origin, "orders")

    assert db.session.scalars(select(Module)).all() == []
    assert (len(make.events()), db.session.scalar(select(func.count(IdempotencyKey.key)))) == before


def test_a_change_whose_event_cannot_be_written_does_not_happen(make: Make, release: MadeRelease):
    with pytest.raises(ValueError, match="over the limit"):
        add_comment(make.person(Role.QA).origin, release.item(ITEM).id, text="x" * 61_000)

    assert db.session.scalars(select(ItemComment)).all() == []
    assert release.item(ITEM).comment_count == 0


def test_an_event_on_a_stream_that_was_not_taken_is_a_fault(make: Make, release: MadeRelease):
    stream_id = db.session.scalars(select(Stream.id)).first()
    events = len(make.events())

    with pytest.raises(RuntimeError, match="not taken"):
        record_on(make.lead().origin, stream_id)
    assert len(make.events()) == events


def test_streams_of_several_things_are_begun_where_they_are_not_there_and_taken_where_they_are(make: Make):
    origin = make.lead()

    first = take_subjects(origin.origin, (7, 8))
    both = take_subjects(origin.origin, (9, 8, 7))

    assert len(first) == 2
    assert len(both) == 3
    assert set(first) < set(both)
    assert [_version("test", number) for number in (7, 8, 9)] == [2, 2, 1]


def test_the_stream_of_one_thing_is_begun_where_it_is_not_there_and_taken_where_it_is(make: Make):
    origin = make.lead()

    for version in (1, 2, 3):
        take_subjects(origin.origin, (7,))
        assert _version("test", 7) == version


def test_streams_are_taken_once_and_in_the_order_of_their_numbers(make: Make, release: MadeRelease):
    numbers = list(db.session.scalars(select(Stream.id).order_by(Stream.id)))[:4]
    origin, taken, before = make.lead().origin, [], [_version_of(number) for number in numbers]

    def note(_connection: object, _cursor: object, statement: str, parameters: dict[str, int], *_: object) -> None:
        if statement.startswith("UPDATE streams"):
            taken.extend(value for name, value in parameters.items() if name.startswith("streams_"))

    connection = db.engines[None]
    event.listen(connection, "before_cursor_execute", note)
    take_in_any_order(origin, (numbers[2], numbers[0], numbers[3], numbers[1], numbers[0]))
    event.remove(connection, "before_cursor_execute", note)

    assert taken == numbers
    assert [_version_of(number) for number in numbers] == [version + 1 for version in before]


def _refusals(make: Make, release: MadeRelease) -> dict[str, Callable[[], object]]:
    viewer, developer = make.person(Role.VIEWER), make.person(Role.DEVELOPER)
    number = release.item(ITEM).id
    return {
        "NotPermitted": lambda: add_comment(viewer.origin, number, text="said"),
        "RuleViolation": lambda: set_state(developer.origin, number, revision=1, state=ItemState.BLOCKED),
        "Conflict": lambda: set_state(developer.origin, number, revision=9, state=ItemState.DONE),
    }


@pytest.mark.parametrize("kind", ["NotPermitted", "RuleViolation", "Conflict"])
def test_a_refused_attempt_stands_on_the_system_stream_and_changes_nothing(make: Make, release: MadeRelease, kind: str):
    before = len(make.events())

    with pytest.raises((NotPermitted, RuleViolation, Conflict)) as refusal:
        _refusals(make, release)[kind]()

    [remembered] = make.events("attempt.refused")
    stream = db.session.get_one(Stream, remembered.stream_id)
    assert (stream.kind, stream.subject_id) == SYSTEM_STREAM
    assert (remembered.fact, remembered.object_label) == (kind, refusal.value.sentence)
    assert len(make.events()) == before + 1
    assert release.item(ITEM).revision == 1


def test_a_typing_error_is_no_attempt(make: Make, release: MadeRelease):
    with pytest.raises(InvalidInput):
        add_comment(make.person(Role.QA).origin, release.item(ITEM).id, text="")

    assert make.events("attempt.refused") == []


def test_a_number_that_no_page_gave_is_an_attempt_whether_there_is_something_behind_it_or_not(
    make: Make, release: MadeRelease
):
    stranger = make.person(Role.QA, module_id=make.module().id)

    for number in (999_999, release.item(ITEM).id):
        with pytest.raises(NotFound):
            add_comment(stranger.origin, number, text="said")

    told = [(event.actor_id, event.fact, event.object_label) for event in make.events("attempt.refused")]
    assert told == [(stranger.id, "NotFound", UNSEEN)] * 2


def test_who_is_not_signed_in_cannot_fill_the_history_with_links_that_they_made_up(make: Make):
    with pytest.raises(NotFound):
        set_up(
            "no-such-token",
            name="No",
            email="no@example.org",
            password="carried over the hills",
            is_lead=False,
            request_id="t",
        )

    assert make.events("attempt.refused") == []


def test_a_refusal_says_to_which_address_it_was_sent(make: Make):
    person = make.person(Role.VIEWER)

    record_refusal(Origin(person.actor, request_id="r1", path=f"POST /{'x' * 300}"), NotPermitted("No."))

    [event] = make.events("attempt.refused")
    assert (event.actor_id, event.request_id, event.object_label) == (person.id, "r1", "No.")
    assert event.new_value == f"POST /{'x' * 194}"


def test_somebody_who_is_not_signed_in_is_remembered_by_means_alone(make: Make):
    record_refusal(Origin(SYSTEM), NotPermitted("No."))

    [event] = make.events("attempt.refused")
    assert (event.actor_id, event.actor_role) == (None, "system")


def test_who_is_nobody_can_do_nothing_that_needs_a_person(make: Make):
    with pytest.raises(NotPermitted, match="Sign in first"):
        Change(Origin(SYSTEM), db.session()).actor_id  # noqa: B018 (the property refuses)


def test_a_first_administrator_is_made_one_at_a_time(app):
    token = new_link_token()
    before = _version(*SYSTEM_STREAM)
    make_setup_link(Origin(SYSTEM), SecretStr(token))
    assert _version(*SYSTEM_STREAM) == before + 1

    set_up(token, name="Ines", email="i@example.org", password="eleven coffees a day", is_lead=False, request_id="")

    assert _version(*SYSTEM_STREAM) == before + 2


def test_administrators_are_removed_one_at_a_time(make: Make):
    one, other = make.person(Role.ADMINISTRATOR), make.person(Role.ADMINISTRATOR)
    before = _version(*SYSTEM_STREAM)

    revoke_role(one.origin, other.id, list_grants(other.id)[0].id)

    assert _version(*SYSTEM_STREAM) == before + 1


def test_the_catalogue_is_loaded_one_at_a_time(app):
    before = _version(*SYSTEM_STREAM)

    load_catalogue(Origin(SYSTEM))

    assert _version(*SYSTEM_STREAM) == before + 1


def test_every_change_of_an_item_moves_the_version_of_its_checklist(make: Make, release: MadeRelease):
    item = release.item(ITEM)
    stream = select(Stream.version).join(Checklist, Checklist.stream_id == Stream.id)
    stream = stream.where(Checklist.id == item.checklist_id)
    versions = []

    for revision, state in enumerate((ItemState.DOING, ItemState.DONE), start=1):
        set_state(release.lead.origin, item.id, revision=revision, state=state)
        versions.append(db.session.scalar(stream))
    add_comment(release.lead.origin, item.id, text="said")
    versions.append(db.session.scalar(stream))

    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]


def test_a_label_too_long_for_the_column_is_cut_in_column_and_body_alike(make: Make):
    record_refusal(Origin(make.person().actor), NotPermitted("x" * 600))

    [event] = make.events("attempt.refused")
    assert event.object_label == "x" * 500
    assert json.loads(event.body)["object"]["label"] == "x" * 500


def test_the_role_in_an_event_is_the_one_that_allowed_it(make: Make, release: MadeRelease):
    person = make.person(Role.VIEWER, Role.DBA)
    assert person.actor.acting_role(Permission.ITEM_WORK) is Role.DBA

    add_comment(person.origin, release.item(ITEM).id, text="said")

    [event] = make.events("item.commented")
    assert event.actor_role == "dba"
    assert db.session.scalar(select(func.count(AuditEvent.id)).where(AuditEvent.actor_id == person.id)) == 1
