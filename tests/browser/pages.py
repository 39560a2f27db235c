"""Every page there is, out of the product's own list of addresses, with an example of each."""

import os
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from pydantic import SecretStr
from sqlalchemy import select
from werkzeug.routing import Rule

from app import create_app
from app.database import db
from app.demo import cast
from app.domain.actors import Origin
from app.domain.checklist import BelongsTo
from app.domain.gates import GateKind
from app.domain.overrides import OverrideWish
from app.domain.policy_changes import Wanted
from app.models import (
    Change,
    Checklist,
    ChecklistGroup,
    ChecklistItem,
    Deployment,
    Gate,
    GatePolicy,
    Module,
    Override,
    Release,
    Rollback,
    Session,
    Template,
    TemplateVersion,
)
from app.models.base import utc_now
from app.queries.drafts import get_draft, list_draft_items
from app.queries.people import actor_of
from app.services.accounts import invite, new_link_token
from app.services.drafts import begin_draft
from app.services.imports import store_import
from app.services.overrides import open_override
from app.services.policies import propose
from app.services.templates import BUILT_IN
from tests.browser.places import busiest, number_of
from tests.conftest import settings_for

# What a browser is sent to, but never shows as a page.
NOT_PAGES = {
    *("static", "health.alive", "health.ready", "audit.export", "waivers.export", "evidence.download"),
    *("overrides.export", "items.show_rule", "signoffs.export", "signoffs.pdf", "signoffs.content"),
}
FOR_NOBODY = {"auth.sign_in", "auth.show_link", "setup.show"}


def has_example(rule: Rule) -> bool:
    """Whether the made-up company has one: it has rolled nothing back, and nothing happened there."""
    return not rule.arguments & {"rollback_id", "incident_id"}


def endpoints() -> list[str]:
    """The name of every page, by its own list of addresses: a new page is in it by itself."""
    with tempfile.TemporaryDirectory() as data:
        app = create_app(settings_for("", Path(data)))
        rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and has_example(rule)]
    return sorted({rule.endpoint for rule in rules} - NOT_PAGES)


def reader_of(endpoint: str) -> str | None:
    """Who of the company may open a page; nobody for those before signing in."""
    if endpoint in FOR_NOBODY:
        return None
    return "ada" if endpoint.startswith(("people.", "mail.")) else "leena"


def _first_group(kind: BelongsTo) -> str:
    """The key of a group of some checklist of a kind."""
    of_kind = select(Checklist.id).where(Checklist.belongs_to == kind).order_by(Checklist.id).limit(1).scalar_subquery()
    groups = select(ChecklistGroup.key).where(ChecklistGroup.checklist_id == of_kind)
    return db.session.scalars(groups.order_by(ChecklistGroup.position)).first() or ""


def _change(release: str) -> dict[str, Any]:
    """A merge request of a release."""
    found = select(Module.key, Change.number).join(Change, Change.module_id == Module.id).join(Release)
    module, number = db.session.execute(found.where(Release.key == release).order_by(Change.id).limit(1)).one()
    return {"release_key": release, "module_key": module, "number": number}


def _version() -> dict[str, Any]:
    """A published version of a template."""
    found = select(Template.key, TemplateVersion.number).join(TemplateVersion)
    key, number = db.session.execute(found.limit(1)).one()
    return {"template_key": key, "number": number}


def _invitation() -> str:
    """The token of a fresh invitation."""
    token = new_link_token()
    administrator = Origin(actor_of(number_of("ada"), means="session"), request_id="test")
    known = invite(administrator, SecretStr(token), "Nils Berg", f"nils-{token[:6].lower()}@example.org", ())
    assert known
    return token


def _draft() -> dict[str, Any]:
    """A draft with its first item, and a document that waits to be imported; both of the lead who looks at them."""
    lead = Origin(actor_of(number_of("leena"), means="session"), request_id="test")
    begin_draft(lead, BUILT_IN)
    item = list_draft_items(get_draft(BUILT_IN).id)[0]
    document = b"# Nightly\n\nRead this.\n\n- [ ] Stop\n  ```sh\n  stop\n  ```\n- [x] Look\n- [ ] Look\n"
    number = store_import(Origin(lead.actor, request_id="test"), "nightly.md", ".md", document)
    return {"template_key": BUILT_IN, "group_id": item.group_id, "item_id": item.id, "import_id": number}


def _proposal() -> dict[str, Any]:
    """A proposed policy that waits."""
    found = select(GatePolicy.id).where(GatePolicy.created_by_id.is_not(None)).limit(1)
    known = db.session.scalars(found).first()
    if known is not None:
        return {"policy_id": known}
    wanted = Wanted((("qa", 2), ("team_lead", 1)), (), 7, 30)
    lead = Origin(actor_of(number_of("leena"), means="session"), request_id="test")
    why = "Two testers look at it; who ticked may be one of them."
    return {"policy_id": propose(lead, GateKind.READY, "", wanted, note=why)}


