"""The small facts of which metrics are made."""

from dataclasses import dataclass
from datetime import date, datetime

from app.domain.checklist import Phase
from app.domain.deployments import Outcome
from app.domain.figures import FigureKind
from app.domain.gates import GateKind
from app.domain.incidents import IncidentSeverity
from app.domain.rollbacks import RollbackOutcome


@dataclass(frozen=True, slots=True)
class DeploymentFact:
    """A deployment that began."""

    id: int
    module_id: int
    module_name: str
    release_name: str
    environment_name: str
    is_to_the_last: bool
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class RollbackFact:
    """A rollback, and when the deployment began that it takes back."""

    id: int
    deployment_id: int
    deployed_at: datetime
    module_id: int
    module_name: str
    environment_name: str
    started_at: datetime
    finished_at: datetime | None
    outcome: RollbackOutcome | None


@dataclass(frozen=True, slots=True)
class IncidentFact:
    """An incident, and what it is linked to."""

    id: int
    module_id: int
    module_name: str
    title: str
    severity: IncidentSeverity
    began_at: datetime
    recovered_at: datetime | None
    closed_at: datetime | None
    deployment_id: int | None
    rollback_id: int | None


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """What went to environments, what was taken back, and what went wrong."""

    deployments: tuple[DeploymentFact, ...] = ()
    rollbacks: tuple[RollbackFact, ...] = ()
    incidents: tuple[IncidentFact, ...] = ()


@dataclass(frozen=True, slots=True)
class GateFact:
    """A gate, when its checklist was made, and when it opened; None while it is shut."""

    id: int
    kind: GateKind
    environment_key: str
    module_id: int | None
    module_key: str
    module_name: str
    release_name: str
    created_at: datetime
    opened_at: datetime | None


@dataclass(frozen=True, slots=True)
class PhaseFact:
    """A phase of a module's checklist in which nothing is open; without a phase, the whole checklist."""

    checklist_id: int
    phase: Phase | None
    module_id: int
    module_name: str
    release_name: str
    path: str
    # The first and the last tick; of the whole checklist, when it was made and when its last item was settled.
    first_at: datetime | None
    last_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """How many items of the phase Docs a module's checklist of a shipped release has, and how many of them are done."""

    checklist_id: int
    module_id: int
    module_name: str
    release_name: str
    path: str
    shipped_at: datetime
    applicable: int
    done: int


@dataclass(frozen=True, slots=True)
class FigureFact:
    """A figure that somebody typed and that nobody struck."""

    id: int
    kind: FigureKind
    module_id: int
    module_name: str
    value: float
    measured_on: date
    starts_on: date | None
    answers: int | None
    path: str
