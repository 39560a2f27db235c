"""A ticked item with other words: saying that it is still true, and taking the tick back."""

import pytest

from app.domain.checklist import ItemState
from app.domain.errors import Conflict
from app.domain.permissions import Role
from app.services.adoption import confirm_item
from app.services.item_states import set_state
from app.services.undo import undo
from tests.factories import MadeRelease, Make
from tests.versions import bring, edited, newest_content, publish, said, tick

PLANNED = "pre.schema-planned"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def test_still_true_clears_the_mark_and_leaves_one_event(release: MadeRelease, make: Make):
    developer = make.person(Role.DEVELOPER)
    tick(release, PLANNED)
    bring(release, publish(edited(newest_content(), pre__schema_planned=said("Plan it well"))))
    item = release.item(PLANNED)

    confirm_item(developer.origin, item.id, revision=item.revision)
    again = confirm_item(developer.origin, item.id, revision=item.revision + 1)

    now = release.item(PLANNED)
    assert (now.is_reworded, now.state, now.changed_by_id) == (False, ItemState.DONE, release.lead.id)
    assert again.event is None
    [event] = make.events("item.confirmed")
    assert (event.actor_id, event.object_id) == (developer.id, item.id)


def test_still_true_from_an_old_page_is_a_conflict(release: MadeRelease, make: Make):
    tick(release, PLANNED)
    bring(release, publish(edited(newest_content(), pre__schema_planned=said("Plan it well"))))
    old = release.item(PLANNED).revision
    set_state(release.lead.origin, release.item(PLANNED).id, revision=old, state=ItemState.TODO)

    with pytest.raises(Conflict):
        confirm_item(make.person(Role.DEVELOPER).origin, release.item(PLANNED).id, revision=old)


def test_what_is_un_ticked_is_asked_no_more_until_that_is_taken_back(release: MadeRelease):
    tick(release, PLANNED)
    bring(release, publish(edited(newest_content(), pre__schema_planned=said("Plan it well"))))
    item = release.item(PLANNED)

    saved = set_state(release.lead.origin, item.id, revision=item.revision, state=ItemState.TODO)
    assert not release.item(PLANNED).is_reworded
    undo(release.lead.origin, item.id, bytes.fromhex(saved.event or ""))

    assert (release.item(PLANNED).state, release.item(PLANNED).is_reworded) == (ItemState.DONE, True)
