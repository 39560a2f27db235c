"""What an incident's report says, its escalation, how it ended, and a way to find it by its words."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
WORD = sa.String(40)
# A text has a default only as an expression.
NOTHING = sa.text("('')")
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}
PEOPLE = ("owner_id", "root_cause_by_id", "resolved_by_id")
FULL_TEXT = "ix_incidents_texts"
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


def column(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, **options)


def new_columns() -> list[sa.Column[Any]]:
    texts = ("steps", "expected", "actual", "error_messages", "log", "root_cause", "resolution")
    return [
        column("turn", BIG, server_default=sa.text("1")),
        column("server_version", sa.String(200), server_default=""),
        *(column(name, sa.Text(), server_default=NOTHING) for name in texts),
        column("is_without_error", sa.Boolean(), server_default=sa.text("0")),
        column("root_cause_category", WORD, nullable=True),
        column("resolved_at", MOMENT, nullable=True),
    ]


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def columns_of(table: str) -> set[str]:
    return {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}


def keys_of(table: str) -> set[str | None]:
    return {key["name"] for key in sa.inspect(op.get_bind()).get_foreign_keys(table)}


def indexes_of(table: str) -> set[str | None]:
    return {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_table(name: str, *columns: sa.Column[Any], keys: dict[str, str], once: tuple[str, ...]) -> None:
    op.create_table(
        name,
        column("id", BIG),
        *columns,
        *(sa.ForeignKeyConstraint([key], [f"{other}.id"], name=f"fk_{name}_{key}") for key, other in keys.items()),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint(*once, name=f"uq_{name}_{'_'.join(once)}"),
        if_not_exists=True,
        **ON_SERVERS,
    )


def refuse_changes(table: str) -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        op.execute(REFUSE["sqlite" if is_sqlite() else "mysql"].format(table=table, verb=verb, VERB=verb.upper()))


def upgrade() -> None:
    known = columns_of("incidents")
    for one in new_columns():
        if one.name not in known:
            op.add_column("incidents", one)
    for name in PEOPLE:
        key = f"fk_incidents_{name}"
        if name not in known:
            op.add_column("incidents", column(name, BIG, nullable=True))
        # A file cannot add a foreign key.
        if not is_sqlite() and key not in keys_of("incidents"):
            op.create_foreign_key(key, "incidents", "people", [name], ["id"])
    if not is_sqlite() and FULL_TEXT not in indexes_of("incidents"):
        texts = ["title", "description", "error_messages"]
        op.create_index(FULL_TEXT, "incidents", texts, mysql_prefix="FULLTEXT")
    create_table(
        "escalation_steps",
        *(column(name, BIG) for name in ("incident_id", "turn", "level")),
        column("act", WORD),
        column("text", sa.Text()),
        column("has_helped", sa.Boolean(), nullable=True),
        column("whom", sa.String(200)),
        column("told_id", BIG, nullable=True),
        column("told_how", WORD, nullable=True),
        column("acted_by_id", BIG),
        column("acted_at", MOMENT),
        keys={"incident_id": "incidents", "told_id": "people", "acted_by_id": "people"},
        once=("incident_id", "turn", "level", "act"),
    )
    create_table(
        "similar_looks",
        *(column(name, BIG) for name in ("incident_id", "turn", "other_id", "opened_by_id")),
        column("opened_at", MOMENT),
        keys={"incident_id": "incidents", "other_id": "incidents", "opened_by_id": "people"},
        once=("incident_id", "turn", "other_id"),
    )
    for table in ("escalation_steps", "similar_looks"):
        refuse_changes(table)


def downgrade() -> None:
    for table in ("similar_looks", "escalation_steps"):
        op.drop_table(table, if_exists=True)
    if not is_sqlite() and FULL_TEXT in indexes_of("incidents"):
        op.drop_index(FULL_TEXT, "incidents")
    known = columns_of("incidents")
    for name in PEOPLE:
        if not is_sqlite() and f"fk_incidents_{name}" in keys_of("incidents"):
            op.drop_constraint(f"fk_incidents_{name}", "incidents", type_="foreignkey")
        if name in known:
            op.drop_column("incidents", name)
    for one in new_columns():
        if one.name in known:
            op.drop_column("incidents", one.name)
