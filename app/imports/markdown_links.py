"""Links by reference: a text that leaves its document takes along where its links lead."""

import re
from collections.abc import Mapping
from typing import Any

from markdown_it.common.utils import normalizeReference

References = Mapping[str, Mapping[str, Any]]
# Longer texts are shortened and kept whole below their box, where definitions are added instead.
INLINED = 1_000
_USE = re.compile(r"(?<![\\\]])\[(?P<text>[^\[\]]{1,500})\](?:\[(?P<label>[^\[\]]{0,500})\])?(?![(:\[])")
_CODE = re.compile(r"(`+)(?!`).{1,1000}?(?<!`)\1(?!`)")
_DEFINED = re.compile(r"^[ >]*\[([^\[\]]+)\]:", re.MULTILINE)


def inline_links(text: str, references: References) -> str:
    """A box's text with the addresses themselves in place of references to them."""
    if not references or "[" not in text or len(text) > INLINED:
        return text
    spans = [found.span() for found in _CODE.finditer(text)]

    def put(found: re.Match[str]) -> str:
        target = references.get(_label(found))
        if target is None or any(start <= found.start() < end for start, end in spans):
            return found[0]
        return f"[{found['text']}]({_target(target)})"

    return _USE.sub(put, text)


def with_definitions(body: str, references: References) -> str:
    """A text with the definitions behind it that its links need and it does not have."""
    if not references or "[" not in body:
        return body
    own = {normalizeReference(label) for label in _DEFINED.findall(body)}
    needed: dict[str, str] = {}
    for found in _USE.finditer(body):
        label = _label(found)
        if label in references and label not in own:
            needed.setdefault(label, found["label"] or found["text"])
    lines = [f"[{typed}]: {_target(references[label])}" for label, typed in needed.items()]
    return "\n".join([body, "", *lines]) if lines else body


def _label(found: re.Match[str]) -> str:
    return normalizeReference(found["label"] or found["text"])


def _target(reference: Mapping[str, Any]) -> str:
    address, title = str(reference["href"]), str(reference["title"] or "")
    plain = f"<{address}>" if not address or re.search(r"[()\s]", address) else address
    quoted = title.replace("\\", "\\\\").replace('"', '\\"')
    return f'{plain} "{quoted}"' if title else plain
