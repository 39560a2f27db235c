"""The release matrix: modules by phases, each cell a word and its numbers, and the first blocker of each row."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from flask import url_for

from app.domain.checklist import MATRIX_PHASES, Phase
from app.domain.readiness import Blocker, Counts, cell_kind, cell_word
from app.domain.windows import WindowState
from app.queries.deployment_marks import DeploymentMark
from app.queries.deployment_windows import WindowRow
from app.queries.readiness import Standing
from app.queries.signed_marks import SignedMark
from app.web.deployment_signs import SIGNS, WINDOW_SIGNS
from app.web.filters import how_long

# A cell that says a number opens the rows that it counts.
BEHIND = {kind: kind for kind in ("failed", "blocked", "waiting", "overridden", "deferred", "done")}
ALARMING = {"failed", "blocked", "waiting", "overridden", "deferred", "unknown"}
# After the phases, where something was deployed.
HOURS = (("Deployed", "Deployed"), ("First hour", "+1h"), ("First day", "+1d"), ("First week", "+1w"))
COLUMNS = [(phase.value, phase.label) for phase in MATRIX_PHASES]


# As many rows stand in one look at 1280 by 800; of more, the page says how many are further down.
FIRST_LOOK = 17
NOTHING = Counts()


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: the worst thing in it, its numbers, and where its rows are."""

    key: str
    title: str
    kind: str
    word: str
    counts: Counts
    url: str

    @property
    def told(self) -> str:
        """Its numbers in short."""
        return f"{self.counts.done}/{self.counts.applicable}"

    @property
    def is_alarming(self) -> bool:
        """Whether its word says more than its numbers."""
        return self.kind in ALARMING


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One module of a release."""

    module_key: str
    module_name: str
    url: str
    cells: list[Cell]
    first: Blocker | None
    is_ready: bool
    counts: Counts
    next_action: tuple[str, str] | None
    # How long the first blocker has been in the way, in words.
    since: str
    is_behind: bool = False
    # How far it is signed; None where it has no gates.
    signed: SignedMark | None = None
    # How far it has gone; None where nothing was planned.
    deployed: "Deployed | None" = None
    # Whether a module that is not ready has gone anywhere: only then the table has columns for it.
    has_deployed: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """The hour, the day or the week after a deployment: a sign, its word, and where its checks are."""

    title: str
    sign: str
    word: str
    url: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """How far a module has gone, and the hours after."""

    url: str
    sign: str
    word: str
    place: str
    hours: list[Hours]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The verdict over a release."""

    ready: int
    total: int
    first: Blocker | None
    counts: Counts
    is_release_ready: bool
    # What the ready modules, and what the whole release, are ready with.
    ready_with: str
    with_waived: str


@dataclass(frozen=True, slots=True)
class MatrixFilter:
    """Which rows are asked for, as they stand in the address."""

    owner: str = ""
    state: str = ""
    q: str = ""


def rows_of(
    release_key: str,
    standings: list[Standing],
    signed: Mapping[int, SignedMark] | None = None,
    deployed: Mapping[int, Deployed] | None = None,
) -> list[MatrixRow]:
    """One row a module, blocked first, the ready ones last."""
    rows_url, marks, gone = url_for("releases.items", release_key=release_key), signed or {}, deployed or {}
    rows = [
        replace(_row(rows_url, one, marks.get(one.module_id)), deployed=gone.get(one.module_id))
        for one in standings
        if one.module_id is not None
    ]
    if any(row.deployed and not row.is_ready for row in rows):
        rows = [replace(row, has_deployed=True) for row in rows]
    return sorted(rows, key=lambda row: (row.is_ready, _urgency(row.first), row.module_name.casefold()))


