"""What is done without a request. Each job may run twice at once and does no harm."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete

from app.database import in_transaction, server_now
from app.domain.actors import SYSTEM, Origin
from app.domain.identifiers import time_ordered_id
from app.domain.waivers import utc_day
from app.extensions import mailing
from app.models import IdempotencyKey, RateCounter, Session, TemplateImport
from app.models.base import utc_now
from app.queries.deployment_windows import list_windows_to_tell
from app.queries.digests import list_readers
from app.queries.duties import list_to_tell
from app.queries.evidence import find_named
from app.queries.expired_gates import list_gates_with_expired
from app.queries.expiry import list_due_waivers
from app.queries.overdue import list_late
from app.queries.overrides import list_due
from app.services.duty_records import tell_missed
from app.services.mailing import escalate, write_digest
from app.services.overrides import expire_override
from app.services.signoffs import expire_signoffs as end_signoffs
from app.services.waivers import expire_waiver
from app.services.window_notices import tell_of_window
from app.web.uploads import evidence_store
from app.worker.post import FORGET_MAILS

# A form that is sent again comes within minutes; a day is far on the safe side.
KEEP_KEYS = timedelta(days=2)
KEEP_IMPORTS = timedelta(days=1)
KEEP_SESSIONS = timedelta(days=90)
KEEP_MAILS = timedelta(days=90)
# So many are looked up at a time.
AT_A_TIME = 200
# An upload is written and named within seconds; a day is far on the safe side.
KEEP_UNNAMED = timedelta(days=1)
AT_ONCE = 500


def forget_old() -> None:
    """Remove what has served: idempotency keys, rate counters, old sessions and mails, documents not imported."""
    now = utc_now()
    in_transaction(
        lambda session: [
            session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEEP_KEYS)),
            session.execute(delete(RateCounter).where(RateCounter.expires_at < now)),
            session.execute(delete(TemplateImport).where(TemplateImport.created_at < now - KEEP_IMPORTS)),
            session.execute(delete(Session).where(Session.ends_at < now - KEEP_SESSIONS)),
            session.execute(FORGET_MAILS, {"before": now - KEEP_MAILS}),
        ]
    )


def expire_waivers() -> None:
    """Open every item whose waiver has passed its last day, however long nobody looked.

    One that somebody else opens at the same moment is left alone: the service asks again when it has the item's stream.
    """
    today = utc_day(utc_now())
    _each(lambda after: list_due_waivers(today, after=after, most=AT_A_TIME), expire_waiver)


def expire_signoffs() -> None:
    """End every sign-off that no longer counts by time, so that the history says when and why.

    It has not counted since then: this is for who reads, and for nobody who decides.
    """
    now = server_now()
    _each(lambda after: list_gates_with_expired(now, after=after, most=AT_A_TIME), end_signoffs)


def end_overrides() -> None:
    """Say of every break-glass that time has ended that it is over. It has let nothing on since."""
    now = server_now()
    _each(lambda after: list_due(now, after=after, most=AT_A_TIME), expire_override)


def tell_of_windows() -> None:
    """Remind of every window after a deployment that is about to end, and say once of each that it was missed."""
    for number in list_windows_to_tell(server_now()):
        tell_of_window(_own_origin(), number)


def tell_missed_duties() -> None:
    """Tell the history of every period of a duty that is over and was not done, however long nobody looked."""
    now, after = server_now(), 0
    while True:
        due, after = list_to_tell(now, after=after, most=AT_A_TIME)
        for number in due:
            tell_missed(_own_origin(), number)
        if not after:
            return


def _each(list_after: Callable[[int], Sequence[int]], end: Callable[[Origin, int], object]) -> None:
    """End what is due, a part at a time and each in a transaction of its own, by number."""
    origin, after = _own_origin(), 0
    while due := list_after(after):
        for number in due:
            end(Origin(SYSTEM, request_id=origin.request_id), number)
        after = due[-1]


def write_digests() -> None:
    """Put the digests of this morning into the outbox, wherever it is morning; each person's once a day."""
    if mailing.route is None:
        return
    for reader in list_readers(utc_now()):
        write_digest(_own_origin(), reader.id)


def escalate_late() -> None:
    """Tell of every dangerous item that has become late; each once for its day."""
    if mailing.route is None:
        return
    for late in list_late(utc_now()):
        escalate(_own_origin(), late.id)


def _own_origin() -> Origin:
    return Origin(SYSTEM, request_id=f"worker-{time_ordered_id().hex()[-12:]}")


def collect_files() -> None:
    """Remove files of evidence that no row names: what a crash between file and row left behind."""
    part: list[Path] = []
    for path in evidence_store().list_old(utc_now() - KEEP_UNNAMED):
        part.append(path)
        if len(part) == AT_ONCE:
            _remove_unnamed(part)
            part = []
    _remove_unnamed(part)


def _remove_unnamed(paths: list[Path]) -> None:
    if not paths:
        return
    named = in_transaction(lambda _session: find_named({path.name for path in paths}))
    for path in paths:
        if path.name not in named:
            with suppress(FileNotFoundError):
                path.unlink()
