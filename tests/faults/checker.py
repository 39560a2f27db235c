"""Looks for what must not be: compares what people asked and were answered with what the database holds.

Pure functions over plain values. Each gives one sentence per violation; all together are `violations`. The order of the
history is given by its dense numbers, so that every check takes one pass.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

# After a server is back, this long until somebody is served again; and until errors of its absence have ended.
RECOVERY = 10.0
AWAY = {503}
REFUSED = range(400, 500)


@dataclass(frozen=True, slots=True)
class Try:
    """One time that an act was sent. `status` is None when the answer never came."""

    sent_at: float
    done_at: float
    status: int | None


@dataclass(slots=True)
class Act:
    """One thing that one person asked for, sent again under the same key until the answer was clear."""

    person_id: int
    item_id: int
    kind: str  # state or comment
    key: str
    asked: str  # the state, or the text of the comment
    reason: str = ""
    tries: list[Try] = field(default_factory=list)

    @property
    def clear(self) -> list[Try]:
        """The answers that say yes or no."""
        return [one for one in self.tries if one.status is not None and one.status < 500]

    @property
    def outcome(self) -> str:
        """`ok`, `refused`, or `unknown`."""
        if not self.clear:
            return "unknown"
        return "refused" if self.clear[0].status in REFUSED else "ok"

    def __str__(self) -> str:
        return f"{self.kind} {self.asked!r} of item {self.item_id} by person {self.person_id} (key {self.key})"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it is stored."""

    stream: int
    sequence: int
    body: bytes
    leaf: bytes

    @property
    def fields(self) -> Mapping[str, Any]:
        """What the body says."""
        found: Mapping[str, Any] = json.loads(self.body)
        return found

    @property
    def is_refusal(self) -> bool:
        """Whether it tells of an attempt that had no effect."""
        return bool(self.fields["op"] == "attempt.refused")


@dataclass(frozen=True, slots=True)
class Fault:
    """A time in which something was broken on purpose."""

    kind: str
    began: float
    ended: float


@dataclass(slots=True)
class Evidence:
    """What the database holds when all is quiet again."""

    entries: list[Entry]
    tails: dict[int, tuple[int, bytes | None]]
    first_items: dict[int, dict[str, Any]]
    items: dict[int, dict[str, Any]]
    comments: list[tuple[int, int, str]]
    keys: set[str]


def violations(acts: Sequence[Act], evidence: Evidence, faults: Sequence[Fault]) -> list[str]:
    """Everything that is wrong; an empty list when nothing is."""
    return [
        *lost_or_doubled(acts, evidence.entries),
        *answered_differently(acts),
        *keys_used_twice(evidence.entries),
        *refused_with_effect(acts, evidence),
        *asked_by_nobody(acts, evidence.entries),
        *gaps(evidence.entries, evidence.tails),
        *broken_chains(evidence.entries, evidence.tails),
        *states_not_told(evidence.entries, evidence.first_items, evidence.items),
        *comments_not_told(evidence.entries, evidence.items, evidence.comments),
        *out_of_order(acts, evidence.entries),
        *errors_without_fault(acts, faults),
        *slow_recoveries(acts, faults),
    ]


def by_key(entries: Sequence[Entry]) -> dict[str, list[Mapping[str, Any]]]:
    """The bodies of events that tell of a change, by idempotency key."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        if not entry.is_refusal:
            found[entry.fields["idem"]].append(entry.fields)
    return found


def told_by(body: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an event says that somebody did."""
    is_comment = body["op"] == "item.commented"
    asked = body["new"] if is_comment else (body["after"] or {}).get("state")
    return (body["actor"]["id"], body["object"]["id"], "comment" if is_comment else "state", asked, body["why"])


def lost_or_doubled(acts: Sequence[Act], entries: Sequence[Entry]) -> Iterator[str]:
    """Every act that was answered yes is there once, as it was asked; an unclear one at most once."""
    told = by_key(entries)
    for act in acts:
        bodies = told.get(act.key, [])
        if act.outcome == "ok" and not bodies:
            yield f"lost: {act}"
        if len(bodies) > 1:
            yield f"doubled: {act} has {len(bodies)} events"
        wanted = (act.person_id, act.item_id, act.kind, act.asked, act.reason)
        for body in bodies:
            if told_by(body) != wanted:
                yield f"told wrongly: {act} stands in the history as {told_by(body)}"


def answered_differently(acts: Sequence[Act]) -> Iterator[str]:
    """Who sends the same again is told the same."""
    for act in acts:
        if len({one.status in REFUSED for one in act.clear}) > 1:
            yield f"answered yes and no: {act}: {[one.status for one in act.tries]}"


def keys_used_twice(entries: Sequence[Entry]) -> Iterator[str]:
    """No two events of changes carry one person's same key: our acts change one fact each."""
    uses = Counter(
        (entry.fields["actor"]["id"], entry.fields["idem"])
        for entry in entries
        if not entry.is_refusal and entry.fields["object"]["kind"] == "item"
    )
    for (person, key), count in uses.items():
        if count > 1:
            yield f"key twice: {key} of person {person} has {count} events"


def refused_with_effect(acts: Sequence[Act], evidence: Evidence) -> Iterator[str]:
    """What was answered no has left no event of a change and no key."""
    told = by_key(evidence.entries)
    for act in acts:
        if act.outcome == "refused" and told.get(act.key):
            yield f"refused and done: {act}"
        if act.outcome == "refused" and act.key in evidence.keys:
            yield f"refused and its key kept: {act}"


