"""The lines between two rules at the beginning of a document, as forges and makers of sites use them."""

import re
import tomllib
from dataclasses import dataclass
from importlib import import_module

from app.domain.template_content import OtherKind, OtherLine

SIZE_LIMIT = 5_000
# What the lines before and after it look like, and what is between them.
YAML, TOML = "---", "+++"
ENDS = {YAML: {"---", "..."}, TOML: {"+++"}}
NAMES, DESCRIPTIONS = ("name", "title"), ("about", "description")

_NAME = re.compile(r"\s*[:=]")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What was found there, and how many lines it takes."""

    length: int = 0
    name: str = ""
    description: str = ""
    others: tuple[OtherLine, ...] = ()


def read_front_matter(lines: list[str], kept_in: str) -> FrontMatter:
    """Read the front matter of a document; none when its lines are no pairs of names and values."""
    end = _end(lines)
    between = "\n".join(lines[1:end])
    values = (_of_toml(between) if lines[0].rstrip() == TOML else _of_yaml(between)) if end else None
    if values is None:
        return FrontMatter()
    name_key = next((key for key in NAMES if values.get(key)), "")
    about_key = next((key for key in DESCRIPTIONS if values.get(key)), "")
    used = {name_key, about_key} - {""}
    others = [
        OtherLine(number, OtherKind.FRONT_MATTER, line.strip(), kept_in if _NAME.split(line)[0] in used else "")
        for number, line in enumerate(lines[1:end], start=2)
        if line.strip()
    ]
    name, about = values.get(name_key, ""), values.get(about_key, "")
    return FrontMatter(end + 1, " ".join(name.split()), about.strip(), tuple(others))


def _end(lines: list[str]) -> int:
    ends = ENDS.get(lines[0].rstrip()) if lines else None
    if ends is None:
        return 0
    size = 0
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() in ends:
            return number
        size += len(line)
        if size > SIZE_LIMIT:
            return 0
    return 0


def _of_toml(text: str) -> dict[str, str] | None:
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None
    return {key: value if isinstance(value, str) else "" for key, value in values.items()}


def _of_yaml(text: str) -> dict[str, str] | None:
    """The plain values of the outermost mapping. Composed only: nothing is built of what the text asks for."""
    # Loaded when first used: most processes read no such document.
    yaml = import_module("yaml")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    if not isinstance(node, yaml.MappingNode):
        return None
    return {
        str(key.value): str(value.value) if isinstance(value, yaml.ScalarNode) else ""
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode)
    }
