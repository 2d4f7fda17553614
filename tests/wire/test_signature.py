from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certdesk.domain.errors import (
    InvalidAuthorization,
    InvalidParameter,
    ServiceError,
    SignatureExpire,
    SignatureFailure,
)
from certdesk.domain.values.secret import Secret
from certdesk.wire.signature import (
    Authorization,
    SignedRequest,
    authorize,
    canonical_request,
    check_scope,
    check_time,
    derive_key,
    hash_payload,
    hmac_sha256,
    parse_authorization,
    string_to_sign,
    utc_date,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# The worked example of the vendor's documentation ("Signature v3"), with the keys of its editions.
BODY = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
BODY_HASH = "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
TIMESTAMP = 1551113065
DATE = "2019-02-25"
HEADERS = {
    "content-type": "application/json; charset=utf-8",
    "host": "cvm.tencentcloudapi.com",
    "x-tc-action": "DescribeInstances",
}
EXAMPLE_KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
STARRED_KEY = "Gu5t9xGARNpq86cd98joQYCN3*******"
STARS = "*" * 32
TWO_HEADERS = "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031"
THREE_HEADERS = "7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84"
VECTORS = {
    "two headers, example key": (
        "content-type;host",
        TWO_HEADERS,
        EXAMPLE_KEY,
        "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
    ),
    "two headers, starred key": (
        "content-type;host",
        TWO_HEADERS,
        STARRED_KEY,
        "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c",
    ),
    "three headers, starred key": (
        "content-type;host;x-tc-action",
        THREE_HEADERS,
        STARRED_KEY,
        "be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3",
    ),
    "three headers, stars": (
        "content-type;host;x-tc-action",
        THREE_HEADERS,
        STARS,
        "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
    ),
}
vectors = pytest.mark.parametrize(
    ("names", "canonical_hash", "secret_key", "signature"), VECTORS.values(), ids=VECTORS.keys()
)

SECRET_KEY = Secret("2KqVxN0dHYcWmXk7rBfL1sTgPzQ9eJuA")
GOOD = (
    "TC3-HMAC-SHA256 Credential=AKIDexample/2019-02-25/ssl/tc3_request, "
    "SignedHeaders=content-type;host, Signature=" + "0123456789abcdef" * 4
)


def header(names: str, signature: str, service: str = "cvm") -> str:
    """Write an Authorization header of the worked example."""
    return (
        f"TC3-HMAC-SHA256 Credential=AKIDexample/{DATE}/{service}/tc3_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )


def request_with(headers: dict[str, str], method: str = "POST", query: str = "") -> SignedRequest:
    """Make a request with the worked example's body and time."""
    return SignedRequest(
        method=method, query=query, headers=headers, payload_hash=BODY_HASH, timestamp=TIMESTAMP
    )


def sign_as(
    signed: dict[str, str], method: str = "POST", query: str = "", service: str = "ssl"
) -> tuple[Authorization, bytes]:
    """Sign the worked example's body over exactly these headers; give the key that did it too."""
    key = derive_key(SECRET_KEY, DATE, service)
    canonical = canonical_request(method, query, signed, BODY_HASH)
    signature = hmac_sha256(key, string_to_sign(TIMESTAMP, DATE, service, canonical)).hex()
    return parse_authorization(header(";".join(signed), signature, service)), key


def signed_call(
    payload: bytes = BODY, timestamp: int = TIMESTAMP
) -> tuple[Authorization, SignedRequest, bytes]:
    """Sign a call as the client does, and give what a server makes of it."""
    headers = authorize(
        secret_id="AKIDexample",
        secret_key=SECRET_KEY,
        action="CertificateInfoSubmit",
        payload=payload,
        timestamp=timestamp,
        host="desk.example.com:8443",
    )
    request = SignedRequest(
        method="POST",
        query="",
        headers={name.lower(): value for name, value in headers.items()},
        payload_hash=hashlib.sha256(payload).hexdigest(),
        timestamp=timestamp,
    )
    authorization = parse_authorization(headers["Authorization"])
    return authorization, request, derive_key(SECRET_KEY, authorization.date, "ssl")


# --- the vendor's vectors ----------------------------------------------------------------------


def test_the_body_of_the_worked_example_hashes_as_published() -> None:
    """The payload hash is SHA-256 of the bytes as sent, escapes and all."""
    assert hash_payload(BODY) == BODY_HASH


def test_a_day_key_is_derived_by_way_of_the_published_keys() -> None:
    """Date key, service key and signing key of the documentation's all-stars secret."""
    date_key = "da98fb70dcf6b112dc21038d1eeeb3a95c74b4dcb12c1131f864f6066bd02be0"
    service_key = "8d70cbefb03939f929db64d32dc2ba89b1095620119fe3e050e2b18c5bd2752f"
    signing_key = "b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af"
    assert hmac_sha256(b"TC3" + STARS.encode(), DATE).hex() == date_key
    assert hmac_sha256(bytes.fromhex(date_key), "cvm").hex() == service_key
    assert derive_key(Secret(STARS), DATE, "cvm").hex() == signing_key


@vectors
def test_the_worked_example_is_signed_as_published(
    names: str, canonical_hash: str, secret_key: str, signature: str
) -> None:
    """Canonical request, string to sign and signature are those of the documentation."""
    signed = {name: HEADERS[name] for name in names.split(";")}
    if "x-tc-action" in signed:
        signed["x-tc-action"] = "describeinstances"
    canonical = canonical_request("POST", "", signed, BODY_HASH)
    assert hash_payload(canonical.encode()) == canonical_hash
    text = string_to_sign(TIMESTAMP, DATE, "cvm", canonical)
    assert text.splitlines() == [
        "TC3-HMAC-SHA256",
        "1551113065",
        "2019-02-25/cvm/tc3_request",
        canonical_hash,
    ]
    assert hmac_sha256(derive_key(Secret(secret_key), DATE, "cvm"), text).hex() == signature


@vectors
def test_the_worked_example_is_accepted(
    names: str, canonical_hash: str, secret_key: str, signature: str
) -> None:
    """A server that has the key finds the published signature right."""
    del canonical_hash
    authorization = parse_authorization(header(names, signature))
    check_scope(authorization, TIMESTAMP, HEADERS["host"])
    verify(authorization, request_with(HEADERS), derive_key(Secret(secret_key), DATE, "cvm"))


# --- the grammar of the header -----------------------------------------------------------------


def test_a_header_is_taken_apart() -> None:
    """Every part of the header has its place."""
    assert parse_authorization(GOOD) == Authorization(
        secret_id="AKIDexample",
        date="2019-02-25",
        service="ssl",
        terminator="tc3_request",
        signed_headers=("content-type", "host"),
        signature="0123456789abcdef" * 4,
    )


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace(", ", ","),
        GOOD.replace(", ", ",   "),
        GOOD.replace(", ", ",\t "),
        GOOD.replace("256 C", "256   C"),
        f"  {GOOD}  ",
        GOOD.replace("abcdef", "ABCDEF"),
    ],
)
def test_white_space_and_the_case_of_digits_do_not_matter(text: str) -> None:
    """One signature has one spelling once it is read, so that a copy of it is known again."""
    assert parse_authorization(text) == parse_authorization(GOOD)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "It should read"),
        ("TC3-HMAC-SHA256", "It should read"),
        ("SKIP", "It is `SKIP`"),
        ("Bearer abc", "It should read"),
        ("tc3" + GOOD[3:], "It should read"),
        (GOOD.replace("SHA256", "SHA1"), "It should read"),
        (GOOD.replace("SHA256 ", "SHA256,"), "It should read"),
        (GOOD.replace("Credential", "credential"), "It should read"),
        (GOOD.replace(", Signed", " Signed"), "It should read"),
        (GOOD.replace(", Signature", "; Signature"), "It should read"),
        (GOOD + ", Extra=1", "It should read"),
        (GOOD + "\n", "It should read"),
        (GOOD.replace("AKIDexample", "AKID example"), "It should read"),
        (GOOD.partition(", Signature")[0], "It should read"),
        (GOOD.replace("AKIDexample", ""), "Its Credential"),
        (GOOD.replace("AKIDexample/", ""), "Its Credential"),
        (GOOD.replace("AKIDexample", "AKID/example"), "Its Credential"),
        (GOOD.replace("2019-02-25", "20190225"), "Its Credential"),
        (GOOD.replace("2019-02-25", "２０１９-02-25"), "Its Credential"),
        (GOOD.replace("/tc3_request", ""), "Its Credential"),
        (GOOD.replace("content-type;host", ""), "Its SignedHeaders should be"),
        (GOOD.replace("content-type;host", "Content-Type;Host"), "Its SignedHeaders should be"),
        (GOOD.replace("content-type;host", "host;content-type"), "Its SignedHeaders should be"),
        (GOOD.replace(";host", ";host;host"), "Its SignedHeaders should be"),
        (GOOD.replace(";host", ";;host"), "Its SignedHeaders should be"),
        (GOOD.replace(";host", ";ho:st"), "Its SignedHeaders should be"),
        (GOOD.replace("content-type;host", "content-type"), "Its SignedHeaders should hold"),
        (GOOD.replace("content-type;host", "host"), "Its SignedHeaders should hold"),
        (GOOD[:-1], "Its Signature"),
        (GOOD + "0", "Its Signature"),
        (GOOD[:-1] + "g", "Its Signature"),
    ],
)
def test_a_header_that_breaks_the_grammar_is_refused_with_the_reason(
    text: str, detail: str
) -> None:
    """The client is told which part to mend."""
    with pytest.raises(InvalidAuthorization) as refusal:
        parse_authorization(text)
    assert refusal.value.detail.startswith(detail)


