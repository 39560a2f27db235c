"""Publishing: a draft becomes a version, which nobody changes afterwards. No checklist changes by it."""

from sqlalchemy import func, insert, literal, select

from app.domain.audit import AuditAction
from app.domain.errors import Conflict, InvalidInput, RuleViolation
from app.domain.permissions import Permission
from app.domain.template_content import content_digest, find_faults
from app.models import DraftGroup, DraftItem, TemplateGroup, TemplateItem, TemplateVersion
from app.models.base import BigInt, table_of
from app.queries.drafts import content_of_draft
from app.queries.template_content import content_of_version
from app.services.change import About, Change
from app.services.checklists import COPIED, COPIED_OF_GROUP
from app.services.drafts import Held, hold, remove_draft
from app.services.write_path import write_path

_groups, _items = table_of(DraftGroup).c, table_of(DraftItem).c
_their_groups = table_of(TemplateGroup).c


@write_path
def publish(change: Change, template_key: str, *, note: str, seen: str) -> int:
    """Make the draft the next version of its template. `seen` is the digest of what the publisher read.

    Gives the number of the version.
    """
    held = hold(change, template_key, Permission.TEMPLATE_PUBLISH)
    content = content_of_draft(held.draft)
    digest = content_digest(content)
    if digest.hex() != seen:
        raise Conflict("Somebody changed the draft since you opened this page. Look at it again, then publish.")
    if len(note) < 5:
        raise InvalidInput(note="Say in a sentence what is new.")
    faults = find_faults(content)
    if faults:
        raise RuleViolation(" ".join(faults))
    last = _newest(change, held)
    if last is not None and content_of_version(last.id) == content:
        raise RuleViolation(f"Nothing is different from version {last.number}.")
    version = TemplateVersion(
        template_id=held.template.id,
        number=last.number + 1 if last else 1,
        note=note,
        description=held.draft.description,
        digest=digest,
        published_at=change.at,
        published_by_id=change.actor.id,
    )
    held.template.name = held.draft.name
    change.session.add(version)
    change.session.flush()
    _copy_draft(change, held.draft.id, version.id)
    change.record(
        AuditAction.TEMPLATE_PUBLISHED,
        About(
            "template_version",
            version.id,
            f"{held.template.name}, version {version.number}",
            template_version_id=version.id,
        ),
        stream=held.stream,
        reason=note,
        after={"digest": digest.hex()},
        under=Permission.TEMPLATE_PUBLISH,
    )
    remove_draft(change, held.draft)
    return version.number


def _newest(change: Change, held: Held) -> TemplateVersion | None:
    return change.session.scalar(
        select(TemplateVersion)
        .where(TemplateVersion.template_id == held.template.id)
        .order_by(TemplateVersion.number.desc())
        .limit(1)
    )


def _copy_draft(change: Change, draft_id: int, version_id: int) -> None:
    to = literal(version_id, BigInt)
    change.session.execute(
        insert(TemplateGroup).from_select(
            ["version_id", "belongs_to", *COPIED_OF_GROUP],
            select(to, _groups.belongs_to, *(_groups[name] for name in COPIED_OF_GROUP)).where(
                _groups.draft_id == draft_id
            ),
        )
    )
    # Positions count through the whole template: that is how checklists are ordered.
    copied = ["was_ticked", *(name for name in COPIED if name != "position")]
    order = func.row_number().over(order_by=(_groups.position, _groups.id, _items.position, _items.id))
    change.session.execute(
        insert(TemplateItem).from_select(
            ["version_id", "group_id", "belongs_to", "position", *copied],
            select(to, _their_groups.id, _groups.belongs_to, order, *(_items[name] for name in copied))
            .select_from(table_of(DraftItem))
            .join(table_of(DraftGroup), _groups.id == _items.group_id)
            .join(
                table_of(TemplateGroup),
                (_their_groups.version_id == version_id) & (_their_groups.key == _groups.key),
            )
            .where(_items.draft_id == draft_id),
        )
    )
