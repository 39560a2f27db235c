"""Files and functions stay small, say what they are, and are named alike."""

import ast
import re

import pytest

from app.models.base import Base
from tests.architecture.code import ROOT, Function, functions_of, lines_of, python_files, short, tree_of

PRODUCT = ("app", "tools")
PLURAL = re.compile(r"[a-z_]+s|people|evidence")


def _long(limit: int, *folders: str, pattern: str = "*.py") -> list[str]:
    files = sorted(path for folder in folders for path in (ROOT / folder).rglob(pattern))
    assert files, f"no {pattern} under {folders}"
    return [
        f"{short(path)}: {number} lines" for path in files if (number := len(path.read_text().splitlines())) > limit
    ]


def test_no_file_of_the_product_is_longer_than_three_hundred_lines():
    assert _long(300, *PRODUCT) == []


def test_no_test_file_is_longer_than_four_hundred_lines():
    assert _long(400, "tests") == []


def test_no_template_is_longer_than_a_hundred_and_twenty_lines():
    assert _long(120, "templates", pattern="*.html") == []


def test_no_function_is_longer_than_fifty_lines():
    long = [
        f"{short(path)}: {function.name}, {lines_of(function)} lines"
        for path in python_files(*PRODUCT)
        for function in functions_of(path)
        if lines_of(function) > 50
    ]

    assert long == []


def _is_view(function: Function) -> bool:
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in function.decorator_list]
    return any(isinstance(mark, ast.Attribute) and ast.unparse(mark.value) == "bp" for mark in marks)


def test_no_view_is_longer_than_a_screen():
    views = [(path, f) for path in python_files("app/blueprints") for f in functions_of(path) if _is_view(f)]
    assert len(views) > 50

    assert [f"{short(path)}: {view.name}" for path, view in views if lines_of(view) > 25] == []


def test_every_file_says_what_it_is():
    silent = [
        short(path)
        for path in python_files("app", "tests")
        if path.read_text().strip()
        and not ast.get_docstring(tree_of(path))
        # The classes of tables and forms say it one by one.
        and "app/models" not in short(path)
        and path.name != "forms.py"
    ]

    assert silent == []


def test_every_public_function_and_class_says_what_it_does_in_a_sentence():
    silent = [
        f"{short(path)}: {node.name}"
        for path in python_files("app")
        if path.name != "forms.py"
        for node in ast.walk(tree_of(path))
        if isinstance(node, Function | ast.ClassDef)
        and not node.name.startswith("_")
        and not _is_nested(path_tree=tree_of(path), node=node)
        and not (ast.get_docstring(node) or "").strip().endswith((".", "`.", ".”"))
    ]

    assert silent == []


def _is_nested(*, path_tree: ast.Module, node: ast.AST) -> bool:
    return any(
        node is inner
        for function in ast.walk(path_tree)
        if isinstance(function, Function) and function is not node
        for inner in ast.walk(function)
    )


def test_tables_are_named_in_the_plural_and_classes_in_the_singular():
    tables = {mapper.class_.__name__: mapper.local_table.name for mapper in Base.registry.mappers}

    assert [name for name in tables.values() if not PLURAL.fullmatch(name)] == []
    assert [name for name in tables if name.endswith("s")] == []


def test_moments_end_in_at_and_dates_in_on():
    columns = [
        (table.name, column.name, str(column.type)) for table in Base.metadata.sorted_tables for column in table.columns
    ]

    moments = [f"{table}.{name}" for table, name, kind in columns if kind == "DATETIME" and not name.endswith("_at")]
    dates = [f"{table}.{name}" for table, name, kind in columns if kind == "DATE" and not name.endswith("_on")]
    # Since when something holds is a moment, too.
    assert [name for name in moments if not name.endswith("since")] == []
    assert dates == []


def test_every_constraint_has_a_name():
    nameless = [
        str(constraint)
        for table in Base.metadata.sorted_tables
        for constraint in table.constraints
        if not constraint.name
    ]

    assert nameless == []


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "HACK"])
def test_nothing_is_left_for_later(word: str):
    left = [
        f"{short(path)}, line {number}"
        for path in python_files("app", "tools", "migrations")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if re.search(rf"#.*\b{word}\b", line)
    ]

    assert left == []


def test_nothing_is_caught_that_nobody_foresaw():
    broad = [
        f"{short(path)}, line {node.lineno}"
        for path in python_files("app")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception")
    ]

    assert broad == []


def test_nothing_is_imported_inside_a_function():
    inside = [
        f"{short(path)}: {function.name}"
        for path in python_files("app")
        for function in functions_of(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert inside == []


def test_a_silenced_check_says_why():
    mark = re.compile(r"# (?:type: ignore|noqa)(?P<code>[:\[][^#]*)?(?P<why>.*)$")
    silent = [
        f"{short(path)}, line {number}"
        for path in python_files("app")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if (found := mark.search(line)) and not re.search(r"\[|:", found["code"] or "")
    ]

    assert silent == []


# These call the one service or the other, never both.
EITHER_OR = {"_act", "_add"}


def test_no_form_stands_for_two_acts():
    """One key is one act: the second service would find the key used, after the first has done its work."""
    twice = [
        f"{short(path)}: {function.name}"
        for path in python_files("app/blueprints", "app/web")
        for function in functions_of(path)
        if function.name not in EITHER_OR
        and sum(isinstance(node, ast.Call) and ast.unparse(node) == "origin()" for node in ast.walk(function)) > 1
    ]

    assert twice == []
