"""One's own name, time zone, keyboard switch, daily mail and password."""

from pydantic import SecretStr

from app.database import db
from app.domain.actors import Origin
from app.domain.audit import AuditAction
from app.domain.errors import Conflict, InvalidInput
from app.domain.passwords import normalised
from app.domain.time_zones import TIME_ZONES
from app.queries.people import get_person
from app.services import throttle
from app.services.change import Change
from app.services.idempotency import Key
from app.services.people import about_person, find_password_fault, set_name
from app.services.secret import hash_password, is_password
from app.services.sessions import end_all_sessions
from app.services.write_path import write_path

WRONG = "This is not your password."
SAME = "This is the password that you have now. Choose another one."


def change_password(origin: Origin, *, old: str, new: str) -> None:
    """Change one's own password; every other session of this person ends."""
    person = get_person(origin.actor.id or 0)
    own = str(person.id)
    # The button was pressed twice: the old password fits no longer, because the new one is in force.
    if Key(person.id, origin.key).is_answered(db.session.connection()) and is_password(new, person.password_hash):
        return
    throttle.count_or_refuse(throttle.PER_ACCOUNT, "change", own)
    faults = {} if is_password(old, person.password_hash) else {"old_password": WRONG}
    if not faults:
        throttle.give_back(throttle.PER_ACCOUNT, "change", own)
        faults = {"password": SAME} if normalised(new) == normalised(old) else {}
    faults |= find_password_fault(new, person.name, person.email)
    if faults:
        raise InvalidInput(**faults)
    _change_password(origin, SecretStr(hash_password(new)), SecretStr(person.password_hash or ""))


@write_path
def _change_password(change: Change, hashed: SecretStr, verified: SecretStr) -> bool:
    stream = change.take_subject("person", change.actor_id)
    person = get_person(change.actor_id)
    if person.password_hash != verified.get_secret_value():
        raise InvalidInput(old_password=WRONG)  # it was changed while the old one was being checked
    person.password_hash = hashed.get_secret_value()
    end_all_sessions(change, person.id, but=change.actor.session_id)
    change.record(AuditAction.PASSWORD_CHANGED, about_person(person), stream=stream)
    return True


@write_path
def update_profile(
    change: Change, *, revision: int, name: str, time_zone: str, shortcuts_enabled: bool, digest_enabled: bool = True
) -> bool:
    """Change one's own name, time zone, keyboard switch and daily mail; one event per fact."""
    stream = change.take_subject("person", change.actor_id)
    person = get_person(change.actor_id)
    if person.revision != revision:
        raise Conflict("Your profile was changed elsewhere meanwhile.", theirs=person.name, yours=name)
    if time_zone not in TIME_ZONES:
        raise InvalidInput(time_zone="There is no such time zone. Choose one from the list.")
    if name != person.name:
        # Only the digests stand in the history; the names themselves stay erasable.
        set_name(change, person, name)
        change.record(
            AuditAction.PERSON_CHANGED,
            about_person(person),
            stream=stream,
            fact="name",
            old="an earlier one",
            new="the present one",
        )
    facts = {
        "time zone": ("time_zone", time_zone),
        "shortcuts": ("shortcuts_enabled", shortcuts_enabled),
        "daily mail": ("digest_enabled", digest_enabled),
    }
    for fact, (attribute, new) in facts.items():
        if (old := getattr(person, attribute)) != new:
            setattr(person, attribute, new)
            change.record(
                AuditAction.PERSON_CHANGED, about_person(person), stream=stream, fact=fact, old=str(old), new=str(new)
            )
    person.revision += 1
    return True
