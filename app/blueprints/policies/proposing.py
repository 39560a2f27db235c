"""Proposing another policy for a gate, beginning with one that is there."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.policies.forms import ProposeForm, typed_as
from app.domain.gates import GateKind
from app.domain.permissions import Permission
from app.queries.policies import PolicyRow, list_environment_keys, read_policies
from app.services.policies import propose
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import options, text_of
from app.web.messages import say
from app.web.origin import origin

bp = Blueprint("policy_proposals", __name__, url_prefix="/policies/<int:policy_id>/propose")
FOR_ALL = "every environment without a policy of its own"


@bp.get("/")
@requires(Permission.POLICY_PROPOSE)
def new(policy_id: int) -> ResponseReturnValue:
    """Show a policy for changing into another."""
    row = read_policies().get(policy_id)
    return _page(row, ProposeForm(formdata=None, data=typed_as(row.policy, row.environment_key)))


@bp.post("/")
@requires(Permission.POLICY_PROPOSE)
def create(policy_id: int) -> ResponseReturnValue:
    """Propose another policy; it applies to nothing yet."""
    row = read_policies().get(policy_id)
    form = ProposeForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            place = text_of(form.environment_key)
            number = propose(origin(), row.kind, place, form.wanted(row.kind), note=text_of(form.note))
            say("It is proposed. It changes no gate before those agree whom the policy in force asks.")
            return redirect(url_for("policies.show", policy_id=number), 303)
    return _page(row, form), form_status(form)


def _page(row: PolicyRow, form: ProposeForm) -> str:
    has_places = row.kind is GateKind.DEPLOY
    places = [("", FOR_ALL), *((key, key) for key in list_environment_keys())] if has_places else []
    form.environment_key.choices = options(places)
    return render_template(
        "policies/propose.html", row=row, form=form, rules=form.rules(row.kind), has_places=has_places
    )
