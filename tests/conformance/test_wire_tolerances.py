"""What official and other clients send and sign, each a little differently, over a live desk.

The differences were captured from the clients that are named. The last part is what no client may
do, and how the answer reads.
"""

from __future__ import annotations

import dataclasses
import json
import time
import uuid
from collections.abc import Callable

import pytest

from tests.conformance.forms import FORM, older
from tests.conformance.raw import Answer, Call, encode, send
from tests.conformance.scene import Scene

RECORDED_FAILURE = (
    "The provided credentials could not be validated. Please check your signature is correct."
)


@pytest.fixture
def call(scene: Scene) -> Call:
    """A request that is answered as it is, to be changed."""
    return Call(endpoint=scene.desk.endpoint, keys=scene.keys, action="DescribeCompanies")


def port_of(call: Call) -> str:
    """Give the port of the desk, with its colon."""
    return call.endpoint[call.endpoint.index(":") :]


# --- the host ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        pytest.param("127.0.0.1{port}", "127.0.0.1{port}", id="Python and Go"),
        pytest.param("127.0.0.1{port}", "127.0.0.1", id="Node, which signs without the port"),
        pytest.param("http://127.0.0.1{port}", "http://127.0.0.1{port}", id="tccli"),
        pytest.param("http://127.0.0.1{port}", "127.0.0.1{port}", id="tccli behind a proxy"),
        pytest.param("https://desk.example.org", "desk.example.org", id="a URL without a port"),
        pytest.param("desk.example.org", "desk.example.org", id="the port of the scheme"),
        pytest.param("Desk.Example.Org:8080", "desk.example.org", id="in other letters"),
    ],
)
def test_the_host_may_be_signed_as_each_client_signs_it(call: Call, sent: str, signed: str) -> None:
    """As it is sent, without its port, or without its scheme."""
    host, signed_host = (text.format(port=port_of(call)) for text in (sent, signed))
    answer = dataclasses.replace(call, host=host, signed_host=signed_host).send()
    assert answer.code == "ok", answer.message


@pytest.mark.parametrize("signed", ["127.0.0.2", "127.0.0.1:1", "ssl.intl.tencentcloudapi.com"])
def test_another_host_is_not_signed_for(call: Call, signed: str) -> None:
    """What was signed for another place is of no use here."""
    answer = dataclasses.replace(call, signed_host=signed).send()
    assert (answer.code, answer.message) == ("AuthFailure.SignatureFailure", RECORDED_FAILURE)


# --- the scope -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "service"),
    [
        pytest.param("", "ssl", id="Python, Go and tccli"),
        pytest.param("", "127", id="Node at an address"),
        pytest.param("desk.example.org:8080", "desk", id="Node, Java and PHP at a name"),
        pytest.param("localhost:8080", "localhost", id="Java and PHP at a name without dots"),
        pytest.param("localhost:8080", "localhost:8080", id="Node at a name without dots"),
    ],
)
def test_the_service_may_be_ssl_or_the_first_label_of_the_host(
    call: Call, host: str, service: str
) -> None:
    """The SDKs take it from the endpoint or know it."""
    answer = dataclasses.replace(call, host=host, service=service).send()
    assert answer.code == "ok", answer.message


@pytest.mark.parametrize("service", ["cvm", "SSL", "desk", "0"])
def test_another_service_is_refused(call: Call, service: str) -> None:
    """A signature made for another service of the vendor is not one for this."""
    answer = dataclasses.replace(call, service=service).send()
    assert answer.code == "AuthFailure.SignatureFailure"
    assert answer.message.startswith(RECORDED_FAILURE)
    assert "`ssl` or the first label of the host" in answer.message


# --- further headers -----------------------------------------------------------------------------


@pytest.mark.parametrize("signed", ["describecompanies", "DescribeCompanies"])
def test_the_action_may_be_signed_too(call: Call, signed: str) -> None:
    """The documentation signs it in lower case, the SDKs do not sign it."""
    answer = dataclasses.replace(call, signed={"x-tc-action": signed}).send()
    assert answer.code == "ok", answer.message


