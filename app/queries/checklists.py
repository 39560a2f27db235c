"""Reads of checklists: what they are about, and the version of all that they hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import OCCASIONS, Subject
from app.domain.checklist import BelongsTo
from app.domain.errors import UNSEEN, NotFound
from app.domain.permissions import Permission
from app.models import (
    Change,
    Checklist,
    Deployment,
    Environment,
    Module,
    PersonName,
    Release,
    ReleaseModule,
    Stream,
    Target,
    Template,
    TemplateVersion,
)
from app.models.base import table_of
from app.queries.occasions import OCCASION, occasion_name
from app.queries.override_facts import OVERRIDES_VERSION
from app.queries.releases import require_release
from app.queries.subjects import SUBJECT, subject_of, with_subject


@dataclass(frozen=True, slots=True)
class ChecklistHead:
    """A checklist, what it is about, and the version of its stream: the one number that changes with anything in it."""

    id: int
    created_at: datetime
    stream_id: int
    stream_version: int
    subject: Subject
    release_id: int | None
    release_name: str
    module_id: int | None
    module_name: str
    own_name: str
    template_key: str
    template_name: str
    version_id: int
    version_number: int
    newest_version_id: int
    # A newer version may be meant for it: its release has neither shipped nor been archived, its target is in use.
    # What happens once keeps the version that it began with.
    is_live: bool
    # Changes when somebody is named anew, and when a name is erased.
    names_version: tuple[int, int]
    # Changes when a break-glass anywhere holds a deployment back, or does so no more.
    overrides_version: int
    # Changes with anything that happens to a deployment of the module in the release.
    deployments_version: int

    @property
    def version(self) -> tuple[object, ...]:
        """What changes with anything that a page of this checklist shows."""
        return (
            self.stream_version,
            self.release_name,
            self.module_name,
            self.own_name,
            self.names_version,
            self.overrides_version,
            self.deployments_version,
        )

    @property
    def version_label(self) -> str:
        """The version that it was made from, or brought to since, in words."""
        return f"{self.template_name}, version {self.version_number}"

    @property
    def newer_version_id(self) -> int | None:
        """The newest version of its template, when that is a later one and the checklist is worked on."""
        return self.newest_version_id if self.is_live and self.newest_version_id > self.version_id else None

    @property
    def label(self) -> str:
        """What it is about, as the history says it."""
        if self.belongs_to is BelongsTo.RELEASE:
            return f"release {self.release_name}"
        if self.belongs_to is BelongsTo.TARGET:
            return f"{self.module_name}, target {self.own_name}"
        change = f", change {self.own_name}" if self.belongs_to is BelongsTo.CHANGE else ""
        occasion = f", {self.own_name}" if self.belongs_to in OCCASIONS else ""
        release = f" in {self.release_name}" if self.release_name else ""
        return f"{self.module_name}{release}{change}{occasion}"

    @property
    def title(self) -> str:
        """What it is about, as it stands in a list of checklists."""
        return f"{self.release_name}, the release itself" if self.belongs_to is BelongsTo.RELEASE else self.label

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
        if self.belongs_to in OCCASIONS:
            return f"{self.module_name}, {self.own_name}"
        return self.own_name or self.module_name


_lists, _releases, _modules = table_of(Checklist).c, table_of(Release).c, table_of(Module).c
_changes, _targets, _environments = table_of(Change).c, table_of(Target).c, table_of(Environment).c
_names = table_of(PersonName).c
_streams, _versions, _templates = table_of(Stream).c, table_of(TemplateVersion).c, table_of(Template).c
_newer = table_of(TemplateVersion).alias("newer")
# The later of two versions of a template has the higher number of its own, too.
NEWEST_VERSION = (
    select(func.max(_newer.c.id))
    .where(_newer.c.template_id == _versions.template_id)
    .correlate(table_of(TemplateVersion))
).scalar_subquery()
_deployments = table_of(Deployment).c
_DEPLOYMENTS_VERSION = (
    select(func.sum(_deployments.revision))
    .where(_deployments.release_id == _lists.release_id, _deployments.module_id == _lists.module_id)
    .correlate(table_of(Checklist))
).scalar_subquery()
HEAD = with_subject(
    select(
        _lists.id,
        _lists.created_at,
        _lists.stream_id,
        _streams.version.label("stream_version"),
        OVERRIDES_VERSION,
        _DEPLOYMENTS_VERSION.label("deployments_version"),
        select(func.max(_names.id)).scalar_subquery().label("newest_name"),
        select(func.count(_names.name)).scalar_subquery().label("names_left"),
        _releases.name.label("release_name"),
        _modules.name.label("module_name"),
        _changes.title,
        _targets.name.label("target_name"),
        _environments.name.label("environment_name"),
        _templates.name.label("template_name"),
        _templates.key.label("template_key"),
        _versions.id.label("version_id"),
        _versions.number.label("version_number"),
        NEWEST_VERSION.label("newest_version_id"),
        _releases.shipped_at,
        _releases.archived_at,
        _targets.archived_at.label("target_archived_at"),
        OCCASION.label("occasion"),
        *SUBJECT,
    )
    .join(table_of(Stream), _streams.id == _lists.stream_id)
    .join(table_of(TemplateVersion), _versions.id == _lists.template_version_id)
    .join(table_of(Template), _templates.id == _versions.template_id)
)
_BY_ID = HEAD.where(_lists.id == bindparam("checklist"))
_OF_RELEASE = HEAD.where(
    _lists.belongs_to == BelongsTo.RELEASE,
    _releases.key == bindparam("release"),
)
_members = table_of(ReleaseModule).c
_OF_MODULE = HEAD.join(
    table_of(ReleaseModule), and_(_members.id == _lists.subject_id, _members.removed_at.is_(None))
).where(
    _lists.belongs_to == BelongsTo.MODULE,
    _releases.key == bindparam("release"),
    _modules.key == bindparam("module"),
)
_OF_CHANGE = HEAD.where(
    _releases.key == bindparam("release"),
    _modules.key == bindparam("module"),
    _changes.number == bindparam("number"),
)
_OF_OCCASION = HEAD.where(
    _lists.belongs_to == bindparam("belongs_to", type_=_lists.belongs_to.type),
    _lists.subject_id == bindparam("subject"),
)
_OF_TARGET = HEAD.where(
    _modules.key == bindparam("module"),
    _environments.key == bindparam("environment"),
    _targets.key == bindparam("target"),
)


def _one(statement: Select[*tuple[Any, ...]], actor: Actor, **where: str | int) -> ChecklistHead:
    row = db.session.execute(statement, where).one_or_none()
    if row is None:
        raise NotFound(UNSEEN)
    if row.module_id is not None:
        actor.require(Permission.CHECKLIST_VIEW, row.module_id)
    else:
        require_release(row.release_id, actor)
    return head_of(row)


def head_of(row: Any) -> ChecklistHead:
    """The head out of a row of `HEAD`."""
    return ChecklistHead(
        row.id,
        row.created_at,
        row.stream_id,
        row.stream_version,
        subject_of(row),
        row.release_id,
        row.release_name or "",
        row.module_id,
        row.module_name or "",
        _own_name(row),
        row.template_key,
        row.template_name,
        row.version_id,
        row.version_number,
        row.newest_version_id,
        row.belongs_to not in OCCASIONS
        and (row.shipped_at is None and row.archived_at is None and row.target_archived_at is None),
        (row.newest_name or 0, row.names_left),
        row.overrides_version,
        int(row.deployments_version or 0),
    )


def _own_name(row: Any) -> str:
    if row.belongs_to is BelongsTo.CHANGE:
        return f"!{row.number} {row.title}".strip()
    if row.belongs_to in OCCASIONS:
        return occasion_name(row.belongs_to, row.subject_id, row.occasion)
    return f"{row.target_name}, {row.environment_name}" if row.belongs_to is BelongsTo.TARGET else ""


def get_occasion_checklist(belongs_to: BelongsTo, number: int, actor: Actor) -> ChecklistHead:
    """The checklist of a deployment, a rollback or an incident."""
    return _one(_OF_OCCASION, actor, belongs_to=belongs_to, subject=number)


def get_checklist(checklist_id: int, actor: Actor) -> ChecklistHead:
    """A checklist by number, or NotFound."""
    return _one(_BY_ID, actor, checklist=checklist_id)


def get_release_checklist(release_key: str, actor: Actor) -> ChecklistHead:
    """The release's own checklist."""
    return _one(_OF_RELEASE, actor, release=release_key)


def get_module_checklist(release_key: str, module_key: str, actor: Actor) -> ChecklistHead:
    """The checklist of a module in a release."""
    return _one(_OF_MODULE, actor, release=release_key, module=module_key)


def get_change_checklist(release_key: str, module_key: str, number: int, actor: Actor) -> ChecklistHead:
    """The checklist of a merge request."""
    return _one(_OF_CHANGE, actor, release=release_key, module=module_key, number=number)


def get_target_checklist(module_key: str, environment_key: str, target_key: str, actor: Actor) -> ChecklistHead:
    """The monitoring checklist of a target."""
    return _one(_OF_TARGET, actor, module=module_key, environment=environment_key, target=target_key)
