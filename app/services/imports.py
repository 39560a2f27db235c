"""Importing: a document waits until somebody has looked at what was understood, then becomes a draft, whole."""

from itertools import count

from sqlalchemy import delete, insert, select

from app.domain.audit import AuditAction
from app.domain.errors import InvalidInput, NotFound, RuleViolation
from app.domain.permissions import Permission
from app.domain.template_content import TITLE_LIMIT, Imported, TemplateContent, find_faults
from app.imports.text import SIZE_LIMIT
from app.models import DraftGroup, DraftItem, TemplateDraft, TemplateImport
from app.models.base import table_of
from app.queries.drafts import find_draft, get_template
from app.services.change import SYSTEM_STREAM, About, Change
from app.services.draft_content import GROUP_WORDS, columns_of
from app.services.drafts import add_template, new_draft
from app.services.write_path import write_path

DOCUMENT_LIMIT = SIZE_LIMIT
WAITING_LIMIT = 20


@write_path
def store_import(change: Change, file_name: str, kind: str, data: bytes) -> int:
    """Keep a document until it is imported or thrown away. Gives its number."""
    change.actor.require(Permission.TEMPLATE_EDIT, None)
    if not data.strip():
        raise InvalidInput(file="The document is empty.")
    if len(data) > DOCUMENT_LIMIT:
        raise InvalidInput(file=f"A document may have at most {DOCUMENT_LIMIT // 1_000_000} MB.")
    stream = change.take_subject(*SYSTEM_STREAM)
    mine = TemplateImport.created_by_id == change.actor_id
    waiting = change.session.scalars(select(TemplateImport.id).where(mine).order_by(TemplateImport.id.desc())).all()
    # The oldest make room: a document that is looked at again is sent again.
    change.session.execute(delete(TemplateImport).where(TemplateImport.id.in_(waiting[WAITING_LIMIT - 1 :])))
    row = TemplateImport(
        file_name=file_name[:200], kind=kind, data=data, created_at=change.at, created_by_id=change.actor_id
    )
    change.session.add(row)
    change.session.flush()
    change.record(
        AuditAction.IMPORT_RECEIVED,
        About("import", row.id, row.file_name),
        stream=stream,
        new=f"{len(data):,} bytes",
        under=Permission.TEMPLATE_EDIT,
    )
    return row.id


@write_path
def map_import(change: Change, import_id: int, mapping: str) -> bool:
    """Remember which column of a table is what."""
    change.actor.require(Permission.TEMPLATE_EDIT, None)
    row = change.session.get(TemplateImport, import_id, populate_existing=True)
    if row is None or row.created_by_id != change.actor.id:
        raise NotFound("This document is not here any more. Send it again.")
    row.mapping = mapping
    return True


@write_path
def forget_import(change: Change, import_id: int) -> bool:
    """Throw a document away that is not to be imported."""
    change.actor.require(Permission.TEMPLATE_EDIT, None)
    mine = TemplateImport.created_by_id == change.actor_id
    change.session.execute(delete(TemplateImport).where(TemplateImport.id == import_id, mine))
    return True


@write_path
def import_content(
    change: Change,
    imported: Imported,
    *,
    source: str,
    key: str = "",
    into: str = "",
    with_ticks: bool = False,
) -> str:
    """Make what was understood the draft of a new template (`key`), or of one that there is (`into`). All or nothing.

    A draft that somebody has begun is never replaced. Gives the template's key.
    """
    if change.actor.means != "system":
        change.actor.require(Permission.TEMPLATE_EDIT, None)
    content = imported.content
    faults = [fault for fault in find_faults(content) if "no items" not in fault]
    if not content.items:
        raise RuleViolation("There is no box in this document: nothing was imported.")
    if faults:
        raise RuleViolation(" ".join(faults[:5]))
    if into:
        template = get_template(into)
        stream = change.take_subject("template", template.id)
        if find_draft(template.id) is not None:
            raise RuleViolation("This template has a draft already. Publish it or throw it away first.")
    else:
        template, stream = add_template(change, key, content.name[:TITLE_LIMIT])
    draft = new_draft(change, template, stream, name=content.name, description=content.description)
    draft.source = source[:200]
    change.session.flush()
    _fill(change, draft, content, imported.done_keys if with_ticks else frozenset())
    change.record(
        AuditAction.TEMPLATE_IMPORTED,
        About("template", draft.template_id, content.name),
        stream=stream,
        new=f"{len(content.groups)} groups, {len(content.items)} items",
        reason=source[:500],
        after={"ticks": sorted(imported.done_keys)[:300] if with_ticks else []},
        under=Permission.TEMPLATE_EDIT,
    )
    return into or key


def _fill(change: Change, draft: TemplateDraft, content: TemplateContent, ticked: frozenset[str]) -> None:
    groups = [
        {
            "draft_id": draft.id,
            "key": group.key,
            "position": position,
            "revision": 1,
            **{name: getattr(group, name) for name in GROUP_WORDS},
        }
        for position, group in enumerate(content.groups, start=1)
    ]
    change.session.execute(insert(table_of(DraftGroup)), groups)
    columns = table_of(DraftGroup).c
    found = change.session.execute(select(columns.key, columns.id).where(columns.draft_id == draft.id))
    numbers = {row.key: row.id for row in found}
    places = count(1)
    items = [
        {
            "draft_id": draft.id,
            "group_id": numbers[group.key],
            "key": item.key,
            "position": next(places),
            "revision": 1,
            "was_ticked": item.key in ticked,
            **columns_of(item),
        }
        for group in content.groups
        for item in group.items
    ]
    change.session.execute(insert(table_of(DraftItem)), items)
