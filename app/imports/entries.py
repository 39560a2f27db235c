"""One place of a file, asked field by field: what is wrong or unknown there is noted with the place."""

from collections import Counter
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import TypeVar

from app.domain.template_files import FIELD_LIMITS, MAX_ITEMS
from app.imports.nodes import Node
from app.imports.refusal import Unreadable

E = TypeVar("E", bound=StrEnum)
YES, NO = {"true", "yes", "on"}, {"false", "no", "off"}
# More unknown fields than these are not listed one by one.
LISTED = 10
TOO_MANY = f"The file has more than {MAX_ITEMS:,} items. Bring it in as several templates."


@dataclass(slots=True)
class Notes:
    """What was found wrong, what was left out, and what was done."""

    faults: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    hints: dict[str, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The fields that were left out, one sentence each."""
        listed = [
            f"The field “{name[:60]}” is not known and was left out{'' if number == 1 else f', {number} times'}.{hint}"
            for (name, hint), number in zip(self.hints.items(), self.unknown.values(), strict=False)
        ]
        more = len(self.unknown) - len(listed)
        return (*listed, f"And {more} more fields are not known and were left out.") if more else tuple(listed)

    def leave_out(self, name: str, known: set[str]) -> None:
        """Remember a field that nobody knows."""
        if name not in self.unknown and len(self.hints) < LISTED:
            near = get_close_matches(name[:60].lower(), sorted(known), n=1, cutoff=0.75)
            self.hints[name] = f" Was “{near[0]}” meant?" if near else ""
        self.unknown[name] += 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One set of names with values, and the place where it stands."""

    place: str
    node: dict[str, Node]
    notes: Notes

    def fault(self, sentence: str) -> None:
        """Something here is wrong."""
        self.notes.faults.append(f"{self.place}: {sentence}")

    def text(self, name: str, limit: str = "") -> str:
        """A text, empty when it is not there."""
        found = self.node.get(name)
        if found is None:
            return ""
        if not isinstance(found, str):
            self.fault(f"{name} is no text.")
            return ""
        longest = FIELD_LIMITS[limit or name]
        if len(found) > longest:
            self.fault(f"{name} has {len(found):,} letters; it can have {longest:,}.")
        return found

    def choice(self, name: str, kind: type[E], otherwise: E) -> E:
        """A word out of a list."""
        return self.maybe(name, kind) or otherwise

    def maybe(self, name: str, kind: type[E]) -> E | None:
        """A word out of a list, or nothing."""
        found = self.node.get(name)
        if found is None or found == "":
            return None
        if isinstance(found, str) and found in set(kind):
            return kind(found)
        words = [str(word.value) for word in kind]
        said = f"“{found[:40]}”" if isinstance(found, str) else "no word"
        self.fault(f"{name} is {said}; it must be {', '.join(words[:-1])} or {words[-1]}.")
        return None

    def number(self, name: str, lowest: int, highest: int) -> int:
        """A whole number, 0 when it is not there."""
        found = self.node.get(name)
        if found is None:
            return 0
        try:
            number = int(found) if isinstance(found, str) and len(found) < 10 else None
        except ValueError:
            number = None
        if number is None or not lowest <= number <= highest:
            self.fault(f"{name} must be a whole number from {lowest} to {highest}.")
            return 0
        return number

    def flag(self, name: str) -> bool:
        """Yes or no; no when it is not there."""
        found = self.node.get(name)
        if isinstance(found, str) and found.lower() in YES:
            return True
        if not (found is None or isinstance(found, bool) or (isinstance(found, str) and found.lower() in NO)):
            self.fault(f"{name} must be true or false.")
        return found is True

    def entry(self, name: str) -> "Entry | None":
        """The names and values under a name."""
        found = self.node.get(name)
        if found is None:
            return None
        if not isinstance(found, dict):
            self.fault(f"{name} must hold fields with values.")
            return None
        return Entry(f"{self.place}, {name}", found, self.notes)

    def entries(self, name: str, each: str, alone: str) -> "list[Entry]":
        """The entries of a list. A text that stands alone is taken for the field `alone`."""
        found = self.node.get(name)
        if not isinstance(found, list):
            if found is not None:
                self.fault(f"{name} must be a list.")
            return []
        if len(found) > MAX_ITEMS:
            raise Unreadable(TOO_MANY)
        entries = []
        for number, node in enumerate(found, start=1):
            place = f"{self.place}, {each} {number}" if self.place != "The file" else f"{each.capitalize()} {number}"
            if isinstance(node, dict):
                entries.append(Entry(place, node, self.notes))
            elif isinstance(node, str):
                entries.append(Entry(place, {alone: node}, self.notes))
            else:
                self.notes.faults.append(f"{place}: there is nothing that can be read as {each}.")
        return entries

    def leave_out(self, known: set[str]) -> None:
        """Remember the fields that nobody knows."""
        for name in self.node:
            if name not in known:
                self.notes.leave_out(name, known)
