"""Evidence on items, and the acts by which it is confirmed again."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
DIGEST = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql")
BYTES16 = sa.LargeBinary(16).with_variant(mysql.BINARY(16), "mysql")
STORED_AS = sa.String(32).with_variant(mysql.VARCHAR(32, collation="utf8mb4_bin"), "mysql")
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}

primary_key = sa.PrimaryKeyConstraint
unique = sa.UniqueConstraint
foreign_key = sa.ForeignKeyConstraint


def column(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, **options)


def summary_columns() -> list[sa.Column[Any]]:
    return [
        column("evidence_count", BIG, server_default=sa.text("0")),
        column("evidence_at", MOMENT, nullable=True),
        column("evidence_expires_on", sa.Date(), nullable=True),
    ]


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_table(name: str, *parts: Any) -> None:
    op.create_table(name, *parts, if_not_exists=True, **ON_SERVERS)


def create_index(name: str, table: str, column_name: str) -> None:
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, [column_name])


def columns_of(table: str) -> set[str]:
    return {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}


def upgrade() -> None:
    there = columns_of("checklist_items")
    for wanted in summary_columns():
        if wanted.name not in there:
            op.add_column("checklist_items", wanted)
    create_table(
        "evidence",
        column("id", BIG),
        column("item_id", BIG),
        column("kind", sa.String(40)),
        column("link", sa.String(500)),
        column("note", sa.String(2000)),
        column("file_name", sa.String(200)),
        column("file_kind", sa.String(20)),
        column("file_size", BIG),
        column("file_sha256", DIGEST, nullable=True),
        column("stored_as", STORED_AS, nullable=True),
        column("measured_at", MOMENT),
        column("expires_on", sa.Date(), nullable=True),
        column("added_by_id", BIG),
        column("added_at", MOMENT),
        column("withdrawn_by_id", BIG, nullable=True),
        column("withdrawn_at", MOMENT, nullable=True),
        column("withdrawn_reason", sa.String(1000)),
        foreign_key(["item_id"], ["checklist_items.id"], name="fk_evidence_item_id"),
        foreign_key(["added_by_id"], ["people.id"], name="fk_evidence_added_by_id"),
        foreign_key(["withdrawn_by_id"], ["people.id"], name="fk_evidence_withdrawn_by_id"),
        primary_key("id", name="pk_evidence"),
        unique("stored_as", name="uq_evidence_stored_as"),
    )
    create_index("ix_evidence_item_id", "evidence", "item_id")
    create_table(
        "evidence_confirmations",
        column("id", BIG),
        column("evidence_id", BIG),
        column("confirmed_by_id", BIG),
        column("confirmed_at", MOMENT),
        column("batch", BYTES16),
        foreign_key(["evidence_id"], ["evidence.id"], name="fk_evidence_confirmations_evidence_id"),
        foreign_key(["confirmed_by_id"], ["people.id"], name="fk_evidence_confirmations_confirmed_by_id"),
        primary_key("id", name="pk_evidence_confirmations"),
    )
    create_index("ix_evidence_confirmations_evidence_id", "evidence_confirmations", "evidence_id")


def downgrade() -> None:
    op.drop_table("evidence_confirmations", if_exists=True)
    op.drop_table("evidence", if_exists=True)
    there = columns_of("checklist_items")
    for added in summary_columns():
        if added.name in there:
            op.drop_column("checklist_items", added.name)
