"""Deployments, rollbacks and incidents, and where the team of a module has its morning."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
WORD, SENTENCES = sa.String(40), sa.String(1000)
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}


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


def create_index(table: str, *names: str) -> None:
    wanted = f"ix_{table}_{'_'.join(names)}"
    if wanted not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(wanted, table, list(names))


def columns_of(table: str) -> set[str]:
    return {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}


def upgrade() -> None:
    create_table(
        "deployments",
        *(column(name, BIG) for name in ("release_id", "module_id", "environment_id", "gate_id")),
        column("window_starts_at", MOMENT),
        column("window_ends_at", MOMENT),
        column("decider_id", BIG),
        column("abort_criteria", sa.Text()),
        column("notes", sa.Text()),
        column("revision", BIG),
        column("created_at", MOMENT),
        column("created_by_id", BIG),
        column("cancelled_at", MOMENT, nullable=True),
        column("cancelled_by_id", BIG, nullable=True),
        column("cancelled_reason", SENTENCES),
        column("started_at", MOMENT, nullable=True),
        column("started_by_id", BIG, nullable=True),
        *(column(name, BIG, nullable=True) for name in ("gate_cycle", "backup_id", "plan_id")),
        column("finished_at", MOMENT, nullable=True),
        column("finished_by_id", BIG, nullable=True),
        column("outcome", WORD, nullable=True),
        column("outcome_note", SENTENCES),
        keys={
            "release_id": "releases",
            "module_id": "modules",
            "environment_id": "environments",
            "gate_id": "gates",
            **dict.fromkeys(("decider_id", "created_by_id", "cancelled_by_id"), "people"),
            **dict.fromkeys(("started_by_id", "finished_by_id"), "people"),
            "backup_id": "backup_records",
            "plan_id": "rollback_plans",
        },
    )
    create_index("deployments", "release_id", "module_id")
    create_index("deployments", "window_starts_at")
    create_index("deployments", "started_at")
    create_table(
        "rollbacks",
        column("deployment_id", BIG),
        column("severity", WORD),
        column("reason", SENTENCES),
        column("state_before", sa.Text()),
        column("plan_id", BIG, nullable=True),
        column("revision", BIG),
        column("started_at", MOMENT),
        column("started_by_id", BIG),
        column("finished_at", MOMENT, nullable=True),
        column("finished_by_id", BIG, nullable=True),
        column("outcome", WORD, nullable=True),
        column("outcome_note", SENTENCES),
        keys={
            "deployment_id": "deployments",
            "plan_id": "rollback_plans",
            "started_by_id": "people",
            "finished_by_id": "people",
        },
    )
    create_index("rollbacks", "deployment_id")
    create_index("rollbacks", "started_at")
    create_table(
        "incidents",
        column("module_id", BIG),
        *(
            column(name, BIG, nullable=True)
            for name in ("release_id", "environment_id", "deployment_id", "rollback_id")
        ),
        column("severity", WORD),
        column("title", sa.String(200)),
        column("description", sa.Text()),
        column("revision", BIG),
        column("began_at", MOMENT),
        column("recovered_at", MOMENT, nullable=True),
        column("closed_at", MOMENT, nullable=True),
        column("closed_by_id", BIG, nullable=True),
        column("reported_at", MOMENT),
        column("reported_by_id", BIG),
        keys={
            "module_id": "modules",
            "release_id": "releases",
            "environment_id": "environments",
            "deployment_id": "deployments",
            "rollback_id": "rollbacks",
            "closed_by_id": "people",
            "reported_by_id": "people",
        },
    )
    create_index("incidents", "module_id", "began_at")
    create_index("incidents", "began_at")
    if "time_zone" not in columns_of("modules"):
        op.add_column("modules", column("time_zone", sa.String(64), server_default="UTC"))


def downgrade() -> None:
    if "time_zone" in columns_of("modules"):
        op.drop_column("modules", "time_zone")
    for table in ("incidents", "rollbacks", "deployments"):
        op.drop_table(table, if_exists=True)
