"""Evidence in the made-up company: files, links and notes behind ticks, one that expired, one confirmed anew."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.demo import cast
from app.demo.cast import Player
from app.domain.checklist import ItemState
from app.domain.evidence import EvidenceFacts
from app.models.base import pretending
from app.queries.checklists import get_module_checklist
from app.queries.evidence import list_evidence
from app.queries.rows import ItemRow, list_rows
from app.services.evidence import add_evidence, add_file, reconfirm
from app.web.uploads import evidence_limits, evidence_store

if TYPE_CHECKING:
    from app.demo.story import Company

LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """What somebody adds to an item: a file with its text, a link or a note; how many days ago it was measured."""

    key: str
    who: Player
    note: str
    days_ago: int
    file: tuple[str, str] | None = None
    link: str = ""
    counts_for: int | None = None


PIECES = (
    Piece(
        "mig.rollback-tested",
        cast.DEVELOPERS[0],
        "Forward and back on a copy of production of Tuesday.",
        days_ago=7,
        file=(
            "rollback-rehearsal.log",
            "14:02:11 upgrade 4e1c0a77 -> 9b20fd31, 41 s\n14:03:40 downgrade 9b20fd31 -> 4e1c0a77, 28 s\n",
        ),
    ),
    Piece(
        "prep.backup-procedure",
        cast.DBA,
        "Restored on the spare server, 38 minutes.",
        days_ago=20,
        file=("restore-test.txt", "backup 2.4 TB, restored in 38 min, CHECK TABLE without findings\n"),
        counts_for=14,
    ),
    Piece(
        "data.no-loss",
        cast.SECOND_DBA,
        "",
        days_ago=5,
        file=("row-counts.csv", "table,before,after\ntransfers,1204118,1204118\ntransfer_lines,8840231,8840231\n"),
    ),
    Piece(
        "data.fk-valid",
        cast.SECOND_DBA,
        "No orphans in 14 foreign keys.",
        days_ago=5,
        link="https://git.example.org/warehouse/reports/orphans",
    ),
    Piece("verify.indexes", cast.DBA, "Compared with the models by hand: 23 of 23.", days_ago=4, counts_for=30),
)


class Proving:
    """What stands behind the ticks of one release."""

    def __init__(self, company: "Company", release_key: str, modules: Iterable[str]) -> None:
        self.company = company
        self.release_key = release_key
        self.modules = list(modules)

    def play(self) -> None:
        """Add each piece where the item is done, and confirm anew what is older."""
        for piece in PIECES:
            for _, row in self._done(piece.key)[:3]:
                self._add(piece, row)
        for checklist_id, row in self._done(PIECES[-1].key)[:1]:
            self._confirm(checklist_id, row)

    def _done(self, key: str) -> list[tuple[int, ItemRow]]:
        """The items of a key that are done, each with the number of its checklist."""
        actor = self.company.origin(cast.LEAD).actor
        lists = [get_module_checklist(self.release_key, module, actor).id for module in self.modules]
        rows = [(number, row) for number in lists for row in list_rows(number) if row.key == key]
        return [(number, row) for number, row in rows if row.state is ItemState.DONE]

    def _add(self, piece: Piece, row: ItemRow) -> None:
        moment = self.company.moment(piece.days_ago)
        until = None if piece.counts_for is None else moment.date() + timedelta(days=piece.counts_for)
        with pretending(moment):
            facts = EvidenceFacts(moment, until, piece.note)
            origin, limits, today = self.company.origin(piece.who), evidence_limits(), moment.date()
            if piece.file is None:
                add_evidence(origin, row.id, facts, link=piece.link, file=None, limits=limits, today=today)
                return
            name, text = piece.file
            add_file(
                origin,
                row.id,
                facts,
                (io.BytesIO(text.encode()), name),
                link="",
                store=evidence_store(),
                at_most=LARGEST,
                limits=limits,
                today=today,
            )

    def _confirm(self, checklist_id: int, row: ItemRow) -> None:
        moment = self.company.moment(1)
        with pretending(moment):
            chosen = tuple((line.id, row.revision) for line in list_evidence([row.id]))
            reconfirm(self.company.origin(cast.DBA), checklist_id, chosen, today=moment.date())
