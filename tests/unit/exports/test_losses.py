"""What a file cannot hold is said with numbers, and nothing is said where nothing is lost."""

from datetime import date

from hypothesis import given

from app.domain.checklist import ItemState
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.domain.template_files import ItemStanding
from app.exports.csv_file import write_csv
from app.exports.formats import FORMATS
from app.exports.losses import lost_beside_states
from app.imports.csv_file import read_csv
from app.imports.csv_table import read_table
from app.imports.csv_words import suggest_mapping
from tests.contents import contents

ITEM = ItemContent("k", "Back up")


def lacks(name: str, content: TemplateContent) -> list[str]:
    return FORMATS[name].lacks(content, None)


def test_a_table_of_items_has_no_place_for_texts_above_them_and_groups_without_any():
    content = TemplateContent(
        "Release",
        "For Fridays.",
        (
            GroupContent("a", "Before", body="Two days.", applies_when="has_uploads", items=(ITEM,)),
            GroupContent("b", "After", body="Later."),
        ),
    )

    assert lacks("csv", content) == lacks("xlsx", content)
    assert lacks("csv", content) == [
        "The name is in that of the file only.",
        "The description is not in it.",
        "The text of 2 groups is not in it.",
        "The conditions of 1 group are not in it.",
        "1 group without items is not in it.",
    ]


@given(contents(as_table=True))
def test_what_a_table_gives_back_whole_it_does_not_complain_about(content: TemplateContent):
    table = read_table(write_csv(content).decode())

    assert lacks("csv", content) == []
    assert read_csv(table, suggest_mapping(table.header)).content == content


def test_what_holds_everything_says_nothing():
    content = TemplateContent("Release", "For Fridays.", (GroupContent("a", "Before", body="Two days."),))

    assert lacks("yaml", content) == lacks("json", content) == []


def test_markdown_says_what_else_is_known_of_items():
    content = TemplateContent("Release", groups=(GroupContent("a", "Before", items=(ITEM,)),))
    standing = ItemStanding(
        ItemState.DONE, value="3", link="https://example.org", owner="Asha", due_on=date(2026, 12, 4)
    )

    assert FORMATS["markdown"].lacks(content, {"k": standing}) == [
        "The values given of 1 item are not in the Markdown.",
        "The links of 1 item are not in the Markdown.",
        "The owners of 1 item are not in the Markdown.",
        "The due dates of 1 item are not in the Markdown.",
    ]
    assert list(lost_beside_states({"k": ItemStanding(ItemState.DONE)})) == []
