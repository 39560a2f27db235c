"""A document becomes the draft of a template from the command line, or is only looked at."""

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from app.database import db
from app.models import DraftGroup, DraftItem, Template, TemplateDraft
from tests.factories import Make

SEED = Path(__file__).resolve().parents[1] / "fixtures" / "migration-maintenance-checklist.md"


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


def _number(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_dry_run_counts_as_json_and_changes_nothing(runner: FlaskCliRunner):
    before = (_number(Template), _number(TemplateDraft))

    result = runner.invoke(args=["template", "import", str(SEED), "--dry-run", "--json"])

    said = json.loads(result.output)
    assert result.exit_code == 0
    assert (said["groups"], said["items"], said["other"], said["done"]) == (41, 242, 56, 0)
    assert (said["sections"], said["name"]) == (11, "Migration Maintenance Checklist")
    assert (len(said["repeats"]), said["left_out"], said["template"]) == (8, [], "")
    assert said["warnings"][0].startswith("27 damaged characters were put right")
    assert (_number(Template), _number(TemplateDraft)) == before


def test_a_dry_run_shows_the_tree_the_rest_and_texts_that_stand_twice(runner: FlaskCliRunner, tmp_path: Path):
    file = tmp_path / "go-live.md"
    file.write_text("# Go live\n\n## Plan\n- [x] Ask\n  - [ ] Ask\n\n    How.\n- [ ]\n", encoding="utf-8")

    output = runner.invoke(args=["template", "import", str(file), "--dry-run"]).output

    assert "1 group in 0 sections, 2 items of which 1 ticked, 2 other lines" in output
    assert "  Plan  (plan)\n    [x] Ask\n      [ ] Ask  + text below\n" in output
    assert "  line 7, paragraph, in ask-2: How." in output
    assert "Left out:\n  line 8, bullet: [ ]" in output
    assert "  “Ask”: ask, ask-2" in output
    assert "Boxes without a text were left out (line 8)." in output


def test_a_document_is_read_from_a_pipe(runner: FlaskCliRunner):
    result = runner.invoke(args=["template", "import", "-", "--dry-run", "--json"], input="- [ ] a\n")

    assert json.loads(result.output)["items"] == 1


def test_an_import_makes_a_template_with_a_draft_and_remembers_it(runner: FlaskCliRunner, make: Make):
    result = runner.invoke(args=["template", "import", str(SEED)])

    assert result.exit_code == 0, result.output
    assert "It is the draft of the template migration-maintenance-checklist now." in result.output
    assert (_number(DraftGroup), _number(DraftItem)) == (41, 242)
    draft = db.session.scalars(select(TemplateDraft)).one()
    assert (draft.name, draft.source) == ("Migration Maintenance Checklist", SEED.name)
    [event] = make.events("template.imported")
    assert (event.actor_id, event.actor_role, event.new_value) == (None, "system", "41 groups, 242 items")


def test_a_second_import_under_one_key_is_refused_and_leaves_nothing(runner: FlaskCliRunner):
    first = runner.invoke(args=["template", "import", "-", "--key", "nightly"], input="- [ ] a\n")
    second = runner.invoke(args=["template", "import", "-", "--key", "nightly"], input="- [ ] b\n")

    assert (first.exit_code, second.exit_code) == (0, 1)
    assert "There is a template “nightly” already." in second.output
    assert db.session.scalars(select(DraftItem.text)).all() == ["a"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.md", None, "cannot be used: No such file or directory."),
        ("picture.md", b"\x89PNG\0\0", "This is no text file"),
        ("large.md", b"x" * 6_000_000, "larger than 5 MB"),
        ("list.docx", b"words", "Nothing here reads files that end in .docx"),
        ("words.md", b"Only words.", "There is no box in this document: nothing was imported."),
    ],
)
def test_what_cannot_be_imported_ends_with_a_sentence_and_1(
    runner: FlaskCliRunner, tmp_path: Path, name: str, content: bytes | None, sentence: str
):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    result = runner.invoke(args=["template", "import", str(tmp_path / name)])

    assert result.exit_code == 1
    assert sentence in result.output
    assert _number(TemplateDraft) == 0
