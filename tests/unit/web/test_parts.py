"""A long list in parts: all of them together are the list, whoever asks for which."""

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.web.parts import part_of, part_of_sections

HERE = "/list/"


@pytest.fixture(scope="module")
def product() -> Flask:
    return Flask(__name__)


@given(st.lists(st.integers(), max_size=60), st.integers(1, 20))
def test_all_parts_together_are_the_list(product: Flask, rows: list[int], at_once: int):
    with product.test_request_context(HERE):
        ways = [link.address for link in part_of(rows, HERE, at_once=at_once).links] or [HERE]
    found: list[int] = []
    for way in ways:
        with product.test_request_context(way):
            part = part_of(rows, HERE, at_once=at_once)
        assert len(part.rows) <= at_once
        assert part.total == len(rows)
        found += part.rows

    assert found == rows


@given(st.lists(st.lists(st.integers(), max_size=9), max_size=12), st.integers(1, 9))
def test_headings_stand_over_their_rows_in_every_part(product: Flask, lists: list[list[int]], at_once: int):
    sections = [(f"heading {number}", rows) for number, rows in enumerate(lists)]
    with product.test_request_context(HERE):
        ways = [link.address for link in part_of_sections(sections, HERE, at_once=at_once)[1].links] or [HERE]
    found: dict[str, list[int]] = {}
    for way in ways:
        with product.test_request_context(way):
            for heading, rows in part_of_sections(sections, HERE, at_once=at_once)[0]:
                found.setdefault(heading, []).extend(rows)

    assert list(found.items()) == sections


@given(st.integers(1, 60), st.integers(1, 20), st.data())
def test_the_part_with_a_row_is_found(product: Flask, number: int, at_once: int, data: st.DataObject):
    wanted = data.draw(st.integers(0, number - 1))
    with product.test_request_context(HERE):
        part = part_of(range(number), HERE, at_once=at_once, is_wanted=lambda row: row == wanted)

        assert wanted in part.rows
        assert part.address_of(wanted) == ""


def test_an_address_that_narrows_is_kept(product: Flask):
    with product.test_request_context("/list/?show=left&part=2"):
        part = part_of(range(9), "/list/?show=left", at_once=3)

    assert [link.address for link in part.links] == [f"/list/?show=left&part={number}" for number in (1, 2, 3)]
    assert (part.before, part.after) == (part.links[0], part.links[2])
    assert part.address == "/list/?show=left&part=2"


def test_what_fits_needs_no_parts(product: Flask):
    with product.test_request_context(HERE):
        part = part_of(range(3), HERE, at_once=3)

    assert (part.links, part.address, part.before, part.after) == ((), "", None, None)
