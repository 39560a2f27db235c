"""What the documents say can be compared with the code: settings, policy, history, links, commands."""

import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import gettempdir
from typing import Any, get_args

import pytest
from annotated_types import Ge, Le
from flask import Flask

from app import create_app
from app.blueprints.audit.routes import HEADER
from app.catalogue.reader import read_catalogue
from app.domain.audit import AuditAction
from app.domain.audit_words import SENTENCES
from app.domain.metric_keys import METRICS
from app.domain.metric_words import DEFINITIONS, DORA
from app.domain.permissions import FOR_EVERYONE, GRANTS, Permission, Role
from app.domain.template_files import Column
from app.exports.table import STANDING_COLUMNS
from app.imports.structure import GROUP, ITEM, TEMPLATE
from config import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("static/*.md")])
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"^ *make(?: [A-Z_]+=\S+)* ([a-z][a-z0-9-]*)", re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# Words that promise or boast, and the places of the machine that a document was written on.
FORBIDDEN = ("TODO", "FIXME", "coming soon", "Coming soon", "Oops", "successfully", f"{ROOT}/", f"{gettempdir()}/")


def text_of(name: str) -> str:
    """A document."""
    return (ROOT / name).read_text(encoding="utf-8")


def rows_of(text: str) -> Iterator[list[str]]:
    """The cells of every line of every table, headings too, rulers left out."""
    for line in text.splitlines():
        if line.startswith("|") and set(line) - set("|- :"):
            yield [cell.strip() for cell in line.strip().strip("|").split("|")]


def table_of(name: str, heading: str) -> dict[str, list[str]]:
    """The rows of the table whose first heading is given, by their first cell, with its backticks taken off."""
    found: dict[str, list[str]] = {}
    is_inside = False
    for line in text_of(name).splitlines():
        if not line.startswith("|"):
            is_inside = False
        elif line.startswith(f"| {heading} |"):
            is_inside = True
        elif is_inside and (cells := next(rows_of(line), None)):
            assert cells[0].strip("`") not in found, f"{name} names {cells[0]} twice"
            found[cells[0].strip("`")] = cells[1:]
    assert found, f"{name} has no table that begins with “{heading}”"
    return found


def code_of(text: str) -> str:
    """What stands in a document as code: blocks and spans."""
    blocks = FENCE.findall(text)
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    return "\n".join([*blocks, *spans])


