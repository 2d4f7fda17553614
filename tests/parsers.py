"""Which functions of the program parse what comes from outside, found by what they do.

A parser is a public function of `wire/` or `domain/` that takes text, bytes or a value of any kind,
and that scans it: by a pattern, by a library that reads, by cutting it up, or byte by byte. Private
functions and private classes of the same module count as part of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import certdesk

ROOT = Path(str(certdesk.__file__)).parent
LAYERS = ("wire", "domain")

TAKEN = {"str", "bytes", "Secret", "object", "Material", "SignedForm", "SignedRequest"}
"""Types by which what comes from outside is handed to a function."""

READERS = {
    "base64",
    "binascii",
    "cryptography",
    "email_validator",
    "idna",
    "ipaddress",
    "json",
    "msgspec",
    "phonenumbers",
    "publicsuffixlist",
    "re",
    "stdnum",
    "unicodedata",
    "urllib",
    "zlib",
}
"""Packages that read."""

CUTTING = {"decode", "finditer", "fromisoformat", "partition", "split", "splitlines", "translate"}
"""Methods that go through all of a text."""


class Module:
    """One module: what its functions do."""

    def __init__(self, path: Path) -> None:
        """Read it."""
        self.name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        self._tree = ast.parse(path.read_text())
        self._own = {
            node.name: node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.FunctionDef)
            or (isinstance(node, ast.ClassDef) and node.name.startswith("_"))
        }
        self._readers = {
            (alias.asname or alias.name).partition(".")[0]
            for node in ast.walk(self._tree)
            for package, alias in _imported(node)
            if package.partition(".")[0] in READERS
        } | {
            target.id
            for node in self._tree.body
            if isinstance(node, ast.Assign) and _makes_pattern(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def parsers(self) -> Iterator[str]:
        """Give the names of those that parse."""
        for owner, function in _public(self._tree.body, ""):
            if _types(function) & TAKEN and self._scans(function, set()):
                yield f"{self.name}.{owner}{function.name}"

    def _scans(self, function: ast.FunctionDef | ast.ClassDef, seen: set[str]) -> bool:
        seen.add(function.name)
        for node in ast.walk(function):
            if isinstance(node, ast.While) or _cuts(node):
                return True
            if isinstance(node, ast.Name) and node.id in self._readers:
                return True
            called = node.id if isinstance(node, ast.Name) else ""
            inner = self._own.get(called)
            if inner is not None and called not in seen and self._scans(inner, seen):
                return True
        return False


def _imported(node: ast.AST) -> Iterator[tuple[str, ast.alias]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, alias) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from ((node.module or "", alias) for alias in node.names)


def _makes_pattern(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func) in {"re.compile", "_spelt"}


def _cuts(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CUTTING
    )


def _public(body: list[ast.stmt], owner: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public(node.body, f"{owner}{node.name}.")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield owner, node


def _types(function: ast.FunctionDef) -> set[str]:
    arguments = function.args
    annotations = [
        argument.annotation
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        if argument.annotation is not None
    ]
    return {
        node.id
        for annotation in annotations
        for node in ast.walk(annotation)
        if isinstance(node, ast.Name)
    }


def parsers() -> list[str]:
    """Give every parser, as `wire.forms.read_pairs`."""
    modules = (Module(path) for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py")))
    return [name for module in modules for name in module.parsers()]