def test_a_signed_action_is_the_one_that_is_done(call: Call) -> None:
    """Where the action is signed, no other may take its place."""
    signed = {"x-tc-action": "describecompanies"}
    answer = dataclasses.replace(call, action="DescribeManagers", signed=signed).send()
    assert answer.code == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_names_of_headers_may_be_in_any_letters(call: Call, spelling: Callable[[str], str]) -> None:
    """Go writes `X-Tc-Action`, others lower case."""
    headers = {spelling(name): value for name, value in call.headers().items()}
    answer = send(call.endpoint, headers, call.body)
    assert answer.code == "ok", answer.message


@pytest.mark.parametrize("body", [b"null", b"null\n", b"{}", b""])
def test_no_parameters_may_be_written_as_null(call: Call, body: bytes) -> None:
    """Ruby's SDK does so for an action that has none."""
    answer = dataclasses.replace(call, body=body).send()
    assert answer.code == "ok", answer.message
    purchase = dataclasses.replace(call, action="CreateCertificate", body=body).send()
    assert purchase.code == "MissingParameter"


@pytest.mark.parametrize("spelt", ["{}\n", "{}\r\n", " {}", "\t{} "])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_older_signature_may_have_white_space_around_it(
    call: Call, method: str, spelt: str
) -> None:
    """Ruby's ends with that of a line of base64."""
    pairs = older(call, method, {"Limit": 1}, spelt)
    if method == "GET":
        answer = send(
            call.endpoint, {"Host": call.endpoint}, b"", method="GET", target=f"/?{pairs.decode()}"
        )
    else:
        headers = {"Host": call.endpoint, "Content-Type": FORM}
        answer = send(call.endpoint, headers, pairs)
    assert answer.code == "ok", answer.message


def test_an_older_signature_has_no_white_space_within_it(call: Call) -> None:
    """That would be another one."""
    headers = {"Host": call.endpoint, "Content-Type": FORM}
    pairs = older(call, "POST", {}, "{0}\n{0}")
    assert send(call.endpoint, headers, pairs).code == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("value", [None, "", "null", "ap-guangzhou", "nowhere"])
@pytest.mark.parametrize("name", ["X-TC-Region", "X-TC-RequestClient"])
def test_headers_without_meaning_here_may_say_anything(
    call: Call, name: str, value: str | None
) -> None:
    """Node sends the region `null`, others an empty region."""
    answer = dataclasses.replace(call, extra={name: value}).send()
    assert answer.code == "ok", answer.message


def test_an_empty_token_is_none(call: Call) -> None:
    """Some clients send the header also without a temporary key."""
    answer = dataclasses.replace(call, extra={"X-TC-Token": ""}).send()
    assert answer.code == "ok", answer.message


@pytest.mark.parametrize("separator", [", ", ",", ",  ", ",\t"])
def test_the_parts_of_the_authorization_may_be_apart_or_not(call: Call, separator: str) -> None:
    """All SDKs write a comma and a blank; a client of one's own may not."""
    authorization = call.headers()["Authorization"].replace(", ", separator)
    answer = dataclasses.replace(call, extra={"Authorization": authorization}).send()
    assert answer.code == "ok", answer.message


# --- path, content type, body --------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/?"])
def test_the_path_may_have_an_empty_query(call: Call, path: str) -> None:
    """The asynchronous Python client posts to `/?`."""
    assert dataclasses.replace(call, path=path).send().code == "ok"


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        ("application/json", "application/json"),
        ("application/json; charset=utf-8", "application/json; charset=utf-8"),
        ("application/json; charset=UTF-8", "application/json; charset=UTF-8"),
        ("application/json; charset=UTF-8", "application/json; charset=utf-8"),
        ("application/json;charset=utf-8", "application/json;charset=utf-8"),
        ("Application/JSON", "application/json"),
    ],
)
def test_the_content_type_may_have_a_charset_and_any_letters(
    call: Call, sent: str, signed: str
) -> None:
    """Java sends a charset; the documentation lower-cases what is signed."""
    answer = dataclasses.replace(call, content_type=sent, signed_content_type=signed).send()
    assert answer.code == "ok", answer.message


def test_other_scripts_may_be_raw_or_escaped(scene: Scene, call: Call) -> None:
    """Go and Node send UTF-8, Python escapes; the very same is kept."""
    tags = [{"TagKey": "部门", "TagValue": "数字证书 é 😀"}]
    parameters = {"ProductId": 25, "DomainNum": 1, "TimeSpan": 1, "Tags": tags}
    for body in (encode(parameters), json.dumps(parameters).encode()):
        bought = dataclasses.replace(call, action="CreateCertificate", body=body).send()
        (order,) = bought.response["CertificateIds"]
        assert scene.client.detail(order)["Tags"] == tags


