"""Reads of documents that wait to be imported."""

from dataclasses import dataclass
from datetime import datetime

from app.database import db
from app.domain.actors import Actor
from app.domain.errors import NotFound
from app.models import TemplateImport


@dataclass(frozen=True, slots=True)
class WaitingDocument:
    """A document that somebody has sent."""

    id: int
    file_name: str
    kind: str
    data: bytes
    mapping: str
    created_at: datetime

    @property
    def path(self) -> str:
        """The address of what was understood of it."""
        return f"/templates/import/{self.id}/"


def get_import(import_id: int, actor: Actor) -> WaitingDocument:
    """A document that this person has sent, or NotFound: nobody looks at what another has sent."""
    row = db.session.get(TemplateImport, import_id, populate_existing=True)
    if row is None or row.created_by_id != actor.id:
        raise NotFound("This document is not here any more: it was imported or thrown away. Send it again.")
    return WaitingDocument(row.id, row.file_name, row.kind, row.data, row.mapping, row.created_at)
