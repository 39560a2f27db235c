"""Any document that a template can be made of: which reader it is for, and what that understood."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePath

from app.domain.errors import InvalidInput
from app.domain.template_content import Imported
from app.imports.markdown import read_markdown
from app.imports.text import decode

Reader = Callable[[str, str], Imported]


def _markdown(text: str, name: str) -> Imported:
    return read_markdown(text, name=name)


# By the end of a file's name. A reader takes the text and a name for the template where the text says none.
READERS: Mapping[str, Reader] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _markdown,
}
# What a text without a name is, by its first sign; Markdown otherwise.
FIRST_SIGNS: Mapping[str, str] = {"{": ".json"}


def read_document(data: bytes, file_name: str = "") -> Imported:
    """Understand a document; InvalidInput when it is no text, too large, or of a kind that nobody reads."""
    path = PurePath(file_name)
    if path.suffix and path.suffix.lower() not in READERS:
        raise InvalidInput(file=_unknown(path.suffix))
    text, warnings = decode(data)
    kind = path.suffix.lower() or FIRST_SIGNS.get(text.lstrip()[:1], ".md")
    reader = READERS.get(kind, _markdown)
    found = reader(text, path.stem.replace("_", " ").replace("-", " ").strip().capitalize())
    return replace(found, warnings=(*warnings, *found.warnings))


def _unknown(suffix: str) -> str:
    return f"Nothing here reads files that end in {suffix}. These are read: {', '.join(READERS)}."
