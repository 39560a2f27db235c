"""Recurring duties with their records, and feeds of calendars."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
DIGEST = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql")
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}
ONLY_ADDED = ("duty_schedules", "duty_records", "duty_strikes", "duty_turns", "duty_omissions")
TABLES = (*ONLY_ADDED[::-1], "duties", "calendar_feeds")
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


def exact(length: int) -> sa.types.TypeEngine[Any]:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")


def column(name: str, kind: Any, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def foreign_key(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [target], name=f"fk_{table}_{name}")


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_index(table: str, *names: str) -> None:
    wanted = f"ix_{table}_{'_'.join(names)}"
    if wanted not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(wanted, table, list(names))


def create_table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        column("id", BIG),
        *parts,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        if_not_exists=True,
        **ON_SERVERS,
    )


def upgrade() -> None:
    create_duties()
    create_what_happened()
    create_table(
        "calendar_feeds",
        column("person_id", BIG),
        column("token_digest", DIGEST),
        column("name", sa.String(120)),
        column("created_at", MOMENT),
        column("read_at", MOMENT, nullable=True),
        column("revoked_at", MOMENT, nullable=True),
        foreign_key("calendar_feeds", "person_id", "people.id"),
        sa.UniqueConstraint("token_digest", name="uq_calendar_feeds_token_digest"),
    )
    create_index("calendar_feeds", "person_id")
    for table in ONLY_ADDED:
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
            op.execute(REFUSE[op.get_bind().dialect.name].format(table=table, verb=verb, VERB=verb.upper()))


def create_duties() -> None:
    create_table(
        "duties",
        column("key", exact(80)),
        column("place", exact(40)),
        column("title", sa.String(200)),
        column("guidance", sa.String(500)),
        column("owner_role", sa.String(40)),
        column("module_id", BIG, nullable=True),
        column("target_id", BIG, nullable=True),
        column("created_at", MOMENT),
        column("created_by_id", BIG, nullable=True),
        column("told_until_at", MOMENT),
        column("revision", BIG),
        foreign_key("duties", "module_id", "modules.id"),
        foreign_key("duties", "target_id", "targets.id"),
        foreign_key("duties", "created_by_id", "people.id"),
        sa.UniqueConstraint("place", "key", name="uq_duties_place_key"),
    )
    create_index("duties", "module_id")
    create_table(
        "duty_schedules",
        column("duty_id", BIG),
        column("number", BIG),
        column("period", sa.String(40)),
        column("local_time", exact(5)),
        column("time_zone", exact(64)),
        column("weekday", BIG),
        column("day", BIG),
        column("month", BIG),
        column("weekdays_only", sa.Boolean()),
        column("grace_days", BIG),
        column("grace_hours", BIG),
        column("since_at", MOMENT),
        column("set_by_id", BIG, nullable=True),
        foreign_key("duty_schedules", "duty_id", "duties.id"),
        foreign_key("duty_schedules", "set_by_id", "people.id"),
        sa.UniqueConstraint("duty_id", "number", name="uq_duty_schedules_duty_id_number"),
    )


def create_what_happened() -> None:
    create_table(
        "duty_records",
        column("duty_id", BIG),
        column("schedule_id", BIG),
        column("period_on", sa.Date()),
        column("turn", BIG),
        column("due_at", MOMENT),
        column("ends_at", MOMENT),
        column("value", sa.String(200)),
        column("note", sa.String(1000)),
        column("recorded_by_id", BIG),
        column("recorded_at", MOMENT),
        foreign_key("duty_records", "duty_id", "duties.id"),
        foreign_key("duty_records", "schedule_id", "duty_schedules.id"),
        foreign_key("duty_records", "recorded_by_id", "people.id"),
        sa.UniqueConstraint("schedule_id", "period_on", "turn", name="uq_duty_records_schedule_id_period_on_turn"),
    )
    create_index("duty_records", "duty_id", "due_at")
    create_table(
        "duty_strikes",
        column("record_id", BIG),
        column("reason", sa.String(1000)),
        column("struck_by_id", BIG),
        column("struck_at", MOMENT),
        foreign_key("duty_strikes", "record_id", "duty_records.id"),
        foreign_key("duty_strikes", "struck_by_id", "people.id"),
        sa.UniqueConstraint("record_id", name="uq_duty_strikes_record_id"),
    )
    create_table(
        "duty_turns",
        column("duty_id", BIG),
        column("kind", sa.String(40)),
        column("reason", sa.String(1000)),
        column("turned_by_id", BIG),
        column("turned_at", MOMENT),
        foreign_key("duty_turns", "duty_id", "duties.id"),
        foreign_key("duty_turns", "turned_by_id", "people.id"),
    )
    create_index("duty_turns", "duty_id")
    create_table(
        "duty_omissions",
        column("duty_id", BIG),
        column("schedule_id", BIG),
        column("period_on", sa.Date()),
        column("ends_at", MOMENT),
        column("told_at", MOMENT),
        foreign_key("duty_omissions", "duty_id", "duties.id"),
        foreign_key("duty_omissions", "schedule_id", "duty_schedules.id"),
        sa.UniqueConstraint("schedule_id", "period_on", name="uq_duty_omissions_schedule_id_period_on"),
    )
    create_index("duty_omissions", "duty_id", "ends_at")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table, if_exists=True)
