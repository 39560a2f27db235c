"""Metrics out of the exported history alone, to be compared with what the page says.

Standard library only, and nothing of the product: it shares no rule with what it checks.

    flask --app wsgi export-events > events.jsonl
    python3 tools/recompute_metrics.py events.jsonl 2026-08-26 2026-11-23

The days are UTC and both included. It prints JSON: times in seconds, and null where there is nothing to count.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import fmean, median
from typing import Any

WEEK = timedelta(days=7)


class Event:
    """One event, as it was exported."""

    def __init__(self, line: str) -> None:
        self.body = json.loads(line)
        self.number: int = self.body["object"]["id"]
        self.stream: int = self.body["stream"]
        self.at = datetime.fromisoformat(self.body["at"])
        self.after: dict[str, Any] = self.body["after"] or {}
        self.before: dict[str, Any] = self.body["before"] or {}

    def moment(self, name: str) -> datetime:
        """One of the moments that it holds."""
        return datetime.fromisoformat(self.after[name])


def read_events(lines: Iterable[str]) -> list[Event]:
    """The events in the order in which they happened."""
    events = [Event(line) for line in lines if line.strip()]
    return sorted(events, key=lambda one: (one.at, one.body["id"]))


class History:
    """What the events say of deployments, rollbacks, incidents and gates."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.deployments: dict[int, dict[str, Any]] = {}
        self.rollbacks: dict[int, dict[str, Any]] = {}
        self.incidents: dict[int, dict[str, Any]] = {}
        self.made: dict[int, datetime] = {}
        self.policies: dict[int, Any] = {}
        self.gates: dict[int, dict[str, Any]] = defaultdict(lambda: {"signoffs": {}, "passed_at": None, "policy": None})
        told = {
            "deployment.started": self._start,
            "deployment.finished": self._finish,
            "deployment.outcome_changed": self._finish,
            "rollback.started": self._begin_rollback,
            "rollback.finished": self._end_rollback,
            "incident.reported": self._report,
            "incident.changed": self._change,
            "incident.recovered": self._change,
            "incident.closed": self._change,
            "incident.reopened": self._reopen,
            "checklist.created": self._make,
            "policy.created": self._lay_down,
            "policy.proposed": self._lay_down,
            "signoff.given": self._sign,
            "signoff.ended": self._end_signoff,
            "gate.policy_changed": self._ask_anew,
            "gate.consumed": self._pass,
        }
        for event in events:
            if (tell := told.get(event.body["op"])) is not None:
                tell(event)

    def _start(self, event: Event) -> None:
        self.deployments[event.number] = {"started_at": event.moment("started_at"), "outcome": None}

    def _finish(self, event: Event) -> None:
        self.deployments[event.number]["outcome"] = event.after["outcome"]

    def _begin_rollback(self, event: Event) -> None:
        self.rollbacks[event.number] = {
            "deployment": event.after["deployment"],
            "started_at": event.moment("started_at"),
            "finished_at": None,
            "outcome": None,
        }

    def _end_rollback(self, event: Event) -> None:
        ended = {"finished_at": event.moment("finished_at"), "outcome": event.after["outcome"]}
        self.rollbacks[event.number] |= ended

    def _report(self, event: Event) -> None:
        self.incidents[event.number] = {"recovered_at": None, "closed_at": None} | dict(self._known(event))

    def _change(self, event: Event) -> None:
        self.incidents[event.number] |= dict(self._known(event))

    def _reopen(self, event: Event) -> None:
        self.incidents[event.number]["closed_at"] = None
        if event.after["is_down_again"]:
            self.incidents[event.number]["recovered_at"] = None

    @staticmethod
    def _known(event: Event) -> Iterator[tuple[str, Any]]:
        for name in ("began_at", "recovered_at", "closed_at"):
            if name in event.after:
                yield name, event.moment(name) if event.after[name] else None
        for name in ("severity", "deployment_id", "rollback_id"):
            if name in event.after:
                yield name, event.after[name]

    def _make(self, event: Event) -> None:
        self.made[event.stream] = event.at

    def _lay_down(self, event: Event) -> None:
        self.policies[event.number] = json.loads(event.after["policy"])["required"]

    def _sign(self, event: Event) -> None:
        gate, who, after = self.gates[event.number], event.body["actor"]["id"], event.after
        gate |= {"kind": after["kind"], "made_at": self.made[event.stream], "policy": after["policy"]}
        gate["signoffs"][who, after["cycle"], after["digest"]] = {
            "at": event.moment("signed_at"),
            "role": after["role"],
            "people": frozenset({who} if after["for"] is None else {who, after["for"]}),
            "approves": event.body["fact"] == "approve",
        }

    def _end_signoff(self, event: Event) -> None:
        if event.after["ended"] == "expired":  # it had opened the gate all the same
            return
        before = event.before
        self.gates[event.number]["signoffs"].pop((before["person"], before["cycle"], before["digest"]), None)

    def _ask_anew(self, event: Event) -> None:
        self.gates[event.number]["policy"] = event.after["policy_id"]

    def _pass(self, event: Event) -> None:
        gate = self.gates[event.number]
        gate |= {"kind": event.after["kind"], "made_at": self.made[event.stream]}
        gate["passed_at"] = gate["passed_at"] or event.at

    def opened_at(self, gate: dict[str, Any]) -> Any:
        """When a gate was first passed, else when the last sign-off was given that it needs."""
        if gate["passed_at"] is not None:
            return gate["passed_at"]
        standing = sorted(gate["signoffs"].values(), key=lambda one: one["at"])
        if not standing or not all(one["approves"] for one in standing):
            return None
        needed = Counter({one["role"]: one["quorum"] for one in self.policies[gate["policy"]]})
        heard: set[int] = set()
        for one in standing:
            if not one["people"] & heard:
                heard |= one["people"]
                needed[one["role"]] -= 1
            if all(number <= 0 for number in needed.values()):
                return one["at"]
        return None


