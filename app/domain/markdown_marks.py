"""The signs of a box in Markdown: what is one, what was meant as one, and how a text says that it is none."""

import re
from dataclasses import dataclass
from enum import StrEnum

# What stands where a box would stand: a bullet that is none in Markdown, backslashes, the box, the rest of the line.
_MARK = re.compile(
    r"""(?P<bullet>[-*+•\u2013—·◦▪‣∙][ \t]*)?(?P<escape>\\*)
    (?:\[(?P<sign>[ \t]{0,3}|[ ]?[xX][ ]?|[-~?/!>.*+✓✔✗✘]|[nN]/?[aA])\](?P<space>[ \t\u00a0]*)
    |(?P<drawn>[☐☑☒])\ufe0f?\s*)
    (?P<text>.*)""",
    re.VERBOSE | re.DOTALL,
)
_FIRST_SIGNS = frozenset("-*+•\u2013—·◦▪‣∙\\[☐☑☒")
_TICKS = frozenset("xX✓✔☑☒")
# Says of a heading that its first sign is no decoration.
AS_TYPED = "<!-- as typed -->"
# Pictures and their short names in front of a heading. Digits in a frame are numbers, not decoration.
_DECORATION = re.compile(
    "^(?:[\u2190-\u245f\u2500-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff][\ufe0f\u200d\u20e3]*\\s*"
    "|:[a-z0-9_+-]{2,40}:\\s+)+(?=\\S)"
)
# Nobody writes longer titles.
LOOKED_AT = 500
# Signs that make a whole heading bold, and the name of its anchor: `## **Plan** {#plan}`.
_BOLD_TITLE = re.compile(r"(\*\*|__)(?=\S)((?:(?!\1|`).)+)(?<=\S)\1")
_ANCHOR = re.compile(r"(?<=\S)\s*\{#[\w.:-]{1,200}\}$")
_KEY_COMMENT = re.compile(r"<!--\s*key:\s*(\S{1,200})\s*-->\s*")


class Oddity(StrEnum):
    """How a box was written that Markdown would not have taken for one."""

    NO_BULLET = "no bullet"
    NO_SPACE = "no space"
    STRANGE_SIGN = "strange sign"
    DRAWN = "drawn"


@dataclass(frozen=True, slots=True)
class Mark:
    """The box at the beginning of a line: ticked or not, what stands behind it, and what is odd about it."""

    text: str
    is_done: bool
    oddity: Oddity | None = None


def find_mark(line: str, *, in_item: bool) -> Mark | None:
    """The box at the beginning of a line, or None; `in_item` when the line is the first of a list's item."""
    found = _match(line, in_item=in_item)
    if found is None or found["escape"]:
        return None
    sign = (found["sign"] or found["drawn"] or "").strip()
    return Mark(found["text"].strip(), sign in _TICKS, _oddity(found, in_item=in_item))


def _match(line: str, *, in_item: bool) -> re.Match[str] | None:
    if line[:1] not in _FIRST_SIGNS or not (found := _MARK.match(line)):
        return None
    if in_item and found["bullet"]:
        return None
    if found["drawn"]:
        return found if found["text"] else None
    return found if _is_meant(found, in_item=in_item) else None


def _is_meant(found: re.Match[str], *, in_item: bool) -> bool:
    sign, text = found["sign"], found["text"]
    if not text and (not in_item or sign[:1] in {"n", "N"}):
        return False
    if not in_item and sign not in {" ", "x", "X"}:
        # `-[] Do it` was meant as a box, `[] of something` was not.
        return bool(sign == "" and found["bullet"] and found["space"])
    if found["space"] or not text:
        return True
    # Without a space behind it: `[x](address)` is a link, `[]byte` a type, `[ ]Do it` was meant as a box.
    has_marker = in_item or bool(found["bullet"])
    return has_marker and sign in {" ", "x", "X"} and text[0].isalnum()


def _oddity(found: re.Match[str], *, in_item: bool) -> Oddity | None:
    if found["drawn"]:
        return Oddity.DRAWN
    if not in_item:
        return Oddity.NO_SPACE if found["bullet"] else Oddity.NO_BULLET
    if found["sign"] not in {" ", "\t", "x", "X"} and found["sign"].strip() not in {"", "x", "X"}:
        return Oddity.STRANGE_SIGN
    if found["sign"] not in {" ", "\t", "x", "X"} or (found["text"] and not found["space"]):
        return Oddity.NO_SPACE
    return None


def escape_mark(line: str, *, in_item: bool) -> str:
    """The line with a backslash more before what would be taken for a box."""
    found = _match(line, in_item=in_item)
    return line if found is None else f"{line[: found.start('escape')]}\\{line[found.start('escape') :]}"


def unescape_mark(line: str, *, in_item: bool) -> str:
    """The line with a backslash less before what would otherwise be a box: the opposite of `escape_mark`."""
    found = _match(line, in_item=in_item)
    if found is None or not found["escape"]:
        return line
    return f"{line[: found.start('escape')]}{line[found.start('escape') + 1 :]}"


def split_key(text: str) -> tuple[str, str]:
    """A text without the comment at its end that names a key, and that key; the key is empty when there is none."""
    at = text.rfind("<!--")
    found = _KEY_COMMENT.fullmatch(text, at) if at >= 0 else None
    return (text[:at].rstrip(), found[1]) if found else (text, "")


def key_comment(key: str) -> str:
    """The comment that names a key."""
    return f"<!-- key: {key} -->"


def without_decoration(title: str) -> str:
    """A title without the pictures in front of its words."""
    return _DECORATION.sub("", title)


def without_signs(title: str) -> str:
    """A title without signs that make all of it bold, and without the name of its anchor."""
    if len(title) > LOOKED_AT:
        return title
    plain = _ANCHOR.sub("", title)
    found = _BOLD_TITLE.fullmatch(plain)
    return found[2] if found else plain


def bare_title(title: str) -> str:
    """The words of a title alone. What this gives, it gives again unchanged."""
    plain = without_decoration(without_signs(title))
    while plain != title:
        title, plain = plain, without_decoration(without_signs(plain))
    return plain
