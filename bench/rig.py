"""The product with people and releases, served on a durable server, and what it costs while it is asked."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url

from tests.faults.client import Browser
from tests.faults.company import PASSWORD, Company, found
from tests.faults.served import Served, served
from tests.servers import VARIABLE, fresh_database, private_server

LEAD = 0
ROUNDS = 7
SLICE = 2.0


@contextmanager
def durable_server() -> Iterator[str]:
    """The server that the environment names, else one that flushes every commit."""
    if named := os.environ.get(VARIABLE):
        yield named
        return
    with private_server(durable=True) as server:
        yield server.url


@dataclass(frozen=True)
class Bench:
    """A served product with a company, and somebody signed in."""

    url: str
    company: Company
    product: Served
    browser: Browser

    @property
    def host(self) -> str:
        """Where it listens."""
        return urlsplit(self.product.address).hostname or ""

    @property
    def port(self) -> int:
        """At which port."""
        return urlsplit(self.product.address).port or 0

    @property
    def cookie(self) -> str:
        """What the browser sends."""
        return "; ".join(f"{name}={value}" for name, value in self.browser.cookies.items())

    def cpu(self) -> float:
        """CPU seconds that the web workers have used so far."""
        times = [worker.cpu_times() for worker in self.product.web_workers()]
        return sum(one.user + one.system for one in times)

    def memory(self) -> int:
        """Bytes that the web workers hold."""
        return sum(worker.memory_info().rss for worker in self.product.web_workers())

    def plain(self) -> dict[str, Any]:
        """How the driver alone connects."""
        return plain(self.url)


def plain(url: str) -> dict[str, Any]:
    """The parts of an address that the driver wants."""
    parts = make_url(url)
    return {
        "host": parts.host,
        "port": parts.port or 3306,
        "user": parts.username,
        "password": parts.password,
        "database": parts.database,
    }


@contextmanager
def bench(name: str, data: Path, *, modules: int) -> Iterator[Bench]:
    """A company with one release of some modules, served."""
    with durable_server() as server:
        url = fresh_database(server, f"countersign_test_bench_{name}")
        company = found(url, data, people=1, checklists=modules)
        with served(url, data) as product:
            browser = Browser(product.address)
            browser.sign_in(company.people[LEAD].email, PASSWORD)
            browser.open(company.page)
            yield Bench(url, company, product, browser)


@contextmanager
def lean_reference(url: str, data: Path) -> Iterator[Served]:
    """The lean program of reference.py on the same database, by the same web server."""
    with served(url, data, application="bench.reference:app", REFERENCE_KEY=secrets.token_hex()) as lean:
        yield lean
