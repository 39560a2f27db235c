"""Handing out a template or a checklist as a file: which one is asked for, and the answer that carries it."""

from datetime import UTC, datetime

from flask import Response, request
from flask_login import current_user

from app.domain.template_content import TemplateContent, slug
from app.domain.template_files import ExportNote, Standings
from app.exports.formats import FORMATS, FileFormat, get_format
from app.services import throttle

NAME_LIMIT = 80


def wanted_format() -> FileFormat | None:
    """The format that the address names; None when it names none, NotFound when there is no such one."""
    name = request.args.get("format")
    return None if name is None else get_format(name)


def ways_out(content: TemplateContent, standings: Standings | None = None) -> list[tuple[FileFormat, list[str]]]:
    """The formats, each with what of this very content it cannot hold."""
    return [(one, one.lacks(content, standings)) for one in FORMATS.values()]


def count_export() -> None:
    """Count one more export of this person; refused when there were too many in the last minute."""
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))


def note_of(kind: str, title: str, version: str) -> ExportNote:
    """What a file or a printed page says about itself."""
    return ExportNote(kind, title, version, datetime.now(UTC), current_user.name)


def file_answer(
    chosen: FileFormat, content: TemplateContent, standings: Standings | None, note: ExportNote
) -> Response:
    """The file, to be kept under a plain name that tells what it is and when it was taken."""
    name = slug(f"{note.title} {note.version}" if standings is None else note.title, NAME_LIMIT) or "checklist"
    file = f"{name}-{note.exported_at:%Y%m%d-%H%M%S}.{chosen.extension}"
    return Response(
        chosen.write(content, standings, note),
        mimetype=chosen.media_type,
        headers={"Content-Disposition": f'attachment; filename="{file}"'},
    )
