"""Static files: found anew when they change, kept for ever otherwise, compressed beforehand."""

import re
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.web.assets import pack, packed_folder
from config import Settings


def test_every_stylesheet_and_script_of_a_page_is_there_and_kept_for_ever(client: FlaskClient):
    page = client.get("/sign-in/").text

    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

    assert any(address.endswith(".js") or ".js?v=" in address for address in addresses)
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_outside_the_folder_is_served(client: FlaskClient):
    for path in ("/static/../config.py", "/static/%2e%2e/config.py", "/static/", "/.git/config", "/static/css/"):
        assert client.get(path).status_code == 404, path


def test_the_compressed_copy_is_served_and_an_older_one_removed(tmp_path: Path):
    settings = Settings(COUNTERSIGN_ENV="test", COUNTERSIGN_DATA=tmp_path)
    old = tmp_path / "static-0123456789ab"
    old.mkdir()

    app = create_app(settings)
    pack(app)
    answer = create_app(settings).test_client().get("/static/css/base.css", headers={"Accept-Encoding": "br"})

    assert packed_folder(app).is_dir()
    assert not old.exists()
    assert answer.headers["Content-Encoding"] == "br"


def test_a_copy_of_other_content_is_never_served(tmp_path: Path, app: Flask):
    settings = Settings(COUNTERSIGN_ENV="test", COUNTERSIGN_DATA=tmp_path)
    stale = tmp_path / "static-0123456789ab" / "css"
    stale.mkdir(parents=True)
    (stale / "base.css").write_text("stale")

    assert b"stale" not in create_app(settings).test_client().get("/static/css/base.css").data
