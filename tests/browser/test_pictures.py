"""Pictures of the main pages, for the documents and for whoever wants to judge the look."""

import os
import struct
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.camera import take_picture
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.places import busiest

pytestmark = pytest.mark.browser

PAGES = {
    "matrix": "/releases/{release}/",
    "module": "/releases/{release}/modules/{module}/",
    "group": "/releases/{release}/modules/{module}/groups/{group}/",
    "blockers": "/releases/{release}/blockers/",
    "item": "/items/{item}/",
    "my-work": "/me/",
    "audit": "/audit/",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures go: what COUNTERSIGN_SHOTS names, else away."""
    return Path(os.environ.get("COUNTERSIGN_SHOTS") or tmp_path)


def begin(page: Page) -> None:
    """Tick two rows of a group in which nobody has begun."""
    if page.locator("[data-tick][aria-checked=true]").count() == 0:
        for name in page.locator(".item.is-todo:not(:has(.killer))").evaluate_all("rows => rows.map(row => row.id)")[
            :2
        ]:
            page.locator(f"#{name} [data-tick]").click()
            expect(page.locator(f"#{name} [data-tick]")).to_have_attribute("aria-checked", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["", "-phone"])
def test_a_picture_of_every_main_page_has_the_size_of_its_screen(
    person: Callable[..., Page], database: Flask, folder: Path, scheme: str, device: str
) -> None:
    size = PHONE if device else DESKTOP
    page = person("leena", viewport=size, color_scheme=scheme)
    known = asdict(busiest())
    page.goto(PAGES["group"].format(**known))
    begin(page)
    for name, address in PAGES.items():
        page.goto(address.format(**known))
        file = folder / f"{name}-{scheme}{device}.png"
        picture = take_picture(page, file)
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", picture[16:24]) == (size["width"], size["height"])
        assert len(picture) > 10_000, f"{file.name} is nearly empty"