def recompute(history: History, first: date, last: date) -> dict[str, Any]:
    """The metrics of the days from the first to the last."""
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)

    def within(at: datetime | None) -> bool:
        return at is not None and begin <= at < end

    going = {number: one for number, one in history.deployments.items() if within(one["started_at"])}
    over = {number: one for number, one in going.items() if one["outcome"] is not None}
    good = [number for number, one in over.items() if _went_well(history, number, one)]
    backs = [one for one in history.rollbacks.values() if within(one["started_at"])]
    times = sorted(_recoveries(history, within))
    leads = defaultdict(list)
    for gate in history.gates.values():
        opened = history.opened_at(gate) if "kind" in gate else None
        if opened is not None and within(opened):
            leads[gate["kind"]].append((opened - gate["made_at"]).total_seconds())
    wrong = [one for one in history.incidents.values() if within(one["began_at"])]
    return {
        "deploy-success": {"n": len(over), "value": 100 * len(good) / len(over) if over else None},
        "rollback-frequency": {"n": len(going), "value": 100 * len(backs) / len(going) if going else None},
        "recovery-time": {
            "n": len(times),
            "value": fmean(times) if times else None,
            "median": median(times) if times else None,
        },
        **{f"gate-{kind}": {"n": len(found), "value": median(found)} for kind, found in sorted(leads.items())},
        "bugs": {"n": len(wrong), "value": len(wrong) or None, "severities": Counter(one["severity"] for one in wrong)},
    }


def _went_well(history: History, number: int, one: dict[str, Any]) -> bool:
    until = one["started_at"] + WEEK
    followed = [back["started_at"] for back in history.rollbacks.values() if back["deployment"] == number]
    followed += [bad["began_at"] for bad in history.incidents.values() if bad.get("deployment_id") == number]
    is_hurt = any(one["started_at"] <= at <= until for at in followed)
    return one["outcome"] not in {"failed", "rolled_back"} and not is_hurt


def _recoveries(history: History, within: Any) -> Iterator[float]:
    linked = {one.get("deployment_id") for one in history.incidents.values()}
    told = {one.get("rollback_id") for one in history.incidents.values()}
    for one in history.incidents.values():
        if within(one["began_at"]) and one["recovered_at"] is not None:
            yield max((one["recovered_at"] - one["began_at"]).total_seconds(), 0)
    for number, back in history.rollbacks.items():
        begun = history.deployments[back["deployment"]]["started_at"]
        is_alone = number not in told and back["deployment"] not in linked
        if is_alone and within(begun) and back["outcome"] == "completed":
            yield (back["finished_at"] - begun).total_seconds()


def main(path: str, first: str, last: str) -> None:
    """Read the events of a file and print the metrics."""
    with Path(path).open(encoding="utf-8") as lines:
        found = recompute(History(read_events(lines)), date.fromisoformat(first), date.fromisoformat(last))
    print(json.dumps(found, indent=2, sort_keys=True))


if __name__ == "__main__":
    main(*sys.argv[1:4])
