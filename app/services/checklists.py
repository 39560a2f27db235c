"""Making a checklist: a frozen copy of what a template version says for one thing."""

from sqlalchemy import and_, insert, literal, select

from app.domain.audit import AuditAction
from app.domain.checklist import BelongsTo, ItemState
from app.models import Checklist, ChecklistGroup, ChecklistItem, TemplateGroup, TemplateItem
from app.models.base import UTCDateTime
from app.queries.templates import get_newest_version
from app.services.templates import BUILT_IN
from app.services.write_path import About, Change

COPIED = (
    *("key", "text", "guidance", "phase", "gate", "severity", "natural_role", "value_prompt", "value_kind"),
    "position",
)
# How an item begins.
BEGINNING: dict[str, str | int] = {
    "state": ItemState.TODO.value,
    "revision": 1,
    "reason": "",
    "value": "",
    "link": "",
    "comment_count": 0,
}


def make_checklist(
    change: Change,
    belongs_to: BelongsTo,
    subject_id: int,
    *,
    label: str,
    release_id: int | None = None,
    module_id: int | None = None,
) -> int:
    """Copy the newest template version for one subject; part of the change that makes the subject."""
    version = get_newest_version(BUILT_IN)
    checklist = Checklist(
        belongs_to=belongs_to,
        subject_id=subject_id,
        release_id=release_id,
        module_id=module_id,
        template_version_id=version.id,
        stream_id=0,
        created_at=change.at,
    )
    # A checklist and its stream name each other: the stream's subject is the thing itself, which has its number.
    checklist.stream_id = change.new_stream(f"checklist:{belongs_to.value}", subject_id)
    change.session.add(checklist)
    change.session.flush()
    _copy(change, checklist.id, version.id, belongs_to)
    change.record(
        AuditAction.CHECKLIST_CREATED,
        About("checklist", checklist.id, label, module_id, release_id, version.id),
        stream=checklist.stream_id,
        new=version.label,
    )
    return checklist.id


def _copy(change: Change, checklist_id: int, version_id: int, belongs_to: BelongsTo) -> None:
    """Two INSERT … SELECT: the rows never travel through this process."""
    change.session.execute(
        insert(ChecklistGroup).from_select(
            ["checklist_id", "key", "title", "section", "mode", "position"],
            select(
                literal(checklist_id),
                TemplateGroup.key,
                TemplateGroup.title,
                TemplateGroup.section,
                TemplateGroup.mode,
                TemplateGroup.position,
            ).where(TemplateGroup.version_id == version_id, TemplateGroup.belongs_to == belongs_to),
        )
    )
    columns = [getattr(TemplateItem, name) for name in COPIED]
    change.session.execute(
        insert(ChecklistItem).from_select(
            ["checklist_id", "group_id", *COPIED, *BEGINNING, "state_since"],
            select(
                literal(checklist_id),
                ChecklistGroup.id,
                *columns,
                *(literal(value) for value in BEGINNING.values()),
                literal(change.at, UTCDateTime),
            )
            .join(TemplateGroup, TemplateGroup.id == TemplateItem.group_id)
            .join(
                ChecklistGroup,
                and_(ChecklistGroup.checklist_id == checklist_id, ChecklistGroup.key == TemplateGroup.key),
            )
            .where(TemplateItem.version_id == version_id, TemplateItem.belongs_to == belongs_to),
        )
    )
