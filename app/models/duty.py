"""Recurring duties: their schedules, who did them when, when they rested, and the feeds of calendars."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.duties import TurnKind
from app.domain.permissions import Role
from app.domain.recurrence import Period
from app.models.base import Base, CreatedAt, Digest, IntPK, exact, table


class Duty(Base):
    """Something that somebody does again and again: for a module, one of its targets, or for everything."""

    __tablename__ = "duties"
    __table_args__ = table(UniqueConstraint("place", "key"))

    id: Mapped[IntPK]
    key: Mapped[str] = mapped_column(exact(80))
    # What it is for, in one word that a constraint can compare: two empty columns are never equal.
    place: Mapped[str] = mapped_column(exact(40))
    title: Mapped[str] = mapped_column(String(200))
    guidance: Mapped[str] = mapped_column(String(500), default="")
    # Who is asked first; whoever may work on the module may do it.
    owner_role: Mapped[Role]
    module_id: Mapped[int | None] = mapped_column(ForeignKey("modules.id"), index=True)
    target_id: Mapped[int | None] = mapped_column(ForeignKey("targets.id"))
    created_at: Mapped[CreatedAt]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # Up to here the history knows of every period that was missed.
    told_until_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)


class DutySchedule(Base):
    """When a duty is due, from one moment on. Only ever added: what came before is judged by the one before."""

    __tablename__ = "duty_schedules"
    __table_args__ = table(UniqueConstraint("duty_id", "number"))

    id: Mapped[IntPK]
    duty_id: Mapped[int] = mapped_column(ForeignKey("duties.id"))
    number: Mapped[int]
    period: Mapped[Period]
    # A time of day on the clocks of the zone, as “17:00”.
    local_time: Mapped[str] = mapped_column(exact(5))
    time_zone: Mapped[str] = mapped_column(exact(64))
    weekday: Mapped[int]
    day: Mapped[int]
    month: Mapped[int]
    weekdays_only: Mapped[bool]
    grace_days: Mapped[int]
    grace_hours: Mapped[int]
    since_at: Mapped[datetime]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class DutyRecord(Base):
    """Somebody did it, in one period. Only ever added; `turn` is 1, or more where one before it was struck."""

    __tablename__ = "duty_records"
    __table_args__ = table(
        UniqueConstraint("schedule_id", "period_on", "turn"),
        Index("ix_duty_records_duty_id_due_at", "duty_id", "due_at"),
    )

    id: Mapped[IntPK]
    duty_id: Mapped[int] = mapped_column(ForeignKey("duties.id"))
    schedule_id: Mapped[int] = mapped_column(ForeignKey("duty_schedules.id"))
    period_on: Mapped[date] = mapped_column(Date)
    turn: Mapped[int]
    due_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    value: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    recorded_at: Mapped[datetime]


class DutyStrike(Base):
    """A record was wrong. Both stay. Only ever added."""

    __tablename__ = "duty_strikes"
    __table_args__ = table(UniqueConstraint("record_id"))

    id: Mapped[IntPK]
    record_id: Mapped[int] = mapped_column(ForeignKey("duty_records.id"))
    reason: Mapped[str] = mapped_column(String(1000))
    struck_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    struck_at: Mapped[datetime]


class DutyTurn(Base):
    """It was paused, resumed, archived or restored. Only ever added."""

    __tablename__ = "duty_turns"

    id: Mapped[IntPK]
    duty_id: Mapped[int] = mapped_column(ForeignKey("duties.id"), index=True)
    kind: Mapped[TurnKind]
    reason: Mapped[str] = mapped_column(String(1000), default="")
    turned_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    turned_at: Mapped[datetime]


class DutyOmission(Base):
    """The history was told that a period was missed; once for a period. Whether it was follows from the rest."""

    __tablename__ = "duty_omissions"
    __table_args__ = table(
        UniqueConstraint("schedule_id", "period_on"), Index("ix_duty_omissions_duty_id_ends_at", "duty_id", "ends_at")
    )

    id: Mapped[IntPK]
    duty_id: Mapped[int] = mapped_column(ForeignKey("duties.id"))
    schedule_id: Mapped[int] = mapped_column(ForeignKey("duty_schedules.id"))
    period_on: Mapped[date] = mapped_column(Date)
    ends_at: Mapped[datetime]
    told_at: Mapped[datetime]


class CalendarFeed(Base):
    """An address at which a calendar program reads what somebody may see. This table knows only its digest."""

    __tablename__ = "calendar_feeds"
    __table_args__ = table(UniqueConstraint("token_digest"))

    id: Mapped[IntPK]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    token_digest: Mapped[bytes] = mapped_column(Digest)
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[CreatedAt]
    read_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
