"""Reads of one template: its versions, who published them, and which checklists are made from each."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.actors import Actor
from app.domain.checklist import BelongsTo
from app.domain.errors import NotFound
from app.domain.permissions import Permission
from app.models import Person, Template, TemplateGroup, TemplateVersion
from app.models.base import table_of
from app.queries.adoption import list_live_checklists
from app.queries.checklists import ChecklistHead
from app.queries.templates import LINES, VersionLine

_versions, _templates, _people = table_of(TemplateVersion).c, table_of(Template).c, table_of(Person).c
_groups = table_of(TemplateGroup).c
_TEMPLATE = select(_templates.id, _templates.key, _templates.name, _templates.is_default).where(
    _templates.key == bindparam("template")
)
_OF_TEMPLATE = (
    LINES.add_columns(_people.name.label("published_by"))
    .outerjoin(table_of(Person), _people.id == _versions.published_by_id)
    .where(_templates.key == bindparam("template"))
    .order_by(_versions.number.desc())
)
_KINDS = select(_groups.belongs_to).where(_groups.version_id == bindparam("version")).distinct()


@dataclass(frozen=True, slots=True)
class TemplateHead:
    """A template, and whether new checklists are made from it."""

    id: int
    key: str
    name: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One version with its publisher, nobody for the built-in one, and the checklists that are made from it."""

    line: VersionLine
    published_by: str | None
    live: tuple[ChecklistHead, ...]


def get_template(template_key: str) -> TemplateHead:
    """A template, or NotFound."""
    found = db.session.execute(_TEMPLATE, {"template": template_key}).one_or_none()
    if found is None:
        raise NotFound("There is no such template.")
    return TemplateHead(*found)


def list_published(template_key: str, actor: Actor) -> list[PublishedVersion]:
    """The versions of a template, the newest first, with the live checklists that this person may see."""
    live: dict[int, list[ChecklistHead]] = defaultdict(list)
    for head in list_live_checklists(actor, Permission.CHECKLIST_VIEW):
        live[head.version_id].append(head)
    return [
        PublishedVersion(VersionLine(*line), published_by, tuple(live[line[0]]))
        for *line, published_by in db.session.execute(_OF_TEMPLATE, {"template": template_key})
    ]


def list_kinds(version_id: int) -> set[BelongsTo]:
    """The kinds of thing that a version has groups for."""
    return set(db.session.scalars(_KINDS, {"version": version_id}))