def deployed_of(marks: Mapping[int, DeploymentMark], at: datetime) -> dict[int, Deployed]:
    """How far modules have gone at a moment, by module."""
    return {
        module: Deployed(
            *(mark.row.path, SIGNS[mark.row.state_words], mark.row.state_words, mark.place),
            [_hours(one, at) for one in mark.windows],
        )
        for module, mark in marks.items()
    }


def _hours(one: WindowRow, at: datetime) -> Hours:
    # That it is due soon is told where somebody looks after it: here it would come and go.
    state = one.state(at)
    state = WindowState.OPEN if state is WindowState.DUE_SOON else state
    return Hours(one.title, WINDOW_SIGNS[state], state.word, one.path)


def _urgency(first: Blocker | None) -> tuple[int, int]:
    if first is None:
        return (9, 9)
    return ({"failed": 0, "blocked": 1, "not_applicable_requested": 2}.get(first.state.value, 3), 0)


def _row(rows_url: str, standing: Standing, signed: SignedMark | None) -> MatrixRow:
    first, counts = standing.first, standing.counts
    behind = f"{rows_url}?{urlencode({'module': standing.module_key})}"
    return MatrixRow(
        module_key=standing.module_key,
        module_name=standing.module_name,
        url=standing.path,
        cells=[_cell(behind, phase, standing.phases.get(phase, NOTHING)) for phase in MATRIX_PHASES],
        first=first,
        is_ready=counts.is_ready,
        counts=counts,
        next_action=_next(first) if first else None,
        since=how_long(first.since) if first else "",
        is_behind=standing.is_behind,
        signed=signed,
    )


def _cell(behind: str, phase: Phase, counts: Counts) -> Cell:
    kind = cell_kind(counts)
    rows = f"{behind}&phase={phase.value}&show={BEHIND.get(kind, 'open')}"
    return Cell(phase.value, phase.label, kind, cell_word(counts), counts, rows)


def _next(first: Blocker) -> tuple[str, str]:
    """What to do about a blocker, and where."""
    if first.state.value == "not_applicable_requested":
        return ("Decide it", url_for("waivers.index"))
    if first.owner_id is None:
        return ("Give it an owner", first.url)
    return ("Open it", first.url)


def release_cells(standings: list[Standing]) -> list[Cell]:
    """The release's own checklist as one strip."""
    own = next((standing for standing in standings if standing.module_id is None), None)
    if own is None:
        return []
    return [Cell("release", "The release itself", cell_kind(own.counts), cell_word(own.counts), own.counts, own.path)]


def readiness_of(rows: list[MatrixRow], standings: list[Standing]) -> Readiness:
    """How many are ready, and what is first in the way of all. Without a module nothing is ready."""
    own = next((standing for standing in standings if standing.module_id is None), None)
    firsts = [row.first for row in rows if row.first]
    if not firsts and own and own.first and rows:
        firsts = [own.first]
    is_ready = bool(rows) and all(row.is_ready for row in rows) and (own is None or own.is_ready)
    return Readiness(
        ready=sum(row.is_ready for row in rows),
        total=len(rows),
        first=firsts[0] if firsts else None,
        counts=sum((row.counts for row in rows), Counts()),
        is_release_ready=is_ready,
        ready_with=sum((row.counts for row in rows if row.is_ready), Counts()).with_waived,
        with_waived=sum((standing.counts for standing in standings), Counts()).with_waived,
    )


def fits(row: MatrixRow, wanted: MatrixFilter) -> bool:
    """Whether a row is among those asked for."""
    if wanted.q and wanted.q.casefold() not in row.module_name.casefold():
        return False
    if wanted.owner:
        owner = str(row.first.owner_id) if row.first and row.first.owner_id else "nobody"
        if row.first is None or owner != wanted.owner:
            return False
    kinds = {cell.kind for cell in row.cells}
    if wanted.state == "ready":
        return row.is_ready
    if wanted.state == "open":
        return not row.is_ready
    if wanted.state == "waived":
        return row.counts.waived > 0
    return not wanted.state or wanted.state in kinds
