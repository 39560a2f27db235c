"""Modules: create, edit, archive, their contacts and targets."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, select

from app.domain.audit import AuditAction
from app.domain.checklist import BelongsTo, is_link
from app.domain.errors import Conflict, InvalidInput, NotFound, RuleViolation
from app.domain.modules import RESERVED, ContactKind, is_key, is_placeholder, key_rule
from app.domain.permissions import Permission
from app.domain.time_zones import TIME_ZONES
from app.models import Environment, Module, ModuleContact, Person, Target
from app.queries.modules import get_module, list_contacts
from app.services.change import About, Change
from app.services.checklists import make_checklist
from app.services.facts import change_facts
from app.services.write_path import write_path

PLACEHOLDER_SENTENCE = "This is a placeholder. Name whom to call, or leave it empty."


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """What is typed about a module."""

    name: str
    purpose: str = ""
    team: str = ""
    lead_id: int | None = None
    repository: str = ""
    schema_name: str = ""
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What is typed about one contact of a module."""

    name: str
    email: str = ""
    phone: str = ""
    hours: str = ""
    verified_on: date | None = None


def _about(module: Module) -> About:
    return About("module", module.id, module.name, module_id=module.id)


@write_path
def create_module(change: Change, key: str, facts: ModuleFacts) -> str:
    """Add a module; its key never changes. Gives the key."""
    change.actor.require(Permission.MODULE_MANAGE, None)
    _check(change, facts)
    if not is_key(key):
        raise InvalidInput(key=key_rule("goods-receipt"))
    if key in RESERVED:
        raise InvalidInput(key=f"“{key}” is the address of another page. Choose another key.")
    if change.session.scalar(select(Module.id).where(Module.key == key)) is not None:
        raise InvalidInput(key=f"There is a module “{key}” already, perhaps an archived one.")
    module = Module(key=key, created_at=change.at, **_values(facts))
    change.session.add(module)
    change.session.flush()
    stream = change.new_stream("module", module.id)
    change.record(
        AuditAction.MODULE_CREATED,
        _about(module),
        stream=stream,
        after={"key": key, **_values(facts)},
        under=Permission.MODULE_MANAGE,
    )
    return key


def _values(facts: ModuleFacts) -> dict[str, str | int | None]:
    return {
        "name": facts.name,
        "purpose": facts.purpose,
        "team": facts.team,
        "lead_id": facts.lead_id,
        "repository": facts.repository,
        "schema_name": facts.schema_name,
        "time_zone": facts.time_zone,
    }


def _check(change: Change, facts: ModuleFacts) -> None:
    if facts.lead_id is not None and change.session.get(Person, facts.lead_id) is None:
        raise InvalidInput(lead_id="There is no such person.")
    if facts.repository and not _is_repository(facts.repository):
        raise InvalidInput(repository="Give a whole address without spaces, beginning with https:// or ssh://.")
    if facts.time_zone not in TIME_ZONES:
        raise InvalidInput(time_zone="There is no such time zone. Choose one from the list.")


def _is_repository(text: str) -> bool:
    return is_link(text) or re.fullmatch(r"ssh://[^\s/]+/\S+|git@[^\s:/]+:\S+", text) is not None


def _take(change: Change, key: str, revision: int | None = None) -> tuple[Module, int]:
    """Take the module's stream and read the module as it is now."""
    seen = get_module(key, change.actor)
    change.actor.require(Permission.MODULE_MANAGE, seen.id)
    stream = change.take_subject("module", seen.id)
    module = get_module(key, change.actor)
    if revision is not None and module.revision != revision:
        raise Conflict("Somebody else changed this module while you were typing.", theirs=module.name)
    module.revision += 1
    return module, stream


@write_path
def update_module(change: Change, key: str, facts: ModuleFacts, *, revision: int) -> bool:
    """Change what is known about a module."""
    module, stream = _take(change, key, revision)
    _check(change, facts)
    words = {"lead_id": "lead", "schema_name": "schema name", "time_zone": "time zone"}
    change_facts(
        change,
        module,
        {words.get(name, name): (name, value) for name, value in _values(facts).items()},
        action=AuditAction.MODULE_CHANGED,
        about=_about(module),
        stream=stream,
        under=Permission.MODULE_MANAGE,
    )
    return True


@write_path
def archive_module(change: Change, key: str) -> bool:
    """Take a module out of all choices. Its history and its past releases stay."""
    module, stream = _take(change, key)
    if module.archived_at is not None:
        return False
    module.archived_at = change.at
    change.record(AuditAction.MODULE_ARCHIVED, _about(module), stream=stream, under=Permission.MODULE_MANAGE)
    return True


