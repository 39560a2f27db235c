"""The product served for real and filled with the made-up company, and a Chromium to look at it with."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app import create_app
from app.database import db
from app.demo import story
from app.domain.actors import SYSTEM, Origin
from app.services.templates import load_catalogue
from tests.conftest import settings_for
from tests.factories import Make
from tests.faults.served import served
from tests.servers import TOOLS, database_name, fresh_database, running_server

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
PATIENCE = 10_000
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
]


@dataclass
class Product:
    """A served product, and the same product in this process to look into its database."""

    address: str
    app: Flask
    passwords: dict[str, str] = field(default_factory=dict)
    signed_in: dict[str, Any] = field(default_factory=dict)


@contextmanager
def serving(name: str, data: Path, fill: Callable[[], None]) -> Iterator[Product]:
    """The product on a database of its own, filled before it is served."""
    with running_server() as server:
        url = fresh_database(server, f"{database_name()}_{name}")
        app = create_app(settings_for(url, data))
        with app.app_context():
            upgrade()
            load_catalogue(Origin(SYSTEM))
            fill()
            db.session.remove()
        try:
            with served(url, data, application="wsgi:app") as running:
                yield Product(running.address, app)
        finally:
            with app.app_context():
                db.engine.dispose()


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The made-up company of the demonstration, with the passwords it prints."""
    said: list[str] = []
    with serving("company", tmp_path_factory.mktemp("company"), lambda: story.play(said.append)) as product:
        lines = [re.match(r"\s+(\w+)@example\.org\s+(\S+)", line) for line in said]
        product.passwords = {line[1]: line[2] for line in lines if line}
        yield product


@pytest.fixture
def empty_product(tmp_path: Path) -> Iterator[Product]:
    """The product as it is on its first day: a catalogue and nobody."""
    with serving("empty", tmp_path, lambda: None) as product:
        yield product


@pytest.fixture
def database(company: Product) -> Iterator[Flask]:
    """The database of the company, as it is now."""
    with company.app.app_context():
        yield company.app
        db.session.remove()


@pytest.fixture
def make(database: Flask) -> Make:
    """A maker of releases beside those of the story, so that a test works where no other does."""
    return Make()


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The machine's own Chromium."""
    path = os.environ.get("CHROMIUM") or subprocess.check_output([TOOLS / "chromium"], text=True).strip()
    return {"executable_path": path, "args": SWITCHES}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    """A window of ordinary size in a fixed place."""
    return {"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Europe/Berlin", "reduced_motion": "reduce"}


def sign_in(page: Page, name: str, password: str) -> None:
    """Sign in as everybody does."""
    page.goto("/sign-in/")
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".bar-person, .bar-fold").first).to_be_attached()


@pytest.fixture
def window(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Callable[..., BrowserContext]]:
    """A window of its own for each that asks, closed afterwards; options go over the ordinary ones."""
    opened: list[BrowserContext] = []

    def open_window(**options: Any) -> BrowserContext:
        opened.append(browser.new_context(**{**browser_context_args, **options}))
        opened[-1].set_default_timeout(PATIENCE)
        return opened[-1]

    yield open_window
    for context in opened:
        context.close()


@pytest.fixture
def person(company: Product, window: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """A page of somebody of the company, by the name before the @; each signs in once and keeps the session."""

    def open_page(name: str, **options: Any) -> Page:
        if name not in company.signed_in:
            page = window(base_url=company.address).new_page()
            sign_in(page, name, company.passwords[name])
            company.signed_in[name] = page.context.storage_state()
        return window(base_url=company.address, storage_state=company.signed_in[name], **options).new_page()

    return open_page


@pytest.fixture
def visitor(company: Product, window: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """A page of somebody who has not signed in."""

    def open_page(**options: Any) -> Page:
        return window(base_url=company.address, **options).new_page()

    return open_page
