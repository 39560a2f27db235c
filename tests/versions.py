"""Publishing template versions in tests, editing what they say, and adopting them."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from itertools import count

from sqlalchemy import func, select

from app.database import db
from app.domain.adoption import fingerprint
from app.domain.checklist import ItemState
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.models import Template, TemplateGroup, TemplateItem, TemplateVersion
from app.models.base import utc_now
from app.queries.adoption import list_heads, list_standing_items
from app.queries.checklists import get_module_checklist
from app.queries.template_content import content_of_version
from app.queries.templates import VersionLine, get_newest_version, get_version_by_id
from app.services.adoption import adopt
from app.services.item_states import set_state
from app.services.templates import BUILT_IN
from tests.factories import Made, MadeRelease

_numbers = count(1)
Edit = Callable[[ItemContent], ItemContent | None]


def publish(content: TemplateContent, *, key: str = BUILT_IN, note: str = "", by: int | None = None) -> VersionLine:
    """Publish content as the next version of a template, which is made when there is none of this key."""
    template = db.session.scalar(select(Template).where(Template.key == key))
    if template is None:
        template = Template(key=key, name=content.name or key)
        db.session.add(template)
        db.session.flush()
    last = db.session.scalar(select(func.max(TemplateVersion.number)).where(TemplateVersion.template_id == template.id))
    version = TemplateVersion(
        template_id=template.id,
        number=(last or 0) + 1,
        note=note,
        description=content.description,
        digest=sha256(repr((next(_numbers), content)).encode()).digest(),
        published_at=utc_now(),
        published_by_id=by,
    )
    db.session.add(version)
    db.session.flush()
    position = count(1)
    for place, group in enumerate(content.groups, start=1):
        _add_group(version.id, place, group, position)
    db.session.commit()
    return get_version_by_id(version.id)


def _add_group(version_id: int, place: int, group: GroupContent, position: "count[int]") -> None:
    row = TemplateGroup(
        version_id=version_id,
        key=group.key,
        title=group.title,
        section=group.section,
        belongs_to=group.belongs_to,
        mode=group.mode,
        body=group.body,
        applies_when=group.applies_when,
        position=place,
    )
    db.session.add(row)
    db.session.flush()
    for item in group.items:
        words = {
            name: getattr(item, name) for name in ItemContent.__dataclass_fields__ if name not in {"due", "value_kind"}
        }
        db.session.add(
            TemplateItem(
                **words,
                version_id=version_id,
                group_id=row.id,
                belongs_to=group.belongs_to,
                position=next(position),
                value_kind=item.value_kind.value if item.value_kind else "",
                due_anchor=item.due.anchor if item.due else None,
                due_days=item.due.days if item.due else None,
                due_weekdays_only=bool(item.due and item.due.weekdays_only),
            )
        )
    db.session.flush()


def newest_content(key: str = BUILT_IN) -> TemplateContent:
    """What the newest version of a template says."""
    return content_of_version(get_newest_version(key).id)


def edited(content: TemplateContent, **edits: Edit) -> TemplateContent:
    """Content with some items edited or, where the edit gives None, taken out; `__` in a name stands for a dot and
    `_` for a hyphen."""
    wanted = {name.replace("__", ".").replace("_", "-"): edit for name, edit in edits.items()}

    def items(group: GroupContent) -> tuple[ItemContent, ...]:
        kept = [wanted.get(item.key, lambda same: same)(item) for item in group.items]
        return tuple(item for item in kept if item is not None)

    return replace(content, groups=tuple(replace(group, items=items(group)) for group in content.groups))


def with_item(content: TemplateContent, group_key: str, item: ItemContent, *, at: int = 0) -> TemplateContent:
    """Content with one more item in a group."""

    def grown(group: GroupContent) -> GroupContent:
        return replace(group, items=(*group.items[:at], item, *group.items[at:]))

    return replace(content, groups=tuple(grown(group) if group.key == group_key else group for group in content.groups))


def said(text: str) -> Edit:
    """An edit that gives an item another text."""
    return lambda item: replace(item, text=text)


def gone(_item: ItemContent) -> None:
    """An edit that takes an item out."""


def checklists_of(*releases: MadeRelease) -> list[int]:
    """The checklists of the modules of releases."""
    return [
        get_module_checklist(release.key, module, release.lead.actor).id
        for release in releases
        for module in release.modules
    ]


def seen(*checklist_ids: int) -> tuple[tuple[int, str], ...]:
    """What a preview would show of checklists."""
    standing = list_standing_items(checklist_ids)
    heads = list_heads(checklist_ids)
    return tuple((head.id, fingerprint(head.version_id, standing[head.id])) for head in heads)


def bring(release: MadeRelease, version: VersionLine, who: Made | None = None) -> list[int]:
    """Adopt a version for all modules of a release."""
    return adopt((who or release.lead).origin, version.id, seen(*checklists_of(release)))


def tick(release: MadeRelease, key: str, who: Made | None = None) -> None:
    """Tick an item of the first module."""
    item = release.item(key)
    set_state((who or release.lead).origin, item.id, revision=item.revision, state=ItemState.DONE)
