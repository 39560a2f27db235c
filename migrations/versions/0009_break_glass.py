"""Break-glass: overriding a gate by two people, who was passed over, its use and its review."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
KEY = sa.String(120).with_variant(mysql.VARCHAR(120, collation="utf8mb4_bin"), "mysql")
WORD = sa.String(40)
TEXT = sa.String(1000)
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}

# In the order in which one needs the other. Nobody changes or removes a row of any of them.
TABLES = (
    "overrides",
    *("override_confirmations", "override_obstacles", "override_tellings"),
    *("override_endings", "override_uses", "override_reviews"),
)
REFUSE = {
    "mysql": (
        "CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table} FOR EACH ROW "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'rows of {table} are only ever added'"
    ),
    "sqlite": (
        "CREATE TRIGGER {table}_no_{verb} BEFORE {VERB} ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
    ),
}


def column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def foreign_key(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [target], name=f"fk_{table}_{name}")


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_table(name: str, *parts: Any) -> None:
    key = sa.PrimaryKeyConstraint("id", name=f"pk_{name}")
    op.create_table(name, column("id", BIG), *parts, key, if_not_exists=True, **ON_SERVERS)


def about(table: str, *, once: bool = True) -> tuple[Any, ...]:
    """The break-glass that a row is about; mostly there is one row for each."""
    parts = (column("override_id", BIG), foreign_key(table, "override_id", "overrides.id"))
    return (*parts, sa.UniqueConstraint("override_id", name=f"uq_{table}_override_id")) if once else parts


def by(table: str, who: str, *, nullable: bool = False) -> tuple[Any, ...]:
    """A person, with the name as it was then."""
    return (
        column(who, BIG, nullable=nullable),
        column("name_id", BIG, nullable=nullable),
        foreign_key(table, who, "people.id"),
        foreign_key(table, "name_id", "person_names.id"),
    )


def create_index(table: str, name: str) -> None:
    wanted = f"ix_{table}_{name}"
    if wanted not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(wanted, table, [name])


def refuse_changes(table: str) -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        op.execute(REFUSE[op.get_bind().dialect.name].format(table=table, verb=verb, VERB=verb.upper()))


def upgrade() -> None:
    create_opened_and_confirmed()
    create_passed_over()
    create_ended_used_and_reviewed()
    for table in TABLES:
        refuse_changes(table)


def create_opened_and_confirmed() -> None:
    create_table(
        "overrides",
        column("gate_id", BIG),
        column("cycle", BIG),
        column("reason", TEXT),
        column("incident", sa.String(200)),
        column("minutes", BIG),
        *by("overrides", "opened_by_id"),
        column("role", WORD),
        column("opened_at", MOMENT),
        column("lapses_at", MOMENT),
        foreign_key("overrides", "gate_id", "gates.id"),
    )
    create_index("overrides", "gate_id")
    create_table(
        "override_confirmations",
        *about("override_confirmations"),
        *by("override_confirmations", "confirmed_by_id"),
        column("role", WORD),
        column("confirmed_at", MOMENT),
        column("ends_at", MOMENT),
    )


def create_passed_over() -> None:
    create_table(
        "override_obstacles",
        *about("override_obstacles", once=False),
        column("key", KEY),
        column("item_id", BIG, nullable=True),
        column("text", TEXT),
        foreign_key("override_obstacles", "item_id", "checklist_items.id"),
    )
    create_index("override_obstacles", "override_id")
    create_index("override_obstacles", "key")
    create_table(
        "override_tellings",
        *about("override_tellings", once=False),
        *by("override_tellings", "person_id"),
        column("role", WORD),
        column("told_at", MOMENT),
        sa.UniqueConstraint("override_id", "person_id", name="uq_override_tellings_override_id_person_id"),
    )
    create_index("override_tellings", "person_id")


def create_ended_used_and_reviewed() -> None:
    create_table(
        "override_endings",
        *about("override_endings"),
        column("kind", WORD),
        *by("override_endings", "ended_by_id", nullable=True),
        column("reason", TEXT),
        column("ended_at", MOMENT),
    )
    create_table(
        "override_uses",
        *about("override_uses"),
        column("gate_id", BIG),
        *by("override_uses", "used_by_id"),
        column("used_at", MOMENT),
        foreign_key("override_uses", "gate_id", "gates.id"),
        sa.UniqueConstraint("gate_id", name="uq_override_uses_gate_id"),
    )
    create_table(
        "override_reviews",
        *about("override_reviews"),
        *by("override_reviews", "reviewed_by_id"),
        column("role", WORD),
        column("outcome", WORD),
        column("text", TEXT),
        column("reviewed_at", MOMENT),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table, if_exists=True)
