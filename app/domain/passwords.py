"""What a password must be: long, not one of the known ones, and not a name. No composition, no forced change."""

import re
import unicodedata
from collections.abc import Collection, Iterable

from app.domain.errors import InvalidInput

SHORTEST = 15
LONGEST = 1000
# What has to be left of a password when names are taken out of it.
REST = 8
REPEATED = re.compile(r"(.+?)\1+")


def normalised(password: str) -> str:
    """The form that is hashed, so that two keyboards give the same password."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, names: Iterable[str], known: Collection[str]) -> None:
    """Raise InvalidInput with the reason unless this password may be used."""
    text = normalised(password)
    if len(text) < SHORTEST:
        raise InvalidInput(password=f"This is too short: use at least {SHORTEST} characters.")
    if len(text) > LONGEST:
        raise InvalidInput(password=f"Use at most {LONGEST} characters.")
    folded = text.casefold()
    unit = REPEATED.fullmatch(folded)
    if folded in known or (unit and (unit.group(1) in known or len(unit.group(1)) == 1)):
        raise InvalidInput(password="This is one of the most used passwords. Choose another one.")  # noqa: S106
    if _is_mostly_names(folded, names):
        raise InvalidInput(password="This is little more than a name. Choose another one.")  # noqa: S106


def _is_mostly_names(folded: str, names: Iterable[str]) -> bool:
    rest = folded
    known = [name for name in names if name]
    whole = {unicodedata.normalize("NFKC", name).casefold() for name in known}
    for part in sorted({part for name in known for part in _parts(name)} | whole, key=len, reverse=True):
        rest = rest.replace(part, "")
    return rest != folded and len(rest) < REST


def _parts(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return [part for part in re.split(r"[\s@._-]+", folded) if len(part) > 3]
