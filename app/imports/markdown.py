"""A Markdown document as a template: headings become groups, boxes become items, all else stays as text."""

from collections.abc import Sequence
from itertools import islice

from app.domain.errors import InvalidInput
from app.domain.markdown_blocks import Document, find_boxes, read_blocks
from app.domain.template_content import (
    IN_DESCRIPTION,
    TEXT_LIMIT,
    TITLE_LIMIT,
    GroupContent,
    Imported,
    ItemContent,
    OtherLine,
    TemplateContent,
)
from app.imports.findings import Findings
from app.imports.front_matter import FrontMatter, read_front_matter
from app.imports.markdown_bodies import Bodies
from app.imports.markdown_elsewhere import note_boxes_elsewhere
from app.imports.markdown_keys import group_keys, item_keys
from app.imports.markdown_links import inline_links
from app.imports.markdown_outline import Outline, Region, read_outline, sections_above
from app.imports.markdown_walk import Box

BOX_LIMIT = 10_000
NAMELESS = "Checklist"
SHORTENED = "Texts that were too long were shortened; the whole stands below them"


def read_markdown(text: str, *, name: str = "") -> Imported:
    """Understand a document. `name` is used where the document says none; nothing of it is lost unsaid."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    front = read_front_matter(lines, IN_DESCRIPTION)
    # Blank lines in their place: what follows keeps its line numbers.
    document = read_blocks("\n".join([""] * front.length + lines[front.length :]))
    find_boxes(document)
    findings = Findings()
    outline = read_outline(document, findings)
    boxes = [box for region in outline.regions for box in region.walk.boxes]
    if len(boxes) > BOX_LIMIT:
        raise InvalidInput(file=f"The document has {len(boxes):,} boxes; a template can have {BOX_LIMIT:,}.")
    return _Assembly(document, outline, front, findings, name).imported(boxes)


class _Assembly:
    """Puts what was found into the shape that all importers share."""

    def __init__(self, document: Document, outline: Outline, front: FrontMatter, findings: Findings, name: str) -> None:
        self._document = document
        self._outline = outline
        self._front = front
        self._findings = findings
        title = outline.title.title if outline.title else ""
        self._title = title
        self._name = front.name or title or " ".join(name.split()) or NAMELESS
        self._bodies = Bodies(document, findings)

    def imported(self, boxes: Sequence[Box]) -> Imported:
        """All of it."""
        name = self._shortened(self._name, TITLE_LIMIT, 0)
        description = self._description(name)
        keys = iter(item_keys(boxes, self._findings))
        done: set[str] = set()
        regions = self._outline.groups
        titles = [self._shortened(self._title_of(region), TITLE_LIMIT, region.line) for region in regions]
        groups: list[GroupContent] = []
        for region, title, key in zip(regions, titles, group_keys(regions, titles, self._findings), strict=True):
            own_keys = list(islice(keys, len(region.walk.boxes)))
            done |= {key for key, box in zip(own_keys, region.walk.boxes, strict=True) if box.is_done}
            items = tuple(self._item(box, key) for box, key in zip(region.walk.boxes, own_keys, strict=True))
            groups.append(self._group(region, title, key, items))
        note_boxes_elsewhere(self._document, self._findings)
        self._say_what_is_missing(groups)
        content = TemplateContent(name=name, description=description, groups=tuple(groups))
        return Imported(content, frozenset(done), self._others(), self._findings.told())

    def _description(self, name: str) -> str:
        kept = self._outline.description
        title = self._outline.title
        if title and title.heading and (self._front.name not in {"", self._title} or name != self._name):
            span = range(title.heading.start, title.heading.end)
            kept.pieces.insert(0, [(number, self._document.lines[number]) for number in span])
        about = self._front.description
        if name != self._name and self._front.name:
            about = f"{self._front.name}\n\n{about}".strip()
        return self._bodies.make(kept, IN_DESCRIPTION, first=about)

    def _title_of(self, region: Region) -> str:
        return region.title if region.level and region.title else self._name

    def _group(self, region: Region, title: str, key: str, items: tuple[ItemContent, ...]) -> GroupContent:
        whole = self._title_of(region)
        section = self._shortened(" / ".join(sections_above(region)), TITLE_LIMIT, region.line)
        body = self._bodies.make(region.kept, key, first=whole if whole != title else "", line=region.line)
        return GroupContent(key=key, title=title, section=section, body=body, items=items)

    def _item(self, box: Box, key: str) -> ItemContent:
        whole = inline_links(box.text, self._document.references)
        text = self._shortened(whole, TEXT_LIMIT, box.line)
        body = self._bodies.make(box.kept, key, first=whole if whole != text else "", line=box.line)
        return ItemContent(key=key, text=text, depth=box.depth, body=body)

    def _shortened(self, text: str, limit: int, line: int) -> str:
        if len(text) <= limit:
            return text
        self._findings.note(SHORTENED, line + 1)
        cut = text[: limit - 1]
        at_word = cut.rpartition(" ")[0]
        return f"{at_word if len(at_word) > limit // 2 else cut}…"

    def _say_what_is_missing(self, groups: Sequence[GroupContent]) -> None:
        if not any(group.items for group in groups):
            self._findings.say("There is no box in this document: a line such as “- [ ] Back up the database” is one.")

    def _others(self) -> tuple[OtherLine, ...]:
        left_out = [
            OtherLine(other.line + 1, other.kind, other.text)
            for region in self._outline.regions
            for other in region.walk.left_out
        ]
        return tuple(sorted([*self._front.others, *self._bodies.others, *left_out], key=lambda other: other.line))
