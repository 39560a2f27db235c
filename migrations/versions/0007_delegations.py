"""Delegations, for whom a sign-off was given, and under which name one was ended."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}

# Nobody changes who was asked to sign for whom, whoever asks: not the product, not its owner by mistake.
ONLY_ADDED = ("delegations", "delegation_answers")
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

primary_key = sa.PrimaryKeyConstraint
unique = sa.UniqueConstraint


def column(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, **options)


def foreign_key(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [target], name=f"fk_{table}_{name}")


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_table(name: str, *parts: Any) -> None:
    op.create_table(name, *parts, if_not_exists=True, **ON_SERVERS)


def refuse_changes(table: str) -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        op.execute(REFUSE[op.get_bind().dialect.name].format(table=table, verb=verb, VERB=verb.upper()))


def columns_of(table: str) -> set[str]:
    return {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}


def create_index(table: str, name: str) -> None:
    wanted = f"ix_{table}_{name}"
    if wanted not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(wanted, table, [name])


# A table that refuses UPDATE takes a new column nevertheless: no row is touched. A file cannot add a foreign key.
def add_number(table: str, name: str, target: str) -> None:
    if name not in columns_of(table):
        op.add_column(table, column(name, BIG, nullable=True))
    wanted = f"fk_{table}_{name}"
    if op.get_bind().dialect.name != "sqlite" and wanted not in keys_of(table):
        op.create_foreign_key(wanted, table, target, [name], ["id"])


def keys_of(table: str) -> set[str | None]:
    return {key["name"] for key in sa.inspect(op.get_bind()).get_foreign_keys(table)}


ADDED = (
    ("signoffs", "delegation_id", "delegations"),
    ("signoffs", "principal_name_id", "person_names"),
    ("signoff_ends", "name_id", "person_names"),
)


def upgrade() -> None:
    create_table(
        "delegations",
        column("id", BIG),
        column("principal_id", BIG),
        column("delegate_id", BIG),
        column("role", sa.String(40)),
        column("module_id", BIG, nullable=True),
        column("starts_at", MOMENT),
        column("ends_at", MOMENT),
        column("reason", sa.String(1000)),
        column("created_at", MOMENT),
        foreign_key("delegations", "principal_id", "people.id"),
        foreign_key("delegations", "delegate_id", "people.id"),
        foreign_key("delegations", "module_id", "modules.id"),
        primary_key("id", name="pk_delegations"),
    )
    create_index("delegations", "principal_id")
    create_index("delegations", "delegate_id")
    create_table(
        "delegation_answers",
        column("id", BIG),
        column("delegation_id", BIG),
        column("answer", sa.String(40)),
        column("person_id", BIG),
        column("reason", sa.String(1000)),
        column("answered_at", MOMENT),
        foreign_key("delegation_answers", "delegation_id", "delegations.id"),
        foreign_key("delegation_answers", "person_id", "people.id"),
        primary_key("id", name="pk_delegation_answers"),
        unique("delegation_id", "answer", name="uq_delegation_answers_delegation_id_answer"),
    )
    for table in ONLY_ADDED:
        refuse_changes(table)
    for table, name, target in ADDED:
        add_number(table, name, target)


def downgrade() -> None:
    for table, name, _ in ADDED:
        if op.get_bind().dialect.name != "sqlite" and f"fk_{table}_{name}" in keys_of(table):
            op.drop_constraint(f"fk_{table}_{name}", table, type_="foreignkey")
        if name in columns_of(table):
            op.drop_column(table, name)
    for table in reversed(ONLY_ADDED):
        op.drop_table(table, if_exists=True)
