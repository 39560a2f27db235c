"""Importing: what was understood becomes a draft, whole or not at all."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.database import db
from app.domain.errors import InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.domain.template_content import GroupContent, Imported, ItemContent, TemplateContent
from app.models import DraftItem, Template, TemplateDraft, TemplateImport
from app.models.base import pretending, utc_now
from app.queries.drafts import content_of_draft, get_draft
from app.queries.imports import get_import
from app.services.drafts import begin_draft
from app.services.imports import DOCUMENT_LIMIT, WAITING_LIMIT, forget_import, import_content, map_import, store_import
from app.services.templates import BUILT_IN
from app.worker.jobs import forget_old
from tests.factories import Made, Make

CONTENT = TemplateContent(
    "Nightly batch",
    "Read *it*.",
    (
        GroupContent("before", "Before", items=(ItemContent("stop", "Stop"), ItemContent("look", "Look", depth=1))),
        GroupContent("after", "After", items=(ItemContent("start", "Start", body="```sh\nstart\n```"),)),
    ),
)
IMPORTED = Imported(CONTENT, frozenset({"look"}))


@pytest.fixture
def lead(make: Make) -> Made:
    return make.lead()


def ticked(key: str) -> list[str]:
    statement = select(DraftItem.key).where(DraftItem.draft_id == get_draft(key).id, DraftItem.was_ticked.is_(True))
    return list(db.session.scalars(statement))


def test_what_was_understood_becomes_the_draft_of_a_new_template(make: Make, lead: Made):
    assert import_content(lead.origin, IMPORTED, source="nightly.md", key="nightly") == "nightly"

    draft = get_draft("nightly")
    assert (content_of_draft(draft), draft.source) == (CONTENT, "nightly.md")
    (event,) = make.events("template.imported")
    assert (event.object_label, event.new_value, event.reason) == (
        *("Nightly batch", "2 groups, 3 items"),
        "nightly.md",
    )


def test_ticks_are_kept_only_when_asked(lead: Made):
    import_content(lead.origin, IMPORTED, source="a.md", key="without")
    import_content(lead.origin, IMPORTED, source="a.md", key="with", with_ticks=True)

    assert (ticked("without"), ticked("with")) == ([], ["look"])


def test_it_becomes_the_next_draft_of_a_template_that_has_none(lead: Made):
    import_content(lead.origin, IMPORTED, source="a.md", into=BUILT_IN)

    assert content_of_draft(get_draft(BUILT_IN)) == CONTENT


def test_a_draft_that_somebody_has_begun_is_never_replaced(lead: Made):
    begin_draft(lead.origin, BUILT_IN)
    before = content_of_draft(get_draft(BUILT_IN))

    with pytest.raises(RuleViolation, match="a draft already"):
        import_content(lead.origin, IMPORTED, source="a.md", into=BUILT_IN)

    assert content_of_draft(get_draft(BUILT_IN)) == before


@pytest.mark.parametrize(
    "wrong",
    [
        TemplateContent("Empty"),
        TemplateContent(
            "Twice", groups=(GroupContent("a", "A", items=(ItemContent("x", "X"), ItemContent("x", "Y"))),)
        ),
        TemplateContent("Long", groups=(GroupContent("a", "A", items=(ItemContent("x", "X" * 501),)),)),
    ],
)
def test_what_cannot_become_a_draft_leaves_nothing_behind(lead: Made, wrong: TemplateContent):
    with pytest.raises(RuleViolation):
        import_content(lead.origin, Imported(wrong), source="a.md", key="wrong")

    assert db.session.scalar(select(func.count()).where(Template.key == "wrong")) == 0
    assert db.session.scalar(select(func.count()).select_from(TemplateDraft)) == 0


def test_who_reads_does_not_import(make: Make):
    viewer = make.person(Role.VIEWER)
    with pytest.raises(NotPermitted):
        import_content(viewer.origin, IMPORTED, source="a.md", key="nightly")
    with pytest.raises(NotPermitted):
        store_import(viewer.origin, "a.md", "markdown", b"- [ ] One")


def test_a_document_waits_for_whoever_sent_it_alone(make: Make, lead: Made):
    number = store_import(lead.origin, "a.md", "markdown", b"- [ ] One")
    other = make.lead()

    assert get_import(number, lead.actor).data == b"- [ ] One"
    assert [event.object_label for event in make.events("import.received")] == ["a.md"]
    with pytest.raises(NotFound):
        get_import(number, other.actor)
    with pytest.raises(NotFound):
        map_import(other.origin, number, "{}")
    forget_import(other.origin, number)
    assert get_import(number, lead.actor).file_name == "a.md"


def test_the_chosen_columns_wait_with_it_and_it_goes_when_it_is_thrown_away(lead: Made):
    number = store_import(lead.origin, "a.csv", "csv", b"text\nOne")
    map_import(lead.origin, number, '{"text": 0}')
    assert get_import(number, lead.actor).mapping == '{"text": 0}'

    forget_import(lead.origin, number)

    with pytest.raises(NotFound):
        get_import(number, lead.actor)


@pytest.mark.parametrize("data", [b"", b" \n\t", b"x" * (DOCUMENT_LIMIT + 1)])
def test_an_empty_document_and_one_that_is_too_long_are_not_kept(lead: Made, data: bytes):
    with pytest.raises(InvalidInput):
        store_import(lead.origin, "a.md", "markdown", data)


def test_of_many_documents_the_oldest_make_room(lead: Made):
    numbers = [store_import(lead.origin, f"{n}.md", "markdown", b"- [ ] One") for n in range(WAITING_LIMIT + 1)]

    left = db.session.scalars(select(TemplateImport.id).order_by(TemplateImport.id)).all()
    assert left == numbers[1:]


def test_a_document_that_nobody_imports_goes_after_a_day(lead: Made):
    with pretending(utc_now() - timedelta(hours=25)):
        store_import(lead.origin, "old.md", "markdown", b"- [ ] One")
    store_import(lead.origin, "new.md", "markdown", b"- [ ] One")

    forget_old()

    assert db.session.scalars(select(TemplateImport.file_name)).all() == ["new.md"]
