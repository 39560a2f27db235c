"""Putting mail into the outbox, as a part of the change that it tells of: what is not committed is never sent."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, insert, or_, update

from app.domain.addresses import item_path
from app.domain.audit import AuditAction
from app.domain.errors import RuleViolation
from app.domain.inline_text import plain_words
from app.domain.mails import GIVE_UP_AFTER, MORNING, Letter, Line, MailKind, Section, counted
from app.domain.permissions import Permission
from app.extensions import mailing
from app.models import Escalation, Mail, Person
from app.models.base import table_of
from app.queries.digests import WORK, Reader, find_reader, read_digest
from app.queries.mails import find_mail, get_mail, list_known_keys
from app.queries.overdue import LateItem, find_late, list_to_tell
from app.queries.people import actor_of
from app.services.change import SYSTEM_STREAM, About, Change
from app.services.write_path import write_path

OFF = "No mail is sent here: whoever runs Countersign has named no mail server."
PROFILE, MAIL = "/profile/", "/mail/"
# After a longer while without a digest, what ended before is no news.
NEWS = timedelta(days=7)
_mails, _people = table_of(Mail), table_of(Person).c
_PUT = insert(_mails)
_TELL = insert(table_of(Escalation))
_MADE = (
    update(table_of(Person))
    .where(
        _people.id == bindparam("person"),
        or_(_people.digest_made_on.is_(None), _people.digest_made_on < bindparam("day")),
    )
    .values(digest_made_on=bindparam("day"))
)
_FORGET_OLDER = delete(_mails).where(
    _mails.c.person_id == bindparam("person"),
    _mails.c.kind == MailKind.DIGEST,
    _mails.c.next_attempt_at.is_not(None),
    or_(_mails.c.claimed_until_at.is_(None), _mails.c.claimed_until_at < bindparam("now")),
)


def put_mail(change: Change, person_ids: Iterable[int], letter: Letter) -> int:
    """Put one copy for each person into the outbox; how many were put.

    Where mail is off nothing is put, and nobody gets a second copy of what has the same key.
    """
    if mailing.route is None:
        return 0
    keys = {letter.key_for(person_id): person_id for person_id in person_ids}
    known = list_known_keys(list(keys)) if keys else set()
    rows = [_row(change, letter, key, person_id) for key, person_id in keys.items() if key not in known]
    if rows:
        change.session.execute(_PUT, rows)
    return len(rows)


def _row(change: Change, letter: Letter, key: str, person_id: int) -> dict[str, object]:
    return {
        "person_id": person_id,
        "kind": letter.kind,
        "key": key,
        "subject": letter.subject_line,
        "body": letter.body(mailing.base_url),
        "created_at": change.at,
        "next_attempt_at": change.at,
        "gives_up_at": change.at + GIVE_UP_AFTER,
        "attempts": 0,
        "last_error": "",
    }


@write_path
def write_digest(change: Change, person_id: int) -> bool:
    """Put somebody's digest of this morning into the outbox, if it is due and there is something to say.

    Read first and claimed last: of two workers that come at once the second finds the day claimed, and puts nothing.
    """
    reader = find_reader(person_id, change.at)
    if reader is None or mailing.route is None:
        return False
    sections = read_digest(actor_of(person_id, means="system"), change.at, reader.day, _since(reader, change.at))
    made = change.session.execute(_MADE, {"person": person_id, "day": reader.day})
    if made.rowcount == 0 or not sections:  # type: ignore[attr-defined]  # an UPDATE's result has it
        return False
    # One that could not be sent until now says nothing that this one does not.
    change.session.execute(_FORGET_OLDER, {"person": person_id, "now": change.at})
    put_mail(change, [person_id], _digest(reader, sections))
    return True


def _since(reader: Reader, at: datetime) -> datetime:
    """Since when something is news: since the morning of the digest before, a week at most."""
    before = reader.made_on or reader.day - timedelta(days=1)
    return max(datetime.combine(before, MORNING, ZoneInfo(reader.time_zone)).astimezone(UTC), at - NEWS)


def _digest(reader: Reader, sections: list[Section]) -> Letter:
    day = f"{reader.day:%A}, {reader.day.day} {reader.day:%B %Y}"
    return Letter(
        MailKind.DIGEST,
        reader.day.isoformat(),
        f"Countersign: {counted(sections)}",
        (
            f"{reader.name}, this waits for you on {day}.",
            *sections,
            Line("All of it, as it is now:", WORK),
            Line("You get this once a day, when there is something to say. Switch it off in your profile:", PROFILE),
        ),
    )


@write_path
def escalate(change: Change, item_id: int) -> bool:
    """Tell owner and lead of a dangerous item that it is late; once for an item and its day."""
    late = find_late(item_id, change.at)
    if late is None or mailing.route is None:
        return False
    change.take(late.stream_id)
    late = find_late(item_id, change.at)
    told = list_to_tell(late) if late is not None else ()
    if late is None or not told:
        return False
    change.session.execute(_TELL, {"item_id": item_id, "due_on": late.due_on, "made_at": change.at})
    put_mail(change, told, _escalation(late))
    change.record(
        AuditAction.ITEM_ESCALATED,
        About("item", item_id, late.text, late.module_id, late.release_id),
        stream=late.stream_id,
        old=late.due_on.isoformat(),
        new=" and ".join(f"person {number}" for number in told),
        after={"told": list(told), "due_on": late.due_on.isoformat()},
    )
    return True


def _escalation(late: LateItem) -> Letter:
    words = plain_words(late.text)
    return Letter(
        MailKind.ESCALATION,
        f"{late.id}:{late.due_on.isoformat()}",
        f"Late and dangerous to skip: {words}",
        (
            f"“{words}” was due on {late.due_on.isoformat()} and is not done.",
            f"It belongs to {late.module_name} in {late.release_name}. "
            + (f"Its owner is {late.owner_name}." if late.owner_name else "Nobody owns it."),
            Line("Do it, have it waived, or move its day:", item_path(late.id)),
            "Its owner and the lead of its module get this, once for each day on which it was due.",
        ),
    )


@write_path
def send_test(change: Change) -> int:
    """Put a test mail to whoever asks into the outbox; the number of the mail."""
    change.actor.require(Permission.PERSON_MANAGE, None)
    if mailing.route is None:
        raise RuleViolation(OFF)
    stream = change.take_subject(*SYSTEM_STREAM)
    letter = Letter(
        MailKind.TEST,
        change.origin.key.hex(),
        "Countersign: a test",
        (
            "Somebody with your account asked for this mail, to see whether mail arrives. It does.",
            Line("How mail stands:", MAIL),
        ),
    )
    put_mail(change, [change.actor_id], letter)
    mail_id = find_mail(letter.key_for(change.actor_id))
    change.record(
        AuditAction.MAIL_TESTED,
        About("mail", mail_id, f"mail {mail_id}"),
        stream=stream,
        under=Permission.PERSON_MANAGE,
    )
    return mail_id


@write_path
def try_again(change: Change, mail_id: int) -> bool:
    """Put a mail that was given up back into the outbox, under its old name, for another three days."""
    change.actor.require(Permission.PERSON_MANAGE, None)
    stream = change.take_subject(*SYSTEM_STREAM)
    mail = get_mail(mail_id)
    if mail.given_up_at is None:
        raise RuleViolation("This mail has not been given up: it was sent, or it is still tried.")
    if mailing.route is None:
        raise RuleViolation(OFF)
    mail.given_up_at, mail.claimed_until_at = None, None
    mail.attempts, mail.last_error = 0, ""
    mail.next_attempt_at, mail.gives_up_at = change.at, change.at + GIVE_UP_AFTER
    change.record(
        AuditAction.MAIL_RETRIED,
        About("mail", mail_id, f"mail {mail_id}"),
        stream=stream,
        new=f"{mail.kind.label.lower()} to person {mail.person_id}",
        under=Permission.PERSON_MANAGE,
    )
    return True
