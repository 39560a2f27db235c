"""What the tests of waivers' pages share: asking, granting, and letting a last day pass."""

import re
from datetime import date, timedelta

from sqlalchemy import select, update

from app.database import db
from app.domain.waiver_kinds import REASONS, WaiverKind
from app.models import Waiver
from app.models.base import utc_now
from app.services.waivers import decide_waiver, request_waiver
from tests.factories import Made, MadeRelease

ITEM = "pre.schema-planned"
KILLER = "mig.rollback-tested"
OTHER = "mig.file-exists"
TODAY = utc_now().date()
SOON, FAR = TODAY + timedelta(days=3), TODAY + timedelta(days=90)


def ask(
    asker: Made, release: MadeRelease, key: str = ITEM, kind: WaiverKind = WaiverKind.OVERRIDE, ends_on: date = FAR
) -> int:
    """Ask for a waiver; its number."""
    item = release.item(key)
    request_waiver(
        asker.origin,
        item.id,
        revision=item.revision,
        kind=kind,
        reason=REASONS[kind][0],
        explanation="it follows with the next copy",
        ends_on=ends_on,
    )
    return db.session.scalars(select(Waiver.id).where(Waiver.item_id == item.id).order_by(Waiver.id.desc())).first()


def grant(asker: Made, decider: Made, release: MadeRelease, *more: object) -> int:
    """A waiver in force."""
    number = ask(asker, release, *more)
    decide_waiver(decider.origin, number, approve=True)
    return number


def let_pass(waiver: int) -> None:
    """Its last day was yesterday, and no worker has come by."""
    db.session.execute(update(Waiver).where(Waiver.id == waiver).values(ends_on=TODAY - timedelta(days=1)))
    db.session.commit()


def plain(page: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
