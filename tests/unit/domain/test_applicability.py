"""Rules say what applies; where the answers do not decide, everything does."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.applicability import (
    QUESTIONS,
    SAYS,
    Question,
    check_answers,
    check_may_answer,
    is_ruled_out,
    parse_rule,
    rule_in_words,
    rules_in_words,
    sort_group,
    why_not,
    why_not_with,
)
from app.domain.checklist import BelongsTo
from app.domain.errors import InvalidInput
from app.domain.rules import EVERY_WAY, Asks, Joined, Not, Rule
from app.domain.template_content import (
    DueAnchor,
    DueRule,
    GroupContent,
    ItemContent,
    TemplateContent,
    find_faults,
)

UPLOADS, SCHEMA, PERSONAL, FIRST = (
    Question.HAS_UPLOADS,
    Question.TOUCHES_SCHEMA,
    Question.PERSONAL_DATA,
    Question.FIRST_RELEASE,
)
ASKED = [Asks(question.value, place, *SAYS[question]) for place, question in enumerate(Question)]
TREES = st.recursive(
    st.sampled_from(ASKED),
    lambda inner: st.one_of(
        inner.map(Not),
        st.builds(Joined, st.lists(inner, min_size=2, max_size=3).map(tuple), needs_all=st.booleans()),
    ),
    max_leaves=6,
)
_MADE = DueAnchor.CHECKLIST_CREATED
ANSWERS = st.dictionaries(st.sampled_from(list(Question)), st.booleans())


def holds(tree: Rule, answers: dict[Question, bool]) -> bool:
    """Whether a rule holds when every question is answered, by the plain meaning of its words."""
    if isinstance(tree, Asks):
        return answers[Question(tree.name)]
    if isinstance(tree, Not):
        return not holds(tree.rule, answers)
    assert isinstance(tree, Joined)
    return (all if tree.needs_all else any)(holds(part, answers) for part in tree.parts)


def completions(answers: dict[Question, bool]):
    """Every way in which the questions that are still open can be answered."""
    left = [question for question in Question if question not in answers]
    for values in product((True, False), repeat=len(left)):
        yield answers | dict(zip(left, values, strict=True))


def _fault(text: str) -> str | None:
    """What is wrong with a rule; anything but a refusal of ours escapes."""
    try:
        parse_rule(text)
    except InvalidInput as refusal:
        return refusal.fields["applies_when"]
    return None


@given(TREES)
def test_a_printed_rule_is_read_as_the_same_rule(tree: Rule):
    text = str(tree)
    if len(text) > 500:
        return
    read = parse_rule(text)

    assert str(read) == text
    assert str(Not(read.tree)) == str(Not(tree))
    assert read.ways == tree.ways


@given(TREES, ANSWERS)
def test_what_is_known_is_what_all_ways_to_answer_the_rest_agree_on(tree: Rule, answers: dict[Question, bool]):
    text = str(tree)
    if len(text) > 500:
        return
    outcomes = {holds(tree, complete) for complete in completions(answers)}

    assert parse_rule(text).applies(answers) is (outcomes.pop() if len(outcomes) == 1 else None)


@given(st.text() | st.text(alphabet="()andornt _hasuplod\n", max_size=80))
def test_whatever_is_typed_is_a_rule_or_is_refused_in_words(text: str):
    fault = _fault(text)

    assert fault is None or fault.endswith(("?", "."))


@given(st.lists(st.sampled_from(["(", ")", "and", "or", "not", "has_uploads", "first_release"]), max_size=60))
def test_words_in_any_order_are_a_rule_or_are_refused_at_a_place(words: list[str]):
    fault = _fault(" ".join(words)[:500])

    assert fault is None or fault.startswith("At letter ")


@pytest.mark.parametrize(
    ("text", "answers", "applies"),
    [
        ("has_uploads", {UPLOADS: True}, True),
        ("has_uploads", {UPLOADS: False}, False),
        ("has_uploads", {}, None),
        ("not has_uploads", {UPLOADS: True}, False),
        ("touches_schema and (personal_data or first_release)", {SCHEMA: True}, None),
        ("touches_schema and (personal_data or first_release)", {SCHEMA: False}, False),
        ("touches_schema and (personal_data or first_release)", {SCHEMA: True, FIRST: True}, True),
        # Either way to answer it, one of the two holds.
        ("has_uploads or not has_uploads", {}, True),
        ("touches_schema or has_uploads and personal_data", {SCHEMA: True, UPLOADS: False}, True),
        ("", {UPLOADS: False}, True),
    ],
)
def test_a_rule_says_yes_no_or_not_decided(text: str, answers: dict[Question, bool], applies: bool | None):
    assert parse_rule(text).applies(answers) is applies


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Always"),
        ("has_uploads", "Only when it takes uploads"),
        ("NOT has_uploads", "Only when it takes no uploads"),
        (
            "drops_or_renames or large_tables",
            "Only when it drops or renames tables or columns or works on large tables",
        ),
        (
            "touches_schema and (personal_data or first_release)",
            "Only when it changes the schema and (holds personal data or is in its first release)",
        ),
        ("not (has_uploads or personal_data)", "Only when it takes no uploads and holds no personal data"),
    ],
)
def test_a_rule_is_said_in_words(text: str, words: str):
    assert rule_in_words(parse_rule(text)) == words


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("has_upload", "At letter 1 of the rule: “has_upload” is no question. Did you mean has_uploads?"),
        ("has_uploads and", "At letter 16 of the rule: a question is missing at the end."),
        ("and has_uploads", "At letter 1 of the rule: a question is missing before “and”."),
        ("(has_uploads", "At letter 13 of the rule: a closing bracket is missing."),
        ("has_uploads )", "At letter 13 of the rule: “)” is not expected here."),
        ("has_uploads personal_data", "At letter 13 of the rule: “personal_data” is not expected here. Put “and”"),
        ("has_uploads & personal_data", "At letter 13 of the rule: “&” is not expected here."),
        ("not " * 25 + "has_uploads", "more than 20 deep"),
        ("(" * 25 + "has_uploads" + ")" * 25, "more than 20 deep"),
        ("has_uploads or " * 40, "A rule has at most 500 letters; this one has 600."),
    ],
)
def test_a_wrong_rule_is_refused_at_its_place(text: str, sentence: str):
    with pytest.raises(InvalidInput) as refusal:
        parse_rule(text)

    assert sentence in refusal.value.fields["applies_when"]


def test_a_word_that_is_like_none_is_answered_with_all_questions():
    with pytest.raises(InvalidInput) as refusal:
        parse_rule("weekend")

    assert [question.value for question in Question if question.value not in refusal.value.sentence] == []


def test_no_rule_at_all_holds_in_every_way():
    rule = parse_rule("  ")

    assert (str(rule), rule.is_always, rule.ways) == ("", True, EVERY_WAY)
    assert (rule.tree.words(holds=True), rule.tree.words(holds=False)) == ("applies", "does not apply")


def test_every_question_is_asked_and_can_be_said_both_ways():
    assert set(QUESTIONS) == set(SAYS) == set(Question)
    assert len({words for pair in SAYS.values() for words in pair}) == 2 * len(Question)


def test_why_something_does_not_apply_names_the_rule_that_says_so():
    both = ("touches_schema", "has_uploads")

    assert why_not(["has_uploads"]) == "takes no uploads"
    assert why_not(["", "touches_schema and has_uploads"]) == "does not change the schema or takes no uploads"
    assert why_not_with(both, {UPLOADS: False}) == "takes no uploads"
    assert why_not_with(both, {UPLOADS: True}) == ""
    assert rules_in_words(both) == "Only when it changes the schema; Only when it takes uploads"
    assert rules_in_words(("", "")) == "Always"


def test_one_rule_that_says_no_is_enough_and_one_that_cannot_be_read_says_nothing():
    assert is_ruled_out(("touches_schema", "has_uploads"), {SCHEMA: True, UPLOADS: False})
    assert not is_ruled_out(("touches_schema", "has_uploads"), {SCHEMA: True})
    assert not is_ruled_out(("has_upload",), {UPLOADS: False})


@pytest.mark.parametrize(("old", "new"), [(True, False), (False, True), (True, None)])
def test_another_answer_needs_a_reason(old: bool, new: bool | None):
    with pytest.raises(InvalidInput, match="Does it take uploads"):
        check_may_answer(UPLOADS, old, new, reason="")
    check_may_answer(UPLOADS, old, new, reason="they were added")


@pytest.mark.parametrize(("old", "new"), [(None, True), (None, None), (False, False)])
def test_a_first_answer_and_the_same_one_need_none(old: bool | None, new: bool | None):
    check_may_answer(UPLOADS, old, new, reason="")


def test_dropping_without_changing_the_schema_cannot_be():
    with pytest.raises(InvalidInput) as refusal:
        check_answers({SCHEMA: False, Question.DROPS_OR_RENAMES: True})
    assert list(refusal.value.fields) == ["touches_schema"]
    check_answers({SCHEMA: True, Question.DROPS_OR_RENAMES: True})
    check_answers({Question.DROPS_OR_RENAMES: True})


def test_the_items_of_a_group_are_sorted_by_its_rule_and_their_own():
    group = sort_group(
        "Uploads",
        BelongsTo.MODULE,
        "has_uploads",
        [("checked", ""), ("masked", "personal_data")],
        {UPLOADS: True, PERSONAL: False},
    )

    assert group.rule == "Only when it takes uploads"
    assert [item.text for item in group.left] == ["checked"]
    assert [(item.text, item.why) for item in group.out] == [("masked", "holds no personal data")]


def test_where_there_is_no_module_no_rule_takes_anything_away():
    group = sort_group("Before", BelongsTo.RELEASE, "has_uploads", [("checked", "")], {UPLOADS: False})

    assert (len(group.left), len(group.out)) == (1, 0)


def test_a_template_with_a_rule_that_cannot_be_read_is_not_published():
    item = ItemContent("checked", "Uploads are checked", applies_when="has_upload", due=DueRule(_MADE, days=4000))
    group = GroupContent("uploads", "Uploads", applies_when="and", items=(item,))

    faults = find_faults(TemplateContent("Ours", groups=(group,)))

    assert [fault.partition(" At letter 1 of the rule: ")[::2] for fault in faults] == [
        ("The group “Uploads” has a rule that cannot be read.", "a question is missing before “and”."),
        ("The item “Uploads are checked” is due more than 3650 days away.", ""),
        (
            "The item “Uploads are checked” has a rule that cannot be read.",
            "“has_upload” is no question. Did you mean has_uploads?",
        ),
    ]


def test_a_template_with_rules_that_can_be_read_has_no_fault():
    item = ItemContent("checked", "Uploads are checked", applies_when="has_uploads", due=DueRule(_MADE, days=-3650))

    assert find_faults(TemplateContent("Ours", groups=(GroupContent("uploads", "Uploads", items=(item,)),))) == []
