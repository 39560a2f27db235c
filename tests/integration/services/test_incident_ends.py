"""How an incident ends: it works again, the cause, the resolution, the sign-off, the closing, and once more."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, NotYours, RuleViolation
from app.domain.gates import Decision, GateState
from app.domain.incidents import IncidentSeverity, IncidentState, RootCause
from app.domain.permissions import Role
from app.models import Mail, ModuleContact
from app.models.base import utc_now
from app.queries.escalation import list_steps
from app.queries.gates import get_gate, list_active, list_gates
from app.queries.incidents import IncidentRow, find_incident
from app.queries.rows import ItemRow, list_rows
from app.queries.signed import list_given
from app.queries.standing import Standing, standing_of
from app.queries.waiting import list_waiting
from app.services.escalation import finish_step, look_at_similar, pass_over_step, start_step
from app.services.incident_ends import close_incident, explain, reopen_incident, resolve, set_recovered
from app.services.item_states import set_state
from app.services.signoffs import Wish, sign
from tests.factories import Made, Make
from tests.mailbox import sends_to

FIFTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
FIX = "https://git.example.org/shop/merge-requests/7"


class Trouble:
    """An incident that a developer reported, another works on, and a lead signs."""

    def __init__(self, make: Make, **facts: object) -> None:
        self.make = make
        self.reporter, self.worker = make.person(Role.DEVELOPER), make.person(Role.DEVELOPER)
        self.lead = make.lead()
        self.module = make.module()
        self.number = make.incident(self.module.key, by=self.reporter, **facts)  # type: ignore[arg-type]  # as given

    @property
    def row(self) -> IncidentRow:
        found = find_incident(self.number)
        assert found is not None
        return found

    def item(self, key: str) -> ItemRow:
        return next(item for item in list_rows(self.row.checklist_id) if item.key == key)

    def explain(self, person: Made, cause: str = FIFTEEN) -> None:
        explain(person.origin, self.number, revision=self.row.revision, cause=cause, category=RootCause.SCHEMA)

    def work(self) -> None:
        """Everything but the sign-off and the closing."""
        set_recovered(self.worker.origin, self.number, recovered_at=utc_now())
        self.explain(self.worker)
        for key in ("fix.implemented", "fix.tests-added", "fix.docs-updated"):
            item = self.item(key)
            value = FIX if key == "fix.implemented" else None
            set_state(self.worker.origin, item.id, revision=item.revision, state=ItemState.DONE, value=value)
        resolve(self.worker.origin, self.number, resolution="The index is back.")

    def standing(self) -> Standing:
        return standing_of(get_gate(list_gates(self.row.checklist_id)[0].id), utc_now())

    def sign(self, person: Made | None = None) -> int:
        person, standing = person or self.lead, self.standing()
        wish = Wish(Role.TEAM_LEAD, Decision.APPROVE, standing.content.digest)
        return sign(self.make.origin_in(self.make.session_token(person)), standing.gate.id, wish)


@pytest.fixture
def outbox(app: Flask) -> Iterator[None]:
    """Mail is on: what is put into the outbox stays there."""
    before = app.extensions["mailing"]
    sends_to(app, "smtp://127.0.0.1:9")
    yield
    app.extensions["mailing"] = before


@pytest.fixture
def trouble(make: Make) -> Trouble:
    return Trouble(make)


def test_when_it_works_again_stands_in_the_history_with_its_beginning(trouble: Trouble, make: Make):
    began, at = trouble.row.began_at, utc_now()

    set_recovered(trouble.worker.origin, trouble.number, recovered_at=at)

    [event] = make.events("incident.recovered")
    told = json.loads(event.body)["after"]
    assert [told[name][:19] for name in ("began_at", "recovered_at")] == [began.isoformat()[:19], at.isoformat()[:19]]
    assert told["severity"] == "major"
    assert not set_recovered(trouble.worker.origin, trouble.number, recovered_at=trouble.row.recovered_at)
    for wrong in (began - timedelta(minutes=1), at + timedelta(hours=1), None):
        with pytest.raises(InvalidInput):
            set_recovered(trouble.worker.origin, trouble.number, recovered_at=wrong)


def test_the_cause_holds_when_somebody_else_than_the_reporter_stands_behind_it(trouble: Trouble, make: Make):
    trouble.explain(trouble.reporter)
    alone = trouble.item("fix.root-cause")

    trouble.explain(trouble.worker)

    assert alone.state is ItemState.TODO
    confirmed = trouble.item("fix.root-cause")
    assert (confirmed.state, confirmed.changed_by_id) == (ItemState.DONE, trouble.worker.id)
    assert len(make.events("incident.explained")) == 2
    with pytest.raises(Conflict):
        explain(trouble.lead.origin, trouble.number, revision=1, cause="x", category=None)


def test_a_cause_and_a_resolution_are_looked_through_for_secrets(trouble: Trouble):
    trouble.explain(trouble.worker, f"{FIFTEEN} password=hunter2")
    set_recovered(trouble.worker.origin, trouble.number, recovered_at=utc_now())
    resolve(trouble.worker.origin, trouble.number, resolution="Set token=hunter2 anew.")

    assert "hunter2" not in repr(trouble.row)
    assert "hunter2" not in "".join(repr(event.body) for event in trouble.make.events())


def test_nobody_ticks_the_cause_in_somebody_elses_name(trouble: Trouble):
    trouble.explain(trouble.worker)
    item = trouble.item("fix.root-cause")
    set_state(trouble.lead.origin, item.id, revision=item.revision, state=ItemState.TODO, reason="I doubt it.")

    with pytest.raises(NotYours):
        set_state(trouble.lead.origin, item.id, revision=item.revision + 1, state=ItemState.DONE)


def test_it_is_closed_when_all_is_done_and_another_has_signed(trouble: Trouble, make: Make):
    trouble.work()
    with pytest.raises(RuleViolation, match="1 sign-off of Team lead missing"):
        close_incident(trouble.worker.origin, trouble.number)

    trouble.sign()
    close_incident(trouble.worker.origin, trouble.number)

    assert trouble.row.state is IncidentState.CLOSED
    assert trouble.standing().verdict.state is GateState.CONSUMED
    [event] = make.events("incident.closed")
    told = json.loads(event.body)["after"]
    assert (told["severity"], told["turn"], told["closed_at"][:4]) == ("major", 1, str(utc_now().year))
    assert [one.new_value for one in make.events("incident.resolved")] == ["The index is back."]
    with pytest.raises(RuleViolation, match="closed"):
        trouble.explain(trouble.worker)


def test_who_resolved_it_does_not_sign_that_it_is_closed(make: Make):
    trouble = Trouble(make)
    trouble.worker = trouble.lead
    trouble.work()
    make.lead()

    with pytest.raises(NotPermitted, match="stand behind something"):
        trouble.sign(trouble.lead)


def test_closing_is_refused_with_every_reason_and_changes_nothing(trouble: Trouble):
    with pytest.raises(RuleViolation, match="Say first how it was resolved"):
        close_incident(trouble.worker.origin, trouble.number)
    set_recovered(trouble.worker.origin, trouble.number, recovered_at=utc_now())
    resolve(trouble.worker.origin, trouble.number, resolution="The index is back.")

    with pytest.raises(RuleViolation) as refused:
        close_incident(trouble.worker.origin, trouble.number)

    for words in ("Root cause identified", "Fix implemented", "Tests added", "Documentation updated"):
        assert words in refused.value.sentence
    assert trouble.row.closed_at is None


def test_it_is_not_resolved_before_it_works_again_nor_without_a_word(trouble: Trouble):
    with pytest.raises(RuleViolation, match="works again"):
        resolve(trouble.worker.origin, trouble.number, resolution="The index is back.")
    set_recovered(trouble.worker.origin, trouble.number, recovered_at=utc_now())
    with pytest.raises(InvalidInput):
        resolve(trouble.worker.origin, trouble.number, resolution="")

    assert trouble.row.resolved_at is None


def test_an_open_incident_waits_among_the_sign_offs_of_a_lead(trouble: Trouble):
    trouble.work()

    waiting = {one.gate.checklist_id for one in list_waiting(trouble.lead.actor, utc_now())}

    assert trouble.row.checklist_id in waiting


def test_one_that_is_opened_again_is_resolved_and_signed_anew(trouble: Trouble, make: Make):
    trouble.work()
    trouble.sign()
    close_incident(trouble.worker.origin, trouble.number)

    reopen_incident(trouble.worker.origin, trouble.number, reason="It is back.", is_down_again=True)

    row = trouble.row
    assert (row.state, row.turn, row.recovered_at) == (IncidentState.OPEN, 2, None)
    assert trouble.item("fix.closed").state is ItemState.TODO
    assert [event.reason for event in make.events("incident.reopened")] == ["It is back."]
    assert len(make.events("gate.renewed")) == 1
    assert trouble.standing().signoffs == []
    assert list_active([trouble.standing().gate.id]) == []
    (before,) = list_given(trouble.standing().gate)
    assert not before.is_active(utc_now()), "what was signed then is history"
    set_recovered(trouble.worker.origin, trouble.number, recovered_at=utc_now())
    resolve(trouble.worker.origin, trouble.number, resolution="Now for good.")
    with pytest.raises(RuleViolation, match="1 sign-off of Team lead missing"):
        close_incident(trouble.worker.origin, trouble.number)
    trouble.sign()
    close_incident(trouble.worker.origin, trouble.number)
    assert trouble.row.state is IncidentState.CLOSED


def test_only_a_closed_one_is_opened_again_and_with_a_reason(trouble: Trouble):
    with pytest.raises(RuleViolation, match="not closed"):
        reopen_incident(trouble.worker.origin, trouble.number, reason="It is back.")
    trouble.work()
    trouble.sign()
    close_incident(trouble.worker.origin, trouble.number)
    with pytest.raises(InvalidInput):
        reopen_incident(trouble.worker.origin, trouble.number, reason="")

    assert trouble.row.state is IncidentState.CLOSED


def test_the_steps_are_done_in_their_order_and_each_leaves_an_event(trouble: Trouble, make: Make):
    origin = trouble.worker.origin
    with pytest.raises(RuleViolation, match="First do step 1"):
        start_step(origin, trouble.number, 2)

    start_step(trouble.worker.origin, trouble.number, 1)
    for act, words in ((finish_step, "outcome"), (pass_over_step, "reason")):
        with pytest.raises(InvalidInput):
            act(trouble.worker.origin, trouble.number, 1, **{words: ""})
    finish_step(trouble.worker.origin, trouble.number, 1, outcome="It is silent.", has_helped=False)
    pass_over_step(trouble.worker.origin, trouble.number, 2, reason="It is new.")
    start_step(trouble.worker.origin, trouble.number, 3)
    assert finish_step(trouble.worker.origin, trouble.number, 3, outcome="pwd=hunter2\nLock wait") == 1

    steps = list_steps(trouble.number, 1)
    assert [(step.level, step.act.value) for step in steps] == [
        *((1, "started"), (1, "done"), (2, "passed_over"), (3, "started"), (3, "done"))
    ]
    assert steps[-1].text == "pwd=[masked]\nLock wait"
    told = [event.action.value for event in make.events() if event.action.startswith("escalation.")]
    assert told == [
        *("escalation.started", "escalation.done", "escalation.passed_over", "escalation.started", "escalation.done")
    ]
    assert "hunter2" not in "".join(repr(event.body) for event in make.events())


def climbed(trouble: Trouble) -> None:
    """The first three steps are behind."""
    for level in (1, 2, 3):
        pass_over_step(trouble.worker.origin, trouble.number, level, reason="No time.")


def test_who_is_called_gets_one_mail_where_they_have_an_account(outbox: None, trouble: Trouble, make: Make):
    climbed(trouble)
    address = trouble.reporter.email
    row = {"module_id": trouble.module.id, "kind": "development", "name": "Ravi Kumar", "email": address}
    db.session.add(ModuleContact(**row))
    db.session.commit()

    sent = start_step(trouble.worker.origin, trouble.number, 4, callee="development", text="Please look.")

    [mail] = db.session.scalars(select(Mail)).all()
    assert (sent, mail.person_id) == (1, trouble.reporter.id)
    assert f"/incidents/{trouble.number}/" in mail.body
    [step] = [step for step in list_steps(trouble.number, 1) if step.level == 4]
    assert (step.whom, step.told_how, step.told_name) == (
        "Development team: Ravi Kumar",
        "mail",
        trouble.reporter.name,
    )


def test_who_has_no_account_is_called_by_hand(outbox: None, trouble: Trouble):
    climbed(trouble)

    with pytest.raises(InvalidInput, match="no such contact"):
        start_step(trouble.worker.origin, trouble.number, 4, callee="development")
    assert start_step(trouble.worker.origin, trouble.number, 4, callee="other", whom="Dev, 0170 555") == 0

    [step] = [step for step in list_steps(trouble.number, 1) if step.level == 4]
    assert (step.told_how, step.told_name) == ("by_hand", None)
    assert db.session.scalars(select(Mail)).all() == []


def test_an_escalation_begins_anew_with_the_next_turn(trouble: Trouble):
    climbed(trouble)
    trouble.work()
    trouble.sign()
    close_incident(trouble.worker.origin, trouble.number)
    reopen_incident(trouble.worker.origin, trouble.number, reason="It is back.")

    start_step(trouble.worker.origin, trouble.number, 1)

    assert trouble.row.recovered_at is not None
    assert [step.level for step in list_steps(trouble.number, 2)] == [1]
    assert len(list_steps(trouble.number, 1)) == 3


def test_what_is_opened_beside_it_is_remembered_once_and_only_what_one_sees(trouble: Trouble, make: Make):
    earlier = make.incident(trouble.module.key, title="Orders hang since noon")
    hidden = make.incident(make.module().key)
    insider = make.person(Role.DEVELOPER, module_id=trouble.module.id)

    for _ in range(2):
        assert look_at_similar(insider.origin, trouble.number, earlier) == earlier
    for wrong in (hidden, trouble.number, 987_654):
        with pytest.raises(NotFound):
            look_at_similar(insider.origin, trouble.number, wrong)

    assert [event.new_value for event in make.events("incident.compared")] == [f"incident {earlier}"]


def test_a_worse_one_is_reported_as_such(make: Make):
    assert Trouble(make, severity=IncidentSeverity.CRITICAL).row.severity is IncidentSeverity.CRITICAL
