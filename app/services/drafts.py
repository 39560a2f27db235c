"""Drafts: beginning one, its groups and items, throwing it away. A draft changes no checklist."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, literal, select

from app.domain.audit import AuditAction
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.modules import RESERVED, is_key, key_rule
from app.domain.permissions import Permission
from app.models import DraftGroup, DraftItem, Template, TemplateDraft, TemplateGroup, TemplateItem, TemplateVersion
from app.models.base import BigInt, table_of
from app.queries.drafts import find_draft, get_template
from app.services.change import About, Change
from app.services.checklists import COPIED, COPIED_OF_GROUP
from app.services.facts import change_facts
from app.services.write_path import write_path

_groups, _items = table_of(TemplateGroup).c, table_of(TemplateItem).c
_draft_groups = table_of(DraftGroup).c


@dataclass(frozen=True, slots=True)
class Held:
    """A draft whose template's stream is taken."""

    template: Template
    draft: TemplateDraft
    stream: int

    def about(self, label: str) -> About:
        """Something of the draft as the object of an event."""
        return About("template", self.template.id, f"{label}, in the draft of {self.template.name}")


@write_path
def create_template(change: Change, key: str, *, name: str) -> str:
    """Add a template with an empty draft. Gives its key."""
    change.actor.require(Permission.TEMPLATE_EDIT, None)
    template, stream = add_template(change, key, name)
    new_draft(change, template, stream, name=name, description="")
    return key


def add_template(change: Change, key: str, name: str) -> tuple[Template, int]:
    """Add a template, as part of the change that begins its first draft. Gives it with its stream."""
    if not is_key(key):
        raise InvalidInput(key=key_rule("nightly-batch"))
    if key in RESERVED | {"import", "adopt", "export"}:
        raise InvalidInput(key=f"“{key}” is the address of another page. Choose another key.")
    if change.session.scalar(select(Template.id).where(Template.key == key)) is not None:
        raise InvalidInput(key=f"There is a template “{key}” already.")
    template = Template(key=key, name=name, created_at=change.at)
    change.session.add(template)
    change.session.flush()
    stream = change.new_stream("template", template.id)
    change.record(
        AuditAction.TEMPLATE_CREATED,
        About("template", template.id, name),
        stream=stream,
        after={"key": key, "name": name},
        under=Permission.TEMPLATE_EDIT,
    )
    return template, stream


@write_path
def begin_draft(change: Change, template_key: str) -> bool:
    """Begin a draft as a copy of the newest version; False when somebody has begun one already."""
    change.actor.require(Permission.TEMPLATE_EDIT, None)
    template = get_template(template_key)
    stream = change.take_subject("template", template.id)
    if find_draft(template.id) is not None:
        return False
    version = change.session.scalar(
        select(TemplateVersion)
        .where(TemplateVersion.template_id == template.id)
        .order_by(TemplateVersion.number.desc())
        .limit(1)
    )
    description = version.description if version else ""
    draft = new_draft(change, template, stream, name=template.name, description=description)
    if version:
        _copy_version(change, version.id, draft.id)
    return True


def new_draft(change: Change, template: Template, stream: int, *, name: str, description: str) -> TemplateDraft:
    """Begin a draft, as part of another change."""
    draft = TemplateDraft(
        template_id=template.id,
        stream_id=stream,
        name=name,
        description=description,
        created_by_id=change.actor.id,
        created_at=change.at,
    )
    change.session.add(draft)
    change.session.flush()
    change.record(
        AuditAction.DRAFT_BEGUN,
        About("template", template.id, template.name),
        stream=stream,
        under=Permission.TEMPLATE_EDIT,
    )
    return draft


def _copy_version(change: Change, version_id: int, draft_id: int) -> None:
    to, first = literal(draft_id, BigInt), literal(1, BigInt)
    change.session.execute(
        insert(DraftGroup).from_select(
            ["draft_id", "revision", "belongs_to", *COPIED_OF_GROUP],
            select(to, first, _groups.belongs_to, *(_groups[name] for name in COPIED_OF_GROUP)).where(
                _groups.version_id == version_id
            ),
        )
    )
    change.session.execute(
        insert(DraftItem).from_select(
            ["draft_id", "revision", "group_id", "was_ticked", *COPIED],
            select(to, first, _draft_groups.id, _items.was_ticked, *(_items[name] for name in COPIED))
            .select_from(table_of(TemplateItem))
            .join(table_of(TemplateGroup), _groups.id == _items.group_id)
            .join(table_of(DraftGroup), (_draft_groups.draft_id == draft_id) & (_draft_groups.key == _groups.key))
            .where(_items.version_id == version_id),
        )
    )


@write_path
def discard_draft(change: Change, template_key: str, *, revision: int) -> bool:
    """Throw a draft away. What it said is gone; that somebody did it is not."""
    held = hold(change, template_key)
    check_revision(held.draft, revision)
    change.record(
        AuditAction.DRAFT_DISCARDED,
        About("template", held.template.id, held.template.name),
        stream=held.stream,
        under=Permission.TEMPLATE_EDIT,
    )
    remove_draft(change, held.draft)
    return True


def remove_draft(change: Change, draft: TemplateDraft) -> None:
    """Take the rows of a draft away."""
    change.session.flush()
    change.session.execute(delete(DraftItem).where(DraftItem.draft_id == draft.id))
    change.session.execute(delete(DraftGroup).where(DraftGroup.draft_id == draft.id))
    change.session.execute(delete(TemplateDraft).where(TemplateDraft.id == draft.id))


@write_path
def update_draft(change: Change, template_key: str, *, revision: int, name: str, description: str) -> bool:
    """Change what a draft says about the whole template."""
    held = hold(change, template_key)
    check_revision(held.draft, revision, theirs=held.draft.name)
    held.draft.revision += 1
    facts = {"name": ("name", name), "description": ("description", description)}
    changed = change_facts(
        change,
        held.draft,
        facts,
        action=AuditAction.DRAFT_CHANGED,
        about=held.about(held.template.name),
        stream=held.stream,
        under=Permission.TEMPLATE_EDIT,
    )
    return changed > 0


def hold(change: Change, template_key: str, permission: Permission = Permission.TEMPLATE_EDIT) -> Held:
    """Take the stream of a template and read its draft as it is now."""
    change.actor.require(permission, None)
    template = get_template(template_key)
    stream = change.take_subject("template", template.id)
    draft = find_draft(template.id)
    if draft is None:
        raise NotFound("There is no draft any more: it was published or thrown away meanwhile.")
    return Held(template, draft, stream)


def check_revision(row: TemplateDraft | DraftGroup | DraftItem, revision: int, *, theirs: str = "") -> None:
    """Raise Conflict when somebody else was faster."""
    if row.revision != revision:
        raise Conflict("Somebody else changed this while you were typing.", theirs=theirs)
