"""Requests in every form: they mean the same, are refused alike, and have their own sizes.

What official clients send in them is in test_clients.py.
"""

from __future__ import annotations

import dataclasses
import re

import pytest

from certdesk.catalog import Action
from tests.conformance.forms import (
    FORM,
    OTHER_FORMS,
    by_json,
    by_older_form,
    by_parts,
    by_query,
    by_unsigned_json,
    older,
    unsigned,
)
from tests.conformance.raw import Answer, Call, encode, send
from tests.conformance.scene import Scene
from tests.conformance.shapes import declared, public_actions
from tests.running import Keys

KIB = 1024
RECORDED_FAILURE = (
    "The provided credentials could not be validated. Please check your signature is correct."
)
RECORDED_SIZE = (
    "The provided credentials could not be validated because of exceeding request size limit, "
    "please use new signature method `TC3-HMAC-SHA256`."
)
PURCHASE = {"ProductId": 25, "DomainNum": 1, "TimeSpan": 1}

each_action = pytest.mark.parametrize("action", public_actions(), ids=lambda action: action.name)
each_form = pytest.mark.parametrize("form", OTHER_FORMS)


def call_of(scene: Scene, action: str, keys: Keys | None = None) -> Call:
    """Give a call without parameters."""
    return Call(endpoint=scene.desk.endpoint, keys=keys or scene.keys, action=action)


# --- the same meaning ----------------------------------------------------------------------------


@each_form
@each_action
def test_a_good_request_is_good_in_every_form(form: str, action: Action, scene: Scene) -> None:
    """And what is only looked at looks the same."""
    call = call_of(scene, action.name)
    parameters = scene.good(action.name)
    answer = OTHER_FORMS[form](call, parameters)
    assert answer.code == "ok", answer.message
    if not action.writes:
        assert told(answer) == told(by_json(call, parameters))


@each_form
@each_action
def test_a_bad_request_is_refused_alike_in_every_form(
    form: str, action: Action, scene: Scene
) -> None:
    """An unknown parameter, and each one in a type that it does not have."""
    call = call_of(scene, action.name)
    good = scene.good(action.name)
    bad: list[dict[str, object]] = [good | {"Nothing": "x"}, good | {"Tags": "x"}]
    for name, member in declared(action.request).items():
        if re.fullmatch(r"\w+", name) and member.kind in ("string", "int64", "uint64", "bool"):
            bad.append(good | {name: ["x"]})
    for parameters in bad:
        answer, usual = OTHER_FORMS[form](call, parameters), by_json(call, parameters)
        assert usual.code in ("UnknownParameter", "InvalidParameter")
        assert (answer.code, answer.message) == (usual.code, usual.message)


def told(answer: Answer) -> dict[str, object]:
    """Give what an answer says, without what is new in each."""
    fresh = ("RequestId", "DownloadCertificateUrl")
    return {name: value for name, value in answer.response.items() if name not in fresh}


# --- what is wrong with a form -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("Limit", "Pair 1 is not."),
        ("Limit=1&Limit=1", "It appears more than once."),
        ("Limit=%zz", "not followed by two hexadecimal digits"),
        ("Limit=1&Limit.0=1", "It is a member of something that is a value."),
    ],
)
def test_a_query_that_is_none_is_refused_with_the_reason(
    scene: Scene, query: str, message: str
) -> None:
    """Signed well, so that nothing else is wrong with it."""
    call = dataclasses.replace(
        call_of(scene, "DescribeCompanies"), method="GET", query=query, body=b""
    )
    answer = call.send()
    assert answer.code == "InvalidParameter"
    assert message in answer.message


def test_a_nonce_that_is_no_number_is_refused_in_the_recorded_words(scene: Scene) -> None:
    """The older signature has one."""
    answer = by_older_form(call_of(scene, "DescribeCompanies"), {})
    assert answer.code == "ok"
    form = b"Action=DescribeCompanies&Version=2019-12-05&Timestamp=1&SecretId=x&Signature=x&Nonce=x"
    answer = dataclasses.replace(
        call_of(scene, "DescribeCompanies"),
        content_type=FORM,
        body=form,
        extra={"Authorization": None, "X-TC-Action": None},
    ).send()
    assert (answer.code, answer.message) == ("InvalidParameter", "Parameter `Nonce` type error.")


# --- sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [0, 1])
def test_a_form_with_the_older_signature_has_a_mebibyte(scene: Scene, more: int) -> None:
    """Beyond that the recorded words say which signature to use instead."""
    call = call_of(scene, "DescribeCompanies")
    body = older_of_size(call, 1024 * KIB + more)
    answer = send(call.endpoint, {"Host": call.endpoint, "Content-Type": FORM}, body)
    if more:
        assert answer.code == "AuthFailure.SignatureFailure"
        assert answer.message == RECORDED_SIZE
    else:
        assert answer.code == "UnknownParameter"


