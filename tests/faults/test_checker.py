"""The checker finds what is wrong: each history here is made by hand, good once and bad in one way."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import pytest

from tests.faults.checker import Act, Entry, Evidence, Fault, Try, violations

STREAM = 5
FIRST = {"state": "todo", "reason": "", "changed_by_id": None, "state_since": "t0", "revision": 1, "comment_count": 0}


def sealed(fields: dict[str, Any], stream: int = STREAM) -> Entry:
    body = json.dumps(fields, sort_keys=True).encode()
    return Entry(stream, fields["stream_seq"], body, sha256(b"\x00" + body).digest())


def chained(bodies: list[dict[str, Any]]) -> list[Entry]:
    """Number and chain bodies as the product does."""
    entries: list[Entry] = []
    for number, body in enumerate(bodies, start=1):
        prev = entries[-1].leaf.hex() if entries else None
        entries.append(sealed({**body, "stream": STREAM, "stream_seq": number, "prev": prev}))
    return entries


def ticked(key: str, person: int, before: dict[str, Any], state: str, reason: str) -> dict[str, Any]:
    after = {"state": state, "reason": reason, "changed_by_id": person, "state_since": f"t-{key}"}
    return {
        "op": "item.state_changed",
        "idem": key,
        "actor": {"id": person},
        "object": {"kind": "item", "id": 1},
        "new": state,
        "why": reason,
        "before": before,
        "after": {**after, "revision": before["revision"] + 1},
    }


def said(key: str, person: int, text: str) -> dict[str, Any]:
    return {
        "op": "item.commented",
        "idem": key,
        "actor": {"id": person},
        "object": {"kind": "item", "id": 1},
        "new": text,
        "why": "",
        "before": None,
        "after": None,
    }


@dataclass
class Run:
    """What was asked, what is stored, what was broken."""

    acts: list[Act]
    bodies: list[dict[str, Any]]
    evidence: Evidence
    faults: list[Fault] = field(default_factory=list)

    def chain(self) -> None:
        """Seal the bodies again after one was changed."""
        self.evidence.entries = chained(self.bodies)
        self.evidence.tails = {STREAM: (len(self.bodies), self.evidence.entries[-1].leaf)}


def good() -> Run:
    """Two people: one ticks, one is refused, one un-ticks and comments; each answered at once."""
    start = {name: value for name, value in FIRST.items() if name != "comment_count"}
    tick = ticked("aa", 7, start, "done", "ready")
    undo = ticked("cc", 8, dict(tick["after"]), "todo", "not yet")
    acts = [
        Act(7, 1, "state", "aa", "done", "ready", [Try(1, 2, 200)]),
        Act(8, 1, "state", "bb", "failed", "late", [Try(1.5, 2.5, 409)]),
        Act(8, 1, "state", "cc", "todo", "not yet", [Try(3, 4, 200)]),
        Act(8, 1, "comment", "dd", "why not", "", [Try(5, 6, 200)]),
    ]
    last = {**undo["after"], "comment_count": 1}
    run = Run(
        acts,
        [tick, undo, said("dd", 8, "why not")],
        Evidence([], {}, {1: dict(FIRST)}, {1: last}, [(1, 8, "why not")], {"aa", "cc", "dd"}),
    )
    run.chain()
    return run


def found(run: Run) -> list[str]:
    return violations(run.acts, run.evidence, run.faults)


def test_a_good_history_has_no_violation():
    assert found(good()) == []


def lose_an_event(run: Run) -> None:
    run.bodies.pop()
    run.chain()
    run.evidence.comments.clear()
    run.evidence.items[1]["comment_count"] = 0


def double_an_event(run: Run) -> None:
    run.bodies.append(said("dd", 8, "why not"))
    run.chain()
    run.evidence.comments.append((1, 8, "why not"))
    run.evidence.items[1]["comment_count"] = 2


def tell_of_another_person(run: Run) -> None:
    run.bodies[0]["actor"] = {"id": 9}
    run.chain()


def tell_another_state(run: Run) -> None:
    run.acts[0].asked = "failed"


def do_what_was_refused(run: Run) -> None:
    run.acts[2].tries = [Try(3, 4, 409)]
    run.evidence.keys.discard("cc")


def keep_the_key_of_a_refusal(run: Run) -> None:
    run.evidence.keys.add("bb")


def write_what_nobody_asked(run: Run) -> None:
    del run.acts[3]


def leave_out_a_number(run: Run) -> None:
    del run.evidence.entries[1]


def say_a_longer_stream(run: Run) -> None:
    run.evidence.tails[STREAM] = (4, run.evidence.entries[-1].leaf)


def forget_the_stream(run: Run) -> None:
    run.evidence.tails.clear()


def rewrite_a_body(run: Run) -> None:
    entry = run.evidence.entries[0]
    run.evidence.entries[0] = replace(entry, body=entry.body.replace(b"ready", b"reedy"))
    run.acts[0].reason = "reedy"


def rewrite_a_body_and_its_hash(run: Run) -> None:
    run.evidence.entries[0] = sealed({**run.evidence.entries[0].fields, "new": "rewritten"})


def name_another_tail(run: Run) -> None:
    run.evidence.tails[STREAM] = (3, b"x" * 32)


def change_an_item_without_a_word(run: Run) -> None:
    run.evidence.items[1]["state"] = "done"


def decide_on_an_old_state(run: Run) -> None:
    start = {name: value for name, value in FIRST.items() if name != "comment_count"}
    run.bodies[1] = ticked("cc", 8, start, "todo", "not yet")
    run.chain()
    run.evidence.items[1]["revision"] = 2


def lose_a_comment(run: Run) -> None:
    run.evidence.comments.clear()


def count_a_comment_too_many(run: Run) -> None:
    run.evidence.items[1]["comment_count"] = 2


def put_the_later_first(run: Run) -> None:
    run.acts[2].tries = [Try(0.1, 0.2, 200)]


def answer_twice_differently(run: Run) -> None:
    run.acts[0].tries.append(Try(7, 8, 409))


def fail_without_a_fault(run: Run) -> None:
    run.acts[0].tries.insert(0, Try(0.5, 0.6, 503))


def break_without_a_fault(run: Run) -> None:
    run.acts[0].tries.insert(0, Try(0.5, 0.6, None))


def say_that_it_is_our_own_fault(run: Run) -> None:
    run.faults.append(Fault("killing", 0.4, 0.6))
    run.acts[0].tries.insert(0, Try(0.5, 0.6, 500))


def serve_nobody_afterwards(run: Run) -> None:
    run.faults.append(Fault("killing", 90, 100))


BAD: list[tuple[Callable[[Run], None], str]] = [
    (lose_an_event, "lost"),
    (double_an_event, "doubled"),
    (double_an_event, "key twice"),
    (tell_of_another_person, "told wrongly"),
    (tell_another_state, "told wrongly"),
    (do_what_was_refused, "refused and done"),
    (keep_the_key_of_a_refusal, "refused and its key kept"),
    (write_what_nobody_asked, "asked by nobody"),
    (leave_out_a_number, "gap"),
    (say_a_longer_stream, "gap"),
    (forget_the_stream, "gap"),
    (rewrite_a_body, "chain"),
    (rewrite_a_body_and_its_hash, "chain"),
    (name_another_tail, "chain"),
    (change_an_item_without_a_word, "state"),
    (decide_on_an_old_state, "state"),
    (lose_a_comment, "comment"),
    (count_a_comment_too_many, "comment"),
    (put_the_later_first, "order"),
    (answer_twice_differently, "answered yes and no"),
    (fail_without_a_fault, "error"),
    (break_without_a_fault, "error"),
    (say_that_it_is_our_own_fault, "error"),
    (serve_nobody_afterwards, "slow"),
]


@pytest.mark.parametrize(("spoil", "kind"), BAD, ids=[f"{spoil.__name__}-{kind}" for spoil, kind in BAD])
def test_what_is_wrong_is_found(spoil: Callable[[Run], None], kind: str):
    run = good()

    spoil(run)

    assert any(sentence.startswith(f"{kind}:") for sentence in found(run)), found(run)


def test_an_unclear_answer_may_have_had_its_effect_or_none():
    done, undone = good(), good()
    for run in (done, undone):
        run.faults.append(Fault("killing", 4.5, 6.5))
        run.acts[3].tries = [Try(5, 6, None)]
        run.acts.append(Act(7, 1, "comment", "ee", "later", "", [Try(7, 8, 409)]))
        run.acts.append(Act(7, 1, "state", "ff", "done", "later", [Try(7, 8, 503)]))
    lose_an_event(undone)
    undone.evidence.keys.discard("dd")

    for run in (done, undone):
        assert [sentence for sentence in found(run) if not sentence.startswith("slow")] == []


def test_what_is_away_may_say_so_while_it_is_away():
    run = good()
    run.faults.append(Fault("killing", 0.4, 0.7))
    run.acts[0].tries.insert(0, Try(0.5, 0.6, 503))

    assert found(run) == []
