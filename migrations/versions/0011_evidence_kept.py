"""The database itself refuses to change what a piece of evidence says: column rights alone do not hold everywhere."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# All but the three that withdraw it.
KEPT = (
    *("id", "item_id", "kind", "link", "note", "file_name", "file_kind", "file_size", "file_sha256", "stored_as"),
    *("measured_at", "expires_on", "added_by_id", "added_at"),
)
SENTENCE = "evidence is withdrawn, never changed"


def upgrade() -> None:
    # Whoever was interrupted runs the same migration again.
    op.execute("DROP TRIGGER IF EXISTS evidence_keeps_what_it_says")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER evidence_keeps_what_it_says BEFORE UPDATE OF {', '.join(KEPT)} ON evidence "
            f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END"
        )
    else:
        same = " AND ".join(f"NEW.{name} <=> OLD.{name}" for name in KEPT)
        op.execute(
            "CREATE TRIGGER evidence_keeps_what_it_says BEFORE UPDATE ON evidence FOR EACH ROW "  # noqa: S608 - our own
            f"IF NOT ({same}) THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{SENTENCE}'; END IF"
        )


def downgrade() -> None:
    op.execute("DROP TRIGGER IF EXISTS evidence_keeps_what_it_says")
