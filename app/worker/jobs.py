"""What is done without a request. Each job may run twice at once and does no harm."""

from datetime import timedelta

from sqlalchemy import delete

from app.database import in_transaction
from app.models import IdempotencyKey, RateCounter, Session, TemplateImport
from app.models.base import utc_now

# A form that is sent again comes within minutes; a day is far on the safe side.
KEEP_KEYS = timedelta(days=2)
KEEP_IMPORTS = timedelta(days=1)
KEEP_SESSIONS = timedelta(days=90)


def forget_old() -> None:
    """Remove what has served: idempotency keys, rate counters, documents not imported, sessions long ended."""
    now = utc_now()
    in_transaction(
        lambda session: [
            session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEEP_KEYS)),
            session.execute(delete(RateCounter).where(RateCounter.expires_at < now)),
            session.execute(delete(TemplateImport).where(TemplateImport.created_at < now - KEEP_IMPORTS)),
            session.execute(delete(Session).where(Session.ends_at < now - KEEP_SESSIONS)),
        ]
    )
