"""Of a dangerous item that has become late its owner and the lead are told, once for its day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.database import db
from app.domain.checklist import ItemState
from app.domain.gates import Decision
from app.domain.permissions import Role
from app.models import ChecklistItem, Escalation, Mail, Module, Person, Release
from app.models.base import pretending, utc_now
from app.queries.people import list_grants
from app.services.item_states import set_state
from app.services.items import assign
from app.services.release_modules import remove_module
from app.services.roles import deactivate, revoke_role
from app.worker.jobs import escalate_late
from app.worker.post import send_mails
from tests.factories import Made, MadeRelease, Make
from tests.integration.services.test_signoffs import QA, Room
from tests.mailbox import URL, Mailbox

KILLER = "pre.schema-planned"
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
TODAY = NOON.date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def owner(make: Make) -> Made:
    return make.person(Role.DEVELOPER, name="Ravi Kumar")


def killer_of(release: MadeRelease) -> ChecklistItem:
    """A dangerous item of a release, as it is now."""
    found = next(row for row in release.items if row.severity == "killer")
    return db.session.get_one(ChecklistItem, found.id, populate_existing=True)


def owe(release: MadeRelease, owner: Made | None, due_on: date | None) -> ChecklistItem:
    item = killer_of(release)
    number = owner.id if owner else None
    assign(release.lead.origin, item.id, revision=item.revision, assignee_id=number, due_on=due_on)
    return killer_of(release)


def lead_of(release: MadeRelease, person: Made | None) -> None:
    """Name the lead of the module."""
    number = person.id if person else None
    db.session.execute(update(Module).where(Module.key == release.modules[0]).values(lead_id=number))
    db.session.commit()


def work_at(at: datetime = NOON) -> None:
    with pretending(at):
        escalate_late()
        send_mails()


def told(mailbox: Mailbox) -> list[str]:
    """Whom mail went to since the last look."""
    found = sorted(address for to in mailbox.recipients for address in to)
    mailbox.recipients.clear()
    mailbox.taken.clear()
    return found


def test_owner_and_lead_are_told_what_is_late_and_where(
    mailbox: Mailbox, make: Make, release: MadeRelease, owner: Made
):
    item = owe(release, owner, YESTERDAY)
    lead_of(release, release.lead)

    work_at()

    assert sorted(mailbox.recipients) == sorted([[owner.email], [release.lead.email]])
    assert mailbox.taken[0]["Subject"] == f"Late and dangerous to skip: {item.text}"
    text = mailbox.text()
    assert f"“{item.text}” was due on {YESTERDAY} and is not done.\n" in text
    assert f"in Release {release.key}. Its owner is Ravi Kumar.\n" in text
    assert f"{URL}/items/{item.id}/\n" in text
    [event] = make.events("item.escalated")
    assert (event.object_id, event.old_value, event.actor_id) == (item.id, YESTERDAY.isoformat(), None)
    people = sorted([owner.id, release.lead.id])
    assert event.new_value == f"person {people[0]} and person {people[1]}"


def test_it_is_told_once_and_again_only_when_its_day_was_moved_and_has_passed_again(
    mailbox: Mailbox, release: MadeRelease, owner: Made
):
    owe(release, owner, YESTERDAY)
    lead_of(release, release.lead)
    both = sorted([owner.email, release.lead.email])
    work_at()
    assert told(mailbox) == both
    for hours in (0, 1, 24, 240):
        work_at(NOON + timedelta(hours=hours))
    assert told(mailbox) == []

    owe(release, owner, TODAY + timedelta(days=2))
    work_at(NOON + timedelta(days=2))
    assert told(mailbox) == []
    work_at(NOON + timedelta(days=3))
    assert told(mailbox) == both
    owe(release, owner, YESTERDAY)
    work_at(NOON + timedelta(days=4))
    assert told(mailbox) == []


def test_it_is_still_known_when_the_mail_itself_was_forgotten(mailbox: Mailbox, release: MadeRelease, owner: Made):
    owe(release, owner, YESTERDAY)
    work_at()
    assert told(mailbox)
    db.session.query(Mail).delete()
    db.session.commit()

    work_at(NOON + timedelta(days=100))

    assert told(mailbox) == []


@pytest.mark.parametrize(
    ("zone", "hours_after_midnight_utc"), [("UTC", 0), ("Pacific/Kiritimati", -14), ("Pacific/Pago_Pago", 11)]
)
def test_late_is_late_where_the_owner_is(
    mailbox: Mailbox, release: MadeRelease, owner: Made, zone: str, hours_after_midnight_utc: int
):
    db.session.execute(update(Person).where(Person.id == owner.id).values(time_zone=zone))
    db.session.commit()
    owe(release, owner, TODAY)
    midnight = NOON.replace(hour=0) + timedelta(days=1, hours=hours_after_midnight_utc)

    work_at(midnight - timedelta(seconds=1))
    assert told(mailbox) == []
    work_at(midnight)
    assert owner.email in told(mailbox)


def test_without_an_owner_the_day_of_the_lead_counts(mailbox: Mailbox, release: MadeRelease):
    db.session.execute(update(Person).where(Person.id == release.lead.id).values(time_zone="Pacific/Kiritimati"))
    db.session.commit()
    lead_of(release, release.lead)
    owe(release, None, TODAY)

    work_at(NOON.replace(hour=10))
    assert told(mailbox) == [release.lead.email]


def test_without_a_named_lead_the_team_leads_of_the_module_are_told_else_those_of_everything(
    mailbox: Mailbox, make: Make, release: MadeRelease
):
    lead_of(release, None)
    owe(release, None, YESTERDAY)
    everywhere = {row.email for row in db.session.execute(select(Person.email)).all()}
    work_at()
    assert release.lead.email in told(mailbox)

    module_id = db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()
    own = make.person(Role.TEAM_LEAD, module_id=module_id)
    owe(release, None, YESTERDAY - timedelta(days=1))
    work_at()
    assert told(mailbox) == [own.email]
    assert own.email not in everywhere


def test_it_is_told_again_and_again_to_nobody_until_there_is_somebody(
    mailbox: Mailbox, make: Make, release: MadeRelease
):
    lead_of(release, None)
    owe(release, None, YESTERDAY)
    db.session.execute(update(Person).where(Person.email.like("person%")).values(password_hash=None))
    db.session.commit()
    work_at()
    assert (told(mailbox), db.session.scalars(select(Escalation)).all()) == ([], [])

    late = make.lead()
    work_at()
    assert told(mailbox) == [late.email]


def test_who_may_not_see_it_any_more_or_has_left_is_not_told(
    mailbox: Mailbox, make: Make, release: MadeRelease, owner: Made
):
    other = make.lead()
    owe(release, owner, YESTERDAY)
    lead_of(release, other)
    boss = make.person(Role.ADMINISTRATOR)
    revoke_role(boss.origin, owner.id, list_grants(owner.id)[0].id)
    deactivate(boss.origin, other.id)

    work_at()

    assert release.lead.email in (found := told(mailbox))
    assert owner.email not in found
    assert other.email not in found


@pytest.mark.parametrize("state", [ItemState.DONE, ItemState.NOT_APPLICABLE, ItemState.OVERRIDDEN, ItemState.REMOVED])
def test_what_is_done_waived_or_taken_away_is_not_late(
    mailbox: Mailbox, release: MadeRelease, owner: Made, state: ItemState
):
    item = owe(release, owner, YESTERDAY)
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id == item.id).values(state=state))
    db.session.commit()

    work_at()

    assert told(mailbox) == []


@pytest.mark.parametrize("column", ["shipped_at", "archived_at"])
def test_what_has_shipped_or_was_archived_is_left_alone(
    mailbox: Mailbox, release: MadeRelease, owner: Made, column: str
):
    owe(release, owner, YESTERDAY)
    db.session.execute(update(Release).where(Release.key == release.key).values({column: utc_now()}))
    db.session.commit()

    work_at()

    assert told(mailbox) == []


def test_a_module_that_was_taken_out_of_the_release_is_left_alone(mailbox: Mailbox, release: MadeRelease, owner: Made):
    owe(release, owner, YESTERDAY)
    remove_module(release.lead.origin, release.key, release.modules[0])

    work_at()

    assert told(mailbox) == []


def test_what_is_not_dangerous_or_has_no_day_is_left_to_the_digest(mailbox: Mailbox, release: MadeRelease, owner: Made):
    owe(release, owner, None)
    plain = next(row for row in release.items if row.severity == "required")
    assign(release.lead.origin, plain.id, revision=plain.revision, assignee_id=owner.id, due_on=YESTERDAY)

    work_at()

    assert told(mailbox) == []


def test_it_comes_also_to_who_wants_no_digest(mailbox: Mailbox, release: MadeRelease, owner: Made):
    db.session.execute(update(Person).where(Person.id == owner.id).values(digest_enabled=False))
    db.session.commit()
    owe(release, owner, YESTERDAY)

    work_at()

    assert owner.email in told(mailbox)


def test_it_ends_no_signoff(mailbox: Mailbox, make: Make):
    room = Room(make)
    owe(room.release, room.worker, YESTERDAY)
    items = update(ChecklistItem).where(ChecklistItem.checklist_id == room.checklist_id)
    db.session.execute(items.values(state=ItemState.DONE, changed_by_id=room.worker.id))
    db.session.commit()
    item = killer_of(room.release)
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.TODO)
    room.sign(room.qa, QA, Decision.REJECT, reason="Not yet.")

    work_at()

    assert room.worker.email in told(mailbox)
    assert room.ends() == []


def test_that_it_was_told_can_be_neither_changed_nor_removed(mailbox: Mailbox, release: MadeRelease, owner: Made):
    owe(release, owner, YESTERDAY)
    work_at()

    for statement in (update(Escalation).values(due_on=TODAY), Escalation.__table__.delete()):
        with pytest.raises(DBAPIError, match="only ever added"):
            db.session.execute(statement)
        db.session.rollback()
