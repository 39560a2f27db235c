"""Checklists made by a person's request and by the service alone, beside the rows that they consist of."""

import http.client
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pymysql
import pytest
from sqlalchemy import select

from app.database import db
from app.domain.actors import Actor, Origin
from app.models import Release
from app.queries.modules import get_module
from app.queries.people import actor_of
from app.services.modules import ModuleFacts, create_module
from app.services.release_modules import add_modules
from app.services.releases import ReleaseFacts, create_release
from bench import targets
from bench.copying import COPY, GROUP, HEAD
from bench.fleet import RAW_TABLES, Fleet, connect, posting
from bench.report import Report, interleaved, ratios, spread
from bench.rig import ROUNDS, SLICE, Bench, bench, lean_reference
from tests.faults.company import looking

pytestmark = pytest.mark.bench
BATCH = 10
# More than workers: with two, both may have come to the same one.
CONNECTIONS = 4
MODULES, RELEASES = 50, 40
Posts = list[tuple[str, str]]


def more_modules(lead: Actor, numbers: Iterator[int], size: int) -> tuple[int, ...]:
    """Modules that are in no release yet."""
    keys = [f"more-{next(numbers)}" for _ in range(size)]
    for key in keys:
        create_module(Origin(lead), key, ModuleFacts(name=key))
    return tuple(get_module(key, lead).id for key in keys)


def empty_checklists(connection: "pymysql.Connection[Any]", size: int, first: int) -> list[tuple[int, int]]:
    """Checklists with one group and no box yet: number of the checklist, and of its group."""
    made = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT stream_id, template_version_id FROM checklists ORDER BY id LIMIT 1")
        stream, version = cursor.fetchone() or (0, 0)
        for number in range(first, first + size):
            cursor.execute(HEAD, (number, version, stream))
            checklist = cursor.lastrowid
            cursor.execute(GROUP, (checklist,))
            made.append((checklist, cursor.lastrowid))
    connection.commit()
    return made


def our_fleet(product: Bench, lead: Actor) -> Fleet:
    """Team leads who put one module after the other into releases of their own, through the form."""
    jobs, numbers = [], count()
    for place in range(CONNECTIONS):
        # Of their own, too: who puts one module into two releases at once waits for the other, as it must be.
        modules = more_modules(lead, numbers, MODULES)
        posts: Posts = []
        for number in range(RELEASES):
            key = create_release(Origin(lead), f"by-{place}-{number}", ReleaseFacts(f"By {place}, {number}"))
            posts += [(f"/releases/{key}/modules/", f"module_ids={module}&") for module in modules]
        jobs.append((product.host, product.port, product.cookie, product.browser.token, posts))
    return Fleet(posting, [jobs])


def lean_fleet(product: Bench, address: str) -> Fleet:
    """The same requests to a program that only copies the boxes."""
    port = int(address.rsplit(":", 1)[1])
    connection = http.client.HTTPConnection(product.host, port)
    connection.request("GET", f"/sign-in/{product.company.people[0].id}/")
    answer = connection.getresponse()
    token, cookie = answer.read().decode(), (answer.headers["Set-Cookie"] or "").split(";")[0]
    connection.close()
    with closing(connect(product.plain())) as database:
        with database.cursor() as cursor:
            for statement in RAW_TABLES.split(";"):
                cursor.execute(statement)
        lists = empty_checklists(database, CONNECTIONS * MODULES * RELEASES * 4, first=10_000_000)
    posts: Posts = [(f"/{checklist}/{group}/", "") for checklist, group in lists]
    return Fleet(
        posting, [[(product.host, port, cookie, token, posts[place::CONNECTIONS]) for place in range(CONNECTIONS)]]
    )


def test_checklist_by_request(tmp_path: Path, report: Report):
    with bench("checklists", tmp_path, modules=1) as product, looking(product.url, tmp_path):
        lead = actor_of(product.company.people[0].id, means="session")
        (tmp_path / "lean").mkdir()
        with lean_reference(product.url, tmp_path / "lean") as lean:
            ours, theirs = our_fleet(product, lead), lean_fleet(product, lean.address)

            found = interleaved({"lean": lambda: theirs.rate(SLICE), "ours": lambda: ours.rate(SLICE)}, ROUNDS)

            share = ratios(found["ours"], found["lean"])
            report.add(targets.CHECKLIST, spread(found["ours"], "/s"), spread(found["lean"], "/s"), spread(share, ""))
            ours.close()
            theirs.close()


def test_checklist_by_service(tmp_path: Path, report: Report):
    with bench("checklist", tmp_path, modules=1) as product, looking(product.url, tmp_path):
        lead = Origin(actor_of(product.company.people[0].id, means="session"))
        release = db.session.scalars(select(Release.key)).one()
        numbers = count()

        def together() -> float:
            """The service that puts modules into a release, as one act: a release with all its modules."""
            ids = more_modules(lead.actor, numbers, BATCH)
            began = time.perf_counter()
            add_modules(Origin(lead.actor), release, ids)
            return BATCH / (time.perf_counter() - began)

        def alone() -> float:
            """The same, an act for each."""
            ids = more_modules(lead.actor, numbers, BATCH)
            began = time.perf_counter()
            for number in ids:
                add_modules(Origin(lead.actor), release, (number,))
            return BATCH / (time.perf_counter() - began)

        with closing(connect(product.plain())) as connection:

            def raw() -> float:
                """The rows alone, into a checklist that is taken away again."""
                spent = 0.0
                with connection.cursor() as cursor:
                    cursor.execute("SELECT MAX(id) FROM checklists")
                    (last,) = cursor.fetchone() or (0,)
                    cursor.execute("SELECT stream_id, template_version_id FROM checklists WHERE id = %s", (last,))
                    stream, version = cursor.fetchone() or (0, 0)
                    for _ in range(BATCH):
                        cursor.execute(HEAD, (next(numbers), version, stream))
                        checklist = cursor.lastrowid
                        cursor.execute(GROUP, (checklist,))
                        group = cursor.lastrowid
                        connection.commit()
                        began = time.perf_counter()
                        cursor.execute(COPY, (checklist, group))
                        connection.commit()
                        spent += time.perf_counter() - began
                return BATCH / spent

            found = interleaved({"raw": raw, "together": together, "alone": alone}, ROUNDS)
        for target, name in ((targets.CHECKLISTS, "together"), (targets.CHECKLIST_ROWS, "alone")):
            share = ratios(found[name], found["raw"])
            report.add(target, spread(found[name], "/s"), spread(found["raw"], "/s"), spread(share, ""))
