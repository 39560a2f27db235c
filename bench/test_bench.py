"""Ticks and pages, many in a second, beside what the database and a lean page reach in the same rounds."""

import http.client
import os
import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pymysql
import pytest
from sqlalchemy import select

from app.database import db
from app.models import Checklist
from bench import targets
from bench.events import add_events
from bench.fleet import RAW_TABLES, Fleet, connect, raw_ticking, reading, ticking
from bench.report import Report, interleaved, ratios, spread
from bench.rig import ROUNDS, SLICE, Bench, bench, lean_reference
from tests.faults.company import looking

pytestmark = pytest.mark.bench
PROCESSES, THREADS = 2, 4
# BENCH_EVENTS=2000000 is the size that the target speaks of; filling it takes some minutes.
MANY_EVENTS = int(os.environ.get("BENCH_EVENTS") or 200_000)
FEW_EVENTS = MANY_EVENTS // 10


def tick_fleet(bench: Bench, *, hot: bool = False) -> Fleet:
    """Everybody ticks items of their own: on a checklist of their own, or all on one."""
    jobs = []
    for process in range(PROCESSES):
        threads = []
        for thread in range(THREADS):
            place = process * THREADS + thread
            found = bench.company.items[0][place :: PROCESSES * THREADS] if hot else bench.company.items[place]
            items = [(number, bench.company.first_items[number]["revision"]) for number in found]
            threads.append((bench.host, bench.port, bench.cookie, bench.browser.token, items))
        jobs.append(threads)
    return Fleet(ticking, jobs)


def raw_fleet(bench: Bench) -> Fleet:
    """The same number of connections, and nothing between them and the database."""
    with closing(connect(bench.plain())) as connection, connection.cursor() as cursor:
        for statement in RAW_TABLES.split(";"):
            cursor.execute(statement)
        connection.commit()
    items = [number for checklist in bench.company.items for number in checklist]
    return Fleet(raw_ticking, [[(bench.plain(), items)] * THREADS] * PROCESSES)


def costing(bench: Bench, fleet: Fleet, costs: list[float]) -> Callable[[], float]:
    """A slice of a fleet that also notes the CPU of the web workers for one step."""

    def measure() -> float:
        before = bench.cpu()
        rate = fleet.rate(SLICE)
        costs.append((bench.cpu() - before) / fleet.steps * 1000)
        return rate

    return measure


def test_tick(tmp_path: Path, report: Report):
    with bench("tick", tmp_path, modules=PROCESSES * THREADS) as product:
        raw, ours = raw_fleet(product), tick_fleet(product)
        costs: list[float] = []

        found = interleaved({"raw": lambda: raw.rate(SLICE), "ours": costing(product, ours, costs)}, ROUNDS)

        share = ratios(found["ours"], found["raw"])
        report.add(targets.TICK, spread(found["ours"], "/s"), spread(found["raw"], "/s"), spread(share, ""))
        report.add(targets.TICK_CPU, spread(costs[1:], "ms"))
        raw.close()
        ours.close()


def test_tick_of_one_checklist_by_all(tmp_path: Path, report: Report):
    with bench("hot", tmp_path, modules=1) as product:
        ours = tick_fleet(product, hot=True)
        costs: list[float] = []

        found = interleaved({"ours": costing(product, ours, costs)}, ROUNDS)

        hot = targets.Target("W1 hot", "ticks/s over HTTP when all work on one checklist", "")
        report.add(hot, spread(found["ours"], "/s"), ratio=f"CPU {statistics.median(costs):.2f} ms")
        ours.close()


