"""The readiness matrix of a release, put together once for all who look at it until something in it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from flask import current_app, request
from flask_login import current_user
from markupsafe import Markup

from app.database import server_now
from app.domain.actors import Actor
from app.domain.gates import GateKind
from app.domain.permissions import Permission
from app.models import Release
from app.queries.deployment_marks import list_deployment_marks
from app.queries.readiness import Standing, list_standings
from app.queries.signed_marks import list_signed_marks
from app.queries.standing import Standing as GateStanding
from app.queries.waiting import list_standings_of_release
from app.web.matrix import Cell, MatrixRow, Readiness, deployed_of, readiness_of, release_cells, rows_of


@dataclass(frozen=True, slots=True)
class DrawnRow:
    """One module of a release, with its row of the table and its entry in the list that a phone gets."""

    row: MatrixRow
    in_table: Markup
    in_list: Markup


@dataclass(frozen=True, slots=True)
class Matrix:
    """All modules of a release that somebody may see."""

    rows: list[DrawnRow]
    readiness: Readiness
    release_cells: list[Cell]
    owners: list[tuple[str, str]]
    # The gates of the release itself, as the line above the matrix says them.
    gates: Sequence[GateStanding]


@dataclass(frozen=True, slots=True)
class _Look:
    """All that a matrix depends on. The minute is in it because rows say how long something stands."""

    release_id: int
    made_at: datetime
    version: tuple[int, ...]
    visible: frozenset[int] | None
    zone: str
    root: str
    minute: int
    release: Release = field(compare=False)
    actor: Actor = field(compare=False)


def matrix_of(release: Release, version: tuple[int, ...], actor: Actor) -> Matrix:
    """The matrix at a version of the release, as this person may see it."""
    return _matrix(
        _Look(
            release.id,
            release.created_at,
            version,
            actor.modules(Permission.CHECKLIST_VIEW),
            current_user.time_zone,
            request.script_root,
            int(datetime.now(UTC).timestamp() // 60),
            release,
            actor,
        )
    )


# A crowd that watches one release all night asks for the same few looks; each change asks for a new one.
@lru_cache(maxsize=32)
def _matrix(look: _Look) -> Matrix:
    standings = list_standings(look.release, look.actor)
    now = server_now()
    deployed = deployed_of(list_deployment_marks(look.release_id), now)
    rows = rows_of(look.release.key, standings, list_signed_marks(look.release_id, now), deployed)
    macros: Any = current_app.jinja_env.get_template("releases/_matrix.html").module
    return Matrix(
        rows=[DrawnRow(row, macros.matrix_row(row), macros.list_row(row)) for row in rows],
        readiness=readiness_of(rows, standings),
        release_cells=release_cells(standings),
        owners=_owners(standings),
        gates=[one for one in list_standings_of_release(look.release_id, now) if _is_asked(one)],
    )


def _is_asked(standing: GateStanding) -> bool:
    """Whether anybody still asks how a gate of the release stands: what lets it go has let it go."""
    return not (standing.gate.is_shipped and standing.gate.kind is GateKind.RELEASE)


def _owners(standings: list[Standing]) -> list[tuple[str, str]]:
    """Who has a first blocker, for the filter."""
    found = {
        (str(s.first.owner_id), s.first.owner_name or "") if s.first.owner_id else ("nobody", "nobody")
        for s in standings
        if s.first and s.module_id is not None
    }
    return sorted(found, key=lambda pair: pair[1].casefold())
