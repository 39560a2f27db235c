"""Why a deployment does not start, all at once, and where one stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.deployments import (
    DECIDER_GONE,
    NO_STEPS,
    NOT_THERE,
    DeploymentState,
    NotStartable,
    Obstacle,
    Outcome,
    StartFacts,
    deployment_state,
    local_moment,
    local_span,
    start_obstacles,
)

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FINE = StartFacts(NOW - HOUR, NOW + HOUR, "Europe/Berlin", steps=3, is_decider_here=True)


def told(facts: StartFacts, *, is_overridden: bool = False, at: datetime = NOW) -> list[str]:
    return [sentence for _, sentence in start_obstacles(facts, at, is_overridden=is_overridden)]


def test_with_nothing_against_it_it_starts():
    assert told(FINE) == []


def test_everything_that_is_against_it_is_said_at_once():
    facts = replace(
        FINE,
        window_starts_at=NOW + HOUR,
        steps=0,
        is_decider_here=False,
        freezes=[("Year's end.", NOW + HOUR)],
        running_id=7,
        rollback_id=3,
        is_member=False,
        before="Staging",
    )

    assert told(facts) == [
        "Its window is 2026-11-24 23:00 to 23:00 CET: change it to start now.",
        NOT_THERE,
        NO_STEPS,
        DECIDER_GONE,
        "Deployment 7 of this module runs there now.",
        "Rollback 3 of this module runs there now.",
        "Nothing is deployed there until 2026-11-24 23:00 CET: Year's end.",
        "It goes to Staging first, where it has not been deployed.",
    ]


@pytest.mark.parametrize(
    ("at", "starts"), [(NOW - HOUR, True), (NOW + HOUR, False), (NOW - 2 * HOUR, False), (NOW, True)]
)
def test_it_starts_from_the_first_moment_of_its_window_until_before_the_last(at: datetime, starts: bool):
    assert (told(FINE, at=at) == []) is starts


def test_break_glass_goes_past_freezes_and_the_order_and_past_nothing_else():
    facts = replace(FINE, freezes=[("Audit.", NOW + HOUR)], before="Staging", running_id=7)

    assert told(facts, is_overridden=True) == ["Deployment 7 of this module runs there now."]


@pytest.mark.parametrize("ended", list(Outcome))
def test_what_has_arrived_in_the_environment_before_may_go_on(ended: Outcome):
    facts = replace(FINE, before="Staging", ended_before=ended)

    expected = [] if ended.has_arrived else [f"It goes to Staging first, where it {ended.label} last."]
    assert told(facts) == expected


def test_where_it_stands_follows_from_what_happened():
    def state(*happened: str) -> DeploymentState:
        moments = dict.fromkeys(("cancelled_at", "started_at", "finished_at"))
        return deployment_state(**{**moments, **dict.fromkeys(happened, NOW)})

    assert state() is DeploymentState.PLANNED
    assert state("started_at") is DeploymentState.RUNNING
    assert state("started_at", "finished_at") is DeploymentState.ENDED
    assert state("cancelled_at") is DeploymentState.CANCELLED


def test_a_refusal_carries_each_reason_with_its_page():
    refused = NotStartable([Obstacle("One.", "/one/"), Obstacle("Two.")])

    assert refused.sentence == "It does not start. One. Two."
    assert [one.path for one in refused.obstacles] == ["/one/", ""]


def test_a_moment_is_told_on_the_clock_of_the_team():
    assert local_moment(NOW, "Asia/Kolkata") == "2026-11-25 02:30 IST"


@pytest.mark.parametrize(
    ("hours", "zone", "words"),
    [
        (2, "UTC", "2026-11-24 21:00 to 23:00 UTC"),
        (2, "Europe/Berlin", "2026-11-24 22:00 CET to 2026-11-25 00:00 CET"),
        (24, "UTC", "2026-11-24 21:00 UTC to 2026-11-25 21:00 UTC"),
    ],
)
def test_a_span_says_its_day_once_where_it_ends_on_the_same(hours: int, zone: str, words: str):
    began = datetime(2026, 11, 24, 21, tzinfo=UTC)

    assert local_span(began, began + timedelta(hours=hours), zone) == words


def test_a_span_over_the_change_of_the_clocks_says_both_zones():
    began = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)

    assert local_span(began, began + HOUR * 2, "Europe/Berlin") == "2026-10-25 01:30 CEST to 2026-10-25 02:30 CET"
