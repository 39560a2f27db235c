"""An item's page says why the box is here and which others stand for the same fact."""

from collections.abc import Callable

from sqlalchemy import update

from app.database import db
from app.domain.permissions import Role
from app.models import ChecklistItem
from tests.factories import Make


def test_origin_and_twins_of_the_same_checklist_are_linked(make: Make, client_of: Callable):
    release, other = make.release(), make.release()
    first, second = release.item("mig.create-tested"), release.item("mig.rollback-tested")
    for number, values in (
        (first.id, {"fact": "rehearsed", "origin": "The night of 3 March", "origin_link": "https://example.org/3"}),
        (second.id, {"fact": "rehearsed"}),
        (other.item("mig.rollback-tested").id, {"fact": "rehearsed"}),
    ):
        db.session.execute(update(ChecklistItem).where(ChecklistItem.id == number).values(**values))
    db.session.commit()

    page = client_of(make.person(Role.VIEWER)).get(f"/items/{first.id}/").text

    part = page.split('id="background"')[1].split("</section>")[0]
    assert "The night of 3 March" in part
    assert 'href="https://example.org/3"' in part
    assert part.count("<li>") == 1
    assert f'href="/items/{second.id}/"' in part


def test_an_item_without_either_says_nothing_about_it(make: Make, client_of: Callable):
    item = make.release().item("mig.file-exists")

    assert 'id="background"' not in client_of(make.person(Role.VIEWER)).get(f"/items/{item.id}/").text


def test_ticking_an_item_with_a_twin_ticks_the_twin_and_names_it(make: Make, client_of: Callable):
    release = make.release()
    first, second = release.item("mig.file-exists"), release.item("pre.schema-planned")
    db.session.execute(
        update(ChecklistItem).where(ChecklistItem.id.in_([first.id, second.id])).values(fact="the file is there")
    )
    db.session.commit()
    browser = client_of(make.person(Role.DEVELOPER))
    page = browser.get(f"/items/{first.id}/").text
    assert f'href="/items/{first.id}/#background"' in page

    browser.post(f"/items/{first.id}/state/", data={"revision": "1", "state": "done"})
    plain = browser.get(f"{release.module_path}everything/").text
    row = browser.post(
        f"/items/{first.id}/state/",
        data={"revision": "2", "state": "todo"},
        headers={"HX-Request": "true"},
    ).text

    assert f"Set along with it, as the same fact: “{second.text}”." in plain
    assert "The same fact, set along with it" in row
    assert second.text in row
    assert release.item("pre.schema-planned").state.value == "todo"


def test_several_items_say_how_many_went_along(make: Make, client_of: Callable):
    release = make.release()
    keys = ("mig.file-exists", "pre.schema-planned", "pre.tables-identified")
    first, second, third = (release.item(key) for key in keys)
    db.session.execute(
        update(ChecklistItem).where(ChecklistItem.id.in_([first.id, second.id])).values(fact="the file is there")
    )
    db.session.commit()
    browser = client_of(make.person(Role.DEVELOPER))

    page = browser.post(
        f"/checklists/{first.checklist_id}/several/",
        data={
            "item_ids": [f"{first.id}.1", f"{third.id}.1"],
            "action": "done",
            "reason": "Seen.",
            "waiver_reason": "other",
        },
        follow_redirects=True,
    ).text

    assert "2 items saved. 1 more states the same, and went along." in page
