"""What every test stands on: the product on a real server, each test rolled back, and a way to make things."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import settings
from sqlalchemy import event

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.services.templates import load_catalogue
from config import Settings
from tests.factories import Make
from tests.servers import fresh_database, running_server, share_server
from tests.together import scheduler

# A busy machine is no fault of what is tested: no test asserts a time.
settings.register_profile("whatever-it-takes", deadline=None)
settings.load_profile("whatever-it-takes")


def pytest_configure(config: pytest.Config) -> None:
    share_server(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduler(config, log)


class Browser(FlaskClient):
    """A browser whose every request stands alone, although the test itself holds the product open."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        with self.application.app_context():
            return super().open(*args, **kwargs)


def settings_for(url: str, data: Path, **more: Any) -> Settings:
    """Settings of a product under test."""
    given = {"COUNTERSIGN_ENV": "test", "COUNTERSIGN_DATA": data, "DATABASE_URL": url, "LOG_LEVEL": "ERROR", **more}
    return Settings(**given)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The product with its schema and its catalogue, made once."""
    with running_server() as server:
        app = create_app(settings_for(fresh_database(server), tmp_path_factory.mktemp("data")))
        app.config["WTF_CSRF_ENABLED"] = False
        app.test_client_class = Browser
        with app.app_context():
            upgrade()
            load_catalogue(Origin(SYSTEM))
            db.session.remove()
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(product: Flask) -> Iterator[Flask]:
    """The product inside one transaction that is rolled back: what a service commits is a savepoint of it."""
    with product.app_context():
        engines = db.engines
        engine = engines[None]
        connection = engine.connect()
        outer = connection.begin()
        engines[None] = connection
        db.session.remove()
        db.session.configure(join_transaction_mode="create_savepoint")
        try:
            yield product
        finally:
            db.session.remove()
            db.session.configure(join_transaction_mode="conditional_savepoint")
            outer.rollback()
            connection.close()
            engines[None] = engine


@pytest.fixture
def make(app: Flask) -> Make:
    """A maker of people, modules, releases and checklists."""
    return Make()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that nobody has signed in with."""
    return app.test_client()


@pytest.fixture
def client_of(app: Flask, make: Make) -> Callable[[Any], FlaskClient]:
    """A browser in which a person is signed in."""

    def sign_in(person: Any) -> FlaskClient:
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            cookie["token"] = make.session_token(person)
        return browser

    return sign_in


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """The SQL statements that are sent while the test looks; clear the list to begin counting."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    connection = db.engines[None]
    event.listen(connection, "before_cursor_execute", note)
    yield seen
    event.remove(connection, "before_cursor_execute", note)
