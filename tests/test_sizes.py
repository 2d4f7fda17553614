"""Modules, functions and folders stay small enough to be read at once (CONTRIBUTING.md)."""

from __future__ import annotations

import ast
from pathlib import Path

SRC = Path(__file__).parents[1] / "src" / "certdesk"

MODULE_LINES = 500
FUNCTION_LINES = 40
"""After the docstring."""

MODULES = 30
"""In a folder."""

LISTS = {
    "domain/errors.py": "one class for each error of the API",
    "settings.py": "one declaration for each setting",
}
PARTS = {"bootstrap/desk.py:_put_together": "one line for each part of a desk"}


def modules() -> dict[str, str]:
    """Every module by its path, with its text."""
    return {path.relative_to(SRC).as_posix(): path.read_text() for path in SRC.rglob("*.py")}


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function's body, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_a_module_is_read_in_one_sitting() -> None:
    """All but those that are lists."""
    long = {path for path, text in modules().items() if len(text.splitlines()) > MODULE_LINES}
    assert long == LISTS.keys()


def test_a_function_fits_on_a_screen() -> None:
    """All but the one that lists the parts of a desk."""
    long = {
        f"{path}:{node.name}"
        for path, text in modules().items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and lines_of(node) > FUNCTION_LINES
    }
    assert long == PARTS.keys()


def test_a_folder_is_looked_through_at_once() -> None:
    """Its modules, not those of the folders in it."""
    full = {
        str(folder.relative_to(SRC)): len(list(folder.glob("*.py")))
        for folder in SRC.rglob("*")
        if len([each for each in folder.glob("*.py") if each.stem != "__init__"]) > MODULES
    }
    assert full == {}
