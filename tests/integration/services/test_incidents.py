"""Incidents: reported, changed, given to somebody; and the boxes that follow their record."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.incidents import IncidentSeverity
from app.domain.permissions import Role
from app.models import Evidence, Incident
from app.models.base import utc_now
from app.queries.incidents import IncidentRow, find_incident, list_incidents_between
from app.queries.rows import ItemRow, list_rows
from app.services.escalation import start_step
from app.services.evidence import withdraw_evidence
from app.services.incident_links import LinkKeys
from app.services.incidents import Report, change_incident, give_incident, report_incident, report_with_files
from app.services.item_states import set_state
from app.services.modules import archive_module
from app.services.undo import undo
from app.web.uploads import evidence_store
from tests.factories import LIMITS, PNG, Made, MadeRelease, Make
from tests.occasions import made_occasions

FIFTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def ravi(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


def row_of(number: int) -> IncidentRow:
    found = find_incident(number)
    assert found is not None
    return found


def item_of(number: int, key: str) -> ItemRow:
    return next(item for item in list_rows(row_of(number).checklist_id) if item.key == key)


def report_again(row: IncidentRow, **changed: Any) -> Report:
    """What an incident says, with something changed."""
    names = [name for name in Report.__dataclass_fields__ if name != "links"]
    links = LinkKeys(row.release_key or "", row.environment_key or "", row.deployment_id, row.rollback_id)
    return Report(**{name: getattr(row, name) for name in names} | {"links": links} | changed)


def test_a_report_leaves_its_facts_in_the_history_and_a_list_of_twelve(make: Make, release: MadeRelease, ravi: Made):
    began = utc_now() - timedelta(hours=1)

    number = make.incident(release.modules[0], by=ravi, began_at=began, description=FIFTEEN)

    row = row_of(number)
    [event] = make.events("incident.reported")
    told = json.loads(event.body)["after"]
    assert (told["module"], told["severity"], told["checklist"]) == (row.module_id, "major", row.checklist_id)
    assert told["began_at"] == began.isoformat(timespec="microseconds").replace("+00:00", "Z")
    items = list_rows(row.checklist_id)
    assert len(items) == 12
    done = {item.key: item.changed_by_id for item in items if item.state is ItemState.DONE}
    assert done == {"issue.description": None, "fix.documented": None}


def test_no_secret_reaches_a_row_an_event_or_the_answer(make: Make, release: MadeRelease, ravi: Made):
    pasted = {
        name: f"see password=hunter2-{name} here" for name in ("description", "steps", "expected", "actual", "log")
    }

    number = make.incident(
        release.modules[0],
        by=ravi,
        title="Login fails, token=hunter2-title",
        error_messages="mysql://app:hunter2-error@db/shop",
        server_version="10.11 secret=hunter2-version",
        **pasted,
    )

    stored = repr(row_of(number)) + "".join(repr(event.body) + event.new_value for event in make.events())
    assert "hunter2" not in stored
    [event] = make.events("incident.reported")
    assert json.loads(event.body)["after"]["masked"] == 8
    assert "8 places masked" in event.new_value


def test_a_text_that_masks_make_too_long_is_refused_beside_its_field(make: Make, release: MadeRelease):
    for field, typed in (("title", "see " + "pwd=a " * 32), ("log", "see pwd=a\n" * 6_000)):
        with pytest.raises(InvalidInput) as refused:
            make.incident(release.modules[0], **{field: typed})

        assert list(refused.value.fields) == [field]


def test_an_edit_is_looked_through_for_secrets_too(make: Make, release: MadeRelease, ravi: Made):
    number = make.incident(release.modules[0])

    change_incident(ravi.origin, number, report_again(row_of(number), log="pwd=hunter2"), revision=1)

    assert row_of(number).log == "pwd=[masked]"
    assert "hunter2" not in "".join(repr(event.body) for event in make.events("incident.changed"))


def test_an_edit_leaves_one_event_for_each_fact_and_boxes_follow(make: Make, release: MadeRelease, ravi: Made):
    number = make.incident(release.modules[0], description=FIFTEEN)

    changed = report_again(row_of(number), description="Shorter.", severity=IncidentSeverity.MINOR)
    change_incident(ravi.origin, number, changed, revision=1)

    assert [event.fact for event in make.events("incident.changed")] == ["severity", "description"]
    item = item_of(number, "issue.description")
    assert (item.state, item.reason) == (ItemState.TODO, "The description has 1 of at least 15 words.")
    assert row_of(number).revision == 2


def test_an_old_page_loses_with_both_texts(make: Make, release: MadeRelease, ravi: Made):
    number = make.incident(release.modules[0])
    mine = report_again(row_of(number), description="Mine.")
    change_incident(ravi.origin, number, report_again(row_of(number), description="Theirs."), revision=1)

    with pytest.raises(Conflict) as refused:
        change_incident(ravi.origin, number, mine, revision=1)

    assert (refused.value.theirs, refused.value.yours) == ("Theirs.", "Mine.")
    assert row_of(number).description == "Theirs."


def test_nobody_ticks_a_box_against_the_record(make: Make, release: MadeRelease, ravi: Made):
    number = make.incident(release.modules[0])
    item = item_of(number, "issue.steps")

    with pytest.raises(RuleViolation, match=r"decides this\. The report has 0 of at least 2"):
        set_state(ravi.origin, item.id, revision=item.revision, state=ItemState.DONE)

    other = item_of(number, "fix.tests-added")
    set_state(ravi.origin, other.id, revision=other.revision, state=ItemState.DONE)
    assert item_of(number, "fix.tests-added").state is ItemState.DONE


def test_taking_back_brings_no_tick_that_the_record_no_longer_proves(make: Make, release: MadeRelease, ravi: Made):
    number = make.incident(release.modules[0], description=FIFTEEN)
    item = item_of(number, "issue.description")
    saved = set_state(ravi.origin, item.id, revision=item.revision, state=ItemState.TODO, reason="Unclear to me.")
    change_incident(ravi.origin, number, report_again(row_of(number), description="Shorter."), revision=1)
    assert saved.event is not None

    with pytest.raises(RuleViolation, match="The record of the incident decides this"):
        undo(ravi.origin, item.id, bytes.fromhex(saved.event))


def test_a_file_ticks_its_box_and_its_withdrawal_opens_it_again(make: Make, release: MadeRelease, ravi: Made):
    number = make.incident(release.modules[0])
    item = item_of(number, "issue.attachments")

    evidence = make.file(ravi, item.id)

    assert item_of(number, "issue.attachments").value == "1 file"
    withdraw_evidence(ravi.origin, item.id, evidence, reason="It shows another problem.")
    assert item_of(number, "issue.attachments").state is ItemState.TODO


def test_a_report_that_is_refused_keeps_no_file(make: Make, release: MadeRelease, ravi: Made):
    def files() -> list[Any]:
        return [path for path in evidence_store().directory.rglob("*") if path.is_file()]

    before, report = files(), Report(IncidentSeverity.MAJOR, "Short", "", utc_now())
    more = {"store": evidence_store(), "at_most": 10_000, "limits": LIMITS, "today": utc_now().date()}

    with pytest.raises(InvalidInput):
        report_with_files(ravi.origin, release.modules[0], report, [(BytesIO(PNG), "a.png")], **more)
    with pytest.raises(InvalidInput, match="at most 10 files"):
        report_with_files(ravi.origin, release.modules[0], report, [(BytesIO(PNG), "a.png")] * 11, **more)

    assert files() == before
    assert db.session.scalars(select(Incident.id)).all() == []


def test_a_report_that_is_sent_twice_is_one_with_its_files_once(make: Make, release: MadeRelease, ravi: Made):
    origin = ravi.origin
    report = Report(IncidentSeverity.MAJOR, "Orders cannot be saved", "Nothing goes.", utc_now())
    more = {"store": evidence_store(), "at_most": 10_000, "limits": LIMITS, "today": utc_now().date()}

    first, second = (
        report_with_files(origin, release.modules[0], report, [(BytesIO(PNG), "a.png")], **more) for _ in range(2)
    )

    assert first == second
    assert len(db.session.scalars(select(Evidence.id)).all()) == 1
    assert evidence_store().find_fault(first.stored_as[0], db.session.scalars(select(Evidence.file_sha256)).one()) == ""


def test_a_rollback_brings_its_deployment_release_and_environment(make: Make, release: MadeRelease, ravi: Made):
    made: Any = made_occasions(release.lead.origin, release.item("pre.schema-planned").checklist_id)

    number = make.incident(release.modules[0], by=ravi, links=LinkKeys(rollback_id=made["rollback_id"]))

    row = row_of(number)
    assert (row.deployment_id, row.release_key, row.environment_key) == (
        made["deployment_id"],
        release.key,
        "staging",
    )


def test_an_incident_names_only_what_belongs_to_its_module(make: Make, release: MadeRelease, ravi: Made):
    other = make.release()
    made: Any = made_occasions(other.lead.origin, other.item("pre.schema-planned").checklist_id)
    insider = make.person(Role.DEVELOPER, module_id=row_of(make.incident(release.modules[0])).module_id)
    own: Any = made_occasions(release.lead.origin, release.item("pre.schema-planned").checklist_id)
    twice: Any = made_occasions(release.lead.origin, release.item("pre.schema-planned").checklist_id)
    foreign = [
        (ravi, LinkKeys(deployment_id=twice["deployment_id"], rollback_id=own["rollback_id"]), InvalidInput),
        (ravi, LinkKeys(deployment_id=made["deployment_id"]), InvalidInput),
        (ravi, LinkKeys(rollback_id=made["rollback_id"]), InvalidInput),
        (ravi, LinkKeys(deployment_id=1, rollback_id=made["rollback_id"]), InvalidInput),
        (ravi, LinkKeys(release_key=other.key), InvalidInput),
        (ravi, LinkKeys(environment_key="nowhere"), InvalidInput),
        (ravi, LinkKeys(rollback_id=987_654), NotFound),
        (insider, LinkKeys(deployment_id=made["deployment_id"]), NotFound),
    ]

    for person, links, refusal in foreign:
        with pytest.raises(refusal):
            make.incident(release.modules[0], by=person, links=links)


def test_only_who_works_on_the_module_reports_and_changes(make: Make, release: MadeRelease):
    number = make.incident(release.modules[0])
    viewer = make.person(Role.VIEWER)
    stranger = make.person(Role.DEVELOPER, module_id=make.module().id)

    for person, refusal in ((viewer, NotPermitted), (stranger, NotFound)):
        with pytest.raises(refusal):
            make.incident(release.modules[0], by=person)
        with pytest.raises(refusal):
            give_incident(person.origin, number, person.id)
        with pytest.raises(refusal):
            start_step(person.origin, number, 1)


def test_an_archived_module_has_no_new_incident(make: Make, release: MadeRelease, ravi: Made):
    archive_module(release.lead.origin, release.modules[0])

    with pytest.raises(InvalidInput, match="archived"):
        make.incident(release.modules[0], by=ravi)


def test_an_incident_is_given_to_who_may_see_it_and_once(make: Make, release: MadeRelease, ravi: Made):
    number = make.incident(release.modules[0])
    stranger = make.person(Role.DEVELOPER, module_id=make.module().id)

    assert give_incident(ravi.origin, number, ravi.id)
    assert not give_incident(ravi.origin, number, ravi.id)
    for wrong in (stranger.id, 987_654):
        with pytest.raises(InvalidInput):
            give_incident(ravi.origin, number, wrong)

    [event] = make.events("incident.changed")
    assert (event.fact, event.new_value, row_of(number).owner_id) == ("owner", f"person {ravi.id}", ravi.id)


def test_incidents_are_given_for_a_span_with_the_facts_that_numbers_are_made_of(make: Make, release: MadeRelease):
    now = utc_now()
    inside = make.incident(release.modules[0], began_at=now - timedelta(days=2))
    make.incident(release.modules[0], began_at=now - timedelta(days=9))
    make.incident(make.module().key, began_at=now - timedelta(days=2))
    insider = make.person(Role.VIEWER, module_id=row_of(inside).module_id)

    found = list_incidents_between(insider.actor, now - timedelta(days=7), now)

    assert [(one.id, one.severity, one.recovered_at, one.closed_at) for one in found] == [
        (inside, IncidentSeverity.MAJOR, None, None)
    ]


@pytest.mark.parametrize("verb", ["UPDATE escalation_steps SET level = 2", "DELETE FROM escalation_steps"])
def test_the_database_itself_keeps_the_steps(make: Make, release: MadeRelease, ravi: Made, verb: str):
    number = make.incident(release.modules[0])
    start_step(ravi.origin, number, 1)

    with pytest.raises(DBAPIError, match="only ever added"):
        db.session.execute(text(verb))


def test_reporting_asks_for_a_module_that_is_there(make: Make, ravi: Made):
    report = Report(IncidentSeverity.MAJOR, "Orders cannot be saved", "Nothing goes.", utc_now())

    with pytest.raises(NotFound):
        report_incident(ravi.origin, "nothing", report, limits=LIMITS, today=utc_now().date())
