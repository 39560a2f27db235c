"""Gates: which wait for whom, one with all that is in its way, taking a sign-off back."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.gates.forms import WithdrawForm
from app.domain.errors import UNSEEN, NotFound
from app.domain.gate_words import counts_of, policy_sentences
from app.domain.gates import GateKind, GateState
from app.domain.permissions import Permission, Role
from app.queries.checklists import ChecklistHead
from app.queries.delegations import list_asked_to_sign, list_delegated_to
from app.queries.deployments import list_of_gates
from app.queries.gates import GateRow
from app.queries.overrides import list_overrides_of, list_passed_over, list_unsettled
from app.queries.policy_preview import list_proposals_for
from app.queries.signed import find_records, list_given
from app.queries.standing import standing_of
from app.queries.waiting import list_waiting, seats_of
from app.services.signoffs import withdraw
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import text_of
from app.web.gate_pages import gate_of, has_signed, inbox_of, reasons_of, server_now
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.override_pages import cards_of, may_break_the_glass

bp = Blueprint("gates", __name__)


@bp.get("/signoffs/")
@requires(Permission.GATE_SIGN)
def index() -> ResponseReturnValue:
    """What waits for one's sign-off, the most urgent first."""
    sections = inbox_of(list_waiting(actor(), server_now()), actor())
    roles = {grant.role for grant in actor().grants}
    passed_over = cards_of(list_passed_over(actor()), actor(), server_now())
    broken = cards_of(list_unsettled(actor(), server_now()), actor(), server_now())
    return render_template(
        "gates/index.html",
        sections=sections,
        passed_over=passed_over,
        broken=[card for card in broken if card.may_confirm or card.may_review],
        roles=sorted(roles, key=list(Role).index),
        proposals=list_proposals_for(actor()),
        asked=list_asked_to_sign(actor().id or 0, server_now()),
    )


@bp.get("/gates/<int:gate_id>/")
@requires(Permission.CHECKLIST_VIEW)
def show(gate_id: int) -> ResponseReturnValue:
    """Where a gate stands, and every reason why it is not further."""
    return _page(*gate_of(gate_id, actor()))


@bp.post("/gates/<int:gate_id>/signoffs/<int:signoff_id>/withdraw/")
@requires(Permission.GATE_SIGN)
def take_back(gate_id: int, signoff_id: int) -> ResponseReturnValue:
    """Take a sign-off back; it stays in the history."""
    gate, checklist = gate_of(gate_id, actor())
    if signoff_id not in {one.id for one in list_given(gate)}:
        raise NotFound(UNSEEN)
    form = WithdrawForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            withdraw(origin(), signoff_id, reason=text_of(form.reason))
            say("The sign-off is withdrawn. It stays in the list and in the history.")
            return redirect(url_for(".show", gate_id=gate_id), 303)
    return _page(gate, checklist, form, signoff_id), form_status(form)


def _page(gate: GateRow, checklist: ChecklistHead, form: WithdrawForm | None = None, refused: int = 0) -> str:
    now, who = server_now(), actor()
    standing = standing_of(gate, now)
    seats = seats_of(who, gate, list_delegated_to(who.id or 0, now))
    given, overrides = list_given(gate), list_overrides_of([gate.id])
    # What counted when it was passed counts for ever.
    active = [one for one in given if one.is_active(gate.consumed_at or now)]
    return render_template(
        "gates/show.html",
        gate=gate,
        checklist=checklist,
        verdict=standing.verdict,
        standing=standing,
        overrides=cards_of(overrides, who, now),
        may_override=may_break_the_glass(standing, overrides, who, now),
        counts=counts_of(one.facts for one in standing.covered),
        reasons=reasons_of(standing, checklist, who),
        active=active,
        ended=[one for one in given if one not in active],
        policy=policy_sentences(gate.policy),
        records=find_records(gate),
        deployment=list_of_gates([gate.id]).get(gate.id),
        may_deploy=gate.kind is GateKind.DEPLOY and who.may_for(Permission.DEPLOYMENT_RUN, gate.module_id),
        form=form or WithdrawForm(formdata=None),
        refused=refused,
        own_id=who.id,
        is_lead=any(grant.role is Role.TEAM_LEAD and grant.module_id in (None, gate.module_id) for grant in who.grants),
        may_work=who.may_for(Permission.ITEM_WORK, gate.module_id),
        may_sign=bool(seats) and standing.verdict.state is not GateState.CONSUMED,
        has_signed=has_signed(standing, who),
    )