@pytest.mark.parametrize("body", [b"", b"{}", b" {\n} "])
def test_no_parameters_may_be_no_body_at_all(call: Call, body: bytes) -> None:
    """Go sends `{}`; a client of one's own may send nothing."""
    assert dataclasses.replace(call, body=body).send().code == "ok"


# --- the envelope --------------------------------------------------------------------------------


def ok(call: Call) -> Answer:
    """A success."""
    return call.send()


def refused(call: Call) -> Answer:
    """A refusal by the action."""
    missing = encode({"CertificateId": "nowhere1"})
    return dataclasses.replace(call, action="DescribeCertificateDetail", body=missing).send()


def unsigned(call: Call) -> Answer:
    """A refusal before anything is known."""
    return send(call.endpoint, {"Host": call.endpoint}, b"")


def not_json(call: Call) -> Answer:
    """A refusal of the body."""
    return dataclasses.replace(call, body=b"<xml/>").send()


Ask = Callable[[Call], Answer]
each_answer = pytest.mark.parametrize("ask", [ok, refused, unsigned, not_json])


@each_answer
def test_the_envelope_is_exact(call: Call, ask: Ask) -> None:
    """HTTP 200, a bare content type, compact UTF-8, and one member; errors too.

    With another content type the Python SDK takes errors for successes, without a RequestId it
    breaks, and shell clients look for `"Message":"` without a blank.
    """
    answer = ask(call)
    envelope = json.loads(answer.body)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.body == encode(envelope)
    assert list(envelope) == ["Response"]
    assert str(uuid.UUID(answer.response["RequestId"])) == answer.response["RequestId"]
    if ask is not ok:
        assert answer.response.keys() == {"Error", "RequestId"}
        assert answer.response["Error"].keys() == {"Code", "Message"}
        assert b'"Message":"' in answer.body


def test_each_answer_has_a_request_id_of_its_own(call: Call) -> None:
    """Two equal requests are told apart."""
    ids = {call.send().response["RequestId"] for _ in range(5)}
    assert len(ids) == 5


def test_a_trace_id_comes_back(call: Call) -> None:
    """The Node SDK reads it from the header of the answer, also of an error."""
    trace = str(uuid.uuid4())
    for action in ("DescribeCompanies", "Nothing"):
        traced = dataclasses.replace(call, action=action, extra={"X-TC-TraceId": trace})
        assert traced.send().headers["x-tc-traceid"] == trace
    assert "x-tc-traceid" not in call.send().headers


# --- the clock -----------------------------------------------------------------------------------


def at_skew(call: Call, seconds: int) -> Answer:
    """Send with a clock that differs, and again if the second passed meanwhile."""
    while True:
        now = int(time.time())
        answer = dataclasses.replace(call, timestamp=now + seconds).send()
        if int(time.time()) == now:
            return answer


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_clock_may_differ_by_five_minutes(call: Call, seconds: int) -> None:
    """To the second, either way."""
    answer = at_skew(call, seconds)
    assert answer.code == "ok", answer.message


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-301, "301 seconds behind"),
        (301, "301 seconds ahead of"),
        (-86_400, "86400 seconds behind"),
    ],
)
def test_a_clock_may_not_differ_by_more(call: Call, seconds: int, said: str) -> None:
    """The refusal says by how much."""
    answer = at_skew(call, seconds)
    assert answer.code == "AuthFailure.SignatureExpire"
    assert answer.message.startswith("The signature is expired, please request again.")
    assert said in answer.message


# --- what is refused, in the recorded words ------------------------------------------------------


@pytest.mark.parametrize("name", ["Action", "Version", "Timestamp"])
@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
def test_a_missing_common_parameter_is_named(call: Call, name: str, value: str | None) -> None:
    """Before the signature is looked at."""
    answer = dataclasses.replace(call, extra={f"X-TC-{name}": value}).send()
    assert answer.code == "MissingParameter"
    assert answer.message == f"The request is missing a required parameter `{name}`."


def test_an_unknown_key_is_refused_in_the_recorded_words(call: Call) -> None:
    """The SecretId is not one of this desk's."""
    stranger = dataclasses.replace(call.keys, secret_id="AKID" + "x" * 32)
    answer = dataclasses.replace(call, keys=stranger).send()
    assert answer.code == "AuthFailure.SecretIdNotFound"
    assert answer.message == (
        "The SecretId is not found, please ensure that your SecretId is correct."
    )


