"""How ticks came, and what became of items in a year: for those who look after the work, and in nobody's way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverKind
from app.models.base import pretending, utc_now
from app.queries.modules import get_module
from app.services.item_states import set_state, set_states
from app.services.templates import BUILT_IN
from tests.factories import MadeRelease, Make
from tests.web.waiving import grant

REVIEW = f"/templates/{BUILT_IN}/review/"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def tick(release: MadeRelease, worker: Any, number: int) -> None:
    for row in [row for row in release.items if row.severity.value != "killer"][:number]:
        set_state(worker.origin, row.id, revision=1, state=ItemState.DONE)


def test_a_burst_is_told_to_a_lead_a_dba_and_an_auditor_and_to_nobody_else(
    make: Make, client_of: Callable, release: MadeRelease
):
    worker = make.person(Role.DEVELOPER, name="Ravi Menon")
    tick(release, worker, 9)

    for role in (Role.TEAM_LEAD, Role.DBA, Role.AUDITOR):
        page = client_of(make.person(role)).get(release.module_path).text
        assert "9 ticks within " in page
        assert "by Ravi Menon" in page
        assert "Nearly all ticks came within one minute." in page
    assert "How the ticks came" not in client_of(make.person(Role.DEVELOPER)).get(release.module_path).text


def test_work_at_a_readers_pace_and_boxes_set_together_under_a_sentence_are_not_marked(
    make: Make, client_of: Callable, release: MadeRelease
):
    worker = make.person(Role.DEVELOPER)
    rows = [row for row in release.items if row.severity.value != "killer"][:20]
    checklist = release.item(rows[0].key).checklist_id
    for number, row in enumerate(rows[:8]):
        with pretending(utc_now() - timedelta(minutes=40 - number)):
            set_state(worker.origin, row.id, revision=1, state=ItemState.DONE)
    together = tuple((row.id, row.revision) for row in rows[8:])
    set_states(worker.origin, checklist, together, state=ItemState.DONE, reason="gone through together")

    assert "How the ticks came" not in client_of(make.lead()).get(release.module_path).text


def test_the_review_counts_what_became_of_each_item(make: Make, client_of: Callable):
    releases = [make.release() for _ in range(3)]
    worker, lead = make.person(Role.DEVELOPER), make.lead()
    for release in releases:
        set_state(worker.origin, release.item("pre.schema-planned").id, revision=1, state=ItemState.DONE)
    caught = releases[0].item("mig.file-exists")
    set_state(worker.origin, caught.id, revision=1, state=ItemState.FAILED)
    grant(worker, lead, releases[0], "tests.unit.models", WaiverKind.NOT_APPLICABLE)

    page = client_of(lead).get(f"{REVIEW}?show=all").text

    def numbers(key: str) -> list[str]:
        row = page.split(f'<tr id="{key}">')[1].split("</tr>")[0]
        return [part.split("<")[0] for part in row.split('<td class="number">')[1:]]

    assert numbers("pre.schema-planned") == ["3", "3", "0", "0"]
    assert numbers("mig.file-exists") == ["3", "0", "1", "0"]
    assert numbers("tests.unit.models") == ["3", "0", "0", "1"]


def test_the_first_view_names_only_what_may_be_retired(make: Make, client_of: Callable):
    for _ in range(3):
        make.release()
    release = make.release()
    set_state(release.lead.origin, release.item("mig.file-exists").id, revision=1, state=ItemState.FAILED)

    page = client_of(make.lead()).get(REVIEW).text

    assert '<tr id="pre.schema-planned">' in page
    assert '<tr id="mig.file-exists">' not in page


def test_who_sees_one_module_is_told_of_its_checklists_alone(make: Make, client_of: Callable):
    for _ in range(3):
        release = make.release()
    module = release.item("mig.file-exists")
    set_state(release.lead.origin, module.id, revision=1, state=ItemState.FAILED)
    module_id = get_module(release.modules[0], release.lead.actor).id

    page = client_of(make.person(Role.VIEWER, module_id=module_id)).get(f"{REVIEW}?show=all").text

    row = page.split('<tr id="mig.file-exists">')[1].split("</tr>")[0]
    assert [part.split("<")[0] for part in row.split('<td class="number">')[1:]] == ["1", "0", "1", "0"]


def test_before_anything_was_asked_often_there_is_nothing_to_retire(make: Make, client_of: Callable):
    page = client_of(make.person(Role.VIEWER)).get(REVIEW).text

    assert "Nothing to retire." in page
