"""Working through a rollback: a step done, skipped, taken back, repeated, or typed in later from paper."""

from collections.abc import Sequence

from pydantic import SecretStr

from app.domain.checklist import OPEN, ItemState, check_may_keep, check_may_set_state
from app.domain.errors import UNSEEN, Conflict, InvalidInput, NotFound, RuleViolation
from app.domain.rollbacks import Claim, StepOutcome, check_claims, check_runs, code_of, last_done_of
from app.queries.items import ItemPlace, list_places
from app.queries.rollback_runs import list_taken
from app.queries.rollbacks import get_rollback, get_run_now
from app.queries.rows import ItemRow, list_chosen_rows
from app.services.change import Change
from app.services.items import Saved, check_revision, save_item
from app.services.rollback_steps import Taken, add_step
from app.services.rollbacks import RUN, take_rollback
from app.services.write_path import write_path

CHANGED_MEANWHILE = "Somebody took a step of this rollback since you opened the page. Look which ones are still open."


@write_path
def do_step(change: Change, rollback_id: int, item_id: int, *, revision: int, value: str = "", note: str = "") -> Saved:
    """Say that the current step is done, with what was measured."""
    place, item = _take_step(change, rollback_id, item_id)
    _check_unchanged(rollback_id, item, revision, yours=", ".join(text for text in (value, note) if text))
    check_may_keep(value_kind=item.value_kind, value=value)
    return _move(change, place, item, ItemState.DONE, reason=note, value=value)


@write_path
def skip_step(change: Change, rollback_id: int, item_id: int, *, revision: int, reason: str) -> Saved:
    """Pass the current step over, with a reason: its item is overridden, and the signer at the gate sees it."""
    place, item = _take_step(change, rollback_id, item_id)
    if not reason:
        raise InvalidInput(skip_reason="Say why this step is skipped.")
    _check_unchanged(rollback_id, item, revision, yours=reason)
    values = {
        "state": ItemState.OVERRIDDEN,
        "reason": reason,
        "changed_by_id": change.actor_id,
        "state_since": change.at,
    }
    return save_item(change, place, item, values, reason=reason, under=RUN)


@write_path
def reopen_step(change: Change, rollback_id: int, item_id: int, *, revision: int, reason: str) -> Saved:
    """Take the newest step back: it is the current one again."""
    place, item = _take_step(change, rollback_id, item_id)
    if not reason:
        raise InvalidInput(reopen_reason="Say why it has to be done again.")
    check_revision(item, revision, yours=reason)
    return _move(change, place, item, ItemState.TODO, reason=reason)


@write_path
def repeat_step(change: Change, rollback_id: int, item_id: int) -> bool:
    """Say that the last step was done once more, after an absence. Nothing moves."""
    place, item = _take_step(change, rollback_id, item_id)
    run = get_run_now(rollback_id)
    check_runs(run.outcome, is_paused=run.is_paused)
    last = last_done_of(run.steps)
    if last is None or last.item_id != item_id:
        raise RuleViolation("Only the last step that was done is repeated. Somebody has gone on since.")
    add_step(change, place, run, last, outcome=StepOutcome.REPEATED, taken=Taken(item.value))
    return True


@write_path
def type_in_later(change: Change, rollback_id: int, claims: tuple[Claim, ...], *, secret: SecretStr) -> int:
    """Take over what was done on paper, step by step from the current one; gives how many steps that was.

    The moments on the paper are kept as what somebody says: the time of each event is that of the typing.
    """
    row, _stream = take_rollback(change, rollback_id)
    run = get_run_now(rollback_id)
    check_runs(run.outcome, is_paused=run.is_paused)
    still_open = [step for step in run.steps if step.is_open]
    if [step.item_id for step in still_open] != [claim.item_id for claim in claims]:
        raise Conflict(CHANGED_MEANWHILE)
    items = {item.id: item for item in list_chosen_rows([claim.item_id for claim in claims])}
    keys = [items[claim.item_id].key for claim in claims]
    codes = [code_of(secret.get_secret_value(), row.deployment_id, row.turn, key) for key in keys]
    first = still_open[0].number if still_open else 1
    check_claims(claims, codes, first=first, now=change.at)
    typed = [claim for claim in claims if not claim.is_empty]
    _check_values(typed, items, first)
    places = {place.id: place for place in list_places([claim.item_id for claim in typed])}
    for claim in typed:
        _take_over(change, places[claim.item_id], items[claim.item_id], claim)
    return len(typed)


def _check_values(typed: Sequence[Claim], items: dict[int, ItemRow], first: int) -> None:
    wrong = {}
    for place, claim in enumerate(typed):
        try:
            check_may_keep(value_kind=items[claim.item_id].value_kind, value=claim.value)
        except InvalidInput as refusal:
            wrong[f"steps-{place}"] = f"Step {first + place}: {refusal.sentence}"
    if wrong:
        raise InvalidInput(**wrong)


def _take_over(change: Change, place: ItemPlace, item: ItemRow, claim: Claim) -> None:
    moment = f"{claim.done_at:%Y-%m-%d %H:%M} UTC" if claim.done_at else "a time that nobody wrote down"
    note = f"Done on paper at {moment} by {claim.done_by}, typed in later."
    taken = Taken(claim.value, note, claim.done_at, claim.done_by)
    _move(change, place, item, ItemState.DONE, reason=note, value=claim.value, claim=taken)


def _take_step(change: Change, rollback_id: int, item_id: int) -> tuple[ItemPlace, ItemRow]:
    row = get_rollback(rollback_id, change.actor)
    working = change.take_of_item(item_id)
    if working.place.checklist_id != row.checklist_id:
        raise NotFound(UNSEEN)
    change.actor.require(RUN, row.module_id)
    return working.place, working.now


def _check_unchanged(rollback_id: int, item: ItemRow, revision: int, *, yours: str) -> None:
    """Raise Conflict with the name of the colleague who was faster."""
    if item.revision == revision:
        return
    done = next((one for one in reversed(list_taken(rollback_id)) if one.item_id == item.id), None)
    if item.state in OPEN or done is None:
        check_revision(item, revision, yours=yours)
        return
    raise Conflict(
        f"“{item.text}” was {done.outcome.label} by {done.by_name} since you opened this page. Go on with the step"
        " that is the current one now.",
        theirs=", ".join(text for text in (done.value, done.note) if text),
        yours=yours,
    )


def _move(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    state: ItemState,
    *,
    reason: str,
    value: str = "",
    claim: Taken | None = None,
) -> Saved:
    check_may_set_state(item.facts, state, actor_id=change.actor_id, reason=reason)
    values = {"state": state, "reason": reason, "changed_by_id": change.actor_id, "state_since": change.at}
    if value and value != item.value:
        values["value"] = value
    return save_item(change, place, item, values, reason=reason, under=RUN, claim=claim)
