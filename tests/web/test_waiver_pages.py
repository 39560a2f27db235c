"""Waivers of every kind in a browser: asked for without a script, told where they matter, listed in the register."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState, Severity
from app.domain.permissions import Role
from app.domain.waiver_kinds import REASONS, WaiverKind, WaiverReason
from app.domain.waivers import WaiverDecision
from app.models import ChecklistItem, Module, Waiver
from app.models.base import utc_now
from app.services.releases import ReleaseFacts, add_modules, create_release
from app.services.waivers import decide_waiver, request_waiver, withdraw_waiver
from app.web.waiver_cards import HEADER
from tests.factories import Made, MadeRelease, Make

ITEM = "pre.schema-planned"
KILLER = "mig.rollback-tested"
OTHER = "mig.file-exists"
GROUP = "migration-creation"
TODAY = utc_now().date()
SOON, FAR = TODAY + timedelta(days=3), TODAY + timedelta(days=90)


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def asker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


@pytest.fixture
def decider(make: Make) -> Made:
    return make.person(Role.DBA)


def ask(
    asker: Made, release: MadeRelease, key: str = ITEM, kind: WaiverKind = WaiverKind.OVERRIDE, ends_on: date = FAR
) -> int:
    """Ask for a waiver; its number."""
    item = release.item(key)
    request_waiver(
        asker.origin,
        item.id,
        revision=item.revision,
        kind=kind,
        reason=REASONS[kind][0],
        explanation="it follows with the next copy",
        ends_on=ends_on,
    )
    return db.session.scalars(select(Waiver.id).where(Waiver.item_id == item.id).order_by(Waiver.id.desc())).first()


def grant(asker: Made, decider: Made, release: MadeRelease, *more: object) -> int:
    """A waiver in force."""
    number = ask(asker, release, *more)
    decide_waiver(decider.origin, number, approve=True)
    return number


def let_pass(waiver: int) -> None:
    """Its last day was yesterday, and no worker has come by."""
    db.session.execute(update(Waiver).where(Waiver.id == waiver).values(ends_on=TODAY - timedelta(days=1)))
    db.session.commit()


def plain(page: str) -> str:
    """The words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


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
        ({"kind": "no-time"}, "Not a valid choice"),
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
    assert re.search(r"\d+ of \d+ applicable, 0 not applicable, 1 overridden", plain(module.text))
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

    assert release.item(KILLER).state is ItemState.OVERRIDDEN
    assert "0 of 1 modules are ready." in matrix
    assert "0 overridden" not in matrix
    assert "1 left in" in module
    assert "1 item is in the way" in blockers
    assert "not done, killer: its waiver has expired" in blockers
    assert "Migration creation is not complete: 1 left." in group


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


def test_the_register_is_narrowed_by_its_address(
    make: Make, client_of: Callable, asker: Made, decider: Made, release: MadeRelease
):
    grant(asker, decider, release, ITEM, WaiverKind.DEFERRAL, SOON)
    grant(asker, decider, release, KILLER, WaiverKind.ACCEPTED_RISK, FAR)
    withdraw_waiver(asker.origin, ask(asker, release, OTHER))
    decide_waiver(decider.origin, ask(asker, release, OTHER), approve=False, note="do it")
    ask(asker, release, OTHER)
    stranger = make.release()
    ask(asker, stranger)
    browser = client_of(make.person(Role.AUDITOR))

    def number(query: str) -> int:
        page = browser.get(f"/waivers/register/?{query}").text
        found = page.count('<tr id="waiver-')
        assert re.search(rf"\b{found} waivers?[, ]", plain(page))
        return found

    wanted = {
        "": 6,
        "standing=waiting": 2,
        "standing=in-force": 2,
        "standing=expiring": 1,
        "standing=expired": 0,
        "standing=refused": 1,
        "standing=withdrawn": 1,
        "standing=nonsense": 6,
        "kind=override": 4,
        "kind=no-time": 6,
        f"release={stranger.key}": 1,
        f"module={release.modules[0]}": 5,
        f"module={release.modules[0]}&kind=accepted_risk&standing=in-force": 1,
        "release=none": 0,
    }
    assert {query: number(query) for query in wanted} == wanted


def test_who_only_reads_sees_the_register_without_a_form(
    make: Make, client_of: Callable, asker: Made, decider: Made, release: MadeRelease
):
    grant(asker, decider, release)
    ask(asker, release, OTHER)
    browser = client_of(make.person(Role.AUDITOR))

    for address in ("/waivers/", "/waivers/register/", f"/items/{release.item(ITEM).id}/"):
        main = browser.get(address).text.split("<main")[1].split("</main>")[0]
        assert 'method="post"' not in main


