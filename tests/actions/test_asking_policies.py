"""Each action asks the policies about the orders that it reaches, or is about the account.

Read off the code: the conformance tests see what a bound user gets of the actions there are, and
this one that a new action cannot have forgotten to ask.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

import certdesk.actions
from certdesk import bootstrap
from certdesk.catalog import Action

FOLDER = Path(certdesk.actions.__file__).parent
Place = tuple[str, str]
"""A function of the package, by module and name."""


@functools.cache
def uses() -> dict[Place, set[Place | None]]:
    """Give what each function of the package uses: others, and None where it asks policies."""
    found: dict[Place, set[Place | None]] = {}
    for file in FOLDER.glob("*.py"):
        body = ast.parse(file.read_text("utf-8")).body
        functions = [node for node in body if isinstance(node, ast.FunctionDef)]
        known = _imported(body) | {node.name: (file.stem, node.name) for node in functions}
        for node in functions:
            found[file.stem, node.name] = set(_used(node, known))
    return found


def _imported(body: list[ast.stmt]) -> dict[str, Place]:
    """Give the names in a module that are of another one; of a module as a whole it is `*`."""
    names: dict[str, Place] = {}
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module:
            package, _, module = node.module.rpartition(".")
            for each in node.names:
                if node.module == certdesk.actions.__name__:
                    names[each.asname or each.name] = each.name, "*"
                elif package == certdesk.actions.__name__:
                    names[each.asname or each.name] = module, each.name
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
    left: list[Place | None] = [(handler.__module__.rpartition(".")[2], handler.__name__)]
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


OPENING = {("submissions", "private_key_of"), ("upload", "uploaded_key_of")}
SEALED_AGAIN = ("handing_in", "_used_again")
"""Where a reissue has the key of its original sealed for it, which nobody gets to see."""


def test_whatever_opens_a_private_key_asks_whether_it_may_be_read() -> None:
    """For the operator too, who has no policies: a download link is followed by such an action."""
    opening = [
        action for action in bootstrap.actions() if used_by(action, but=SEALED_AGAIN) & OPENING
    ]
    assert {action.name for action in opening} >= {"DownloadCertificate", "FetchDownload"}
    for action in opening:
        assert ("access", "may_read_key") in used_by(action), action.name
