"""Evidence is added, withdrawn and confirmed again, each leaving one event; nothing overwrites it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db
from app.domain.actors import Origin
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, KeyReused, NoRoom, NotFound, NotPermitted, RuleViolation
from app.domain.evidence import EvidenceFacts, Limits
from app.domain.permissions import Role
from app.models import Evidence, EvidenceConfirmation
from app.models.base import pretending, utc_now
from app.queries.evidence import list_evidence
from app.services.evidence import add_evidence, add_file, reconfirm, withdraw_evidence
from app.services.item_states import set_state
from app.web.uploads import evidence_store
from tests.factories import LIMITS, PNG, Made, MadeRelease, Make

ITEM, OTHER, KILLER = "pre.schema-planned", "pre.tables-identified", "mig.rollback-tested"
CI = "https://ci.example.org/1"


@pytest.fixture(autouse=True)
def _own_directory(app: Flask, tmp_path: Path) -> Iterator[None]:
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"evidence_dir": tmp_path / "evidence"})
    yield
    app.config["SETTINGS"] = settings


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def worker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


def files() -> list[Path]:
    return [path for path in evidence_store().directory.rglob("*") if path.is_file()]


def rows() -> list[Evidence]:
    return list(db.session.scalars(select(Evidence).order_by(Evidence.id).execution_options(populate_existing=True)))


def done(worker: Made, release: MadeRelease, key: str) -> int:
    item = release.item(key)
    set_state(worker.origin, item.id, revision=item.revision, state=ItemState.DONE)
    return item.id


def chosen(release: MadeRelease, *keys: str) -> tuple[tuple[int, int], ...]:
    items = {release.item(key).id: release.item(key).revision for key in keys}
    return tuple((line.id, items[line.item_id]) for line in list_evidence(list(items)) if not line.withdrawn_at)


def again(release: MadeRelease, worker: Made, *keys: str) -> list[int]:
    checklist = release.item(ITEM).checklist_id
    saved = reconfirm(worker.origin, checklist, chosen(release, *keys), today=utc_now().date())
    return [one.item_id for one in saved]


def test_a_link_is_added_with_one_event_and_summed_up_on_its_item(make: Make, release: MadeRelease, worker: Made):
    item = release.item(ITEM)
    measured, until = utc_now() - timedelta(days=3), utc_now().date() + timedelta(days=2)
    facts = EvidenceFacts(measured, until, "all green")

    added = add_evidence(worker.origin, item.id, facts, link=CI, limits=LIMITS, today=utc_now().date())

    [row], now = rows(), release.item(ITEM)
    assert (row.link, row.note, row.measured_at, row.expires_on) == (CI, "all green", measured, until)
    assert (now.evidence_count, now.evidence_at, now.evidence_expires_on) == (1, measured, until)
    assert now.revision == item.revision
    [event] = make.events("evidence.added")
    assert (event.object_kind, event.object_id, event.new_value, event.reason) == ("item", item.id, CI, "all green")
    assert event.id.hex() == added.saved.event
    assert json.loads(event.body)["after"]["evidence"] == row.id


def test_a_file_is_kept_and_its_digest_stands_in_the_history(make: Make, release: MadeRelease, worker: Made):
    make.file(worker, release.item(ITEM).id)

    [row], [path] = rows(), files()
    assert path.name == row.stored_as
    assert path.read_bytes() == PNG
    assert (row.file_name, row.file_kind, row.file_size) == ("plan.png", "png", len(PNG))
    [event] = make.events("evidence.added")
    assert row.file_sha256.hex() in event.new_value
    assert row.stored_as not in event.body.decode()


def test_what_is_measured_when_is_not_said_is_measured_now(release: MadeRelease, make: Make, worker: Made):
    with pretending(moment := utc_now() - timedelta(hours=1)):
        make.evidence(worker, release.item(ITEM).id)

    assert rows()[0].measured_at == moment


@pytest.mark.parametrize(
    "facts",
    [EvidenceFacts(), EvidenceFacts(note="x", measured_at=utc_now() + timedelta(days=1))],
    ids=["nothing", "from the future"],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(make: Make, release: MadeRelease, worker: Made, facts):
    with pytest.raises(InvalidInput):
        add_evidence(worker.origin, release.item(ITEM).id, facts, limits=LIMITS, today=utc_now().date())

    assert (rows(), make.events("evidence.added")) == ([], [])


def test_a_refused_file_does_not_stay_on_the_disk(make: Make, release: MadeRelease):
    viewer = make.person(Role.VIEWER)

    with pytest.raises(NotPermitted):
        make.file(viewer, release.item(ITEM).id)

    assert (rows(), files()) == ([], [])
    assert len(make.events("attempt.refused")) == 1


def send(origin: Origin, item_id: int, content: bytes = PNG, limits: Limits = LIMITS):
    upload = (BytesIO(content), "plan.png")
    given = {"link": "", "store": evidence_store(), "at_most": 10_000, "limits": limits}
    return add_file(origin, item_id, EvidenceFacts(), upload, today=utc_now().date(), **given)


def test_the_same_form_sent_twice_makes_one_piece_and_one_file(make: Make, release: MadeRelease, worker: Made):
    origin, item = worker.origin, release.item(ITEM)

    first, second = send(origin, item.id), send(origin, item.id)

    assert (first.evidence_id, first.stored_as) == (second.evidence_id, second.stored_as)
    assert len(rows()) == len(files()) == len(make.events("evidence.added")) == 1


def test_another_file_under_the_key_of_the_first_is_refused(make: Make, release: MadeRelease, worker: Made):
    origin, item = worker.origin, release.item(ITEM)
    send(origin, item.id)

    with pytest.raises(KeyReused):
        send(origin, item.id, PNG + b"more")

    assert [path.read_bytes() for path in files()] == [PNG]


def test_where_there_is_no_room_the_refusal_is_remembered(make: Make, release: MadeRelease, worker: Made):
    item, limits = release.item(ITEM), Limits(per_item=5, release_bytes=2 * len(PNG))
    send(worker.origin, item.id, limits=limits)
    # What is withdrawn takes its room still: it is not deleted.
    withdraw_evidence(worker.origin, item.id, rows()[0].id, reason="wrong")
    send(worker.origin, release.item(OTHER).id, limits=limits)

    with pytest.raises(NoRoom, match="room"):
        send(worker.origin, item.id, limits=limits)

    assert len(rows()) == len(files()) == 2
    [event] = make.events("attempt.refused")
    assert event.fact == "NoRoom"


def test_the_room_of_a_release_is_its_own(make: Make, release: MadeRelease, worker: Made):
    limits, other = Limits(per_item=5, release_bytes=len(PNG)), make.release()
    send(worker.origin, release.item(ITEM).id, limits=limits)

    send(worker.origin, other.item(ITEM).id, limits=limits)

    assert len(files()) == 2


def test_withdrawn_evidence_stays_with_who_and_why_and_counts_no_longer(make: Make, release: MadeRelease, worker: Made):
    item, colleague = release.item(ITEM), make.person(Role.QA)
    number = make.evidence(worker, item.id)

    withdraw_evidence(colleague.origin, item.id, number, reason="another database")

    [row] = rows()
    assert (row.note, row.withdrawn_by_id, row.withdrawn_reason) == ("looked at it", colleague.id, "another database")
    assert release.item(ITEM).evidence_count == 0
    [event] = make.events("evidence.withdrawn")
    assert (event.old_value, event.reason, event.actor_id) == ("looked at it", "another database", colleague.id)
    with pytest.raises(RuleViolation, match="before"):
        withdraw_evidence(colleague.origin, item.id, number, reason="again")


def test_evidence_of_another_item_is_not_there(make: Make, release: MadeRelease, worker: Made):
    number = make.evidence(worker, release.item(ITEM).id)

    with pytest.raises(NotFound):
        withdraw_evidence(worker.origin, release.item(OTHER).id, number, reason="wrong item")


def test_confirming_again_is_one_act_with_one_event_per_item_and_the_first_time_stays(
    make: Make, release: MadeRelease, worker: Made
):
    with pretending(old := utc_now() - timedelta(days=5)):
        for key in (ITEM, OTHER):
            make.evidence(worker, done(worker, release, key))
            make.evidence(worker, release.item(key).id, note="and this")

    assert len(again(release, worker, ITEM, OTHER)) == 2

    events = make.events("evidence.reconfirmed")
    confirmations = list(db.session.scalars(select(EvidenceConfirmation)))
    assert [event.object_id for event in events] == [release.item(ITEM).id, release.item(OTHER).id]
    assert len({event.batch for event in events} | {row.batch for row in confirmations}) == 1
    assert events[0].new_value == "and this; looked at it"
    assert [row.measured_at for row in rows()] == [old] * 4
    assert len(confirmations) == 4
    assert release.item(ITEM).evidence_at > old
    assert [line.measured_at > old for line in list_evidence([release.item(ITEM).id])] == [True, True]


def test_a_value_that_is_confirmed_again_is_told_with_it(make: Make, release: MadeRelease, worker: Made):
    item = release.item(ITEM)
    set_state(worker.origin, item.id, revision=1, state=ItemState.DONE, value="https://example.org/plan")
    make.evidence(worker, item.id)

    again(release, worker, ITEM)

    assert make.events("evidence.reconfirmed")[0].new_value == "looked at it; value https://example.org/plan"


def test_much_evidence_fits_into_one_event(make: Make, release: MadeRelease, worker: Made):
    item = done(worker, release, ITEM)
    for _ in range(12):
        make.evidence(worker, item, note="n" * 2000)

    again(release, worker, ITEM)

    assert make.events("evidence.reconfirmed")[0].new_value.endswith("; 2 more")


@pytest.mark.parametrize("spoil", ["not done", "withdrawn", "expired", "changed", "killer", "nothing", "elsewhere"])
def test_what_is_not_as_it_was_seen_is_not_confirmed(make: Make, release: MadeRelease, worker: Made, spoil: str):
    item = done(worker, release, ITEM)
    with pretending(utc_now() - timedelta(days=5)):
        number = make.evidence(worker, item, expires_on=utc_now().date())
    make.evidence(worker, done(worker, release, KILLER))
    seen, today = chosen(release, ITEM), utc_now().date() - timedelta(days=5)
    kind, checklist = RuleViolation, release.item(ITEM).checklist_id
    if spoil == "not done":
        set_state(worker.origin, item, revision=2, state=ItemState.TODO)
        seen = chosen(release, ITEM)
    elif spoil == "withdrawn":
        withdraw_evidence(worker.origin, item, number, reason="wrong")
        kind = NotFound
    elif spoil == "expired":
        today = utc_now().date()
    elif spoil == "changed":
        set_state(worker.origin, item, revision=2, state=ItemState.TODO)
        kind = Conflict
    elif spoil == "killer":
        seen = chosen(release, ITEM, KILLER)
    elif spoil == "nothing":
        seen, kind = (), InvalidInput
    else:
        checklist, kind = make.release().item(ITEM).checklist_id, NotFound

    with pytest.raises(kind):
        reconfirm(worker.origin, checklist, seen, today=today)

    assert make.events("evidence.reconfirmed") == []


def test_a_number_that_names_nothing_among_others_is_refused(make: Make, release: MadeRelease, worker: Made):
    make.evidence(worker, done(worker, release, ITEM))
    seen = (*chosen(release, ITEM), (2**40, 2))

    with pytest.raises(NotFound):
        reconfirm(worker.origin, release.item(ITEM).checklist_id, seen, today=utc_now().date())

    assert make.events("evidence.reconfirmed") == []


def test_a_killer_is_confirmed_alone(make: Make, release: MadeRelease, worker: Made):
    make.evidence(worker, done(worker, release, KILLER))

    assert again(release, worker, KILLER) == [release.item(KILLER).id]


def test_who_may_not_work_may_not_confirm(make: Make, release: MadeRelease, worker: Made):
    make.evidence(worker, done(worker, release, ITEM))

    with pytest.raises(NotPermitted):
        again(release, make.person(Role.AUDITOR), ITEM)
