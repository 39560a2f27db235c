"""Reads of templates and their versions."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.errors import NotFound
from app.models import Template, TemplateVersion
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


_versions, _templates = table_of(TemplateVersion).c, table_of(Template).c
_NEWEST = (
    select(
        _versions.id,
        _templates.key,
        _templates.name,
        _versions.number,
        _versions.note,
        _versions.digest,
        _versions.published_at,
    )
    .join(table_of(Template), _templates.id == _versions.template_id)
    .where(_templates.key == bindparam("template"))
    .order_by(_versions.number.desc())
    .limit(1)
)


def get_newest_version(template_key: str) -> VersionLine:
    """The version from which new checklists are made."""
    found = db.session.execute(_NEWEST, {"template": template_key}).one_or_none()
    if found is not None:
        return VersionLine(*found)
    raise NotFound("The built-in catalogue is not loaded. Run `flask --app wsgi load-catalogue`.")
