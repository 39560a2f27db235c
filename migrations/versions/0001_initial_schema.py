"""The first schema: people, modules, releases, templates, checklists, and the history."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
DIGEST = sa.LargeBinary(32).with_variant(mysql.BINARY(32), "mysql")
BYTES16 = sa.LargeBinary(16).with_variant(mysql.BINARY(16), "mysql")
WORD = sa.String(40)
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}
TABLES = (
    "environments",
    "idempotency_keys",
    "people",
    "rate_counters",
    "releases",
    "streams",
    "templates",
    "modules",
    "one_time_links",
    "person_names",
    "sessions",
    "template_versions",
    "audit_events",
    "changes",
    "checklists",
    "module_contacts",
    "release_modules",
    "role_grants",
    "targets",
    "template_groups",
    "checklist_groups",
    "template_items",
    "checklist_items",
    "item_comments",
    "waivers",
)
# Nobody changes or removes an event, whoever asks: not the product, not its owner by mistake.
REFUSE = {
    "mysql": (
        "CREATE TRIGGER audit_events_no_{verb} BEFORE {VERB} ON audit_events FOR EACH ROW "
        "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit events are only ever added'"
    ),
    "sqlite": (
        "CREATE TRIGGER audit_events_no_{verb} BEFORE {VERB} ON audit_events "
        "BEGIN SELECT RAISE(ABORT, 'audit events are only ever added'); END"
    ),
}

primary_key = sa.PrimaryKeyConstraint
unique = sa.UniqueConstraint
foreign_key = sa.ForeignKeyConstraint


def exact(length: int) -> Any:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql")


def column(name: str, kind: Any, *, nullable: bool = False, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, **options)


# A server commits each statement by itself: whoever was interrupted runs the same migration again.
def create_table(name: str, *parts: Any) -> None:
    op.create_table(name, *parts, if_not_exists=True, **ON_SERVERS)


def create_index(name: str, table: str, columns: list[str]) -> None:
    if name not in {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}:
        op.create_index(name, table, columns)


def refuse_changes() -> None:
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS audit_events_no_{verb}")
        op.execute(REFUSE[op.get_bind().dialect.name].format(verb=verb, VERB=verb.upper()))


def upgrade() -> None:
    create_table(
        "environments",
        column("id", BIG),
        column("key", exact(60)),
        column("name", sa.String(length=120)),
        column("position", BIG),
        primary_key("id", name="pk_environments"),
        unique("key", name="uq_environments_key"),
    )
    create_table(
        "idempotency_keys",
        column("person_id", BIG, autoincrement=False),
        column("key", BYTES16),
        column("request_digest", DIGEST),
        column("answer", sa.LargeBinary(length=8192), nullable=True),
        column("created_at", MOMENT),
        primary_key("person_id", "key", name="pk_idempotency_keys"),
    )
    create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])

    create_table(
        "people",
        column("id", BIG),
        column("email", exact(254)),
        column("name", sa.String(length=120)),
        column("name_id", BIG, nullable=True),
        column("time_zone", sa.String(length=64)),
        column("password_hash", sa.String(length=255), nullable=True),
        column("shortcuts_enabled", sa.Boolean()),
        column("deactivated_at", MOMENT, nullable=True),
        column("created_at", MOMENT),
        column("revision", BIG),
        primary_key("id", name="pk_people"),
        unique("email", name="uq_people_email"),
    )
    create_table(
        "rate_counters",
        column("key", exact(190)),
        column("count", BIG),
        column("expires_at", MOMENT),
        primary_key("key", name="pk_rate_counters"),
    )
    create_index("ix_rate_counters_expires_at", "rate_counters", ["expires_at"])

    create_table(
        "releases",
        column("id", BIG),
        column("key", exact(60)),
        column("name", sa.String(length=120)),
        column("planned_on", sa.Date(), nullable=True),
        column("notes", sa.Text()),
        column("created_at", MOMENT),
        column("shipped_at", MOMENT, nullable=True),
        column("archived_at", MOMENT, nullable=True),
        column("revision", BIG),
        primary_key("id", name="pk_releases"),
        unique("key", name="uq_releases_key"),
    )
    create_index("ix_releases_planned_on", "releases", ["planned_on"])

    create_table(
        "streams",
        column("id", BIG),
        column("kind", sa.String(length=40)),
        column("subject_id", BIG),
        column("version", BIG),
        column("sequence", BIG),
        column("tail_digest", DIGEST, nullable=True),
        primary_key("id", name="pk_streams"),
        unique("kind", "subject_id", name="uq_streams_kind_subject_id"),
    )
    create_table(
        "templates",
        column("id", BIG),
        column("key", exact(60)),
        column("name", sa.String(length=120)),
        column("created_at", MOMENT),
        primary_key("id", name="pk_templates"),
        unique("key", name="uq_templates_key"),
    )
    create_table(
        "modules",
        column("id", BIG),
        column("key", exact(60)),
        column("name", sa.String(length=120)),
        column("purpose", sa.Text()),
        column("team", sa.String(length=120)),
        column("lead_id", BIG, nullable=True),
        column("repository", sa.String(length=500)),
        column("schema_name", sa.String(length=64)),
        column("created_at", MOMENT),
        column("archived_at", MOMENT, nullable=True),
        column("revision", BIG),
        foreign_key(["lead_id"], ["people.id"], name="fk_modules_lead_id"),
        primary_key("id", name="pk_modules"),
        unique("key", name="uq_modules_key"),
    )
    create_table(
        "one_time_links",
        column("id", BIG),
        column("purpose", sa.String(length=40)),
        column("token_digest", DIGEST),
        column("person_id", BIG, nullable=True),
        column("made_by_id", BIG, nullable=True),
        column("made_at", MOMENT),
        column("expires_at", MOMENT),
        column("used_at", MOMENT, nullable=True),
        foreign_key(["made_by_id"], ["people.id"], name="fk_one_time_links_made_by_id"),
        foreign_key(["person_id"], ["people.id"], name="fk_one_time_links_person_id"),
        primary_key("id", name="pk_one_time_links"),
        unique("token_digest", name="uq_one_time_links_token_digest"),
    )
    create_table(
        "person_names",
        column("id", BIG),
        column("person_id", BIG),
        column("name", sa.String(length=120), nullable=True),
        column("salt", BYTES16, nullable=True),
        column("digest", DIGEST),
        column("since", MOMENT),
        foreign_key(["person_id"], ["people.id"], name="fk_person_names_person_id"),
        primary_key("id", name="pk_person_names"),
    )
    create_index("ix_person_names_person_id", "person_names", ["person_id"])

    create_table(
        "sessions",
        column("id", BIG),
        column("token_digest", DIGEST),
        column("person_id", BIG),
        column("created_at", MOMENT),
        column("seen_at", MOMENT),
        column("authenticated_at", MOMENT),
        column("ends_at", MOMENT),
        column("ended_at", MOMENT, nullable=True),
        column("address", sa.String(length=64)),
        column("browser", sa.String(length=200)),
        foreign_key(["person_id"], ["people.id"], name="fk_sessions_person_id"),
        primary_key("id", name="pk_sessions"),
        unique("token_digest", name="uq_sessions_token_digest"),
    )
    create_index("ix_sessions_person_id_ended_at", "sessions", ["person_id", "ended_at"])

    create_table(
        "template_versions",
        column("id", BIG),
        column("template_id", BIG),
        column("number", BIG),
        column("note", sa.String(length=500)),
        column("digest", DIGEST),
        column("published_at", MOMENT),
        foreign_key(["template_id"], ["templates.id"], name="fk_template_versions_template_id"),
        primary_key("id", name="pk_template_versions"),
        unique("template_id", "number", name="uq_template_versions_template_id_number"),
    )
    create_table(
        "audit_events",
        column("id", BYTES16),
        column("stream_id", BIG),
        column("stream_sequence", BIG),
        column("occurred_at", MOMENT),
        column("actor_id", BIG, nullable=True),
        column("actor_name_id", BIG, nullable=True),
        column("actor_role", sa.String(length=40)),
        column("action", WORD),
        column("object_kind", sa.String(length=40)),
        column("object_id", BIG),
        column("object_label", sa.String(length=500)),
        column("fact", sa.String(length=60)),
        column("module_id", BIG, nullable=True),
        column("release_id", BIG, nullable=True),
        column("old_value", sa.Text()),
        column("new_value", sa.Text()),
        column("reason", sa.Text()),
        column("request_id", sa.String(length=40)),
        column("batch", BYTES16, nullable=True),
        column("body", sa.LargeBinary(length=61440)),
        column("leaf", DIGEST),
        foreign_key(["actor_id"], ["people.id"], name="fk_audit_events_actor_id"),
        foreign_key(["actor_name_id"], ["person_names.id"], name="fk_audit_events_actor_name_id"),
        foreign_key(["stream_id"], ["streams.id"], name="fk_audit_events_stream_id"),
        primary_key("id", name="pk_audit_events"),
        unique("stream_id", "stream_sequence", name="uq_audit_events_stream_id_stream_sequence"),
    )
    create_index("ix_audit_events_action", "audit_events", ["action", "occurred_at"])
    create_index("ix_audit_events_actor", "audit_events", ["actor_id", "occurred_at"])
    create_index("ix_audit_events_module", "audit_events", ["module_id", "occurred_at"])
    create_index("ix_audit_events_object", "audit_events", ["object_kind", "object_id", "occurred_at"])
    create_index("ix_audit_events_occurred_at_id", "audit_events", ["occurred_at", "id"])
    create_index("ix_audit_events_release", "audit_events", ["release_id", "occurred_at"])

    create_table(
        "changes",
        column("id", BIG),
        column("release_id", BIG),
        column("module_id", BIG),
        column("number", BIG),
        column("title", sa.String(length=200)),
        column("link", sa.String(length=500)),
        column("created_at", MOMENT),
        foreign_key(["module_id"], ["modules.id"], name="fk_changes_module_id"),
        foreign_key(["release_id"], ["releases.id"], name="fk_changes_release_id"),
        primary_key("id", name="pk_changes"),
        unique("release_id", "module_id", "number", name="uq_changes_release_id_module_id_number"),
    )
    create_table(
        "checklists",
        column("id", BIG),
        column("belongs_to", WORD),
        column("subject_id", BIG),
        column("release_id", BIG, nullable=True),
        column("module_id", BIG, nullable=True),
        column("template_version_id", BIG),
        column("stream_id", BIG),
        column("created_at", MOMENT),
        foreign_key(["module_id"], ["modules.id"], name="fk_checklists_module_id"),
        foreign_key(["release_id"], ["releases.id"], name="fk_checklists_release_id"),
        foreign_key(["stream_id"], ["streams.id"], name="fk_checklists_stream_id"),
        foreign_key(["template_version_id"], ["template_versions.id"], name="fk_checklists_template_version_id"),
        primary_key("id", name="pk_checklists"),
        unique("belongs_to", "subject_id", name="uq_checklists_belongs_to_subject_id"),
    )
    create_index("ix_checklists_release_id_belongs_to", "checklists", ["release_id", "belongs_to"])

    create_table(
        "module_contacts",
        column("id", BIG),
        column("module_id", BIG),
        column("kind", WORD),
        column("name", sa.String(length=120)),
        column("email", sa.String(length=254)),
        column("phone", sa.String(length=60)),
        column("hours", sa.String(length=120)),
        column("verified_on", sa.Date(), nullable=True),
        foreign_key(["module_id"], ["modules.id"], name="fk_module_contacts_module_id"),
        primary_key("id", name="pk_module_contacts"),
        unique("module_id", "kind", name="uq_module_contacts_module_id_kind"),
    )
    create_table(
        "release_modules",
        column("id", BIG),
        column("release_id", BIG),
        column("module_id", BIG),
        column("added_at", MOMENT),
        column("removed_at", MOMENT, nullable=True),
        foreign_key(["module_id"], ["modules.id"], name="fk_release_modules_module_id"),
        foreign_key(["release_id"], ["releases.id"], name="fk_release_modules_release_id"),
        primary_key("id", name="pk_release_modules"),
        unique("release_id", "module_id", name="uq_release_modules_release_id_module_id"),
    )
    create_index("ix_release_modules_module_id", "release_modules", ["module_id"])

    create_table(
        "role_grants",
        column("id", BIG),
        column("person_id", BIG),
        column("role", WORD),
        column("module_id", BIG, nullable=True),
        column("granted_by_id", BIG, nullable=True),
        column("granted_at", MOMENT),
        column("revoked_by_id", BIG, nullable=True),
        column("revoked_at", MOMENT, nullable=True),
        foreign_key(["granted_by_id"], ["people.id"], name="fk_role_grants_granted_by_id"),
        foreign_key(["module_id"], ["modules.id"], name="fk_role_grants_module_id"),
        foreign_key(["person_id"], ["people.id"], name="fk_role_grants_person_id"),
        foreign_key(["revoked_by_id"], ["people.id"], name="fk_role_grants_revoked_by_id"),
        primary_key("id", name="pk_role_grants"),
    )
    create_index("ix_role_grants_person_id_revoked_at", "role_grants", ["person_id", "revoked_at"])

    create_table(
        "targets",
        column("id", BIG),
        column("module_id", BIG),
        column("environment_id", BIG),
        column("key", exact(60)),
        column("name", sa.String(length=120)),
        column("created_at", MOMENT),
        column("archived_at", MOMENT, nullable=True),
        foreign_key(["environment_id"], ["environments.id"], name="fk_targets_environment_id"),
        foreign_key(["module_id"], ["modules.id"], name="fk_targets_module_id"),
        primary_key("id", name="pk_targets"),
        unique("module_id", "environment_id", "key", name="uq_targets_module_id_environment_id_key"),
    )
    create_table(
        "template_groups",
        column("id", BIG),
        column("version_id", BIG),
        column("key", exact(60)),
        column("title", sa.String(length=120)),
        column("section", sa.String(length=120)),
        column("belongs_to", WORD),
        column("mode", WORD),
        column("position", BIG),
        foreign_key(["version_id"], ["template_versions.id"], name="fk_template_groups_version_id"),
        primary_key("id", name="pk_template_groups"),
        unique("version_id", "key", name="uq_template_groups_version_id_key"),
    )
    create_table(
        "checklist_groups",
        column("id", BIG),
        column("checklist_id", BIG),
        column("key", exact(60)),
        column("title", sa.String(length=120)),
        column("section", sa.String(length=120)),
        column("mode", WORD),
        column("position", BIG),
        foreign_key(["checklist_id"], ["checklists.id"], name="fk_checklist_groups_checklist_id"),
        primary_key("id", name="pk_checklist_groups"),
        unique("checklist_id", "key", name="uq_checklist_groups_checklist_id_key"),
    )
    create_table(
        "template_items",
        column("id", BIG),
        column("version_id", BIG),
        column("group_id", BIG),
        column("key", exact(80)),
        column("text", sa.String(length=500)),
        column("guidance", sa.String(length=500)),
        column("phase", WORD),
        column("belongs_to", WORD),
        column("gate", sa.String(length=40)),
        column("severity", WORD),
        column("natural_role", WORD),
        column("value_prompt", sa.String(length=200)),
        column("value_kind", sa.String(length=20)),
        column("position", BIG),
        foreign_key(["group_id"], ["template_groups.id"], name="fk_template_items_group_id"),
        foreign_key(["version_id"], ["template_versions.id"], name="fk_template_items_version_id"),
        primary_key("id", name="pk_template_items"),
        unique("version_id", "key", name="uq_template_items_version_id_key"),
    )
    create_table(
        "checklist_items",
        column("id", BIG),
        column("checklist_id", BIG),
        column("group_id", BIG),
        column("key", exact(80)),
        column("text", sa.String(length=500)),
        column("guidance", sa.String(length=500)),
        column("phase", WORD),
        column("gate", sa.String(length=40)),
        column("severity", WORD),
        column("natural_role", WORD),
        column("value_prompt", sa.String(length=200)),
        column("value_kind", sa.String(length=20)),
        column("position", BIG),
        column("state", WORD),
        column("revision", BIG),
        column("reason", sa.String(length=1000)),
        column("value", sa.String(length=500)),
        column("link", sa.String(length=500)),
        column("comment_count", BIG),
        column("assignee_id", BIG, nullable=True),
        column("due_on", sa.Date(), nullable=True),
        column("state_since", MOMENT),
        column("changed_by_id", BIG, nullable=True),
        foreign_key(["assignee_id"], ["people.id"], name="fk_checklist_items_assignee_id"),
        foreign_key(["changed_by_id"], ["people.id"], name="fk_checklist_items_changed_by_id"),
        foreign_key(["checklist_id"], ["checklists.id"], name="fk_checklist_items_checklist_id"),
        foreign_key(["group_id"], ["checklist_groups.id"], name="fk_checklist_items_group_id"),
        primary_key("id", name="pk_checklist_items"),
        unique("checklist_id", "key", name="uq_checklist_items_checklist_id_key"),
    )
    create_index("ix_checklist_items_assignee_id_state", "checklist_items", ["assignee_id", "state"])
    create_index(
        "ix_checklist_items_readiness",
        "checklist_items",
        ["checklist_id", "phase", "state", "severity", "position", "group_id"],
    )

    create_table(
        "item_comments",
        column("id", BIG),
        column("item_id", BIG),
        column("author_id", BIG),
        column("text", sa.Text()),
        column("created_at", MOMENT),
        foreign_key(["author_id"], ["people.id"], name="fk_item_comments_author_id"),
        foreign_key(["item_id"], ["checklist_items.id"], name="fk_item_comments_item_id"),
        primary_key("id", name="pk_item_comments"),
    )
    create_index("ix_item_comments_item_id", "item_comments", ["item_id"])

    create_table(
        "waivers",
        column("id", BIG),
        column("item_id", BIG),
        column("reason", WORD),
        column("explanation", sa.String(length=1000)),
        column("state_before", WORD),
        column("reason_before", sa.String(length=1000)),
        column("batch", BYTES16, nullable=True),
        column("requested_by_id", BIG),
        column("requested_at", MOMENT),
        column("decision", WORD),
        column("decided_by_id", BIG, nullable=True),
        column("decided_at", MOMENT, nullable=True),
        column("note", sa.String(length=1000)),
        foreign_key(["decided_by_id"], ["people.id"], name="fk_waivers_decided_by_id"),
        foreign_key(["item_id"], ["checklist_items.id"], name="fk_waivers_item_id"),
        foreign_key(["requested_by_id"], ["people.id"], name="fk_waivers_requested_by_id"),
        primary_key("id", name="pk_waivers"),
    )
    create_index("ix_waivers_decision_requested_at", "waivers", ["decision", "requested_at"])
    create_index("ix_waivers_item_id", "waivers", ["item_id"])
    refuse_changes()


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name, if_exists=True)
