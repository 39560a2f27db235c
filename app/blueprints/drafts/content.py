"""The groups and items of a draft: pages that add, change, move, split and take out."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.drafts.forms import GroupForm, ItemForm, MoveForm, SplitForm
from app.domain.permissions import Permission
from app.queries.drafts import (
    DraftHead,
    get_draft,
    get_draft_group,
    get_draft_item,
    list_draft_groups,
    list_draft_items,
    list_facts,
    list_twins,
)
from app.services.draft_content import (
    add_group,
    add_item,
    move_group,
    move_item,
    move_item_to,
    remove_group,
    retire_item,
    split_item,
    update_group,
    update_item,
)
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import optional_number, options, text_of
from app.web.messages import say
from app.web.origin import origin
from app.web.parts import part_of

bp = Blueprint("draft_content", __name__, url_prefix="/templates/<string:template_key>/draft")

# Every move of an item answers with its page: in a long group that is a part of it.
EDITED = 100


@bp.get("/groups/new/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def new_group(template_key: str) -> ResponseReturnValue:
    """Ask for a new group."""
    return _group_form(get_draft(template_key), GroupForm())


@bp.post("/groups/new/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def create_group(template_key: str) -> ResponseReturnValue:
    """Add a group."""
    form = GroupForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            number = add_group(origin(), template_key, form.content())
            say("The group is added. Now its items.")
            return redirect(url_for(".show_group", template_key=template_key, group_id=number))
    return _group_form(get_draft(template_key), form), form_status(form)


@bp.get("/groups/<int:group_id>/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def show_group(template_key: str, group_id: int) -> ResponseReturnValue:
    """The items of one group."""
    draft = get_draft(template_key)
    group = get_draft_group(draft.id, group_id)
    lines = list_draft_groups(draft.id)
    items = list_draft_items(draft.id, group_id=group.id)
    at = optional_number(request.args.get("at"))
    here = f"{draft.path}groups/{group.id}/"
    part = part_of(items, here, at_once=EDITED, is_wanted=lambda item: item.id == at)
    return render_template("drafts/group.html", draft=draft, group=group, items=items, part=part, lines=lines)


@bp.get("/groups/<int:group_id>/edit/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def edit_group(template_key: str, group_id: int) -> ResponseReturnValue:
    """Show what a group says, for changing."""
    draft = get_draft(template_key)
    group = get_draft_group(draft.id, group_id)
    return _group_form(draft, GroupForm(obj=group), group_id)


@bp.post("/groups/<int:group_id>/edit/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def change_group(template_key: str, group_id: int) -> ResponseReturnValue:
    """Change what a group says."""
    form = GroupForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            update_group(origin(), template_key, group_id, form.content(), revision=form.revision.data or 0)
            say("The group is saved.")
            return redirect(url_for(".show_group", template_key=template_key, group_id=group_id))
    return _group_form(get_draft(template_key), form, group_id), form_status(form)


def _group_form(draft: DraftHead, form: GroupForm, group_id: int | None = None) -> str:
    now = get_draft_group(draft.id, group_id) if group_id else None
    changed = now if now and form.is_submitted() and form.revision.data != now.revision else None
    if now:
        form.revision.data = now.revision
    return render_template("drafts/group_form.html", draft=draft, form=form, group=now, changed=changed)


@bp.post("/groups/<int:group_id>/move/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def place_group(template_key: str, group_id: int) -> ResponseReturnValue:
    """Move a group by one place."""
    move_group(origin(), template_key, group_id, up=request.form.get("way") == "up")
    return redirect(url_for("drafts.show", template_key=template_key, _anchor=f"group-{group_id}"))


@bp.post("/groups/<int:group_id>/remove/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def drop_group(template_key: str, group_id: int) -> ResponseReturnValue:
    """Take an empty group out."""
    remove_group(origin(), template_key, group_id, revision=request.form.get("revision", 0, int))
    say("The group is taken out of the draft.")
    return redirect(url_for("drafts.show", template_key=template_key))


@bp.get("/groups/<int:group_id>/items/new/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def new_item(template_key: str, group_id: int) -> ResponseReturnValue:
    """Ask for a new item."""
    return _item_form(get_draft(template_key), ItemForm(), group_id)


@bp.post("/groups/<int:group_id>/items/new/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def create_item(template_key: str, group_id: int) -> ResponseReturnValue:
    """Add an item."""
    form = ItemForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            number = add_item(origin(), template_key, group_id, form.content())
            say("The item is added.")
            return _to_group(template_key, group_id, number)
    return _item_form(get_draft(template_key), form, group_id), form_status(form)


def _to_group(template_key: str, group_id: int, item_id: int) -> ResponseReturnValue:
    anchor = f"item-{item_id}"
    return redirect(url_for(".show_group", template_key=template_key, group_id=group_id, at=item_id, _anchor=anchor))


@bp.get("/items/<int:item_id>/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def edit_item(template_key: str, item_id: int) -> ResponseReturnValue:
    """Show what an item says, for changing."""
    draft = get_draft(template_key)
    item = get_draft_item(draft.id, item_id)
    form = ItemForm(obj=item)
    form.due_anchor.data = item.due_anchor.value if item.due_anchor else ""
    return _item_form(draft, form, item.group_id, item_id)


@bp.post("/items/<int:item_id>/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def change_item(template_key: str, item_id: int) -> ResponseReturnValue:
    """Change what an item says."""
    form = ItemForm()
    draft = get_draft(template_key)
    item = get_draft_item(draft.id, item_id)
    if form.validate_on_submit():
        with refusals_shown_in(form):
            update_item(origin(), template_key, item_id, form.content(), revision=form.revision.data or 0)
            say("The item is saved.")
            return _to_group(template_key, item.group_id, item_id)
    return _item_form(draft, form, item.group_id, item_id), form_status(form)


def _item_form(draft: DraftHead, form: ItemForm, group_id: int, item_id: int | None = None) -> str:
    now = get_draft_item(draft.id, item_id) if item_id else None
    changed = now if now and form.is_submitted() and form.revision.data != now.revision else None
    if now:
        form.revision.data = now.revision
    return render_template(
        "drafts/item_form.html",
        draft=draft,
        form=form,
        group=get_draft_group(draft.id, group_id),
        item=now,
        changed=changed,
        twins=list_twins(draft.id, now) if now else [],
        facts=list_facts(draft.id),
    )


@bp.post("/items/<int:item_id>/move/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def place_item(template_key: str, item_id: int) -> ResponseReturnValue:
    """Move an item by one place."""
    item = get_draft_item(get_draft(template_key).id, item_id)
    move_item(origin(), template_key, item_id, up=request.form.get("way") == "up")
    return _to_group(template_key, item.group_id, item_id)


@bp.get("/items/<int:item_id>/place/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def ask_where(template_key: str, item_id: int) -> ResponseReturnValue:
    """Ask for the group that an item goes to, or into which two it is split."""
    return _parts_page(template_key, item_id)


@bp.post("/items/<int:item_id>/place/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def put_item(template_key: str, item_id: int) -> ResponseReturnValue:
    """Move an item to another group."""
    form = _with_groups(MoveForm(), get_draft(template_key))
    if form.validate_on_submit():
        with refusals_shown_in(form):
            where = form.group_id.data
            move_item_to(origin(), template_key, item_id, where, revision=form.revision.data or 0)
            say("The item is moved to the end of this group.")
            return _to_group(template_key, where, item_id)
    return _parts_page(template_key, item_id, move=form), form_status(form)


@bp.post("/items/<int:item_id>/split/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def split(template_key: str, item_id: int) -> ResponseReturnValue:
    """Make two items of one."""
    form = SplitForm()
    item = get_draft_item(get_draft(template_key).id, item_id)
    if form.validate_on_submit():
        with refusals_shown_in(form):
            texts = (text_of(form.first), text_of(form.second))
            second = split_item(origin(), template_key, item_id, texts, revision=form.revision.data or 0)
            say("The item is split. The first keeps its ticks, the second begins without.")
            return _to_group(template_key, item.group_id, second)
    return _parts_page(template_key, item_id, split_form=form), form_status(form)


def _with_groups(form: MoveForm, draft: DraftHead) -> MoveForm:
    form.group_id.choices = options((line.row.id, line.row.title) for line in list_draft_groups(draft.id))
    return form


def _parts_page(
    template_key: str, item_id: int, *, move: MoveForm | None = None, split_form: SplitForm | None = None
) -> str:
    draft = get_draft(template_key)
    item = get_draft_item(draft.id, item_id)
    move = move or _with_groups(MoveForm(formdata=None, group_id=item.group_id), draft)
    split_form = split_form or SplitForm(formdata=None, first=item.text)
    move.revision.data = split_form.revision.data = item.revision
    group = get_draft_group(draft.id, item.group_id)
    return render_template("drafts/place.html", draft=draft, item=item, group=group, move=move, split_form=split_form)


@bp.post("/items/<int:item_id>/retire/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def retire(template_key: str, item_id: int) -> ResponseReturnValue:
    """Take an item out of the draft."""
    item = get_draft_item(get_draft(template_key).id, item_id)
    retire_item(origin(), template_key, item_id, revision=request.form.get("revision", 0, int))
    say("The item is retired. Checklists keep it until they adopt the version without it.")
    return redirect(url_for(".show_group", template_key=template_key, group_id=item.group_id))
