"""The rows of a module's checklist, straight in SQL: what nobody can make faster than the database."""

from app.services.checklists import COPIED

HEAD = (
    "INSERT INTO checklists (belongs_to, subject_id, template_version_id, stream_id, created_at)"
    " VALUES ('raw', %s, %s, %s, NOW(6))"
)
GROUP = (
    "INSERT INTO checklist_groups (checklist_id, `key`, title, section, mode, position)"
    " VALUES (%s, 'raw', '', '', 'do-confirm', 1)"
)
COPIED_HERE = ", ".join(f"`{name}`" for name in COPIED)
COPY = (
    f"INSERT INTO checklist_items (checklist_id, group_id, {COPIED_HERE},"
    " state, revision, reason, value, link, comment_count, is_reworded, state_since)"
    f" SELECT %s, %s, {COPIED_HERE}, 'todo', 1, '', '', '', 0, 0, NOW(6)"
    " FROM template_items WHERE belongs_to = 'module'"
)
EVENT = (
    "INSERT INTO raw_events (at, person, item, action, old_state, new_state, note)"
    " VALUES (NOW(6), %s, %s, 'made', 0, 0, '')"
)
