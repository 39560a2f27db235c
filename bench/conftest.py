"""The one report of a run."""

from collections.abc import Iterator

import pytest

from bench.report import Report


@pytest.fixture(scope="session")
def report() -> Iterator[Report]:
    report = Report()
    yield report
    report.write()
