"""Whatever order people ask, decide, end, wait and tick in: an item and its waivers always fit together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.database import db
from app.domain.checklist import WAIVED, ItemState
from app.domain.errors import DomainError
from app.domain.permissions import Role
from app.domain.waiver_kinds import REASONS, WaiverKind
from app.domain.waivers import WaiverDecision, is_over, state_after
from app.models import ChecklistItem, Waiver
from app.models.base import pretending, utc_now
from app.services.item_states import set_state
from app.services.waivers import decide_waiver, end_waiver, request_waiver, withdraw_waiver
from app.worker.jobs import expire_waivers
from tests.factories import Made, Make

WAITING = ItemState.NOT_APPLICABLE_REQUESTED
LAST_DAYS = (0, 3, 30)
steps = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(WaiverKind), st.sampled_from(LAST_DAYS)),
    st.tuples(st.sampled_from(["approve", "approve", "refuse", "withdraw", "end", "work"])),
    st.tuples(st.just("set"), st.sampled_from([ItemState.DONE, ItemState.FAILED, ItemState.TODO])),
    st.tuples(st.just("wait"), st.sampled_from([1, 4])),
)


@dataclass
class Expected:
    """What a reader of the documents would say about one item."""

    state: ItemState = ItemState.TODO
    before: ItemState = ItemState.TODO
    in_force: tuple[WaiverKind, date] | None = None
    pending: tuple[WaiverKind, date] | None = None

    def lose(self) -> None:
        """The waiver in force is over."""
        self.in_force = None
        self.state = WAITING if self.pending else state_after(self.before)

    def step(self, what: str, today: date, *more: object) -> bool:
        """Take a step, or say that it is refused."""
        return getattr(self, f"_{what}")(today, *more)

    def _ask(self, today: date, kind: WaiverKind, days: int) -> bool:
        if self.pending or (self.state is ItemState.DONE and kind is not WaiverKind.NOT_APPLICABLE):
            return False
        self.pending = (kind, today + timedelta(days=days))
        if not self.in_force:
            self.before, self.state = self.state, WAITING
        return True

    def _approve(self, today: date) -> bool:
        if not self.pending or is_over(self.pending[1], today):
            return False
        self.in_force, self.pending = self.pending, None
        self.state = self.in_force[0].state
        return True

    def _refuse(self, _today: date) -> bool:
        if not self.pending:
            return False
        self.pending = None
        if not self.in_force:
            self.state = state_after(self.before)
        return True

    _withdraw = _refuse

    def _end(self, _today: date) -> bool:
        if not self.in_force:
            return False
        self.lose()
        return True

    def _set(self, _today: date, state: ItemState) -> bool:
        if self.pending:
            return False
        self.state, self.in_force = state, None
        return True

    def _work(self, today: date) -> bool:
        if self.in_force and is_over(self.in_force[1], today):
            self.lose()
        return True


@dataclass
class Real:
    """The same item in the database, worked by people."""

    item_id: int
    asker: Made
    decider: Made

    def item(self) -> ChecklistItem:
        """The item as it is."""
        return db.session.get_one(ChecklistItem, self.item_id, populate_existing=True)

    def waivers(self, decision: WaiverDecision) -> list[Waiver]:
        """Its waivers with a decision."""
        found = select(Waiver).where(Waiver.item_id == self.item_id, Waiver.decision == decision)
        return list(db.session.scalars(found.execution_options(populate_existing=True)))

    def number(self, decision: WaiverDecision) -> int:
        """The one with a decision; one that is not there has a number that is nobody's."""
        return next((waiver.id for waiver in self.waivers(decision)), 10**9)

    def step(self, what: str, *more: object) -> bool:
        """Take a step through the services; whether it was taken."""
        try:
            getattr(self, f"_{what}")(*more)
        except DomainError:
            return False
        return True

    def _ask(self, kind: WaiverKind, days: int) -> None:
        request_waiver(
            self.asker.origin,
            self.item_id,
            revision=self.item().revision,
            kind=kind,
            reason=REASONS[kind][0],
            explanation="said in a sentence",
            ends_on=utc_now().date() + timedelta(days=days),
        )

    def _approve(self) -> None:
        decide_waiver(self.decider.origin, self.number(WaiverDecision.PENDING), approve=True)

    def _refuse(self) -> None:
        decide_waiver(self.decider.origin, self.number(WaiverDecision.PENDING), approve=False, note="do it")

    def _withdraw(self) -> None:
        withdraw_waiver(self.asker.origin, self.number(WaiverDecision.PENDING))

    def _end(self) -> None:
        end_waiver(self.decider.origin, self.number(WaiverDecision.APPROVED), reason="it was a mistake")

    def _set(self, state: ItemState) -> None:
        revision = self.item().revision
        set_state(self.asker.origin, self.item_id, revision=revision, state=state, reason="it was looked at")

    def _work(self) -> None:
        expire_waivers()


@pytest.fixture
def untouched(make: Make) -> Iterator[Real]:
    """Items that nobody has touched yet, one for each walk."""
    release = make.release()
    asker, decider = make.person(Role.DEVELOPER), make.person(Role.DBA)
    return (Real(row.id, asker, decider) for row in release.items)


@given(walk=st.lists(steps, min_size=3, max_size=14))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_item_and_its_waivers_always_fit_together(untouched: Iterator[Real], walk: list[tuple[str, ...]]):
    real, expected, now = next(untouched), Expected(), datetime.now(UTC)

    for what, *more in walk:
        if what == "wait":
            now += timedelta(days=int(more[0]))
            continue
        with pretending(now):
            assert real.step(what, *more) is expected.step(what, now.date(), *more), what
        pending, in_force = (real.waivers(each) for each in (WaiverDecision.PENDING, WaiverDecision.APPROVED))
        assert (len(pending), len(in_force)) == (bool(expected.pending), bool(expected.in_force))
        assert real.item().state is expected.state
        assert (real.item().state in WAIVED) is bool(in_force)
        assert [waiver.kind.state for waiver in in_force] == [real.item().state] * len(in_force)
