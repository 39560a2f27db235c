"""A template as YAML or JSON: everything that it says, so that reading it again loses nothing."""

import json
from typing import Any

import yaml

from app.domain.template_content import TemplateContent
from app.domain.template_files import ExportNote, Standings
from app.exports.structure import structure_of

ANY_WIDTH = 1_000_000


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the quick one, where it is built
    """Writes texts of several lines as blocks that people can read and change."""


def _text(dumper: Any, text: str) -> Any:
    is_block = "\n" in text and text[0] not in " \t\n" and all(map(_is_tidy, text.split("\n")))
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if is_block else None)


def _is_tidy(line: str) -> bool:
    """Whether a block gives back exactly this line."""
    return line == line.rstrip() and line.replace("\t", " ").isprintable()


_Dumper.add_representer(str, _text)


def write_yaml(content: TemplateContent, standings: Standings | None = None, note: ExportNote | None = None) -> str:
    """The template as YAML; with where its items stand, and what it was taken from, when that is given."""
    data = structure_of(content, standings, note)
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=ANY_WIDTH)


def write_json(content: TemplateContent, standings: Standings | None = None, note: ExportNote | None = None) -> str:
    """The same as JSON."""
    return json.dumps(structure_of(content, standings, note), ensure_ascii=False, indent=2) + "\n"
