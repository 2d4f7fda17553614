"""Each action asks the policies about the orders that it reaches, or is about the account.

Read off the code: the conformance tests see what a bound user gets of the actions there are, and
this one that a new action cannot have forgotten to ask.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

import certdesk.actions
import certdesk.operator
from certdesk import bootstrap
from certdesk.catalog import Action

PACKAGES = (certdesk.actions, certdesk.operator)
Place = tuple[str, str]
"""A function of the packages, by module and name."""


def modules() -> Iterator[tuple[str, Path]]:
    """Give each module of the packages by its name."""
    for package in PACKAGES:
        (folder,) = package.__path__
        for file in Path(folder).rglob("*.py"):
            parts = file.relative_to(folder).with_suffix("").parts
            yield ".".join((package.__name__, *parts)), file


@functools.cache
def uses() -> dict[Place, set[Place | None]]:
    """Give what each function of the packages uses: others, and None where it asks policies."""
    found: dict[Place, set[Place | None]] = {}
    for module, file in modules():
        body = ast.parse(file.read_text("utf-8")).body
        functions = [node for node in body if isinstance(node, ast.FunctionDef)]
        known = _imported(body) | {node.name: (module, node.name) for node in functions}
        for node in functions:
            found[module, node.name] = set(_used(node, known))
    return found


@functools.cache
def _named() -> set[str]:
    return {name for name, _ in modules()}


def _imported(body: list[ast.stmt]) -> dict[str, Place]:
    """Give the names in a module that are of another one; of a module as a whole it is `*`."""
    names: dict[str, Place] = {}
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                if whole in _named():
                    names[each.asname or each.name] = whole, "*"
                elif node.module in _named():
                    names[each.asname or each.name] = node.module, each.name
    return names


def _used(function: ast.FunctionDef, known: dict[str, Place]) -> list[Place | None]:
    used: list[Place | None] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in known:
            used.append(known[node.id])
        elif isinstance(node, ast.Attribute):
            module = known.get(node.value.id) if isinstance(node.value, ast.Name) else None
            if module is not None and module[1] == "*":
                used.append((module[0], node.attr))
            if node.attr == "grants":
                used.append(None)
    return used


def used_by(action: Action, *, but: Place = ("", "")) -> set[Place | None]:
    """Give all that an action's handler uses, directly or not, but for what one function uses."""
    handler = action.handler
    left: list[Place | None] = [(handler.__module__, handler.__name__)]
    seen: set[Place | None] = set()
    while left:
        place = left.pop()
        if place not in seen and place != but:
            seen.add(place)
            left += uses().get(place, ()) if place else ()
    return seen


@pytest.mark.parametrize(
    "action",
    [each for each in bootstrap.actions() if not each.internal],
    ids=lambda action: action.name,
)
def test_an_action_asks_about_orders_or_is_about_the_account(action: Action) -> None:
    """One that does neither is open to every user that may call it for anything."""
    assert action.account_wide is not (None in used_by(action))


OPENING = {
    ("certdesk.actions.orders.stored_submissions", "private_key_of"),
    ("certdesk.actions.orders.upload", "uploaded_key_of"),
}
SEALED_AGAIN = ("certdesk.actions.orders.material", "_used_again")
"""Where a reissue has the key of its original sealed for it, which nobody gets to see."""


def test_whatever_opens_a_private_key_asks_whether_it_may_be_read() -> None:
    """For the operator too, who has no policies: a download link is followed by such an action."""
    opening = [
        action for action in bootstrap.actions() if used_by(action, but=SEALED_AGAIN) & OPENING
    ]
    assert {action.name for action in opening} >= {"DownloadCertificate", "FetchDownload"}
    for action in opening:
        assert ("certdesk.actions.access", "may_read_key") in used_by(action), action.name
