"""The lines between two rules at the beginning of a document, as forges use them for the templates of issues."""

from dataclasses import dataclass
from importlib import import_module

from app.domain.template_content import OtherKind, OtherLine

SIZE_LIMIT = 5_000
NAMES, DESCRIPTIONS = ("name", "title"), ("about", "description")


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
    values = _values("\n".join(lines[1:end])) if end else None
    if values is None:
        return FrontMatter()
    name_key = next((key for key in NAMES if values.get(key)), "")
    about_key = next((key for key in DESCRIPTIONS if values.get(key)), "")
    used = {name_key, about_key} - {""}
    others = [
        OtherLine(number, OtherKind.FRONT_MATTER, line.strip(), kept_in if line.partition(":")[0] in used else "")
        for number, line in enumerate(lines[1:end], start=2)
        if line.strip()
    ]
    name, about = values.get(name_key, ""), values.get(about_key, "")
    return FrontMatter(end + 1, " ".join(name.split()), about.strip(), tuple(others))


def _end(lines: list[str]) -> int:
    if not lines or lines[0].rstrip() != "---":
        return 0
    size = 0
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() in {"---", "..."}:
            return number
        size += len(line)
        if size > SIZE_LIMIT:
            return 0
    return 0


def _values(text: str) -> dict[str, str] | None:
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
