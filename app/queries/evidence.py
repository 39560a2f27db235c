"""Reads of evidence: of items, single pieces, and the files that rows name."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, select

from app.database import db
from app.domain.errors import UNSEEN, NotFound
from app.domain.evidence import EvidenceKind, FileKind, Standing, is_expired
from app.models import Checklist, ChecklistItem, Evidence, EvidenceConfirmation, Person
from app.models.base import table_of
from app.queries.items import ItemPlace

_evidence, _confirmations = table_of(Evidence), table_of(EvidenceConfirmation)
_later = _confirmations.alias("later")
_adder, _withdrawer, _confirmer = (table_of(Person).alias(name) for name in ("adder", "withdrawer", "confirmer"))


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One piece of evidence as a page shows it."""

    id: int
    item_id: int
    kind: EvidenceKind
    link: str
    note: str
    file_name: str
    file_kind: str
    file_size: int
    file_sha256: bytes | None
    first_measured_at: datetime
    expires_on: date | None
    added_by_name: str
    added_at: datetime
    withdrawn_by_name: str | None
    withdrawn_at: datetime | None
    withdrawn_reason: str
    confirmed_by_name: str | None
    confirmed_at: datetime | None

    @property
    def measured_at(self) -> datetime:
        """When it was last found to be true."""
        return max(self.first_measured_at, self.confirmed_at) if self.confirmed_at else self.first_measured_at

    @property
    def file_kind_label(self) -> str:
        """The kind of its file, in words."""
        return FileKind(self.file_kind).label if self.file_kind else ""

    @property
    def name(self) -> str:
        """What to call it."""
        return self.file_name or self.link or self.note

    def is_expired(self, today: date) -> bool:
        """Whether it no longer counts."""
        return is_expired(self.expires_on, today)

    @property
    def standing(self) -> Standing:
        """The piece as the rules look at it."""
        return Standing(self.item_id, self.withdrawn_at is not None, self.expires_on)


def _lines() -> Select[*tuple[Any, ...]]:
    columns = _evidence.c
    of_it = select(func.max(_later.c.id)).where(_later.c.evidence_id == columns.id).correlate(_evidence)
    is_newest = and_(_confirmations.c.evidence_id == columns.id, _confirmations.c.id == of_it.scalar_subquery())
    return (
        select(
            *(columns[name] for name in ("id", "item_id", "kind", "link", "note", "file_name", "file_kind")),
            *(columns[name] for name in ("file_size", "file_sha256", "measured_at", "expires_on")),
            _adder.c.name.label("added_by_name"),
            columns.added_at,
            _withdrawer.c.name.label("withdrawn_by_name"),
            *(columns.withdrawn_at, columns.withdrawn_reason),
            _confirmer.c.name.label("confirmed_by_name"),
            _confirmations.c.confirmed_at,
        )
        .join(_adder, _adder.c.id == columns.added_by_id)
        .outerjoin(_withdrawer, _withdrawer.c.id == columns.withdrawn_by_id)
        .outerjoin(_confirmations, is_newest)
        .outerjoin(_confirmer, _confirmer.c.id == _confirmations.c.confirmed_by_id)
        .order_by(columns.id.desc())
    )


def list_evidence(item_ids: Sequence[int]) -> list[EvidenceLine]:
    """The evidence of some items, withdrawn pieces too, the newest first."""
    if not item_ids:
        return []
    return [EvidenceLine(*row) for row in db.session.execute(_lines().where(_evidence.c.item_id.in_(item_ids)))]


def list_chosen_evidence(evidence_ids: Collection[int]) -> list[EvidenceLine]:
    """Some pieces of evidence, whatever they belong to."""
    return [EvidenceLine(*row) for row in db.session.execute(_lines().where(_evidence.c.id.in_(evidence_ids)))]


def get_evidence(item_id: int, evidence_id: int) -> Evidence:
    """One piece of an item's evidence, or NotFound."""
    found = db.session.get(Evidence, evidence_id, populate_existing=True)
    if found is None or found.item_id != item_id:
        raise NotFound(UNSEEN)
    return found


class StoredFile(NamedTuple):
    """A file that a row names."""

    id: int
    item_id: int
    file_name: str
    stored_as: str
    file_sha256: bytes


_FILES = select(*(_evidence.c[name] for name in StoredFile._fields)).where(_evidence.c.stored_as.is_not(None))


def get_file(item_id: int, evidence_id: int) -> StoredFile:
    """The file of a piece of evidence, or NotFound; a withdrawn one is still there to be looked at."""
    here = _FILES.where(_evidence.c.id == evidence_id, _evidence.c.item_id == item_id)
    row = db.session.execute(here).one_or_none()
    if row is None:
        raise NotFound(UNSEEN)
    return StoredFile(*row)


class Summary(NamedTuple):
    """What stands of an item's evidence: how much, the newest, the first to expire."""

    evidence_count: int
    evidence_at: datetime | None
    evidence_expires_on: date | None


def sum_up(item_id: int) -> Summary:
    """What stands of an item's evidence now."""
    standing = [line for line in list_evidence([item_id]) if line.withdrawn_at is None]
    expiries = [line.expires_on for line in standing if line.expires_on]
    measured = [line.measured_at for line in standing]
    return Summary(len(standing), max(measured, default=None), min(expiries, default=None))


def count_pieces(item_id: int) -> int:
    """How many pieces of evidence an item was ever given."""
    found = select(func.count()).select_from(_evidence).where(_evidence.c.item_id == item_id)
    return db.session.scalar(found) or 0


def sum_file_sizes(place: ItemPlace) -> int:
    """How large all files of a release are together, withdrawn ones too; outside a release those of the checklist."""
    items, lists = table_of(ChecklistItem).c, table_of(Checklist).c
    sizes = (
        select(func.sum(_evidence.c.file_size))
        .join(table_of(ChecklistItem), items.id == _evidence.c.item_id)
        .join(table_of(Checklist), lists.id == items.checklist_id)
    )
    here = lists.id == place.checklist_id if place.release_id is None else lists.release_id == place.release_id
    return int(db.session.scalar(sizes.where(here)) or 0)


def stream_files() -> Iterator[StoredFile]:
    """Every file that a row names."""
    last = 0
    while True:
        here = _FILES.where(_evidence.c.id > last).order_by(_evidence.c.id).limit(500)
        part = [StoredFile(*row) for row in db.session.execute(here)]
        # Reading the files takes long: no connection is held meanwhile.
        db.session.remove()
        yield from part
        if not part:
            return
        last = part[-1].id


def find_named(names: Collection[str]) -> set[str]:
    """Those of some names under which a row's file is stored."""
    return set(db.session.scalars(select(_evidence.c.stored_as).where(_evidence.c.stored_as.in_(names))))
