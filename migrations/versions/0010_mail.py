"""Mail that waits to be sent, and who wants a digest."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
KEY = sa.String(190).with_variant(mysql.VARCHAR(190, collation="utf8mb4_bin"), "mysql")
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}
REFUSE = {
    "mysql": (
        "CREATE TRIGGER escalations_no_{verb} BEFORE {VERB} ON escalations FOR EACH ROW "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'rows of escalations are only ever added'"
    ),
    "sqlite": (
        "CREATE TRIGGER escalations_no_{verb} BEFORE {VERB} ON escalations "
        "BEGIN SELECT RAISE(ABORT, 'rows of escalations are only ever added'); END"
    ),
}


def column(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, **options)


def foreign_key(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [target], name=f"fk_{table}_{name}")


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def columns_of(table: str) -> set[str]:
    return {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}


def create_index(table: str, *names: str) -> None:
    wanted = f"ix_{table}_{'_'.join(names)}"
    if wanted not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(wanted, table, list(names))


def upgrade() -> None:
    op.create_table(
        "mails",
        column("id", BIG),
        column("person_id", BIG),
        column("kind", sa.String(40)),
        column("key", KEY),
        column("subject", sa.String(200)),
        column("body", sa.Text()),
        column("created_at", MOMENT),
        column("next_attempt_at", MOMENT, nullable=True),
        column("claimed_until_at", MOMENT, nullable=True),
        column("gives_up_at", MOMENT),
        column("attempts", BIG),
        column("sent_at", MOMENT, nullable=True),
        column("given_up_at", MOMENT, nullable=True),
        column("last_error", sa.String(500)),
        foreign_key("mails", "person_id", "people.id"),
        sa.PrimaryKeyConstraint("id", name="pk_mails"),
        sa.UniqueConstraint("key", name="uq_mails_key"),
        if_not_exists=True,
        **ON_SERVERS,
    )
    create_index("mails", "person_id")
    create_index("mails", "next_attempt_at", "created_at")
    op.create_table(
        "escalations",
        column("id", BIG),
        column("item_id", BIG),
        column("due_on", sa.Date()),
        column("made_at", MOMENT),
        foreign_key("escalations", "item_id", "checklist_items.id"),
        sa.PrimaryKeyConstraint("id", name="pk_escalations"),
        sa.UniqueConstraint("item_id", "due_on", name="uq_escalations_item_id_due_on"),
        if_not_exists=True,
        **ON_SERVERS,
    )
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS escalations_no_{verb}")
        op.execute(REFUSE[op.get_bind().dialect.name].format(verb=verb, VERB=verb.upper()))
    known = columns_of("people")
    if "digest_enabled" not in known:
        op.add_column("people", column("digest_enabled", sa.Boolean(), server_default=sa.text("1")))
    if "digest_made_on" not in known:
        op.add_column("people", column("digest_made_on", sa.Date(), nullable=True))


def downgrade() -> None:
    for name in ("digest_made_on", "digest_enabled"):
        if name in columns_of("people"):
            op.drop_column("people", name)
    for table in ("escalations", "mails"):
        op.drop_table(table, if_exists=True)
