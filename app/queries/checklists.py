"""Reads of checklists: what they are about, their groups, their rows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import aliased

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import Subject
from app.domain.checklist import BelongsTo, ItemState, Mode, Phase, Severity
from app.domain.errors import NotFound
from app.domain.permissions import Permission, Role
from app.domain.readiness import Counts, count
from app.models import (
    Change,
    Checklist,
    ChecklistGroup,
    ChecklistItem,
    Environment,
    Module,
    Person,
    Release,
    ReleaseModule,
    Stream,
    Target,
    Template,
    TemplateVersion,
)


@dataclass(frozen=True, slots=True)
class ChecklistHead:
    """A checklist, what it is about, and the version of its stream: the one number that changes with anything in it."""

    id: int
    stream_id: int
    stream_version: int
    subject: Subject
    release_id: int | None
    release_name: str
    module_id: int | None
    module_name: str
    own_name: str
    version_label: str

    @property
    def path(self) -> str:
        """The address of the checklist."""
        return self.subject.path

    @property
    def belongs_to(self) -> BelongsTo:
        """The kind of thing that it is about."""
        return self.subject.belongs_to

    @property
    def name(self) -> str:
        """What it is about, in words."""
        if self.belongs_to is BelongsTo.RELEASE:
            return self.release_name
        return self.own_name or self.module_name


_HEAD = (
    select(
        Checklist,
        Stream.version.label("stream_version"),
        Release.key.label("release_key"),
        Release.name.label("release_name"),
        Module.key.label("module_key"),
        Module.name.label("module_name"),
        Change.number,
        Change.title,
        Target.key.label("target_key"),
        Target.name.label("target_name"),
        Environment.key.label("environment_key"),
        Environment.name.label("environment_name"),
        Template.name.label("template_name"),
        TemplateVersion.number.label("version_number"),
    )
    .join(Stream, Stream.id == Checklist.stream_id)
    .join(TemplateVersion, TemplateVersion.id == Checklist.template_version_id)
    .join(Template, Template.id == TemplateVersion.template_id)
    .outerjoin(Release, Release.id == Checklist.release_id)
    .outerjoin(Module, Module.id == Checklist.module_id)
    .outerjoin(Change, and_(Checklist.belongs_to == BelongsTo.CHANGE, Change.id == Checklist.subject_id))
    .outerjoin(Target, and_(Checklist.belongs_to == BelongsTo.TARGET, Target.id == Checklist.subject_id))
    .outerjoin(Environment, Environment.id == Target.environment_id)
)


def _one(statement: Select[*tuple[Any, ...]], actor: Actor) -> ChecklistHead:
    row = db.session.execute(statement).one_or_none()
    if row is None:
        raise NotFound("There is no such checklist, or it is not yours to see.")
    checklist = row.Checklist
    subject = Subject(
        checklist.belongs_to,
        row.release_key or "",
        row.module_key or "",
        row.number or 0,
        row.environment_key or "",
        row.target_key or "",
    )
    if checklist.module_id is not None:
        actor.require(Permission.CHECKLIST_VIEW, checklist.module_id)
    own = ""
    if checklist.belongs_to is BelongsTo.CHANGE:
        own = f"!{row.number} {row.title}".strip()
    elif checklist.belongs_to is BelongsTo.TARGET:
        own = f"{row.target_name}, {row.environment_name}"
    return ChecklistHead(
        checklist.id,
        checklist.stream_id,
        row.stream_version,
        subject,
        checklist.release_id,
        row.release_name or "",
        checklist.module_id,
        row.module_name or "",
        own,
        f"{row.template_name}, version {row.version_number}",
    )


def get_checklist(checklist_id: int, actor: Actor) -> ChecklistHead:
    """A checklist by number, or NotFound."""
    return _one(_HEAD.where(Checklist.id == checklist_id), actor)


def get_release_checklist(release_key: str, actor: Actor) -> ChecklistHead:
    """The release's own checklist."""
    return _one(_HEAD.where(Checklist.belongs_to == BelongsTo.RELEASE, Release.key == release_key), actor)


