"""Making a checklist: a frozen copy of what a template version says for one thing."""

from sqlalchemy import BindParameter, and_, bindparam, insert, literal, select

from app.domain.applicability import RULED
from app.domain.audit import AuditAction
from app.domain.checklist import BelongsTo, ItemState
from app.domain.gates import gates_of
from app.models import Checklist, ChecklistGroup, ChecklistItem, TemplateGroup, TemplateItem
from app.models.base import BigInt, UTCDateTime, table_of
from app.queries.applicability import PlacedChecklist
from app.queries.due import has_due_rules
from app.queries.templates import VersionLine, get_version_for_new
from app.services.change import About, Change
from app.services.due import give_due_dates
from app.services.gates import make_gates
from app.services.ruling import rule_new_checklist
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
_TO: BindParameter[int] = bindparam("checklist", type_=BigInt)
_OF: BindParameter[BelongsTo] = bindparam("belongs_to")
_FROM: BindParameter[int] = bindparam("version")
_COPY_GROUPS = insert(_groups).from_select(
    ["checklist_id", *COPIED_OF_GROUP],
    select(_TO, *(_their_groups[name] for name in COPIED_OF_GROUP)).where(
        _their_groups.version_id == _FROM, _their_groups.belongs_to == _OF
    ),
)
_COPY_ITEMS = insert(_items).from_select(
    ["checklist_id", "group_id", *COPIED, *BEGINNING, "state_since"],
    select(
        _TO,
        _groups.c.id,
        *(_their_items[name] for name in COPIED),
        *(literal(value) for value in BEGINNING.values()),
        bindparam("at", type_=UTCDateTime),
    )
    .select_from(table_of(TemplateItem))
    .join(table_of(TemplateGroup), _their_groups.id == _their_items.group_id)
    .join(_groups, and_(_groups.c.checklist_id == _TO, _groups.c.key == _their_groups.key))
    .where(_their_items.version_id == _FROM, _their_items.belongs_to == _OF),
)


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
    version: VersionLine | None = None,
) -> int:
    """Copy the version for new checklists for one subject; part of the change that makes the subject.

    Who makes several gives the `version`, read once.
    """
    version = version or version_for_new(belongs_to)
    # A checklist and its stream name each other: the stream's subject is the thing itself, which has its number.
    stream = change.new_stream(f"checklist:{belongs_to.value}", subject_id)
    checklist_id = change.put(
        _ADD,
        {
            "belongs_to": belongs_to,
            "subject_id": subject_id,
            "release_id": release_id,
            "module_id": module_id,
            "template_version_id": version.id,
            "stream_id": stream,
            "created_at": change.at,
        },
    )
    what = {"checklist": checklist_id, "version": version.id, "belongs_to": belongs_to}
    change.session.execute(_COPY_GROUPS, what)
    change.session.execute(_COPY_ITEMS, {**what, "at": change.at})
    change.record(
        AuditAction.CHECKLIST_CREATED,
        About("checklist", checklist_id, label, module_id, release_id, version.id),
        stream=stream,
        new=version.label,
    )
    if gates_of(belongs_to):
        make_gates(change, checklist_id)
    if has_due_rules(version.id, version.digest):
        give_due_dates(change, checklist_id, release_id)
    if module_id is not None and belongs_to in RULED:
        made = PlacedChecklist(checklist_id, stream, module_id, release_id, version.id)
        rule_new_checklist(change, made)
    return checklist_id
