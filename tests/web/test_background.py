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
