"""Importing a list: send it, see what was understood, then make it a draft. Nothing is imported half."""

import json
from dataclasses import replace
from pathlib import PurePath

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.imports.forms import DocumentForm, ImportForm, mapping_form
from app.domain.errors import InvalidInput
from app.domain.permissions import Permission
from app.domain.template_content import Imported, slug
from app.imports.documents import TABLES, look_at, mapping_of, table_of
from app.queries.drafts import list_templates
from app.queries.imports import WaitingDocument, get_import
from app.services.imports import forget_import, import_content, map_import, store_import
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import options, text_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.uploads import takes_document

bp = Blueprint("imports", __name__, url_prefix="/templates/import")

PASTED = "pasted text"


@bp.get("/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def new() -> ResponseReturnValue:
    """Ask for a document."""
    return render_template("imports/new.html", form=DocumentForm())


@bp.post("/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
@takes_document
def receive() -> ResponseReturnValue:
    """Keep a document that can be read, and show what was understood."""
    form = DocumentForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            name, data = _sent(form)
            look_at(data, name)
            number = store_import(origin(), name, PurePath(name).suffix.lower(), data)
            return redirect(url_for(".show", import_id=number))
    return render_template("imports/new.html", form=form), form_status(form)


def _sent(form: DocumentForm) -> tuple[str, bytes]:
    if form.file.data:
        return PurePath(form.file.data.filename or "").name or PASTED, form.file.data.read()
    if form.text.data:
        return PASTED + (form.kind.data or ""), form.text.data.encode()
    raise InvalidInput(file="Choose a file or paste its text.")


@bp.get("/<int:import_id>/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def show(import_id: int) -> ResponseReturnValue:
    """What was understood, what was left out and why, before anything is made of it."""
    document = get_import(import_id, actor())
    found = _understood(document)
    key = slug(found.content.name, 60)
    form = ImportForm(formdata=None, name=found.content.name, key=key, into=request.args.get("into", ""))
    return _page(document, found, form)


def _understood(document: WaitingDocument) -> Imported:
    return look_at(document.data, document.file_name, document.mapping)


def _page(document: WaitingDocument, found: Imported, form: ImportForm) -> str:
    free = [line for line in list_templates() if not line.has_draft]
    form.into.choices = options([("", "a new template"), *((line.key, f"the draft of {line.name}") for line in free)])
    table = table_of(document.data) if document.kind in TABLES else None
    mapping = mapping_form(table.header, dict(mapping_of(table, document.mapping))) if table else None
    return render_template("imports/show.html", document=document, found=found, form=form, mapping=mapping)


@bp.post("/<int:import_id>/columns/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def choose_columns(import_id: int) -> ResponseReturnValue:
    """Say which column of a table is what."""
    document = get_import(import_id, actor())
    form = mapping_form(table_of(document.data).header)
    if form.validate_on_submit():
        chosen = json.dumps(form.mapping())
        # A choice that cannot be read is refused before it is kept.
        look_at(document.data, document.file_name, chosen)
        map_import(origin(), import_id, chosen)
    return redirect(url_for(".show", import_id=import_id))


@bp.post("/<int:import_id>/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def finish(import_id: int) -> ResponseReturnValue:
    """Make what was understood a draft."""
    document = get_import(import_id, actor())
    found, form = _understood(document), ImportForm()
    form.into.choices = options([("", ""), *((line.key, line.name) for line in list_templates())])
    if form.validate_on_submit():
        with refusals_shown_in(form):
            content = replace(found.content, name=text_of(form.name) or found.content.name)
            key = import_content(
                origin(),
                replace(found, content=content),
                source=document.file_name,
                key=text_of(form.key),
                into=form.into.data or "",
                with_ticks=bool(form.with_ticks.data),
            )
            say(f"Imported: {len(content.groups)} groups, {len(content.items)} items. Look it over, then publish it.")
            return redirect(url_for("drafts.show", template_key=key))
    return _page(document, found, form), form_status(form)


@bp.post("/<int:import_id>/forget/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def forget(import_id: int) -> ResponseReturnValue:
    """Throw a document away."""
    get_import(import_id, actor())
    forget_import(origin(), import_id)
    say("Nothing was imported.")
    return redirect(url_for("templates.index"))
