"""Metrics in a browser: what is said of nothing, what stands behind a number, and who sees what."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient

from app.domain.figures import FigureFacts, FigureKind
from app.domain.metric_keys import METRICS, MetricKey
from app.domain.metric_words import EMPTY
from app.domain.permissions import Role
from app.models.base import utc_now
from app.services.figures import type_figure
from app.web.form_words import NOT_OFFERED
from app.web.metric_pages import HEADER
from tests.factories import Made, MadeRelease, Make
from tests.web.waiving import plain

Browsers = Callable[[Made], FlaskClient]
TODAY = utc_now().date()


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release(modules=2)


def typed(release: MadeRelease, place: int = 0, value: str = "80", days_ago: int = 3) -> int:
    day = TODAY - timedelta(days=days_ago)
    facts = FigureFacts(FigureKind.TEST_COVERAGE, Decimal(value), day, "=nightly build")
    return type_figure(release.lead.origin, release.modules[place], facts, today=TODAY)


def rows_of(browser: FlaskClient, address: str) -> list[dict[str, str]]:
    answer = browser.get(address)
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_every_tile_says_why_it_is_empty_and_never_a_share_of_nothing(make: Make, client_of: Browsers):
    page = plain(client_of(make.lead()).get("/metrics/").text)

    assert "It cannot be said." in page
    for key in MetricKey:
        assert METRICS[key].title in page
        assert EMPTY[key] in page
    assert " 0 %" not in page
    assert "100 %" not in page


def test_a_tile_has_value_count_period_and_a_way_to_its_rows(release: MadeRelease, client_of: Browsers):
    typed(release)
    typed(release, place=1, value="60")
    browser = client_of(release.lead)

    tile = browser.get("/metrics/?window=30d").text.partition('id="test-coverage"')[2].partition("</li>")[0]
    page = plain(browser.get("/metrics/test-coverage/?window=30d").text)

    for words in ("70 %", f"n = 2, 30 days to {TODAY}", "Fewer than 5: this says little.", "Typed for 2 of 2 modules."):
        assert words in plain(tile)
    assert 'href="/metrics/test-coverage/?window=30d#rows"' in tile
    assert 'role="img"' in tile
    assert "Test coverage: 70 %" in page
    assert "Nothing to compare with in the 30 days before." in page


def test_the_chart_says_what_it_shows_and_its_numbers_stand_in_a_table(release: MadeRelease, client_of: Browsers):
    typed(release)

    page = client_of(release.lead).get("/metrics/test-coverage/?window=30d").text

    assert "<desc" in page
    assert "from 80 % to 80 %; nothing to measure in" in page
    table = page.partition("Test coverage, part by part")[2].partition("</table>")[0]
    assert table.count(">80 %<") == 1
    assert "style=" not in page.partition("<main")[2]


def test_the_rows_leave_as_csv_and_that_is_remembered(make: Make, release: MadeRelease, client_of: Browsers):
    number = typed(release)

    rows = rows_of(client_of(release.lead), "/metrics/test-coverage/export/?window=30d")

    assert tuple(rows[0]) == HEADER
    assert [(row["number"], row["value"], row["address"]) for row in rows] == [
        (str(number), "80.0", f"/metrics/figures/{number}/")
    ]
    (event,) = make.events("metric.exported")
    assert event.object_label.startswith("Test coverage, ")


def test_a_person_sees_the_numbers_of_the_own_modules_only(make: Make, release: MadeRelease, client_of: Browsers):
    typed(release)
    typed(release, place=1, value="20")
    ids = {item["module"]: item["value"] for item in rows_of(client_of(release.lead), "/metrics/test-coverage/export/")}
    assert len(ids) == 2
    module = make.module()
    insider = client_of(make.person(Role.VIEWER, module_id=module.id))

    assert rows_of(insider, "/metrics/test-coverage/export/") == []
    assert release.modules[0] not in insider.get("/metrics/").text
    assert insider.get(f"/metrics/?module={release.modules[0]}").status_code == 422
    assert len(rows_of(client_of(make.person(Role.AUDITOR)), "/metrics/test-coverage/export/")) == 2


def test_a_module_can_be_looked_at_alone(release: MadeRelease, client_of: Browsers):
    typed(release)
    typed(release, place=1, value="20")

    rows = rows_of(client_of(release.lead), f"/metrics/test-coverage/export/?module={release.modules[1]}")

    assert [row["value"] for row in rows] == ["20.0"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("window=7d", "This cannot be looked at"),
        ("from=2026-13-01", "Write a day as year, month, day"),
        ("from=2026-02-01&to=2026-01-01", "It begins after it ends."),
        ("to=2026-01-01", "Say with which day it begins."),
    ],
)
def test_a_period_that_cannot_be_is_refused_in_words(make: Make, client_of: Browsers, query: str, sentence: str):
    browser = client_of(make.lead())

    for address in ("/metrics/", "/metrics/uptime/"):
        answer = browser.get(f"{address}?{query}")
        assert answer.status_code == 422
        assert sentence in answer.text
    assert browser.get(f"/metrics/uptime/export/?{query}").status_code == 422


def test_a_metric_that_there_is_not_is_not_there(make: Make, client_of: Browsers):
    browser = client_of(make.lead())

    assert browser.get("/metrics/velocity/").status_code == 404
    assert browser.get("/metrics/velocity/export/").status_code == 404


def test_the_page_asks_as_much_for_many_rows_as_for_few(
    release: MadeRelease, client_of: Browsers, statements: list[str]
):
    browser = client_of(release.lead)
    counts = []
    for days_ago in (1, 2):
        typed(release, days_ago=days_ago)
        typed(release, place=1, days_ago=days_ago)
        statements.clear()
        browser.get("/metrics/")
        counts.append(len(statements))

    assert counts[0] == counts[1] < 25


TYPED = {"kind": "test-coverage", "value": "87,5", "measured_on": str(TODAY), "source": "nightly build"}


def test_a_figure_is_typed_shown_and_struck(make: Make, release: MadeRelease, client_of: Browsers):
    browser = client_of(make.person(Role.QA))
    kept = browser.post("/metrics/figures/new/", data={**TYPED, "module": release.modules[0]})
    assert kept.status_code == 303
    here = kept.location
    assert "87.5 %" in browser.get(here).text

    without = browser.post(f"{here}strike/", data={"reason": ""})
    struck = browser.post(f"{here}strike/", data={"reason": "The other module."}, follow_redirects=True)

    assert without.status_code == 422
    assert "counts nowhere" in struck.text
    assert browser.post(f"{here}strike/", data={"reason": "Again."}).status_code == 409
    assert "<s>87.5 %</s>" in browser.get("/metrics/figures/?kind=test-coverage").text
    assert "Nobody has typed one of these yet." in browser.get("/metrics/figures/?kind=uptime").text


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"value": "many"}, "Write a number, for example 87.5."),
        ({"value": "101"}, "It lies between 0 and 100."),
        ({"source": ""}, "Say where the number comes from"),
        ({"measured_on": ""}, "Say for which day it holds."),
        ({"kind": "uptime"}, "Say with which day the record begins."),
        ({"kind": "velocity"}, NOT_OFFERED),
        ({"module": "elsewhere"}, NOT_OFFERED),
    ],
)
def test_a_figure_that_cannot_be_is_refused_and_what_was_typed_stays(
    make: Make, release: MadeRelease, client_of: Browsers, wrong: dict[str, str], sentence: str
):
    browser = client_of(make.person(Role.QA))

    answer = browser.post("/metrics/figures/new/", data={**TYPED, "module": release.modules[0], **wrong})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{wrong.get("value", "87,5")}"' in answer.text
    assert make.events("figure.typed") == []


def test_who_does_not_work_on_it_is_not_offered_to_strike(make: Make, release: MadeRelease, client_of: Browsers):
    number = typed(release)
    viewer = client_of(make.person(Role.VIEWER))

    assert "Strike it" in client_of(release.lead).get(f"/metrics/figures/{number}/").text
    assert "Strike it" not in viewer.get(f"/metrics/figures/{number}/").text
    assert "/metrics/figures/new/" not in viewer.get("/metrics/").text
