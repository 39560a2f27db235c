"""Drafts: what the next version is going to say, changed by several people, in nobody's live checklist."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from app.database import db
from app.domain.checklist import BelongsTo, Mode, Severity
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.domain.template_content import (
    DueAnchor,
    DueRule,
    GroupContent,
    ItemContent,
    ValueKind,
    content_digest,
)
from app.models import DraftGroup, DraftItem, TemplateDraft, TemplateItem
from app.queries.drafts import content_of_draft, get_draft, list_draft_groups, list_draft_items, list_templates
from app.services.draft_content import (
    add_group,
    add_item,
    move_group,
    move_item,
    move_item_to,
    remove_group,
    retire_item,
    split_item,
    update_group,
    update_item,
)
from app.services.drafts import begin_draft, create_template, discard_draft, update_draft
from app.services.templates import BUILT_IN
from tests.factories import Made, Make

GROUP = GroupContent(key="", title="Before the night", section="Nightly", belongs_to=BelongsTo.RELEASE)
ITEM = ItemContent(
    key="",
    text="Stop the queue",
    body="```sh\nqueue stop\n```",
    severity=Severity.KILLER,
    value_prompt="Jobs that were waiting",
    value_kind=ValueKind.NUMBER,
    value_unit="jobs",
    due=DueRule(DueAnchor.RELEASE_PLANNED, -1, weekdays_only=True),
    origin="The night of 3 March",
    origin_link="https://example.org/incidents/3",
    applies_when="touches_schema",
    fact="queue-stopped",
)


@pytest.fixture
def lead(make: Make) -> Made:
    return make.lead()


@pytest.fixture
def key(lead: Made) -> str:
    return create_template(lead.origin, "nightly", name="Nightly batch")


@pytest.fixture
def group(lead: Made, key: str) -> int:
    return add_group(lead.origin, key, GROUP)


def digest_of(key: str) -> str:
    return content_digest(content_of_draft(get_draft(key))).hex()


def texts_of(key: str) -> list[str]:
    return [item.text for item in list_draft_items(get_draft(key).id)]


def revision_of(item_id: int) -> int:
    return db.session.get_one(DraftItem, item_id, populate_existing=True).revision


def test_a_new_template_has_an_empty_draft_and_no_version(key: str):
    draft = get_draft(key)

    assert (draft.name, draft.newest_number, list_draft_groups(draft.id)) == ("Nightly batch", 0, [])
    line = next(line for line in list_templates() if line.key == key)
    assert (line.newest_number, line.has_draft) == (0, True)


def test_every_act_on_a_draft_is_remembered(make: Make, lead: Made, key: str, group: int):
    number = add_item(lead.origin, key, group, ITEM)
    add_item(lead.origin, key, group, replace(ITEM, text="Last"))
    move_item(lead.origin, key, number, up=False)
    retire_item(lead.origin, key, number, revision=1)

    told = [(event.action.value, event.object_label, event.new_value) for event in make.events()]
    assert told[-7:] == [
        ("template.created", "Nightly batch", ""),
        ("draft.begun", "Nightly batch", ""),
        ("draft.added", "Before the night, in the draft of Nightly batch", ""),
        ("draft.added", "Stop the queue, in the draft of Nightly batch", ""),
        ("draft.added", "Last, in the draft of Nightly batch", ""),
        ("draft.moved", "Stop the queue, in the draft of Nightly batch", "down"),
        ("draft.removed", "Stop the queue, in the draft of Nightly batch", ""),
    ]


def test_a_template_needs_a_key_of_its_own(lead: Made, key: str):
    with pytest.raises(InvalidInput, match="already"):
        create_template(lead.origin, key, name="Another")
    for wrong in ("new", "import", "Nightly", "a b", ""):
        with pytest.raises(InvalidInput):
            create_template(lead.origin, wrong, name="Another")


def test_whoever_works_may_edit_and_whoever_reads_may_not(make: Make, key: str):
    add_group(make.person(Role.DEVELOPER).origin, key, GROUP)
    for role in (Role.VIEWER, Role.AUDITOR):
        with pytest.raises(NotPermitted):
            add_group(make.person(role).origin, key, GROUP)
    with pytest.raises(NotFound):
        add_group(make.person(Role.ADMINISTRATOR).origin, key, GROUP)


def test_a_role_for_one_module_is_not_enough_for_what_all_modules_share(make: Make, key: str):
    module = make.module()
    with pytest.raises(NotFound):
        add_group(make.person(Role.TEAM_LEAD, module_id=module.id).origin, key, GROUP)


def test_an_item_keeps_every_word_that_it_is_given(lead: Made, key: str, group: int):
    add_item(lead.origin, key, group, ITEM)

    (found,) = content_of_draft(get_draft(key)).groups
    assert found == replace(GROUP, key="before-the-night", items=(replace(ITEM, key="stop-the-queue"),))


def test_two_items_with_the_same_text_have_keys_of_their_own(lead: Made, key: str, group: int):
    for _ in range(2):
        add_item(lead.origin, key, group, ITEM)

    assert [item.key for item in content_of_draft(get_draft(key)).items] == ["stop-the-queue", "stop-the-queue-2"]


@pytest.mark.parametrize(
    "wrong",
    [
        replace(ITEM, text=""),
        replace(ITEM, text="x" * 501),
        replace(ITEM, value_prompt=""),
        replace(ITEM, origin_link="example.org"),
        replace(ITEM, body="x" * 20_001),
    ],
)
def test_an_item_that_could_not_be_published_is_refused_at_once(lead: Made, key: str, group: int, wrong: ItemContent):
    number = add_item(lead.origin, key, group, ITEM)

    with pytest.raises(InvalidInput):
        add_item(lead.origin, key, group, wrong)
    with pytest.raises(InvalidInput):
        update_item(lead.origin, key, number, wrong, revision=1)
    assert texts_of(key) == ["Stop the queue"]


def test_rewording_leaves_an_event_for_each_fact_and_keeps_the_key(make: Make, lead: Made, key: str, group: int):
    number = add_item(lead.origin, key, group, ITEM)

    changed = update_item(
        lead.origin, key, number, replace(ITEM, text="Stop all queues", severity=Severity.REQUIRED), revision=1
    )

    assert changed == 2
    assert content_of_draft(get_draft(key)).items[0].key == "stop-the-queue"
    events = make.events("draft.changed")
    assert [(event.fact, event.old_value, event.new_value) for event in events] == [
        ("text", "Stop the queue", "Stop all queues"),
        ("severity", "killer", "required"),
    ]


def test_a_long_text_stands_in_the_history_by_its_beginning(make: Make, lead: Made, key: str, group: int):
    number = add_item(lead.origin, key, group, ITEM)

    update_item(lead.origin, key, number, replace(ITEM, body="é" * 20_000), revision=1)

    (event,) = make.events("draft.changed")
    assert event.new_value == "é" * 300 + "… (20,000 letters)"


def test_the_second_of_two_editors_of_one_item_is_told_what_it_says_now(make: Make, lead: Made, key: str, group: int):
    number = add_item(lead.origin, key, group, ITEM)
    update_item(lead.origin, key, number, replace(ITEM, text="Stop all queues"), revision=1)

    with pytest.raises(Conflict) as refusal:
        update_item(make.lead().origin, key, number, replace(ITEM, text="Stop it"), revision=1)

    assert refusal.value.theirs == "Stop all queues"
    assert texts_of(key) == ["Stop all queues"]


def test_editors_of_different_items_do_not_meet(make: Make, lead: Made, key: str, group: int):
    one, two = (add_item(lead.origin, key, group, replace(ITEM, text=text)) for text in ("One", "Two"))

    update_item(lead.origin, key, one, replace(ITEM, text="First"), revision=1)
    move_item(lead.origin, key, one, up=False)
    update_item(make.lead().origin, key, two, replace(ITEM, text="Second"), revision=1)

    assert texts_of(key) == ["Second", "First"]


@pytest.mark.parametrize("act", [update_group, remove_group, retire_item, move_item_to, split_item, update_draft])
def test_every_change_asks_for_the_revision_that_was_seen(act, lead: Made, key: str, group: int):
    number = add_item(lead.origin, key, group, ITEM)
    other = add_group(lead.origin, key, replace(GROUP, title="After"))
    wanted = {
        update_group: (group, GROUP),
        remove_group: (other,),
        retire_item: (number,),
        move_item_to: (number, other),
        split_item: (number, ("One", "Two")),
        update_draft: (),
    }
    words = {"name": "Other", "description": ""} if act is update_draft else {}

    with pytest.raises(Conflict):
        act(lead.origin, key, *wanted[act], revision=7, **words)


def test_a_group_is_renamed_under_its_key(lead: Made, key: str, group: int):
    update_group(
        lead.origin, key, group, replace(GROUP, title="Before midnight", mode=Mode.READ_DO, body="Read."), revision=1
    )

    (found,) = content_of_draft(get_draft(key)).groups
    assert (found.key, found.title, found.mode, found.body) == (
        *("before-the-night", "Before midnight"),
        *(Mode.READ_DO, "Read."),
    )


def test_groups_and_items_move_by_one_place_and_stop_at_the_ends(lead: Made, key: str):
    a, b = (add_group(lead.origin, key, replace(GROUP, title=title)) for title in "AB")
    items = [add_item(lead.origin, key, a, replace(ITEM, text=text)) for text in ("1", "2", "3")]

    assert move_item(lead.origin, key, items[2], up=True)
    assert not move_item(lead.origin, key, items[0], up=True)
    assert not move_item(lead.origin, key, items[1], up=False)
    assert move_group(lead.origin, key, b, up=True)
    assert not move_group(lead.origin, key, b, up=True)

    assert texts_of(key) == ["1", "3", "2"]
    assert [line.row.title for line in list_draft_groups(get_draft(key).id)] == ["B", "A"]


def test_items_of_equal_position_are_numbered_anew_when_one_of_them_moves(lead: Made, key: str, group: int):
    items = [add_item(lead.origin, key, group, replace(ITEM, text=text)) for text in ("1", "2", "3")]
    db.session.execute(update(DraftItem).where(DraftItem.group_id == group).values(position=7))

    assert move_item(lead.origin, key, items[2], up=True)

    assert texts_of(key) == ["1", "3", "2"]


def test_an_item_moves_to_the_end_of_another_group_with_its_key(lead: Made, key: str, group: int):
    other = add_group(lead.origin, key, replace(GROUP, title="After"))
    number = add_item(lead.origin, key, group, ITEM)
    add_item(lead.origin, key, other, replace(ITEM, text="Start it"))

    assert move_item_to(lead.origin, key, number, other, revision=1)
    assert not move_item_to(lead.origin, key, number, other, revision=2)

    content = content_of_draft(get_draft(key))
    assert [[item.key for item in part.items] for part in content.groups] == [[], ["start-it", "stop-the-queue"]]


def test_splitting_leaves_the_key_with_the_first_and_puts_the_second_below_it(lead: Made, key: str, group: int):
    number = add_item(lead.origin, key, group, ITEM)
    add_item(lead.origin, key, group, replace(ITEM, text="Last"))

    split_item(lead.origin, key, number, ("Stop the queue", "See that it is empty"), revision=1)

    items = content_of_draft(get_draft(key)).items
    assert [(item.key, item.text) for item in items] == [
        ("stop-the-queue", "Stop the queue"),
        ("see-that-it-is-empty", "See that it is empty"),
        ("last", "Last"),
    ]
    assert items[1] == replace(items[0], key="see-that-it-is-empty", text="See that it is empty", body="")


def test_a_group_goes_only_when_it_is_empty(lead: Made, key: str, group: int):
    number = add_item(lead.origin, key, group, ITEM)
    with pytest.raises(RuleViolation, match="still has items"):
        remove_group(lead.origin, key, group, revision=1)

    retire_item(lead.origin, key, number, revision=1)
    remove_group(lead.origin, key, group, revision=1)

    assert content_of_draft(get_draft(key)).groups == ()


def test_a_draft_begins_as_a_copy_of_the_newest_version_and_only_once(lead: Made):
    assert begin_draft(lead.origin, BUILT_IN)
    assert not begin_draft(lead.origin, BUILT_IN)

    content = content_of_draft(get_draft(BUILT_IN))
    keys = db.session.scalars(select(TemplateItem.key).order_by(TemplateItem.position)).all()
    assert [item.key for item in content.items] == list(keys)
    assert len(content.groups) == 41


def test_what_is_thrown_away_is_gone_but_that_it_was_is_not(make: Make, lead: Made, key: str, group: int):
    add_item(lead.origin, key, group, ITEM)

    discard_draft(lead.origin, key, revision=1)

    left = [
        db.session.scalar(select(func.count()).select_from(kind)) for kind in (TemplateDraft, DraftGroup, DraftItem)
    ]
    assert left == [0, 0, 0]
    assert [event.object_label for event in make.events("draft.discarded")] == ["Nightly batch"]
    with pytest.raises(NotFound):
        add_group(lead.origin, key, GROUP)


def test_the_draft_of_one_template_holds_nothing_of_another(lead: Made, key: str, group: int):
    other = create_template(lead.origin, "other", name="Other")
    number = add_item(lead.origin, key, group, ITEM)

    with pytest.raises(NotFound):
        update_item(lead.origin, other, number, ITEM, revision=1)
    with pytest.raises(NotFound):
        add_item(lead.origin, other, group, ITEM)
