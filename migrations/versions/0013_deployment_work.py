"""The steps of a deployment, the hours after it, freezes, and gates that are passed again in another turn."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
KEY = sa.String(60).with_variant(mysql.VARCHAR(60, collation="utf8mb4_bin"), "mysql")
WORD, SENTENCES = sa.String(40), sa.String(1000)
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}

# In the order in which one needs the other. Nobody changes or removes a row of any of them.
ADDED_ONLY = ("deployment_steps", "deployment_step_ticks", "deployment_windows", "window_notices")
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


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_table(name: str, *parts: Any, keys: dict[str, str], once: tuple[str, ...] = ()) -> None:
    unique = (sa.UniqueConstraint(*once, name=f"uq_{name}_{'_'.join(once)}"),) if once else ()
    op.create_table(
        name,
        column("id", BIG),
        *parts,
        *(sa.ForeignKeyConstraint([key], [f"{other}.id"], name=f"fk_{name}_{key}") for key, other in keys.items()),
        *unique,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        if_not_exists=True,
        **ON_SERVERS,
    )


def indexes_of(table: str) -> set[str]:
    return {str(index["name"]) for index in sa.inspect(op.get_bind()).get_indexes(table)}


def uniques_of(table: str) -> set[str]:
    return {str(one["name"]) for one in sa.inspect(op.get_bind()).get_unique_constraints(table)}


def columns_of(table: str) -> set[str]:
    return {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}


def create_index(table: str, name: str) -> None:
    if f"ix_{table}_{name}" not in indexes_of(table):
        op.create_index(f"ix_{table}_{name}", table, [name])


def refuse_changes(table: str) -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        op.execute(REFUSE[op.get_bind().dialect.name].format(table=table, verb=verb, VERB=verb.upper()))


def upgrade() -> None:
    if "first_cycle" not in columns_of("gates"):
        op.add_column("gates", column("first_cycle", BIG, server_default="1"))
    let_pass_again()
    create_steps()
    create_windows()
    create_table(
        "freezes",
        column("environment_id", BIG, nullable=True),
        column("module_id", BIG, nullable=True),
        column("starts_at", MOMENT),
        column("ends_at", MOMENT),
        column("reason", SENTENCES),
        column("created_at", MOMENT),
        column("created_by_id", BIG),
        column("ended_at", MOMENT, nullable=True),
        column("ended_by_id", BIG, nullable=True),
        column("ended_reason", SENTENCES),
        keys={
            "environment_id": "environments",
            "module_id": "modules",
            "created_by_id": "people",
            "ended_by_id": "people",
        },
    )
    create_index("freezes", "ends_at")
    for table in ADDED_ONLY:
        refuse_changes(table)


def create_steps() -> None:
    create_table(
        "deployment_steps",
        column("deployment_id", BIG),
        column("revision", BIG),
        column("position", BIG),
        column("text", SENTENCES),
        column("command", sa.Text()),
        column("owner_id", BIG, nullable=True),
        keys={"deployment_id": "deployments", "owner_id": "people"},
        once=("deployment_id", "revision", "position"),
    )
    create_table(
        "deployment_step_ticks",
        column("step_id", BIG),
        column("done_at", MOMENT),
        column("done_by_id", BIG),
        column("note", SENTENCES),
        keys={"step_id": "deployment_steps", "done_by_id": "people"},
        once=("step_id",),
    )


def create_windows() -> None:
    create_table(
        "deployment_windows",
        column("deployment_id", BIG),
        column("group_key", KEY),
        column("due_at", MOMENT),
        column("grace_ends_at", MOMENT),
        keys={"deployment_id": "deployments"},
        once=("deployment_id", "group_key"),
    )
    create_index("deployment_windows", "due_at")
    create_table(
        "window_notices",
        column("window_id", BIG),
        column("kind", WORD),
        column("made_at", MOMENT),
        keys={"window_id": "deployment_windows"},
        once=("window_id", "kind"),
    )


def let_pass_again() -> None:
    """A gate is passed once in each turn: so break-glass may pass it more than once."""
    if op.get_bind().dialect.name != "sqlite":
        create_index("override_uses", "gate_id")  # first: the foreign key needs one of the two
        if "uq_override_uses_gate_id" in uniques_of("override_uses"):
            op.drop_constraint("uq_override_uses_gate_id", "override_uses", type_="unique")
        return
    if "uq_override_uses_gate_id" in uniques_of("override_uses"):
        with op.batch_alter_table("override_uses", recreate="always") as batch:
            batch.drop_constraint("uq_override_uses_gate_id", type_="unique")
    create_index("override_uses", "gate_id")
    refuse_changes("override_uses")


def let_pass_once() -> None:
    if op.get_bind().dialect.name != "sqlite":
        if "uq_override_uses_gate_id" not in uniques_of("override_uses"):
            op.create_unique_constraint("uq_override_uses_gate_id", "override_uses", ["gate_id"])
        if "ix_override_uses_gate_id" in indexes_of("override_uses"):
            op.drop_index("ix_override_uses_gate_id", "override_uses")
        return
    if "ix_override_uses_gate_id" in indexes_of("override_uses"):
        op.drop_index("ix_override_uses_gate_id", "override_uses")
    if "uq_override_uses_gate_id" not in uniques_of("override_uses"):
        with op.batch_alter_table("override_uses", recreate="always") as batch:
            batch.create_unique_constraint("uq_override_uses_gate_id", ["gate_id"])
    refuse_changes("override_uses")


def downgrade() -> None:
    for table in ("window_notices", "deployment_windows", "deployment_step_ticks", "deployment_steps", "freezes"):
        op.drop_table(table, if_exists=True)
    let_pass_once()
    if "first_cycle" in columns_of("gates"):
        op.drop_column("gates", "first_cycle")
