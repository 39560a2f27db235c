"""Publishing: a draft becomes a version that nobody changes, and no live checklist changes by it."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app.database import db
from app.domain.actors import Origin
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.domain.template_content import (
    TemplateContent,
)
from app.models import ChecklistItem, Template, TemplateVersion
from app.queries.drafts import content_of_draft, get_draft, list_draft_items
from app.services.draft_content import (
    add_group,
    add_item,
    update_item,
)
from app.services.drafts import begin_draft, create_template, update_draft
from app.services.publishing import publish
from app.services.templates import BUILT_IN
from tests.factories import Made, Make
from tests.integration.services.test_drafts import GROUP, ITEM, digest_of


@pytest.fixture
def lead(make: Make) -> Made:
    return make.lead()


@pytest.fixture
def key(lead: Made) -> str:
    return create_template(lead.origin, "nightly", name="Nightly batch")


@pytest.fixture
def group(lead: Made, key: str) -> int:
    return add_group(lead.origin, key, GROUP)


def test_publishing_makes_the_next_version_word_for_word_and_ends_the_draft(
    make: Make, lead: Made, key: str, group: int
):
    add_item(lead.origin, key, group, ITEM)
    update_draft(lead.origin, key, revision=1, name="Nightly", description="Read *all* of it.")

    assert publish(lead.origin, key, note="The first one.", seen=digest_of(key)) == 1

    version = db.session.scalars(
        select(TemplateVersion).join(Template, Template.id == TemplateVersion.template_id).where(Template.key == key)
    ).one()
    assert (version.number, version.note, version.description) == (1, "The first one.", "Read *all* of it.")
    assert version.published_by_id == lead.id
    with pytest.raises(NotFound):
        get_draft(key)
    begin_draft(lead.origin, key)
    content = content_of_draft(get_draft(key))
    assert content == TemplateContent(
        "Nightly",
        "Read *all* of it.",
        (replace(GROUP, key="before-the-night", items=(replace(ITEM, key="stop-the-queue"),)),),
    )
    assert [event.reason for event in make.events("template.published")][-1] == "The first one."


def test_only_a_dba_or_a_team_lead_publishes(make: Make, lead: Made, key: str, group: int):
    add_item(lead.origin, key, group, ITEM)
    with pytest.raises(NotPermitted):
        publish(make.person(Role.DEVELOPER).origin, key, note="The first one.", seen=digest_of(key))

    assert publish(make.person(Role.DBA).origin, key, note="The first one.", seen=digest_of(key)) == 1


def test_what_was_not_seen_is_not_published(lead: Made, key: str, group: int):
    number = add_item(lead.origin, key, group, ITEM)
    seen = digest_of(key)
    update_item(lead.origin, key, number, replace(ITEM, text="Stop all queues"), revision=1)

    with pytest.raises(Conflict, match="changed the draft"):
        publish(lead.origin, key, note="The first one.", seen=seen)


def test_an_empty_draft_and_one_without_a_sentence_are_not_published(lead: Made, key: str, group: int):
    with pytest.raises(RuleViolation, match="no items"):
        publish(lead.origin, key, note="The first one.", seen=digest_of(key))
    add_item(lead.origin, key, group, ITEM)
    with pytest.raises(InvalidInput, match="what is new"):
        publish(lead.origin, key, note="new", seen=digest_of(key))


def test_a_draft_in_which_nothing_is_different_is_not_published(lead: Made, key: str, group: int):
    add_item(lead.origin, key, group, ITEM)
    publish(lead.origin, key, note="The first one.", seen=digest_of(key))
    begin_draft(lead.origin, key)

    with pytest.raises(RuleViolation, match="Nothing is different from version 1"):
        publish(lead.origin, key, note="The same again.", seen=digest_of(key))


def test_sending_the_publication_again_gives_the_same_number(lead: Made, key: str, group: int):
    add_item(lead.origin, key, group, ITEM)
    origin, seen = lead.origin, digest_of(key)

    first = publish(origin, key, note="The first one.", seen=seen)
    again = publish(Origin(origin.actor, key=origin.key, request_id="test"), key, note="The first one.", seen=seen)

    assert first == again == 1
    assert db.session.scalar(select(func.count()).select_from(TemplateVersion)) == 2


def test_publishing_changes_no_checklist(make: Make, lead: Made):
    release = make.release()
    before = [(row.id, row.key, row.text, row.revision) for row in release.items]
    begin_draft(lead.origin, BUILT_IN)
    first = list_draft_items(get_draft(BUILT_IN).id)[0]
    facts = replace(content_of_draft(get_draft(BUILT_IN)).items[0], text="Something else")
    update_item(lead.origin, BUILT_IN, first.id, facts, revision=1)

    publish(lead.origin, BUILT_IN, note="Another word.", seen=digest_of(BUILT_IN))

    assert [(row.id, row.key, row.text, row.revision) for row in release.items] == before
    assert db.session.scalar(select(func.count()).where(ChecklistItem.text == "Something else")) == 0
