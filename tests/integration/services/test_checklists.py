"""A checklist is a frozen copy of what its template version said."""

import pytest
from sqlalchemy import select, update

from app.catalogue.reader import read_catalogue
from app.database import db
from app.domain.checklist import BelongsTo, ItemState
from app.domain.errors import NotFound
from app.domain.gates import GateKind, gates_of
from app.models import Checklist, ChecklistGroup, ChecklistItem, Environment, Gate, Stream, TemplateItem
from app.queries.modules import list_environments
from app.queries.rows import list_rows
from app.queries.templates import get_newest_version
from app.services.environments import add_environment
from app.services.modules import add_target
from app.services.releases import add_change
from tests.factories import MadeRelease, Make

CATALOGUE = read_catalogue()
COPIED = ("key", "text", "guidance", "phase", "gate", "severity", "natural_role", "value_prompt", "value_kind")
NUMBERS = {BelongsTo.MODULE: 147, BelongsTo.RELEASE: 18, BelongsTo.CHANGE: 16, BelongsTo.TARGET: 7}


@pytest.fixture
def release(make: Make) -> MadeRelease:
    """A release in which each of the four kinds of checklist exists once."""
    made = make.release()
    staging = db.session.scalars(select(Environment.id).where(Environment.key == "staging")).one()
    add_change(made.lead.origin, made.key, made.modules[0], 412, title="", link="")
    add_target(made.lead.origin, made.modules[0], staging, "primary", "")
    return made


def _checklist(belongs_to: BelongsTo) -> Checklist:
    return db.session.scalars(select(Checklist).where(Checklist.belongs_to == belongs_to)).one()


def _copied(row: object) -> tuple[object, ...]:
    return tuple(getattr(row, name) for name in COPIED)


@pytest.mark.parametrize(("belongs_to", "number"), NUMBERS.items())
def test_a_checklist_holds_the_items_of_its_kind_word_for_word_and_in_order(
    release: MadeRelease, belongs_to: BelongsTo, number: int
):
    wanted = [item for group in CATALOGUE.groups for item in group.items if item.belongs_to is belongs_to]

    rows = list_rows(_checklist(belongs_to).id)

    assert len(rows) == number
    assert [(row.key, row.text, row.guidance, row.severity) for row in rows] == [
        (item.key, item.text, item.guidance, item.severity) for item in wanted
    ]


@pytest.mark.parametrize("belongs_to", NUMBERS)
def test_every_copied_column_says_what_the_template_says(release: MadeRelease, belongs_to: BelongsTo):
    checklist = _checklist(belongs_to)
    template = db.session.scalars(
        select(TemplateItem).where(
            TemplateItem.version_id == checklist.template_version_id, TemplateItem.belongs_to == belongs_to
        )
    )
    items = db.session.scalars(select(ChecklistItem).where(ChecklistItem.checklist_id == checklist.id))

    assert sorted(map(_copied, items)) == sorted(map(_copied, template))


@pytest.mark.parametrize("belongs_to", NUMBERS)
def test_each_item_stands_in_its_group_and_the_groups_are_those_of_the_catalogue(
    release: MadeRelease, belongs_to: BelongsTo
):
    checklist = _checklist(belongs_to)
    groups = {
        group.id: group
        for group in db.session.scalars(select(ChecklistGroup).where(ChecklistGroup.checklist_id == checklist.id))
    }

    found = [(groups[row.group_id].key, row.key) for row in list_rows(checklist.id)]

    assert found == [(g.key, i.key) for g in CATALOGUE.groups for i in g.items if i.belongs_to is belongs_to]
    assert {(g.key, g.title, g.section, g.mode) for g in groups.values()} == {
        (g.key, g.title, g.section, g.mode) for g in CATALOGUE.groups if g.belongs_to is belongs_to
    }


def test_a_new_item_is_to_do_at_revision_one_with_nothing_said(release: MadeRelease):
    for row in release.items:
        assert (row.state, row.revision, row.reason, row.value, row.link) == (ItemState.TODO, 1, "", "", "")
        assert (row.comment_count, row.assignee_id, row.changed_by_id) == (0, None, None)


def test_an_item_has_been_open_since_its_checklist_was_made(release: MadeRelease):
    made_at = _checklist(BelongsTo.MODULE).created_at

    assert {row.state_since for row in release.items} == {made_at}


def test_what_happens_to_the_template_changes_no_checklist(release: MadeRelease):
    before = [_copied(row) for row in db.session.scalars(select(ChecklistItem).order_by(ChecklistItem.id))]

    db.session.execute(update(TemplateItem).values(text="something else", guidance="", gate="other"))
    db.session.commit()

    after = db.session.scalars(
        select(ChecklistItem).order_by(ChecklistItem.id).execution_options(populate_existing=True)
    )
    assert [_copied(row) for row in after] == before


@pytest.mark.parametrize("belongs_to", NUMBERS)
def test_a_checklist_has_a_stream_of_its_own_and_says_from_what_it_was_made(
    make: Make, release: MadeRelease, belongs_to: BelongsTo
):
    checklist = _checklist(belongs_to)
    stream = db.session.get_one(Stream, checklist.stream_id)

    assert (stream.kind, stream.subject_id) == (f"checklist:{belongs_to.value}", checklist.subject_id)
    [event] = make.events("checklist.created", object_id=checklist.id)
    assert event.stream_id == stream.id
    assert event.new_value == "Migration maintenance, version 1"
    assert (event.module_id, event.release_id) == (checklist.module_id, checklist.release_id)


@pytest.mark.parametrize("belongs_to", NUMBERS)
def test_a_checklist_has_the_gates_of_its_kind_and_the_one_before_production_for_each_environment(
    release: MadeRelease, belongs_to: BelongsTo
):
    gates = db.session.execute(
        select(Gate.kind, Gate.environment_key).where(Gate.checklist_id == _checklist(belongs_to).id)
    ).all()

    each = [environment.key for environment in list_environments()]
    wanted = [(kind, key) for kind in gates_of(belongs_to) for key in (each if kind is GateKind.DEPLOY else [""])]
    assert sorted(tuple(gate) for gate in gates) == sorted(wanted)


def test_a_new_environment_gives_each_module_the_gate_that_it_lacks_and_changes_no_other(release: MadeRelease):
    before = set(db.session.scalars(select(Gate.id)))

    add_environment(release.lead.origin, "dr", "Disaster recovery")

    added = db.session.scalars(select(Gate).where(Gate.id.not_in(before))).all()
    assert [(gate.checklist_id, gate.kind, gate.environment_key) for gate in added] == [
        (_checklist(BelongsTo.MODULE).id, GateKind.DEPLOY, "dr")
    ]
    assert before < set(db.session.scalars(select(Gate.id)))


def test_no_checklist_exists_before_the_thing_that_it_is_about(make: Make):
    make.release()

    kinds = set(db.session.scalars(select(Checklist.belongs_to)))

    assert kinds == {BelongsTo.RELEASE, BelongsTo.MODULE}


def test_without_a_catalogue_the_refusal_says_how_to_load_it(app):
    with pytest.raises(NotFound, match="load-catalogue"):
        get_newest_version("not-loaded")
