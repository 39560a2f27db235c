"""Who signs for whom: asking, answering, ending."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.delegations.forms import AnswerForm, DelegationForm
from app.domain.delegations import delegable_roles
from app.domain.permissions import Permission
from app.queries.delegations import list_delegates, list_delegations_of
from app.queries.modules import list_module_choices
from app.services.delegations import answer_delegation, delegate, end_delegation
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import options, text_of
from app.web.gate_pages import server_now
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("delegations", __name__, url_prefix="/delegations")


@bp.get("/")
@requires(Permission.GATE_SIGN)
def index() -> ResponseReturnValue:
    """Who signs for one, and for whom one signs."""
    return _page()


@bp.get("/new/")
@requires(Permission.GATE_SIGN)
def new() -> ResponseReturnValue:
    """Ask who shall sign."""
    return render_template("delegations/new.html", form=_form(DelegationForm(formdata=None)))


@bp.post("/new/")
@requires(Permission.GATE_SIGN)
def create() -> ResponseReturnValue:
    """Ask somebody to sign for one."""
    form = _form(DelegationForm())
    if form.validate_on_submit() and (facts := form.facts()):
        with refusals_shown_in(form):
            delegate(origin(), facts)
            say("You have asked. It holds once it is accepted.")
            return redirect(url_for(".index"), 303)
    return render_template("delegations/new.html", form=form), form_status(form)


@bp.post("/<int:delegation_id>/accept/")
@requires(Permission.GATE_SIGN)
def accept(delegation_id: int) -> ResponseReturnValue:
    """Say that one signs for who asked."""
    answer_delegation(origin(), delegation_id, is_accepted=True)
    say("You sign for them while it lasts. What waits stands under “Sign-offs”.")
    return redirect(url_for(".index"), 303)


@bp.post("/<int:delegation_id>/decline/")
@requires(Permission.GATE_SIGN)
def decline(delegation_id: int) -> ResponseReturnValue:
    """Say that one does not sign for who asked."""
    answer_delegation(origin(), delegation_id, is_accepted=False, reason=text_of(AnswerForm().reason))
    say("You have declined.")
    return redirect(url_for(".index"), 303)


@bp.post("/<int:delegation_id>/end/")
@requires(Permission.GATE_SIGN)
def end(delegation_id: int) -> ResponseReturnValue:
    """End it before its time is over."""
    form = AnswerForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            end_delegation(origin(), delegation_id, reason=text_of(form.reason))
            say("It has ended. What was signed by it stays signed.")
            return redirect(url_for(".index"), 303)
    return _page(form, delegation_id), form_status(form)


def _page(form: AnswerForm | None = None, refused: int = 0) -> str:
    me, now = actor().id or 0, server_now()
    found = [(one, one.standing(now)) for one in list_delegations_of(me)]
    return render_template(
        "delegations/index.html",
        given=[pair for pair in found if pair[0].principal_id == me],
        received=[pair for pair in found if pair[0].delegate_id == me],
        form=form or AnswerForm(formdata=None),
        refused=refused,
    )


def _form(form: DelegationForm) -> DelegationForm:
    me = actor()
    own = {grant.role for grant in me.grants}
    form.role.choices = options((role.value, role.label) for role in delegable_roles() if role in own)
    form.delegate_id.choices = options([("", "Choose"), *list_delegates(me.id or 0)])
    seen = me.modules(Permission.GATE_SIGN)
    modules = [(number, name) for number, name in list_module_choices() if seen is None or number in seen]
    form.module_id.choices = options([("", "everything that my role reaches"), *modules])
    return form