@given(st.integers(0, len(GOOD)), st.integers(0, 3), st.text(max_size=3))
def test_a_damaged_header_is_read_or_refused(place: int, length: int, damage: str) -> None:
    """Nothing but the one refusal comes out of the parser."""
    with contextlib.suppress(InvalidAuthorization):
        parse_authorization(GOOD[:place] + damage + GOOD[place + length :])


def test_the_signature_is_not_printed() -> None:
    """A signature may be used again for a few seconds, so it stays out of logs."""
    assert "0123456789abcdef" not in repr(parse_authorization(GOOD))


# --- the scope ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "host"),
    [
        ("ssl", "anything.example.com"),
        ("ssl", "127.0.0.1:18080"),
        ("ssl", "http://127.0.0.1:18080"),
        ("127", "127.0.0.1:18080"),
        ("127", "http://127.0.0.1:18080"),
        ("desk", "desk.example.com"),
        ("localhost", "localhost:8199"),
        ("localhost:8199", "localhost:8199"),
        ("localhost", "localhost"),
    ],
)
def test_a_scope_may_name_the_service_as_the_official_clients_do(service: str, host: str) -> None:
    """`ssl`, or what is left of the endpoint up to its first dot."""
    check_scope(
        parse_authorization(header("content-type;host", "0" * 64, service)), TIMESTAMP, host
    )


