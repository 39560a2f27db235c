"""Evidence: added, withdrawn, and confirmed again. Nothing overwrites it."""

from dataclasses import dataclass
from datetime import date
from typing import IO, Any

from sqlalchemy import bindparam, insert, update

from app.database import give_connection_back
from app.domain.actors import Origin
from app.domain.audit import AuditAction, moment_text
from app.domain.errors import Busy, DomainError, Harmful, InvalidInput, NotFound, NotScanned
from app.domain.evidence import (
    EvidenceFacts,
    Limits,
    check_may_add,
    check_may_reconfirm,
    check_may_withdraw,
    check_room,
    size_words,
)
from app.domain.identifiers import time_ordered_id
from app.domain.permissions import Permission
from app.files.store import KeptFile, Store
from app.models import ChecklistItem, Evidence, EvidenceConfirmation
from app.models.base import table_of
from app.queries.evidence import (
    EvidenceLine,
    count_pieces,
    get_evidence,
    list_chosen_evidence,
    sum_file_sizes,
    sum_up,
)
from app.queries.items import ItemPlace, get_item_now, get_place
from app.services.change import Change
from app.services.facts import plain
from app.services.incident_records import follow_evidence
from app.services.items import Saved, about_item, take_items
from app.services.write_path import record_refusal, write_path

_items = table_of(ChecklistItem)
_SUMMARY = (
    update(_items)
    .where(_items.c.id == bindparam("item"))
    .values({name: bindparam(f"to_{name}") for name in ("evidence_count", "evidence_at", "evidence_expires_on")})
)
# So many pieces of evidence are called by their names in one event.
SAID = 10


@dataclass(frozen=True, slots=True)
class Added:
    """What adding came to. `stored_as` is the file that the row names; `is_unseen`: no scanner looked at it."""

    saved: Saved
    evidence_id: int
    stored_as: str = ""
    is_unseen: bool = False


def add_file(
    origin: Origin,
    item_id: int,
    facts: EvidenceFacts,
    upload: tuple[IO[bytes], str],
    *,
    link: str,
    store: Store,
    at_most: int,
    limits: Limits,
    today: date,
) -> Added:
    """Keep a file, then the row that names it. A crash between the two leaves a file that the worker collects."""
    stream, name = upload
    kept = keep_file(origin, stream, name, store, at_most)
    try:
        added = add_evidence(origin, item_id, facts, link=link, file=kept, limits=limits, today=today)
    except Busy:
        raise  # it may have been saved: the file has to stay
    except DomainError:
        store.discard(kept.stored_as)
        raise
    if added.stored_as != kept.stored_as:  # sent twice: the first one is there
        store.discard(kept.stored_as)
    return added


def keep_file(origin: Origin, stream: IO[bytes], name: str, store: Store, at_most: int) -> KeptFile:
    """Write a file, outside of any transaction; what a scanner refuses is remembered as other refusals are."""
    if store.scanner is not None:
        give_connection_back()
    try:
        return store.keep(stream, name, at_most=at_most)
    except (Harmful, NotScanned) as refusal:
        record_refusal(origin, refusal)
        raise


@write_path
def add_evidence(
    change: Change,
    item_id: int,
    facts: EvidenceFacts,
    *,
    link: str = "",
    file: KeptFile | None = None,
    limits: Limits,
    today: date,
) -> Added:
    """Add a link, a file or a note to an item. It has no revision to be stale against: all of it stays."""
    return put_evidence(change, item_id, facts, link=link, file=file, limits=limits, today=today)


def put_evidence(
    change: Change,
    item_id: int,
    facts: EvidenceFacts,
    *,
    link: str = "",
    file: KeptFile | None = None,
    limits: Limits,
    today: date,
) -> Added:
    """Add evidence as a part of another change."""
    place = get_place(item_id)
    change.actor.require(Permission.ITEM_WORK, place.module_id)
    kind = check_may_add(facts, link=link, has_file=file is not None, now=change.at, today=today)
    _take_room(change, place, file, limits)
    item = get_item_now(item_id)
    measured_at = min(facts.measured_at or change.at, change.at)
    said = {"link": link, "note": facts.note, "measured_at": measured_at, "expires_on": facts.expires_on}
    by = {"added_by_id": change.actor_id, "added_at": change.at}
    row = {"item_id": item_id, "kind": kind, **said, **_columns_of(file), **by}
    number = change.put(insert(table_of(Evidence)), row)
    _sum_up(change, item_id)
    words = _words(file, link) or facts.note
    event = change.record(
        AuditAction.EVIDENCE_ADDED,
        about_item(place),
        stream=place.stream_id,
        fact="evidence",
        new=words,
        reason=facts.note if words != facts.note else "",
        after={
            "evidence": number,
            "kind": kind.value,
            "link": link,
            "file": {"name": file.name, "size": file.size, "sha256": file.sha256.hex()} if file else None,
            "measured_at": moment_text(measured_at),
            "expires_on": plain(facts.expires_on),
        },
        under=Permission.ITEM_WORK,
    )
    revision = follow_evidence(change, place, item)
    return Added(Saved(item_id, revision, change.at, event.hex()), number, *_kept(file))