def test_the_register_is_read_page_by_page_in_both_directions(
    make: Make, client_of: Callable, asker: Made, release: MadeRelease
):
    rows = [row for row in release.items if row.severity is not Severity.KILLER][:120]
    db.session.add_all(
        Waiver(
            item_id=row.id,
            reason=WaiverReason.OTHER,
            explanation="said in a sentence",
            state_before=ItemState.TODO,
            requested_by_id=asker.id,
            decision=WaiverDecision.PENDING,
        )
        for row in rows
    )
    db.session.commit()
    browser = client_of(make.person(Role.VIEWER))

    def walk(address: str, way: str) -> list[list[str]]:
        found = []
        while address:
            page = browser.get(address).text
            found.append(re.findall(r'id="waiver-(\d+)"', page))
            link = re.search(rf'rel="{way}" href="([^"]+)"', page)
            last, address = address, link[1].replace("&amp;", "&") if link else ""
        walked.append(last)
        return found

    walked: list[str] = []
    forward = walk("/waivers/register/?kind=not_applicable", "next")
    back = walk(walked[-1], "prev")
    waiting = walk("/waivers/", "next")

    assert [len(page) for page in forward] == [len(page) for page in waiting] == [50, 50, 20]
    everything = [number for page in forward for number in page]
    assert everything == sorted(set(everything), key=int, reverse=True)
    assert [number for page in waiting for number in page] == everything[::-1]
    assert back[::-1][-1] == forward[-1]
    assert [number for page in back[::-1] for number in page] == everything


def test_the_same_waiver_in_release_after_release_says_how_often(
    make: Make, client_of: Callable, asker: Made, decider: Made
):
    first = make.release(planned_on=TODAY)
    module = db.session.scalars(select(Module.id).where(Module.key == first.modules[0])).one()
    releases = [first]
    for number in (1, 2, 3):
        key = f"{first.key}-{number}"
        facts = ReleaseFacts(name=key, planned_on=TODAY + timedelta(days=30 * number))
        create_release(first.lead.origin, key, facts)
        add_modules(first.lead.origin, key, (module,))
        releases.append(MadeRelease(key, first.modules, first.lead))
    for release in releases[:2]:
        grant(asker, decider, release, ITEM, WaiverKind.NOT_APPLICABLE, FAR)
    grant(asker, decider, releases[0], OTHER)
    ask(asker, releases[2])
    decide_waiver(decider.origin, ask(asker, releases[2], OTHER), approve=False, note="do it")
    grant(asker, decider, releases[3], OTHER)

    page = client_of(asker).get("/waivers/register/").text
    told = re.findall(r"waived (?:for|in)[^<]+", page)

    assert told == ["waived in the 2 releases before, too", "waived for 2 releases in a row"]
    assert "waived in the 2 releases before, too" in client_of(decider).get("/waivers/").text


def test_the_export_holds_every_row_of_the_filter_and_is_remembered(
    make: Make, client_of: Callable, asker: Made, decider: Made, release: MadeRelease
):
    grant(asker, decider, release, ITEM, WaiverKind.DEFERRAL, SOON)
    number = ask(asker, release, KILLER)
    db.session.execute(update(Waiver).where(Waiver.id == number).values(explanation="=1+1"))
    db.session.commit()
    auditor = make.person(Role.AUDITOR)

    answer = client_of(auditor).get("/waivers/export/?module=" + release.modules[0])

    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert answer.mimetype == "text/csv"
    assert list(rows[0]) == list(HEADER)
    assert [(row["waiver_id"], row["standing"]) for row in rows] == [
        (str(number), "waiting for approval"),
        (str(number - 1), "in force, expires soon"),
    ]
    assert rows[0]["explanation"] == "'=1+1"
    assert (rows[1]["kind"], rows[1]["until"], rows[1]["releases_in_a_row"]) == ("deferral", SOON.isoformat(), "1")
    assert (rows[1]["asked_by"], rows[1]["decided_by"]) == (asker.name, decider.name)
    [event] = make.events("waiver.exported")
    assert (event.actor_id, event.object_label) == (auditor.id, f"module={release.modules[0]}")
    empty = client_of(auditor).get("/waivers/export/?release=none").data.decode("utf-8-sig")
    assert len(empty.splitlines()) == 1


def test_a_page_that_has_just_been_emptied_leads_back_to_the_first(
    client_of: Callable, asker: Made, release: MadeRelease
):
    number = ask(asker, release)

    page = client_of(asker).get(f"/waivers/?after={number}").text

    assert f'id="waiver-{number}"' in page
