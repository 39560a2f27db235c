"""The product with real commits: a database of its own for each file of races, and nothing is rolled back."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import make_url

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.services.templates import load_catalogue
from tests.conftest import settings_for
from tests.factories import Make
from tests.races.running import OTHER_NODE, nodes_of
from tests.servers import OTHER_NODE_URL, database_name, fresh_database, running_server

# What needs a second server of a cluster; `make races-galera` has one.
collect_ignore = [] if os.environ.get(OTHER_NODE_URL) else ["test_two_nodes.py"]


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[SimpleNamespace]:
    """An empty database on the tests' server, with the address of the server beside it."""
    with running_server() as server:
        name = f"{database_name()}_{Path(str(request.path)).stem.removeprefix('test_')}"
        yield SimpleNamespace(server=server, url=fresh_database(server, name), name=name)


@pytest.fixture(scope="module")
def product(database: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The product on it, with more connections than a race has runners."""
    data = tmp_path_factory.mktemp("data")
    product = create_app(settings_for(database.url, data, DATABASE_POOL=40))
    product.config["WTF_CSRF_ENABLED"] = False
    if url := os.environ.get(OTHER_NODE_URL):
        other = make_url(url).set(database=database.name).render_as_string(hide_password=False)
        product.extensions[OTHER_NODE] = [create_app(settings_for(other, data, DATABASE_POOL=40))]
    with product.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))
        db.session.remove()
    yield product
    for node in nodes_of(product):
        with node.app_context():
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
