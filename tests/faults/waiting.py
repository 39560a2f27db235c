"""Waiting for work to be done, never for time to pass."""

import threading

from tests.faults.client import now
from tests.faults.load import Crew


def more_work(crew: Crew, count: int, *, within: float = 60) -> None:
    """Wait until so many more acts have been answered yes."""
    wanted, deadline = crew.done + count, now() + within
    while crew.done < wanted:
        assert now() < deadline, f"only {crew.done - wanted + count} of {count} acts in {within:.0f} s"
        threading.Event().wait(0.05)
