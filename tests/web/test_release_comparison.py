"""A release beside an earlier one: what is open again, new and gone, for whoever may see both."""

import csv
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.blueprints.comparison.routes import HEADER
from app.database import db
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.models import ChecklistItem, Module
from app.services.release_modules import add_modules
from app.services.releases import ReleaseFacts, create_release, ship_release
from tests.factories import Made, MadeRelease, Make
from tests.web.waiving import plain

Browsers = Callable[[Made], FlaskClient]
AGAIN = "pre.schema-planned"


@pytest.fixture
def earlier(make: Make) -> MadeRelease:
    """A release of two modules that shipped, with everything of the first one done."""
    release = make.release(modules=2)
    checklist = release.item(AGAIN).checklist_id
    done = update(ChecklistItem).where(ChecklistItem.checklist_id == checklist)
    db.session.execute(done.values(state=ItemState.DONE))
    db.session.commit()
    ship_release(release.lead.origin, release.key)
    return release


@pytest.fixture
def later(earlier: MadeRelease, make: Make) -> MadeRelease:
    """The next one: with the first module, and another one instead of the second."""
    lead = earlier.lead
    keys = (earlier.modules[0], make.module(lead=lead).key)
    create_release(lead.origin, f"{earlier.key}-next", ReleaseFacts(name="The next one"))
    ids = tuple(db.session.scalars(select(Module.id).where(Module.key.in_(keys))))
    add_modules(lead.origin, f"{earlier.key}-next", ids)
    release = MadeRelease(f"{earlier.key}-next", keys, lead)
    items = update(ChecklistItem).where(ChecklistItem.checklist_id == release.item(AGAIN).checklist_id)
    db.session.execute(items.values(state=ItemState.DONE))
    db.session.execute(items.where(ChecklistItem.key == AGAIN).values(state=ItemState.FAILED))
    db.session.execute(items.where(ChecklistItem.key == "dev.models-file").values(state=ItemState.RULED_OUT))
    db.session.commit()
    return release


def test_without_another_key_it_is_compared_with_the_one_that_shipped_last(
    earlier: MadeRelease, later: MadeRelease, client_of: Browsers
):
    browser = client_of(later.lead)

    assert f'href="/releases/{later.key}/compare/"' in browser.get(later.path).text
    answer = browser.get(f"/releases/{later.key}/compare/")

    assert answer.status_code == 302
    assert answer.location == f"/releases/{later.key}/compare/{earlier.key}/"


def test_it_says_what_is_open_again_new_and_gone_with_what_each_number_is_of(
    earlier: MadeRelease, later: MadeRelease, client_of: Browsers
):
    page = client_of(later.lead).get(f"/releases/{later.key}/compare/{earlier.key}/").text
    said = plain(page)

    done_then = len(earlier.items) - 1
    assert f"1 of {done_then} items that were done in Release {earlier.key} are open in The next one." in said
    for words in ("no new item,", "1 item gone", "1 new module", "1 module gone"):
        assert words in said
    again = page.partition('id="open-again"')[2].partition("</section>")[0]
    assert f'href="/items/{later.item(AGAIN).id}/"' in again
    assert f'href="/items/{earlier.item(AGAIN).id}/"' in again
    assert "none opened" in said
    assert "n = 0 of 2" in said


def test_the_same_leaves_as_csv(make: Make, earlier: MadeRelease, later: MadeRelease, client_of: Browsers):
    answer = client_of(later.lead).get(f"/releases/{later.key}/compare/{earlier.key}/export/")

    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert tuple(rows[0]) == HEADER
    found = [(row["what"], row["item_key"] or row["module_key"], row["then"], row["now"]) for row in rows]
    assert found[:4] == [
        ("open now, done then", AGAIN, "done", "failed"),
        ("item gone", "dev.models-file", "done", ""),
        ("new module", later.modules[1], "", ""),
        ("module gone", earlier.modules[1], "", ""),
    ]
    (event,) = make.events("metric.exported")
    assert event.object_label == f"The next one compared with Release {earlier.key}"


def test_both_have_to_be_seen_and_only_the_own_modules_are_told(
    make: Make, earlier: MadeRelease, later: MadeRelease, client_of: Browsers
):
    ids = {row.key: row.id for row in db.session.execute(select(Module.key, Module.id))}
    of_new = client_of(make.person(Role.VIEWER, module_id=ids[later.modules[1]]))
    of_both = client_of(make.person(Role.VIEWER, module_id=ids[earlier.modules[0]]))

    assert of_new.get(f"/releases/{later.key}/compare/{earlier.key}/").status_code == 404
    assert of_new.get(f"/releases/{later.key}/compare/{earlier.key}/export/").status_code == 404
    page = plain(of_both.get(f"/releases/{later.key}/compare/{earlier.key}/").text)
    assert "no new module, no module gone" in page
    assert "as far as you may see them" in page
    assert "n = 0 of 1" in page
    assert "n = 0 of 2" not in page


def test_where_nothing_shipped_before_another_one_can_be_chosen(make: Make, earlier: MadeRelease, client_of: Browsers):
    browser = client_of(earlier.lead)
    other = make.release()
    ship_release(other.lead.origin, other.key)  # after this one

    page = browser.get(f"/releases/{earlier.key}/compare/")
    chosen = browser.get(f"/releases/{earlier.key}/compare/?with={other.key}")

    assert "No release has shipped before this one." in page.text
    assert f'value="{other.key}"' in page.text
    assert chosen.location == f"/releases/{earlier.key}/compare/{other.key}/"
    itself = browser.get(f"/releases/{earlier.key}/compare/{earlier.key}/")
    assert "A release is no different from itself." in itself.text


def test_it_asks_as_much_for_many_modules_as_for_few(
    make: Make, earlier: MadeRelease, later: MadeRelease, client_of: Browsers, statements: list[str]
):
    browser, counts = client_of(later.lead), []
    for _ in range(2):
        statements.clear()
        browser.get(f"/releases/{later.key}/compare/{earlier.key}/")
        counts.append(len(statements))
        add_modules(later.lead.origin, later.key, (make.module(lead=later.lead).id,))

    assert counts[0] == counts[1] < 20
