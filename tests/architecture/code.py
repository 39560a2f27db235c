"""The source of the product, as the tests of this folder look at it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree_of(path: Path) -> ast.Module:
    """A file as a syntax tree."""
    return ast.parse(path.read_text(), str(path))


def python_files(*folders: str) -> list[Path]:
    """The Python files under some folders of the project."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def functions_of(path: Path) -> Iterator[Function]:
    """Every function of a file, methods and nested ones included."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Function):
            yield node


def attributes_named(folders: tuple[str, ...], owner: str) -> set[str]:
    """Which members of a class, such as `Permission.ITEM_WORK`, are named in some folders."""
    return {
        node.attr
        for path in python_files(*folders)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == owner
    }


def lines_of(node: Function) -> int:
    """How long a function is, from its first line to its last."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def short(path: Path) -> str:
    """A path as a reader of the project names it."""
    return str(path.relative_to(ROOT))
