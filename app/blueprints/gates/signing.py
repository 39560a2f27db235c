"""Signing: exactly what one puts one's name to, and the form for it."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.gates.forms import SignForm
from app.domain.gates import Decision
from app.domain.permissions import Permission
from app.domain.signoffs import STATEMENTS
from app.queries.checklists import ChecklistHead
from app.queries.gates import GateRow
from app.queries.signed import find_records, list_given
from app.queries.standing import standing_of
from app.services.gate_access import PROVE_AGAIN
from app.services.signoffs import sign
from app.web.access import password_again, requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import text_of
from app.web.gate_pages import changed_since, gate_of, has_signed, sign_view, since_last_ended, utc_now
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("gate_signing", __name__)


@bp.get("/gates/<int:gate_id>/sign/")
@requires(Permission.GATE_SIGN)
def ask(gate_id: int) -> ResponseReturnValue:
    """Show exactly what one would sign."""
    return _page(*gate_of(gate_id, actor()), SignForm(formdata=None))


@bp.post("/gates/<int:gate_id>/sign/")
@requires(Permission.GATE_SIGN)
def give(gate_id: int) -> ResponseReturnValue:
    """Sign what was seen."""
    gate, checklist = gate_of(gate_id, actor())
    form = SignForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            wish = form.wish()
            sign(origin(), gate_id, wish)
            say("Your rejection is written down." if wish.decision is Decision.REJECT else "You have signed.")
            return redirect(url_for("gates.show", gate_id=gate_id), 303)
    if PROVE_AGAIN in form.form_errors:
        return password_again(PROVE_AGAIN)
    return _page(gate, checklist, form), form_status(form)


def _page(gate: GateRow, checklist: ChecklistHead, form: SignForm) -> str:
    now, given = utc_now(), list_given(gate)
    standing = standing_of(gate, now)
    view = sign_view(standing, checklist, actor())
    digest, posted = standing.content.digest.hex(), text_of(form.digest)
    changed = []
    if posted and posted != digest and form_status(form) == 409:
        # From here on it is the content as it is now that is signed.
        changed = changed_since(text_of(form.seen), standing)
    if changed or not posted:
        form.digest.data, form.seen.data = digest, view.marks
    if not form.is_submitted() and len(view.roles) == 1:
        form.role.data = view.roles[0].value
    within = gate.policy.sign_within
    return render_template(
        "gates/sign.html",
        gate=gate,
        checklist=checklist,
        view=view,
        form=form,
        digest=digest,
        changed=changed,
        since=since_last_ended(standing, given),
        records=find_records(gate),
        statements={d.value: words.format(opens=gate.kind.opens) for d, words in STATEMENTS.items()},
        has_signed=has_signed(standing, actor()),
        asks_password=within is not None and now - current_user.authenticated_at > within,
    )
