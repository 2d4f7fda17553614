"""What holds for each action of the API, over the wire, made of the action's declaration."""

from __future__ import annotations

import base64
import concurrent.futures
import contextlib
import dataclasses
import io
import re
import sqlite3
import zipfile
from typing import Any

import pytest

from certdesk.catalog import Action
from tests.conformance.raw import Answer, Call, encode
from tests.conformance.scene import RECIPES, Scene
from tests.conformance.shapes import Member, Shape, declared, public_actions
from tests.running import Client, Keys

each_action = pytest.mark.parametrize("action", public_actions(), ids=lambda action: action.name)
each_writing_action = pytest.mark.parametrize(
    "action",
    [action for action in public_actions() if action.writes],
    ids=lambda action: action.name,
)

ABSENT = object()
"""Leave the member out."""

RIGHT: dict[str, Any] = {"string": "x", "int64": 1, "uint64": 1, "bool": True, "list": []}
"""A value of the type, for a member that is not itself in question."""

NO_INTEGER = ("two", "1.5", "1e3", "0x10", "１", " 1", 1.5, True, [1], {"a": 1})
WRONG: dict[str, tuple[object, ...]] = {
    "string": (5, 1.5, True, ["x"], {"a": "x"}),
    "int64": NO_INTEGER,
    "uint64": (*NO_INTEGER, -1, "-1"),
    "bool": ("yes", "TRUE", 1, 0, ["true"], {"a": True}),
    "list": ("x", 1, True, {"0": "x"}),
    "object": ("x", 1, True, ["x"]),
}
"""Values that are not of the type."""

WILD: dict[str, tuple[object, ...]] = {
    "string": ("0", "-1", "*", " ", "\x01\x7f", "%s{csr}'\";--", "é漢😀", "x" * 300),
    "int64": (0, -1, 2, 99, 2**53),
    "uint64": (0, 2, 99, 2**53),
    "bool": (False, True),
    "list": ([],),
    "object": (),
}
"""Values of the type that hardly anybody means."""

AS_TEXT = {"int64": ((1, "1"),), "uint64": ((1, "1"),), "bool": ((True, "true"), (False, "False"))}
"""A value, and the text that forms and the source page's examples send for it."""


ZIP = base64.b64encode(b"PK\3").decode()
"""How a zip begins in base64."""


def secrets_in(value: object) -> bool:
    """Whether a value holds a private key, a zip with one, or a link to one."""
    if isinstance(value, dict):
        return any(map(secrets_in, value.values()))
    if isinstance(value, list):
        return any(map(secrets_in, value))
    text = str(value)
    zipped = text.startswith(ZIP) and b"PRIVATE KEY" in _unzipped(base64.b64decode(text))
    return "PRIVATE KEY" in text or "/download/" in text or zipped


