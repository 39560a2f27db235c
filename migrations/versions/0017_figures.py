"""Figures that people type: only ever added; one that is wrong is struck by a row of its own."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}
TABLES = ("figures", "figure_strikes")


def column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_table(name: str, *columns: sa.schema.SchemaItem, keys: dict[str, str]) -> None:
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


def only_add(table: str) -> None:
    """Let the database itself refuse to change or delete a row."""
    sentence = f"{table} are only ever added"
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for verb in ("update", "delete"):
        name = f"{table}_no_{verb}"
        op.execute(f"DROP TRIGGER IF EXISTS {name}")
        if on_sqlite:
            refusal = f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        else:
            refusal = f"FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{sentence}'"
        op.execute(f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} {refusal}")


def upgrade() -> None:
    create_table(
        "figures",
        column("module_id", BIG),
        column("release_id", BIG, nullable=True),
        column("kind", sa.String(40)),
        column("value", sa.Numeric(14, 4)),
        column("answers", BIG, nullable=True),
        column("starts_on", sa.Date(), nullable=True),
        column("measured_on", sa.Date()),
        column("source", sa.String(300)),
        column("link", sa.String(500)),
        column("typed_by_id", BIG),
        column("typed_at", MOMENT),
        keys={"module_id": "modules", "release_id": "releases", "typed_by_id": "people"},
    )
    create_index("figures", "module_id", "kind", "measured_on")
    create_index("figures", "measured_on")
    create_table(
        "figure_strikes",
        column("figure_id", BIG),
        column("reason", sa.String(1000)),
        column("struck_by_id", BIG),
        column("struck_at", MOMENT),
        sa.UniqueConstraint("figure_id", name="uq_figure_strikes_figure_id"),
        keys={"figure_id": "figures", "struck_by_id": "people"},
    )
    for table in TABLES:
        only_add(table)


def downgrade() -> None:
    for table in reversed(TABLES):
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
        op.drop_table(table, if_exists=True)
