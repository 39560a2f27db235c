"""Evidence in a browser: on its item, on its row, and a whole group confirmed again."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient

from app.database import db
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.models.base import pretending, utc_now
from app.services.item_states import set_state
from app.services.profile import update_profile
from tests.factories import Made, MadeRelease, Make

ITEM, OTHER = "pre.schema-planned", "pre.tables-identified"
CI = "https://ci.example.org/1"
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def worker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


@pytest.fixture
def site(client_of: Callable, worker: Made) -> FlaskClient:
    return client_of(worker)


def item_page(release: MadeRelease, key: str = ITEM) -> str:
    return f"/items/{release.item(key).id}/"


def group_of(release: MadeRelease, name: str = "pre-development") -> str:
    return f"{release.module_path}groups/{name}/"


def row_of(page: str, item_id: int) -> str:
    found = re.search(rf'<li class="item[^>]*id="item-{item_id}".*?</li>', page, re.DOTALL)
    assert found is not None
    return found[0]


def proofs_of(page: str) -> list[str]:
    return re.findall(r'<li class="proof.*?</li>', page, re.DOTALL)


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def add(site: FlaskClient, release: MadeRelease, **fields: str):
    blank = {"link": "", "note": "", "measured_at": "", "expires_on": ""}
    return site.post(f"{item_page(release)}evidence/", data=blank | fields)


def tick(release: MadeRelease, who: Made, key: str) -> int:
    item = release.item(key)
    set_state(who.origin, item.id, revision=item.revision, state=ItemState.DONE)
    return item.id


def old_evidence(make: Make, release: MadeRelease, who: Made, key: str, **facts) -> int:
    item = tick(release, who, key)
    with pretending(utc_now() - timedelta(days=4)):
        return make.evidence(who, item, **facts)


def test_a_link_is_added_and_stands_on_the_page_with_its_age(site: FlaskClient, release: MadeRelease):
    answer = add(site, release, link=CI, note="all green", back=item_page(release))

    assert answer.status_code == 303
    [proof] = proofs_of(site.get(answer.headers["Location"]).text)
    assert f'href="{CI}"' in proof
    assert "all green measured just now added by" in text_of(proof)


def test_when_it_was_measured_is_read_in_the_zone_of_who_says_it(site: FlaskClient, release: MadeRelease, worker: Made):
    update_profile(worker.origin, revision=1, name=worker.name, time_zone="Asia/Tokyo", shortcuts_enabled=True)

    add(site, release, note="seen", measured_at="2026-01-05T09:30")

    assert release.item(ITEM).evidence_at.isoformat() == "2026-01-05T00:30:00+00:00"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Give a link, a file or a note."),
        ({"link": "javascript:alert(1)"}, "Give a whole address"),
        ({"note": "x", "measured_at": "2099-01-01T00:00"}, "in the future"),
        ({"note": "x", "measured_at": "yesterday"}, "Write a day and a time"),
        ({"note": "x", "expires_on": "2020-01-01"}, "is over already"),
        ({"note": "n" * 2001}, "Use at most 2000 characters"),
    ],
)
def test_what_cannot_be_is_refused_on_the_page_with_what_was_typed(
    site: FlaskClient, release: MadeRelease, fields: dict[str, str], sentence: str
):
    answer = add(site, release, **fields)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert '<h2 id="evidence-title">' in answer.text
    for typed in fields.values():
        assert typed in answer.text
    assert re.search(r'<details class="act-fold"[^>]*id="attach-\d+" open>', answer.text)
    assert release.item(ITEM).evidence_count == 0


def test_a_script_gets_the_refused_row(site: FlaskClient, release: MadeRelease):
    answer = site.post(f"{item_page(release)}evidence/", data={"measured_at": ""}, headers=SCRIPT)

    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert "Give a link, a file or a note." in answer.text


def test_a_row_says_how_much_evidence_there_is_and_how_old_the_newest_is(
    make: Make, site: FlaskClient, release: MadeRelease, worker: Made
):
    item = release.item(ITEM).id
    for days in (9, 3):
        with pretending(utc_now() - timedelta(days=days)):
            make.evidence(worker, item)

    row = row_of(site.get(group_of(release)).text, item)

    assert "2 evidence, newest 3 d" in text_of(row)
    assert f'href="/items/{item}/#evidence"' in row
    make.evidence(worker, item)
    assert "3 evidence, newest today" in text_of(row_of(site.get(group_of(release)).text, item))


def test_expired_evidence_is_said_to_be_expired_on_its_row_and_its_page(
    make: Make, site: FlaskClient, release: MadeRelease, worker: Made
):
    item = release.item(ITEM).id
    with pretending(utc_now() - timedelta(days=9)):
        make.evidence(worker, item, expires_on=utc_now().date() + timedelta(days=2))

    row = row_of(site.get(group_of(release)).text, item)
    [proof] = proofs_of(site.get(item_page(release)).text)

    assert "1 evidence, 9 d, expired" in text_of(row)
    assert 'href="#g-expired"' in row
    assert "expired 7 days ago" in text_of(proof)


@pytest.mark.parametrize(("days", "words"), [(0, "expires today"), (1, "expires tomorrow"), (2, "expires in 2 days")])
def test_evidence_says_until_when_it_counts(
    make: Make, site: FlaskClient, release: MadeRelease, worker: Made, *, days: int, words: str
):
    make.evidence(worker, release.item(ITEM).id, expires_on=utc_now().date() + timedelta(days=days))

    assert words in text_of(proofs_of(site.get(item_page(release)).text)[0])


def test_withdrawn_evidence_stays_on_the_page_with_who_and_why(
    make: Make, site: FlaskClient, release: MadeRelease, worker: Made
):
    number = make.evidence(worker, release.item(ITEM).id)
    address = f"{item_page(release)}evidence/{number}/withdraw/"

    empty = site.post(address, data={"reason": ""})
    answer = site.post(address, data={"reason": "another database", "back": item_page(release)})

    assert (empty.status_code, answer.status_code) == (422, 303)
    assert "Say why it no longer counts." in empty.text
    page = site.get(item_page(release)).text
    [proof] = proofs_of(page)
    assert f"Withdrawn by {worker.name}" in text_of(proof)
    assert "another database" in proof
    assert "/withdraw/" not in proof
    assert "withdrew evidence of" in page


def test_who_only_reads_sees_evidence_and_no_form_for_it(
    make: Make, client_of: Callable, release: MadeRelease, worker: Made
):
    make.evidence(worker, release.item(ITEM).id)

    page = client_of(make.person(Role.VIEWER)).get(item_page(release)).text

    assert "looked at it" in page
    assert "/evidence/" not in page
    assert "Add evidence" not in page


def test_an_item_that_asks_for_a_file_leads_to_where_one_is_attached(
    make: Make, site: FlaskClient, release: MadeRelease, worker: Made
):
    item = release.item(ITEM)
    item.value_kind, item.value_prompt = "file", "The schema as a picture"
    db.session.commit()

    before = row_of(site.get(group_of(release)).text, item.id)
    make.file(worker, item.id)
    after = row_of(site.get(group_of(release)).text, item.id)

    assert f'href="/items/{item.id}/#attach-{item.id}"' in before
    assert "The schema as a picture" in before
    assert 'name="value"' not in before
    assert "Attach a file" not in after


def test_a_number_is_shown_with_its_unit_and_refused_when_it_is_none(site: FlaskClient, release: MadeRelease):
    item = release.item("test.rollback")
    item.value_unit = "minutes"
    db.session.commit()

    wrong = site.post(f"/items/{item.id}/value/", data={"revision": 1, "value": "1 200", "link": ""})
    right = site.post(f"/items/{item.id}/value/", data={"revision": 1, "value": "12,5", "link": ""}, headers=SCRIPT)

    assert wrong.status_code == 422
    assert "Write the number without spaces: 1200." in wrong.text
    assert 'value="1 200"' in wrong.text
    assert "12,5 minutes" in text_of(right.text)


def test_a_group_offers_to_confirm_again_what_is_done_and_has_old_evidence(
    make: Make, site: FlaskClient, release: MadeRelease, worker: Made
):
    assert "Still true" not in site.get(group_of(release)).text
    old_evidence(make, release, worker, ITEM)
    make.evidence(worker, tick(release, worker, OTHER))

    page = site.get(group_of(release)).text

    assert "Still true: re-confirm 1" in text_of(page)


def test_confirming_again_is_one_click_after_a_look_at_which(
    make: Make, site: FlaskClient, release: MadeRelease, worker: Made
):
    first = old_evidence(make, release, worker, ITEM)
    old_evidence(make, release, worker, OTHER, expires_on=date(2100, 1, 1))
    checklist = release.item(ITEM).checklist_id
    address = f"/checklists/{checklist}/groups/pre-development/reconfirm/"

    page = site.get(address).text
    chosen = re.findall(r'name="evidence_ids" value="([^"]+)" checked', page)
    answer = site.post(address, data={"evidence_ids": chosen})

    assert len(chosen) == 2
    assert f"{first}.2" in chosen
    assert (answer.status_code, answer.headers["Location"]) == (302, group_of(release))
    assert "Confirmed again for 2 items." in site.get(group_of(release)).text
    assert len(make.events("evidence.reconfirmed")) == 2
    [proof] = proofs_of(site.get(item_page(release)).text)
    assert f"measured just now confirmed again by {worker.name}, first measured 4 d ago" in text_of(proof)
    assert "confirmed that the evidence of" in site.get(item_page(release)).text
    assert "nothing to confirm again" in site.get(address).text


def test_nothing_chosen_is_refused_and_the_page_stays(
    make: Make, site: FlaskClient, release: MadeRelease, worker: Made
):
    old_evidence(make, release, worker, ITEM)
    address = f"/checklists/{release.item(ITEM).checklist_id}/groups/pre-development/reconfirm/"

    answer = site.post(address, data={})

    assert answer.status_code == 422
    assert "Choose at least one piece of evidence." in answer.text
    assert 'name="evidence_ids"' in answer.text


def test_what_is_left_out_is_named_with_the_reason(make: Make, site: FlaskClient, release: MadeRelease, worker: Made):
    killer = next(row for row in release.items if row.severity.value == "killer")
    group = next(row for row in release.items if row.group_id == killer.group_id and row.severity.value != "killer")
    old_evidence(make, release, worker, killer.key)
    make.evidence(worker, group.id)
    page = site.get(item_page(release, killer.key)).text
    alone = re.search(r'href="([^"]+/reconfirm/\?item=\d+)"', page)[1]

    together = site.get(alone.partition("?")[0]).text
    one = site.get(alone).text

    assert "dangerous to skip: confirm it alone" in together
    assert "it is not done" in together
    assert 'name="evidence_ids"' not in together
    assert one.count('name="evidence_ids"') == 1


def test_expired_evidence_is_not_offered(make: Make, site: FlaskClient, release: MadeRelease, worker: Made):
    old_evidence(make, release, worker, ITEM, expires_on=utc_now().date() - timedelta(days=4))
    address = f"/checklists/{release.item(ITEM).checklist_id}/groups/pre-development/reconfirm/"

    page = site.get(address).text

    assert 'name="evidence_ids"' not in page
    assert "evidence has expired" in page
    assert "Still true: re-confirm" not in site.get(group_of(release)).text


def test_a_group_that_is_not_there_is_not_found(site: FlaskClient, release: MadeRelease):
    checklist = release.item(ITEM).checklist_id

    assert site.get(f"/checklists/{checklist}/groups/none/reconfirm/").status_code == 404
    assert site.post(f"/checklists/{checklist}/groups/none/reconfirm/", data={}).status_code == 404
