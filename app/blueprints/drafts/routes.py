"""Drafts of templates: begin, look over, preview, publish, throw away."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.drafts.forms import DraftForm, PublishForm, TemplateForm
from app.domain.permissions import Permission
from app.domain.template_content import content_digest, find_faults
from app.domain.template_diff import Diff, compare
from app.queries.drafts import (
    content_of_draft,
    count_live_checklists,
    find_newest,
    get_draft,
    list_draft_groups,
)
from app.queries.template_content import content_of_version
from app.services.drafts import begin_draft, create_template, discard_draft, update_draft
from app.services.publishing import publish as publish_draft
from app.web.access import requires
from app.web.comparison import comparison_of
from app.web.content_parts import content_part, differences_part
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import text_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.rule_tester import groups_of, tester_page

bp = Blueprint("drafts", __name__, url_prefix="/templates")


@bp.get("/new/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def new() -> ResponseReturnValue:
    """Ask for a new template."""
    return render_template("drafts/new.html", form=TemplateForm())


@bp.post("/new/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def create() -> ResponseReturnValue:
    """Add a template with an empty draft."""
    form = TemplateForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            key = create_template(origin(), text_of(form.key), name=text_of(form.name))
            say("The template is created. Add a first group to its draft.")
            return redirect(url_for(".show", template_key=key))
    return render_template("drafts/new.html", form=form), form_status(form)


@bp.post("/<string:template_key>/draft/begin/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def begin(template_key: str) -> ResponseReturnValue:
    """Begin a draft, or open the one that there is."""
    if begin_draft(origin(), template_key):
        say("The draft is a copy of the newest version. No checklist changes before it is published and adopted.")
    return redirect(url_for(".show", template_key=template_key))


@bp.get("/<string:template_key>/draft/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def show(template_key: str) -> ResponseReturnValue:
    """The groups of a draft."""
    draft = get_draft(template_key)
    return render_template(
        "drafts/show.html",
        draft=draft,
        groups=list_draft_groups(draft.id),
        may_publish=actor().may_for(Permission.TEMPLATE_PUBLISH, None),
    )


@bp.get("/<string:template_key>/draft/words/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def edit(template_key: str) -> ResponseReturnValue:
    """Show what a draft says about the whole, for changing."""
    draft = get_draft(template_key)
    return render_template("drafts/words.html", form=DraftForm(obj=draft), draft=draft)


@bp.post("/<string:template_key>/draft/words/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def update(template_key: str) -> ResponseReturnValue:
    """Change what a draft says about the whole."""
    form = DraftForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            update_draft(
                origin(),
                template_key,
                revision=form.revision.data or 0,
                name=text_of(form.name),
                description=text_of(form.description),
            )
            say("The draft is saved.")
            return redirect(url_for(".show", template_key=template_key))
    draft = get_draft(template_key)
    form.revision.data = draft.revision
    return render_template("drafts/words.html", form=form, draft=draft), form_status(form)


@bp.post("/<string:template_key>/draft/discard/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def discard(template_key: str) -> ResponseReturnValue:
    """Throw a draft away."""
    discard_draft(origin(), template_key, revision=request.form.get("revision", 0, int))
    say("The draft is thrown away. Published versions stay as they are.")
    return redirect(url_for("templates.index"))


@bp.get("/<string:template_key>/draft/preview/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def preview(template_key: str) -> ResponseReturnValue:
    """The draft as people will see it."""
    draft = get_draft(template_key)
    content, part = content_part(content_of_draft(draft), f"{draft.path}preview/")
    return render_template("drafts/preview.html", draft=draft, content=content, part=part)


@bp.get("/<string:template_key>/draft/publish/")
@requires(Permission.TEMPLATE_PUBLISH, everywhere=True)
def ask_to_publish(template_key: str) -> ResponseReturnValue:
    """What publishing does, before it is done."""
    return _publish_page(template_key, PublishForm())


@bp.post("/<string:template_key>/draft/publish/")
@requires(Permission.TEMPLATE_PUBLISH, everywhere=True)
def publish(template_key: str) -> ResponseReturnValue:
    """Make the draft a version."""
    form = PublishForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            number = publish_draft(origin(), template_key, note=text_of(form.note), seen=text_of(form.seen))
            say(f"Version {number} is published. Checklists stay as they are until somebody adopts it for them.")
            return redirect(url_for("templates.show", template_key=template_key, number=number))
    return _publish_page(template_key, form), form_status(form)


@bp.get("/<string:template_key>/draft/applicability/")
@requires(Permission.TEMPLATE_EDIT, everywhere=True)
def try_rules(template_key: str) -> ResponseReturnValue:
    """What would apply to a module that answers so."""
    draft = get_draft(template_key)
    way = [("Templates", url_for("templates.index")), (f"Draft of {draft.template_name}", draft.path)]
    return tester_page("What applies by this draft", way, groups_of(content_of_draft(draft)))


def _publish_page(template_key: str, form: PublishForm) -> str:
    draft = get_draft(template_key)
    content = content_of_draft(draft)
    form.seen.data = content_digest(content).hex()
    newest = find_newest(draft)
    diff = compare(content_of_version(newest), content) if newest else Diff()
    told, part = differences_part(comparison_of(diff), f"{draft.path}publish/")
    return render_template(
        "drafts/publish.html",
        form=form,
        draft=draft,
        content=content,
        faults=find_faults(content),
        live=count_live_checklists(draft.template_id),
        told=told if newest else None,
        part=part,
    )
