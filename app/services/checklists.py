"""Making a checklist: a frozen copy of what a template version says for one thing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, and_, bindparam, insert, literal, select

from app.domain.applicability import RULED
from app.domain.audit import AuditAction
from app.domain.checklist import BelongsTo, ItemState
from app.models import Checklist, ChecklistGroup, ChecklistItem, TemplateGroup, TemplateItem
from app.models.base import UTCDateTime, table_of
from app.queries.applicability import PlacedChecklist
from app.queries.due import has_due_rules
from app.queries.templates import VersionLine, get_version_for_new
from app.services.change import About, Change
from app.services.due import give_due_dates
from app.services.gates import make_gates
from app.services.ruling import rule_new_checklists
from app.services.templates import BUILT_IN

COPIED = (
    *("key", "text", "guidance", "phase", "gate", "severity", "natural_role", "value_prompt", "value_kind"),
    *("position", "depth", "body", "value_unit", "due_anchor", "due_days", "due_weekdays_only", "origin"),
    *("origin_link", "applies_when", "fact"),
)
COPIED_OF_GROUP = ("key", "title", "section", "mode", "body", "applies_when", "position")
# How an item begins.
BEGINNING: dict[str, str | int | bool] = {
    "state": ItemState.TODO.value,
    "revision": 1,
    "reason": "",
    "value": "",
    "link": "",
    "comment_count": 0,
    "is_reworded": False,
}


# Built once. The rows go from table to table and never travel through this process.
_lists, _groups, _items = table_of(Checklist), table_of(ChecklistGroup), table_of(ChecklistItem)
_their_groups, _their_items = table_of(TemplateGroup).c, table_of(TemplateItem).c
_ADD = insert(_lists)
_MADE = _lists.c.id.in_(bindparam("checklists", expanding=True))
_OF: BindParameter[BelongsTo] = bindparam("belongs_to")
_FROM: BindParameter[int] = bindparam("version")
_COPY_GROUPS = insert(_groups).from_select(
    ["checklist_id", *COPIED_OF_GROUP],
    select(_lists.c.id, *(_their_groups[name] for name in COPIED_OF_GROUP))
    .select_from(_lists)
    .join(table_of(TemplateGroup), and_(_their_groups.version_id == _FROM, _their_groups.belongs_to == _OF))
    .where(_MADE),
)
_COPY_ITEMS = insert(_items).from_select(
    ["checklist_id", "group_id", *COPIED, *BEGINNING, "state_since"],
    select(
        _lists.c.id,
        _groups.c.id,
        *(_their_items[name] for name in COPIED),
        *(literal(value) for value in BEGINNING.values()),
        bindparam("at", type_=UTCDateTime),
    )
    .select_from(_lists)
    .join(_groups, _groups.c.checklist_id == _lists.c.id)
    .join(table_of(TemplateGroup), and_(_their_groups.version_id == _FROM, _their_groups.key == _groups.c.key))
    .join(table_of(TemplateItem), _their_items.group_id == _their_groups.id)
    .where(_MADE),
)


@dataclass(frozen=True, slots=True)
class MadeFor:
    """What a checklist is made for, and what it is called in the history."""

    subject_id: int
    label: str
    release_id: int | None = None
    module_id: int | None = None


def version_for_new(belongs_to: BelongsTo) -> VersionLine:
    """The version from which checklists of a kind are made now."""
    return get_version_for_new(belongs_to, BUILT_IN)


def make_checklist(
    change: Change,
    belongs_to: BelongsTo,
    subject_id: int,
    *,
    label: str,
    release_id: int | None = None,
    module_id: int | None = None,
) -> int:
    """Copy the version for new checklists for one subject; part of the change that makes the subject."""
    return make_checklists(change, belongs_to, [MadeFor(subject_id, label, release_id, module_id)])[0]


def make_checklists(change: Change, belongs_to: BelongsTo, subjects: Sequence[MadeFor]) -> list[int]:
    """Copy the version for new checklists for each subject; all are copied by the same statements."""
    if not subjects:
        return []
    version = version_for_new(belongs_to)
    # A checklist and its stream name each other: the stream's subject is the thing itself, which has its number.
    streams = change.new_streams(f"checklist:{belongs_to.value}", [one.subject_id for one in subjects])
    rows = [
        {
            "belongs_to": belongs_to,
            "subject_id": one.subject_id,
            "release_id": one.release_id,
            "module_id": one.module_id,
            "template_version_id": version.id,
            "stream_id": stream,
            "created_at": change.at,
        }
        for one, stream in zip(subjects, streams, strict=True)
    ]
    made = change.put_all(_ADD, rows, "stream_id")
    change.connection.execute(_COPY_GROUPS, {"checklists": made, "version": version.id, "belongs_to": belongs_to})
    change.connection.execute(_COPY_ITEMS, {"checklists": made, "version": version.id, "at": change.at})
    for number, one, stream in zip(made, subjects, streams, strict=True):
        about = About("checklist", number, one.label, one.module_id, one.release_id, version.id)
        change.record(AuditAction.CHECKLIST_CREATED, about, stream=stream, new=version.label)
    make_gates(change, belongs_to, made)
    if has_due_rules(version.id, version.digest):
        for number, one in zip(made, subjects, strict=True):
            give_due_dates(change, number, one.release_id)
    if belongs_to in RULED:
        rule_new_checklists(
            change,
            [
                PlacedChecklist(number, stream, one.module_id, one.release_id, version.id)
                for number, one, stream in zip(made, subjects, streams, strict=True)
                if one.module_id is not None
            ],
        )
    return made
