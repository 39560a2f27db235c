"""The product with real commits: a database of its own for each file of races, and nothing is rolled back."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.services.templates import load_catalogue
from tests.conftest import settings_for
from tests.factories import Make
from tests.servers import database_name, fresh_database, running_server


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[SimpleNamespace]:
    """An empty database on the tests' server, with the address of the server beside it."""
    with running_server() as server:
        name = f"{database_name()}_{Path(str(request.path)).stem.removeprefix('test_')}"
        yield SimpleNamespace(server=server, url=fresh_database(server, name), name=name)


@pytest.fixture(scope="module")
def product(database: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The product on it, with more connections than a race has runners."""
    product = create_app(settings_for(database.url, tmp_path_factory.mktemp("data"), DATABASE_POOL=40))
    product.config["WTF_CSRF_ENABLED"] = False
    with product.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))
        db.session.remove()
    yield product
    with product.app_context():
        db.engine.dispose()


@pytest.fixture
def app(product: Flask) -> Iterator[Flask]:
    """The product, ready to be asked."""
    with product.app_context():
        yield product
        db.session.remove()


@pytest.fixture
def make(app: Flask) -> Make:
    """A maker whose things stay: other connections see them."""
    return Make()
