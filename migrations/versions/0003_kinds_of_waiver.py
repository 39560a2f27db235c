"""Waivers of four kinds that hold until a day: what kind, until when, and how one ended."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
TABLE, INDEX, KEY = "waivers", "ix_waivers_decision_ends_on", "fk_waivers_ended_by_id"


def wanted_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("kind", sa.String(40), nullable=False, server_default="not_applicable"),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_reason", sa.String(1000), nullable=False, server_default=""),
    ]


def columns_there() -> set[str]:
    return {known["name"] for known in sa.inspect(op.get_bind()).get_columns(TABLE)}


def indexes_there() -> set[str | None]:
    return {known["name"] for known in sa.inspect(op.get_bind()).get_indexes(TABLE)}


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def upgrade() -> None:
    there = columns_there()
    for wanted in wanted_columns():
        if wanted.name not in there:
            op.add_column(TABLE, wanted)
    if "ended_by_id" not in there:
        add_ender()
    if INDEX not in indexes_there():
        op.create_index(INDEX, TABLE, ["decision", "ends_on"])
    end_what_was_set_back()
    end_what_was_asked_anew()


def add_ender() -> None:
    """Who ended it. The embedded database cannot add a constraint to a table that is there."""
    if is_sqlite():
        op.execute(f"ALTER TABLE {TABLE} ADD COLUMN ended_by_id INTEGER REFERENCES people (id)")
        return
    op.execute(
        f"ALTER TABLE {TABLE} ADD COLUMN ended_by_id BIGINT NULL,"
        f" ADD CONSTRAINT {KEY} FOREIGN KEY (ended_by_id) REFERENCES people (id)"
    )


def end_what_was_set_back() -> None:
    """An approved waiver whose item somebody has set to another state since had ended without a word."""
    op.execute(
        """
        UPDATE waivers SET
          decision = 'ended',
          ended_at = (SELECT i.state_since FROM checklist_items i WHERE i.id = waivers.item_id),
          ended_by_id = (SELECT i.changed_by_id FROM checklist_items i WHERE i.id = waivers.item_id),
          ended_reason = (SELECT i.reason FROM checklist_items i WHERE i.id = waivers.item_id)
        WHERE decision = 'approved'
          AND (SELECT i.state FROM checklist_items i WHERE i.id = waivers.item_id)
            NOT IN ('not_applicable', 'overridden', 'deferred')
        """
    )


def end_what_was_asked_anew() -> None:
    """Of several approved for one item only the newest is in force; the others ended before the next was asked for."""
    # Distinct, because a server refuses to read the table that it changes but through a copy.
    op.execute(
        """
        UPDATE waivers SET
          ended_at = (
            SELECT MIN(a.requested_at)
            FROM (SELECT DISTINCT w.id, w.item_id, w.requested_at FROM waivers w WHERE w.decision = 'approved') a
            WHERE a.item_id = waivers.item_id AND a.id > waivers.id
          ),
          decision = 'ended'
        WHERE decision = 'approved' AND EXISTS (
          SELECT 1
          FROM (SELECT DISTINCT w.id, w.item_id FROM waivers w WHERE w.decision = 'approved') b
          WHERE b.item_id = waivers.item_id AND b.id > waivers.id
        )
        """
    )


def downgrade() -> None:
    # The version before knows neither of them; an item that stands in a state of a waiver is open there.
    op.execute("UPDATE waivers SET decision = 'approved' WHERE decision IN ('ended', 'expired')")
    op.execute("UPDATE checklist_items SET state = 'todo' WHERE state IN ('overridden', 'deferred')")
    if INDEX in indexes_there():
        op.drop_index(INDEX, TABLE)
    if not is_sqlite():
        op.drop_constraint(KEY, TABLE, type_="foreignkey")
    there = columns_there()
    for name in ("ended_by_id", "ended_reason", "ended_at", "ends_on", "kind"):
        if name in there:
            op.drop_column(TABLE, name)
