"""Every address asked by every role: let in where the policy says so, and nowhere else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.database import db
from app.domain.checklist import BelongsTo
from app.domain.gates import Decision, GateKind
from app.domain.incidents import IncidentSeverity
from app.domain.overrides import OverrideWish
from app.domain.permissions import EVERYWHERE_ONLY, FOR_EVERYONE, GRANTS, Permission, Role
from app.domain.policy_changes import Wanted
from app.domain.waiver_kinds import WaiverReason
from app.models import Deployment, Environment, Incident, Module, Target, Waiver
from app.models.base import utc_now
from app.queries.deployment_facts import list_steps, read_deployment
from app.queries.drafts import get_draft, list_draft_items
from app.queries.gates import list_gates
from app.queries.people import list_grants
from app.queries.standing import standing_of
from app.services.change import Change
from app.services.checklists import make_checklist
from app.services.delegations import DelegationFacts, delegate
from app.services.deployment_plans import PlanFacts, StepFacts, plan_deployment
from app.services.drafts import begin_draft
from app.services.freezes import FreezeFacts, add_freeze
from app.services.imports import store_import
from app.services.modules import add_target
from app.services.overrides import open_override
from app.services.policies import propose
from app.services.releases import add_change
from app.services.signoffs import Wish, sign
from app.services.templates import BUILT_IN
from app.services.waivers import request_waiver
from app.services.write_path import write_path
from app.web.access import PUBLIC, declared_access
from tests.factories import Made, MadeRelease, Make
from tests.integration.services.rolling import taken_back

# One name in an address that means different things under different addresses.
OF_ENDPOINT: dict[str, dict[str, object]] = {
    "checklists.show_module_group": {"group_key": "pre-development"},
    "checklists.show_change_group": {"group_key": "before-commit"},
    "checklists.show_release_group": {"group_key": "pre-release"},
    "checklists.show_target_group": {"group_key": "monitoring"},
    "checklists.show_deployment_group": {"group_key": "first-hour"},
    "checklists.show_rollback_group": {"group_key": "before-rollback"},
    "checklists.show_incident_group": {"group_key": "issue-reporting"},
    "templates.show": {"number": 1},
    "template_exports.export": {"number": 1},
    "template_exports.on_paper": {"number": 1},
    "evidence.choose": {"group_key": "pre-development"},
    "evidence.reconfirm": {"group_key": "pre-development"},
    "template_rules.show_version": {"number": 1},
    "template_history.compare": {"older": 1, "newer": 1},
}
# In a draft an item has a number of its own, and the steps of a rollback are items of its own checklist.
ITEMS_OF = {"draft_content.": "draft_item_id", "rollback_steps.": "rollback_item_id"}
# It opens a connection of its own, which a test that is rolled back cannot give.
OWN_CONNECTION = {"health.ready"}
# Here the policy lets in and the rule of two people refuses: only who asked may withdraw.
ASKERS_ALONE = {"waivers.withdraw"}
OTHERS_WORLD = (
    *("release_key", "module_key", "item_id", "checklist_id", "waiver_id", "gate_id", "signoff_id", "delegation_id"),
    *("override_id", "deployment_id", "rollback_id", "incident_id"),
)
# Looking at these leaves an event: what was taken away is remembered.
REMEMBERED = {"signoffs.export"}
# The roles that may be held for one module alone.
FOR_ONE_MODULE = [role for role in Role if role not in EVERYWHERE_ONLY]


@dataclass(frozen=True)
class World:
    """One of everything that an address can name."""

    release: MadeRelease
    values: dict[str, object]

    def items_of(self, rule: Rule) -> dict[str, object]:
        """The item that an address means, where it is not one of a module's checklist."""
        names = [name for start, name in ITEMS_OF.items() if rule.endpoint.startswith(start)]
        return {"item_id": self.values[names[0]]} if names else {}

    def path(self, rule: Rule) -> str:
        """A rule with the real things in it."""
        here = self.values | OF_ENDPOINT.get(rule.endpoint, {})
        here |= self.items_of(rule)
        found = rule.build({name: here[name] for name in rule.arguments}, append_unknown=False)
        assert found is not None, rule
        return found[1]


def _signed(make: Make, release: MadeRelease, checklist_id: int) -> int:
    """A sign-off of the module's lead: not like this."""
    origin = make.origin_in(make.session_token(release.lead))
    gate = list_gates(checklist_id)[0]
    wish = Wish(Role.TEAM_LEAD, Decision.REJECT, standing_of(gate, utc_now()).content.digest, reason="Not like this.")
    return sign(origin, gate.id, wish)


