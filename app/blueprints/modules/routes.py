"""Modules: list, create, show, edit, archive, contacts, targets."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.modules.forms import ContactsForm, EnvironmentForm, ModuleForm, TargetForm
from app.domain.applicability import Question
from app.domain.permissions import Permission
from app.queries.applicability import list_answers
from app.queries.modules import (
    get_module,
    list_contacts,
    list_environments,
    list_modules,
    list_releases_of,
    list_targets,
)
from app.queries.overrides import list_unsettled_of_module
from app.queries.people import list_active_people, names_of
from app.services.environments import add_environment
from app.services.modules import (
    ModuleFacts,
    add_target,
    archive_module,
    archive_target,
    create_module,
    restore_module,
    set_contacts,
    update_module,
)
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import options, text_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.override_pages import cards_of, server_now

bp = Blueprint("modules", __name__, url_prefix="/modules")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """The modules that one may see."""
    archived = request.args.get("show") == "archived"
    return render_template(
        "modules/index.html",
        modules=list_modules(actor(), archived=archived),
        archived=archived,
        may_manage=actor().may_for(Permission.MODULE_MANAGE, None),
    )


@bp.get("/new/")
@requires(Permission.MODULE_MANAGE, everywhere=True)
def new() -> ResponseReturnValue:
    """Ask for a new module."""
    return render_template("modules/form.html", form=_with_people(ModuleForm()), module=None)


@bp.post("/new/")
@requires(Permission.MODULE_MANAGE, everywhere=True)
def create() -> ResponseReturnValue:
    """Add a module."""
    form = _with_people(ModuleForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            key = create_module(origin(), text_of(form.key), _facts(form))
            say("The module is created. Say whom to call about it, then put it into a release.")
            return redirect(url_for(".show", module_key=key))
    return render_template("modules/form.html", form=form, module=None), form_status(form)


@bp.get("/<string:module_key>/")
@requires(Permission.CHECKLIST_VIEW)
def show(module_key: str) -> ResponseReturnValue:
    """One module: what it is, whom to call, where it runs."""
    return _page(module_key, TargetForm(), EnvironmentForm())


@bp.get("/<string:module_key>/edit/")
@requires(Permission.MODULE_MANAGE)
def edit(module_key: str) -> ResponseReturnValue:
    """Show a module's facts for changing."""
    module = get_module(module_key, actor())
    return render_template("modules/form.html", form=_with_people(ModuleForm(obj=module)), module=module)


@bp.post("/<string:module_key>/edit/")
@requires(Permission.MODULE_MANAGE)
def update(module_key: str) -> ResponseReturnValue:
    """Change a module's facts."""
    form = _with_people(ModuleForm())
    module = get_module(module_key, actor())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            update_module(origin(), module_key, _facts(form), revision=form.revision.data or 0)
            say("The module is saved.")
            return redirect(url_for(".show", module_key=module_key))
    return render_template("modules/form.html", form=form, module=module), form_status(form)


@bp.post("/<string:module_key>/archive/")
@requires(Permission.MODULE_MANAGE)
def archive(module_key: str) -> ResponseReturnValue:
    """Take a module out of all choices."""
    archive_module(origin(), module_key)
    say("The module is archived. Its history and past releases stay.")
    return redirect(url_for(".show", module_key=module_key))


@bp.post("/<string:module_key>/restore/")
@requires(Permission.MODULE_MANAGE)
def restore(module_key: str) -> ResponseReturnValue:
    """Bring an archived module back."""
    restore_module(origin(), module_key)
    say("The module is back.")
    return redirect(url_for(".show", module_key=module_key))


@bp.get("/<string:module_key>/contacts/")
@requires(Permission.MODULE_MANAGE)
def edit_contacts(module_key: str) -> ResponseReturnValue:
    """Show whom to call, for changing."""
    module = get_module(module_key, actor())
    contacts = {contact.kind.value: contact for contact in list_contacts(module.id)}
    form = ContactsForm(data={"revision": module.revision}, **contacts)
    return render_template("modules/contacts.html", form=form, module=module)


@bp.post("/<string:module_key>/contacts/")
@requires(Permission.MODULE_MANAGE)
def update_contacts(module_key: str) -> ResponseReturnValue:
    """Say whom to call."""
    module = get_module(module_key, actor())
    form = ContactsForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            set_contacts(origin(), module_key, form.facts(), revision=form.revision.data or 0)
            say("The contacts are saved.")
            return redirect(url_for(".show", module_key=module_key))
    return render_template("modules/contacts.html", form=form, module=module), form_status(form)


@bp.post("/<string:module_key>/targets/")
@requires(Permission.MODULE_MANAGE)
def create_target(module_key: str) -> ResponseReturnValue:
    """Name a database of the module in an environment."""
    form = _with_environments(TargetForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            add_target(origin(), module_key, form.environment_id.data, text_of(form.key), text_of(form.name))
            say("The target is added, with its monitoring checklist.")
            return redirect(url_for(".show", module_key=module_key, _anchor="targets"))
    return _page(module_key, form, EnvironmentForm(formdata=None)), form_status(form)


@bp.post("/<string:module_key>/targets/<int:target_id>/archive/")
@requires(Permission.MODULE_MANAGE)
def end_target(module_key: str, target_id: int) -> ResponseReturnValue:
    """Take a target out of use."""
    archive_target(origin(), module_key, target_id)
    say("The target is archived.")
    return redirect(url_for(".show", module_key=module_key, _anchor="targets"))


@bp.post("/<string:module_key>/environments/")
@requires(Permission.MODULE_MANAGE)
def create_environment(module_key: str) -> ResponseReturnValue:
    """Add an environment for all modules."""
    form = EnvironmentForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            add_environment(origin(), text_of(form.environment), text_of(form.environment_name))
            say("The environment is added, for all modules.")
            return redirect(url_for(".show", module_key=module_key, _anchor="targets"))
    return _page(module_key, TargetForm(formdata=None), form), form_status(form)


def _page(module_key: str, target_form: TargetForm, environment_form: EnvironmentForm) -> str:
    module = get_module(module_key, actor())
    return render_template(
        "modules/show.html",
        module=module,
        lead_name=names_of({module.lead_id}).get(module.lead_id),
        contacts=list_contacts(module.id),
        targets=list_targets(module.id),
        releases=list_releases_of(module.id),
        questions=list(Question),
        answers=list_answers(module.id),
        target_form=_with_environments(target_form),
        environment_form=environment_form,
        overrides=cards_of(list_unsettled_of_module(actor(), module.id, server_now()), actor(), server_now()),
        may_manage=actor().may_for(Permission.MODULE_MANAGE, module.id),
        may_manage_all=actor().may_for(Permission.MODULE_MANAGE, None),
    )


def _facts(form: ModuleForm) -> ModuleFacts:
    return ModuleFacts(
        name=text_of(form.name),
        purpose=text_of(form.purpose),
        team=text_of(form.team),
        lead_id=form.lead_id.data,
        repository=text_of(form.repository),
        schema_name=text_of(form.schema_name),
        time_zone=form.time_zone.data,
    )


def _with_people(form: ModuleForm) -> ModuleForm:
    people = [(person.id, person.name) for person in list_active_people()]
    form.lead_id.choices = options([("", "nobody yet"), *people])
    return form


def _with_environments(form: TargetForm) -> TargetForm:
    form.environment_id.choices = options((environment.id, environment.name) for environment in list_environments())
    return form
