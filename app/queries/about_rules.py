"""What one of the twelve rules judges, as a condition over keys of items and of obstacles."""

from typing import Any

from sqlalchemy import ColumnElement, or_

from app.domain.always_never import Rule


def is_about(rule: Rule, column: Any) -> ColumnElement[bool]:
    """The same as `Rule.is_about`, in the database."""
    prefixes = [one for one in rule.items if one.endswith(".")]
    exact = [one for one in (*rule.items, *rule.records) if not one.endswith(".")]
    return or_(column.in_(exact), *(column.startswith(one, autoescape=True) for one in prefixes))
