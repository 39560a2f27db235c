"""Nothing is changed without being told, and every word of the history is used."""

import ast

from app.domain.audit import AuditAction
from app.domain.audit_words import SENTENCES
from app.domain.permissions import Permission
from tests.architecture.code import attributes_named, functions_of, python_files, short, tree_of

# Writes that are no fact of the product's: reading leaves no history, and neither does counting tries.
UNTOLD = {"touch_session", "note_reading"}
CHANGING = {"add", "add_all", "delete", "insert", "update", "merge"}


def test_every_action_has_a_sentence():
    assert set(SENTENCES) == set(AuditAction)


def test_every_action_is_recorded_by_a_service():
    assert {action.name for action in AuditAction} - attributes_named(("app/services",), "AuditAction") == set()


def test_every_action_is_met_in_a_test():
    told = "\n".join(
        path.read_text()
        for path in python_files("tests/integration", "tests/web", "tests/races")
        if "test_" in path.name
    )

    assert [action.value for action in AuditAction if f'"{action.value}"' not in told] == []


def test_every_permission_is_asked_for_by_a_service_or_a_read():
    everyones = {Permission.PROFILE_MANAGE.name}
    used = attributes_named(("app/services", "app/queries", "app/blueprints"), "Permission")

    assert {permission.name for permission in Permission} - used - everyones == set()


def _is_written_through(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it runs on the write path, or takes part in a change that does."""
    if any(isinstance(mark, ast.Name) and mark.id == "write_path" for mark in function.decorator_list):
        return True
    return any(
        isinstance(argument.annotation, ast.Name) and argument.annotation.id == "Change"
        for argument in function.args.args
    )


def _changes_rows(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in CHANGING - {"add"}:
            return True
        if isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
            owner = ast.unparse(node.func.value)
            if owner.endswith("session"):
                return True
    return False


def test_no_service_changes_a_row_beside_the_write_path():
    """Those of the path itself and the counters of tries may."""
    beside = [
        f"{short(path)}: {function.name}"
        for path in python_files("app/services")
        if path.name not in {"change.py", "tails.py", "write_path.py", "throttle.py"}
        for function in functions_of(path)
        if function.name not in UNTOLD and _changes_rows(function) and not _is_written_through(function)
    ]

    assert beside == []


def test_no_read_and_no_page_changes_a_row():
    changing = [
        f"{short(path)}: {function.name}"
        for path in python_files("app/queries", "app/blueprints", "app/web", "app/exports", "app/domain")
        for function in functions_of(path)
        if _changes_rows(function)
    ]

    assert changing == []


def test_no_service_commits_by_itself():
    """One place commits; anything else would be done and not remembered."""
    committing = [
        f"{short(path)}, line {node.lineno}"
        for path in python_files("app")
        if short(path) != "app/database.py"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]

    assert committing == []


def test_no_event_holds_a_float():
    """A float has no canonical form that every reader agrees on; moments are text, numbers whole."""
    floats = [
        f"{short(path)}, line {node.lineno}"
        for path in python_files("app/services")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record"
        for inner in ast.walk(node)
        if (isinstance(inner, ast.Constant) and isinstance(inner.value, float))
        or (isinstance(inner, ast.Name) and inner.id == "float")
    ]

    assert floats == []