def older_of_size(call: Call, size: int) -> bytes:
    """Write a form of so many bytes; how many its signature takes is known when it is written."""
    filler = size - len(older(call, "POST", {"Filler": ""}))
    while True:
        body = older(call, "POST", {"Filler": "x" * filler})
        if len(body) == size:
            return body


def test_a_multipart_body_has_the_size_that_the_action_takes(scene: Scene) -> None:
    """As a JSON body has."""
    answer = by_parts(call_of(scene, "DescribeCompanies"), {"Filler": "x" * 256 * KIB})
    assert answer.code == "RequestSizeLimitExceeded"


def test_a_query_has_the_size_of_a_request_line(scene: Scene) -> None:
    """32 KiB are read, and more is broken HTTP, as at the vendor."""
    call = call_of(scene, "DescribeCompanies")
    assert by_query(call, {"Filler": "x" * (32 * KIB - 10)}).code == "UnknownParameter"
    assert by_query(call, {"Filler": "x" * 32 * KIB}).status == 414


# --- what an account wants to be signed ----------------------------------------------------------


@pytest.fixture(scope="module")
def loose(scene: Scene) -> Keys:
    """An account that takes bodies that are not signed."""
    keys = scene.desk.account()
    switched = scene.desk.certdesk("account", "set", keys.uin, "--unsigned-payload")
    assert (switched["UnsignedPayload"], switched["SignedAction"]) == (True, False)
    return keys


@pytest.fixture(scope="module")
def strict(scene: Scene) -> Keys:
    """An account that wants its actions signed."""
    keys = scene.desk.account()
    scene.desk.certdesk("account", "set", keys.uin, "--signed-action")
    return keys


def test_a_body_is_signed_unless_the_account_says_otherwise(scene: Scene, loose: Keys) -> None:
    """UNSIGNED-PAYLOAD is off at first."""
    answer = by_unsigned_json(call_of(scene, "CreateCertificate"), PURCHASE)
    assert answer.code == "AuthFailure.SignatureFailure"
    assert answer.message.startswith(RECORDED_FAILURE)
    assert "does not allow UNSIGNED-PAYLOAD" in answer.message
    assert by_unsigned_json(call_of(scene, "CreateCertificate", loose), PURCHASE).code == "ok"


def test_only_the_body_is_left_out(scene: Scene, loose: Keys) -> None:
    """With another body the request is still good, with anything else changed it is not."""
    call = unsigned(call_of(scene, "CreateCertificate", loose))
    assert dataclasses.replace(call, body=encode(PURCHASE)).send().code == "ok"
    for changed in (
        dataclasses.replace(call, signed_host="127.0.0.2"),
        dataclasses.replace(call, signed_content_type="application/json; charset=utf-8"),
        dataclasses.replace(call, payload_hash="0" * 64),
        dataclasses.replace(call, extra={}),
    ):
        assert changed.send().code == "AuthFailure.SignatureFailure"


@each_action
def test_a_sensitive_action_always_wants_its_body_signed(
    action: Action, scene: Scene, loose: Keys
) -> None:
    """Whatever the account says."""
    answer = by_unsigned_json(call_of(scene, action.name, loose), {})
    if action.sensitive:
        assert answer.code == "AuthFailure.SignatureFailure"
        assert f"{action.name} does not allow UNSIGNED-PAYLOAD" in answer.message
    else:
        assert answer.code in ("MissingParameter", "ok")


SECRETIVE = re.compile(
    r"PrivateKey|KeyPass(?!wordCustomFlag)|(?<!Key)Password|Phone|IdNumber|IdType|Mail|Email|LastName"
    r"|^Content$|DownloadCertificateUrl|Letter$"
)


@each_action
def test_an_action_with_keys_or_personal_data_is_sensitive(action: Action) -> None:
    """Told by the names of its members and of its reply's."""
    names = [*declared(action.request), *declared(action.reply)]
    assert action.sensitive == any(SECRETIVE.search(name) for name in names)


def test_an_account_may_want_its_actions_signed(scene: Scene, strict: Keys) -> None:
    """The SDKs do not sign them; the documentation's example and the older signature do."""
    call = call_of(scene, "DescribeCompanies", strict)
    answer = call.send()
    assert answer.code == "AuthFailure.SignatureFailure"
    assert answer.message.startswith(RECORDED_FAILURE)
    assert "Sign the header x-tc-action too" in answer.message
    signed = {"x-tc-action": "describecompanies"}
    assert dataclasses.replace(call, signed=signed).send().code == "ok"
    assert by_older_form(call, {}).code == "ok"


def test_a_switch_can_be_taken_back(scene: Scene) -> None:
    """One does not move the other."""
    uin = scene.desk.account().uin
    for option, wanted in (
        ("--unsigned-payload", (True, False)),
        ("--signed-action", (True, True)),
        ("--no-unsigned-payload", (False, True)),
        ("--no-signed-action", (False, False)),
    ):
        switched = scene.desk.certdesk("account", "set", uin, option)
        assert (switched["UnsignedPayload"], switched["SignedAction"]) == wanted
        assert (switched["Enabled"], switched["Verified"]) == (True, True)
