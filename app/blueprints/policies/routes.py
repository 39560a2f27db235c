"""Gate policies: what each gate asks, one revision with what it would do, agreeing and taking that back."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm

from app.blueprints.policies.forms import AdoptForm, AgreeForm, TakeBackForm, WithdrawForm
from app.domain.permissions import Permission, Role
from app.queries.policies import read_policies
from app.services.policies import agree, take_agreement_back, withdraw_proposal
from app.services.policy_adoption import Choice, adopt
from app.services.proof import PROVE_AGAIN
from app.web.access import password_again, requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import small_number, text_of
from app.web.gate_pages import server_now
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.policy_pages import changed_since, lines_of, read_seen, view_of

bp = Blueprint("policies", __name__, url_prefix="/policies")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """What every gate asks, what is proposed instead, and what was asked before."""
    lines = lines_of(read_policies())
    waiting = sum(len(line.waiting) for line in lines)
    return render_template("policies/index.html", lines=lines, waiting=waiting)


@bp.get("/<int:policy_id>/")
@requires(Permission.CHECKLIST_VIEW)
def show(policy_id: int) -> ResponseReturnValue:
    """One revision: what it asks, who agrees, and what it would do."""
    return _page(policy_id)


def _page(policy_id: int, **sent: Any) -> str:
    """The page; `sent` holds the form that was refused, under its name."""
    view = view_of(policy_id, actor(), server_now())
    adopting: AdoptForm = sent.get("adopt_form") or AdoptForm(formdata=None)
    changed = []
    if form_status(adopting) == 409 and adopting.is_submitted():
        changed = changed_since(read_seen(text_of(adopting.seen)), text_of(adopting.seen_new), view)
    adopting.seen.data, adopting.seen_new.data = view.seen, view.seen_new
    forms = {
        "agree_form": AgreeForm(formdata=None, data={"role": view.roles[0].value} if len(view.roles) == 1 else None),
        "take_back_form": TakeBackForm(formdata=None),
        "withdraw_form": WithdrawForm(formdata=None),
    }
    chosen = {small_number(text) for text in request.form.getlist("release")}
    return render_template(
        "policies/show.html",
        view=view,
        changed=changed,
        chosen=chosen if "adopt_form" in sent else {one.id for one in view.releases if one.changing},
        is_for_new="for_new" in request.form if "adopt_form" in sent else view.may_adopt_for_new,
        may_propose=actor().may(Permission.POLICY_PROPOSE),
        may_withdraw=view.row.created_by_id == actor().id or actor().may_for(Permission.POLICY_PROPOSE, None),
        name=current_user.name,
        **(forms | sent | {"adopt_form": adopting}),
    )


def _done(policy_id: int, text: str, anchor: str) -> ResponseReturnValue:
    say(text)
    return redirect(url_for(".show", policy_id=policy_id, _anchor=anchor), 303)


def _again(policy_id: int, name: str, form: FlaskForm) -> ResponseReturnValue:
    if PROVE_AGAIN in form.form_errors:
        return password_again(PROVE_AGAIN)
    return _page(policy_id, **{name: form}), form_status(form)


@bp.post("/<int:policy_id>/agree/")
@requires(Permission.GATE_SIGN)
def give_agreement(policy_id: int) -> ResponseReturnValue:
    """Agree to a proposal, in a role that the policy asks which gates have now."""
    form = AgreeForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            agree(origin(), policy_id, Role(form.role.data))
            return _done(policy_id, "You agree. It changes no gate before somebody adopts it.", "agreed")
    return _again(policy_id, "agree_form", form)


@bp.post("/<int:policy_id>/take-back/")
@requires(Permission.GATE_SIGN)
def take_back(policy_id: int) -> ResponseReturnValue:
    """Take one's own agreement back; it stays in the history."""
    form = TakeBackForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            take_agreement_back(origin(), policy_id, reason=text_of(form.reason))
            return _done(policy_id, "Your agreement counts no longer. It stays in the list.", "agreed")
    return _again(policy_id, "take_back_form", form)


@bp.post("/<int:policy_id>/withdraw/")
@requires(Permission.POLICY_PROPOSE)
def withdraw(policy_id: int) -> ResponseReturnValue:
    """Withdraw a proposal; it stays in the history."""
    form = WithdrawForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            withdraw_proposal(origin(), policy_id, reason=text_of(form.reason))
            return _done(policy_id, "The proposal is withdrawn. It stays in the list.", "main")
    return _again(policy_id, "withdraw_form", form)


@bp.post("/<int:policy_id>/adopt/")
@requires(Permission.POLICY_PROPOSE)
def bring(policy_id: int) -> ResponseReturnValue:
    """Bring the gates of the chosen releases to a policy, and let new gates have it: all that was shown, or nothing."""
    form = AdoptForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            done = adopt(origin(), policy_id, _choice(form))
            return _done(policy_id, _told(done.gates, done.signoffs, is_for_new=done.is_for_new), "main")
    return _again(policy_id, "adopt_form", form)


def _choice(form: AdoptForm) -> Choice:
    releases = {small_number(text) for text in request.form.getlist("release")}
    return Choice(
        tuple(sorted(releases)),
        "for_new" in request.form,
        tuple((gate, mark) for release, gate, mark in read_seen(text_of(form.seen)) if release in releases),
        text_of(form.seen_new),
        text_of(form.reason),
    )


def _told(gates: int, signoffs: int, *, is_for_new: bool) -> str:
    told = [f"{gates} {'gate has' if gates == 1 else 'gates have'} this policy now."] if gates else []
    if signoffs:
        told.append(f"{signoffs} {'sign-off has' if signoffs == 1 else 'sign-offs have'} ended with it.")
    return " ".join([*told, *(["New gates get it."] if is_for_new else [])])