@pytest.mark.parametrize("action", ["Nothing", "describecompanies", "AddAccount"])
def test_an_unknown_action_is_refused_in_the_recorded_words(call: Call, action: str) -> None:
    """Names are exact, and the operator's actions are none of the API's."""
    answer = dataclasses.replace(call, action=action).send()
    assert answer.code == "InvalidAction"
    assert answer.message == "The request `Action` is invalid or not found."


def test_another_version_is_refused_in_the_recorded_words(call: Call) -> None:
    """The sentence ends with a blank, as the real one does."""
    answer = dataclasses.replace(call, extra={"X-TC-Version": "2019-07-22"}).send()
    assert answer.code == "NoSuchVersion"
    assert answer.message == (
        "The specified api version=`2019-07-22` does not exist in service=`ssl`. "
    )


@pytest.mark.parametrize(
    ("authorization", "said"),
    [
        ("SKIP", "has to be signed"),
        ("Bearer x", "Credential=<SecretId>/<date>/<service>/tc3_request"),
        ("TC3-HMAC-SHA256", "Credential=<SecretId>/<date>/<service>/tc3_request"),
    ],
)
def test_another_authorization_is_refused_with_how_it_should_read(
    call: Call, authorization: str, said: str
) -> None:
    """Also the SDKs' `SkipSign`."""
    answer = dataclasses.replace(call, extra={"Authorization": authorization}).send()
    assert answer.code == "AuthFailure.InvalidAuthorization"
    assert said in answer.message


# --- other forms of request ----------------------------------------------------------------------


def get(call: Call, query: str = "") -> Call:
    """The same request as a GET."""
    return dataclasses.replace(call, method="GET", query=query, content_type=FORM, body=b"")


@pytest.mark.parametrize("content_type", [FORM, "application/json", "text/plain"])
def test_a_get_may_say_anything_of_the_body_that_it_has_not(call: Call, content_type: str) -> None:
    """Official clients call the query a form."""
    answer = dataclasses.replace(get(call, "Limit=1"), content_type=content_type).send()
    assert answer.code == "ok", answer.message


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_answered_as_an_unsupported_protocol(call: Call, method: str) -> None:
    """Signed well, so that nothing else is wrong with it."""
    answer = dataclasses.replace(get(call, "Limit=1"), method=method).send()
    assert answer.status == 200
    assert answer.code == "UnsupportedProtocol"
    assert "Use POST or GET" in answer.message


NO_FORMS: dict[str, tuple[Callable[[Call], Call], str]] = {
    "octet-stream": (
        lambda call: dataclasses.replace(
            call, content_type="application/octet-stream", body=b"\x00"
        ),
        "Content-Type must be application/json or multipart/form-data",
    ),
    "a form with the newer signature": (
        lambda call: dataclasses.replace(call, content_type=FORM, body=b"Limit=1"),
        "Content-Type must be application/json or multipart/form-data",
    ),
    "no content type": (
        lambda call: dataclasses.replace(call, content_type="", body=b""),
        "Content-Type must be application/json or multipart/form-data",
    ),
    "compressed": (
        lambda call: dataclasses.replace(call, extra={"Content-Encoding": "gzip"}),
        "Content-Encoding must be identity",
    ),
    "a POST with a query": (
        lambda call: dataclasses.replace(call, query="Limit=1"),
        "belong in its body",
    ),
    "a GET with a body": (
        lambda call: dataclasses.replace(get(call), body=b"{}"),
        "belong in its query",
    ),
    "multipart without a boundary": (
        lambda call: dataclasses.replace(call, content_type="multipart/form-data", body=b""),
        "Content-Type should name the boundary",
    ),
    "multipart without its end": (
        lambda call: dataclasses.replace(
            call, content_type="multipart/form-data; boundary=b", body=b"--b\r\n"
        ),
        "should end with the closing boundary",
    ),
}


@pytest.mark.parametrize("form", NO_FORMS)
def test_what_is_no_form_of_request_is_said_to_be_none(call: Call, form: str) -> None:
    """HTTP 200 and a text that says what to send instead."""
    changed, said = NO_FORMS[form]
    answer = changed(call).send()
    assert answer.status == 200
    assert answer.code == "InvalidRequest"
    assert said in answer.message
