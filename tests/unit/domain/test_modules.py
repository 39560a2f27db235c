"""Keys stand in addresses; contacts name somebody."""

import pytest

from app.domain.modules import ContactKind, is_key, is_placeholder


@pytest.mark.parametrize("text", ["orders", "goods-receipt", "2026.11", "a", "0", "r1.2-rc.3", "x" * 60])
def test_small_letters_digits_dots_and_dashes_make_a_key(text: str):
    assert is_key(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "Orders", "goods receipt", "goods_receipt", "-orders", "orders-", "a--b", "a..b", ".", "a/b", "../x"),
        *("ü", "orders\n", " orders", "a%2fb", "x" * 61, "٣"),
    ],
)
def test_anything_else_is_no_key(text: str):
    assert not is_key(text)


@pytest.mark.parametrize(
    "text",
    [
        *("[Contact Info]", "[contact info]", "  [Contact Info]  ", "<name>", "{name}", "(name)", "TBD", "tba", "todo"),
        *("n/a", "N/A", "na", "none", "None", "xxx", "XXXXX", "?", "???", "-", "---", "contact info", "Contact Info"),
    ],
)
def test_a_word_that_stands_for_later_is_a_placeholder(text: str):
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "Asha Shah",
            "asha@example.org",
            "+49 30 1234",
            "(030) 1234",
            "Nadia",
            "Tod",
            "Xaver",
            "ops [at] example",
        ),
        *("ops [at] example", "DBA on duty", "None Such Ltd", "-1", "xx"),
    ],
)
def test_a_name_or_number_is_none(text: str):
    assert not is_placeholder(text)


def test_a_module_has_the_four_contacts_of_the_document():
    assert [kind.label for kind in ContactKind] == [
        *("Development team", "Database admin", "DevOps team", "On-call support")
    ]
