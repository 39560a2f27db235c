"""What happens in a rollback: its steps as they are taken, and its pauses."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
WORD, SENTENCES = sa.String(40), sa.String(1000)
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}
REFUSE = {
    "mysql": (
        "CREATE TRIGGER rollback_steps_no_{verb} BEFORE {VERB} ON rollback_steps FOR EACH ROW "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'rows of rollback_steps are only ever added'"
    ),
    "sqlite": (
        "CREATE TRIGGER rollback_steps_no_{verb} BEFORE {VERB} ON rollback_steps "
        "BEGIN SELECT RAISE(ABORT, 'rows of rollback_steps are only ever added'); END"
    ),
}


def column(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, **options)


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_table(name: str, *columns: sa.Column[Any], keys: dict[str, str]) -> None:
    op.create_table(
        name,
        column("id", BIG),
        *columns,
        *(sa.ForeignKeyConstraint([key], [f"{other}.id"], name=f"fk_{name}_{key}") for key, other in keys.items()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        if_not_exists=True,
        **ON_SERVERS,
    )


def create_index(table: str, name: str) -> None:
    wanted = f"ix_{table}_{name}"
    if wanted not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(wanted, table, [name])


def upgrade() -> None:
    create_table(
        "rollback_steps",
        *(column(name, BIG) for name in ("rollback_id", "item_id")),
        column("outcome", WORD),
        *(column(name, MOMENT) for name in ("started_at", "ended_at")),
        column("taken_by_id", BIG),
        column("value", sa.String(500)),
        column("note", SENTENCES),
        column("claimed_at", MOMENT, nullable=True),
        column("claimed_by", sa.String(120)),
        keys={"rollback_id": "rollbacks", "item_id": "checklist_items", "taken_by_id": "people"},
    )
    create_index("rollback_steps", "rollback_id")
    create_index("rollback_steps", "item_id")
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS rollback_steps_no_{verb}")
        op.execute(REFUSE[op.get_bind().dialect.name].format(verb=verb, VERB=verb.upper()))
    create_table(
        "rollback_pauses",
        column("rollback_id", BIG),
        column("began_at", MOMENT),
        column("began_by_id", BIG),
        column("reason", SENTENCES),
        column("ended_at", MOMENT, nullable=True),
        column("ended_by_id", BIG, nullable=True),
        keys={"rollback_id": "rollbacks", **dict.fromkeys(("began_by_id", "ended_by_id"), "people")},
    )
    create_index("rollback_pauses", "rollback_id")


def downgrade() -> None:
    for table in ("rollback_pauses", "rollback_steps"):
        op.drop_table(table, if_exists=True)
