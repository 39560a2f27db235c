"""Gate policies that people propose, agree to and adopt; those that are there count as adopted."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}

# What was agreed to and adopted stays, whoever asks: not the product, not its owner by mistake.
ONLY_ADDED = ("policy_agreements", "policy_agreement_ends", "policy_withdrawals", "policy_adoptions")
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
# Until now only the product laid policies down, and gates had the newest.
ALL_IN_FORCE = (
    "INSERT INTO policy_adoptions (policy_id, adopted_by_id, adopted_at) "
    "SELECT id, created_by_id, created_at FROM gate_policies "
    "WHERE created_by_id IS NULL AND id NOT IN (SELECT policy_id FROM policy_adoptions) ORDER BY id"
)

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


def upgrade() -> None:
    create_table(
        "policy_agreements",
        column("id", BIG),
        column("policy_id", BIG),
        column("person_id", BIG),
        column("place", BIG),
        column("role", sa.String(40)),
        column("grant_id", BIG),
        column("instead_of_id", BIG),
        column("name_id", BIG),
        column("authenticated_at", MOMENT),
        column("session_id", BIG, nullable=True),
        column("agreed_at", MOMENT),
        foreign_key("policy_agreements", "policy_id", "gate_policies.id"),
        foreign_key("policy_agreements", "person_id", "people.id"),
        foreign_key("policy_agreements", "grant_id", "role_grants.id"),
        foreign_key("policy_agreements", "instead_of_id", "gate_policies.id"),
        foreign_key("policy_agreements", "name_id", "person_names.id"),
        primary_key("id", name="pk_policy_agreements"),
        unique("policy_id", "person_id", "place", name="uq_policy_agreements_policy_id_person_id_place"),
    )
    create_table(
        "policy_agreement_ends",
        column("id", BIG),
        column("agreement_id", BIG),
        column("reason", sa.String(500)),
        column("ended_at", MOMENT),
        foreign_key("policy_agreement_ends", "agreement_id", "policy_agreements.id"),
        primary_key("id", name="pk_policy_agreement_ends"),
        unique("agreement_id", name="uq_policy_agreement_ends_agreement_id"),
    )
    create_table(
        "policy_withdrawals",
        column("id", BIG),
        column("policy_id", BIG),
        column("withdrawn_by_id", BIG),
        column("reason", sa.String(500)),
        column("withdrawn_at", MOMENT),
        foreign_key("policy_withdrawals", "policy_id", "gate_policies.id"),
        foreign_key("policy_withdrawals", "withdrawn_by_id", "people.id"),
        primary_key("id", name="pk_policy_withdrawals"),
        unique("policy_id", name="uq_policy_withdrawals_policy_id"),
    )
    create_table(
        "policy_adoptions",
        column("id", BIG),
        column("policy_id", BIG),
        column("adopted_by_id", BIG, nullable=True),
        column("adopted_at", MOMENT),
        foreign_key("policy_adoptions", "policy_id", "gate_policies.id"),
        foreign_key("policy_adoptions", "adopted_by_id", "people.id"),
        primary_key("id", name="pk_policy_adoptions"),
        unique("policy_id", name="uq_policy_adoptions_policy_id"),
    )
    op.execute(ALL_IN_FORCE)
    for table in ONLY_ADDED:
        refuse_changes(table)


def downgrade() -> None:
    for table in ("policy_agreement_ends", "policy_agreements", "policy_withdrawals", "policy_adoptions"):
        op.drop_table(table, if_exists=True)
