"""Servers are killed and frozen while people work: nothing that was answered is lost, nothing is there twice."""

import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.checker import violations
from tests.faults.company import Company, collect, found
from tests.faults.load import Crew, crew_at_work
from tests.faults.served import Served, served
from tests.faults.waiting import more_work
from tests.servers import Server, private_server

pytestmark = pytest.mark.faults
PEOPLE = 16
ENOUGH_AFTER_A_FAULT = 60  # acts answered yes before the next one


@dataclass(frozen=True)
class Rig:
    """A server of this test alone, a company on it, the product in front, and where notes are kept."""

    server: Server
    company: Company
    product: Served
    data: Path
    seed: int

    @contextmanager
    def at_work(self) -> Iterator[Crew]:
        """Everybody works; afterwards nothing may be wrong."""
        with crew_at_work(self.product.address, self.company, self.data / "acts.jsonl", self.seed) as crew:
            yield crew
        wrong = violations(crew.notebook.acts, collect(self.server.url, self.data, self.company), crew.faults)
        tried = Counter(str(one.status or "none") for act in crew.notebook.acts for one in act.tries)
        outcomes = Counter(act.outcome for act in crew.notebook.acts)
        print(f"{dict(outcomes)}, answers {dict(tried)}, faults {len(crew.faults)}")
        assert not wrong, "\n".join([*wrong[:20], f"seed {self.seed}, notes in {self.data}"])
        assert outcomes["unknown"] == 0
        assert self.product.process.poll() is None


@pytest.fixture
def seed() -> int:
    """The same run again: give COUNTERSIGN_SEED what a failed one printed."""
    number = int(os.environ.get("COUNTERSIGN_SEED") or random.SystemRandom().randrange(10**6))
    print(f"seed: COUNTERSIGN_SEED={number}")
    random.seed(number)
    return number


@pytest.fixture
def rig(tmp_path: Path, seed: int) -> Iterator[Rig]:
    with private_server(durable=True) as server:
        company = found(server.url, tmp_path, people=PEOPLE, checklists=3)
        with served(server.url, tmp_path) as product:
            yield Rig(server, company, product, tmp_path, seed)


def longest_wait(crew: Crew) -> float:
    """How long the slowest answer took."""
    return max(one.done_at - one.sent_at for act in crew.notebook.acts for one in act.tries if one.status)


@pytest.mark.parametrize(
    ("kills", "acknowledged"),
    [pytest.param(10, 500, id="ten"), pytest.param(50, 10_000, id="fifty", marks=pytest.mark.soak)],
)
def test_no_answered_act_is_lost_when_the_database_is_killed(rig: Rig, kills: int, acknowledged: int):
    with rig.at_work() as crew:
        for _ in range(kills):
            more_work(crew, ENOUGH_AFTER_A_FAULT)
            threading.Event().wait(random.uniform(0, 0.5))
            crew.during("killing the database", rig.server.crash, rig.server.start, random.uniform(0.1, 2))
        more_work(crew, max(ENOUGH_AFTER_A_FAULT, acknowledged - crew.done), within=1200)


@pytest.mark.parametrize("kills", [pytest.param(5, id="five"), pytest.param(200, id="many", marks=pytest.mark.soak)])
def test_no_answered_act_is_lost_when_a_web_worker_is_killed(rig: Rig, kills: int):
    with rig.at_work() as crew:
        for _ in range(kills):
            more_work(crew, 30)
            threading.Event().wait(random.uniform(0, 0.1))
            crew.during("killing a web worker", rig.product.kill_a_web_worker, lambda: None, 0)
        more_work(crew, 30)

    assert longest_wait(crew) < 5


def test_a_database_that_stands_still_for_a_while_is_waited_for(rig: Rig):
    with rig.at_work() as crew:
        more_work(crew, ENOUGH_AFTER_A_FAULT)
        crew.during("freezing the database", rig.server.freeze, rig.server.thaw, 5)
        more_work(crew, 5 * ENOUGH_AFTER_A_FAULT)

    assert longest_wait(crew) < 10
