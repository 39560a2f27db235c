"""A file that a spreadsheet opens and computes nothing of, and that reads back as what was written."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exports.csv_rows import BOM, csv_bytes, safe_cell

SIGNS = ["=", "+", "-", "@", "\t", "\r", "\n", "\0"]

cells = st.text(
    alphabet=st.one_of(st.sampled_from("=+-@\t\r\n\0 \",;'abc1"), st.characters(codec="utf-8")), max_size=12
)


def _read(data: bytes) -> list[list[str]]:
    text = data.decode()
    assert text.startswith(BOM)
    return list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))


def _write(rows: list[list[object]], *, header: tuple[str, ...] = ("a", "b")) -> bytes:
    return b"".join(csv_bytes(header, [rows]))


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", ["", " ", "   ", "\u00a0", "\u3000", "\0", " \t", "\n "])
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(sign: str, before: str):
    assert safe_cell(f"{before}{sign}cmd|' /C calc'!A0") == f"'{before}{sign}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", "a=b", "3-1", "asha@example.org", "“=1”", "1", "a; b", "a, b"])
def test_what_only_contains_a_sign_stays_as_it_is(text: str):
    assert safe_cell(text) == text


@given(cells)
def test_no_cell_begins_with_a_sign_behind_whatever_blanks(text):
    assert safe_cell(text).lstrip().lstrip("\0").lstrip()[:1] not in {"=", "+", "-", "@"}


@given(cells)
def test_at_most_an_apostrophe_is_added(text):
    assert safe_cell(text) in {text, f"'{text}"}


@pytest.mark.parametrize(("value", "text"), [(None, ""), (7, "7"), (-7, "'-7"), (True, "True"), ("", "")])
def test_a_value_of_any_kind_becomes_text(value: object, text: str):
    assert safe_cell(value) == text


@given(st.lists(st.lists(cells, min_size=2, max_size=2), max_size=8))
def test_the_file_reads_back_as_the_cells_that_were_written(rows):
    assert _read(_write(rows)) == [["a", "b"], *[[safe_cell(cell) for cell in row] for row in rows]]


@given(st.lists(st.lists(st.lists(cells, min_size=1, max_size=1), max_size=3), max_size=4))
def test_the_file_is_the_same_however_it_is_cut_into_parts(parts):
    whole = b"".join(csv_bytes(["a"], [[row for part in parts for row in part]]))

    assert b"".join(csv_bytes(["a"], parts)) == whole


def test_each_part_is_handed_on_as_soon_as_it_is_there():
    def parts():
        yield [["1"]]
        raise RuntimeError("the rest is not asked for yet")

    assert next(csv_bytes(["a"], parts())) == f"{BOM}a\r\n1\r\n".encode()


def test_a_separator_or_a_quote_cannot_smuggle_in_a_cell():
    assert _read(_write([['x","=1+1', ",=1+1"]])) == [["a", "b"], ['\'x","=1+1', "',=1+1"]]


@pytest.mark.parametrize("text", ["x;=1+1", "x\t=1", '"=1', ",=1", "; -1", "\uff1d1+1", "a | @b"])
def test_what_a_spreadsheet_might_part_into_a_formula_gets_an_apostrophe(text: str):
    assert safe_cell(text) == f"'{text}"


def test_without_a_row_there_is_a_heading():
    assert _read(b"".join(csv_bytes(["a", "b"], []))) == [["a", "b"]]


@given(texts=st.lists(st.text(), min_size=2, max_size=2))
def test_a_column_of_the_product_s_own_changes_nothing_about_how_the_others_are_looked_at(texts: list[str]):
    body = b"".join(csv_bytes(["at", "a", "b"], [[("2026-01-01", *texts)]], own={"at"}))
    assert _read(body)[1] == ["2026-01-01", *map(safe_cell, texts)]
