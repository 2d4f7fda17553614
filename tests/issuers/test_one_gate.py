"""There is one way to the CA's keys for a subscriber's certificate, and the gate stands in it.

Read from the source itself: another way would pass every other test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import certdesk

SOURCE = Path(certdesk.__file__).parent


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """Give the functions of a module, methods among them."""
    tree = ast.parse(path.read_text("utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def calls(function: ast.FunctionDef, name: str) -> list[int]:
    """Give the lines in which a function calls something of that name, on whatever object."""
    return [
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and name in {getattr(node.func, "attr", None), getattr(node.func, "id", None)}
    ]


def callers(name: str, folder: Path = SOURCE) -> set[tuple[str, str]]:
    """Give module and function of all calls of that name."""
    return {
        (str(path.relative_to(SOURCE)), function.name)
        for path in folder.rglob("*.py")
        for function in functions(path)
        if calls(function, name)
    }


def test_authorities_keys_are_opened_for_five_things_alone() -> None:
    """To certify authorities and responders, to sign CRLs and what the gate has let through.

    The fifth is to see whether they open: for health, and when the operator has it looked at.
    """
    assert callers("key", SOURCE / "issuers") == {
        ("issuers/hierarchy.py", "_new"),
        ("issuers/hierarchy.py", "_cross_signed"),
        ("issuers/hierarchy.py", "fault_of"),
        ("issuers/revocation_lists.py", "_signed"),
        ("issuers/responder.py", "_certified"),
        ("issuers/hierarchy.py", "sign"),
    }


def test_what_an_issuer_signs_it_signs_in_six_places() -> None:
    """Authorities, CRLs, responders, their answers, the rehearsal, and the certificate."""
    assert callers("sign", SOURCE / "issuers") == {
        ("issuers/hierarchy.py", "_certified"),
        ("issuers/revocation_lists.py", "_signed"),
        ("issuers/responder.py", "_certified"),
        ("issuers/responder.py", "answer"),
        ("issuers/private_ca.py", "_plan"),
        ("issuers/private_ca.py", "_finish"),
        ("issuers/hierarchy.py", "_signature"),
    }
    assert callers("_signature") == {("issuers/hierarchy.py", "sign")}
    assert callers("_throw_away") == {("issuers/private_ca.py", "_plan")}


def test_a_token_is_made_after_the_gate_in_one_place() -> None:
    """Of what was kept alone; and an authority signs what a token has, and nothing else."""
    assert callers("SigningToken") == {("domain/pki/signing.py", "prepare")}
    assert callers("spend", SOURCE / "issuers") == {("issuers/hierarchy.py", "sign")}
    (preparing,) = [
        function
        for function in functions(SOURCE / "domain" / "pki" / "signing.py")
        if function.name == "prepare"
    ]
    (read,), (gate,), (token,) = (
        calls(preparing, name) for name in ("_read", "check_issuance", "SigningToken")
    )
    assert read < gate < token
    assert not [node for node in ast.walk(preparing) if isinstance(node, ast.Try | ast.If)]


def test_the_sealed_keys_of_authorities_are_read_in_one_module() -> None:
    """Nothing else in the program asks the store for them."""
    readers = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if "unit.authorities" in path.read_text("utf-8")
    }
    assert readers == {"issuers/hierarchy.py"}


def test_a_responder_is_certified_for_answers_alone() -> None:
    """What its authority signs is written in one place, which writes no other certificate."""
    assert callers("responder_builder") == {("issuers/responder.py", "_certified")}
    (signing,) = [
        function
        for function in functions(SOURCE / "issuers" / "responder.py")
        if function.name == "_certified"
    ]
    assert len(calls(signing, "sign")) == len(calls(signing, "key")) == 1
