"""The built-in catalogue is published once, with a digest of what it says."""

from dataclasses import replace

from sqlalchemy import func, select

from app.catalogue.reader import read_catalogue
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.models import Environment, TemplateGroup, TemplateItem, TemplateVersion
from app.queries.templates import get_newest_version, get_version
from app.services.templates import BUILT_IN, catalogue_digest, load_catalogue
from tests.factories import Make


def _number(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_loading_twice_is_loading_once(make: Make):
    before = (_number(TemplateItem), _number(TemplateGroup), _number(TemplateVersion), _number(Environment))

    assert load_catalogue(Origin(SYSTEM)) is False

    assert before == (242, 41, 1, 2)
    assert before == (_number(TemplateItem), _number(TemplateGroup), _number(TemplateVersion), _number(Environment))
    assert len(make.events("template.published")) == 1


def test_the_published_version_is_the_newest_and_carries_its_digest(make: Make):
    version = get_newest_version(BUILT_IN)

    assert (version.number, version.label) == (1, "Migration maintenance, version 1")
    assert version.digest == catalogue_digest(read_catalogue())
    assert get_version(BUILT_IN, 1) == version
    [event] = make.events("template.published")
    assert (event.object_id, event.actor_id, event.actor_role) == (version.id, None, "system")
    assert version.digest.hex().encode() in event.body


def test_the_first_two_environments_come_with_it(app):
    rows = db.session.execute(select(Environment.key, Environment.position).order_by(Environment.position))

    assert [tuple(row) for row in rows] == [("staging", 1), ("production", 2)]


def test_another_word_in_an_item_gives_another_digest():
    catalogue = read_catalogue()
    group = catalogue.groups[0]
    reworded = replace(group, items=(replace(group.items[0], text="Something else"), *group.items[1:]))

    assert catalogue_digest(replace(catalogue, groups=(reworded, *catalogue.groups[1:]))) != catalogue_digest(catalogue)


def test_new_checklists_are_made_from_the_version_with_the_highest_number(make: Make):
    first = db.session.scalars(select(TemplateVersion)).one()
    later = {"template_id": first.template_id, "digest": bytes(32), "published_at": first.published_at}
    db.session.add_all([TemplateVersion(number=number, **later) for number in (3, 2)])
    db.session.commit()

    assert get_newest_version(BUILT_IN).number == 3
