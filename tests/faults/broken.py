"""The product with one safeguard taken out, served to see whether the checker notices.

COUNTERSIGN_WITHOUT names the safeguard. What serves people never imports this.
"""

import os
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app import create_app
from app.domain.permissions import Permission
from app.queries.items import ItemPlace, get_item_now, get_place
from app.queries.rows import ItemRow
from app.services import item_states, items, write_path
from app.services.change import Change
from app.services.idempotency import Key


def without_keys() -> None:
    """Every request is new."""
    Key.keep = lambda *_: None
    Key.answer = lambda *_: None


def without_one_transaction() -> None:
    """The history is written behind the change, in a transaction of its own."""
    real, write = write_path.in_transaction, Change.write_history
    behind = threading.local()

    def put_off(change: Change) -> None:
        behind.change = change

    def in_two(work: Callable[[Session], Any]) -> Any:
        behind.change = None
        result = real(work)
        change: Change | None = behind.change
        if change is not None:
            real(lambda session: write_later(change, session))
        return result

    def write_later(change: Change, session: Session) -> None:
        taken, change.session, change.taken, change.tails = change.taken, session, set(), {}
        change.connection = session.connection()
        change.take(*taken)
        write(change)

    Change.write_history = put_off
    write_path.in_transaction = in_two


def without_order() -> None:
    """The revision is compared before the stream is taken."""

    def look_then_take(
        change: Change, item_id: int, revision: int, permission: Permission, *, yours: str = ""
    ) -> tuple[ItemPlace, ItemRow]:
        place, item = get_place(item_id), get_item_now(item_id)
        change.actor.require(permission, place.module_id)
        items.check_revision(item, revision, yours=yours)
        change.take(place.stream_id)
        return place, item

    item_states.take_item = items.take_item = look_then_take


TAKE_OUT = {"keys": without_keys, "one-transaction": without_one_transaction, "order": without_order}
TAKE_OUT[os.environ["COUNTERSIGN_WITHOUT"]]()
app = create_app()
