"""What a module must be called, and whom one can call about it."""

import re
from enum import StrEnum

KEY = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
# Addresses such as /releases/new/ belong to pages: a thing of this name could never be opened.
RESERVED = frozenset({"new", "current"})
# The starting document's contacts read "[Contact Info]": a bracketed text, or a word that stands for "later".
PLACEHOLDER = re.compile(r"\s*(?:[\[<{(].*[\]>})]|tbd|tba|todo|n/?a|none|xxx+|\?+|-+|contact info)\s*", re.IGNORECASE)


class ContactKind(StrEnum):
    """The four contacts of a module. Values are stored: never rename one."""

    DEVELOPMENT = "development"
    DBA = "dba"
    DEVOPS = "devops"
    ON_CALL = "on_call"

    @property
    def label(self) -> str:
        """The contact in words."""
        return CONTACT_TITLES[self]


CONTACT_TITLES: dict[ContactKind, str] = {
    ContactKind.DEVELOPMENT: "Development team",
    ContactKind.DBA: "Database admin",
    ContactKind.DEVOPS: "DevOps team",
    ContactKind.ON_CALL: "On-call support",
}


def key_rule(example: str) -> str:
    """What to type as a key, in words: a name in any other script has none that could be made of it."""
    return f"Type small letters from a to z, digits, dots and dashes, for example {example}. It need not be the name."


def is_key(text: str) -> bool:
    """Whether a text can be a key: it stands in addresses and never changes."""
    return len(text) <= 60 and KEY.fullmatch(text) is not None


def is_placeholder(text: str) -> bool:
    """Whether a text only stands for something that nobody has filled in."""
    # A telephone number may stand in brackets.
    is_number = sum(character.isdigit() for character in text) > 4
    return not is_number and PLACEHOLDER.fullmatch(text) is not None