def _unzipped(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(map(archive.read, archive.namelist()))


@pytest.mark.parametrize(
    "action",
    [action for action in public_actions() if not action.writes],
    ids=lambda action: action.name,
)
def test_a_read_that_shows_a_secret_is_declared_so(action: Action, scene: Scene) -> None:
    """`Confidential` in its reply: on it rests that a captured signature shows none later."""
    parameters = scene.good(action.name)
    if "CertificateId" in declared(action.request):
        parameters |= {"CertificateId": scene.issued}
    response = scene.client.call(action.name, **parameters)
    assert secrets_in(response) <= action.shows_secret


@each_action
def test_an_unknown_parameter_is_refused_by_its_name(action: Action, scene: Scene) -> None:
    """Neither a made-up name nor a known one in other letters is taken."""
    shape = declared(action.request)
    for name in ["$schema", *(path.lower() for path in members(shape, "")), "Response.Error"]:
        answer = ask(scene, action, needed(shape) | {name: "x"})
        assert answer.code == "UnknownParameter"
        assert answer.message == f"The parameter `{name}` is not recognized."


@each_action
def test_an_unknown_member_of_a_structure_is_refused_by_its_path(
    action: Action, scene: Scene
) -> None:
    """Structures are as strict as requests."""
    shape = declared(action.request)
    for path in (path for path, member in shape.items() if member.kind == "object"):
        answer = ask(scene, action, place(shape, path, needed(shape, f"{path}.") | {"Extra": "x"}))
        assert answer.code == "UnknownParameter"
        assert answer.message == f"The parameter `{wire(path)}.Extra` is not recognized."


@each_action
@pytest.mark.parametrize("value", [ABSENT, "", None], ids=["absent", "empty", "null"])
def test_a_missing_required_parameter_is_named(action: Action, value: object, scene: Scene) -> None:
    """Each one on its own, with all others given; empty text and null are as good as nothing."""
    shape = declared(action.request)
    for path in (path for path, member in shape.items() if member.required):
        answer = ask(scene, action, place(shape, path, value))
        assert answer.code == "MissingParameter"
        assert answer.message == f"The request is missing a required parameter `{wire(path)}`."


@each_action
def test_an_empty_request_names_every_required_parameter(action: Action, scene: Scene) -> None:
    """The first in the recorded sentence, the others after it."""
    parameters = members(declared(action.request), "")
    required = [name for name, member in parameters.items() if member.required]
    answer = ask(scene, action, {})
    if not required:
        assert answer.code == "ok"
        return
    assert answer.code == "MissingParameter"
    assert answer.message.startswith(
        f"The request is missing a required parameter `{required[0]}`."
    )
    assert [name for name in required if f"`{name}`" not in answer.message] == []


@each_action
def test_a_value_of_another_type_is_refused_by_its_path(action: Action, scene: Scene) -> None:
    """Every parameter, list member and structure member, with every JSON type it is not."""
    shape = declared(action.request)
    for path, member in shape.items():
        for value in WRONG[member.kind]:
            answer = ask(scene, action, place(shape, path, value))
            sentence = f"The value type of parameter `{wire(path)}` is not valid. "
            assert (value, answer.code) == (value, "InvalidParameter")
            assert answer.message.startswith(sentence)
            assert "input type should be `" in answer.message


@each_action
def test_a_number_or_a_truth_value_may_be_given_as_text(action: Action, scene: Scene) -> None:
    """The answer is the same as for the value itself, whatever it is."""
    shape = declared(action.request)
    for path, member in shape.items():
        for value, text in AS_TEXT.get(member.kind, ()):
            plain, textual = (ask(scene, action, place(shape, path, it)) for it in (value, text))
            assert plain.code not in ("MissingParameter", "UnknownParameter", "InvalidParameter")
            assert told(textual) == told(plain)


@each_action
def test_a_signature_has_to_be_good(action: Action, scene: Scene) -> None:
    """Another secret, a changed body and a changed signature are refused, and nothing tells why."""
    call = Call(endpoint=scene.desk.endpoint, keys=scene.keys, action=action.name)
    stranger = Keys(scene.keys.uin, scene.keys.secret_id, scene.looker.keys.secret_key)
    changed = call.headers()
    last = changed["Authorization"][-1]
    changed["Authorization"] = changed["Authorization"][:-1] + ("0" if last != "0" else "1")
    for refused in (
        dataclasses.replace(call, keys=stranger),
        dataclasses.replace(call, payload_hash="0" * 64),
        dataclasses.replace(call, extra={"Authorization": changed["Authorization"]}),
    ):
        answer = refused.send()
        assert answer.code == "AuthFailure.SignatureFailure"
        assert answer.message == (
            "The provided credentials could not be validated. "
            "Please check your signature is correct."
        )


@each_action
def test_a_request_has_to_be_signed(action: Action, scene: Scene) -> None:
    """Without an Authorization header it lacks the SecretId."""
    call = Call(endpoint=scene.desk.endpoint, keys=scene.keys, action=action.name)
    answer = dataclasses.replace(call, extra={"Authorization": None}).send()
    assert answer.code == "MissingParameter"
    assert answer.message == "The request is missing a required parameter `SecretId`."


@each_action
def test_an_error_is_one_that_the_action_declares(action: Action, scene: Scene) -> None:
    """Wild values of the right types succeed or are refused with a declared code."""
    shape, good = declared(action.request), scene.good(action.name)
    # A text that nobody can see is refused like a value of another type, where no error fits.
    allowed = {"ok", "InvalidParameter"} | {error.code for error in action.errors}
    for path, member in shape.items():
        top = re.match(r"\w+", path)
        assert top is not None
        for value in WILD[member.kind]:
            changed = good | {top[0]: place(shape, path, value)[top[0]]}
            answer = ask(scene, action, changed)
            assert answer.code in allowed, f"{path} = {value!r}: {answer.message}"


def test_there_is_a_good_request_for_each_action() -> None:
    """An action that writes, or that needs a parameter, has a line in the table of the scene."""
    for action in public_actions():
        if action.writes or needed(declared(action.request)):
            assert action.name in RECIPES


@each_action
def test_a_user_may_do_what_a_policy_allows_and_nothing_else(action: Action, scene: Scene) -> None:
    """One who may look is refused what changes something, in the vendor's words."""
    good = scene.good(action.name)
    answer = ask(scene, action, good, keys=scene.looker.keys)
    if action.name.startswith("Describe"):
        assert answer.code == "ok"
        return
    assert answer.code == "AuthFailure.UnauthorizedOperation"
    assert answer.message == (
        "You are not authorized to perform this operation. Check your CAM policies, and ensure "
        "that you are using the correct access keys. "
        f"[[request id:{answer.response['RequestId']}]you are not authorized to perform operation "
        f"(ssl:{action.name})\nresource (*) has no permission\n]"
    )
    assert audit_rows(scene, answer) == []
    assert ask(scene, action, good).code == "ok"


SHOWS_A_KEY = "DescribeCertificateDetail"


@each_action
def test_a_change_leaves_one_audit_row_and_a_read_none(action: Action, scene: Scene) -> None:
    """The row names the request, the account, the key and the action; a private key counts too."""
    answer = ask(scene, action, scene.good(action.name))
    assert answer.code == "ok"
    row = (scene.keys.uin, scene.keys.secret_id, action.name)
    noted = action.writes or action.name == SHOWS_A_KEY
    assert audit_rows(scene, answer) == ([row] if noted else [])


@each_writing_action
def test_a_refused_change_leaves_no_audit_row(action: Action, scene: Scene) -> None:
    """Nothing was done, so nothing is told of."""
    answer = ask(scene, action, needed(declared(action.request)))
    assert answer.code not in ("ok", "InternalError")
    assert audit_rows(scene, answer) == []


def test_no_change_is_ever_seen_without_its_audit_row(scene: Scene) -> None:
    """In every state of the database that another program reads, both are there or neither."""
    seen = set()
    keys = scene.desk.account()
    client = scene.desk.client(keys)
    with (
        concurrent.futures.ThreadPoolExecutor(2) as threads,
        contextlib.closing(database(scene)) as rows,
    ):
        busy = [threads.submit(change_much, client) for _ in range(2)]
        while not all(work.done() for work in busy):
            counts = rows.execute(CHANGES_AND_AUDIT_ROWS, [keys.uin]).fetchall()
            assert [changes for _, changes, _ in counts] == [audit for *_, audit in counts]
            seen.add(tuple(counts))
        for work in busy:
            work.result()
    assert len(seen) > 1


CHANGES_AND_AUDIT_ROWS = """
SELECT action, changes,
    (SELECT count(*) FROM audit WHERE audit.action = of.action AND uin = ?1) FROM (
    SELECT 'CreateCertificate' AS action, count(*) AS changes FROM orders WHERE uin = ?1
    UNION ALL SELECT 'CertificateInfoSubmit', count(*) FROM submissions WHERE uin = ?1
    UNION ALL SELECT 'CancelCertificateOrder', count(*) FROM orders
        WHERE uin = ?1 AND status = 7
) AS of
"""


def change_much(client: Client) -> None:
    """Buy, submit and cancel, again and again."""
    for _ in range(8):
        order = client.buy()
        client.submit(order)
        client.call("CancelCertificateOrder", CertificateId=order)


def database(scene: Scene) -> sqlite3.Connection:
    """Open the desk's file as another program would, to read alone."""
    path = scene.desk.folder / "certdesk.db"
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)


