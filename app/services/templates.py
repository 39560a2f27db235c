"""Templates: publishing the built-in catalogue."""

from hashlib import sha256

from sqlalchemy import insert, select, update

from app.catalogue.reader import Catalogue, read_catalogue
from app.domain.audit import AuditAction
from app.domain.canonical import canonical
from app.domain.errors import NotFound
from app.domain.permissions import Permission
from app.models import Environment, Template, TemplateGroup, TemplateItem, TemplateVersion
from app.services.change import SYSTEM_STREAM, About, Change
from app.services.gates import add_first_policies
from app.services.write_path import write_path

BUILT_IN = "migration-maintenance"
BUILT_IN_NAME = "Migration maintenance"
FIRST_ENVIRONMENTS = (("staging", "Staging"), ("production", "Production"))


@write_path
def load_catalogue(change: Change) -> bool:
    """Publish the built-in catalogue as version 1 of its template, and the policies of its gates; False when that was
    done before.
    """
    change.take_subject(*SYSTEM_STREAM)
    has_published = _publish_built_in(change)
    return add_first_policies(change) or has_published


def _publish_built_in(change: Change) -> bool:
    if change.session.scalar(select(Template.id).where(Template.key == BUILT_IN)) is not None:
        return False
    for position, (key, name) in enumerate(FIRST_ENVIRONMENTS, start=1):
        change.session.add(Environment(key=key, name=name, position=position))
    template = Template(key=BUILT_IN, name=BUILT_IN_NAME, is_default=True, created_at=change.at)
    change.session.add(template)
    change.session.flush()
    stream = change.new_stream("template", template.id)
    catalogue = read_catalogue()
    version = TemplateVersion(
        template_id=template.id,
        number=1,
        note="The built-in catalogue.",
        digest=catalogue_digest(catalogue),
        published_at=change.at,
    )
    change.session.add(version)
    change.session.flush()
    _add_content(change, version.id, catalogue)
    change.record(
        AuditAction.TEMPLATE_PUBLISHED,
        About("template_version", version.id, f"{BUILT_IN_NAME}, version 1", template_version_id=version.id),
        stream=stream,
        after={"digest": version.digest.hex()},
    )
    return True


@write_path
def use_for_new(change: Change, template_key: str) -> bool:
    """Make new checklists from this template; False when that is so already."""
    change.actor.require(Permission.TEMPLATE_ADOPT, None)
    stream = change.take_subject(*SYSTEM_STREAM)
    known = select(Template.id, Template.key, Template.name, Template.is_default)
    templates = {row.key: row for row in change.session.execute(known)}
    if template_key not in templates:
        raise NotFound("There is no such template.")
    template = templates[template_key]
    if template.is_default:
        return False
    before = [row for row in templates.values() if row.is_default]
    change.session.execute(update(Template).values(is_default=Template.id == template.id))
    change.record(
        AuditAction.TEMPLATE_CHOSEN,
        About("template", template.id, template.name),
        stream=stream,
        old=", ".join(row.name for row in before),
        new=template.name,
        before={"template_ids": [row.id for row in before]},
        after={"template_ids": [template.id]},
        under=Permission.TEMPLATE_ADOPT,
    )
    return True


def _add_content(change: Change, version_id: int, catalogue: Catalogue) -> None:
    for group in catalogue.groups:
        row = TemplateGroup(
            version_id=version_id,
            key=group.key,
            title=group.title,
            section=group.section,
            belongs_to=group.belongs_to,
            mode=group.mode,
            applies_when=group.applies_when,
            position=group.position,
        )
        change.session.add(row)
        change.session.flush()
        change.session.execute(
            insert(TemplateItem),
            [
                {
                    "version_id": version_id,
                    "group_id": row.id,
                    "key": item.key,
                    "text": item.text,
                    "guidance": item.guidance,
                    "phase": item.phase,
                    "belongs_to": item.belongs_to,
                    "gate": item.gate or "",
                    "severity": item.severity,
                    "natural_role": item.natural_role,
                    "value_prompt": item.value_prompt,
                    "value_kind": item.value_kind.value if item.value_kind else "",
                    "applies_when": item.applies_when,
                    "position": item.position,
                }
                for item in group.items
            ],
        )


def catalogue_digest(catalogue: Catalogue) -> bytes:
    """The digest of what a published version says."""
    content = [
        [
            *(group.key, group.title, group.section, group.belongs_to.value, group.mode.value, group.applies_when),
            *(item.key, item.text, item.guidance, item.phase.value, item.gate or "", item.severity.value),
            *(item.natural_role.value, item.value_prompt, item.value_kind.value if item.value_kind else ""),
            item.applies_when,
        ]
        for group in catalogue.groups
        for item in group.items
    ]
    return sha256(canonical(content)).digest()