def _broken_glass() -> dict[str, Any]:
    """A break-glass that somebody else has opened at a gate, and another gate where none is."""
    found = list(db.session.scalars(select(Gate.id).where(Gate.kind == GateKind.MERGE).order_by(Gate.id).limit(2)))
    number = db.session.scalar(select(Override.id).where(Override.gate_id == found[0], Override.lapses_at > utc_now()))
    if number is None:
        dba = number_of(cast.DBA.email.partition("@")[0])
        session = Session(token_digest=os.urandom(32), person_id=dba, ends_at=utc_now() + timedelta(hours=1))
        db.session.add(session)
        db.session.commit()
        origin = Origin(replace(actor_of(dba, means="session"), session_id=session.id), request_id="test")
        number = open_override(origin, found[0], OverrideWish("Orders fail since the last merge.", "INC-2041"))
    return {"override_id": number, "gate_id": found[1]}


def _deployment(endpoint: str) -> dict[str, Any]:
    """A deployment: one that is planned for the pages on which it is planned, else one that has started."""
    is_planned = endpoint.startswith("deployment_plans.") or endpoint == "deployment_runs.ask"
    wanted = select(Deployment.id).where(
        Deployment.started_at.is_(None) if is_planned else Deployment.started_at.is_not(None)
    )
    return {"deployment_id": db.session.scalars(wanted.order_by(Deployment.id)).first()}


def _taken_back() -> dict[str, Any]:
    """A rollback that runs, and a deployment that nobody takes back."""
    running = select(Rollback.id).where(Rollback.finished_at.is_(None)).order_by(Rollback.id)
    at_peace = select(Deployment.id).where(
        Deployment.started_at.is_not(None),
        Deployment.id.not_in(select(Rollback.deployment_id).where(Rollback.finished_at.is_(None))),
    )
    return {
        "rollback_id": db.session.scalars(running.limit(1)).one(),
        "deployment_id": db.session.scalars(at_peace.order_by(Deployment.id).limit(1)).one(),
    }


def values_of(endpoint: str) -> dict[str, Any]:
    """What stands in the example address of a page."""
    place = busiest()
    here = {
        **(_proposal() if endpoint.startswith("polic") else {}),
        "release_key": place.release,
        "module_key": place.module,
        "item_id": place.item,
        "environment_key": "production",
        "target_key": place.target,
        "rule_key": "never.no-backup",
        "person_id": number_of(cast.DEVELOPERS[0].email.partition("@")[0]),
    }
    kind = endpoint.removeprefix("checklists.show_").removesuffix("_group")
    if endpoint == f"checklists.show_{kind}_group":
        here["group_key"] = place.group if kind == "module" else _first_group(BelongsTo(kind))
    if endpoint.endswith(("_change", "_change_group")) and not endpoint.endswith("new_change"):
        here |= _change(place.release)
    if endpoint.startswith("gate"):
        found = select(Gate.id).join(ChecklistItem, ChecklistItem.checklist_id == Gate.checklist_id)
        here["gate_id"] = db.session.scalars(
            found.where(ChecklistItem.id == place.item, Gate.environment_key == "production")
        ).one()
    if endpoint == "evidence.choose":
        found = select(ChecklistItem.checklist_id).where(ChecklistItem.id == place.item)
        here |= {"checklist_id": db.session.scalars(found).one(), "group_key": place.group}
    if endpoint.startswith(("template", "adoption.")):
        here |= _version() | {"older": 1, "newer": 1}
    if endpoint.startswith(("draft", "imports.")):
        here |= _draft()
    return here | _what_happened(endpoint) | _one_time(endpoint)


def _what_happened(endpoint: str) -> dict[str, Any]:
    """Deployments and what came of them."""
    here: dict[str, Any] = {}
    if endpoint.startswith(("deployment", "checklists.", "checklist_exports.")):
        here |= _deployment(endpoint)
    if "rollback" in endpoint:
        here |= _taken_back()
    return here


def _one_time(endpoint: str) -> dict[str, Any]:
    """What is made for the page that is looked at."""
    if endpoint.startswith("overrides."):
        return _broken_glass()
    return {"token": _invitation()} if endpoint == "auth.show_link" else {}


def address_of(app: Flask, endpoint: str, **more: Any) -> str:
    """An example address of a page; fails when there is no example for something that stands in it."""
    rule = next(rule for rule in app.url_map.iter_rules(endpoint) if "GET" in (rule.methods or ()))
    known = values_of(endpoint) | more
    missing = rule.arguments - set(known)
    assert not missing, f"{endpoint} has no example for {', '.join(sorted(missing))}: add one to pages.values_of"
    with app.test_request_context():
        return url_for(endpoint, **{name: known[name] for name in rule.arguments})