def audit_rows(scene: Scene, answer: Answer) -> list[tuple[str, str, str]]:
    """Give account, key and action of each audit row that a request left."""
    query = "SELECT uin, actor, action FROM audit WHERE request_id = ?"
    with contextlib.closing(database(scene)) as rows:
        return rows.execute(query, [answer.response["RequestId"]]).fetchall()


def ask(
    scene: Scene, action: Action, parameters: dict[str, object], *, keys: Keys | None = None
) -> Answer:
    """Send parameters, signed with the account's key or another."""
    return Call(
        endpoint=scene.desk.endpoint,
        keys=keys or scene.keys,
        action=action.name,
        body=encode(parameters),
    ).send()


def told(answer: Answer) -> dict[str, Any]:
    """Give what an answer says, without what is new in each."""
    fresh = ("RequestId", "CertificateIds", "DealIds", "DownloadCertificateUrl")
    return {name: value for name, value in answer.response.items() if name not in fresh}


def members(shape: Shape, prefix: str) -> dict[str, Member]:
    """Give the members directly under a prefix such as `Tags[].`."""
    return {
        path.removeprefix(prefix): member
        for path, member in shape.items()
        if path.startswith(prefix) and re.fullmatch(r"\w+", path.removeprefix(prefix))
    }


def needed(shape: Shape, prefix: str = "") -> dict[str, object]:
    """Give a right value for each required member under a prefix."""
    found = members(shape, prefix).items()
    return {name: RIGHT[member.kind] for name, member in found if member.required}


def place(shape: Shape, path: str, value: object, prefix: str = "") -> dict[str, object]:
    """Give parameters with `value` at `path`, and else what is required."""
    parts = re.fullmatch(r"(\w+)(\[\])?\.?(.*)", path)
    assert parts is not None
    name, in_list, rest = parts.groups()
    if rest:
        value = place(shape, rest, value, f"{prefix}{name}{in_list or ''}.")
    around = needed(shape, prefix)
    if value is ABSENT:
        around.pop(name, None)
        return around
    return around | {name: [value] if in_list else value}


def wire(path: str) -> str:
    """Write a path as messages do: `Tags.0.TagKey`."""
    return path.replace("[]", ".0")