@pytest.mark.parametrize(
    ("scope", "host"),
    [
        ("2019-02-25/cvm/tc3_request", "desk.example.com"),
        ("2019-02-25/SSL/tc3_request", "desk.example.com"),
        ("2019-02-25/example/tc3_request", "desk.example.com"),
        ("2019-02-25//tc3_request", "desk.example.com"),
        ("2019-02-25/http:/tc3_request", "http://desk.example.com"),
        ("2019-02-25/8199/tc3_request", "localhost:8199"),
        ("2019-02-25/ssl/aws4_request", "desk.example.com"),
        ("2019-02-25/ssl/TC3_REQUEST", "desk.example.com"),
        ("2019-02-25/ssl/", "desk.example.com"),
        ("2019-02-24/ssl/tc3_request", "desk.example.com"),
        ("2019-02-26/ssl/tc3_request", "desk.example.com"),
        ("2019-02-30/ssl/tc3_request", "desk.example.com"),
        ("0000-00-00/ssl/tc3_request", "desk.example.com"),
    ],
)
def test_a_signature_for_another_day_or_service_is_refused(scope: str, host: str) -> None:
    """A scope that is well written and wrong is a wrong signature."""
    authorization = parse_authorization(GOOD.replace("2019-02-25/ssl/tc3_request", scope))
    with pytest.raises(SignatureFailure):
        check_scope(authorization, TIMESTAMP, host)


@pytest.mark.parametrize(
    ("timestamp", "date"),
    [
        (0, "1970-01-01"),
        (1551052799, "2019-02-24"),
        (1551052800, "2019-02-25"),
        (1551139199, "2019-02-25"),
        (253402300799, "9999-12-31"),
        (253402300800, ""),
    ],
)
def test_a_day_begins_at_midnight_in_utc(timestamp: int, date: str) -> None:
    """The date of a scope is that of Greenwich, wherever client and server are."""
    assert utc_date(timestamp) == date


