"""Documents that wait to be imported, and which boxes of one were ticked."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}
TICKED = ("draft_items", "template_items")


def column(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, **options)


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def columns_of(table: str) -> set[str]:
    return {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}


def upgrade() -> None:
    op.create_table(
        "template_imports",
        column("id", BIG),
        column("file_name", sa.String(200)),
        column("kind", sa.String(20)),
        column("data", sa.LargeBinary(6_000_000).with_variant(mysql.MEDIUMBLOB(), "mysql")),
        column("mapping", sa.Text()),
        column("created_at", MOMENT),
        column("created_by_id", BIG),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name="fk_template_imports_created_by_id"),
        sa.PrimaryKeyConstraint("id", name="pk_template_imports"),
        if_not_exists=True,
        **ON_SERVERS,
    )
    for table in TICKED:
        if "was_ticked" not in columns_of(table):
            op.add_column(table, column("was_ticked", sa.Boolean(), server_default=sa.text("0")))


def downgrade() -> None:
    for table in TICKED:
        if "was_ticked" in columns_of(table):
            op.drop_column(table, "was_ticked")
    op.drop_table("template_imports", if_exists=True)
