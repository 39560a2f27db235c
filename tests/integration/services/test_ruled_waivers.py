"""A waiver that ends while its item is ruled out does not wait behind the rule."""

from datetime import timedelta

from app.domain.applicability import Question
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverKind
from app.models.base import utc_now
from app.queries.applicability import list_answers
from app.queries.modules import get_module
from app.services.applicability import answer_questions
from app.worker.jobs import expire_waivers
from tests.factories import MadeRelease, Make
from tests.web.waiving import grant, let_pass

ITEM, UPLOADS = "input.uploads", Question.HAS_UPLOADS


def answer(release: MadeRelease, *, is_yes: bool, reason: str = "") -> None:
    module = get_module(release.modules[0], release.lead.actor)
    revisions = {question: line.revision for question, line in list_answers(module.id).items()}
    answer_questions(release.lead.origin, module.key, {UPLOADS: is_yes}, reason=reason, revisions=revisions)


def test_what_was_overridden_comes_back_open_when_its_waiver_has_expired_meanwhile(make: Make):
    release = make.release()
    waiver = grant(
        make.person(Role.DEVELOPER),
        make.person(Role.DBA),
        release,
        ITEM,
        WaiverKind.OVERRIDE,
        utc_now().date() + timedelta(days=9),
    )
    answer(release, is_yes=False)
    assert release.item(ITEM).state_before is ItemState.OVERRIDDEN
    let_pass(waiver)
    expire_waivers()
    assert release.item(ITEM).state is ItemState.RULED_OUT

    answer(release, is_yes=True, reason="it takes uploads after all")

    assert release.item(ITEM).state is ItemState.TODO
    assert [event.new_value for event in make.events("item.ruled_in")] == ["to do"]
