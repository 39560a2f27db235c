"""Any document that a template can be made of: which reader it is for, and what that understood."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import PurePath
from typing import Any

from app.domain.errors import InvalidInput
from app.domain.template_content import Imported, TemplateContent
from app.domain.template_files import Column
from app.imports.csv_file import read_csv
from app.imports.csv_table import Table, read_table
from app.imports.csv_words import suggest_mapping
from app.imports.markdown import read_markdown
from app.imports.refusal import NoTextColumn
from app.imports.text import decode

# What a reader takes: the text, a name for the template where the text says none, and the columns that were chosen.
Reader = Callable[[str, str, str], Imported]


def _markdown(text: str, name: str, _mapping: str) -> Imported:
    return read_markdown(text, name=name)


def _table(text: str, name: str, mapping: str) -> Imported:
    table = read_table(text)
    return read_csv(table, mapping_of(table, mapping), name=name)


def _yaml_reader() -> Any:
    """Loaded when first used: most processes read no such file."""
    return import_module("app.imports.yaml_file")


def _yaml(text: str, _name: str, _mapping: str) -> Imported:
    found: Imported = _yaml_reader().read_yaml(text)
    return found


def _json(text: str, _name: str, _mapping: str) -> Imported:
    found: Imported = _yaml_reader().read_json(text)
    return found


# By the end of a file's name.
READERS: Mapping[str, Reader] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _markdown,
    ".csv": _table,
    ".tsv": _table,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".json": _json,
}
# What a text without a name is, by its first sign; Markdown otherwise.
FIRST_SIGNS: Mapping[str, str] = {"{": ".json"}
TABLES = frozenset({".csv", ".tsv"})


def read_document(data: bytes, file_name: str = "", mapping: str = "") -> Imported:
    """Understand a document; InvalidInput when it is no text, too large, or of a kind that nobody reads."""
    path = PurePath(file_name)
    if path.suffix and path.suffix.lower() not in READERS:
        raise InvalidInput(file=_unknown(path.suffix))
    text, warnings = decode(data)
    kind = path.suffix.lower() or FIRST_SIGNS.get(text.lstrip()[:1], ".md")
    name = path.stem.replace("_", " ").replace("-", " ").strip().capitalize()
    found = READERS[kind](text, name, mapping)
    return replace(found, warnings=(*warnings, *found.warnings))


def look_at(data: bytes, file_name: str = "", mapping: str = "") -> Imported:
    """Understand a document as far as it goes: nothing yet of a table with unknown columns, which are asked about."""
    try:
        return read_document(data, file_name, mapping)
    except NoTextColumn as refusal:
        return Imported(TemplateContent(PurePath(file_name).stem), warnings=(refusal.sentence,))


def _unknown(suffix: str) -> str:
    return f"Nothing here reads files that end in {suffix}. These are read: {', '.join(READERS)}."


def table_of(data: bytes) -> Table:
    """The header and the rows of a document that is a table."""
    return read_table(decode(data)[0])


def mapping_of(table: Table, stored: str) -> Mapping[Column, int]:
    """Which column is what: as somebody chose, or as the header suggests."""
    if not stored:
        return suggest_mapping(table.header)
    return {Column(name): number for name, number in json.loads(stored).items() if number < len(table.header)}