def anchors_of(text: str) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def words_of_make(pattern: str) -> set[str]:
    """The words that the Makefile knows, by a pattern for their lines."""
    return set(re.findall(pattern, text_of("Makefile"), re.MULTILINE))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The product, for the names of its commands; its database is never opened."""
    return create_app(Settings(COUNTERSIGN_ENV="test", COUNTERSIGN_DATA=tmp_path_factory.mktemp("data")))


def test_every_setting_is_documented_and_nothing_else_is():
    documented = table_of("docs/settings.md", "name")

    assert set(documented) == {field.alias for field in Settings.model_fields.values()}


@pytest.mark.parametrize("field", Settings.model_fields.values(), ids=lambda field: field.alias)
def test_a_setting_is_documented_with_its_default_and_limits(field: Any):
    default, limits, meaning = table_of("docs/settings.md", "name")[field.alias]

    assert default == ("unset" if field.default in ("", None) else f"`{field.default}`")
    lowest = [limit.ge for limit in field.metadata if isinstance(limit, Ge)]
    highest = [limit.le for limit in field.metadata if isinstance(limit, Le)]
    if lowest or highest:
        assert limits == f"{lowest[0]} to {highest[0]}"
    choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
    assert [choice for choice in choices if f"`{choice}`" not in limits] == []
    assert len(meaning) > 20


def test_the_documented_policy_is_the_policy_cell_by_cell():
    heading = next(rows_of(text_of("docs/permissions.md")))
    documented = table_of("docs/permissions.md", "permission")
    roles = [Role(re.findall(r"`(\w+)`", cell)[0]) for cell in heading[1:]]

    assert roles == list(Role)
    assert [cell.partition(" `")[0] for cell in heading[1:]] == [role.label for role in roles]
    said = {
        (permission, role): cell
        for permission in Permission
        for role, cell in zip(roles, documented[permission], strict=True)
    }
    granted = {pair: "yes" if _is_granted(*pair) else "" for pair in said}
    assert said == granted
    assert set(documented) == {permission.value for permission in Permission}


def _is_granted(permission: Permission, role: Role) -> bool:
    return permission in GRANTS[role] or permission in FOR_EVERYONE


def test_every_permission_is_explained():
    text = text_of("docs/permissions.md").partition("## What they mean")[2]

    assert [permission for permission in Permission if f"| `{permission.value}` |" not in text] == []


def test_every_action_is_documented_with_its_sentence():
    documented = {action: cells[0] for action, cells in table_of("docs/audit.md", "action").items()}

    assert documented == {action.value: SENTENCES[action] for action in AuditAction}


def test_the_columns_of_the_export_are_documented_in_their_order():
    assert list(table_of("docs/audit.md", "column")) == list(HEADER)


def test_every_metric_is_documented_with_its_definition_and_what_dora_says():
    rows = [cells for cells in rows_of(text_of("docs/metrics.md")) if cells[0] != "metric"]

    documented = {cells[0].strip("`"): cells[1:] for cells in rows}
    assert len(documented) == len(rows)
    assert documented == {key: [kind.title, DEFINITIONS[key], DORA.get(key, "")] for key, kind in METRICS.items()}


def test_the_catalogue_is_documented_with_its_numbers():
    documented = table_of("docs/catalogue.md", "belongs to")
    groups = read_catalogue().groups

    counted = {
        kind: [
            str(sum(len(group.items) for group in groups if group.belongs_to == kind)),
            str(sum(group.belongs_to == kind for group in groups)),
        ]
        for kind in {group.belongs_to.value for group in groups}
    }
    assert {kind: cells[:2] for kind, cells in documented.items()} == counted


def test_the_keys_of_the_help_are_documented():
    shown = set(re.findall(r"\('(\S)', '", text_of("templates/macros/page.html")))

    assert shown
    assert shown - set(table_of("docs/keyboard.md", "key")) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_picture_of_a_document_is_there(document: Path):
    broken = []
    for link in LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (anchor and anchor not in anchors_of(target.read_text(encoding="utf-8"))):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_only_commands_that_there_are(document: Path, app: Flask):
    code = code_of(document.read_text(encoding="utf-8"))
    flask_commands = set(app.cli.commands) | {point.name for point in entry_points(group="flask.commands")}

    unknown_words = set(MAKE.findall(code)) - words_of_make(r"^([a-z][a-z0-9-]*):")
    unknown_commands = set(re.findall(r"flask --app wsgi ([a-z][a-z-]*)", code)) - flask_commands
    assert (unknown_words, unknown_commands) == (set(), set())


def test_every_word_of_make_is_documented():
    words = words_of_make(r"^([a-z][a-z0-9-]*):.*## ")

    assert words
    assert words - set(MAKE.findall(code_of(text_of("CONTRIBUTING.md")))) == set()


def test_every_own_command_is_documented_somewhere(app: Flask):
    said = "\n".join(text_of(str(path.relative_to(ROOT))) for path in DOCUMENTS)
    own = {name for name, command in app.cli.commands.items() if command.callback.__module__ == "app.cli"}

    # The two that `make run` and `make demo` call are said by those words.
    assert {name for name in own - {"load-catalogue", "load-demo"} if not re.search(rf"\b{name}\b", said)} == set()


def test_the_files_and_functions_that_the_architecture_names_are_there():
    missing = []
    for name in re.findall(
        r"`((?:app|docs|tests|templates|static|tools|migrations)/[^`\s<]*)`", text_of("ARCHITECTURE.md")
    ):
        path, _, symbol = name.partition("::")
        file = ROOT / path
        is_there = file.exists() and (
            not symbol or re.search(rf"^(?:def|class) {symbol}\b", file.read_text(), re.MULTILINE)
        )
        if not is_there:
            missing.append(name)

    assert missing == []


def test_the_readme_says_the_two_commands_and_what_a_bare_machine_lacks():
    blocks = [block.splitlines()[1:-1] for block in FENCE.findall(text_of("README.md"))]

    assert ["make run"] in blocks
    assert ["make test"] in blocks
    assert ["apt-get install -y git make python3 python3-venv"] in blocks


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md"])
def test_what_is_read_first_is_short(name: str):
    assert len(text_of(name).splitlines()) <= 150


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_carries_no_forbidden_words(document: Path):
    text = document.read_text(encoding="utf-8")

    assert [word for word in FORBIDDEN if word in text] == []


def test_every_decision_is_listed_with_its_title():
    listed = dict(re.findall(r"\| \[\d{4}\]\((\S+)\) \| (.+) \|", text_of("docs/adr/README.md")))
    pages = (ROOT / "docs/adr").glob("[0-9]*.md")

    titles = {
        path.name: re.findall(r"^# \d{4} (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE) for path in pages
    }
    assert titles == {name: [title] for name, title in listed.items()}


def test_the_fields_and_columns_of_files_are_documented():
    guide = "docs/guides/lists.md"
    columns = {name for names in table_of(guide, "column") for name in re.findall(r"\w+", names)}

    assert columns == {column.value for column in Column}
    assert set(table_of(guide, "field of an item")) == ITEM
    assert set(table_of(guide, "field of a group")) == GROUP
    assert set(table_of(guide, "field of the file")) == TEMPLATE
    assert [name for name in STANDING_COLUMNS if f"`{name}`" not in text_of(guide)] == []
