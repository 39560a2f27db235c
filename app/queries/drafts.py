"""Reads of drafts: what the next version of a template is going to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.database import db
from app.domain.errors import UNSEEN, NotFound
from app.domain.template_content import ItemContent, TemplateContent
from app.models import Checklist, DraftGroup, DraftItem, Person, Release, Template, TemplateDraft, TemplateVersion
from app.queries.template_content import group_content, item_content


@dataclass(frozen=True, slots=True)
class DraftHead:
    """A draft and the template that it will change."""

    id: int
    template_id: int
    template_key: str
    template_name: str
    name: str
    description: str
    source: str
    revision: int
    created_at: datetime
    created_by_name: str | None
    newest_number: int

    @property
    def path(self) -> str:
        """The address of its editor."""
        return f"/templates/{self.template_key}/draft/"


@dataclass(frozen=True, slots=True)
class DraftGroupLine:
    """A group of a draft with the number of its items."""

    row: DraftGroup
    items: int


def get_template(key: str) -> Template:
    """A template, or NotFound."""
    template = db.session.scalar(select(Template).where(Template.key == key).execution_options(populate_existing=True))
    if template is None:
        raise NotFound(UNSEEN)
    return template


def find_draft(template_id: int) -> TemplateDraft | None:
    """The draft of a template, if somebody began one."""
    return db.session.scalar(
        select(TemplateDraft).where(TemplateDraft.template_id == template_id).execution_options(populate_existing=True)
    )


def get_draft(template_key: str) -> DraftHead:
    """The draft of a template with its words, or NotFound."""
    newest = (
        select(func.coalesce(func.max(TemplateVersion.number), 0))
        .where(TemplateVersion.template_id == Template.id)
        .scalar_subquery()
    )
    row = db.session.execute(
        select(TemplateDraft, Template, Person.name, newest)
        .join(Template, Template.id == TemplateDraft.template_id)
        .outerjoin(Person, Person.id == TemplateDraft.created_by_id)
        .where(Template.key == template_key)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound("This template has no draft. One is begun under Templates.")
    draft, template, author, number = row
    return DraftHead(
        draft.id,
        template.id,
        template.key,
        template.name,
        draft.name,
        draft.description,
        draft.source,
        draft.revision,
        draft.created_at,
        author,
        number,
    )


def find_newest(draft: DraftHead) -> int | None:
    """The number of the row of the version that a draft follows, if there is one."""
    return db.session.scalar(
        select(TemplateVersion.id).where(
            TemplateVersion.template_id == draft.template_id, TemplateVersion.number == draft.newest_number
        )
    )


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """A template in the list: its newest version, if any, and whether somebody works on the next."""

    key: str
    name: str
    newest_number: int
    published_at: datetime | None
    has_draft: bool


def list_templates() -> list[TemplateLine]:
    """All templates by name; one statement."""
    rows = db.session.execute(
        select(
            Template.key,
            Template.name,
            func.coalesce(func.max(TemplateVersion.number), 0),
            func.max(TemplateVersion.published_at),
            func.count(TemplateDraft.id),
        )
        .outerjoin(TemplateVersion, TemplateVersion.template_id == Template.id)
        .outerjoin(TemplateDraft, TemplateDraft.template_id == Template.id)
        .group_by(Template.id, Template.key, Template.name)
        .order_by(Template.name, Template.id)
    )
    return [TemplateLine(key, name, number, at, bool(drafts)) for key, name, number, at, drafts in rows]


def list_draft_groups(draft_id: int) -> list[DraftGroupLine]:
    """The groups of a draft in order, each with how many items it has; one statement."""
    items = select(func.count()).where(DraftItem.group_id == DraftGroup.id).scalar_subquery()
    rows = db.session.execute(
        select(DraftGroup, items)
        .where(DraftGroup.draft_id == draft_id)
        .order_by(DraftGroup.position, DraftGroup.id)
        .execution_options(populate_existing=True)
    )
    return [DraftGroupLine(group, number) for group, number in rows]


def get_draft_group(draft_id: int, group_id: int) -> DraftGroup:
    """One group of a draft as it is now, or NotFound."""
    group = db.session.get(DraftGroup, group_id, populate_existing=True)
    if group is None or group.draft_id != draft_id:
        raise NotFound("This group is not in the draft. Somebody may have taken it out.")
    return group


def get_draft_item(draft_id: int, item_id: int) -> DraftItem:
    """One item of a draft as it is now, or NotFound."""
    item = db.session.get(DraftItem, item_id, populate_existing=True)
    if item is None or item.draft_id != draft_id:
        raise NotFound("This item is not in the draft. Somebody may have retired it.")
    return item


def list_draft_items(draft_id: int, *, group_id: int | None = None) -> Sequence[DraftItem]:
    """The items of a draft, or of one of its groups, in order."""
    statement = (
        select(DraftItem)
        .join(DraftGroup, DraftGroup.id == DraftItem.group_id)
        .where(DraftItem.draft_id == draft_id)
        .order_by(DraftGroup.position, DraftGroup.id, DraftItem.position, DraftItem.id)
        .execution_options(populate_existing=True)
    )
    if group_id is not None:
        statement = statement.where(DraftItem.group_id == group_id)
    return db.session.scalars(statement).all()


def list_twins(draft_id: int, item: DraftItem) -> Sequence[DraftItem]:
    """The other items of a draft that stand for the same fact."""
    if not item.fact:
        return []
    return db.session.scalars(
        select(DraftItem).where(DraftItem.draft_id == draft_id, DraftItem.fact == item.fact, DraftItem.id != item.id)
    ).all()


def list_facts(draft_id: int) -> Sequence[str]:
    """The facts that twins of a draft share, by name."""
    return db.session.scalars(
        select(DraftItem.fact)
        .where(DraftItem.draft_id == draft_id, DraftItem.fact != "")
        .distinct()
        .order_by(DraftItem.fact)
    ).all()


def content_of_draft(draft: TemplateDraft | DraftHead) -> TemplateContent:
    """All that a draft says; two statements."""
    items: dict[int, list[ItemContent]] = {}
    for row in list_draft_items(draft.id):
        items.setdefault(row.group_id, []).append(item_content(row))
    rows = [line.row for line in list_draft_groups(draft.id)]
    groups = tuple(group_content(row, row.belongs_to, items.get(row.id, ())) for row in rows)
    return TemplateContent(draft.name, draft.description, groups)


def count_live_checklists(template_id: int) -> int:
    """How many checklists of releases that have not shipped, and of targets, are made from this template."""
    statement = (
        select(func.count(Checklist.id))
        .join(TemplateVersion, TemplateVersion.id == Checklist.template_version_id)
        .outerjoin(Release, Release.id == Checklist.release_id)
        .where(
            TemplateVersion.template_id == template_id,
            Release.shipped_at.is_(None),
            Release.archived_at.is_(None),
        )
    )
    return db.session.scalar(statement) or 0
