"""Templates that nobody would write by hand, for what has to hold of all of them."""

from hypothesis import strategies as st

from app.domain.checklist import BelongsTo, Mode, Phase, Severity
from app.domain.permissions import Role
from app.domain.template_content import (
    DueAnchor,
    DueRule,
    GroupContent,
    ItemContent,
    TemplateContent,
    ValueKind,
)

# What looks like something else to a parser, a spreadsheet or a browser.
ODD = (
    *("yes", "No", "null", "~", "true", "1", "0x1f", "1e3", "2026-11-22", "12:30:45", ".inf", "-", "?", ":", "#", "<<"),
    *(
        "=1+1",
        "@SUM(A1)",
        "'=1",
        "''+2",
        "+49 30",
        "-5",
        "|cmd",
        '"',
        "'",
        "a: b",
        "- a",
        "[x]",
        "{a}",
        "&a",
        "*a",
        "!t",
    ),
    *("%TAG", "---", "...", "\ufeff", "\u2028", "\x85", "\xa0", "é", "😀", "<b>", "`code`", "\\n", "_x0041_", "a\tb"),
)
KEYS = st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,8}){0,3}", fullmatch=True)
ANY_TEXT = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.lists(st.sampled_from([*ODD, " ", "\n", "\r\n", "    code", "# A", "last "]), max_size=6).map("".join),
)


def words(limit: int = 120) -> st.SearchStrategy[str]:
    """Texts with something in them."""
    return ANY_TEXT.filter(lambda text: bool(text.strip()) and len(text) <= limit)


DUES = st.builds(DueRule, st.sampled_from(DueAnchor), st.integers(-3650, 3650), st.booleans())


def items(
    text: st.SearchStrategy[str] | None = None, any_text: st.SearchStrategy[str] = ANY_TEXT
) -> st.SearchStrategy[ItemContent]:
    """One box; its key is given later, so that no two are alike."""
    return st.builds(
        ItemContent,
        key=st.just(""),
        text=words() if text is None else text,
        depth=st.integers(0, 9),
        body=ANY_TEXT,
        guidance=any_text,
        phase=st.sampled_from(Phase),
        gate=any_text.map(lambda text: text[:40].strip()),
        severity=st.sampled_from(Severity),
        natural_role=st.sampled_from(Role),
        value_prompt=any_text,
        value_kind=st.sampled_from([None, *ValueKind]),
        value_unit=any_text.map(lambda text: text[:40].strip()),
        due=st.none() | DUES,
        origin=any_text,
        origin_link=any_text,
        applies_when=any_text,
        fact=any_text.map(lambda text: text[:80].strip()),
    )


@st.composite
def contents(draw: st.DrawFn, *, as_table: bool = False) -> TemplateContent:
    """A template. As a table it says only what rows can hold: no texts of groups, no group without items."""
    line = ANY_TEXT.map(lambda text: " ".join(text.replace("\0", "").split()).strip())
    title = line.filter(bool) if as_table else words()
    short = line if as_table else ANY_TEXT
    sizes = draw(st.lists(st.integers(1 if as_table else 0, 3), min_size=1 if as_table else 0, max_size=3))
    keys = iter(draw(st.lists(KEYS, min_size=sum(sizes) + len(sizes), max_size=sum(sizes) + len(sizes), unique=True)))
    groups = []
    for size in sizes:
        boxes = [draw(items(title, short)) for _ in range(size)]
        groups.append(
            GroupContent(
                key=next(keys),
                title=draw(title),
                section=draw(short),
                belongs_to=draw(st.sampled_from(BelongsTo)),
                mode=draw(st.sampled_from(Mode)),
                body="" if as_table else draw(ANY_TEXT),
                applies_when="" if as_table else draw(ANY_TEXT),
                items=tuple(_with_key(box, next(keys)) for box in boxes),
            )
        )
    if as_table:
        return TemplateContent(name="", groups=tuple(groups))
    return TemplateContent(name=draw(words()), description=draw(ANY_TEXT), groups=tuple(groups))


def _with_key(item: ItemContent, key: str) -> ItemContent:
    return ItemContent(**{name: getattr(item, name) for name in ItemContent.__slots__} | {"key": key})
