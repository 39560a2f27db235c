"""Commands for templates."""

import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import click
from flask.cli import with_appcontext

from app.cli_words import in_words
from app.domain.actors import SYSTEM, Origin
from app.domain.template_content import GROUP_KEY_LIMIT, GroupContent, Imported, OtherLine, slug
from app.imports.documents import read_document
from app.imports.text import SIZE_LIMIT
from app.services.imports import import_content

STDIN = "-"


@click.group("template")
def template() -> None:
    """Templates of checklists."""


@template.command("import")
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Only say what was understood; nothing is changed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
@click.option("--key", default="", help="The key of the new template; made of its name otherwise.")
@click.option("--into", default="", help="The key of a template that there is: the document becomes its draft.")
@click.option("--with-ticks", is_flag=True, help="Remember which boxes were ticked.")
@with_appcontext
@in_words
def import_command(file: str, *, dry_run: bool, as_json: bool, key: str, into: str, with_ticks: bool) -> None:
    """Make a document the draft of a template. FILE is Markdown; - reads what is piped in."""
    name = "" if file == STDIN else PurePath(file).name
    found = read_document(_read(file), name)
    made = ""
    if not dry_run:
        source = name or "standard input"
        made = import_content(
            Origin(SYSTEM),
            found,
            source=source,
            key="" if into else key or slug(found.content.name, GROUP_KEY_LIMIT) or "imported",
            into=into,
            with_ticks=with_ticks,
        )
    if as_json:
        click.echo(json.dumps(_numbers(found) | {"template": made}, ensure_ascii=False))
        return
    for line in _report(found):
        click.echo(line)
    click.echo(
        f"\nIt is the draft of the template {made} now." if made else "\nNothing was changed: this was a dry run."
    )


def _read(file: str) -> bytes:
    """At most one byte more than can be taken: a document that is too large is refused, not loaded."""
    with click.open_file(file, "rb") as stream:
        return bytes(stream.read(SIZE_LIMIT + 1))


def _numbers(found: Imported) -> dict[str, Any]:
    content = found.content
    return {
        "name": content.name,
        "sections": len({group.section for group in content.groups if group.section}),
        "groups": len(content.groups),
        "items": len(content.items),
        "done": len(found.done_keys),
        "other": len(found.other),
        "warnings": list(found.warnings),
        "repeats": [{"text": repeat.text, "keys": list(repeat.keys)} for repeat in found.repeats],
        "left_out": [
            {"line": other.line, "kind": other.kind.value, "text": other.text}
            for other in found.other
            if not other.kept_in
        ],
    }


def _report(found: Imported) -> Iterator[str]:
    """What was understood, in words."""
    numbers = _numbers(found)
    yield found.content.name
    yield (
        f"{_count(numbers['groups'], 'group')} in {_count(numbers['sections'], 'section')}, "
        f"{_count(numbers['items'], 'item')} of which {numbers['done']:,} ticked, "
        f"{_count(numbers['other'], 'other line')}"
    )
    section = ""
    for group in found.content.groups:
        if group.section != section:
            section = group.section
            yield f"\n{section}"
        yield from _tree(group, found.done_keys)
    yield from _rest(found)


def _tree(group: GroupContent, done: frozenset[str]) -> Iterator[str]:
    yield f"\n  {group.title}  ({group.key})"
    for item in group.items:
        more = "  + text below" if item.body else ""
        yield f"    {'  ' * item.depth}[{'x' if item.key in done else ' '}] {item.text}{more}"


def _rest(found: Imported) -> Iterator[str]:
    kept = [other for other in found.other if other.kept_in]
    left_out = [other for other in found.other if not other.kept_in]
    if kept:
        yield "\nNot boxes, kept as text:"
        yield from (
            f"  line {other.line}, {other.kind.value}, in {other.kept_in}: {_cut(other.text)}" for other in kept
        )
    if left_out:
        yield "\nLeft out:"
        yield from (f"  line {other.line}, {other.kind.value}: {_cut(other.text)}" for other in left_out)
    if found.repeats:
        yield "\nThe same text more than once: is it the same fact?"
        yield from (f"  “{_cut(repeat.text)}”: {', '.join(repeat.keys)}" for repeat in found.repeats)
    if found.warnings:
        yield "\nWhat to look at:"
        yield from (f"  {warning}" for warning in found.warnings)


def _place(other: OtherLine) -> str:
    return f"line {other.line}, {other.kind.value}"


def _cut(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:99]}…"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
