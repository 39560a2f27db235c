"""Deployments of modules, their rollbacks, and incidents."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.deployments import Outcome
from app.domain.escalations import StepAct, ToldHow
from app.domain.incidents import IncidentSeverity, RootCause
from app.domain.rollbacks import RollbackOutcome
from app.domain.windows import NoticeKind
from app.models.base import Base, CreatedAt, IntPK, exact, table


class Deployment(Base):
    """A module's release going to an environment: planned, perhaps called off, started once, finished once."""

    __tablename__ = "deployments"
    __table_args__ = table(
        Index("ix_deployments_release_id_module_id", "release_id", "module_id"),
        Index("ix_deployments_window_starts_at", "window_starts_at"),
        Index("ix_deployments_started_at", "started_at"),
    )

    id: Mapped[IntPK]
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id"))
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"))
    environment_id: Mapped[int] = mapped_column(ForeignKey("environments.id"))
    gate_id: Mapped[int] = mapped_column(ForeignKey("gates.id"))
    window_starts_at: Mapped[datetime]
    window_ends_at: Mapped[datetime]
    # Who says go or no-go on the night.
    decider_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    abort_criteria: Mapped[str] = mapped_column(Text)
    notes: Mapped[str] = mapped_column(Text, default="")
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[CreatedAt]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    cancelled_at: Mapped[datetime | None]
    cancelled_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    cancelled_reason: Mapped[str] = mapped_column(String(1000), default="")
    started_at: Mapped[datetime | None]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # What the start found and used up: the turn of the gate, the backup and the plan that counted then.
    gate_cycle: Mapped[int | None]
    backup_id: Mapped[int | None] = mapped_column(ForeignKey("backup_records.id"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("rollback_plans.id"))
    finished_at: Mapped[datetime | None]
    finished_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    outcome: Mapped[Outcome | None]
    outcome_note: Mapped[str] = mapped_column(String(1000), default="")


class DeploymentStep(Base):
    """A step of a deployment, as it was planned at one revision: those of the newest count. Only ever added."""

    __tablename__ = "deployment_steps"
    __table_args__ = table(UniqueConstraint("deployment_id", "revision", "position"))

    id: Mapped[IntPK]
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployments.id"))
    revision: Mapped[int]
    position: Mapped[int]
    text: Mapped[str] = mapped_column(String(1000))
    command: Mapped[str] = mapped_column(Text, default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class DeploymentStepTick(Base):
    """A step was done, once. Only ever added."""

    __tablename__ = "deployment_step_ticks"
    __table_args__ = table(UniqueConstraint("step_id"))

    id: Mapped[IntPK]
    step_id: Mapped[int] = mapped_column(ForeignKey("deployment_steps.id"))
    done_at: Mapped[datetime]
    done_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    note: Mapped[str] = mapped_column(String(1000), default="")


class DeploymentWindow(Base):
    """Until when one group of checks is due, laid down when the deployment started. Only ever added."""

    __tablename__ = "deployment_windows"
    __table_args__ = table(UniqueConstraint("deployment_id", "group_key"))

    id: Mapped[IntPK]
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployments.id"))
    group_key: Mapped[str] = mapped_column(exact(60))
    due_at: Mapped[datetime] = mapped_column(index=True)
    grace_ends_at: Mapped[datetime]


class WindowNotice(Base):
    """That people were reminded of a window, or that it was missed: each at most once. Only ever added."""

    __tablename__ = "window_notices"
    __table_args__ = table(UniqueConstraint("window_id", "kind"))

    id: Mapped[IntPK]
    window_id: Mapped[int] = mapped_column(ForeignKey("deployment_windows.id"))
    kind: Mapped[NoticeKind]
    made_at: Mapped[datetime]


class Freeze(Base):
    """A time in which nothing is deployed: to an environment or all, of a module or all."""

    __tablename__ = "freezes"

    id: Mapped[IntPK]
    environment_id: Mapped[int | None] = mapped_column(ForeignKey("environments.id"))
    module_id: Mapped[int | None] = mapped_column(ForeignKey("modules.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    reason: Mapped[str] = mapped_column(String(1000))
    created_at: Mapped[CreatedAt]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    ended_reason: Mapped[str] = mapped_column(String(1000), default="")


class Rollback(Base):
    """A deployment being taken back, step by step."""

    __tablename__ = "rollbacks"
    __table_args__ = table(Index("ix_rollbacks_started_at", "started_at"))

    id: Mapped[IntPK]
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployments.id"), index=True)
    severity: Mapped[IncidentSeverity]
    reason: Mapped[str] = mapped_column(String(1000))
    state_before: Mapped[str] = mapped_column(Text, default="")
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("rollback_plans.id"))
    revision: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[datetime]
    started_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    finished_at: Mapped[datetime | None]
    finished_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    outcome: Mapped[RollbackOutcome | None]
    outcome_note: Mapped[str] = mapped_column(String(1000), default="")


class Incident(Base):
    """Something that went wrong with a module, as it was reported, and how it ended."""

    __tablename__ = "incidents"
    __table_args__ = table(
        Index("ix_incidents_module_id_began_at", "module_id", "began_at"),
        Index("ix_incidents_began_at", "began_at"),
        # A file has none: there the words are looked for one by one.
        Index("ix_incidents_texts", "title", "description", "error_messages", mysql_prefix="FULLTEXT").ddl_if("mysql"),
    )

    id: Mapped[IntPK]
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"))
    release_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"))
    environment_id: Mapped[int | None] = mapped_column(ForeignKey("environments.id"))
    deployment_id: Mapped[int | None] = mapped_column(ForeignKey("deployments.id"))
    rollback_id: Mapped[int | None] = mapped_column(ForeignKey("rollbacks.id"))
    severity: Mapped[IncidentSeverity]
    title: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(default=1)
    # When it began for those who use the product, when it worked again for them, and when nothing was left to do.
    began_at: Mapped[datetime]
    recovered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reported_at: Mapped[CreatedAt]
    reported_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    # 1, and one more each time that it was opened again: the steps of an escalation begin anew.
    turn: Mapped[int] = mapped_column(default=1)
    # Who has it now.
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    server_version: Mapped[str] = mapped_column(String(200), default="")
    steps: Mapped[str] = mapped_column(Text, default="")
    expected: Mapped[str] = mapped_column(Text, default="")
    actual: Mapped[str] = mapped_column(Text, default="")
    error_messages: Mapped[str] = mapped_column(Text, default="")
    is_without_error: Mapped[bool] = mapped_column(default=False)
    log: Mapped[str] = mapped_column(Text, default="")
    root_cause: Mapped[str] = mapped_column(Text, default="")
    root_cause_category: Mapped[RootCause | None]
    root_cause_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    resolution: Mapped[str] = mapped_column(Text, default="")
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class EscalationStep(Base):
    """Somebody began, did or passed over a step of an incident's escalation. Only ever added."""

    __tablename__ = "escalation_steps"
    __table_args__ = table(UniqueConstraint("incident_id", "turn", "level", "act"))

    id: Mapped[IntPK]
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    turn: Mapped[int]
    level: Mapped[int]
    act: Mapped[StepAct]
    # What came of it, why it was passed over, or what is asked.
    text: Mapped[str] = mapped_column(Text, default="")
    has_helped: Mapped[bool | None]
    whom: Mapped[str] = mapped_column(String(200), default="")
    told_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    told_how: Mapped[ToldHow | None]
    acted_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    acted_at: Mapped[datetime]


class SimilarLook(Base):
    """Somebody opened an earlier incident beside one that is worked on. Only ever added."""

    __tablename__ = "similar_looks"
    __table_args__ = table(UniqueConstraint("incident_id", "turn", "other_id"))

    id: Mapped[IntPK]
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    turn: Mapped[int]
    other_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime]