def _kept(file: KeptFile | None) -> tuple[str, bool]:
    return (file.stored_as, file.is_unseen) if file else ("", False)


def _columns_of(file: KeptFile | None) -> dict[str, Any]:
    if file is None:
        return {}
    named = {"file_name": file.name, "file_kind": file.kind.value, "file_size": file.size}
    return named | {"file_sha256": file.sha256, "stored_as": file.stored_as}


def _take_room(change: Change, place: ItemPlace, file: KeptFile | None, limits: Limits) -> None:
    """Take the streams that count: for a file the release's too, so that two files cannot share the last room."""
    if file and place.release_id is not None:
        change.take_subject("release", place.release_id)
    change.take(place.stream_id)
    used = sum_file_sizes(place) if file else 0
    check_room(pieces=count_pieces(place.id), used=used, size=file.size if file else 0, limits=limits)


def _words(file: KeptFile | None, link: str) -> str:
    if file is None:
        return link
    unseen = ", not seen by the scanner" if file.is_unseen else ""
    return f"{file.name} ({size_words(file.size)}, SHA-256 {file.sha256.hex()}{unseen})"


def _sum_up(change: Change, item_id: int) -> None:
    summary = {f"to_{name}": value for name, value in sum_up(item_id)._asdict().items()}
    change.session.execute(_SUMMARY, {"item": item_id, **summary})


@write_path
def withdraw_evidence(change: Change, item_id: int, evidence_id: int, *, reason: str) -> Saved:
    """Say that a piece of evidence no longer counts. It stays where it is, with who withdrew it and why."""
    place = get_place(item_id)
    change.actor.require(Permission.ITEM_WORK, place.module_id)
    change.take(place.stream_id)
    item, found = get_item_now(item_id), get_evidence(item_id, evidence_id)
    check_may_withdraw(is_withdrawn=found.withdrawn_at is not None, reason=reason)
    found.withdrawn_at = change.at
    found.withdrawn_by_id = change.actor_id
    found.withdrawn_reason = reason
    change.session.flush()
    _sum_up(change, item_id)
    event = change.record(
        AuditAction.EVIDENCE_WITHDRAWN,
        about_item(place),
        stream=place.stream_id,
        fact="evidence",
        old=found.file_name or found.link or found.note,
        reason=reason,
        before={"evidence": found.id, "withdrawn_at": None},
        after={"evidence": found.id, "withdrawn_at": moment_text(change.at)},
        under=Permission.ITEM_WORK,
    )
    return Saved(item_id, follow_evidence(change, place, item), change.at, event.hex())


@write_path
def reconfirm(change: Change, checklist_id: int, chosen: tuple[tuple[int, int], ...], *, today: date) -> list[Saved]:
    """Say of evidence, with the revision of its item as it was seen, that it is still true; one event per item."""
    revisions = dict(chosen)
    items = {line.item_id: revisions[line.id] for line in list_chosen_evidence(revisions)}
    if not items:
        raise InvalidInput(evidence_ids="Choose at least one piece of evidence.")
    places, rows = take_items(change, checklist_id, tuple(items.items()))
    pieces = list_chosen_evidence(revisions)
    if len(pieces) != len(revisions):
        raise NotFound("Some of this evidence is not there.")
    check_may_reconfirm([row.facts for row in rows], [piece.standing for piece in pieces], today=today)
    batch = time_ordered_id()
    saved = []
    for row in rows:
        own = [piece for piece in pieces if piece.item_id == row.id]
        event = _reconfirm(change, places[row.id], own, value=row.value, batch=batch)
        saved.append(Saved(row.id, row.revision, change.at, event.hex()))
    return saved


def _reconfirm(change: Change, place: ItemPlace, pieces: list[EvidenceLine], *, value: str, batch: bytes) -> bytes:
    for piece in pieces:
        change.session.add(
            EvidenceConfirmation(
                evidence_id=piece.id, confirmed_by_id=change.actor_id, confirmed_at=change.at, batch=batch
            )
        )
    change.session.flush()
    _sum_up(change, place.id)
    said = [*(piece.name[:100] for piece in pieces[:SAID]), *([f"value {value}"] if value else [])]
    if len(pieces) > SAID:
        said.append(f"{len(pieces) - SAID} more")
    return change.record(
        AuditAction.EVIDENCE_RECONFIRMED,
        about_item(place),
        stream=place.stream_id,
        fact="evidence",
        new="; ".join(said),
        before={"measured_at": {str(piece.id): moment_text(piece.measured_at) for piece in pieces}},
        after={"measured_at": {str(piece.id): moment_text(change.at) for piece in pieces}, "value": value},
        under=Permission.ITEM_WORK,
        batch=batch,
    )
