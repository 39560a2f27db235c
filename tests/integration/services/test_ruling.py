"""Bringing checklists in line costs the database as much for many items as for one."""

from collections.abc import Callable

from sqlalchemy import event, select

from app.database import db
from app.domain.applicability import Question
from app.models import Module
from app.queries.applicability import list_answers
from app.services.applicability import answer_questions
from tests.factories import MadeRelease, Make


def _answer(release: MadeRelease, question: Question, *, is_yes: bool) -> Callable[[], object]:
    number = db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()
    revisions = {known: line.revision for known, line in list_answers(number).items()}
    origin = release.lead.origin
    return lambda: answer_questions(origin, release.modules[0], {question: is_yes}, revisions=revisions, reason="anew")


def _statements(act: Callable[[], object]) -> int:
    """How many statements an act sends."""
    seen: list[str] = []

    def note(_conn, _cursor, statement, parameters, _context, executemany) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            # The events go as one statement of many rows; anything else that is sent many times counts many times.
            seen.extend([statement] * (len(parameters) if executemany and "audit_events" not in statement else 1))

    event.listen(db.engines[None], "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(db.engines[None], "before_cursor_execute", note)
    return len(seen)


def test_an_answer_takes_as_many_statements_for_thirty_items_as_for_one(make: Make):
    release = make.release()

    few = _statements(_answer(release, Question.HAS_UPLOADS, is_yes=False))
    many = _statements(_answer(release, Question.TOUCHES_SCHEMA, is_yes=False))
    back = _statements(_answer(release, Question.TOUCHES_SCHEMA, is_yes=True))

    assert few == many == back
