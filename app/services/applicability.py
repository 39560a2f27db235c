"""What a module answers to the questions that rules ask, and what that makes of its checklists."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, insert, update

from app.domain.actors import Actor
from app.domain.applicability import Question, answer_word, check_answers, check_may_answer
from app.domain.audit import AuditAction
from app.domain.errors import Conflict
from app.domain.permissions import Permission
from app.models import Module, ModuleAnswer
from app.models.base import table_of
from app.queries.applicability import (
    AnswerLine,
    Effect,
    list_answers,
    list_effects,
    list_live_checklists,
)
from app.queries.modules import get_module
from app.services.change import About, Change
from app.services.ruling import bring_in_line
from app.services.write_path import write_path

Wanted = Mapping[Question, bool | None]
_table = table_of(ModuleAnswer)


@dataclass(frozen=True, slots=True)
class Answered:
    """How many answers are other ones now, and how many items that took away and brought back."""

    changed: int
    out: int
    back: int


def preview_answers(
    actor: Actor, module_key: str, wanted: Wanted, *, revisions: Mapping[Question, int], reason: str
) -> list[Effect]:
    """What answers would make of the checklists of a module. Refuses what saving them would refuse; changes nothing."""
    module = get_module(module_key, actor)
    actor.require(Permission.MODULE_MANAGE, module.id)
    return list_effects(module.id, _check(wanted, list_answers(module.id), revisions=revisions, reason=reason))


@write_path
def answer_questions(
    change: Change, module_key: str, wanted: Wanted, *, revisions: Mapping[Question, int], reason: str = ""
) -> Answered:
    """Answer questions, or take answers back with None, and bring the live checklists of the module in line.

    `revisions` are those of the answers that the page showed, 0 where there was none.
    """
    seen = get_module(module_key, change.actor)
    change.actor.require(Permission.MODULE_MANAGE, seen.id)
    stream = change.take_subject("module", seen.id)
    # Whoever makes a checklist of this module waits for the same stream: from here on these are all.
    live = list_live_checklists(seen.id)
    change.take(*(checklist.stream_id for checklist in live))
    module, known = get_module(module_key, change.actor), list_answers(seen.id)
    answers = _check(wanted, known, revisions=revisions, reason=reason)
    changed = [question for question in wanted if wanted[question] is not _of(known, question)]
    if changed:
        module.revision += 1
    for question in changed:
        _save(change, module, stream, question, known=known.get(question), new=wanted[question], reason=reason)
    ruled = bring_in_line(change, live, answers, under=Permission.MODULE_MANAGE)
    return Answered(len(changed), ruled.out, ruled.back)


def _of(known: Mapping[Question, AnswerLine], question: Question) -> bool | None:
    return known[question].is_yes if question in known else None


def _check(
    wanted: Wanted, known: Mapping[Question, AnswerLine], *, revisions: Mapping[Question, int], reason: str
) -> dict[Question, bool]:
    """Refuse what is stale, needs a reason or cannot be true; gives all answers as they will be."""
    now = {question: _of(known, question) for question in Question}
    stale = [
        question
        for question, answer in wanted.items()
        if revisions.get(question, 0) != (known[question].revision if question in known else 0)
        and answer is not now[question]
    ]
    if stale:
        raise _conflict(stale, now, wanted)
    for question, answer in wanted.items():
        check_may_answer(question, now[question], answer, reason=reason)
    answers = {question: answer for question, answer in {**now, **wanted}.items() if answer is not None}
    check_answers(answers)
    return answers


def _conflict(stale: list[Question], now: Wanted, wanted: Wanted) -> Conflict:
    theirs, yours = (
        ", ".join(f"“{question.label}” {answer_word(said[question]) or 'not answered'}" for question in stale)
        for said in (now, wanted)
    )
    sentence = f"Somebody else answered since you opened this page. Now: {theirs}. Yours: {yours}."
    return Conflict(sentence, theirs=theirs, yours=yours)


def _save(
    change: Change,
    module: Module,
    stream: int,
    question: Question,
    *,
    known: AnswerLine | None,
    new: bool | None,
    reason: str,
) -> None:
    here = _table.c.module_id == module.id, _table.c.question == question
    # Taken from the module, so that an answer which was taken back and given anew does not repeat a number.
    values = {
        "is_yes": new,
        "answered_at": change.at,
        "answered_by_id": change.actor_id,
        "revision": module.revision,
    }
    if new is None:
        change.session.execute(delete(_table).where(*here))
    elif known is None:
        change.session.execute(insert(_table).values(module_id=module.id, question=question, **values))
    else:
        change.session.execute(update(_table).where(*here).values(**values))
    old = known.is_yes if known else None
    change.record(
        AuditAction.MODULE_ANSWERED,
        About("module", module.id, module.name, module_id=module.id),
        stream=stream,
        fact=question.label,
        old=answer_word(old),
        new=answer_word(new),
        reason=reason if old is not None else "",
        before={question.value: old},
        after={question.value: new},
        under=Permission.MODULE_MANAGE,
    )