def test_tick_with_a_long_history(tmp_path: Path, report: Report):
    with bench("grown", tmp_path, modules=PROCESSES * THREADS) as product:
        people, items = [product.company.people[0].id], sorted(product.company.first_items)
        raw, ours = raw_fleet(product), tick_fleet(product)
        times: dict[int, list[float]] = {}
        for rows, wanted in ((FEW_EVENTS, FEW_EVENTS), (MANY_EVENTS - FEW_EVENTS, MANY_EVENTS)):
            add_events(product.plain(), rows, people=people, items=items)
            both = {"raw": lambda: raw.rate(SLICE), "ours": lambda: ours.rate(SLICE)}
            found = interleaved(both, ROUNDS)
            # The raw rate of the same rounds takes out what else the machine did meanwhile.
            times[wanted] = [1 / share for share in ratios(found["ours"], found["raw"])]

        few, many = (statistics.median(times[rows]) for rows in (FEW_EVENTS, MANY_EVENTS))
        label = f"{MANY_EVENTS:,} events"
        report.add(targets.TICK_GROWN, label, f"{FEW_EVENTS:,} events", f"{many / few:.2f}")
        raw.close()
        ours.close()


AGGREGATE = (
    "SELECT checklist_id, phase, state, severity, COUNT(*) FROM checklist_items WHERE checklist_id IN ({ids})"
    " GROUP BY checklist_id, phase, state, severity"
)


def test_matrix(tmp_path: Path, report: Report):
    with bench("matrix", tmp_path, modules=50) as product:
        path = product.company.page.split("modules/")[0]
        line = {"Cookie": product.cookie}
        tag = tag_of(product, path)
        page = Fleet(reading, [[(product.host, product.port, path, line)]])
        same = Fleet(reading, [[(product.host, product.port, path, {**line, "If-None-Match": tag}, 304)]])
        with looking(product.url, tmp_path):
            ids = db.session.scalars(select(Checklist.id)).all()
        statement = AGGREGATE.format(ids=", ".join(map(str, ids)))
        costs: list[float] = []
        with closing(connect(product.plain())) as connection:
            found = interleaved(
                {
                    "sql": lambda: statements_per_second(connection, statement),
                    "page": lambda: page.rate(SLICE),
                    "same": costing(product, same, costs),
                },
                ROUNDS,
            )

        share = ratios(found["sql"], found["page"])
        milliseconds = {name: [1000 / rate for rate in rates] for name, rates in found.items()}
        report.add(
            targets.MATRIX, spread(milliseconds["page"], "ms"), spread(milliseconds["sql"], "ms"), spread(share, "")
        )
        report.add(targets.MATRIX_SAME, spread(costs[1:], "ms"), ratio=spread(milliseconds["same"], "ms in all"))
        page.close()
        same.close()


def tag_of(product: Bench, path: str) -> str:
    """The mark by which the page is known to be unchanged."""
    connection = http.client.HTTPConnection(product.host, product.port)
    connection.request("GET", path, headers={"Cookie": product.cookie})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["ETag"]


def statements_per_second(connection: "pymysql.Connection[object]", statement: str) -> float:
    """How often one statement is answered in a slice."""
    count, began = 0, time.perf_counter()
    with connection.cursor() as cursor:
        while time.perf_counter() - began < SLICE:
            cursor.execute(statement)
            cursor.fetchall()
            connection.commit()
            count += 1
    return count / (time.perf_counter() - began)


def test_everything(tmp_path: Path, report: Report):
    with bench("everything", tmp_path, modules=1) as product:
        (tmp_path / "lean").mkdir()
        with looking(product.url, tmp_path):
            checklist = db.session.scalars(select(Checklist.id).where(Checklist.module_id.is_not(None))).one()
        with lean_reference(product.url, tmp_path / "lean") as lean:
            address = f"/{checklist}/?p={product.company.people[0].id}"
            port = int(lean.address.rsplit(":", 1)[1])
            ours = Fleet(
                reading, [[(product.host, product.port, product.company.page, {"Cookie": product.cookie})] * 4]
            )
            theirs = Fleet(reading, [[(product.host, port, address, {})] * 4])
            costs: list[float] = []

            found = interleaved({"lean": lambda: theirs.rate(SLICE), "ours": costing(product, ours, costs)}, ROUNDS)

            share = ratios(found["ours"], found["lean"])
            rows = len(product.company.items[0])
            report.add(
                targets.EVERYTHING,
                f"{spread(found['ours'], '/s')}, {rows} rows, CPU {statistics.median(costs):.1f} ms",
                spread(found["lean"], "/s"),
                spread(share, ""),
            )
            ours.close()
            theirs.close()
