"""A checklist of 2,000 items stays usable: pages of a size that a browser bears, and not one statement more."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.checklist import ItemState
from app.exports.formats import FORMATS
from app.exports.markdown import write_markdown
from app.services.item_states import set_state
from app.web.parts import LINES, ROWS
from tests.factories import Make
from tests.long_lists import LARGEST, LongList, long_content, make_long_list

FEW, MANY = 200, 2000
# Of a page for working, and of one for printing, which has to be whole.
BYTES, BYTES_ON_PAPER, ELEMENTS, ELEMENTS_ON_PAPER = 800_000, 1_000_000, 12_000, 20_000


def elements_of(page: str) -> int:
    return len(re.findall(r"<[a-z]", page))


@pytest.fixture
def long(make: Make) -> LongList:
    return make_long_list(make, MANY)


@pytest.fixture
def screen(long: LongList, client_of: Callable) -> Any:
    return client_of(long.lead)


def test_no_page_is_larger_than_a_browser_bears(long: LongList, screen: Any):
    too_large = {}
    for name, address in long.pages().items():
        page = screen.get(address)
        assert page.status_code == 200, name
        on_paper = "on paper" in name
        size, elements = len(page.data), elements_of(page.text)
        if size > (BYTES_ON_PAPER if on_paper else BYTES) or elements > (ELEMENTS_ON_PAPER if on_paper else ELEMENTS):
            too_large[name] = (size, elements)

    assert too_large == {}


def test_a_page_takes_as_many_statements_for_ten_times_the_items(make: Make, client_of: Callable, statements: list):
    counts: list[dict[str, int]] = []
    for number in (FEW, MANY):
        long = make_long_list(make, number)
        screen, found = client_of(long.lead), {}
        for name, address in long.pages().items():
            screen.get(address)  # what is read once by a process is read now
            statements.clear()
            assert screen.get(address).status_code == 200
            found[name] = len(statements)
        counts.append(found)

    few, many = counts
    assert {name: (few[name], many[name]) for name in few if few[name] != many[name]} == {}


def test_the_document_is_looked_at_on_one_page(make: Make, client_of: Callable):
    screen = client_of(make.lead())
    document, _ = write_markdown(long_content(MANY))
    sent = {"file": (io.BytesIO(document.encode()), "long.md"), "text": "", "kind": ""}

    page = screen.get(screen.post("/templates/import/", data=sent).location)

    assert "2000 items" in page.text
    assert len(page.data) < BYTES
    assert elements_of(page.text) < ELEMENTS


def test_every_file_is_whole_whatever_the_pages_show(long: LongList, screen: Any):
    for place in (long.release.module_path, f"/templates/{long.key}/versions/1/"):
        for name in FORMATS:
            answer = screen.get(f"{place}export/?format={name}")

            assert answer.status_code == 200
            assert name == "xlsx" or answer.text.count("of part ") == MANY


def test_all_parts_together_show_every_row_once(long: LongList, screen: Any):
    here = f"{long.release.module_path}everything/"
    seen: list[str] = []
    for number in range(1, -(-MANY // ROWS) + 1):
        seen += re.findall(r'<li class="item[^"]*" id="item-(\d+)"', screen.get(f"{here}?part={number}").text)

    assert seen == [str(row.id) for row in long.release.items]


def test_a_word_is_found_in_all_rows_and_not_only_in_those_shown(long: LongList, screen: Any):
    page = screen.get(f"{long.release.module_path}everything/?q=TABLE 7 of part 59 ").text

    assert re.findall(r'id="text-\d+">([^<]*)<', page) == [
        "Check that table 7 of part 59 has its keys, its indexes and an owner"
    ]
    assert "1999 hidden" in page


def test_what_nobody_wrote_is_not_found_and_cannot_break_out(long: LongList, screen: Any):
    page = screen.get(f"{long.release.module_path}everything/?q=<script>").text

    assert "No row fits." in page
    assert "<script>”" not in page


def test_a_row_ticked_without_a_script_leads_back_to_its_part(long: LongList, screen: Any):
    item = long.release.items[ROWS + 5]
    page = screen.get(f"{long.release.module_path}everything/?part=2").text
    back = re.search(r'name="back" value="([^"]+)"', page.split(f'id="item-{item.id}"')[1]).group(1)

    answer = screen.post(
        f"/items/{item.id}/state/", data={"revision": item.revision, "state": "done", "back": back, "reason": ""}
    )

    assert answer.location == f"{long.release.module_path}everything/?part=2#item-{item.id}"
    assert f'id="item-{item.id}"' in screen.get(answer.location.partition("#")[0]).text


def test_a_part_that_there_is_not_is_the_nearest_one(long: LongList, screen: Any):
    for number, nearest in (("0", "1 to 300"), ("-3", "1 to 300"), ("x", "1 to 300"), ("99", "1801 to 2000")):
        page = screen.get(f"{long.release.module_path}everything/?part={number}")

        assert page.status_code == 200
        assert f'aria-current="true">{nearest}<' in page.text


def test_a_link_to_an_item_leads_to_the_part_of_its_group(long: LongList, screen: Any):
    item = [row for row in long.release.items if row.key.startswith(f"g{LARGEST}.")][-1]
    assert f'id="item-{item.id}"' not in screen.get(long.group_path).text

    page = screen.get(f"{long.group_path}?at={item.id}").text

    assert f'id="item-{item.id}"' in page
    assert page.count('class="item is-todo') <= ROWS


def test_a_refused_row_of_a_long_group_is_shown_with_its_refusal(long: LongList, screen: Any):
    item = [row for row in long.release.items if row.key.startswith(f"g{LARGEST}.")][-1]

    answer = screen.post(f"/items/{item.id}/state/", data={"revision": 99, "state": "done"})

    assert answer.status_code == 409
    assert f'id="wrong-{item.id}"' in answer.text


def test_every_blocker_has_its_page_and_every_heading_its_way(long: LongList, screen: Any):
    row = long.release.items[0]
    set_state(long.lead.origin, row.id, revision=1, state=ItemState.FAILED, reason="It has none")
    total, found = 2 * MANY, set()
    for number in range(1, -(-total // LINES) + 1):
        page = screen.get(f"{long.release.path}blockers/?by=phase&part={number}").text
        found |= set(re.findall(r"#item-(\d+)\"", page))

    assert len(found) >= total
    assert 'href="#part-1"' in screen.get(f"{long.release.path}blockers/?by=phase").text
    assert "?by=phase&amp;part=1#part-1" in page


def test_moving_an_item_of_a_long_group_answers_with_a_part_of_it(long: LongList, screen: Any):
    item = long.edited[250]
    before = {one.id: one.position for one in long.edited}

    answer = screen.post(f"{long.draft_path}items/{item.id}/move/", data={"way": "up"}, follow_redirects=True)

    assert long.edited[249].id == item.id
    assert sum(one.position != before[one.id] for one in long.edited) == 2
    assert f'id="item-{item.id}"' in answer.text
    assert len(answer.data) < 200_000
    assert answer.text.count("disabled") == 0


def test_only_the_ends_of_a_group_cannot_be_moved_further(long: LongList, screen: Any):
    here = f"{long.draft_path}groups/{long.largest}/"

    disabled = [screen.get(f"{here}?part={number}").text.count(" disabled>") for number in (1, 2, 3, 4)]

    assert disabled == [1, 0, 0, 1]