def _delegated(make: Make, release: MadeRelease) -> int:
    """The lead of the module asks a colleague to sign for a day."""
    now = utc_now()
    colleague = make.person(Role.TEAM_LEAD)
    facts = DelegationFacts(colleague.id, Role.TEAM_LEAD, None, now, now + timedelta(days=1), "on leave")
    return delegate(release.lead.origin, facts)


def _proposed(lead: Made) -> int:
    """Another policy for the ready gate, that waits."""
    return propose(lead.origin, GateKind.READY, "", Wanted((("qa", 1),)), note="We are too few.")


def _broken(make: Make, release: MadeRelease, checklist_id: int) -> int:
    """A break-glass that the module's lead has opened."""
    origin = make.origin_in(make.session_token(release.lead))
    return open_override(origin, list_gates(checklist_id)[0].id, OverrideWish("The shop is down.", "INC-1"))


def _started(lead: Made, gate_id: int) -> tuple[int, int]:
    """A deployment that runs, as if its gate had been open; and its first step."""
    now = utc_now()
    steps = (StepFacts("Run the migration", owner_id=lead.id),)
    facts = PlanFacts(now - timedelta(hours=1), now + timedelta(hours=1), lead.id, "Anything fails.", "", steps)
    number = plan_deployment(lead.origin, gate_id, facts)
    write_path(_start)(lead.origin, number)
    return number, list_steps(number)[0].id


def _start(change: Change, number: int) -> int:
    row = read_deployment(number)
    change.session.execute(update(Deployment).where(Deployment.id == number).values(started_at=change.at))
    about = {"release_id": row.release_id, "module_id": row.module_id}
    return make_checklist(change, BelongsTo.DEPLOYMENT, number, label="a deployment", **about)


def _gone_wrong(change: Change, number: int) -> int:
    """An incident after a deployment, with its checklist."""
    row, who = read_deployment(number), change.actor_id
    found = Incident(
        module_id=row.module_id,
        release_id=row.release_id,
        severity=IncidentSeverity.MAJOR,
        title=f"Slow {number}",
        description="",
        began_at=change.at,
        reported_by_id=who,
    )
    change.session.add(found)
    change.session.flush()
    about = {"release_id": row.release_id, "module_id": row.module_id}
    make_checklist(change, BelongsTo.INCIDENT, found.id, label="an incident", **about)
    return found.id


def _frozen(lead: Made, module_id: int) -> int:
    """A freeze of one module that is in force."""
    return add_freeze(lead.origin, FreezeFacts(utc_now(), utc_now() + timedelta(days=1), "Audit.", module_id=module_id))


def build_world(
    make: Make, *, template: str = BUILT_IN, number: int = 412, environment: str = "staging", target: str = "primary"
) -> World:
    """One of everything. Two worlds that are built with other words have nothing in common."""
    release = make.release()
    item = release.item("pre.schema-planned")
    place = db.session.scalars(select(Environment.id).where(Environment.key == environment)).one()
    add_change(release.lead.origin, release.key, release.modules[0], number, title="", link="")
    module = db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()
    add_target(release.lead.origin, release.modules[0], place, target, "")
    request_waiver(release.lead.origin, item.id, revision=1, reason=WaiverReason.OTHER, explanation="no schema here")
    begin_draft(release.lead.origin, template)
    draft_item = list_draft_items(get_draft(template).id)[0]
    bystander = make.person(Role.QA)
    deploy_gate = next(gate.id for gate in list_gates(item.checklist_id) if gate.environment_key == "staging")
    deployment, step = _started(release.lead, deploy_gate)
    incident = write_path(_gone_wrong)(release.lead.origin, deployment)
    values = {
        "release_key": release.key,
        "module_key": release.modules[0],
        "number": number,
        "environment_key": environment,
        "target_key": target,
        "target_id": db.session.scalars(select(Target.id).where(Target.module_id == module)).one(),
        "checklist_id": item.checklist_id,
        "item_id": item.id,
        "event_id": "00" * 16,
        "evidence_id": make.file(release.lead, item.id),
        "waiver_id": db.session.scalars(select(Waiver.id).where(Waiver.item_id == item.id)).one(),
        "delegation_id": _delegated(make, release),
        "gate_id": deploy_gate,
        "deployment_id": deployment,
        "step_id": step,
        **taken_back(release.lead, deployment),
        "incident_id": incident,
        "freeze_id": _frozen(release.lead, module),
        "environment_id": place,
        "signoff_id": _signed(make, release, item.checklist_id),
        "policy_id": _proposed(release.lead),
        "override_id": _broken(make, release, item.checklist_id),
        "rule_key": "never.no-backup",
        "person_id": bystander.id,
        "grant_id": list_grants(bystander.id)[0].id,
        "session_id": 0,
        "mail_id": 0,
        "template_key": template,
        "group_id": draft_item.group_id,
        "draft_item_id": draft_item.id,
        "import_id": store_import(release.lead.origin, "list.md", ".md", b"- [ ] One"),
        "token": "no-such-token",
        "filename": "none.css",
    }
    return World(release, values)


