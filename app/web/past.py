"""Choices on pages about what was: what is archived by now, and who has left, can be asked for, too."""

from app.domain.actors import Actor
from app.queries.modules import list_modules
from app.queries.people import list_everybody
from app.queries.releases import list_releases

Choices = list[tuple[str, str]]


def modules_ever(actor: Actor) -> Choices:
    """Key and name of every module that a person may see."""
    return [(line.key, _name(line.name, gone=bool(line.archived_at))) for line in list_modules(actor, archived=None)]


def releases_ever(actor: Actor) -> Choices:
    """Key and name of every release that a person may see."""
    return [(line.key, _name(line.name, gone=bool(line.archived_at))) for line in list_releases(actor, archived=None)]


def people_ever() -> Choices:
    """Number and name of everybody."""
    return [(str(number), name if is_here else f"{name} (deactivated)") for number, name, is_here in list_everybody()]


def _name(name: str, *, gone: bool) -> str:
    return f"{name} (archived)" if gone else name
