from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.permissions import Role
from app.models.base import Base, Bytes16, CreatedAt, Digest, IntPK, exact, table


class Person(Base):
    """Somebody who signs in. Never deleted; the address is nobody else's until it is erased."""

    __tablename__ = "people"
    __table_args__ = table(UniqueConstraint("email"))

    id: Mapped[IntPK]
    email: Mapped[str] = mapped_column(exact(254))
    name: Mapped[str] = mapped_column(String(120))
    name_id: Mapped[int | None]
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    password_hash: Mapped[str | None] = mapped_column(String(255))
    shortcuts_enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    digest_enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    # The last day, as this person counts, for which a digest was made or there was nothing to say.
    digest_made_on: Mapped[date | None] = mapped_column(Date)
    deactivated_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    revision: Mapped[int] = mapped_column(default=1)


class PersonName(Base):
    """A name as it was at some time. Events carry only its salted digest, so that the name can be erased from here."""

    __tablename__ = "person_names"

    id: Mapped[IntPK]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(120))
    salt: Mapped[bytes | None] = mapped_column(Bytes16)
    digest: Mapped[bytes] = mapped_column(Digest)
    since: Mapped[CreatedAt]


class RoleGrant(Base):
    """A role given to a person by a person, everywhere or for one module. Revoked, never deleted."""

    __tablename__ = "role_grants"
    __table_args__ = table(Index("ix_role_grants_person_id_revoked_at", "person_id", "revoked_at"))

    id: Mapped[IntPK]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[Role]
    module_id: Mapped[int | None] = mapped_column(ForeignKey("modules.id"))
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    granted_at: Mapped[CreatedAt]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    revoked_at: Mapped[datetime | None]


class Session(Base):
    """A signed-in browser. The cookie holds a random token, this table its digest."""

    __tablename__ = "sessions"
    __table_args__ = table(
        UniqueConstraint("token_digest"), Index("ix_sessions_person_id_ended_at", "person_id", "ended_at")
    )

    id: Mapped[IntPK]
    token_digest: Mapped[bytes] = mapped_column(Digest)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[CreatedAt]
    seen_at: Mapped[CreatedAt]
    authenticated_at: Mapped[CreatedAt]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(64), default="")
    browser: Mapped[str] = mapped_column(String(200), default="")


class OneTimeLink(Base):
    """A link that works once: first administrator, invitation, new password."""

    __tablename__ = "one_time_links"
    __table_args__ = table(UniqueConstraint("token_digest"))

    id: Mapped[IntPK]
    purpose: Mapped[str] = mapped_column(String(40))
    token_digest: Mapped[bytes] = mapped_column(Digest)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RateCounter(Base):
    """How often something was tried in a window. Shared by all web workers."""

    __tablename__ = "rate_counters"

    key: Mapped[str] = mapped_column(exact(190), primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class IdempotencyKey(Base):
    """What one form or request was answered, so that sending it again changes nothing."""

    __tablename__ = "idempotency_keys"

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[bytes] = mapped_column(Bytes16, primary_key=True)
    request_digest: Mapped[bytes] = mapped_column(Digest)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary(8192))
    created_at: Mapped[CreatedAt] = mapped_column(index=True)
