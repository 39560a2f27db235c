"""People and their roles, for the administrator."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import SecretStr

from app.blueprints.people.forms import EVERYWHERE, EmptyForm, GrantForm, InvitationForm
from app.domain.permissions import Permission
from app.queries.modules import list_module_choices
from app.queries.people import get_person, list_grant_lines, list_people
from app.services.accounts import invite as invite_person
from app.services.accounts import offer_new_link
from app.services.roles import deactivate as deactivate_person
from app.services.roles import grant_role, revoke_role
from app.services.roles import reactivate as reactivate_person
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import options, text_of
from app.web.messages import say
from app.web.origin import link_token, origin

bp = Blueprint("people", __name__, url_prefix="/people")


@bp.get("/")
@requires(Permission.PERSON_MANAGE)
def index() -> ResponseReturnValue:
    """Everybody with their roles."""
    return render_template("people/index.html", people=list_people())


@bp.get("/invite/")
@requires(Permission.PERSON_MANAGE)
def new() -> ResponseReturnValue:
    """Ask whom to invite."""
    return render_template("people/invite.html", form=_with_modules(InvitationForm()))


@bp.post("/invite/")
@requires(Permission.PERSON_MANAGE, again=True)
def invite() -> ResponseReturnValue:
    """Make an account and show the link for its owner, once."""
    form = _with_modules(InvitationForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            asked = origin()
            token = link_token(asked.key)
            roles = ((form.role.data, form.module_id.data),)
            person_id = invite_person(asked, SecretStr(token), text_of(form.name), text_of(form.email), roles)
            return _link_page(person_id, token)
    return render_template("people/invite.html", form=form), form_status(form)


@bp.get("/<int:person_id>/")
@requires(Permission.PERSON_MANAGE)
def show(person_id: int) -> ResponseReturnValue:
    """One person: roles in force and past ones."""
    return _page(person_id)


@bp.post("/<int:person_id>/grants/")
@requires(Permission.PERSON_MANAGE, again=True)
def grant(person_id: int) -> ResponseReturnValue:
    """Give a role."""
    form = _with_modules(GrantForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            grant_role(origin(), person_id, form.role.data, form.module_id.data)
            say("The role is granted.")
            return redirect(url_for(".show", person_id=person_id))
    return _page(person_id, form), form_status(form)


@bp.post("/<int:person_id>/grants/<int:grant_id>/revoke/")
@requires(Permission.PERSON_MANAGE, again=True)
def revoke(person_id: int, grant_id: int) -> ResponseReturnValue:
    """Take a role back."""
    form = EmptyForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            if revoke_role(origin(), person_id, grant_id):
                say("The role is revoked, from the next request on.")
            else:
                say("Somebody else has revoked this role already.")
            return redirect(url_for(".show", person_id=person_id))
    return _page(person_id, refused=form), form_status(form)


@bp.post("/<int:person_id>/link/")
@requires(Permission.PERSON_MANAGE, again=True)
def offer_link(person_id: int) -> ResponseReturnValue:
    """Make a link with which the person chooses a password; shown once."""
    form = EmptyForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            asked = origin()
            token = link_token(asked.key)
            offer_new_link(asked, SecretStr(token), person_id)
            return _link_page(person_id, token)
    return _page(person_id, refused=form), form_status(form)


@bp.post("/<int:person_id>/deactivate/")
@requires(Permission.PERSON_MANAGE, again=True)
def deactivate(person_id: int) -> ResponseReturnValue:
    """Close an account."""
    form = EmptyForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            deactivate_person(origin(), person_id)
            say("The account is deactivated and its sessions have ended.")
            return redirect(url_for(".show", person_id=person_id))
    return _page(person_id, refused=form), form_status(form)


@bp.post("/<int:person_id>/reactivate/")
@requires(Permission.PERSON_MANAGE, again=True)
def reactivate(person_id: int) -> ResponseReturnValue:
    """Open a closed account again."""
    reactivate_person(origin(), person_id)
    say("The account is active again.")
    return redirect(url_for(".show", person_id=person_id))


def _page(person_id: int, form: GrantForm | None = None, refused: EmptyForm | None = None) -> str:
    return render_template(
        "people/show.html",
        member=get_person(person_id),
        form=form or _with_modules(GrantForm()),
        refused=refused,
        grants=list_grant_lines(person_id),
    )


def _link_page(person_id: int, token: str) -> ResponseReturnValue:
    link = url_for("auth.show_link", token=token, _external=True)
    return render_template("people/link.html", member=get_person(person_id), link=link), 201


def _with_modules(form: GrantForm) -> GrantForm:
    modules = [(number, name) for number, name in list_module_choices()]
    form.module_id.choices = options([EVERYWHERE, *modules])
    return form
