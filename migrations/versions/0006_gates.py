"""Gates, their policies, sign-offs over exact contents, and what ends them."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
DIGEST = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql")
BYTES16 = sa.LargeBinary(16).with_variant(mysql.BINARY(16), "mysql")
KEY = sa.String(60).with_variant(mysql.VARCHAR(60, collation="utf8mb4_bin"), "mysql")
BODY = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}

# Nobody changes or removes what was signed, whoever asks: not the product, not its owner by mistake.
ONLY_ADDED = (
    *("gate_policies", "signed_contents", "signoffs", "signoff_ends"),
    *("rollback_plans", "rehearsals", "backup_records"),
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


def upgrade() -> None:
    if "is_signed" not in columns_of("streams"):
        op.add_column("streams", column("is_signed", sa.Boolean(), server_default=sa.text("0")))
    create_table(
        "gate_policies",
        column("id", BIG),
        column("kind", sa.String(40)),
        column("environment_key", KEY),
        column("revision", BIG),
        column("body", sa.Text()),
        column("note", sa.String(500)),
        column("created_by_id", BIG, nullable=True),
        column("created_at", MOMENT),
        foreign_key("gate_policies", "created_by_id", "people.id"),
        primary_key("id", name="pk_gate_policies"),
        unique("kind", "environment_key", "revision", name="uq_gate_policies_kind_environment_key_revision"),
    )
    create_table(
        "gates",
        column("id", BIG),
        column("checklist_id", BIG),
        column("kind", sa.String(40)),
        column("environment_key", KEY),
        column("policy_id", BIG),
        column("cycle", BIG),
        column("consumed_at", MOMENT, nullable=True),
        column("consumed_by_id", BIG, nullable=True),
        foreign_key("gates", "checklist_id", "checklists.id"),
        foreign_key("gates", "policy_id", "gate_policies.id"),
        foreign_key("gates", "consumed_by_id", "people.id"),
        primary_key("id", name="pk_gates"),
        unique("checklist_id", "kind", "environment_key", name="uq_gates_checklist_id_kind_environment_key"),
    )
    create_table(
        "signed_contents",
        column("digest", DIGEST),
        column("body", BODY),
        column("created_at", MOMENT),
        primary_key("digest", name="pk_signed_contents"),
    )
    create_signoffs()
    create_records()
    for table in ONLY_ADDED:
        refuse_changes(table)


def create_signoffs() -> None:
    create_table(
        "signoffs",
        column("id", BIG),
        column("gate_id", BIG),
        column("cycle", BIG),
        column("person_id", BIG),
        column("place", BIG),
        column("role", sa.String(40)),
        column("grant_id", BIG),
        column("decision", sa.String(40)),
        column("statement", sa.String(500)),
        column("on_condition", sa.String(1000)),
        column("condition_ends_on", sa.Date(), nullable=True),
        column("reason", sa.String(1000)),
        column("name_id", BIG),
        column("digest", DIGEST),
        column("policy_id", BIG),
        column("stream_version", BIG),
        column("authenticated_at", MOMENT),
        column("session_id", BIG, nullable=True),
        column("signed_at", MOMENT),
        column("event_id", BYTES16),
        foreign_key("signoffs", "gate_id", "gates.id"),
        foreign_key("signoffs", "person_id", "people.id"),
        foreign_key("signoffs", "grant_id", "role_grants.id"),
        foreign_key("signoffs", "name_id", "person_names.id"),
        foreign_key("signoffs", "digest", "signed_contents.digest"),
        foreign_key("signoffs", "policy_id", "gate_policies.id"),
        primary_key("id", name="pk_signoffs"),
        unique("gate_id", "cycle", "person_id", "place", name="uq_signoffs_gate_id_cycle_person_id_place"),
    )
    create_index("signoffs", "person_id")
    create_table(
        "signoff_ends",
        column("id", BIG),
        column("signoff_id", BIG),
        column("kind", sa.String(40)),
        column("actor_id", BIG, nullable=True),
        column("cause", BYTES16, nullable=True),
        column("reason", sa.String(1000)),
        column("ended_at", MOMENT),
        foreign_key("signoff_ends", "signoff_id", "signoffs.id"),
        foreign_key("signoff_ends", "actor_id", "people.id"),
        primary_key("id", name="pk_signoff_ends"),
        unique("signoff_id", name="uq_signoff_ends_signoff_id"),
    )


def create_records() -> None:
    create_table(
        "rollback_plans",
        column("id", BIG),
        column("checklist_id", BIG),
        column("revision", BIG),
        column("body", sa.Text()),
        column("digest", DIGEST),
        column("written_by_id", BIG),
        column("written_at", MOMENT),
        foreign_key("rollback_plans", "checklist_id", "checklists.id"),
        foreign_key("rollback_plans", "written_by_id", "people.id"),
        primary_key("id", name="pk_rollback_plans"),
        unique("checklist_id", "revision", name="uq_rollback_plans_checklist_id_revision"),
    )
    create_table(
        "rehearsals",
        column("id", BIG),
        column("checklist_id", BIG),
        column("plan_id", BIG),
        column("ran_at", MOMENT),
        column("minutes", BIG),
        column("has_passed", sa.Boolean()),
        column("note", sa.String(1000)),
        column("added_by_id", BIG),
        column("added_at", MOMENT),
        foreign_key("rehearsals", "checklist_id", "checklists.id"),
        foreign_key("rehearsals", "plan_id", "rollback_plans.id"),
        foreign_key("rehearsals", "added_by_id", "people.id"),
        primary_key("id", name="pk_rehearsals"),
    )
    create_index("rehearsals", "checklist_id")
    create_table(
        "backup_records",
        column("id", BIG),
        column("checklist_id", BIG),
        column("environment_key", KEY),
        column("target", sa.String(200)),
        column("taken_at", MOMENT),
        column("size_bytes", BIG),
        column("checksum", sa.String(128)),
        column("is_restore_tested", sa.Boolean()),
        column("note", sa.String(1000)),
        column("added_by_id", BIG),
        column("added_at", MOMENT),
        foreign_key("backup_records", "checklist_id", "checklists.id"),
        foreign_key("backup_records", "added_by_id", "people.id"),
        primary_key("id", name="pk_backup_records"),
    )
    create_index("backup_records", "checklist_id")


def create_index(table: str, name: str) -> None:
    wanted = f"ix_{table}_{name}"
    if wanted not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(wanted, table, [name])


def downgrade() -> None:
    for table in (
        *("backup_records", "rehearsals", "rollback_plans"),
        *("signoff_ends", "signoffs", "signed_contents", "gates", "gate_policies"),
    ):
        op.drop_table(table, if_exists=True)
    if "is_signed" in columns_of("streams"):
        op.drop_column("streams", "is_signed")
