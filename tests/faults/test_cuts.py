"""The connection to the database is cut at each statement of an act, before it and after it: all of it or nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import make_url

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import ItemState
from app.domain.waiver_kinds import WaiverReason
from app.services.item_states import set_state
from app.services.items import add_comment
from app.services.releases import ReleaseFacts, create_release
from app.services.templates import load_catalogue
from app.services.waivers import request_waiver
from tests.conftest import settings_for
from tests.factories import Made, Make
from tests.faults.checker import Evidence, broken_chains, gaps
from tests.faults.company import gather, standing
from tests.faults.proxy import Cut, Proxy
from tests.servers import database_name, fresh_database, running_server

pytestmark = pytest.mark.faults


@dataclass(frozen=True)
class Line:
    """The product behind a proxy, and the database's own address."""

    app: Flask
    proxy: Proxy
    url: str
    data: Path


@dataclass(frozen=True)
class Place:
    """Where an act may happen, and by whom."""

    item: int
    revision: int
    release: str
    person: Made


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    data = tmp_path_factory.mktemp("data")
    with running_server() as server:
        url = fresh_database(server, f"{database_name()}_cuts")
        target = make_url(url)
        with Proxy((str(target.host), target.port or 3306)) as proxy:
            # In the clear, so that the proxy sees where one statement ends.
            here = target.set(host="127.0.0.1", port=proxy.port).update_query_dict({"ssl_disabled": "yes"})
            through = here.render_as_string(hide_password=False)
            app = create_app(settings_for(through, data))
            with app.app_context():
                upgrade()
                load_catalogue(Origin(SYSTEM))
                db.session.remove()
                yield Line(app, proxy, url, data)
                db.session.remove()
                db.engine.dispose()


Act = Callable[[Place], Callable[[], object]]


def tick(place: Place) -> Callable[[], object]:
    origin = place.person.origin
    return lambda: set_state(origin, place.item, revision=place.revision, state=ItemState.DONE)


def comment(place: Place) -> Callable[[], object]:
    origin = place.person.origin
    return lambda: add_comment(origin, place.item, text="seen")


def waiver(place: Place) -> Callable[[], object]:
    origin = place.person.origin
    return lambda: request_waiver(
        origin,
        place.item,
        revision=place.revision,
        reason=WaiverReason.NOT_TOUCHED,
        explanation="no such table",
    )


def new_release(place: Place) -> Callable[[], object]:
    origin, key = place.person.origin, f"after-{place.item}"
    return lambda: create_release(origin, key, ReleaseFacts(name=key), copy_from=place.release)


@pytest.fixture
def places(line: Line) -> Iterator[Place]:
    """One item after the other, of a release of this test alone."""
    make = Make()
    release, person = make.release(), make.lead()
    return iter([Place(row.id, row.revision, release.key, person) for row in release.items])


def count_statements(line: Line, ready: Callable[[], object]) -> int:
    """How many statements an act sends when nothing is in its way."""
    db.session.remove()
    line.proxy.arm(Cut.BEFORE, None)
    ready()
    return len(line.proxy.statements)


@pytest.mark.parametrize("cut", list(Cut), ids=lambda cut: cut.name.lower())
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(act, id=act.__name__, marks=[] if is_quick else pytest.mark.soak)
        for act, is_quick in {tick: True, comment: False, waiver: True, new_release: False}.items()
    ],
)
def test_an_act_cut_at_any_statement_is_done_once_and_whole(line: Line, places: Iterator[Place], act: Act, cut: Cut):
    cuts = []
    for number in range(count_statements(line, act(next(places)))):
        ready = act(next(places))
        before = look(standing())
        line.proxy.arm(cut, number)

        answer = ready()

        assert line.proxy.has_cut
        cuts.append(line.proxy.statements[number].split()[0])
        assert ready() == answer
        after = look(before.first_items)
        where = f"cut {cut.value}: {line.proxy.statements[number]}"
        assert len(after.keys - before.keys) == 1, where
        [key] = after.keys - before.keys
        new = [entry.fields for entry in after.entries[len(before.entries) :]]
        assert {body["idem"] for body in new} == {key}, where
        told = [(body["op"], body["object"]["kind"], body["object"]["id"], body["fact"]) for body in new]
        assert len(set(told)) == len(told), where
        assert not wrong_in(after), where
    assert {"COMMIT", "INSERT", "UPDATE"} <= set(cuts)


def look(first_items: dict[int, dict[str, Any]]) -> Evidence:
    """What the database holds now, the oldest event first."""
    evidence = gather(first_items)
    db.session.remove()
    evidence.entries.sort(key=lambda entry: bytes.fromhex(entry.fields["id"]))
    return evidence


def wrong_in(evidence: Evidence) -> list[str]:
    """What the history says of itself and of the items."""
    return [
        *gaps(evidence.entries, evidence.tails),
        *broken_chains(evidence.entries, evidence.tails),
    ]
