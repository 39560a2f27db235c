"""How many requests work at once, and that nobody is turned away for it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from flask import Flask, Response

from app.web import slots

PLACES = 2
SOON = 10.0


class Crowd:
    """A small product whose work waits until it is told to end, and counts who works."""

    def __init__(self) -> None:
        self.inside = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.app = Flask("crowd")
        self.app.config["SETTINGS"] = SimpleNamespace(database_pool=PLACES)
        slots.init_app(self.app)
        self.app.add_url_rule("/work", "work", self.work)
        self.app.add_url_rule("/long", "long", self.long)
        self.app.add_url_rule("/fault", "fault", self.fault)
        self.app.add_url_rule("/healthz", "health.alive", lambda: "alive")

    def work(self) -> str:
        self.inside.release()
        assert self.may_end.wait(SOON)
        return "done"

    def long(self) -> Response:
        def parts() -> Iterator[str]:
            yield "first"
            yield "last"

        return Response(parts())

    def fault(self) -> str:
        raise RuntimeError("a fault")

    def get(self, path: str) -> Response:
        return self.app.test_client().get(path)


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    made = Crowd()
    yield made
    made.may_end.set()


def test_no_more_work_at_once_than_there_are_places_and_the_others_wait_their_turn(crowd: Crowd):
    with ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(crowd.get, "/work") for _ in range(5)]
        for _ in range(PLACES):
            assert crowd.inside.acquire(timeout=SOON)

        assert not crowd.inside.acquire(timeout=0.3)
        crowd.may_end.set()

        assert [answer.result(SOON).status_code for answer in answers] == [200] * 5


def test_who_watches_is_answered_whatever_the_crowd(crowd: Crowd):
    with ThreadPoolExecutor(PLACES) as pool:
        answers = [pool.submit(crowd.get, "/work") for _ in range(PLACES)]
        for _ in range(PLACES):
            assert crowd.inside.acquire(timeout=SOON)

        assert crowd.get("/healthz").status_code == 200
        crowd.may_end.set()
        assert all(answer.result(SOON).status_code == 200 for answer in answers)


def test_a_place_is_given_back_before_a_long_answer_is_sent(crowd: Crowd):
    for _ in range(PLACES + 1):
        unread = crowd.app.test_client().get("/long", buffered=False)
        assert unread.status_code == 200


def test_a_fault_gives_its_place_back(crowd: Crowd):
    crowd.app.config["PROPAGATE_EXCEPTIONS"] = False

    assert [crowd.get("/fault").status_code for _ in range(PLACES + 2)] == [500] * (PLACES + 2)


def test_who_waited_too_long_is_told_so(crowd: Crowd, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(slots, "LONGEST_WAIT", 0.05)
    crowd.app.register_error_handler(slots.Busy, lambda refusal: (refusal.sentence, 503))
    with ThreadPoolExecutor(PLACES) as pool:
        answers = [pool.submit(crowd.get, "/work") for _ in range(PLACES)]
        for _ in range(PLACES):
            assert crowd.inside.acquire(timeout=SOON)

        assert crowd.get("/work").status_code == 503
        crowd.may_end.set()
        assert all(answer.result(SOON).status_code == 200 for answer in answers)
