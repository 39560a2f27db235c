"""What a page says of a newer version of a checklist's template."""

from dataclasses import dataclass

from flask import url_for

from app.domain.actors import Actor
from app.domain.permissions import Permission
from app.queries.adoption import diff_between
from app.queries.checklists import ChecklistHead
from app.queries.templates import get_version_by_id


@dataclass(frozen=True, slots=True)
class NewerVersion:
    """A version that a checklist may be brought to, what that would make different, and where to look at it."""

    number: int
    sentence: str
    url: str
    may_adopt: bool


def newer_version_of(checklist: ChecklistHead, actor: Actor) -> NewerVersion | None:
    """The newest version of its template, when a checklist that people work on has an older one."""
    if checklist.newer_version_id is None:
        return None
    old, new = get_version_by_id(checklist.version_id), get_version_by_id(checklist.newer_version_id)
    may_adopt = actor.may_for(Permission.TEMPLATE_ADOPT, checklist.module_id)
    if may_adopt:
        url = url_for("adoption.choose", template_key=new.template_key, version=new.number, checklist=checklist.id)
    else:
        url = url_for("template_history.compare", template_key=new.template_key, older=old.number, newer=new.number)
    told = diff_between(old, new, checklist.belongs_to).sentence
    return NewerVersion(new.number, told or "nothing is different in this checklist", url, may_adopt)
