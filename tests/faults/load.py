"""People at work: each on a thread, with a browser, an own set of items and a few that everybody wants."""

import http.client
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO
from uuid import uuid4

from tests.faults.checker import Act, Fault, Try
from tests.faults.client import Browser, now, revision_in
from tests.faults.company import PASSWORD, Company, Employee

CONTESTED = 3  # items at the start of each checklist that everybody works on
STATES = ("todo", "doing", "done", "failed")
UNTIL_CLEAR = 60.0


def bound_key(path: str, sent: str) -> str:
    """The key as the product keeps it: what was sent, bound to the address."""
    return sha256(f"{path}\n{sent}".encode()).digest()[:16].hex()


class Notebook:
    """What was asked and answered, also as lines of a file that outlives a failed test."""

    def __init__(self, file: TextIO) -> None:
        self.acts: list[Act] = []
        self._file = file
        self._lock = threading.Lock()

    def begin(self, act: Act) -> None:
        """Note an act before it is sent."""
        with self._lock:
            self.acts.append(act)
        self._write({"begin": asdict(act)})

    def note(self, act: Act, one: Try) -> None:
        """Note an answer, or that none came."""
        act.tries.append(one)
        self._write({"key": act.key, **asdict(one)})

    def _write(self, line: dict[str, Any]) -> None:
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


class Worker:
    """One person at work until told to stop."""

    def __init__(self, browser: Browser, person: Employee, company: Company, notebook: Notebook, seed: int) -> None:
        self.browser, self.person, self.notebook = browser, person, notebook
        self.random = random.Random(seed)
        place = company.people.index(person)
        self.contested = [item for items in company.items for item in items[:CONTESTED]]
        self.own = [item for items in company.items for item in items[CONTESTED + place :: len(company.people)]]
        self.revisions = {number: item["revision"] for number, item in company.first_items.items()}
        self.states = {number: item["state"] for number, item in company.first_items.items()}

    def work(self, stop: threading.Event) -> None:
        """Do one thing after the other."""
        self.again = stop
        while not stop.is_set():
            choice = self.random.random()
            if choice < 0.2:
                self.comment(self.random.choice(self.own))
            else:
                self.change_state(self.random.choice(self.contested if choice < 0.4 else self.own))

    def change_state(self, item: int) -> None:
        """Set an item to another state, always with a reason of its own, so that there is something to remember."""
        state = self.random.choice([state for state in STATES if state != self.states[item]])
        reason = f"because {uuid4().hex[:8]}"
        form = {"revision": self.revisions[item], "state": state, "reason": reason}
        page = self.send(Act(self.person.id, item, "state", "", state, reason), f"/items/{item}/state/", form)
        if page and "data-revision" in page:
            self.revisions[item] = revision_in(page)
            self.states[item] = page.split('data-state="')[1].split('"')[0]

    def comment(self, item: int) -> None:
        """Say something of one's own."""
        text = f"comment {uuid4().hex[:8]}"
        self.send(Act(self.person.id, item, "comment", "", text), f"/items/{item}/comments/", {"text": text})

    def send(self, act: Act, path: str, form: dict[str, Any]) -> str:
        """Send a form under one key until the answer is clear; now and then once more, as an impatient person does."""
        sent = uuid4().hex
        act.key = bound_key(path, sent)
        self.notebook.begin(act)
        give_up = now() + UNTIL_CLEAR
        page = self.send_once(act, path, form, sent)
        while act.outcome == "unknown" and now() < give_up:
            threading.Event().wait(self.random.uniform(0.05, 0.3))
            page = self.send_once(act, path, form, sent)
        if act.outcome == "ok" and self.random.random() < 0.1:
            page = self.send_once(act, path, form, sent) or page
        return page

    def send_once(self, act: Act, path: str, form: dict[str, Any], sent: str) -> str:
        """Send, and note what came of it."""
        began, status, page = now(), None, ""
        try:
            status, page = self.browser.post(path, form, key=sent)
        except (OSError, http.client.HTTPException):
            page = ""
        self.notebook.note(act, Try(began, now(), status))
        return page


class Crew:
    """Everybody, and the faults that are made while they work."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.faults: list[Fault] = []

    def during(self, kind: str, break_it: Callable[[], None], mend_it: Callable[[], None], wait: float) -> None:
        """Break something, let time pass, mend it; remember from when until when."""
        began = now()
        break_it()
        threading.Event().wait(wait)
        mend_it()
        self.faults.append(Fault(kind, began, now()))

    @property
    def done(self) -> int:
        """How many acts have been answered yes so far."""
        return sum(act.outcome == "ok" for act in list(self.notebook.acts))


@contextmanager
def crew_at_work(address: str, company: Company, notes: Path, seed: int) -> Iterator[Crew]:
    """Everybody signed in and working until the end of the block, then until each last answer is clear."""
    with notes.open("w") as file:
        crew = Crew(Notebook(file))
        workers = []
        for number, person in enumerate(company.people):
            browser = Browser(address)
            browser.sign_in(person.email, PASSWORD)
            browser.open(company.page)
            workers.append(Worker(browser, person, company, crew.notebook, seed + number))
        stop = threading.Event()
        failures: list[BaseException] = []

        def run(worker: Worker) -> None:
            try:
                worker.work(stop)
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=run, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        try:
            yield crew
        finally:
            stop.set()
            for thread in threads:
                thread.join(UNTIL_CLEAR + 60)
        assert not failures, failures
        assert not [thread for thread in threads if thread.is_alive()]
