"""Each kind of checklist has one address, and its groups live under it."""

import pytest

from app.domain.addresses import Subject
from app.domain.checklist import BelongsTo

SUBJECTS = [
    (Subject(BelongsTo.RELEASE, "2026.11"), "/releases/2026.11/checklist/"),
    (Subject(BelongsTo.MODULE, "2026.11", "orders"), "/releases/2026.11/modules/orders/"),
    (Subject(BelongsTo.CHANGE, "2026.11", "orders", 412), "/releases/2026.11/modules/orders/changes/412/"),
    (
        Subject(BelongsTo.TARGET, module_key="orders", environment_key="staging", target_key="primary"),
        "/modules/orders/targets/staging/primary/",
    ),
]


@pytest.mark.parametrize(("subject", "path"), SUBJECTS)
def test_a_checklist_lives_under_what_it_is_about(subject: Subject, path: str):
    assert subject.path == path


@pytest.mark.parametrize(("subject", "path"), SUBJECTS)
def test_a_group_lives_under_its_checklist(subject: Subject, path: str):
    assert subject.group_path("security-review") == f"{path}groups/security-review/"
