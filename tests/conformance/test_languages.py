"""The language of messages: the recorded sentence in English or Chinese, the detail in English."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from certdesk.domain.errors import CONCEALED, InvalidParam, MissingParameter, ServiceError
from tests.clients import jobs
from tests.clients.jobs import PYTHON_CLIENTS, Job, Runner
from tests.conformance.forms import FORM, older
from tests.conformance.raw import Call, encode, send
from tests.conformance.scene import Scene

OF_THE_GATEWAY = {
    "AuthFailure.SignatureFailure": "请求签名验证失败，请检查您的签名计算是否正确。",
    "InternalError": "内部服务错误，请稍后重试",
    "RequestLimitExceeded": "您当前每秒请求 `%s` 次，超过了每秒频率上限 `%s`，请稍后重试。",
}
"""Seen in answers to clients of the mainland edition; its error list lacks or shortens them."""

MISSING = "证书不存在。"
SIGNATURE = OF_THE_GATEWAY["AuthFailure.SignatureFailure"]


def listed() -> dict[str, str]:
    """Read the error list of the mainland edition's SDK."""
    file = PYTHON_CLIENTS / "tencentcloud/ssl/v20191205/errorcodes.py"
    found = re.findall(r"# (.+)\n\w+ = '([\w.]+)'", file.read_text(encoding="utf-8"))
    assert len(found) > 100
    return {code: sentence for sentence, code in found}


@pytest.mark.parametrize("code", sorted(ServiceError.known))
def test_each_error_has_its_recorded_sentence(code: str) -> None:
    """And none where none is recorded."""
    assert ServiceError.known[code].chinese == (listed() | OF_THE_GATEWAY).get(code, "")


def test_what_a_sentence_has_no_place_for_is_named_behind_it() -> None:
    """Parameter, rule and value are told in either language."""
    error = MissingParameter("`Csr` is missing too.", subject="CertId")
    assert error.in_language("zh-CN") == "缺少参数错误。 `CertId`. `Csr` is missing too."
    assert MissingParameter(subject="CertId").in_language("zh-CN") == "缺少参数错误。 `CertId`."


def test_what_is_concealed_is_concealed_in_each_language() -> None:
    """A secret in the wrong place is repeated in none."""
    error = InvalidParam("Alias: must not be hunter2.")
    error.conceal("hunter2")
    for language in ("", "zh-CN"):
        message = error.in_language(language)
        assert "hunter2" not in message
        assert CONCEALED in message


# --- official clients ----------------------------------------------------------------------------


def unknown(scene: Scene, sign: str) -> Job:
    """Ask for an order that there is not."""
    return Job(
        endpoint=scene.desk.endpoint,
        secret_id=scene.keys.secret_id,
        secret_key=scene.keys.secret_key,
        sign=sign,
        action="DescribeCertificateDetail",
        parameters={"CertificateId": "nobodys1"},
    )


@pytest.mark.parametrize(
    ("runner", "message"),
    [(jobs.mainland_sdk, MISSING), (jobs.python_sdk, "The certificate does not exist.")],
    ids=["mainland", "international"],
)
def test_the_sdk_of_each_edition_is_answered_in_its_language(
    scene: Scene, runner: Callable[[], Runner], message: str
) -> None:
    """Without being told anything, and with each signature."""
    asked = [unknown(scene, sign) for sign in ("", "HmacSHA1", "HmacSHA256")]
    answers = {(outcome.code, outcome.message) for outcome in runner().run(asked)}
    assert answers == {("FailedOperation.CertificateNotFound", message)}


# --- by hand -------------------------------------------------------------------------------------


@pytest.fixture
def call(scene: Scene) -> Call:
    """A request for an order that there is not."""
    return Call(
        endpoint=scene.desk.endpoint,
        keys=scene.keys,
        action="DescribeCertificateDetail",
        body=encode({"CertificateId": "nobodys1"}),
    )


@pytest.mark.parametrize("language", ["zh-CN", "zh-cn"])
def test_chinese_is_asked_for_by_a_header(call: Call, language: str) -> None:
    """In whatever case."""
    answer = dataclasses.replace(call, extra={"X-TC-Language": language}).send()
    assert answer.message == MISSING


@pytest.mark.parametrize("language", [None, "", "en-US", "fr-FR", "zh", "zh-CN,en-US", "x" * 500])
def test_whatever_else_is_asked_for_is_answered_in_english(
    call: Call, language: str | None
) -> None:
    """There are two languages."""
    answer = dataclasses.replace(call, extra={"X-TC-Language": language}).send()
    assert answer.message == "The certificate does not exist."


def test_the_detail_is_the_same_in_both(call: Call) -> None:
    """It names parameter, rule and value, and has no Chinese yet."""
    wrong = dataclasses.replace(
        call, action="DescribeCertificates", body=encode({"ExpirationSort": "UP"})
    )
    english = wrong.send()
    chinese = dataclasses.replace(wrong, extra={"X-TC-Language": "zh-CN"}).send()
    assert english.message.startswith("Incorrect parameters. ExpirationSort: must be ")
    assert chinese.message == english.message.replace("Incorrect parameters.", "参数有误。")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X-TC-Version": None}, "缺少参数错误。 `Version`."),
        ({"X-TC-Timestamp": "1"}, "The signature is expired, please request again."),
        ({"Authorization": "TC3"}, "The request header `Authorization` is invalid."),
        ({"Content-Type": "application/json; charset=utf-8"}, SIGNATURE),
    ],
)
def test_what_is_refused_early_is_told_in_the_language_too(
    call: Call, changes: dict[str, str | None], message: str
) -> None:
    """As far as a sentence is recorded."""
    answer = dataclasses.replace(call, extra={"X-TC-Language": "zh-CN"} | changes).send()
    assert answer.message.startswith(message)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("spelt", "lacking", "message"),
    [
        ("{}", b"", MISSING),
        ("x{}", b"", SIGNATURE),
        ("{}", b"Nonce", "缺少参数错误。 `Nonce`."),
    ],
    ids=["asked", "wrong signature", "no nonce"],
)
def test_the_older_signatures_ask_by_a_parameter(
    call: Call, method: str, spelt: str, lacking: bytes, message: str
) -> None:
    """In a query or a form, before the signature is checked and after it."""
    parameters = {"CertificateId": "nobodys1", "Language": "zh-CN"}
    pairs = older(call, method, parameters, spelt)
    pairs = b"&".join(pair for pair in pairs.split(b"&") if pair.partition(b"=")[0] != lacking)
    headers = {"Host": call.endpoint, "Content-Type": FORM}
    if method == "GET":
        target = f"/?{pairs.decode()}"
        answer = send(call.endpoint, headers, b"", method="GET", target=target)
    else:
        answer = send(call.endpoint, headers, pairs)
    assert answer.message == message


def test_a_language_that_cannot_be_read_is_refused_in_english(call: Call) -> None:
    """A stranger's form may hold anything."""
    body = older(call, "POST", {}) + b"&" + urlencode({"Language": "x" * 9000}).encode()
    headers = {"Host": call.endpoint, "Content-Type": FORM}
    answer = send(call.endpoint, headers, body)
    assert answer.code == "InvalidParameter"
    assert "longer than 8192 bytes" in answer.message
