"""Which form a request has, and what it says about itself: https://cloud.tencent.com/document/api."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.errors import (
    InvalidAuthorization,
    InvalidParameter,
    InvalidRequest,
    MissingParameter,
    RequestSizeLimitExceeded,
    ServiceError,
    SignatureExpire,
    SignatureFailure,
    UnsupportedProtocol,
)
from certdesk.domain.values.secret import Secret
from certdesk.web.forms import (
    Form,
    Head,
    Tc3Json,
    Tc3Multipart,
    Tc3Query,
    V1Form,
    V1Query,
    form_of,
)
from certdesk.wire.signature import authorize, derive_key
from certdesk.wire.signature_v1 import sign, string_to_sign

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TIMESTAMP = 1795521600
SECRET_KEY = Secret("2KqVxN0dHYcWmXk7rBfL1sTgPzQ9eJuA")
HOST = "127.0.0.1:8080"
FORM = "application/x-www-form-urlencoded"
TC3 = {"host": HOST, "authorization": "TC3-HMAC-SHA256 x", "x-tc-action": "DescribeCompanies"}


def head(method: str, headers: Mapping[str, str], query: bytes = b"") -> Head:
    """Make a head."""
    return Head(method=method, query=query, headers=dict(headers))


Changes = Mapping[str, str | None]


def tc3_headers(changes: Changes = MappingProxyType({})) -> dict[str, str]:
    """Sign a POST of `{}`; a header whose change is None is left out."""
    headers: dict[str, str | None] = {
        name.lower(): value
        for name, value in authorize(
            secret_id="AKIDexample",
            secret_key=SECRET_KEY,
            action="DescribeCompanies",
            payload=b"{}",
            timestamp=TIMESTAMP,
            host=HOST,
        ).items()
    }
    headers |= changes
    return {name: value for name, value in headers.items() if value is not None}


def v1_pairs(method: str, changes: Changes = MappingProxyType({})) -> bytes:
    """Sign parameters with HmacSHA1; one whose change is None is left out."""
    pairs: dict[str, str | None] = {
        "Action": "CreateCertificate",
        "Nonce": "11886",
        "ProductId": "25",
        "SecretId": "AKIDexample",
        "Tags.0.TagKey": "a b",
        "Timestamp": str(TIMESTAMP),
        "Version": "2019-12-05",
    }
    pairs |= changes
    given = {name: value for name, value in pairs.items() if value is not None}
    if "Signature" not in changes:
        given["Signature"] = sign(string_to_sign(method, HOST, given), SECRET_KEY, "HmacSHA1")
    return urlencode(given).encode()


def day_key(date: str, service: str) -> bytes:
    """Derive the key of a day, as a guard does."""
    return derive_key(SECRET_KEY, date, service)


# --- which form ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "headers", "form"),
    [
        ("POST", TC3 | {"content-type": "application/json"}, Tc3Json),
        ("POST", TC3 | {"content-type": "Application/JSON; charset=utf-8"}, Tc3Json),
        ("POST", TC3 | {"content-type": "multipart/form-data; boundary=b"}, Tc3Multipart),
        ("GET", TC3 | {"content-type": FORM}, Tc3Query),
        ("GET", TC3, Tc3Query),
        ("GET", {"host": HOST}, V1Query),
        ("GET", {"host": HOST, "content-type": FORM}, V1Query),
        ("POST", {"host": HOST, "content-type": FORM}, V1Form),
        ("POST", {"host": HOST, "content-type": f"{FORM}; charset=UTF-8"}, V1Form),
        # The client `@tencent-sdk/capi` sends a form and calls it JSON.
        ("POST", {"host": HOST, "content-type": "application/json"}, V1Form),
        # Nothing is said: the answer is that Action is missing.
        ("POST", {"host": HOST}, Tc3Json),
        ("POST", {"host": HOST, "content-type": "text/plain"}, Tc3Json),
        # One of the two headers was forgotten.
        ("POST", {"host": HOST, "content-type": "application/json", "x-tc-action": "A"}, Tc3Json),
        ("GET", {"host": HOST, "authorization": "SKIP"}, Tc3Query),
    ],
)
def test_a_form_is_told_by_its_head(
    method: str, headers: Mapping[str, str], form: type[Form]
) -> None:
    """By the method, the content type, and whether the common parameters are headers."""
    assert type(form_of(head(method, headers))) is form


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "get", "", "X" * 100])
def test_another_method_is_refused(method: str) -> None:
    """There are two."""
    with pytest.raises(UnsupportedProtocol):
        form_of(head(method, TC3))


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        (TC3, b""),
        (TC3 | {"content-type": FORM}, b""),
        (TC3 | {"content-type": "application/octet-stream"}, b""),
        (TC3 | {"content-type": "application/json", "content-encoding": "gzip"}, b""),
        (TC3 | {"content-type": "application/json"}, b"Limit=1"),
        ({"host": HOST, "content-type": FORM}, b"Limit=1"),
    ],
)
def test_what_is_no_form_is_refused(headers: Mapping[str, str], query: bytes) -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidRequest):
        form_of(head("POST", headers, query))


@given(st.dictionaries(st.sampled_from([*TC3, "content-type"]), st.text(max_size=30)))
def test_any_head_has_a_form_or_is_refused(headers: dict[str, str]) -> None:
    """And so has its claim."""
    for method in ("GET", "POST"):
        with contextlib.suppress(ServiceError):
            form_of(head(method, {"host": HOST, **headers}, b"")).claim(b"", NOW)


# --- the newer signature -------------------------------------------------------------------------


def test_a_claim_is_read_from_headers() -> None:
    """Everything but the action's parameters, before the body is there."""
    form = form_of(head("POST", tc3_headers({"x-tc-token": "token"})))
    claim = form.claim(b"", NOW)
    assert (claim.action, claim.version, claim.timestamp) == (
        "DescribeCompanies",
        "2019-12-05",
        TIMESTAMP,
    )
    assert (claim.secret_id, claim.token) == ("AKIDexample", "token")
    assert (claim.action_signed, claim.payload_signed) == (True, True)
    assert not form.body_first
    claim.verify(b"{}", SECRET_KEY, day_key)
    with pytest.raises(SignatureFailure):
        claim.verify(b"{ }", SECRET_KEY, day_key)
    assert claim.parameters(b'{"Limit": 1}') == {"Limit": 1}


