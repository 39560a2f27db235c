"""The rules of the sign-off have numbers, and so have the cases that broke others: each has a test of its own."""

import re

import pytest

from tests.architecture.code import functions_of, python_files

RULES = frozenset(range(1, 29)) - {24}
NASTY = frozenset(range(1, 16))


def numbers_of(kind: str) -> set[int]:
    """The numbers that names of tests carry: `test_i07_...`, `test_nasty_03_...`, or two of them joined by “and”."""
    names = (function.name for path in python_files("tests") for function in functions_of(path))
    pattern = {"i": r"(?:^test_|_and_)i(\d\d)_", "nasty": r"(?:^test_|_and_)nasty_(\d\d)_"}[kind]
    return {int(number) for name in names if name.startswith("test_") for number in re.findall(pattern, name)}


@pytest.mark.parametrize(("kind", "all_of_them"), [("i", RULES), ("nasty", NASTY)])
def test_each_rule_and_each_nasty_case_has_a_test_that_carries_its_number(kind: str, all_of_them: frozenset[int]):
    assert numbers_of(kind) == all_of_them
