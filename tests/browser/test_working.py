"""People at work in one checklist: ticks that stick, refusals that keep what was typed."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import update

from app.database import db
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.models import ChecklistItem
from app.queries.items import get_place
from app.services.item_states import set_state
from app.services.sessions import revoke_session
from tests.browser.conftest import Product
from tests.browser.desk import actors_of, box, events_about, row, set_up
from tests.factories import Make

pytestmark = pytest.mark.browser

Person = Callable[..., Page]
PASSWORD = "nine slow barges went upstream"


def height_of(thing: Locator) -> float:
    """How far from the top of the window something is."""
    place = thing.bounding_box()
    assert place is not None
    return place["y"]


def test_two_people_who_tick_two_boxes_of_a_group_both_keep_their_tick(person: Person, make: Make) -> None:
    desk = set_up(make)
    first, second, *_ = desk.items
    ravi, asha = person("ravi"), person("asha")
    for page in (ravi, asha):
        page.goto(desk.path)
    box(ravi, first).click(no_wait_after=True)
    box(asha, second).click(no_wait_after=True)
    expect(box(ravi, first)).to_be_checked()
    expect(box(asha, second)).to_be_checked()
    for page in (ravi, asha):
        page.reload()
        expect(row(page, first)).to_contain_text("saved by Ravi Kumar")
        expect(row(page, second)).to_contain_text("saved by Asha Shah")
    assert sorted(actors_of(events_about(first, second))) == ["Asha Shah", "Ravi Kumar"]


def test_another_persons_tick_arrives_within_five_seconds_and_moves_nothing(person: Person, make: Make) -> None:
    desk = set_up(make)
    last = desk.items[-1]
    ravi, asha = person("ravi"), person("asha", viewport={"width": 1280, "height": 420})
    asha.clock.install()
    asha.goto(desk.path)
    box(asha, last).focus()
    assert asha.evaluate("scrollY") > 0, "the window is small enough to scroll"
    place = height_of(box(asha, last))
    ravi.goto(desk.path)
    box(ravi, desk.items[0]).click()
    expect(box(ravi, desk.items[0])).to_be_checked()

    asha.clock.fast_forward(5_000)
    expect(box(asha, desk.items[0])).to_be_checked()
    expect(row(asha, desk.items[0])).to_contain_text("saved by Ravi Kumar")
    expect(box(asha, last)).to_be_focused()
    assert height_of(box(asha, last)) == pytest.approx(place, abs=1), (
        "what one looks at stays where it is on the screen"
    )


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_stale_page_is_answered_with_both_values_and_keeps_what_was_typed(
    person: Person, make: Make, scripts: bool
) -> None:
    desk = set_up(make)
    item = desk.items[0]
    slow, quick = person("asha", java_script_enabled=scripts), person("ravi")
    slow.goto(desk.path)
    row(slow, item).get_by_text("More", exact=True).click()
    row(slow, item).get_by_text("Say how it stands").click()
    form = row(slow, item).locator("details[open] details[open] form")
    form.get_by_text("blocked", exact=True).click()
    reason = "the review waits for its reviewer"
    form.get_by_label("Why").fill(reason)
    quick.goto(desk.path)
    box(quick, item).click()
    expect(box(quick, item)).to_be_checked()

    form.get_by_role("button", name="Save").click()
    refused = row(slow, item).locator(".refused")
    expect(refused).to_contain_text("Not saved:")
    expect(refused.locator("div", has_text="Now").locator("dd")).to_have_text("done")
    expect(refused.locator("div", has_text="Yours").locator("dd")).to_have_text(
        "blocked, the review waits for its reviewer"
    )
    expect(row(slow, item).get_by_label("Why", exact=False).first).to_have_value("the review waits for its reviewer")
    assert [event.new_value for event in events_about(item)] == ["done"]


@pytest.mark.parametrize("gap", [0, 200], ids=["before the answer", "after the answer"])
def test_a_double_click_makes_one_event(person: Person, make: Make, gap: int) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(desk.path)
    box(page, desk.items[0]).dblclick(delay=gap)
    expect(row(page, desk.items[0])).to_contain_text("saved by Ravi Kumar")
    expect(box(page, desk.items[0])).to_be_checked()
    page.reload()
    expect(box(page, desk.items[0])).to_be_checked()
    assert [event.new_value for event in events_about(desk.items[0])] == ["done"]


def test_undo_takes_a_tick_back_and_leaves_both_events(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(desk.path)
    box(page, desk.items[0]).click()
    row(page, desk.items[0]).get_by_role("button", name="Undo").click()
    expect(box(page, desk.items[0])).not_to_be_checked()
    page.reload()
    expect(box(page, desk.items[0])).not_to_be_checked()
    told = [(event.action.value, event.new_value) for event in events_about(desk.items[0])]
    assert told == [("item.state_changed", "done"), ("item.undone", "to do")]


def test_an_undo_that_would_be_refused_is_not_offered(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.clock.install()
    page.goto(desk.path)
    box(page, desk.items[0]).click()
    undo = row(page, desk.items[0]).get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    page.clock.fast_forward(10_000)
    expect(undo).to_have_count(0)


def test_a_save_that_reaches_nobody_says_so_on_its_row_and_leaves_the_box_as_it_is(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.clock.install()
    page.goto(desk.path)

    def cut(route: Route) -> None:
        route.abort("connectionrefused")

    page.route("**/*", cut)
    box(page, desk.items[0]).click()
    expect(row(page, desk.items[0]).locator(".refused")).to_contain_text("Not saved:")
    expect(box(page, desk.items[0])).not_to_be_checked()
    expect(page.locator("#said")).to_contain_text("Not saved:")
    page.clock.fast_forward(5_000)
    expect(page.locator("#outage")).to_be_visible()
    assert events_about(desk.items[0]) == []

    page.unroute("**/*", cut)
    page.clock.fast_forward(5_000)
    expect(page.locator("#outage")).to_be_hidden()
    box(page, desk.items[0]).click()
    expect(box(page, desk.items[0])).to_be_checked()
    expect(row(page, desk.items[0]).locator(".refused")).to_have_count(0)


def test_five_rows_at_once_cost_one_sentence(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(desk.path)
    page.get_by_text("Select several").click()
    for item in desk.items[:5]:
        row(page, item).get_by_label("for a change of several").check()
    page.get_by_role("button", name="Save the chosen rows").click()
    expect(page.get_by_role("alert")).to_contain_text("Say in one sentence what holds for all of them.")
    assert events_about(*desk.items) == []

    page.get_by_label("One sentence for all of them").fill("Looked at in the review of this morning.")
    page.get_by_role("button", name="Save the chosen items").click()
    for item in desk.items[:5]:
        expect(box(page, item)).to_be_checked()
    expect(box(page, desk.items[5])).not_to_be_checked()
    events = events_about(*desk.items)
    assert [event.object_id for event in events] == desk.items[:5]
    assert len({event.batch for event in events}) == 1
    assert events[0].batch is not None
    assert {event.reason for event in events} == {"Looked at in the review of this morning."}


def test_killers_cannot_be_selected_with_others(person: Person, make: Make) -> None:
    desk = set_up(make, "deployment-preparation")
    page = person("ravi")
    page.goto(desk.path)
    page.get_by_text("Select several").click()
    killers = page.locator("[data-row]:has(.tag.killer)")
    others = page.locator("[data-row]:not(:has(.tag.killer))")
    assert killers.count() == 2
    expect(killers.get_by_label("for a change of several")).to_have_count(0)
    expect(others.get_by_label("for a change of several")).to_have_count(others.count())


def test_a_waiver_asked_for_by_one_is_approved_by_another(person: Person, make: Make) -> None:
    desk = set_up(make)
    item = desk.items[0]
    ravi, meera = person("ravi"), person("meera")
    ravi.goto(desk.path)
    row(ravi, item).get_by_text("More", exact=True).click()
    row(ravi, item).get_by_text("Waive", exact=True).click()
    row(ravi, item).get_by_label("Why", exact=True).select_option("This release does not touch it")
    row(ravi, item).get_by_role("button", name="Ask for approval").click()
    expect(row(ravi, item).locator(".refused")).to_contain_text("Say in a sentence why this item is waived.")
    row(ravi, item).get_by_label("In a sentence").fill("This release changes no code.")
    row(ravi, item).get_by_role("button", name="Ask for approval").click()
    expect(row(ravi, item)).to_contain_text("waiting for approval")
    expect(row(ravi, item).get_by_role("button", name="Withdraw the request")).to_be_visible()
    expect(row(ravi, item).get_by_role("button", name="Approve")).to_have_count(0)

    meera.goto(desk.path)
    row(meera, item).get_by_role("button", name="Approve").click()
    expect(row(meera, item)).to_contain_text("approved by Meera Iyer")
    ravi.reload()
    expect(row(ravi, item)).to_have_attribute("data-state", "not_applicable")


def test_what_was_typed_comes_back_after_the_session_has_ended(company: Product, person: Person, make: Make) -> None:
    desk = set_up(make)
    worker = make.person(Role.DEVELOPER, password=PASSWORD)
    name = worker.email.partition("@")[0]
    company.passwords[name] = PASSWORD
    page = person(name)
    page.goto(desk.path)
    row(page, desk.items[0]).get_by_text("More", exact=True).click()
    row(page, desk.items[0]).get_by_text("Add a comment").click()
    text = "The third index is only needed for the nightly run."
    row(page, desk.items[0]).get_by_label("Comment", exact=True).fill(text)
    for session in make.open_sessions(worker):
        revoke_session(worker.origin, session.id)

    row(page, desk.items[0]).get_by_role("button", name="Add comment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your session has ended")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_label("E-mail").fill(worker.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Text")).to_have_value(text)
    assert events_about(desk.items[0]) == []
    page.get_by_role("button", name="Send it now").click()
    expect(page.get_by_role("link", name=re.compile("^1 comment"))).to_be_visible()
    page.goto(f"/items/{desk.items[0]}/")
    expect(page.locator("#comments")).to_contain_text(text)
    assert [event.action.value for event in events_about(desk.items[0])] == ["item.commented"]


def test_a_hidden_page_asks_for_nothing_until_it_is_looked_at_again(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.clock.install()
    page.goto(desk.path)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/static/" not in request.url else None)
    see = "(how) => { Object.defineProperty(document, 'visibilityState', { value: how, configurable: true });"
    see += " document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(see, "hidden")
    page.clock.fast_forward(60_000)
    box(page, desk.items[0]).focus()
    assert asked == []
    with page.expect_response(re.compile(re.escape(desk.path))):
        page.evaluate(see, "visible")
        page.clock.fast_forward(100)


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_enter_in_the_field_of_a_value_saves_the_value_and_ticks_nothing(
    person: Person, make: Make, scripts: bool
) -> None:
    desk = set_up(make, "migration-creation")
    page = person("ravi", java_script_enabled=scripts)
    page.goto(desk.path)
    field = page.get_by_label("Rehearsed at").first
    item = field.locator("xpath=ancestor::*[@data-row][1]")
    name = item.get_attribute("id")
    field.fill("staging, 12 minutes")
    field.press("Enter")
    now = page.locator(f"#{name}")
    expect(now).to_contain_text("staging, 12 minutes")
    expect(now.get_by_role("checkbox")).not_to_be_checked()


def test_what_is_half_typed_in_the_forms_of_a_row_survives_its_tick_and_is_saved_after_it(
    person: Person, make: Make
) -> None:
    desk = set_up(make)
    item = desk.items[0]
    page = person("asha")
    page.goto(desk.path)
    row(page, item).get_by_text("More", exact=True).click()
    row(page, item).get_by_text("Add a comment").click()
    comment = row(page, item).get_by_label("Comment", exact=True)
    comment.fill("Only half of it")

    box(page, item).click()
    expect(box(page, item)).to_be_checked()
    expect(comment).to_have_value("Only half of it")
    comment.fill("Only half of it, and the rest")
    row(page, item).get_by_role("button", name="Add comment").click()
    expect(row(page, item).get_by_role("link", name=re.compile("^1 comment"))).to_be_visible()
    assert [event.action.value for event in events_about(item)] == ["item.state_changed", "item.commented"]


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
def test_archiving_asks_first_and_happens_only_after_the_answer(person: Person, make: Make, *, scripts: bool) -> None:
    module = make.module(f"asked-first-{scripts}".lower())
    page = person("leena", java_script_enabled=scripts)
    page.goto(f"/modules/{module.key}/")

    page.get_by_text("Archive", exact=True).click()
    expect(page.get_by_text(f"Archive {module.name}?")).to_be_visible()
    expect(page.get_by_text("archived", exact=True)).to_have_count(0)

    page.get_by_role("button", name="Yes, archive").click()
    expect(page.get_by_text("archived", exact=True)).to_be_visible()


def test_what_is_half_typed_overwrites_nothing_that_was_saved_meanwhile(person: Person, make: Make) -> None:
    desk = set_up(make, "migration-creation")
    page = person("ravi")
    page.goto(desk.path)
    field = page.get_by_label("Rehearsed at").first
    item = int(field.locator("xpath=ancestor::*[@data-row][1]").get_attribute("id").removeprefix("item-"))
    row(page, item).get_by_text("More", exact=True).click()
    row(page, item).get_by_text("Value and link").click()
    row(page, item).get_by_label("Link", exact=True).fill("https://example.org/rehearsal")
    field.fill("staging, 12 minutes")

    box(page, item).click()
    expect(box(page, item)).to_be_checked()
    expect(row(page, item).get_by_label("Link", exact=True)).to_have_value("https://example.org/rehearsal")
    row(page, item).locator(f"#keep-{item}").get_by_role("button", name="Save").click()

    expect(row(page, item).get_by_role("link", name="example.org/rehearsal")).to_be_visible()
    expect(row(page, item)).to_contain_text("staging, 12 minutes")


def test_a_reason_is_asked_for_also_where_the_forms_were_opened_and_closed_before(person: Person, make: Make) -> None:
    desk = set_up(make)
    item = desk.items[0]
    set_state(make.person(Role.DEVELOPER).origin, item, revision=1, state=ItemState.DONE)
    page = person("asha")
    page.goto(desk.path)
    row(page, item).get_by_text("More", exact=True).click()
    row(page, item).locator(".more > summary").click()

    box(page, item).click()
    expect(row(page, item).get_by_role("textbox", name="Why needed")).to_be_focused()


def test_opening_the_forms_of_a_row_forgets_neither_its_choice_nor_what_was_typed_when_it_fails(
    person: Person, make: Make
) -> None:
    desk = set_up(make, "migration-creation")
    page = person("ravi")
    page.goto(desk.path)
    field = page.get_by_label("Rehearsed at").first
    item = int(field.locator("xpath=ancestor::*[@data-row][1]").get_attribute("id").removeprefix("item-"))
    field.fill("13 min")
    page.get_by_text("Select several").click()
    others = [number for number in desk.items if number != item]
    chosen = next(
        pick
        for pick in (row(page, number).get_by_label("for a change of several") for number in others)
        if pick.count()
    )
    chosen.check()
    page.route(f"**/items/{item}/", lambda route: route.fulfill(status=503, body="<p class=lead>Busy.</p>"))

    row(page, item).get_by_text("More", exact=True).click()
    expect(row(page, item).locator(".refused")).to_contain_text("Not opened: Busy.")
    expect(page.get_by_label("Rehearsed at").first).to_have_value("13 min")
    chosen.locator("xpath=ancestor::*[@data-row][1]").get_by_text("More", exact=True).click()
    expect(page.locator("details.more[open]")).to_have_count(1)
    expect(chosen).to_be_checked()


def test_ticking_an_item_with_a_twin_ticks_the_twin_and_names_it(person: Person, make: Make) -> None:
    desk = set_up(make)
    first, second, *_ = desk.items
    twins = update(ChecklistItem).where(ChecklistItem.id.in_([first, second]))
    db.session.execute(twins.values(fact="the plan is written"))
    db.session.commit()
    page = person("ravi")
    page.goto(desk.path)

    box(page, first).click()

    expect(row(page, first)).to_contain_text("set along with it")
    expect(row(page, first)).to_contain_text(get_place(second).text)
    expect(box(page, second)).to_be_checked()
    row(page, first).get_by_role("button", name="Undo").click()
    expect(box(page, first)).not_to_be_checked()
    expect(box(page, second)).not_to_be_checked()
