"""The files that a template or a checklist can be taken out as. A format is added to FORMATS, and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from app.domain.errors import NotFound
from app.domain.template_content import TemplateContent
from app.domain.template_files import ExportNote, Standings
from app.exports.losses import lost_beside_states, lost_in_rows

Write = Callable[[TemplateContent, Standings | None, ExportNote], bytes]
Lacks = Callable[[TemplateContent, Standings | None], list[str]]


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A kind of file, what it is good for, and what of something cannot be in it, in sentences."""

    name: str
    title: str
    extension: str
    media_type: str
    holds: str
    write: Write
    lacks: Lacks = lambda _content, _standings: []


def _writers(name: str) -> Any:
    """The writers of a format, loaded when first used: their libraries are large, and most processes write none."""
    return import_module(f"app.exports.{name}")


def _yaml(content: TemplateContent, standings: Standings | None, note: ExportNote) -> bytes:
    text: str = _writers("yaml_file").write_yaml(content, standings, note)
    return text.encode()


def _json(content: TemplateContent, standings: Standings | None, note: ExportNote) -> bytes:
    text: str = _writers("yaml_file").write_json(content, standings, note)
    return text.encode()


def _markdown(content: TemplateContent, standings: Standings | None, _note: ExportNote) -> bytes:
    states = {key: one.state for key, one in (standings or {}).items()}
    text: str = _writers("markdown").write_markdown(content, states=states)[0]
    return text.encode()


def _csv(content: TemplateContent, standings: Standings | None, _note: ExportNote) -> bytes:
    file: bytes = _writers("csv_file").write_csv(content, standings)
    return file


def _xlsx(content: TemplateContent, standings: Standings | None, note: ExportNote) -> bytes:
    file: bytes = _writers("xlsx_file").write_xlsx(content, standings, note)
    return file


def _markdown_lacks(content: TemplateContent, standings: Standings | None) -> list[str]:
    states = {key: one.state for key, one in (standings or {}).items()}
    told: list[str] = _writers("markdown").write_markdown(content, states=states)[1]
    return [*told, *lost_beside_states(standings or {})]


def _rows_lack(content: TemplateContent, _standings: Standings | None) -> list[str]:
    return list(lost_in_rows(content))


FORMATS: dict[str, FileFormat] = {
    one.name: one
    for one in (
        FileFormat(
            "yaml",
            "YAML",
            "yaml",
            "application/yaml",
            "To keep beside the code, to change by hand, to bring in again.",
            _yaml,
        ),
        FileFormat(
            "markdown",
            "Markdown",
            "md",
            "text/markdown",
            "A task list as code hosts show it, with keys in comments; it can be brought in again.",
            _markdown,
            _markdown_lacks,
        ),
        FileFormat("json", "JSON", "json", "application/json", "The same for programs.", _json),
        FileFormat(
            "csv",
            "CSV",
            "csv",
            "text/csv",
            "One row for each item, for spreadsheets and scripts; it can be brought in again.",
            _csv,
            _rows_lack,
        ),
        FileFormat(
            "xlsx",
            "Excel",
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "The same rows as a workbook, ready to filter, with a sheet that says what it is. No cell is computed.",
            _xlsx,
            _rows_lack,
        ),
    )
}


def get_format(name: str) -> FileFormat:
    """A format by its name, or NotFound naming those there are."""
    if name not in FORMATS:
        raise NotFound(f"There is no format “{name[:40]}”. There are: {', '.join(FORMATS)}.")
    return FORMATS[name]