@pytest.mark.parametrize("name", ["Action", "Version", "Timestamp"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_header_is_named_like_the_parameter(name: str, value: str | None) -> None:
    """Absent or empty."""
    headers = tc3_headers({f"x-tc-{name.lower()}": value})
    with pytest.raises(MissingParameter) as refusal:
        form_of(head("POST", headers)).claim(b"", NOW)
    assert refusal.value.subject == name


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_authorization_is_a_missing_secret_id(value: str | None) -> None:
    """The header is where the SecretId stands."""
    with pytest.raises(MissingParameter) as refusal:
        form_of(head("POST", tc3_headers({"authorization": value}))).claim(b"", NOW)
    assert refusal.value.subject == "SecretId"


def test_a_request_may_not_skip_its_signature() -> None:
    """The SDKs' `SkipSign`."""
    with pytest.raises(InvalidAuthorization, match="has to be signed"):
        form_of(head("POST", tc3_headers({"authorization": "SKIP"}))).claim(b"", NOW)


def test_a_signature_has_one_spelling_in_a_claim() -> None:
    """So that a copy of it is known again."""
    headers = tc3_headers()
    start, _, digits = headers["authorization"].rpartition("=")
    spelt = headers | {"authorization": f"{start}={digits.upper()}"}
    claims = [form_of(head("POST", sent)).claim(b"", NOW) for sent in (headers, spelt)]
    assert claims[0].signature == claims[1].signature == digits
    assert digits not in repr(claims[0])


def test_a_query_and_parts_are_read_with_the_newer_signature() -> None:
    """The same parameters in each of the forms."""
    query = form_of(head("GET", tc3_headers(), b"Limit=1&Tags.0.TagKey=a+b"))
    assert query.claim(b"", NOW).parameters(b"") == {"Limit": "1", "Tags": [{"TagKey": "a b"}]}
    headers = tc3_headers({"content-type": "multipart/form-data; boundary=b"})
    body = b'--b\r\nContent-Disposition: form-data; name="Limit"\r\n\r\n1\r\n--b--\r\n'
    assert form_of(head("POST", headers)).claim(b"", NOW).parameters(body) == {"Limit": "1"}


def test_a_body_that_is_not_json_is_refused_by_its_rule() -> None:
    """The detail says which one."""
    claim = form_of(head("POST", tc3_headers())).claim(b"", NOW)
    with pytest.raises(InvalidParameter, match="must be JSON"):
        claim.parameters(b"<xml/>")


# --- the older signature -------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_claim_is_read_from_pairs(method: str) -> None:
    """Common parameters are set apart from the action's own."""
    pairs = v1_pairs(
        method, dict.fromkeys(("Region", "Language", "RequestClient", "Token"), "token")
    )
    headers = {"host": HOST, "content-type": FORM}
    form = form_of(head(method, headers, pairs if method == "GET" else b""))
    body = pairs if method == "POST" else b""
    claim = form.claim(body, NOW)
    assert (claim.action, claim.version, claim.timestamp) == (
        "CreateCertificate",
        "2019-12-05",
        TIMESTAMP,
    )
    assert (claim.secret_id, claim.token) == ("AKIDexample", "token")
    assert (claim.action_signed, claim.payload_signed) == (True, True)
    assert form.body_first == (method == "POST")
    claim.verify(body, SECRET_KEY, day_key)
    with pytest.raises(SignatureFailure):
        claim.verify(body, Secret("another"), day_key)
    assert claim.parameters(body) == {"ProductId": "25", "Tags": [{"TagKey": "a b"}]}
    assert claim.signature not in repr(claim)


@pytest.mark.parametrize(
    "name", ["Action", "Version", "Timestamp", "SecretId", "Signature", "Nonce"]
)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_common_parameter_is_named(name: str, value: str | None) -> None:
    """Absent or empty."""
    form = form_of(head("POST", {"host": HOST, "content-type": FORM}))
    with pytest.raises(MissingParameter) as refusal:
        form.claim(v1_pairs("POST", {name: value}), NOW)
    assert refusal.value.subject == name


@pytest.mark.parametrize("nonce", ["-1", "1.5", "x", " 1", "１"])
def test_a_nonce_is_a_number(nonce: str) -> None:
    """The vendor says so of its type."""
    form = form_of(head("GET", {"host": HOST}, v1_pairs("GET", {"Nonce": nonce})))
    with pytest.raises(InvalidParameter, match="Nonce"):
        form.claim(b"", NOW)


def test_a_timestamp_in_pairs_is_compared_with_the_clock() -> None:
    """As the one in a header is."""
    form = form_of(
        head("GET", {"host": HOST}, v1_pairs("GET", {"Timestamp": str(TIMESTAMP - 301)}))
    )
    with pytest.raises(SignatureExpire):
        form.claim(b"", NOW)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"Action":"DescribeCompanies"}'])
def test_json_without_headers_is_told_what_is_missing(body: bytes) -> None:
    """Nobody means a form by it."""
    form = form_of(head("POST", {"host": HOST, "content-type": "application/json"}))
    with pytest.raises(MissingParameter) as refusal:
        form.claim(body, NOW)
    assert refusal.value.subject == "Action"


@given(st.binary(max_size=200))
def test_any_body_is_a_claim_or_refused(body: bytes) -> None:
    """Before anybody signed it."""
    form = form_of(head("POST", {"host": HOST, "content-type": FORM}))
    with pytest.raises(ServiceError):
        form.claim(body, NOW)


# --- sizes ---------------------------------------------------------------------------------------


def test_each_form_has_its_size() -> None:
    """None for a GET, a mebibyte for a form, else what the action takes or 256 KiB."""
    json = form_of(head("POST", TC3 | {"content-type": "application/json"}))
    get = form_of(head("GET", TC3))
    older_get = form_of(head("GET", {"host": HOST}))
    form = form_of(head("POST", {"host": HOST, "content-type": FORM}))
    assert [one.limit(None) for one in (json, get, older_get, form)] == [2**18, 0, 0, 2**20]
    assert isinstance(json.too_large(2**18), RequestSizeLimitExceeded)
    assert isinstance(get.too_large(0), InvalidRequest)
    assert isinstance(older_get.too_large(0), InvalidRequest)
    assert isinstance(form.too_large(2**20), SignatureFailure)
