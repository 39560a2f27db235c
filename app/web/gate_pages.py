"""The pages of gates: what is in the way with where to mend it, and what somebody signs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from app.database import server_now as server_now  # noqa: PLC0414 - pages of gates take the clock from here
from app.domain.actors import Actor
from app.domain.addresses import gate_path, item_path, override_path
from app.domain.checklist import Severity
from app.domain.gate_words import counts_of, is_exception, named_roles
from app.domain.gates import REJECTED, GateKind, GateState
from app.domain.overrides import debt_number
from app.domain.permissions import Permission
from app.domain.readiness import Counts
from app.domain.separation import must_not_be_alone
from app.queries.checklists import ChecklistHead, get_checklist
from app.queries.covered import Covered
from app.queries.gates import GateRow, get_gate, list_gates
from app.queries.gates_before import NO_READY, NO_RELEASE, NOT_SHIPPED
from app.queries.signed import GivenSignoff, list_proofs, list_signed_items
from app.queries.standing import (
    BACKUP_OLD,
    NO_BACKUP,
    NO_PLAN,
    NOT_REHEARSED,
    REHEARSAL_FAILED,
    Standing,
    has_alone_signed_ready,
)
from app.queries.waiting import SeatChoice, WaitingGate, awaited, find_release_gate, list_behind, signers_of
from app.queries.waivers import list_waivers_of
from app.services.signoffs import SIGNED_READY_ALONE

# The parts of the inbox, the most urgent first.
INBOX = (
    "Sign again",
    "Ready to sign",
    "You stand behind something there",
    "Not yet: something is in the way",
)
_FORMS = {
    NO_PLAN: "plan/",
    NOT_REHEARSED: "rehearsal/",
    REHEARSAL_FAILED: "rehearsal/",
    NO_BACKUP: "backup/",
    BACKUP_OLD: "backup/",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is as it is, and where that is seen or mended."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """A gate of the inbox, with how many exceptions are inside and how many things are in its way."""

    waiting: WaitingGate
    exceptions: int
    in_the_way: int


def gate_of(gate_id: int, actor: Actor) -> tuple[GateRow, ChecklistHead]:
    """A gate with its checklist; NotFound when it is not this person's to see."""
    gate = get_gate(gate_id)
    return gate, get_checklist(gate.checklist_id, actor)


def reasons_of(standing: Standing, checklist: ChecklistHead, actor: Actor) -> list[Reason]:
    """Every reason why a gate is not further, each with the place that it names."""
    here = gate_path(standing.gate.id)
    items: dict[str, list[str]] = {}
    for one in standing.covered:
        if one.facts.is_in_the_way:
            items.setdefault(one.facts.in_the_way, []).append(item_path(one.id))
    for asked in standing.of_changes:
        items.setdefault(asked.sentence, []).append(item_path(asked.id))
    found = []
    for sentence in standing.verdict.reasons:
        urls = items.get(sentence)
        url = urls.pop(0) if urls else _elsewhere(sentence, standing.gate, checklist, actor)
        found.append(Reason(sentence, url or f"{here}#asked"))
    return found


def _elsewhere(sentence: str, gate: GateRow, checklist: ChecklistHead, actor: Actor) -> str:
    here = gate_path(gate.id)
    if sentence in _FORMS:
        may_work = actor.may_for(Permission.ITEM_WORK, gate.module_id)
        return f"{here}{_FORMS[sentence]}" if may_work else f"{here}#records"
    if sentence == NO_READY:
        ready = [one.id for one in list_gates(gate.checklist_id) if one.kind is GateKind.READY]
        return gate_path(ready[0]) if ready else checklist.path
    if sentence == NO_RELEASE:
        return gate_path(find_release_gate(gate.release_id or 0) or gate.id)
    if number := debt_number(sentence):
        return override_path(number)
    if sentence == NOT_SHIPPED or sentence.endswith("not signed as ready."):
        return f"/releases/{checklist.subject.release_key}/"
    return f"{here}#signed" if sentence == REJECTED else ""


@dataclass(frozen=True, slots=True)
class CoveredLine:
    """A covered item as somebody looks at it before signing."""

    item: Covered
    url: str
    proofs: int
    newest: datetime | None
    waivers: Sequence[Any]


@dataclass(frozen=True, slots=True)
class SignView:
    """All that somebody sees before they sign."""

    standing: Standing
    seats: list[SeatChoice]
    counts: Counts
    exceptions: list[CoveredLine]
    killers: list[CoveredLine]
    others: list[CoveredLine]
    behind: list[Reason]
    obstacles: list[Reason]
    marks: str


