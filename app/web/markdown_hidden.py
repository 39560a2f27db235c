"""What a forge does not show of a Markdown text: comments, and tags that only fold or arrange the words in them."""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_TAG = r"</?(?:details|summary|div|span|p|br|center|small|kbd|sub|sup)(?:\s[^<>]*)?/?>"
_HIDDEN = re.compile(rf"<!--.*?-->|{_TAG}", re.DOTALL | re.IGNORECASE)
_TAGS = re.compile(rf"(?:{_TAG}[ \t]*)+", re.IGNORECASE)
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
COMMENT, END = "<!--", "-->"


def hide(reader: MarkdownIt) -> MarkdownIt:
    """Teach a reader to leave these out. What is not closed and all other HTML stays text."""
    reader.block.ruler.before("paragraph", "hidden", _block, {"alt": ["paragraph", "reference", "blockquote"]})
    reader.inline.ruler.before("autolink", "hidden", _inline)
    return reader


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    at = state.bMarks[start] + state.tShift[start]
    if state.is_code_block(start) or not state.src.startswith("<", at):
        return False
    if state.src.startswith(COMMENT, at):
        last = _last_of_comment(state, at, start, end)
    else:
        last = start if _TAGS.fullmatch(state.src, at, state.eMarks[start]) else -1
    if last >= 0 and not silent:
        state.line = last + 1
    return last >= 0


def _last_of_comment(state: StateBlock, at: int, start: int, end: int) -> int:
    """The line on which a comment ends, -1 when it does not, or when words follow it there."""
    closed = state.src.find(END, at)
    if closed < 0 or closed > state.eMarks[end - 1]:
        return -1
    line = start
    while state.eMarks[line] < closed:
        line += 1
    return -1 if state.src[closed + len(END) : state.eMarks[line]].strip() else line


def _inline(state: StateInline, silent: bool) -> bool:
    found = _HIDDEN.match(state.src, state.pos) if state.src.startswith("<", state.pos) else None
    if not found:
        return False
    if not silent and _BREAK.match(found[0]):
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True
