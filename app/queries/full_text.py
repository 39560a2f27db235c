"""Looking for incidents by their words: by the full-text index of a server, word by word in a file."""

from sqlalchemy import ColumnElement, Integer, case, cast, false, or_
from sqlalchemy.dialects.mysql import match

from app.database import db
from app.domain.words import telling_words
from app.models import Incident
from app.models.base import table_of

_incidents = table_of(Incident).c
_TEXTS = (_incidents.title, _incidents.description, _incidents.error_messages)


def relevance(text: str) -> ColumnElement[int]:
    """How much of a text is in an incident; 0 for nothing.

    Only words go to the server, never a sign: none of them can mean anything to its search.
    """
    words = telling_words(text)
    if db.engine.dialect.name != "sqlite":
        return match(*_TEXTS, against=" ".join(words))
    found = [case((or_(*(column.icontains(word, autoescape=True) for column in _TEXTS)), 1), else_=0) for word in words]
    return sum(found[1:], start=found[0]) if found else cast(0, Integer)


def is_found(text: str) -> ColumnElement[bool]:
    """Whether an incident fits what somebody looks for: by its words, or with just this text in its title."""
    words = telling_words(text)
    has_words = relevance(text) > 0 if words else false()
    return or_(has_words, _incidents.title.contains(text[:200], autoescape=True))