def sign_view(standing: Standing, checklist: ChecklistHead, actor: Actor, seats: list[SeatChoice]) -> SignView:
    """What a person would sign at a gate, and why they could not."""
    covered = standing.covered
    exceptions = [one for one in covered if is_exception(one.facts)]
    killers = [one for one in covered if one.facts.severity is Severity.KILLER and one not in exceptions]
    others = [one for one in covered if one not in exceptions and one not in killers]
    proofs = list_proofs([one.id for one in covered])
    waivers = list_waivers_of([one.id for one in exceptions])

    def lines(chosen: Iterable[Covered]) -> list[CoveredLine]:
        found = []
        for one in chosen:
            number, newest = proofs.get(one.id, (0, None))
            found.append(CoveredLine(one, item_path(one.id), number, newest, waivers.get(one.id, ())))
        return found

    return SignView(
        standing,
        seats,
        counts_of(one.facts for one in covered),
        lines(exceptions),
        lines(killers),
        lines(others),
        behind := _behind(standing, signers_of(actor, seats)),
        _obstacles(standing, checklist, actor, seats, is_barred=bool(behind)),
        " ".join(f"{one.id}.{_mark(one)}" for one in covered),
    )


def _behind(standing: Standing, people: frozenset[int]) -> list[Reason]:
    """What people stand behind, where the policy says that they must not."""
    return [Reason(one.facts.text, item_path(one.id)) for one in list_behind(standing, people)]


def _obstacles(
    standing: Standing, checklist: ChecklistHead, actor: Actor, seats: list[SeatChoice], *, is_barred: bool
) -> list[Reason]:
    """Why a person cannot approve now."""
    gate, here = standing.gate, gate_path(standing.gate.id)
    if is_barred:
        return [Reason("You stand behind something that it covers.", f"{here}sign/#behind")]
    if not standing.verdict.may_approve:
        if standing.verdict.by_itself is GateState.SATISFIED:
            return [Reason("Everybody who is asked has signed.", f"{here}#signed")]
        return reasons_of(standing, checklist, actor)
    if seats and not awaited(standing, actor, seats):
        return [Reason(f"As {named_roles({one.role for one in seats})} enough people have signed.", f"{here}#signed")]
    if must_not_be_alone(gate.policy) and has_alone_signed_ready(gate, signers_of(actor, seats)):
        return [Reason(SIGNED_READY_ALONE, f"{here}#policy")]
    return []


def has_signed(standing: Standing, actor: Actor) -> bool:
    """Whether a sign-off by or for this person counts at the gate."""
    return any(actor.id in one.facts.people for one in standing.signoffs)


def _mark(one: Covered) -> str:
    return sha256(repr(one.signed.as_plain()).encode()).hexdigest()[:8]


def changed_since(seen: str, standing: Standing) -> list[Reason]:
    """What is not as it was on the page that somebody signed from."""
    before = dict(pair.partition(".")[::2] for pair in seen.split())
    changed = [_now(one) for one in standing.covered if before.pop(str(one.id), "") != _mark(one)]
    if before:
        changed.append(_gone(len(before), standing))
    what = "The rollback plan or the policy of the gate is another, or other sign-offs have ended."
    return changed or [Reason(what, gate_path(standing.gate.id))]


@dataclass(frozen=True, slots=True)
class SinceThen:
    """The sign-off of a gate that ended last, and what is different now from what it was about."""

    ended: GivenSignoff
    changed: list[Reason]


def since_last_ended(standing: Standing, given: Sequence[GivenSignoff]) -> SinceThen | None:
    """What changed since a sign-off ended; None where none has."""
    ended = [one for one in given if one.ended is not None and one.ended_at is not None]
    if not ended:
        return None
    last = max(ended, key=lambda one: (one.ended_at, one.id))
    before = list_signed_items(last.digest)
    changed = [_now(one) for one in standing.covered if before.pop(one.facts.key, None) != one.signed.as_plain()]
    if before:
        changed.append(_gone(len(before), standing))
    return SinceThen(last, changed)


def _now(one: Covered) -> Reason:
    return Reason(f"“{one.facts.text}” has changed and is {one.facts.state.word}.", item_path(one.id))


def _gone(number: int, standing: Standing) -> Reason:
    words = "1 item is" if number == 1 else f"{number} items are"
    return Reason(f"{words} no longer covered.", gate_path(standing.gate.id))


def inbox_of(waiting: Sequence[WaitingGate], actor: Actor) -> list[tuple[str, list[WaitingLine]]]:
    """What waits for somebody, under headings: to be signed anew, to be signed now, not yet."""
    found: dict[str, list[WaitingLine]] = {title: [] for title in INBOX}
    for one in sorted(waiting, key=lambda one: (one.checklist.release_name, one.checklist.name, one.gate.id)):
        is_barred = bool(_behind(one.standing, signers_of(actor, one.seats)))
        if one.stale is not None:
            title = INBOX[0]
        elif one.standing.verdict.may_approve:
            title = INBOX[2] if is_barred else INBOX[1]
        else:
            title = INBOX[3]
        number = sum(is_exception(item.facts) for item in one.standing.covered)
        found[title].append(WaitingLine(one, number, len(one.standing.verdict.reasons)))
    return [(title, lines) for title, lines in found.items() if lines]