@given(st.integers(min_value=0), st.text())
def test_any_time_and_host_may_be_compared_with_a_scope(timestamp: int, host: str) -> None:
    """Absurd values are a wrong scope and nothing worse."""
    authorization = parse_authorization(GOOD.replace("2019", "1969"))
    with pytest.raises(SignatureFailure):
        check_scope(authorization, timestamp, host)


# --- the clock ---------------------------------------------------------------------------------

NOW = datetime.fromtimestamp(TIMESTAMP, UTC)


@pytest.mark.parametrize("skew", [-300, -299, 0, 1, 300])
def test_a_clock_may_be_five_minutes_off(skew: int) -> None:
    """Three hundred seconds are accepted on both sides, also late in the server's second."""
    assert check_time(str(TIMESTAMP + skew), NOW) == TIMESTAMP + skew
    assert check_time(str(TIMESTAMP + skew), NOW + timedelta(seconds=0.9)) == TIMESTAMP + skew


@pytest.mark.parametrize(
    ("timestamp", "detail"),
    [
        (str(TIMESTAMP - 301), "The timestamp is 301 seconds behind the server's clock; "),
        (str(TIMESTAMP + 301), "The timestamp is 301 seconds ahead of the server's clock; "),
        ("0", "The timestamp is 1551113065 seconds behind the server's clock; "),
        (f"{TIMESTAMP}000", "The timestamp should be in seconds."),
        ("9" * 5000, "The timestamp should be in seconds."),
    ],
)
def test_a_clock_that_is_further_off_is_refused(timestamp: str, detail: str) -> None:
    """The client is told how far off it is, and what milliseconds look like from here."""
    with pytest.raises(SignatureExpire) as refusal:
        check_time(timestamp, NOW)
    assert refusal.value.detail.startswith(detail)


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        " ",
        "abc",
        "-1551113065",
        "+1551113065",
        "1551113065.0",
        " 1551113065",
        "1e9",
        "１５５１１１３０６５",
    ],
)
def test_a_timestamp_is_decimal_digits(timestamp: str) -> None:
    """Other ways to write a number are not read."""
    with pytest.raises(InvalidParameter) as refusal:
        check_time(timestamp, NOW)
    assert refusal.value.subject == "Timestamp"


@given(st.text() | st.from_regex(r"\d+", fullmatch=True))
def test_any_text_for_a_timestamp_is_read_or_refused(timestamp: str) -> None:
    """Nothing but refusals comes out, whatever the header holds."""
    with contextlib.suppress(ServiceError):
        check_time(timestamp, NOW)


# --- requests as the official clients send them ------------------------------------------------

SENT_JSON = {"content-type": "application/json", "host": "127.0.0.1:18080"}


@pytest.mark.parametrize(
    ("signed", "sent"),
    [
        (SENT_JSON, {}),
        # Node signs the host without the port that it sends.
        ({**SENT_JSON, "host": "127.0.0.1"}, {}),
        # tccli with an http:// endpoint takes the whole URL for the host.
        ({**SENT_JSON, "host": "http://127.0.0.1:18080"}, {"host": "http://127.0.0.1:18080"}),
        (SENT_JSON, {"host": "http://127.0.0.1:18080"}),
        (SENT_JSON, {"host": "HTTPS://127.0.0.1:18080"}),
        ({**SENT_JSON, "host": "127.0.0.1"}, {"host": "http://127.0.0.1:18080"}),
        # Python's multipart boundary has capitals; the documentation lower-cases every value.
        ({**SENT_JSON, "content-type": "multipart/form-data; boundary=Ab"}, {}),
        (
            {**SENT_JSON, "content-type": "application/json; charset=utf-8"},
            {"content-type": "application/json; charset=UTF-8"},
        ),
        ({**SENT_JSON, "x-tc-action": "DescribeCertificate"}, {}),
        (
            {**SENT_JSON, "x-tc-action": "describecertificate"},
            {"x-tc-action": "DescribeCertificate"},
        ),
        ({**SENT_JSON, "x-tc-language": "en-US", "x-tc-region": "Ab"}, {}),
        (
            {**SENT_JSON, "x-tc-language": "en-us", "x-tc-region": "ab"},
            {"x-tc-language": "en-US", "x-tc-region": "Ab"},
        ),
        ({**SENT_JSON, "x-tc-region": ""}, {}),
        (SENT_JSON, {"content-type": " application/json\t", "host": "\t127.0.0.1:18080 "}),
        # All of them at once.
        (
            {
                "content-type": "application/json; charset=utf-8",
                "host": "127.0.0.1",
                "x-tc-action": "describecertificate",
                "x-tc-region": "ab",
            },
            {
                "content-type": "application/json; charset=UTF-8 ",
                "host": "http://127.0.0.1:18080",
                "x-tc-action": "DescribeCertificate",
                "x-tc-region": "Ab",
            },
        ),
    ],
)
def test_what_an_official_client_signs_is_accepted(
    signed: dict[str, str], sent: dict[str, str]
) -> None:
    """Every known difference between what is signed and what is sent is allowed for."""
    authorization, key = sign_as(signed)
    verify(authorization, request_with({**signed, **sent}), key)


