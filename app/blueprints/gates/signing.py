"""Signing: exactly what one puts one's name to, and the form for it."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.gates.forms import SignForm
from app.domain.errors import UNSEEN, DomainError, NotFound, NotPermitted
from app.domain.gates import Decision
from app.domain.permissions import Permission
from app.domain.signoffs import STATEMENTS
from app.queries.checklists import ChecklistHead
from app.queries.delegations import list_delegated_to, list_delegations_of
from app.queries.gates import GateRow
from app.queries.signed import find_records, history_of, list_given
from app.queries.standing import standing_of
from app.queries.waiting import SeatChoice, seats_of
from app.services.proof import PROVE_AGAIN
from app.services.signoffs import BACK_AND_FORTH, NOT_FOR_THEM, sign
from app.services.write_path import record_refusal
from app.web.access import password_again, requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import small_number, text_of
from app.web.gate_pages import changed_since, gate_of, has_signed, server_now, sign_view, since_last_ended
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("gate_signing", __name__)


@bp.get("/gates/<int:gate_id>/sign/")
@requires(Permission.GATE_SIGN)
def ask(gate_id: int) -> ResponseReturnValue:
    """Show exactly what one would sign."""
    gate, checklist = gate_of(gate_id, actor())
    return _page(gate, checklist, SignForm(formdata=None), _seats(gate))


@bp.post("/gates/<int:gate_id>/sign/")
@requires(Permission.GATE_SIGN)
def give(gate_id: int) -> ResponseReturnValue:
    """Sign what was seen."""
    gate, checklist = gate_of(gate_id, actor())
    form, seats = SignForm(), _seats(gate)
    form.offer(seats)
    _check_role(form, gate, seats)
    if form.validate_on_submit():
        with refusals_shown_in(form):
            wish = form.wish()
            sign(origin(), gate_id, wish)
            say("Your rejection is written down." if wish.decision is Decision.REJECT else "You have signed.")
            return redirect(url_for("gates.show", gate_id=gate_id), 303)
    if PROVE_AGAIN in form.form_errors:
        return password_again(PROVE_AGAIN)
    return _page(gate, checklist, form, seats), form_status(form)


def _check_role(form: SignForm, gate: GateRow, seats: list[SeatChoice]) -> None:
    """Who may not sign at all is told so first, whatever else is wrong with the form."""
    known = {str(one[0]): str(one[1]) for one in form.role.iter_choices()}
    chosen, _, lent = str(form.role.data or "").partition(":")
    if form.role.data in {one.value for one in seats} or chosen not in known:
        return
    refusal: DomainError = NotPermitted(f"The gate {gate.title} is not signed as {known[chosen]} by you.")
    if lent:
        own = {one.id for one in list_delegations_of(actor().id or 0)}
        refusal = NotPermitted(NOT_FOR_THEM) if small_number(lent) in own else NotFound(UNSEEN)
    record_refusal(origin(), refusal)
    raise refusal


def _seats(gate: GateRow) -> list[SeatChoice]:
    return seats_of(actor(), gate, list_delegated_to(actor().id or 0, server_now()))


def _page(gate: GateRow, checklist: ChecklistHead, form: SignForm, seats: list[SeatChoice]) -> str:
    now, given = server_now(), list_given(gate)
    standing = standing_of(gate, now)
    view = sign_view(standing, checklist, actor(), seats)
    digest, posted = standing.content.digest.hex(), text_of(form.digest)
    changed = []
    if posted and posted != digest and form_status(form) == 409:
        # From here on it is the content as it is now that is signed.
        changed = changed_since(text_of(form.seen), standing)
    if changed or not posted or BACK_AND_FORTH in form.form_errors:
        form.digest.data, form.seen.data, form.seen_up_to.data = digest, view.marks, str(history_of(gate))
    form.offer(seats)
    if not form.is_submitted() and len(seats) == 1:
        form.role.data = seats[0].value
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
