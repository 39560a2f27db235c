"""What moves many rows at once, and what the whole costs when nobody asks."""

import csv
import http.client
import io
import os
import time
from contextlib import closing
from pathlib import Path

import psutil
import pymysql
import pytest

from app.database import db
from app.domain.permissions import Role
from app.models import RoleGrant
from app.models.base import utc_now
from bench import targets
from bench.events import add_events
from bench.fleet import connect
from bench.report import Report, interleaved, ratios, spread
from bench.rig import ROUNDS, Bench, bench, durable_server
from tests.faults.client import Browser
from tests.faults.company import PASSWORD, found, looking
from tests.faults.served import served
from tests.servers import fresh_database

pytestmark = pytest.mark.bench
# BENCH_EXPORTED=1000000 is the size that the target speaks of.
EXPORTED = int(os.environ.get("BENCH_EXPORTED") or 200_000)
EXPORTS = 3
BATCH = 10


def exported(product: Bench) -> tuple[float, float, int]:
    """Seconds in all, seconds to the first byte, and rows of one export."""
    connection = http.client.HTTPConnection(product.host, product.port, timeout=600)
    began = time.perf_counter()
    connection.request("GET", "/audit/export/", headers={"Cookie": product.cookie})
    answer = connection.getresponse()
    rows = answer.read1(65536).count(b"\r\n")
    first = time.perf_counter() - began
    while part := answer.read1(262144):
        rows += part.count(b"\r\n")
    connection.close()
    if answer.status != 200:
        raise AssertionError(f"the export was answered {answer.status}")
    return time.perf_counter() - began, first, rows - 1


def cursor_and_csv(product: Bench) -> float:
    """Rows per second of the same columns through the driver's own streaming cursor and the csv module."""
    began, rows = time.perf_counter(), 0
    with closing(connect(product.plain())) as connection, connection.cursor(pymysql.cursors.SSCursor) as cursor:
        cursor.execute(
            "SELECT occurred_at, actor_id, actor_role, action, object_kind, object_id, object_label, fact, old_value,"
            " new_value, reason, module_id, release_id, request_id, stream_id, stream_sequence, HEX(id), HEX(leaf)"
            " FROM audit_events ORDER BY occurred_at DESC, id DESC"
        )
        while part := cursor.fetchmany(1000):
            file = io.StringIO()
            csv.writer(file).writerows(part)
            rows += len(part)
            file.getvalue().encode()
    return rows / (time.perf_counter() - began)


def test_export(tmp_path: Path, report: Report):
    with bench("export", tmp_path, modules=1) as product:
        people, items = [product.company.people[0].id], sorted(product.company.first_items)
        add_events(product.plain(), EXPORTED, people=people, items=items)
        allow_exports(product, tmp_path)
        firsts: list[float] = []
        growth: list[float] = []

        def ours() -> float:
            before = product.memory()
            seconds, first, rows = exported(product)
            firsts.append(first * 1000)
            growth.append((product.memory() - before) / 2**20)
            return rows / seconds

        measured = interleaved({"raw": lambda: cursor_and_csv(product), "ours": ours}, EXPORTS)

        share = ratios(measured["ours"], measured["raw"])
        report.add(
            targets.EXPORT,
            f"{spread(measured['ours'], 'rows/s')}, {EXPORTED:,} events",
            spread(measured["raw"], "rows/s"),
            spread(share, ""),
        )
        report.add(targets.EXPORT_MEMORY, spread(growth, "MiB"))
        report.add(targets.EXPORT_FIRST, spread(firsts, "ms"))


def allow_exports(product: Bench, data: Path) -> None:
    """Let the person see the whole history."""
    with looking(product.url, data):
        person = product.company.people[0].id
        db.session.add(RoleGrant(person_id=person, role=Role.AUDITOR, module_id=None, granted_at=utc_now()))
        db.session.commit()


def test_start_and_idle(tmp_path: Path, report: Report):
    with durable_server() as server:
        url = fresh_database(server, "countersign_test_bench_start")
        company = found(url, tmp_path, people=1, checklists=1)
        starts, idles = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            with served(url, tmp_path) as product:
                starts.append(time.perf_counter() - began)
                browser = Browser(product.address)
                browser.sign_in(company.people[0].email, PASSWORD)
                browser.open(company.page)
                idles.append(memory_of(product.process.pid) / 2**20)
        report.add(targets.START, spread(starts, "s"))
        report.add(targets.IDLE, spread(idles, "MiB"))


def memory_of(number: int) -> int:
    """What a process and all below it hold; where the system tells, shared pages count once."""
    top = psutil.Process(number)
    taken = [process.memory_full_info() for process in (top, *top.children(recursive=True))]
    return sum(getattr(one, "pss", 0) or one.uss for one in taken)
