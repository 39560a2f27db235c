"""Reads of templates and their versions."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, exists, func, or_, select

from app.database import db
from app.domain.checklist import BelongsTo
from app.domain.errors import NotFound
from app.models import Template, TemplateGroup, TemplateVersion
from app.models.base import table_of


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One published version of a template."""

    id: int
    template_key: str
    template_name: str
    number: int
    note: str
    digest: bytes
    published_at: datetime

    @property
    def label(self) -> str:
        """The version in words."""
        return f"{self.template_name}, version {self.number}"


def list_versions() -> list[VersionLine]:
    """All published versions, the newest first."""
    rows = db.session.execute(
        select(TemplateVersion, Template.key, Template.name)
        .join(Template, Template.id == TemplateVersion.template_id)
        .order_by(Template.name, TemplateVersion.number.desc())
    )
    return [VersionLine(v.id, key, name, v.number, v.note, v.digest, v.published_at) for v, key, name in rows]


def get_version(template_key: str, number: int) -> VersionLine:
    """One published version, or NotFound."""
    for version in list_versions():
        if version.template_key == template_key and version.number == number:
            return version
    raise NotFound("There is no such template version.")


_versions, _templates, _groups = table_of(TemplateVersion).c, table_of(Template).c, table_of(TemplateGroup).c
LINES = select(
    _versions.id,
    _templates.key,
    _templates.name,
    _versions.number,
    _versions.note,
    _versions.digest,
    _versions.published_at,
).join(table_of(Template), _templates.id == _versions.template_id)
_NEWEST = LINES.where(_templates.key == bindparam("template")).order_by(_versions.number.desc()).limit(1)
_BY_ID = LINES.where(_versions.id == bindparam("version"))
_has_kind = exists().where(_groups.version_id == _versions.id, _groups.belongs_to == bindparam("belongs_to"))
_same = table_of(TemplateVersion).alias("same")
_is_newest = _versions.number == (
    select(func.max(_same.c.number)).where(_same.c.template_id == _versions.template_id).scalar_subquery()
)
# The chosen template, when it has something of this kind; else the one that has of every kind.
_FOR_NEW = (
    LINES.where(_is_newest, or_(_templates.key == bindparam("template"), _templates.is_default))
    .order_by(and_(_templates.is_default, _has_kind).desc(), (_templates.key == bindparam("template")).desc())
    .limit(1)
)


NOT_LOADED = "The built-in catalogue is not loaded. Run `flask --app wsgi load-catalogue`."


def get_newest_version(template_key: str) -> VersionLine:
    """The newest version of a template."""
    found = db.session.execute(_NEWEST, {"template": template_key}).one_or_none()
    if found is not None:
        return VersionLine(*found)
    raise NotFound(NOT_LOADED)


def get_version_for_new(belongs_to: BelongsTo, otherwise: str) -> VersionLine:
    """The version from which a new checklist is made; of the template `otherwise` where the chosen one has no group."""
    found = db.session.connection().execute(_FOR_NEW, {"template": otherwise, "belongs_to": belongs_to}).one_or_none()
    if found is not None:
        return VersionLine(*found)
    raise NotFound(NOT_LOADED)


def get_version_by_id(version_id: int) -> VersionLine:
    """One published version, or NotFound."""
    found = db.session.execute(_BY_ID, {"version": version_id}).one_or_none()
    if found is not None:
        return VersionLine(*found)
    raise NotFound("There is no such template version.")
