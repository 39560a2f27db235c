"""The register of waivers: narrowed, read page by page, counted over releases, and taken away."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState, Severity
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.domain.waivers import WaiverDecision
from app.models import Module, Waiver
from app.services.release_modules import add_modules, remove_module
from app.services.releases import ReleaseFacts, create_release
from app.services.waivers import decide_waiver, withdraw_waiver
from app.web.waiver_cards import HEADER
from tests.factories import Made, MadeRelease, Make
from tests.web.waiving import FAR, ITEM, KILLER, OTHER, SOON, TODAY, ask, grant, plain


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def asker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


@pytest.fixture
def decider(make: Make) -> Made:
    return make.person(Role.DBA)


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

    # A release that the module left long ago is no gap in the row.
    create_release(first.lead.origin, "left", ReleaseFacts(name="Left", planned_on=TODAY + timedelta(days=15)))
    add_modules(first.lead.origin, "left", (module,))
    remove_module(first.lead.origin, "left", first.modules[0])

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
