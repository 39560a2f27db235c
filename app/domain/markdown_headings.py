"""Headings without a space behind their signs, as Markdown took them for many years: `##Deploy`."""

import re

from markdown_it.rules_block import StateBlock, heading

CLOSE = "close"
_CLOSE = re.compile(r"(#{2,6})(?=[^\W\d_]|\d+[.)]|[*`\[]|[^\x00-\x7f])[^\n]*")
_END = re.compile(r"(?:(?<=\s)#+)?\s*$")


def heading_or_close(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A rule for headings that takes both kinds; one sign alone without a space is more often a tag."""
    if heading(state, start, end, silent):
        return True
    if state.is_code_block(start):
        return False
    found = _CLOSE.match(state.src, state.bMarks[start] + state.tShift[start], state.eMarks[start])
    if found and not silent:
        _add(state, start, len(found[1]), _END.sub("", found[0][len(found[1]) :]))
    return bool(found)


def _add(state: StateBlock, start: int, level: int, text: str) -> None:
    state.line = start + 1
    opening = state.push("heading_open", f"h{level}", 1)
    opening.markup, opening.info, opening.map = "#" * level, CLOSE, [start, state.line]
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = text, [start, state.line], []
    state.push("heading_close", f"h{level}", -1).markup = "#" * level
