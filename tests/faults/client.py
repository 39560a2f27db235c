"""One person's browser: signs in through the form, sends forms with their token, follows nothing, notes everything."""

import http.client
import re
import time
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

TIMEOUT = 30


class Browser:
    """Cookies, a token, and one connection per request: a kept one may end at any time without being a fault."""

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc
        self.cookies: dict[str, str] = {}
        self.token = ""

    def get(self, path: str) -> tuple[int, str]:
        """A page."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, form: dict[str, Any], *, key: str = "") -> tuple[int, str]:
        """Send a form, as the page's own script does."""
        filled = {**form, "csrf_token": self.token, "idempotency_key": key or uuid4().hex}
        return self._ask("POST", path, urlencode(filled), {"HX-Request": "true", "Origin": f"http://{self.host}"})

    def sign_in(self, email: str, password: str) -> None:
        """Open the form, fill it in, and take the token of the page behind it."""
        self.token = token_in(self.get("/sign-in/")[1])
        status, page = self.post("/sign-in/", {"email": email, "password": password})
        if status not in {302, 303}:
            raise AssertionError(f"signing in was answered {status}: {page[:300]}")

    def open(self, path: str) -> str:
        """A page with forms on it; its token is used from now on."""
        status, page = self.get(path)
        if status != 200:
            raise AssertionError(f"{path} was answered {status}")
        self.token = token_in(page)
        return page

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(self.host, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
            for line in answer.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            return answer.status, page
        finally:
            connection.close()


def token_in(page: str) -> str:
    """The token in a page's first form."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    if found is None:
        raise AssertionError("the page has no form with a token")
    return found.group(1)


def revision_in(row: str) -> int:
    """The revision that a row was drawn from."""
    found = re.search(r'data-revision="(\d+)"', row)
    if found is None:
        raise AssertionError("the row has no revision")
    return int(found.group(1))


def now() -> float:
    """The clock that all of a run's notes are made by."""
    return time.monotonic()
