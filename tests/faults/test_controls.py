"""The same people and the same checker at a product with one safeguard taken out: the checker has to notice."""

from pathlib import Path

import pytest

from tests.faults.checker import violations
from tests.faults.company import collect, found
from tests.faults.load import crew_at_work
from tests.faults.served import served
from tests.faults.waiting import more_work
from tests.servers import database_name, fresh_database, running_server

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(
    ("safeguard", "kills", "noticed"),
    [
        ("keys", 0, {"doubled", "key twice"}),
        ("one-transaction", 5, {"lost"}),
        ("order", 0, {"state"}),
    ],
    ids=["keys", "one-transaction", "order"],
)
def test_a_safeguard_that_is_missing_is_noticed(tmp_path: Path, safeguard: str, kills: int, noticed: set[str]):
    with running_server() as server:
        url = fresh_database(server, f"{database_name()}_controls")
        company = found(url, tmp_path, people=16, checklists=1)
        with (
            served(url, tmp_path, application="tests.faults.broken:app", COUNTERSIGN_WITHOUT=safeguard) as product,
            crew_at_work(product.address, company, tmp_path / "acts.jsonl", seed=1) as crew,
        ):
            more_work(crew, 30 if kills else 300)
            for _ in range(kills):
                crew.during("killing a web worker", product.kill_a_web_worker, lambda: None, 0)
                more_work(crew, 20)

        wrong = violations(crew.notebook.acts, collect(url, tmp_path, company), crew.faults)

    kinds = {sentence.split(":")[0] for sentence in wrong}
    assert noticed <= kinds, wrong[:20]