def asked_by_nobody(acts: Sequence[Act], entries: Sequence[Entry]) -> Iterator[str]:
    """No event of an item without somebody who asked for it."""
    asked = {act.key for act in acts}
    for key, bodies in by_key(entries).items():
        if key not in asked and any(body["object"]["kind"] == "item" for body in bodies):
            yield f"asked by nobody: event with key {key}"


def in_streams(entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    """Entries by stream, in their order."""
    streams: dict[int, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: (entry.stream, entry.sequence)):
        streams[entry.stream].append(entry)
    return streams


def gaps(entries: Sequence[Entry], tails: Mapping[int, tuple[int, bytes | None]]) -> Iterator[str]:
    """Each stream is numbered 1, 2, 3 up to what its row says."""
    streams = in_streams(entries)
    for stream, (last, _) in tails.items():
        numbers = [entry.sequence for entry in streams.get(stream, [])]
        if numbers != list(range(1, last + 1)):
            missing = sorted(set(range(1, last + 1)) - set(numbers))
            yield f"gap: stream {stream} says {last}, has {len(numbers)}, misses {missing[:5]}"
    for stream in streams.keys() - tails.keys():
        yield f"gap: stream {stream} has events and no row"


def broken_chains(entries: Sequence[Entry], tails: Mapping[int, tuple[int, bytes | None]]) -> Iterator[str]:
    """Each leaf is the hash of its stored bytes, each body names the leaf before it, the row names the last."""
    for stream, found in in_streams(entries).items():
        before: bytes | None = None
        for entry in found:
            where = f"event {entry.sequence} of stream {stream}"
            if sha256(b"\x00" + entry.body).digest() != entry.leaf:
                yield f"chain: {where} is not what its hash says"
            if entry.fields["prev"] != (before.hex() if before else None):
                yield f"chain: {where} does not follow the one before it"
            if (entry.fields["stream"], entry.fields["stream_seq"]) != (stream, entry.sequence):
                yield f"chain: {where} says that it stands elsewhere"
            before = entry.leaf
        if stream in tails and tails[stream][1] != before:
            yield f"chain: the row of stream {stream} names another last event"


def states_not_told(
    entries: Sequence[Entry], first: Mapping[int, Mapping[str, Any]], now: Mapping[int, Mapping[str, Any]]
) -> Iterator[str]:
    """Each event begins where the one before it ended, and where the last ended is where the item stands."""
    folded = {number: dict(item) for number, item in first.items()}
    for entry in sorted(entries, key=lambda entry: (entry.stream, entry.sequence)):
        body = entry.fields
        number = body["object"]["id"]
        if body["object"]["kind"] != "item" or not body["after"] or number not in folded:
            continue
        for name, value in body["before"].items():
            if folded[number][name] != value:
                yield f"state: event {entry.sequence} of stream {entry.stream} saw {name} {value!r} of item {number}"
        folded[number] |= body["after"]
    for number, item in folded.items():
        for name, value in item.items():
            if name != "comment_count" and now[number][name] != value:
                yield f"state: item {number} has {name} {now[number][name]!r}, its history says {value!r}"


def comments_not_told(
    entries: Sequence[Entry], now: Mapping[int, Mapping[str, Any]], comments: Sequence[tuple[int, int, str]]
) -> Iterator[str]:
    """The comments there are, the events about them, and the number on each item are the same."""
    told = Counter(
        (body["object"]["id"], body["actor"]["id"], body["new"])
        for body in (entry.fields for entry in entries)
        if body["op"] == "item.commented"
    )
    kept = Counter(comments)
    for comment in (told - kept) + (kept - told):
        yield f"comment: {comment} is told {told[comment]} times and kept {kept[comment]} times"
    for number, item in now.items():
        count = sum(item_id == number for item_id, _, _ in comments)
        if item["comment_count"] != count:
            yield f"comment: item {number} counts {item['comment_count']}, has {count}"


def out_of_order(acts: Sequence[Act], entries: Sequence[Entry]) -> Iterator[str]:
    """What was answered before something else was asked stands before it."""
    times = {act.key: (act.tries[0].sent_at, act.clear[0].done_at, act) for act in acts if act.outcome == "ok"}
    for found in in_streams(entries).values():
        earliest_answer, by = float("inf"), None
        for entry in reversed(found):
            if (known := times.get(entry.fields["idem"])) is None or entry.is_refusal:
                continue
            sent, done, act = known
            if earliest_answer < sent:
                yield f"order: {act} stands before {by}, which had been answered when it was asked"
            if done < earliest_answer:
                earliest_answer, by = done, act


def errors_without_fault(acts: Sequence[Act], faults: Sequence[Fault]) -> Iterator[str]:
    """No error of ours while nothing is broken; and while something is, only the one that says so."""
    for act in acts:
        for one in act.tries:
            is_excused = any(one.done_at >= fault.began and one.sent_at <= fault.ended + RECOVERY for fault in faults)
            if one.status is None and not is_excused:
                yield f"error: no answer without a fault: {act}"
            elif one.status is not None and one.status >= 500 and not (is_excused and one.status in AWAY):
                yield f"error: {one.status} {'in' if is_excused else 'without'} a fault: {act}"


def slow_recoveries(acts: Sequence[Act], faults: Sequence[Fault]) -> Iterator[str]:
    """When a fault has ended, somebody's act succeeds soon, unless the next fault comes sooner."""
    answered = sorted(act.clear[0].done_at for act in acts if act.outcome == "ok")
    for fault in faults:
        until = fault.ended + RECOVERY
        is_followed = any(fault.ended < other.began < until for other in faults)
        if not is_followed and not any(fault.ended <= at <= until for at in answered):
            yield f"slow: nobody was served within {RECOVERY:.0f} s after {fault.kind}"
