"""Whom a person without a role may ask for one."""

from flask_login import current_user

from app.queries.accounts import list_administrator_names

NAMED = 3


def is_without_role() -> bool:
    """Whether somebody is signed in to whom no role was given."""
    return bool(current_user.is_authenticated and not current_user.actor.grants)


def whom_to_ask() -> str:
    """The sentence that names who gives roles. For signed-in people only: it holds names."""
    names = list_administrator_names()[:NAMED] or ["an administrator"]
    return f"Ask {' or '.join([', '.join(names[:-1]), names[-1]] if names[1:] else names)} for a role."
