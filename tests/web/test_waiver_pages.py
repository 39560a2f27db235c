"""Waivers of every kind in a browser: asked for without a script, and told wherever they matter."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.domain.waiver_kinds import REASONS, WaiverKind, WaiverReason
from app.models import ChecklistItem, Waiver
from app.models.base import pretending
from app.web.form_words import NOT_OFFERED
from tests.factories import Made, MadeRelease, Make
from tests.web.waiving import FAR, ITEM, KILLER, OTHER, SOON, TODAY, grant, let_pass, plain

GROUP = "migration-creation"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def asker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


@pytest.fixture
def decider(make: Make) -> Made:
    return make.person(Role.DBA)


def filled(release: MadeRelease, **more: str) -> dict[str, str]:
    """The form as a browser without scripts sends it."""
    form = {"kind": "override", "reason_code": "false_alarm", "explanation": "the check is wrong", "revision": "1"}
    return form | {"ends_on": FAR.isoformat(), **more}


def test_the_form_offers_every_kind_and_every_reason_without_a_script(
    client_of: Callable, asker: Made, release: MadeRelease
):
    page = client_of(asker).get(f"/items/{release.item(ITEM).id}/").text

    form = page.split('class="in-row waive-form"')[1].split("</form>")[0]
    assert re.findall(r'type="radio" name="kind" value="(\w+)"', form) == [kind.value for kind in WaiverKind]
    offered = re.findall(r'<option value="(\w*)"', form)
    assert set(offered) == {"", *(reason.value for reason in WaiverReason)}
    assert len(offered) == len(set(offered))
    assert re.findall(r'<optgroup label="([^"]+)"', form)[:4] == [kind.label for kind in WaiverKind]
    assert f'min="{TODAY}"' in form
    assert "UTC" in form


@pytest.mark.parametrize("kind", list(WaiverKind))
def test_each_kind_is_asked_for_by_a_plain_form(
    client_of: Callable, asker: Made, release: MadeRelease, kind: WaiverKind
):
    form = filled(release, kind=kind.value, reason_code=REASONS[kind][0].value)

    answer = client_of(asker).post(f"/items/{release.item(ITEM).id}/waiver/", data=form)

    assert answer.status_code == 303
    waiver = db.session.scalars(select(Waiver)).one()
    assert (waiver.kind, waiver.reason, waiver.ends_on) == (kind, REASONS[kind][0], FAR)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"reason_code": "not_touched"}, "is no reason for this kind of waiver: override."),
        ({"reason_code": ""}, "Choose a reason."),
        ({"ends_on": ""}, "Say until when"),
        ({"ends_on": "soon"}, "Write a day as year, month, day"),
        ({"ends_on": "2020-01-01"}, "Its last day has passed already"),
        ({"ends_on": (TODAY + timedelta(days=400)).isoformat()}, "a year at most"),
        ({"kind": "no-time"}, NOT_OFFERED),
    ],
)
def test_what_does_not_fit_is_said_and_what_was_typed_stays(
    client_of: Callable, asker: Made, release: MadeRelease, more: dict[str, str], told: str
):
    answer = client_of(asker).post(f"/items/{release.item(ITEM).id}/waiver/", data=filled(release, **more))

    assert answer.status_code == 422
    assert told in plain(answer.text)
    assert ">the check is wrong</textarea>" in answer.text
    assert release.item(ITEM).state is ItemState.TODO
    assert db.session.scalars(select(Waiver)).all() == []


def test_several_at_once_are_offered_and_take_reasons_of_not_applicable_only(
    client_of: Callable, asker: Made, release: MadeRelease
):
    browser, item = client_of(asker), release.item(ITEM)
    page = browser.get(f"{release.module_path}groups/pre-development/").text
    form = {"action": "waive", "waiver_reason": "unlikely", "reason": "not here", "item_ids": f"{item.id}.1"}

    answer = browser.post(f"/checklists/{item.checklist_id}/several/", data=form)

    assert "unlikely" not in page.split('id="several-waiver"')[1].split("</select>")[0]
    assert answer.status_code == 422
    assert release.item(ITEM).state is ItemState.TODO


def test_a_waived_row_says_its_kind_its_reason_its_day_and_who(
    client_of: Callable, asker: Made, decider: Made, release: MadeRelease
):
    grant(asker, decider, release, KILLER, WaiverKind.ACCEPTED_RISK, SOON)

    page = client_of(asker).get(f"/items/{release.item(KILLER).id}/").text

    words = plain(page)
    assert 'class="item is-overridden"' in page
    assert "Accepted risk. It is unlikely to happen here. it follows with the next copy" in words
    assert f"{SOON.day} {SOON:%B %Y}, UTC: expires in 3 days" in words
    assert f"Asked by {asker.name}" in words
    assert f"approved by {decider.name}" in words
    assert "data-tick" not in page
    assert "Ask for another waiver, to follow this one" in words
    assert "End it early" not in words


def test_a_waiver_is_ended_early_from_its_row(client_of: Callable, asker: Made, decider: Made, release: MadeRelease):
    number, browser = grant(asker, decider, release), client_of(decider)
    assert "End it early" in browser.get(f"/items/{release.item(ITEM).id}/").text

    without = browser.post(f"/waivers/{number}/end/", data={"end_reason": " "})
    answer = browser.post(f"/waivers/{number}/end/", data={"end_reason": "the copy is here"})

    assert (without.status_code, answer.status_code) == (422, 303)
    assert "Say why it ends early." in without.text
    assert release.item(ITEM).state is ItemState.TODO
    assert "Ended. The item is open again." in browser.get(answer.location).text


def test_what_has_expired_says_so_before_anybody_opened_it(
    client_of: Callable, asker: Made, decider: Made, release: MadeRelease
):
    let_pass(grant(asker, decider, release))
    browser = client_of(asker)

    row = plain(browser.get(f"/items/{release.item(ITEM).id}/").text)
    listed = plain(browser.get("/waivers/register/?standing=expired").text)

    assert release.item(ITEM).state is ItemState.OVERRIDDEN
    assert row.count("expired, reopening") >= 2
    assert "expired, reopening" in listed
    assert "1 waiver, expired" in listed


def settle(*but: int) -> None:
    """Tick everything but some items."""
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id.not_in(but)).values(state=ItemState.DONE))
    db.session.commit()


def test_what_is_ready_all_the_same_is_never_plainly_ready(
    client_of: Callable, asker: Made, decider: Made, release: MadeRelease
):
    grant(asker, decider, release, KILLER)
    settle(release.item(KILLER).id)
    browser = client_of(asker)

    matrix, module = browser.get(release.path), browser.get(release.module_path)
    group = browser.get(f"{release.module_path}groups/{GROUP}/").text

    assert "1 of 1 modules are ready, with 1 overridden, a killer." in plain(matrix.text)
    assert 'class="good"' not in matrix.text
    assert "is complete, with 1 overridden, a killer." in plain(module.text)
    assert 'class="good"' not in module.text
    assert re.search(r"is complete with 1 overridden, a killer: \d+ done\.", plain(group))
    assert re.search(r"\d+ of \d+ applicable ?, 0 not applicable ?, 1 overridden", plain(module.text))
    rows = browser.get(f"{release.path}items/?show=overridden").text
    assert rows.count('<tr><th scope="row"') == 1


def test_what_has_expired_is_in_the_way_before_anybody_opened_it(
    client_of: Callable, asker: Made, decider: Made, release: MadeRelease
):
    let_pass(grant(asker, decider, release, KILLER))
    settle(release.item(KILLER).id)
    browser = client_of(asker)

    matrix, module, blockers, group = (
        plain(browser.get(address).text)
        for address in (
            release.path,
            release.module_path,
            f"{release.path}blockers/",
            f"{release.module_path}groups/{GROUP}/",
        )
    )

    left = browser.get(f"{release.module_path}everything/?show=left").text
    assert re.findall(r'data-state="(\w+)"', left) == ["overridden"]
    assert release.item(KILLER).state is ItemState.OVERRIDDEN
    assert "0 of 1 modules are ready." in matrix
    assert "0 overridden" not in matrix
    assert "1 left in" in module
    assert "1 item is in the way" in blockers
    assert "not done, killer: its waiver has expired" in blockers
    assert "Migration creation is not complete: 1 left." in group


def test_a_page_is_made_anew_when_the_day_changes_in_utc(make: Make, client_of: Callable, release: MadeRelease):
    reader = make.person(Role.VIEWER)
    evening = datetime.combine(TODAY, time(23, 50), UTC)
    with pretending(evening):
        browser = client_of(reader)
        tag = browser.get(release.module_path).headers["ETag"]

    answers = []
    for moment in (evening + timedelta(minutes=5), evening + timedelta(minutes=15)):
        with pretending(moment):
            answers.append(browser.get(release.module_path, headers={"If-None-Match": tag}).status_code)

    assert answers == [304, 200]


def test_a_cell_of_the_matrix_leads_to_what_is_overridden_in_it(
    client_of: Callable, asker: Made, decider: Made, release: MadeRelease
):
    grant(asker, decider, release, ITEM)
    grant(asker, decider, release, KILLER, WaiverKind.DEFERRAL)
    settle(release.item(ITEM).id, release.item(KILLER).id, release.item(OTHER).id)
    browser = client_of(asker)

    page = browser.get(release.path).text
    [link] = re.findall(r'<a class="cell is-overridden" href="([^"]+)">', page)

    assert "1 overridden" in plain(page)
    assert browser.get(link.replace("&amp;", "&")).text.count('<tr><th scope="row"') == 1
    assert browser.get(f"{release.path}?state=waived").text.count('id="row-') == 1
    assert browser.get(f"{release.path}items/?show=deferred").text.count('<tr><th scope="row"') == 1


def test_who_asked_and_who_approved_are_told_that_it_expires_soon(
    make: Make, client_of: Callable, asker: Made, decider: Made, release: MadeRelease
):
    grant(asker, decider, release, ITEM, WaiverKind.DEFERRAL, SOON)
    grant(asker, decider, release, OTHER, WaiverKind.DEFERRAL, FAR)

    for person, words in ((asker, "you asked for it"), (decider, "you approved it")):
        page = plain(client_of(person).get("/me/").text)
        assert "1 thing waits for you. Waivers that expire soon first." in page
        assert f"expires in 3 days, {words}" in page
    assert "expires" not in plain(client_of(make.person(Role.DBA)).get("/me/").text)