@pytest.mark.parametrize("query", ["Limit=5&CertificateStatus.0=1", "A=b+c", "A=b%20c", "B=1&A=2"])
def test_a_query_is_signed_as_it_was_sent(query: str) -> None:
    """Neither order nor escapes of the query are touched."""
    authorization, key = sign_as(SENT_JSON, "GET", query)
    verify(authorization, request_with(SENT_JSON, method="GET", query=query), key)


@pytest.mark.parametrize("query", ["B=1&A=2", "A.1=x&A.0=y", "Tags.0.TagKey=x&Limit=5"])
def test_a_query_may_be_signed_in_order(query: str) -> None:
    """The client `qcloud-requests-auth` sorts what it signs; no other order is accepted."""
    in_order = "&".join(reversed(query.split("&")))
    authorization, key = sign_as(SENT_JSON, "GET", in_order)
    verify(authorization, request_with(SENT_JSON, method="GET", query=query), key)
    authorization, key = sign_as(SENT_JSON, "GET", query)
    with pytest.raises(SignatureFailure):
        verify(authorization, request_with(SENT_JSON, method="GET", query=in_order), key)


def test_the_service_in_the_scope_is_part_of_the_key() -> None:
    """A Node client's key for service `127` signs for that scope and no other."""
    authorization, key = sign_as(SENT_JSON, service="127")
    check_scope(authorization, TIMESTAMP, SENT_JSON["host"])
    verify(authorization, request_with(SENT_JSON), key)
    with pytest.raises(SignatureFailure):
        verify(dataclasses.replace(authorization, service="ssl"), request_with(SENT_JSON), key)


# --- forgeries ---------------------------------------------------------------------------------


@given(st.binary(), st.integers(0, 2**34))
def test_what_the_client_signs_the_server_accepts(payload: bytes, timestamp: int) -> None:
    """The two ends agree on any body at any time."""
    authorization, request, key = signed_call(payload, timestamp)
    check_scope(authorization, timestamp, request.headers["host"])
    verify(authorization, request, key)


def test_the_client_signs_the_action() -> None:
    """A captured signature cannot be used for another action."""
    authorization, _, _ = signed_call()
    assert authorization.signed_headers == ("content-type", "host", "x-tc-action")


def test_the_client_sends_what_the_server_reads() -> None:
    """All headers come from one place, the signed ones with the values that were signed."""
    headers = authorize(
        secret_id="AKIDexample",
        secret_key=Secret(STARS),
        action="DescribeCertificates",
        payload=b"{}",
        timestamp=TIMESTAMP,
        host="localhost:8080",
    )
    assert headers.pop("Authorization").startswith(
        "TC3-HMAC-SHA256 Credential=AKIDexample/2019-02-25/ssl/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, Signature="
    )
    assert headers == {
        "Content-Type": "application/json",
        "Host": "localhost:8080",
        "X-TC-Action": "DescribeCertificates",
        "X-TC-Timestamp": "1551113065",
        "X-TC-Version": "2019-12-05",
    }


@pytest.mark.parametrize("place", range(64))
def test_a_signature_with_one_other_digit_is_refused(place: int) -> None:
    """Each of the 64 digits counts, and each of the 15 other digits in its place is wrong."""
    authorization, request, key = signed_call()
    right = authorization.signature
    for digit in set("0123456789abcdef") - {right[place]}:
        signature = right[:place] + digit + right[place + 1 :]
        with pytest.raises(SignatureFailure):
            verify(dataclasses.replace(authorization, signature=signature), request, key)


