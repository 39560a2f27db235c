"""Reads of who may let others in: one-time links and administrators."""

from sqlalchemy import select

from app.database import db
from app.domain.permissions import Role
from app.models import OneTimeLink, Person, RoleGrant
from app.models.base import utc_now


def is_link_open(purpose: str) -> bool:
    """Whether a link of this kind can still be used."""
    wanted = select(OneTimeLink.id).where(
        OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > utc_now()
    )
    return db.session.scalar(wanted.limit(1)) is not None


def list_administrator_names() -> list[str]:
    """The names of those who can sign in and give roles."""
    return list(
        db.session.scalars(
            select(Person.name)
            .join(RoleGrant, RoleGrant.person_id == Person.id)
            .where(
                RoleGrant.role == Role.ADMINISTRATOR,
                RoleGrant.revoked_at.is_(None),
                Person.deactivated_at.is_(None),
                Person.password_hash.is_not(None),
            )
            .distinct()
            .order_by(Person.name)
        )
    )
