"""Templates that teams make: drafts, more words on boxes and groups, what a module answered."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
WORD = sa.String(40)
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}
# Servers take no plain default for a text without a length, but an expression.
EMPTY, ZERO = sa.text("('')"), sa.text("0")
NEW_TABLES = ("template_drafts", "draft_groups", "draft_items", "module_answers")
BOXES, GROUPS = ("template_items", "checklist_items"), ("template_groups", "checklist_groups")

primary_key = sa.PrimaryKeyConstraint
unique = sa.UniqueConstraint
foreign_key = sa.ForeignKeyConstraint


def exact(length: int) -> Any:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")


def column(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, **options)


def box_columns() -> list[sa.Column[Any]]:
    return [
        column("depth", BIG, server_default=ZERO),
        column("body", sa.Text(), server_default=EMPTY),
        column("value_unit", sa.String(40), server_default=EMPTY),
        column("due_anchor", WORD, nullable=True),
        column("due_days", BIG, nullable=True),
        column("due_weekdays_only", sa.Boolean(), server_default=ZERO),
        column("origin", sa.String(500), server_default=EMPTY),
        column("origin_link", sa.String(500), server_default=EMPTY),
        column("applies_when", sa.String(500), server_default=EMPTY),
        column("fact", exact(80), server_default=EMPTY),
    ]


def group_columns() -> list[sa.Column[Any]]:
    return [
        column("body", sa.Text(), server_default=EMPTY),
        column("applies_when", sa.String(500), server_default=EMPTY),
    ]


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_table(name: str, *parts: Any) -> None:
    op.create_table(name, *parts, if_not_exists=True, **ON_SERVERS)


def add_columns(table: str, columns: list[sa.Column[Any]]) -> None:
    there = {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}
    for wanted in columns:
        if wanted.name not in there:
            op.add_column(table, wanted)


def drop_columns(table: str, names: list[str]) -> None:
    there = {known["name"] for known in sa.inspect(op.get_bind()).get_columns(table)}
    for name in names:
        if name in there:
            op.drop_column(table, name)


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    for table in BOXES:
        add_columns(table, box_columns())
    for table in GROUPS:
        add_columns(table, group_columns())
    add_columns(
        "checklist_items",
        [column("state_before", WORD, nullable=True), column("is_reworded", sa.Boolean(), server_default=ZERO)],
    )
    add_columns("templates", [column("is_default", sa.Boolean(), server_default=ZERO)])
    op.execute("UPDATE templates SET is_default = 1 WHERE templates.key = 'migration-maintenance'")
    add_columns("template_versions", [column("description", sa.Text(), server_default=EMPTY)])
    add_publisher()
    add_drafts()
    create_table(
        "module_answers",
        column("id", BIG),
        column("module_id", BIG),
        column("question", WORD),
        column("is_yes", sa.Boolean()),
        column("answered_at", MOMENT),
        column("answered_by_id", BIG, nullable=True),
        column("revision", BIG),
        foreign_key(["answered_by_id"], ["people.id"], name="fk_module_answers_answered_by_id"),
        foreign_key(["module_id"], ["modules.id"], name="fk_module_answers_module_id"),
        primary_key("id", name="pk_module_answers"),
        unique("module_id", "question", name="uq_module_answers_module_id_question"),
    )


def add_publisher() -> None:
    """Who published a version. The embedded database cannot add a constraint to a table that is there."""
    there = {known["name"] for known in sa.inspect(op.get_bind()).get_columns("template_versions")}
    if "published_by_id" in there:
        return
    if is_sqlite():
        op.execute("ALTER TABLE template_versions ADD COLUMN published_by_id INTEGER REFERENCES people (id)")
        return
    op.execute(
        "ALTER TABLE template_versions ADD COLUMN published_by_id BIGINT NULL,"
        " ADD CONSTRAINT fk_template_versions_published_by_id FOREIGN KEY (published_by_id) REFERENCES people (id)"
    )


def add_drafts() -> None:
    create_table(
        "template_drafts",
        column("id", BIG),
        column("template_id", BIG),
        column("stream_id", BIG),
        column("name", sa.String(120)),
        column("description", sa.Text()),
        column("source", sa.String(200)),
        column("created_at", MOMENT),
        column("created_by_id", BIG, nullable=True),
        column("revision", BIG),
        foreign_key(["created_by_id"], ["people.id"], name="fk_template_drafts_created_by_id"),
        foreign_key(["stream_id"], ["streams.id"], name="fk_template_drafts_stream_id"),
        foreign_key(["template_id"], ["templates.id"], name="fk_template_drafts_template_id"),
        primary_key("id", name="pk_template_drafts"),
        unique("template_id", name="uq_template_drafts_template_id"),
    )
    create_table(
        "draft_groups",
        column("id", BIG),
        column("draft_id", BIG),
        column("belongs_to", WORD),
        column("revision", BIG),
        column("key", exact(60)),
        column("title", sa.String(120)),
        column("section", sa.String(120)),
        column("mode", WORD),
        column("position", BIG),
        *group_columns(),
        foreign_key(["draft_id"], ["template_drafts.id"], name="fk_draft_groups_draft_id"),
        primary_key("id", name="pk_draft_groups"),
        unique("draft_id", "key", name="uq_draft_groups_draft_id_key"),
    )
    create_table(
        "draft_items",
        column("id", BIG),
        column("draft_id", BIG),
        column("group_id", BIG),
        column("revision", BIG),
        column("key", exact(80)),
        column("text", sa.String(500)),
        column("guidance", sa.String(500)),
        column("phase", WORD),
        column("gate", sa.String(40)),
        column("severity", WORD),
        column("natural_role", WORD),
        column("value_prompt", sa.String(200)),
        column("value_kind", sa.String(20)),
        column("position", BIG),
        *box_columns(),
        foreign_key(["draft_id"], ["template_drafts.id"], name="fk_draft_items_draft_id"),
        foreign_key(["group_id"], ["draft_groups.id"], name="fk_draft_items_group_id"),
        primary_key("id", name="pk_draft_items"),
        unique("draft_id", "key", name="uq_draft_items_draft_id_key"),
    )


def downgrade() -> None:
    for name in reversed(NEW_TABLES):
        op.drop_table(name, if_exists=True)
    if not is_sqlite():
        op.drop_constraint("fk_template_versions_published_by_id", "template_versions", type_="foreignkey")
    drop_columns("template_versions", ["published_by_id", "description"])
    drop_columns("templates", ["is_default"])
    drop_columns("checklist_items", ["is_reworded", "state_before"])
    for table in GROUPS:
        drop_columns(table, [added.name for added in group_columns()])
    for table in BOXES:
        drop_columns(table, [added.name for added in box_columns()])