def get_module_checklist(release_key: str, module_key: str, actor: Actor) -> ChecklistHead:
    """The checklist of a module in a release."""
    here = and_(ReleaseModule.id == Checklist.subject_id, ReleaseModule.removed_at.is_(None))
    return _one(
        _HEAD.join(ReleaseModule, here).where(
            Checklist.belongs_to == BelongsTo.MODULE, Release.key == release_key, Module.key == module_key
        ),
        actor,
    )


def get_change_checklist(release_key: str, module_key: str, number: int, actor: Actor) -> ChecklistHead:
    """The checklist of a merge request."""
    return _one(_HEAD.where(Release.key == release_key, Module.key == module_key, Change.number == number), actor)


def get_target_checklist(module_key: str, environment_key: str, target_key: str, actor: Actor) -> ChecklistHead:
    """The monitoring checklist of a target."""
    return _one(
        _HEAD.where(Module.key == module_key, Environment.key == environment_key, Target.key == target_key), actor
    )


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group of a checklist with how far it is."""

    id: int
    key: str
    title: str
    section: str
    mode: Mode
    path: str
    counts: Counts

    @property
    def is_complete(self) -> bool:
        """Nothing in it is open."""
        return self.counts.open == 0


def list_groups(checklist: ChecklistHead) -> list[GroupLine]:
    """The groups of a checklist in order, counted by one aggregate."""
    tallies: dict[int, list[tuple[ItemState, Severity, int]]] = {}
    for group_id, state, severity, number in db.session.execute(
        select(ChecklistItem.group_id, ChecklistItem.state, ChecklistItem.severity, func.count())
        .where(ChecklistItem.checklist_id == checklist.id)
        .group_by(ChecklistItem.group_id, ChecklistItem.state, ChecklistItem.severity)
    ):
        tallies.setdefault(group_id, []).append((state, severity, number))
    rows = db.session.execute(
        select(
            ChecklistGroup.id,
            ChecklistGroup.key,
            ChecklistGroup.title,
            ChecklistGroup.section,
            ChecklistGroup.mode,
        )
        .where(ChecklistGroup.checklist_id == checklist.id)
        .order_by(ChecklistGroup.position)
    )
    return [GroupLine(*row, checklist.subject.group_path(row.key), count(tallies.get(row.id, []))) for row in rows]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One box as a page shows it."""

    id: int
    key: str
    text: str
    guidance: str
    severity: Severity
    natural_role: Role
    phase: Phase
    value_prompt: str
    value_kind: str
    state: ItemState
    revision: int
    reason: str
    value: str
    link: str
    comment_count: int
    assignee_id: int | None
    due_on: date | None
    state_since: datetime
    changed_by_id: int | None
    group_id: int
    position: int
    assignee_name: str | None
    changed_by_name: str | None


_COLUMNS = [name for name in ItemRow.__dataclass_fields__ if not name.endswith("_name")]
_ASSIGNEE = aliased(Person)
_CHANGER = aliased(Person)
_ROWS = (
    select(*(getattr(ChecklistItem, name) for name in _COLUMNS), _ASSIGNEE.name, _CHANGER.name)
    .outerjoin(_ASSIGNEE, _ASSIGNEE.id == ChecklistItem.assignee_id)
    .outerjoin(_CHANGER, _CHANGER.id == ChecklistItem.changed_by_id)
)


def list_rows(checklist_id: int, *, group_id: int | None = None) -> list[ItemRow]:
    """The boxes of a checklist, or of one of its groups, in order; one statement."""
    statement = _ROWS.where(ChecklistItem.checklist_id == checklist_id).order_by(ChecklistItem.position)
    if group_id is not None:
        statement = statement.where(ChecklistItem.group_id == group_id)
    return [ItemRow(*tuple(row)) for row in db.session.execute(statement)]


def get_row(item_id: int) -> ItemRow:
    """One box, or NotFound."""
    row = db.session.execute(_ROWS.where(ChecklistItem.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such item, or it is not yours to see.")
    return ItemRow(*tuple(row))
