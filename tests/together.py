"""Which tests run in one process where the others are dealt out one by one."""

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# All in such a file looks at one thing that takes longer to make than to look at.
TOGETHER = {"tests/browser/test_every_page.py"}


class FilesTogether(LoadScopeScheduling):  # type: ignore[misc]  # the library's scheduler has no types
    """Each test for itself, and the tests of a file that is named above together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


def scheduler(config: pytest.Config, log: Any) -> FilesTogether | None:
    """Where tests are dealt out in groups, ours: the library's own finds no group with this version of pytest."""
    return FilesTogether(config, log) if config.getvalue("dist") == "loadgroup" else None
