"""A password is long, not well known and not a name; what is in it is its owner's business."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.passwords import LONGEST, check_password, normalised
from app.services.secret import known_passwords

NAMES = ("Asha Shah", "asha.shah@example.org", "countersign")
KNOWN = {"correcthorsebatterystaple", "password", "qwertyuiop"}


def _check(password: str) -> None:
    check_password(password, names=NAMES, known=KNOWN)


def test_fourteen_characters_are_too_few_and_fifteen_are_enough():
    with pytest.raises(InvalidInput, match="at least 15"):
        _check("x7-kd92mq0zlw4")
    _check("x7-kd92mq0zlw4p")


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaaaaaaaaqz",
        "only small letters here",
        "               spaces count",
        "🦉🦊🦝🐢🐙🦑🐬🐳🦜🦚🐿🦔🦇🐝🐞",
        "пароль из нескольких слов",
        "the migration ran at ten past nine. " * 6,
    ],
)
def test_length_is_all_that_is_asked_for(password: str):
    _check(password)


def test_the_longest_is_a_thousand_characters():
    def text(length: int) -> str:
        return ("a long text " * 100)[: length - 1] + "."

    _check(text(LONGEST))
    with pytest.raises(InvalidInput, match="at most 1000"):
        _check(text(LONGEST + 1))


@pytest.mark.parametrize(
    "password", ["correcthorsebatterystaple", "CorrectHorseBatteryStaple", "\uff43orrecthorsebatterystaple"]
)
def test_a_well_known_password_is_refused_however_it_is_written(password: str):
    with pytest.raises(InvalidInput, match="most used passwords"):
        _check(password)


@pytest.mark.parametrize("password", ["passwordpassword", "qwertyuiopqwertyuiop", "PasswordPasswordPassword"])
def test_a_well_known_password_written_several_times_is_still_known(password: str):
    with pytest.raises(InvalidInput, match="most used passwords"):
        _check(password)


def test_the_list_of_known_passwords_holds_those_that_everybody_tries():
    assert {"password", "123456", "qwerty", "letmein", "iloveyou"} <= known_passwords()
    assert len(known_passwords()) > 3000


@pytest.mark.parametrize("password", ["passwordpassword", "123456123456123456", "qwertyqwertyqwerty"])
def test_the_real_list_refuses_them(password: str):
    with pytest.raises(InvalidInput, match="most used passwords"):
        check_password(password, names=NAMES, known=known_passwords())


@pytest.mark.parametrize(
    "password",
    ["asha.shah@example.org", "AshaShahAshaShah1", "countersign2026", "countersigncountersign", "Shah-Countersign-1"],
)
def test_little_more_than_a_name_is_refused(password: str):
    with pytest.raises(InvalidInput, match="little more than a name"):
        _check(password)


def test_a_name_inside_a_long_password_does_no_harm():
    _check("asha drinks eleven coffees")


def test_short_parts_of_a_name_are_not_held_against_anybody():
    check_password("li ate the last mango", names=("Li Wu", "li@wu.org"), known=KNOWN)


def test_two_keyboards_give_the_same_password():
    assert normalised("\ufb01ve caf\u00e9s") == normalised("five cafe\u0301s")


@given(st.text(max_size=60))
def test_what_is_hashed_is_normalised_once_and_for_all(text):
    assert normalised(normalised(text)) == normalised(text) == unicodedata.normalize("NFKC", text)


@given(st.text(max_size=14).filter(lambda text: len(normalised(text)) < 15))
def test_no_short_password_is_ever_taken(text):
    with pytest.raises(InvalidInput, match="at least 15"):
        _check(text)


@given(
    st.text(min_size=15, max_size=200).filter(
        lambda text: len(normalised(text)) >= 15 and len(set(normalised(text).casefold())) > 1
    )
)
def test_a_long_password_is_taken_whatever_is_in_it_unless_it_is_known_or_a_name(text):
    check_password(text, names=(), known=())


@pytest.mark.parametrize("sign", ["a", "0", " ", "é"])
def test_one_sign_over_and_over_is_no_password(sign):
    with pytest.raises(InvalidInput, match="most used"):
        _check(sign * 20)


def test_ones_own_address_is_no_password():
    with pytest.raises(InvalidInput, match="little more than a name"):
        check_password("max@bank.example.com", names=("Max Li", "max@bank.example.com"), known=())
