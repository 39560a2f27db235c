"""Sending the same again: the first answer is given, nothing is done twice, and nothing is left behind."""

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import ItemState
from app.domain.errors import Busy, InvalidInput, KeyReused
from app.domain.permissions import Role
from app.models import IdempotencyKey, ItemComment, Module
from app.models.base import utc_now
from app.services.accounts import make_setup_link, new_link_token
from app.services.change import Change
from app.services.item_states import set_state
from app.services.items import add_comment
from app.services.modules import ModuleFacts, create_module, update_module
from app.services.write_path import write_path
from tests.factories import MadeRelease, Make

ITEM = "pre.schema-planned"


@write_path
def name_module_unlooked(change: Change, key: str) -> bool:
    """Add a row whose name must be its own, and leave it to the database to say so."""
    change.session.add(Module(key=key, name=key))
    change.session.flush()
    return True


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def test_the_same_key_again_gives_the_stored_answer_and_changes_nothing(make: Make):
    origin = Origin(make.lead().actor)

    answers = {create_module(origin, "orders", ModuleFacts("Orders")) for _ in range(3)}

    assert answers == {"orders"}
    assert len(make.events("module.created")) == 1


def test_the_same_key_gives_its_answer_though_the_same_could_be_done_again(make: Make, release: MadeRelease):
    origin, item = make.person(Role.DEVELOPER).origin, release.item(ITEM)

    answers = [add_comment(origin, item.id, text="said") for _ in range(2)]

    assert answers[0] == answers[1]
    assert db.session.scalars(select(ItemComment.text)).all() == ["said"]
    assert len(make.events("item.commented")) == 1


def test_the_same_key_gives_its_answer_though_what_it_asks_for_is_over(make: Make, release: MadeRelease):
    origin, item = make.person(Role.DEVELOPER).origin, release.item(ITEM)
    first = set_state(origin, item.id, revision=item.revision, state=ItemState.DONE)

    assert set_state(origin, item.id, revision=item.revision, state=ItemState.DONE) == first
    assert make.events("attempt.refused") == []


def test_the_same_key_gives_its_answer_where_only_the_database_refuses(make: Make):
    origin = make.lead().origin

    assert [name_module_unlooked(origin, "orders"), name_module_unlooked(origin, "orders")] == [True, True]
    with pytest.raises(IntegrityError):
        name_module_unlooked(make.lead().origin, "orders")


def test_the_same_key_with_other_content_that_could_be_done_is_refused_and_leaves_nothing(
    make: Make, release: MadeRelease
):
    origin, item = make.person(Role.DEVELOPER).origin, release.item(ITEM)
    add_comment(origin, item.id, text="said")

    with pytest.raises(KeyReused, match="sent before with other content"):
        add_comment(origin, item.id, text="said otherwise")

    assert db.session.scalars(select(ItemComment.text)).all() == ["said"]


def test_the_same_key_with_other_content_is_refused(make: Make):
    origin = Origin(make.lead().actor)
    create_module(origin, "orders", ModuleFacts("Orders"))

    with pytest.raises(KeyReused, match="sent before with other content"):
        create_module(origin, "stock", ModuleFacts("Stock"))
    with pytest.raises(KeyReused):
        update_module(origin, "orders", ModuleFacts("Orders"), revision=1)

    assert len(make.events("module.created")) == 1
    assert make.events("attempt.refused") == []


def test_two_people_may_send_the_same_key(make: Make):
    first, second = make.lead(), make.lead()

    create_module(Origin(first.actor, key=b"k" * 16), "orders", ModuleFacts("Orders"))
    create_module(Origin(second.actor, key=b"k" * 16), "stock", ModuleFacts("Stock"))

    assert len(make.events("module.created")) == 2


def test_the_answer_to_one_persons_key_is_not_given_to_another(make: Make):
    first, second = make.lead(), make.lead()
    create_module(Origin(first.actor, key=b"k" * 16), "orders", ModuleFacts("Orders"))

    with pytest.raises(InvalidInput):
        create_module(Origin(second.actor, key=b"k" * 16), "orders", ModuleFacts("Orders"))


def test_what_was_refused_may_be_mended_and_sent_again_under_its_key(make: Make):
    origin = Origin(make.lead().actor)
    with pytest.raises(InvalidInput):
        create_module(origin, "No Key", ModuleFacts("Orders"))

    assert create_module(origin, "orders", ModuleFacts("Orders")) == "orders"


def test_what_was_done_goes_back_where_its_key_has_no_answer_to_give(make: Make):
    origin = Origin(make.lead().actor)
    row = {"person_id": origin.actor.id, "key": origin.key, "request_digest": b"0" * 32, "created_at": utc_now()}
    db.session.execute(insert(IdempotencyKey).values(row))
    db.session.commit()

    with pytest.raises(Busy, match="sent a moment ago"):
        create_module(origin, "orders", ModuleFacts("Orders"))

    assert make.events("module.created") == []


def test_a_key_stands_for_the_content_without_holding_a_secret(app):
    token = SecretStr(new_link_token())
    make_setup_link(Origin(SYSTEM), token)

    [key] = db.session.scalars(select(IdempotencyKey).where(IdempotencyKey.answer == b"true").limit(1))
    assert token.get_secret_value().encode() not in key.request_digest + (key.answer or b"")
