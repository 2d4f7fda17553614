"""The catalog: what a declaration gives."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import certdesk.actions
import certdesk.operator
from certdesk import bootstrap
from certdesk.catalog import Catalog, Commit
from certdesk.domain.errors import (
    AuthError,
    CertificateNotFound,
    NoRealNameAuth,
    ServiceError,
    ZoneNotFound,
)
from certdesk.engine import Context
from certdesk.wire.model import Reply, Request

FOLDERS = [Path(path) for path in (*certdesk.actions.__path__, *certdesk.operator.__path__)]


class EchoRequest(Request):
    """What to say."""

    text: str


class EchoReply(Reply):
    """What was said."""

    text: str


@pytest.fixture
def declared() -> Catalog:
    """A catalog with one action, `EchoText`."""
    catalog = Catalog()

    @catalog.action(AuthError, writes=True)
    def echo_text(context: Context, request: EchoRequest) -> Commit[EchoReply]:
        """Say it again.

        The second paragraph is for the reference page.
        """
        raise NotImplementedError

    return catalog


# --- declaring ----------------------------------------------------------------------------------


def test_a_declaration_gives_all_that_is_known_of_an_action(declared: Catalog) -> None:
    """Name, types, permission and summary are read off the function."""
    action = declared.find("EchoText")
    assert action is not None
    assert (action.request, action.reply) == (EchoRequest, EchoReply)
    assert (action.permission, action.summary) == ("ssl:EchoText", "Say it again.")
    assert (action.errors, action.writes, action.internal) == ((AuthError,), True, False)


def test_an_action_is_declared_once(declared: Catalog) -> None:
    """A second function of the same name is a slip."""

    def echo_text(context: Context, request: EchoRequest) -> Commit[EchoReply]:
        raise NotImplementedError

    with pytest.raises(TypeError, match="EchoText is declared twice"):
        declared.action()(echo_text)


def test_an_error_of_two_groups_is_declared_once(declared: Catalog) -> None:
    """Groups of errors may have some in common; a reference page names each once."""

    @declared.action(AuthError, NoRealNameAuth, *(AuthError, CertificateNotFound))
    def shout_text(context: Context, request: EchoRequest) -> Commit[EchoReply]:
        raise NotImplementedError

    action = declared.find("ShoutText")
    assert action is not None
    assert action.errors == (AuthError, NoRealNameAuth, CertificateNotFound)


def test_an_operators_action_may_always_tell_that_something_is_not_there() -> None:
    """All that operators name, whatever their actions declare; no other action may without."""
    kinds = {
        error for code, error in ServiceError.known.items() if code.startswith("ResourceNotFound.")
    }
    assert ZoneNotFound in kinds
    for action in bootstrap.actions():
        missing = {CertificateNotFound, *kinds} - set(action.errors)
        assert action.internal == (not missing), action.name


def test_an_internal_action_is_not_found_from_outside(declared: Catalog) -> None:
    """And a public one not among the operator's."""

    @declared.action(internal=True)
    def open_safe(context: Context, request: EchoRequest) -> Commit[EchoReply]:
        raise NotImplementedError

    assert declared.find("OpenSafe") is None
    assert declared.find("OpenSafe", internal=True) is not None
    assert declared.find("EchoText", internal=True) is None


@pytest.mark.parametrize("name", ["echoText", "Echotext", "EchoText ", ""])
def test_a_name_is_found_exactly(declared: Catalog, name: str) -> None:
    """The wire's action names are case-sensitive."""
    assert declared.find(name) is None


def test_the_actions_are_listed_in_the_order_of_their_names(declared: Catalog) -> None:
    """Pages made of the list do not change with the order of imports."""

    @declared.action()
    def add_echo(context: Context, request: EchoRequest) -> Commit[EchoReply]:
        raise NotImplementedError

    assert [action.name for action in declared] == ["AddEcho", "EchoText"]


# --- the real ones ------------------------------------------------------------------------------


def test_every_declared_action_is_in_the_catalog() -> None:
    """As many as the folder's sources declare."""
    found = [
        "".join(word.capitalize() for word in node.name.split("_"))
        for folder in FOLDERS
        for file in folder.rglob("*.py")
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and _is_action(node)
    ]
    assert sorted(found) == [action.name for action in bootstrap.actions()]


def test_what_commands_ask_for_is_an_action_of_the_operator() -> None:
    """What is internal and lies elsewhere is asked by the desk itself, or by its links."""
    internal = [action for action in bootstrap.actions() if action.internal]
    layers = {action.name: action.handler.__module__.split(".")[1] for action in internal}
    elsewhere = {name for name, layer in layers.items() if layer != "operator"}
    assert elsewhere == {"FetchDownload", "SucceedCertificate"}


def test_every_action_says_what_it_does() -> None:
    """The reference page begins with it."""
    assert all(action.summary.endswith(".") for action in bootstrap.actions())


def test_every_refusal_has_a_code_and_a_sentence() -> None:
    """One class a code."""
    assert all(error.code == code and error.text for code, error in ServiceError.known.items())


def _is_action(node: ast.FunctionDef) -> bool:
    return any(
        isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "catalog.action"
        for decorator in node.decorator_list
    )
