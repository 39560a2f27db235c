"""All that an address or a form names belongs together: else there is no such thing, and nothing is changed."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from app.database import db
from app.domain.permissions import Role
from app.models import ChecklistItem, Module
from app.models.base import Base
from tests.architecture.test_access_matrix import OF_ENDPOINT, World, build_world
from tests.factories import Make
from tests.versions import newest_content, publish, seen

# These are words, the same everywhere, as are those that mean something else under each address.
# Any two releases that somebody may see are compared; that both have to be seen is tried with the pages of that.
WORDS = {"group_key", "token", "filename", "metric_key", "earlier_key", "level"}
# What is written for who tries, and what a request needs to be answered at all.
BESIDE = {"audit_events", "streams", "idempotency_keys", "rate_counters", "sessions"}


@pytest.fixture
def worlds(make: Make) -> tuple[World, World]:
    """Two worlds that have nothing in common."""
    here = build_world(make)
    publish(newest_content(), key="another")
    return here, build_world(make, template="another", number=413, environment="production", target="other")


def rules_that_name_several(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Each address that names two things, with each of them in turn, and how it is asked."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        named = sorted(rule.arguments - WORDS - set(OF_ENDPOINT.get(rule.endpoint, ())))
        for method in sorted((rule.methods or set()) & {"GET", "POST"}) if len(named) > 1 else ():
            yield from ((rule, method, name) for name in named)


def path_of(rule: Rule, values: dict[str, object]) -> str:
    found = rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)
    assert found is not None, rule
    return found[1]


def values_for(rule: Rule, world: World) -> dict[str, object]:
    """What an address would name in one world."""
    return world.values | OF_ENDPOINT.get(rule.endpoint, {}) | world.items_of(rule)


def everything() -> dict[str, list[Any]]:
    """All rows, but those that are written for whoever tries."""
    db.session.expire_all()
    tables = [table for table in Base.metadata.sorted_tables if table.name not in BESIDE]
    return {table.name: [tuple(row) for row in db.session.execute(select(table))] for table in tables}


def test_no_address_takes_the_number_of_a_thing_that_belongs_to_another(
    app: Flask, make: Make, worlds: tuple[World, World], client_of: Any
):
    here, elsewhere = worlds
    almighty = make.person(*Role)
    browser, before, sent = client_of(almighty), everything(), 0
    for rule, method, name in rules_that_name_several(app):
        swapped = values_for(rule, here) | {name: values_for(rule, elsewhere)[name]}
        if swapped == values_for(rule, here):
            continue  # a word that is the same in both

        answer = browser.open(path_of(rule, swapped), method=method, data={} if method == "POST" else None)

        assert answer.status_code == 404, f"{method} {rule.rule} with another {name}: {answer.status_code}"
        sent += method == "POST"
    assert sent > 20
    told = [event for event in make.events("attempt.refused") if event.actor_id == almighty.id]
    assert len(told) == sent
    after = everything()
    assert [name for name, rows in before.items() if rows != after[name]] == []


def pair(item: ChecklistItem) -> str:
    """An item as a form names it: its number, and the revision that was seen."""
    return f"{item.id}.{item.revision}"


def sent(here: World, elsewhere: World) -> dict[str, tuple[str, dict[str, Any], int]]:
    """Forms that name a thing of elsewhere: to which address, what, and how that is answered."""
    own, other = here.release.item("pre.schema-planned"), elsewhere.release.item("pre.schema-planned")
    checklist, group = here.values["checklist_id"], OF_ENDPOINT["evidence.reconfirm"]["group_key"]
    [(number, mark)] = seen(other.checklist_id)
    several = {"item_ids": [pair(own), pair(other)], "action": "doing", "waiver_reason": "other", "reason": "Seen."}
    return {
        "items of two checklists": (f"/checklists/{checklist}/several/", several, 404),
        "items of another checklist": (
            f"/checklists/{checklist}/several/",
            {**several, "item_ids": [pair(other)]},
            404,
        ),
        "evidence of another checklist": (
            f"/checklists/{checklist}/groups/{group}/reconfirm/",
            {"evidence_ids": [f"{elsewhere.values['evidence_id']}.{other.revision}"]},
            404,
        ),
        "the owner of an item who may not see it": (
            f"/items/{own.id}/owner/",
            {"assignee_id": str(here.values["stranger"]), "revision": str(own.revision)},
            422,
        ),
        "a checklist that one may not see, to be adopted": (
            f"/templates/{here.values['template_key']}/adopt/",
            {"version": "1", "seen": f"{number}.{mark}"},
            404,
        ),
        "a delegation between others": (
            f"/gates/{here.values['gate_id']}/sign/",
            {"role": f"dba:{elsewhere.values['delegation_id']}", "decision": "approve"},
            404,
        ),
        "a module that one does not sign for": (
            "/delegations/new/",
            {
                "delegate_id": str(here.values["person_id"]),
                "role": "team_lead",
                "module_id": str(elsewhere.values["module_id"]),
                "starts_at": "2030-01-01T08:00",
                "ends_at": "2030-01-02T08:00",
                "reason": "on leave",
            },
            422,
        ),
        "an environment that there is not": (
            f"/modules/{here.values['module_key']}/targets/",
            {"environment_id": "987654", "key": "another", "name": ""},
            422,
        ),
        "a waiver of elsewhere": (
            f"/waivers/{elsewhere.values['waiver_id']}/decision/",
            {"decision": "approve", "note": "It does."},
            404,
        ),
    }


def module_id(world: World) -> int:
    return db.session.scalars(select(Module.id).where(Module.key == world.release.modules[0])).one()


def test_no_form_takes_a_thing_of_elsewhere(make: Make, worlds: tuple[World, World], client_of: Any):
    here, elsewhere = worlds
    elsewhere.values["module_id"] = module_id(elsewhere)
    here.values["stranger"] = make.person(Role.QA, module_id=module_id(elsewhere)).id
    insider = make.person(Role.TEAM_LEAD, Role.DBA, module_id=module_id(here))
    browser, before, refused = client_of(insider), everything(), 0

    for what, (address, form, wanted) in sent(here, elsewhere).items():
        answer = browser.post(address, data=form)

        assert answer.status_code == wanted, f"{what}: {answer.status_code}"
        after = everything()
        assert [name for name, rows in before.items() if rows != after[name]] == [], what
        refused += wanted == 404
        assert len([event for event in make.events("attempt.refused") if event.actor_id == insider.id]) == refused, what


def test_a_draft_takes_no_group_of_another(make: Make, worlds: tuple[World, World], client_of: Any):
    here, elsewhere = worlds
    browser, before = client_of(make.lead()), everything()
    address = f"/templates/{here.values['template_key']}/draft/items/{here.values['draft_item_id']}/place/"

    answer = browser.post(address, data={"group_id": str(elsewhere.values["group_id"]), "revision": "1"})

    assert answer.status_code == 422
    assert everything() == before


def test_no_role_is_given_for_a_module_that_there_is_not(make: Make, worlds: tuple[World, World], client_of: Any):
    browser, before = client_of(make.person(Role.ADMINISTRATOR)), everything()

    answer = browser.post(
        f"/people/{worlds[0].values['person_id']}/grants/", data={"role": "qa", "module_id": "987654"}
    )

    assert answer.status_code == 422
    assert everything() == before
