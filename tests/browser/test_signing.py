"""Two people at one gate: what is signed is what was seen, with and without a hand on the mouse."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.queries.gates import list_active
from app.services.item_states import set_state
from tests.browser.conftest import PHONE
from tests.browser.places import number_of
from tests.factories import Make
from tests.integration.services.test_signoffs import Room

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("viewport", [None, PHONE])
def test_a_lead_signs_from_the_inbox_what_a_colleague_changed_under_their_eyes(
    person: Callable[..., Page], make: Make, viewport: dict[str, int] | None
) -> None:
    room = Room(make)
    gate, item = room.gate().id, room.item()
    page = person("leena", **({"viewport": viewport} if viewport else {}))
    page.goto("/signoffs/")
    page.locator(f'a[href="/gates/{gate}/sign/"]').click()
    page.get_by_label("Approve", exact=True).check()
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.TODO, reason="Not yet.")
    page.get_by_label("Your name").fill("Leena Thomas")
    page.get_by_role("button", name="Sign", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text(item.text)
    expect(page.get_by_label("Approve", exact=True)).to_be_disabled()
    assert list_active([gate]) == []

    set_state(room.worker.origin, item.id, revision=item.revision + 1, state=ItemState.DONE)
    page.goto(f"/gates/{gate}/")
    page.get_by_role("link", name="Look and sign").click()
    page.get_by_label("Approve", exact=True).check()
    page.get_by_label("Your name").fill("Leena Thomas")
    page.get_by_role("button", name="Sign", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("partly signed")
    assert [(one.person_id, one.role) for one in list_active([gate])] == [(number_of("leena"), Role.TEAM_LEAD)]
