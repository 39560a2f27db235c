"""YAML and JSON as plain nodes. Whatever the file holds, this takes little time and memory, and runs nothing."""

import json
from typing import Any, NoReturn

import yaml

from app.imports.refusal import Unreadable

# A text, a list, names with nodes; true and false are JSON's own. A number is a text here: `2.10` stays `2.10`.
Node = str | bool | None | list["Node"] | dict[str, "Node"]

MAX_LETTERS = 5_000_000
MAX_NODES = 250_000
MAX_DEPTH = 12
NOTHING = {"", "~", "null", "Null", "NULL"}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def nodes_of_json(text: str) -> Node:
    """What a JSON file holds; refused with a sentence when it cannot be read."""
    _check_letters(text)
    try:
        node: Node = json.loads(
            text,
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_once,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(f"Line {error.lineno} cannot be read as JSON: {error.msg}.") from None
    except RecursionError:
        raise Unreadable(_too_deep()) from None
    _check_size(node)
    return node


def _refuse_constant(word: str) -> NoReturn:
    raise Unreadable(f"“{word}” is no value that a template can hold.")


def _once(pairs: list[tuple[str, Node]]) -> Node:
    found: dict[str, Node] = {}
    for name, node in pairs:
        if name in found:
            raise Unreadable(f"The field “{name[:60]}” stands twice in one place. Leave one of them.")
        found[name] = node
    return found


def _check_size(node: Node) -> None:
    """Refuse what is too deep or too much; a list of what is still to be looked at, so that depth cannot hurt."""
    waiting: list[tuple[Node, int]] = [(node, 1)]
    seen = 0
    while waiting:
        one, depth = waiting.pop()
        seen += 1
        if isinstance(one, str):
            _check_whole(one)
        inside = [*one, *one.values()] if isinstance(one, dict) else one if isinstance(one, list) else []
        if inside and depth > MAX_DEPTH:
            raise Unreadable(_too_deep())
        if seen + len(inside) > MAX_NODES:
            raise Unreadable(_too_much())
        waiting.extend((child, depth + 1) for child in inside)


def _check_letters(text: str) -> None:
    if len(text) > MAX_LETTERS:
        raise Unreadable(f"The file has {len(text):,} letters. At most {MAX_LETTERS:,} can be taken.")
    _check_whole(text)


def _check_whole(text: str) -> None:
    """Half a letter, as an escape can make one, is stored nowhere."""
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in set(text)):
        raise Unreadable("The file holds half a letter: it is damaged, or not the text that it says it is.")


def _too_deep() -> str:
    return f"The file is nested deeper than {MAX_DEPTH} levels. A template needs no more than six."


def _too_much() -> str:
    return f"The file has more than {MAX_NODES:,} entries. Bring it in as several templates."


def nodes_of_yaml(text: str) -> Node:
    """What a YAML file holds; names that repeat parts, tags and second documents are refused with their line."""
    _check_letters(text)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"Line {mark.line + 1}" if mark else "The file"
        raise Unreadable(f"{line} cannot be read as YAML: {error.problem or error.context}.") from None
    except yaml.YAMLError as error:
        raise Unreadable(f"The file cannot be read as YAML: {str(error).splitlines()[0]}.") from None
    return builder.root


class _Builder:
    """Puts the events of a parser together, and stops at the first that no template needs."""

    def __init__(self) -> None:
        self.root: Node = None
        self._documents = 0
        self._seen = 0
        # What is open: a list, or names with the name that waits for its value.
        self._open: list[list[Node] | dict[str, Node]] = []
        self._names: list[str | None] = []

    def take(self, event: Any) -> None:
        """One event of the parser."""
        self._check(event)
        if isinstance(event, yaml.ScalarEvent):
            _check_whole(event.value)
            is_nothing = event.implicit[0] and event.value in NOTHING
            self._put(None if is_nothing else event.value, event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._begin([], event)
        elif isinstance(event, yaml.MappingStartEvent):
            self._begin({}, event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._names.pop()

    def _check(self, event: Any) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise Unreadable(f"Line {line} begins a second document. One file holds one template.")
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            raise Unreadable(f"Line {line} has “{sign}{event.anchor[:40]}”, a mark for repeating parts. Write it out.")
        elif getattr(event, "tag", None) is not None:
            raise Unreadable(f"Line {line} has the tag “{event.tag[:60]}”. Tags are not taken: leave it out.")
        self._seen += 1
        if self._seen > MAX_NODES:
            raise Unreadable(_too_much())

    def _begin(self, collection: list[Node] | dict[str, Node], event: Any) -> None:
        self._put(collection, event)
        self._open.append(collection)
        self._names.append(None)
        if len(self._open) > MAX_DEPTH:
            raise Unreadable(f"Line {event.start_mark.line + 1}: {_too_deep()}")

    def _put(self, node: Node, event: Any) -> None:
        if not self._open:
            self.root = node
            return
        into = self._open[-1]
        if isinstance(into, list):
            into.append(node)
        elif (name := self._names[-1]) is not None:
            into[name] = node
            self._names[-1] = None
        else:
            self._names[-1] = self._name(node, into, event.start_mark.line + 1)

    def _name(self, node: Node, into: dict[str, Node], line: int) -> str:
        if not isinstance(node, str):
            raise Unreadable(f"Line {line}: the name of a field has to be a word.")
        if node in into:
            raise Unreadable(f"Line {line}: the field “{node[:60]}” stands twice in one place. Leave one of them.")
        return node