@write_path
def restore_module(change: Change, key: str) -> bool:
    """Bring an archived module back."""
    module, stream = _take(change, key)
    if module.archived_at is None:
        return False
    module.archived_at = None
    change.record(AuditAction.MODULE_RESTORED, _about(module), stream=stream, under=Permission.MODULE_MANAGE)
    return True


@write_path
def set_contacts(
    change: Change, key: str, contacts: Mapping[ContactKind, ContactFacts | None], *, revision: int
) -> bool:
    """Say whom to call about a module; None takes a contact away. Placeholders are refused."""
    module, stream = _take(change, key, revision)
    known = {contact.kind: contact for contact in list_contacts(module.id)}
    for kind, facts in contacts.items():
        _set_contact(change, module, kind, stream=stream, known=known.get(kind), facts=facts)
    return True


def _set_contact(
    change: Change,
    module: Module,
    kind: ContactKind,
    *,
    stream: int,
    known: ModuleContact | None,
    facts: ContactFacts | None,
) -> None:
    _check_contact(kind, facts)
    old, new = _contact_words(known), _contact_words(facts)
    if old == new:
        return
    if facts is None:
        change.session.execute(delete(ModuleContact).where(ModuleContact.id == (known.id if known else 0)))
    else:
        row = known or ModuleContact(module_id=module.id, kind=kind)
        row.name, row.email, row.phone = facts.name, facts.email, facts.phone
        row.hours, row.verified_on = facts.hours, facts.verified_on
        change.session.add(row)
    change.record(
        AuditAction.MODULE_CHANGED,
        _about(module),
        stream=stream,
        fact=f"contact {kind.label}",
        old=old,
        new=new,
        under=Permission.MODULE_MANAGE,
    )


def _check_contact(kind: ContactKind, facts: ContactFacts | None) -> None:
    if facts is None:
        return
    for name in ("name", "email", "phone"):
        if is_placeholder(getattr(facts, name)) and getattr(facts, name):
            raise InvalidInput(**{f"{kind.value}_{name}": PLACEHOLDER_SENTENCE})
    if not facts.email and not facts.phone:
        raise InvalidInput(**{f"{kind.value}_email": "Give an e-mail address or a phone number."})


def _contact_words(contact: ModuleContact | ContactFacts | None) -> str:
    if contact is None:
        return ""
    verified = f"verified {contact.verified_on}" if contact.verified_on else ""
    return ", ".join(part for part in (contact.name, contact.email, contact.phone, contact.hours, verified) if part)


@write_path
def add_target(change: Change, module_key: str, environment_id: int, key: str, name: str) -> str:
    """Name a database of a module in an environment; its monitoring checklist is made with it. Gives the key."""
    module, _ = _take(change, module_key)
    environment = change.session.get(Environment, environment_id)
    if environment is None:
        raise InvalidInput(environment_id="There is no such environment.")
    if not is_key(key):
        raise InvalidInput(key=key_rule("orders-primary"))
    same = select(Target.id).where(
        Target.module_id == module.id, Target.environment_id == environment_id, Target.key == key
    )
    if change.session.scalar(same) is not None:
        raise InvalidInput(key=f"{environment.name} has a target “{key}” already.")
    target = Target(module_id=module.id, environment_id=environment_id, key=key, name=name or key, created_at=change.at)
    change.session.add(target)
    change.session.flush()
    label = f"{target.name}, {environment.name}"
    stream = change.new_stream("target", target.id)
    about = About("target", target.id, label, module_id=module.id)
    change.record(AuditAction.TARGET_ADDED, about, stream=stream, under=Permission.MODULE_MANAGE)
    make_checklist(change, BelongsTo.TARGET, target.id, label=f"{module.name}, target {label}", module_id=module.id)
    return key


@write_path
def archive_target(change: Change, module_key: str, target_id: int) -> bool:
    """Take a target out of use; its checklist and history stay."""
    module, _ = _take(change, module_key)
    target = change.session.get(Target, target_id)
    if target is None or target.module_id != module.id:
        raise NotFound("There is no such target.")
    if target.archived_at is not None:
        raise RuleViolation("This target is archived already.")
    stream = change.take_subject("target", target.id)
    target.archived_at = change.at
    about = About("target", target.id, target.name, module_id=module.id)
    change.record(AuditAction.TARGET_ARCHIVED, about, stream=stream, under=Permission.MODULE_MANAGE)
    return True
