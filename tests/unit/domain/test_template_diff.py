"""What is different between two states of a template."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checklist import BelongsTo, Mode, Phase, Severity
from app.domain.permissions import Role
from app.domain.template_content import DueAnchor, DueRule, GroupContent, ItemContent, TemplateContent, ValueKind
from app.domain.template_diff import WORDS, compare, part_of

WORD = st.sampled_from(["", "a", "b", "A", "é", "a b"])
ITEM = st.builds(
    ItemContent,
    key=st.sampled_from([f"i{n}" for n in range(6)]),
    text=WORD,
    depth=st.integers(0, 2),
    body=WORD,
    guidance=WORD,
    phase=st.sampled_from(Phase),
    gate=WORD,
    severity=st.sampled_from(Severity),
    natural_role=st.sampled_from(Role),
    value_prompt=WORD,
    value_kind=st.none() | st.sampled_from(ValueKind),
    value_unit=WORD,
    due=st.none() | st.builds(DueRule, st.sampled_from(DueAnchor), st.integers(-2, 2), st.booleans()),
    origin=WORD,
    origin_link=WORD,
    applies_when=WORD,
    fact=WORD,
)
GROUP = st.builds(
    GroupContent,
    key=st.sampled_from([f"g{n}" for n in range(4)]),
    title=WORD,
    section=WORD,
    belongs_to=st.sampled_from(BelongsTo),
    mode=st.sampled_from(Mode),
    body=WORD,
    applies_when=WORD,
    items=st.lists(ITEM, max_size=3).map(tuple),
)


def _unique(content: TemplateContent) -> TemplateContent:
    """The same with each key once, as a published version has them."""
    groups, keys = {}, set()
    for group in content.groups:
        items = tuple(item for item in group.items if not (item.key in keys or keys.add(item.key)))
        groups.setdefault(group.key, replace(group, items=items))
    return replace(content, groups=tuple(groups.values()))


CONTENT = st.builds(TemplateContent, WORD, WORD, st.lists(GROUP, max_size=4).map(tuple)).map(_unique)


@given(CONTENT)
def test_a_template_is_not_different_from_itself(content: TemplateContent):
    assert compare(content, content).is_empty


@given(CONTENT, CONTENT)
def test_whatever_differs_shows_up_somewhere(old: TemplateContent, new: TemplateContent):
    assert compare(old, new).is_empty is (old == new)


@given(CONTENT, CONTENT)
def test_what_is_added_one_way_is_removed_the_other_way(old: TemplateContent, new: TemplateContent):
    there, back = compare(old, new), compare(new, old)

    assert (set(there.added), set(there.removed)) == (set(back.removed), set(back.added))
    assert set(there.groups_added) == set(back.groups_removed)
    assert {(change.old, change.new) for change in there.changed} == {(c.new, c.old) for c in back.changed}
    facts = {(fact.column, fact.old, fact.new) for change in there.changed for fact in change.facts}
    assert facts == {(fact.column, fact.new, fact.old) for change in back.changed for fact in change.facts}
    assert bool(there.groups_reordered) is bool(back.groups_reordered)


@given(CONTENT, CONTENT)
def test_every_changed_fact_reads_differently_before_and_after(old: TemplateContent, new: TemplateContent):
    diff = compare(old, new)

    for change in (*diff.changed, *diff.groups_changed):
        assert all(fact.old != fact.new for fact in change.facts), change.facts


def test_every_fact_of_a_template_has_a_word():
    named = {part.name for kind in (ItemContent, GroupContent, TemplateContent) for part in fields(kind)}

    assert set(WORDS) == named - {"key", "items", "groups"}


ITEM_ONE, ITEM_TWO = ItemContent("one", "First"), ItemContent("two", "Second")
OLD = TemplateContent("T", "", (GroupContent("g", "Group", items=(ITEM_ONE, ITEM_TWO)), GroupContent("h", "Other")))


def test_a_fact_is_told_in_words():
    raised = replace(
        ITEM_ONE, severity=Severity.KILLER, natural_role=Role.DBA, due=DueRule(DueAnchor.RELEASE_PLANNED, -1)
    )
    new = replace(OLD, groups=(replace(OLD.groups[0], items=(raised, ITEM_TWO)), OLD.groups[1]))

    [change] = compare(OLD, new).changed

    assert [(fact.word, fact.old, fact.new) for fact in change.facts] == [
        ("severity", "required", "killer"),
        ("asked first", "Developer", "DBA"),
        ("due", "", "1 day before the planned day of the release"),
    ]


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (DueRule(DueAnchor.CHECKLIST_CREATED), "on the day the checklist was made"),
        (DueRule(DueAnchor.CHECKLIST_CREATED, 3), "3 days after the day the checklist was made"),
        (DueRule(DueAnchor.RELEASE_PLANNED, -2, True), "2 days before the planned day of the release, weekdays only"),
    ],
)
def test_a_due_date_is_told_in_words(due: DueRule, words: str):
    new = replace(OLD, groups=(replace(OLD.groups[0], items=(replace(ITEM_ONE, due=due), ITEM_TWO)), OLD.groups[1]))

    assert compare(OLD, new).changed[0].facts[0].new == words


def test_an_item_in_another_group_is_moved_and_not_removed():
    first, second = OLD.groups
    new = replace(OLD, groups=(replace(first, items=(ITEM_ONE,)), replace(second, items=(ITEM_TWO,))))

    diff = compare(OLD, new)

    [change] = diff.changed
    assert (change.is_moved, change.old.group_title, change.new.group_title) == (True, "Group", "Other")
    assert (diff.added, diff.removed, diff.reworded) == ((), (), ())
    assert diff.sentence == "1 updated"


def test_another_order_is_a_difference_of_its_own():
    first, second = OLD.groups
    items = replace(OLD, groups=(replace(first, items=(ITEM_TWO, ITEM_ONE)), second))
    groups = replace(OLD, groups=(second, first))

    assert [change.is_reordered for change in compare(OLD, items).groups_changed] == [True]
    assert compare(OLD, groups).groups_reordered == ("h", "g")


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"text": "First of all"}, True),
        ({"value_unit": "minutes"}, True),
        ({"severity": Severity.KILLER}, True),
        ({"severity": Severity.ADVISORY}, False),
        ({"guidance": "Look here."}, False),
        ({"gate": "ready"}, False),
    ],
)
def test_only_another_meaning_asks_again(change: dict, asks: bool):
    new = replace(OLD, groups=(replace(OLD.groups[0], items=(replace(ITEM_ONE, **change), ITEM_TWO)), OLD.groups[1]))

    assert compare(OLD, new).changed[0].asks_again is asks


def test_a_checklist_takes_only_the_groups_of_its_kind():
    other = GroupContent("r", "For releases", belongs_to=BelongsTo.RELEASE, items=(ItemContent("three", "Third"),))
    content = replace(OLD, groups=(*OLD.groups, other))

    assert [group.key for group in part_of(content, BelongsTo.MODULE).groups] == ["g", "h"]
    assert [item.key for item in part_of(content, BelongsTo.RELEASE).items] == ["three"]