def with_header(request: SignedRequest, name: str, value: str) -> SignedRequest:
    """Give a request with one header changed."""
    return dataclasses.replace(request, headers={**request.headers, name: value})


@st.composite
def one_character_changed(draw: st.DrawFn, text: str) -> str:
    """Draw a text that differs in one character, and not by its case alone."""
    place = draw(st.integers(0, len(text) - 1))
    latin = st.characters(max_codepoint=0xFF)
    other = draw(latin.filter(lambda drawn: drawn.lower() != text[place].lower()))
    return text[:place] + other + text[place + 1 :]


@given(st.binary(min_size=1), st.data())
def test_a_body_with_one_other_byte_is_refused(payload: bytes, data: st.DataObject) -> None:
    """The hash of the body is signed."""
    authorization, request, key = signed_call(payload)
    place = data.draw(st.integers(0, len(payload) - 1))
    changed = bytearray(payload)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SignatureFailure):
        verify(
            authorization,
            dataclasses.replace(request, payload_hash=hash_payload(bytes(changed))),
            key,
        )


@pytest.mark.parametrize("name", ["content-type", "host", "x-tc-action"])
@given(data=st.data())
def test_a_signed_header_with_one_other_character_is_refused(
    name: str, data: st.DataObject
) -> None:
    """Tolerance is for the spellings of clients, not for other values."""
    authorization, request, key = signed_call()
    value = data.draw(one_character_changed(request.headers[name]))
    with pytest.raises(SignatureFailure):
        verify(authorization, with_header(request, name, value), key)


@given(st.integers().filter(lambda timestamp: timestamp != TIMESTAMP))
def test_another_timestamp_is_refused(timestamp: int) -> None:
    """A captured signature cannot be made young again."""
    authorization, request, key = signed_call()
    with pytest.raises(SignatureFailure):
        verify(authorization, dataclasses.replace(request, timestamp=timestamp), key)


CHANGES: dict[str, Callable[[SignedRequest], SignedRequest]] = {
    "method": lambda request: dataclasses.replace(request, method="GET"),
    "query": lambda request: dataclasses.replace(request, query="A=1"),
    "port": lambda request: with_header(request, "host", "desk.example.com:8444"),
    "dropped port": lambda request: with_header(request, "host", "desk.example.com"),
    "action": lambda request: with_header(request, "x-tc-action", "DeleteCertificate"),
    "charset": lambda request: with_header(
        request, "content-type", "application/json; charset=utf-8"
    ),
    "body taken away": lambda request: dataclasses.replace(request, payload_hash=hash_payload(b"")),
    "unsigned body": lambda request: dataclasses.replace(
        request, payload_hash=hash_payload(b"UNSIGNED-PAYLOAD")
    ),
    "absent header": lambda request: dataclasses.replace(
        request, headers={"content-type": "application/json", "host": "desk.example.com:8443"}
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_request_is_refused(change: Callable[[SignedRequest], SignedRequest]) -> None:
    """Everything that is signed is bound by the signature."""
    authorization, request, key = signed_call()
    with pytest.raises(SignatureFailure):
        verify(authorization, change(request), key)


@pytest.mark.parametrize(
    ("secret_key", "date", "service"),
    [
        (Secret(STARS), DATE, "ssl"),
        (SECRET_KEY, "2019-02-26", "ssl"),
        (SECRET_KEY, DATE, "cvm"),
    ],
)
def test_another_key_is_refused(secret_key: Secret, date: str, service: str) -> None:
    """The key of another secret, day or service is another key."""
    authorization, request, _ = signed_call()
    with pytest.raises(SignatureFailure):
        verify(authorization, request, derive_key(secret_key, date, service))


def test_headers_cannot_move_from_unsigned_to_signed() -> None:
    """The list of signed headers is signed itself."""
    authorization, request, key = signed_call()
    request = with_header(request, "x-tc-region", "")
    names = (*authorization.signed_headers, "x-tc-region")
    for signed_headers in (names, authorization.signed_headers[:2]):
        with pytest.raises(SignatureFailure):
            verify(dataclasses.replace(authorization, signed_headers=signed_headers), request, key)


def test_an_absent_signed_header_is_named() -> None:
    """A proxy that drops a header can be found by the message."""
    authorization, request, key = signed_call()
    with pytest.raises(SignatureFailure, match="The signed header `x-tc-action` is missing"):
        verify(authorization, CHANGES["absent header"](request), key)
