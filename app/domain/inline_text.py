"""The few signs of Markdown that the text of an item is set with: `code`, **bold**, *stress* and links."""

import re

PARTS = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?=\S)(?P<bold>[^*]+(?:\*(?!\*)[^*]*)*)(?<=\S)\*\*"
    r"|(?<![\w*])\*(?=[^\s*])(?P<stress>[^*]+)(?<=\S)\*(?![\w*])"
    r"|(?<!!)\[(?P<label>[^\[\]]{1,300})\]\((?P<address>https?://[^\s()<>\"]{1,1000})(?:\s+\"[^\"]{0,300}\")?\)"
)


def plain_words(text: str) -> str:
    """The text where nothing can be set: without the signs, a link by its words."""
    return PARTS.sub(_bare, text)


def _bare(found: re.Match[str]) -> str:
    return found["code"] or plain_words(found["bold"] or found["stress"] or found["label"])
