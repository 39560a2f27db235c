"""What applies to a module, in a browser: the questions, what their answers would do, and the rows afterwards."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.database import db
from app.domain.applicability import Question
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.models import Module, TemplateItem
from app.queries.applicability import list_answers, read_answers
from app.services.applicability import answer_questions
from app.services.item_states import set_state
from app.web import rule_tester
from tests.factories import Made, MadeRelease, Make

UPLOADS = Question.HAS_UPLOADS
UPLOAD_ITEM = "input.uploads"
TESTER = "/templates/migration-maintenance/versions/1/applicability/"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def browser(release: MadeRelease, client_of: Callable) -> FlaskClient:
    return client_of(release.lead)


def _path(release: MadeRelease) -> str:
    return f"/modules/{release.modules[0]}/answers/"


def _module_id(release: MadeRelease) -> int:
    return db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input[^>]*name="(\w+)" type="hidden" value="([^"]*)"', page)) | dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    )


def _form(browser: FlaskClient, release: MadeRelease, **answers: str) -> dict[str, str]:
    """The form as its page shows it, with some answers chosen."""
    page = browser.get(_path(release)).text
    known = {question: line.is_yes for question, line in list_answers(_module_id(release)).items()}
    chosen = {question.value: {True: "yes", False: "no", None: ""}[known.get(question)] for question in Question}
    return _hidden(page) | {"reason": ""} | chosen | answers


def _answer(who: Made, release: MadeRelease, *, reason: str = "", **answers: bool) -> None:
    revisions = {question: line.revision for question, line in list_answers(_module_id(release)).items()}
    wanted = {Question(name): answer for name, answer in answers.items()}
    answer_questions(who.origin, release.modules[0], wanted, revisions=revisions, reason=reason)


def test_the_page_asks_every_question_once_with_three_answers(release: MadeRelease, browser: FlaskClient):
    page = browser.get(_path(release)).text

    for question in Question:
        assert page.count(f"<legend>{question.label}</legend>") == 1
        assert len(re.findall(rf'type="radio" name="{question.value}"', page)) == 3
        assert re.search(rf'name="{question.value}" value="" checked', page)
    assert "147 of 147 apply" in page


def test_an_answer_that_takes_nothing_away_is_saved_at_once(release: MadeRelease, browser: FlaskClient):
    answer = browser.post(_path(release), data=_form(browser, release, has_uploads="yes"))

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/modules/{release.modules[0]}/#answers")
    assert read_answers(_module_id(release)) == {UPLOADS: True}
    assert "1 of 8 questions is answered" in browser.get(f"/modules/{release.modules[0]}/").text


def test_what_takes_items_away_is_shown_first_and_saved_when_confirmed(release: MadeRelease, browser: FlaskClient):
    shown = browser.post(_path(release), data=_form(browser, release, touches_schema="no"))

    assert shown.status_code == 200
    assert "114 of 147 apply" in shown.text
    assert "33 are taken away" in shown.text
    assert "Taken away: 33, because it does not change the schema" in shown.text
    assert "Nothing is saved yet" in shown.text
    assert (read_answers(_module_id(release)), release.item(UPLOAD_ITEM).state) == ({}, ItemState.TODO)

    saved = browser.post(_path(release), data=_hidden(shown.text))

    assert saved.status_code == 302
    assert "33 items were taken away by rule" in browser.get(saved.headers["Location"]).text
    assert sum(row.state is ItemState.RULED_OUT for row in release.items) == 33


def test_what_was_done_is_counted_among_what_leaves(make: Make, release: MadeRelease, browser: FlaskClient):
    item = release.item(UPLOAD_ITEM)
    set_state(make.person(Role.DEVELOPER).origin, item.id, revision=1, state=ItemState.DONE)

    shown = browser.post(_path(release), data=_form(browser, release, has_uploads="no")).text

    assert "1 is taken away, 1 of them done" in shown


def test_a_confirmation_of_something_else_is_asked_again(make: Make, release: MadeRelease, browser: FlaskClient):
    shown = browser.post(_path(release), data=_form(browser, release, touches_schema="no"))
    form = _hidden(shown.text) | {"has_uploads": "no"}

    again = browser.post(_path(release), data=form)

    assert again.status_code == 200
    assert "The checklists have changed since you looked" in again.text
    assert "34 are taken away" in again.text
    assert read_answers(_module_id(release)) == {}


def test_showing_what_applies_saves_nothing_and_needs_no_reason(release: MadeRelease, browser: FlaskClient):
    _answer(release.lead, release, has_uploads=False)

    form = _form(browser, release, has_uploads="yes", reason="half a sen") | {"action": "show"}
    shown = browser.post(_path(release), data=form)

    assert shown.status_code == 200
    assert "147 of 147 apply" in shown.text
    assert "1 comes back" in shown.text
    assert 'value="half a sen"' in shown.text
    assert re.search(r'name="has_uploads" value="yes" checked', shown.text)
    assert read_answers(_module_id(release)) == {UPLOADS: False}


def test_another_answer_without_a_reason_is_refused_beside_its_field(release: MadeRelease, browser: FlaskClient):
    _answer(release.lead, release, has_uploads=False)

    answer = browser.post(_path(release), data=_form(browser, release, has_uploads="yes", personal_data="no"))

    assert answer.status_code == 422
    assert re.search(
        r'id="reason-wrong">.*?Say why “Does it take uploads\?” is answered anew\.', answer.text, re.DOTALL
    )
    assert re.search(r'name="personal_data" value="no" checked', answer.text)
    assert read_answers(_module_id(release)) == {UPLOADS: False}


def test_what_comes_back_is_shown_with_how_it_stood_and_counted(make: Make, release: MadeRelease, browser: FlaskClient):
    item = release.item(UPLOAD_ITEM)
    set_state(make.person(Role.DEVELOPER).origin, item.id, revision=1, state=ItemState.DONE)
    _answer(release.lead, release, has_uploads=False)

    shown = browser.post(_path(release), data=_form(browser, release, has_uploads="yes", reason="they came back"))
    assert re.search(r'File uploads validated <span class="quiet">done</span>', shown.text)
    saved = browser.post(_path(release), data=_hidden(shown.text))

    assert "1 item was brought back." in browser.get(saved.headers["Location"]).text
    assert release.item(UPLOAD_ITEM).state is ItemState.DONE


def test_an_old_page_is_told_both_answers_and_keeps_what_was_typed(
    make: Make, release: MadeRelease, browser: FlaskClient
):
    form = _form(browser, release, has_uploads="no", reason="they went into another module")
    _answer(make.lead(), release, has_uploads=True)

    answer = browser.post(_path(release), data=form)

    assert answer.status_code == 409
    assert "Now: “Does it take uploads?” yes. Yours: “Does it take uploads?” no." in answer.text
    assert 'value="they went into another module"' in answer.text
    assert re.search(r'name="has_uploads" value="no" checked', answer.text)

    # Who has read it and still means it confirms as usual.
    shown = browser.post(_path(release), data=form | _hidden(answer.text))
    assert (shown.status_code, "1 is taken away" in shown.text) == (200, True)
    assert browser.post(_path(release), data=_hidden(shown.text)).status_code == 302
    assert read_answers(_module_id(release)) == {UPLOADS: False}


@pytest.mark.parametrize("typed", ["maybe", None])
def test_an_answer_that_is_none_is_refused_and_takes_none_back(release: MadeRelease, browser: FlaskClient, typed):
    _answer(release.lead, release, has_uploads=True)
    form = _form(browser, release, reason="tried")
    form = {name: value for name, value in form.items() if name != "has_uploads"} | (
        {"has_uploads": typed} if typed else {}
    )

    answer = browser.post(_path(release), data=form)

    assert answer.status_code == 422
    assert "Choose yes, no or not answered." in answer.text
    assert read_answers(_module_id(release)) == {UPLOADS: True}


def test_answers_that_cannot_both_be_true_are_refused_beside_the_question(release: MadeRelease, browser: FlaskClient):
    answer = browser.post(_path(release), data=_form(browser, release, drops_or_renames="yes", touches_schema="no"))

    assert answer.status_code == 422
    assert re.search(r'id="touches_schema-wrong">.*?changes the schema: answer yes', answer.text, re.DOTALL)


def test_a_reader_sees_the_answers_and_no_way_to_change_them(make: Make, release: MadeRelease, client_of: Callable):
    _answer(release.lead, release, has_uploads=False)
    viewer = client_of(make.person(Role.VIEWER))

    page = viewer.get(f"/modules/{release.modules[0]}/").text

    assert "Does it take uploads?" in page
    assert _path(release) not in page
    assert viewer.get(_path(release)).status_code == 403


def _row(page: str, item_id: int) -> str:
    found = re.search(rf'<li class="item[^>]*id="item-{item_id}".*?</li>', page, re.DOTALL)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("where", ["everything/", "groups/input-validation/"])
def test_a_row_that_a_rule_took_away_says_so_and_cannot_be_ticked(
    make: Make, release: MadeRelease, client_of: Callable, where: str
):
    item, developer = release.item(UPLOAD_ITEM), make.person(Role.DEVELOPER)
    set_state(developer.origin, item.id, revision=1, state=ItemState.DONE)
    _answer(release.lead, release, has_uploads=False)
    browser = client_of(developer)

    row = _row(browser.get(release.module_path + where).text, item.id)

    assert "not applicable by rule" in row
    assert f'<a href="/items/{item.id}/rule/">by rule: takes no uploads' in row
    assert "data-tick" not in row
    # Who ticked it did not take it away.
    assert developer.name not in row
    answer = browser.get(f"/items/{item.id}/rule/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/modules/{release.modules[0]}/#answers")


def test_its_page_offers_to_comment_and_nothing_else(make: Make, release: MadeRelease, client_of: Callable):
    _answer(release.lead, release, has_uploads=False)

    page = client_of(release.lead).get(f"/items/{release.item(UPLOAD_ITEM).id}/").text

    assert "Add a comment" in page
    assert "Say how it stands" not in page
    assert "Ask for “not applicable”" not in page
    assert "by its rule, from to do to not applicable by rule" in page


def test_the_number_of_what_does_not_apply_opens_those_rows(release: MadeRelease, browser: FlaskClient):
    _answer(release.lead, release, has_uploads=False, touches_schema=False)
    link = f"/releases/{release.key}/items/?module={release.modules[0]}&amp;show=not-applicable"

    assert f'<a href="{link}">34 not applicable</a>' in browser.get(release.module_path).text
    page = browser.get(link.replace("&amp;", "&")).text

    assert "<strong>34 items</strong>" in page
    assert page.count("by rule: does not change the schema") == 33


def test_an_item_of_the_release_itself_has_no_rule(make: Make, release: MadeRelease, browser: FlaskClient):
    found = re.search(r'id="item-(\d+)"', browser.get(f"/releases/{release.key}/checklist/everything/").text)
    assert found

    assert browser.get(f"/items/{found[1]}/rule/").status_code == 404


def test_the_tester_sorts_a_version_by_the_answers_in_its_address(make: Make, client_of: Callable):
    browser = client_of(make.person(Role.VIEWER))

    assert "Of a module in a release, 147 of 147 apply" in browser.get(TESTER).text
    page = browser.get(f"{TESTER}?has_uploads=no&touches_schema=no&personal_data=perhaps").text

    assert "Of a module in a release, 113 of 147 apply" in page
    assert "Of a merge request, 16 of 16 apply" in page
    assert "by rule: takes no uploads" in page
    assert "Migration creation: all 7" in page
    assert re.search(r'name="has_uploads" value="no" checked', page)
    assert re.search(r'name="personal_data" value=""(?: checked)?', page)


def test_the_tester_says_which_rule_cannot_be_read(make: Make, client_of: Callable):
    db.session.execute(update(TemplateItem).where(TemplateItem.key == UPLOAD_ITEM).values(applies_when="has_upload"))
    db.session.commit()

    page = client_of(make.person(Role.VIEWER)).get(f"{TESTER}?has_uploads=no").text

    assert "The rule of “File uploads validated” cannot be read and takes nothing away." in page
    assert "Did you mean has_uploads?" in page


def test_a_version_says_its_rules_and_leads_to_the_tester(make: Make, client_of: Callable):
    page = client_of(make.person(Role.VIEWER)).get("/templates/migration-maintenance/versions/1/").text

    assert "Only when it changes the schema" in page
    assert page.count("Only when it takes uploads") >= 1
    assert TESTER in page


def test_the_tester_takes_a_template_that_is_no_version_yet(app: Flask, make: Make, client_of: Callable):
    item = ItemContent("masked", "Names are masked", applies_when="personal_data")
    groups = rule_tester.groups_of(TemplateContent("Ours", groups=(GroupContent("privacy", "Privacy", items=(item,)),)))

    with app.test_request_context("/?personal_data=no"):
        page = rule_tester.tester_page("What applies by a draft", [("Templates", "/templates/")], groups)

    assert "Of a module in a release, 0 of 1 apply" in page
    assert "by rule: holds no personal data" in page
