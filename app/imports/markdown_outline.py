"""The headings of a document: which is its title, which are groups, and where text without boxes belongs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from app.domain.markdown_blocks import Block, Document, Kind, bare
from app.domain.markdown_headings import CLOSE
from app.domain.markdown_marks import AS_TYPED, bare_title, split_key, without_decoration, without_signs
from app.imports.columns import View, whole
from app.imports.findings import Findings
from app.imports.markdown_quotes import divide_quote
from app.imports.markdown_walk import Kept, Numbered, Walk

NO_SPACE = "Headings without a space behind their signs were taken as headings"


@dataclass(slots=True)
class Region:
    """A heading and what stands directly below it. Level 0 is what stands above the first heading."""

    number: int
    level: int
    title: str
    key: str
    blocks: list[Block]
    heading: Block | None
    walk: Walk
    parent: "Region | None" = None
    is_title: bool = False
    end: int = 0
    kept: Kept = field(default_factory=Kept)

    @property
    def is_group(self) -> bool:
        """Whether it holds boxes, or was a group when it was written."""
        return bool(self.walk.boxes) or bool(self.key)

    @property
    def line(self) -> int:
        """Its first line, counted from 0."""
        return self.heading.start if self.heading else 0


@dataclass(slots=True)
class Outline:
    """The regions of a document in their order, and the text that belongs to no group."""

    regions: list[Region]
    description: Kept

    @property
    def title(self) -> Region | None:
        """The heading that names the whole document."""
        return next((region for region in self.regions if region.is_title), None)

    @property
    def groups(self) -> list[Region]:
        """The headings that hold boxes."""
        return [region for region in self.regions if region.is_group]


def sections_above(region: Region) -> list[str]:
    """The titles of the headings around a region, the outermost first, without the document's own."""
    titles: list[str] = []
    above = region.parent
    while above:
        if not above.is_title and above.title:
            titles.insert(0, above.title)
        above = above.parent
    return titles


def read_outline(document: Document, findings: Findings) -> Outline:
    """Find the regions of a document, walk through each, and give every text its place."""
    regions = _regions(document, findings)
    view = whole(document.lines)
    for region in regions:
        for part in _parts(region.blocks, view):
            region.walk.go(part, view)
    _find_parents(regions)
    _find_title(regions)
    behind = _nearest_groups(reversed(regions))
    for region in regions:
        group = behind[region.number]
        # Where nothing is below a heading, it is kept as it was typed.
        if group and group.number < region.end and region.level and not region.is_title and not region.key:
            region.title = _undecorated(region, findings)
    outline = Outline(regions, Kept())
    _place(outline, view, behind)
    return outline


def _regions(document: Document, findings: Findings) -> list[Region]:
    regions = [Region(0, 0, "", "", [], None, Walk(document, findings))]

    def begin(block: Block, lower: int = 0) -> Region:
        title, key = split_key(" ".join(block.text.split("\n")).strip())
        if block.marker == CLOSE:
            findings.note(NO_SPACE, block.start + 1)
        regions.append(Region(len(regions), block.level + lower, title, key, [], block, Walk(document, findings)))
        return regions[-1]

    region = regions[0]
    for block in document.root.children:
        if block.kind is Kind.HEADING:
            region = begin(block)
            continue
        inside, parts = region, divide_quote(block)
        # What a quote has is below the heading that the quote stands under.
        highest = min((part.level for part in parts if part.kind is Kind.HEADING), default=0)
        lower = max(0, region.level + 1 - highest) if region.level else 0
        for part in parts:
            if part.kind is Kind.HEADING:
                inside = begin(part, lower)
            else:
                inside.blocks.append(part)
    return regions


def _find_parents(regions: list[Region]) -> None:
    around: list[Region] = []
    for region in regions[1:]:
        while around and around[-1].level >= region.level:
            around.pop().end = region.number
        region.parent = around[-1] if around else None
        around.append(region)
    for region in [*around, regions[0]]:
        region.end = len(regions)


def _find_title(regions: list[Region]) -> None:
    tops = [region for region in regions if region.level == 1]
    if not tops or tops[0].key or any(region.is_group for region in regions[: tops[0].number]):
        return
    has_boxes = any(region.is_group for region in regions[tops[0].number : tops[0].end])
    tops[0].is_title = len(tops) == 1 or not has_boxes


def _undecorated(region: Region, findings: Findings) -> str:
    if region.title.endswith(AS_TYPED):
        return region.title.removesuffix(AS_TYPED).rstrip()
    plain = without_decoration(region.title)
    if plain != region.title:
        findings.note("Pictures in front of headings were left out of the titles", region.line + 1)
    if without_signs(plain) != plain:
        findings.note("Bold signs and anchors of headings were left out of the titles", region.line + 1)
    return bare_title(plain)


def _place(outline: Outline, view: View, behind: dict[int, Region | None]) -> None:
    """Give every text its place: plain text first, then what stands below headings that hold no boxes."""
    headed: list[tuple[Kept, Region]] = []
    before = _nearest_groups(outline.regions)
    for region in outline.regions:
        is_above_all = region.is_title or not region.level
        if region.is_group:
            _add(outline.description if is_above_all else region.kept, region.walk.before)
            _add(region.kept, region.walk.after)
        elif is_above_all:
            _add(outline.description, region.walk.before)
        elif (group := behind[region.number]) and group.number < region.end:
            _add(group.kept, region.walk.before)
        else:
            home = _home(region, before, behind)
            headed.append((home.kept if home else outline.description, region))
    begun: set[int] = set()
    for kept, region in headed:
        if id(kept) not in begun:
            kept.spaced.add(region.line)  # written again, boxes may stand between the text and its headings
            begun.add(id(kept))
        kept.pieces.extend(_pieces(region, view))
        kept.others.extend(region.walk.before.others)
        kept.rules |= region.walk.before.rules


def _pieces(region: Region, view: View) -> Iterator[list[Numbered]]:
    """The lines of a region, heading and all."""
    blocks = [region.heading, *region.blocks] if region.heading else region.blocks
    for part in _parts(blocks, view):
        piece = [(number, view.text(number)) for number in range(part[0].start, part[-1].end)]
        # Indented, the heading would belong to whatever list it is written behind.
        yield [(piece[0][0], piece[0][1].lstrip()), *piece[1:]] if part[0] is region.heading else piece


def _parts(blocks: list[Block], view: View) -> list[list[Block]]:
    """The blocks of a region, divided where another region stands between them."""
    parts = [blocks[:1]] if blocks else []
    for above, block in pairwise(blocks):
        if any(bare(view.text(number)) for number in range(above.end, block.start)):
            parts.append([])
        parts[-1].append(block)
    return parts


def _nearest_groups(regions: Iterable[Region]) -> dict[int, Region | None]:
    """For each region the group that was met last, itself included."""
    found: dict[int, Region | None] = {}
    nearest: Region | None = None
    for region in regions:
        nearest = region if region.is_group else nearest
        found[region.number] = nearest
    return found


def _home(region: Region, before: dict[int, Region | None], behind: dict[int, Region | None]) -> Region | None:
    """The group that a heading without boxes belongs to: around it, before it or behind it in its section; or none."""
    above = region.parent
    while above and not above.is_title:
        if above.is_group:
            return above
        last, following = before[region.number], behind[region.number]
        if last and last.number > above.number:
            return last
        if following and following.number < above.end:
            return following
        above = above.parent
    return above if above and above.is_group else None


def _add(kept: Kept, more: Kept) -> None:
    kept.pieces.extend(more.pieces)
    kept.others.extend(more.others)
    kept.rules |= more.rules
