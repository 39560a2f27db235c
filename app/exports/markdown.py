"""A template as a Markdown task list, as forges show it; read again it says the same."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from app.domain.checklist import ItemState
from app.domain.markdown_marks import AS_TYPED, bare_title, key_comment, split_key
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.exports.losses import counted
from app.exports.markdown_bodies import Body, lowered, ready

NAMELESS = "Checklist"
INDENT = "  "
_LABEL = re.compile(r"\[([^\[\]]{1,500})\](?!\()")
# What a box says beside its text and the text below it, and how that is called in a sentence.
_BESIDE = {
    "guidance": "guidance lines",
    "phase": "phases",
    "gate": "gates",
    "severity": "severities",
    "natural_role": "roles",
    "value_prompt": "values asked for",
    "due": "due dates",
    "origin": "origins",
    "origin_link": "links to origins",
    "applies_when": "conditions",
    "fact": "shared facts",
}
_BESIDE_GROUP = {"belongs_to": "kinds", "mode": "modes", "applies_when": "conditions"}


def write_markdown(
    content: TemplateContent, *, states: Mapping[str, str] | None = None, keep_keys: bool = True
) -> tuple[str, list[str]]:
    """The task list, and in sentences what it does not hold."""
    writer = _Writer(content, states or {}, keep_keys=keep_keys)
    text = "\n\n".join(part for part in writer.parts() if part) + "\n"
    return text, list(writer.losses())


class _Writer:
    """Writes one template."""

    def __init__(self, content: TemplateContent, states: Mapping[str, str], *, keep_keys: bool) -> None:
        self._content = content
        self._states = states
        self._keep_keys = keep_keys
        self._description = ready(content.description)
        groups = [ready(group.body) for group in content.groups]
        self._lowered = sum(body.level == 1 for body in groups)
        self._groups = [
            replace(body, headed=lowered(body.headed), level=2) if body.level == 1 else body for body in groups
        ]
        self._items = {item.key: ready(item.body) for item in content.items}
        # Groups stand above all headings inside of their text, or these would be groups' equals.
        is_high = self._description.level == 1 or any(body.level == 2 for body in self._groups)
        self._level = 1 if is_high else 2

    def parts(self) -> Iterator[str]:
        """The document in parts that empty lines divide."""
        yield _heading(1, one_line(self._content.name) or NAMELESS)
        yield self._description.whole
        section = ""
        for group, body in zip(self._content.groups, self._groups, strict=True):
            own = one_line(group.section)
            if own and own != section:
                yield _heading(self._level, _marked(own))
            yield _heading(self._level + bool(own), self._title(group))
            yield body.plain
            yield "\n".join(self._boxes(group.items))
            yield body.headed
            # A heading in the text ends the section: it has to be said again.
            section = "" if body.headed else own

    def _title(self, group: GroupContent) -> str:
        title = one_line(group.title) or NAMELESS
        return f"{title} {key_comment(group.key)}" if self._keep_keys or split_key(title)[1] else _marked(title)

    def _boxes(self, items: Iterable[ItemContent]) -> Iterator[str]:
        depth = -1
        for item in items:
            # Levels that are missing in between become bullets without a text.
            shown = min(item.depth, depth + 1)
            sign = "x" if self._states.get(item.key) == ItemState.DONE else " "
            yield f"{INDENT * shown}{'- ' * (item.depth - shown)}- [{sign}] {self._text(item)}"
            body = self._items[item.key].whole
            if body:
                indent = INDENT * (item.depth + 1)
                yield ""
                yield from (f"{indent}{line}" if line.strip() else "" for line in body.split("\n"))
                yield ""
            depth = item.depth

    def _text(self, item: ItemContent) -> str:
        text = one_line(item.text)
        return f"{text} {key_comment(item.key)}" if self._keep_keys or split_key(text)[1] else text

    def losses(self) -> Iterator[str]:
        """What the document does not hold, in sentences."""
        yield from self._of_columns()
        others = sum(
            self._states.get(item.key, ItemState.TODO) not in {ItemState.TODO, ItemState.DONE}
            for item in self._content.items
        )
        if others:
            yield f"The states of {counted(others, 'item')} are neither open nor done and are written as open."
        empty = sum(not group.items for group in self._content.groups)
        if empty and not self._keep_keys:
            yield f"{counted(empty, 'group').capitalize()} without items will be read as text."
        comments = sum("<!--" in item.text and "-->" in item.text for item in self._content.items)
        if comments:
            yield f"The comments in the texts of {counted(comments, 'item')} will be read as text below them."
        changed = sum(body.is_changed for body in self._bodies())
        if changed:
            yield f"{counted(changed, 'text')} had something open at the end, such as code, and {_was(changed)} closed."
        if self._lowered:
            yield f"Headings of the first level in {counted(self._lowered, 'text')} are written one level lower."
        if shared := self._shared_labels():
            yield f"The links “{'”, “'.join(sorted(shared))}” are defined in one text and will count in all."

    def _of_columns(self) -> Iterator[str]:
        plain_item, plain_group = ItemContent(key="", text=""), GroupContent(key="", title="")
        for field, name in _BESIDE.items():
            plain = getattr(plain_item, field)
            if number := sum(getattr(item, field) != plain for item in self._content.items):
                yield f"The {name} of {counted(number, 'item')} are not in the Markdown."
        for field, name in _BESIDE_GROUP.items():
            plain = getattr(plain_group, field)
            if number := sum(getattr(group, field) != plain for group in self._content.groups):
                yield f"The {name} of {counted(number, 'group')} are not in the Markdown."

    def _bodies(self) -> list[Body]:
        return [self._description, *self._groups, *self._items.values()]

    def _shared_labels(self) -> set[str]:
        """Names of links that one text defines and another one uses without saying where they lead."""
        defined = {label for body in self._bodies() for label in body.labels}
        if not defined:
            return set()
        used = _labels(item.text for item in self._content.items)
        for body in self._bodies():
            used |= _labels([body.whole]) - body.labels
        return {label.lower() for label in used & defined}


def _heading(level: int, title: str) -> str:
    """A heading; signs at its end that Markdown would take for decoration are fenced in."""
    line = f"{'#' * level} {title}"
    return f"{line} {'#' * level}" if title.endswith("#") else line


def _marked(title: str) -> str:
    """A title that is read again as it is: with its picture, or with a comment at its end."""
    is_plain = bare_title(title) == title and not split_key(title)[1] and not title.endswith(AS_TYPED)
    return title if is_plain else f"{title} {AS_TYPED}"


def one_line(text: str) -> str:
    """A text on one line."""
    return " ".join(part.strip() for part in text.replace("\r", "\n").split("\n") if part.strip())


def _labels(texts: Iterable[str]) -> set[str]:
    return {" ".join(label.split()).lower().upper() for text in texts for label in _LABEL.findall(text)}


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