@pytest.fixture
def world(make: Make) -> World:
    return build_world(make)


def _requests(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint in OWN_CONNECTION:
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield rule, method


def _ask(browser: FlaskClient, world: World, rule: Rule, method: str) -> TestResponse:
    return browser.open(world.path(rule), method=method, data={} if method == "POST" else None)


def _is_sent_to_sign_in(answer: TestResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_let_in_exactly_where_the_policy_says(app: Flask, make: Make, world: World, client_of, role: Role):
    allowed = GRANTS[role] | FOR_EVERYONE
    asked = 0
    for rule, method in _requests(app):
        access = declared_access(app, rule.endpoint)
        answer = _ask(client_of(make.person(role)), world, rule, method)

        where = f"{method} {rule.rule} by {role}: {answer.status_code}"
        assert not _is_sent_to_sign_in(answer), where
        if access in allowed and rule.endpoint in ASKERS_ALONE:
            assert "Only the person who asked" in answer.text, where
        elif access == PUBLIC or access in allowed:
            assert answer.status_code not in {401, 403}, where
            assert answer.status_code < 500, where
        else:
            assert answer.status_code == 403, where
        asked += 1
    assert asked > 80


def test_who_has_no_role_is_let_in_to_the_own_profile_only(app: Flask, make: Make, world: World, client_of):
    for rule, method in _requests(app):
        access = declared_access(app, rule.endpoint)
        answer = _ask(client_of(make.person()), world, rule, method)

        is_refused = answer.status_code == 403
        assert is_refused is (access not in {PUBLIC, Permission.PROFILE_MANAGE}), f"{method} {rule.rule}"


def test_nobody_is_let_in_anywhere_but_at_the_open_addresses(app: Flask, world: World):
    for rule, method in _requests(app):
        answer = _ask(app.test_client(), world, rule, method)

        where = f"{method} {rule.rule}: {answer.status_code}"
        if declared_access(app, rule.endpoint) == PUBLIC:
            assert answer.status_code not in {401, 403}, where
            assert not _is_sent_to_sign_in(answer), where
        elif method == "GET":
            assert _is_sent_to_sign_in(answer), where
        else:
            assert answer.status_code == 401, where


@pytest.mark.parametrize("role", FOR_ONE_MODULE)
def test_the_things_of_another_module_are_not_there(app: Flask, make: Make, world: World, client_of, role: Role):
    stranger = make.person(role, module_id=make.module().id)
    asked = attempts = 0
    for rule, method in _requests(app):
        access = declared_access(app, rule.endpoint)
        if access not in GRANTS[role] or not rule.arguments & set(OTHERS_WORLD):
            continue
        answer = _ask(client_of(stranger), world, rule, method)

        # What takes a role for everything is refused before anything is looked up.
        everywhere = getattr(app.view_functions[rule.endpoint], "everywhere", False)
        wanted = 403 if everywhere else 404
        assert answer.status_code == wanted, f"{method} {rule.rule} by {role}: {answer.status_code}"
        asked += 1
        attempts += method == "POST" or everywhere or rule.endpoint in REMEMBERED
    assert asked > 15
    # To look at a page that one may not see is no attempt to do something; to send it something is one.
    told = [event for event in make.events("attempt.refused") if event.actor_id == stranger.id]
    assert len(told) == attempts


@pytest.mark.parametrize("role", FOR_ONE_MODULE)
def test_the_things_of_ones_own_module_are(app: Flask, make: Make, world: World, client_of, role: Role):
    module_id = db.session.scalars(select(Module.id).where(Module.key == world.release.modules[0])).one()
    insider = make.person(role, module_id=module_id)
    for rule, method in _requests(app):
        if declared_access(app, rule.endpoint) is not Permission.CHECKLIST_VIEW or method != "GET":
            continue
        answer = _ask(client_of(insider), world, rule, method)

        assert answer.status_code in {200, 302}, f"{method} {rule.rule} by {role}: {answer.status_code}"


def test_whether_it_is_ready_is_told_to_anybody(product: Flask):
    answer = product.test_client().get("/readyz")

    assert answer.status_code == 200


def test_a_refused_page_is_remembered_with_its_address(app: Flask, make: Make, world: World, client_of):
    viewer: Made = make.person(Role.VIEWER)

    answer = client_of(viewer).post(f"/items/{world.values['item_id']}/state/", data={})

    assert answer.status_code == 403
    [event] = make.events("attempt.refused")
    assert (event.actor_id, event.new_value) == (viewer.id, f"POST /items/{world.values['item_id']}/state/")
