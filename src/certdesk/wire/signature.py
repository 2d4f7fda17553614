"""Signing with TC3-HMAC-SHA256, and the check of such signatures.

Pure, and used by both ends: the server verifies with it and `certdesk call` signs with it. The
scheme is the vendor's signature of version 3
(https://www.tencentcloud.com/document/product/267/37447). Some official clients do not sign exactly
what they send, so `verify` accepts each way in which one of them signs:

- Node signs the host without its port and sends it with the port.
- tccli with an `http://` endpoint sends and signs the whole URL as host.
- Node, Java and PHP name the service after the endpoint, the others always call it `ssl`.
- The documentation asks for lower-case values, and the SDKs sign them as they are.
- `qcloud-requests-auth` sorts the query that it signs and sends it unsorted; the order of
  parameters has no meaning.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import itertools
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from certdesk.domain.errors import (
    InvalidAuthorization,
    InvalidParameter,
    SignatureExpire,
    SignatureFailure,
)
from certdesk.domain.values.secret import Secret

ALGORITHM = "TC3-HMAC-SHA256"
"""The name of the scheme, as it is in the header and in the signed text."""

TERMINATOR = "tc3_request"
"""The last part of every scope."""

SERVICE = "ssl"
"""The name of the service in a scope, unless a client takes it from the endpoint."""

VERSION = "2019-12-05"
"""The version of the API."""

TOLERANCE = 300
"""How many seconds a timestamp may be before or after the server's clock."""

_FORM = re.compile(
    r"Credential=(?P<credential>[^,\s]*),[ \t]*"
    r"SignedHeaders=(?P<signed_headers>[^,\s]*),[ \t]*"
    r"Signature=(?P<signature>[^,\s]*)"
)
_FORM_IN_WORDS = (
    f"It should read `{ALGORITHM} Credential=<SecretId>/<date>/<service>/{TERMINATOR}, "
    "SignedHeaders=<names>, Signature=<hex>`."
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")  # a token (RFC 9110, 5.6.2), lower case
_HEX_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)
_PORT = re.compile(r":[0-9]+$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMESTAMP_DIGITS = 12  # the year 33658; more digits are a number, but no time


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """The parts of an Authorization header.

    `date` reads `YYYY-MM-DD`; the names of `signed_headers` are lower case, sorted and unique;
    `signature` is 64 hexadecimal digits, in lower case even if they were sent otherwise, so that
    one signature has one spelling.
    """

    secret_id: str
    date: str
    service: str
    terminator: str
    signed_headers: tuple[str, ...]
    signature: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """The parts of a request that a signature may cover, as they were received.

    `query` is what follows the question mark, undecoded. `headers` maps lower-case names to
    values decoded as Latin-1. `payload_hash` is the lower-case hexadecimal SHA-256 of the body.
    `timestamp` is X-TC-Timestamp in Unix seconds.
    """

    method: str
    query: str
    headers: Mapping[str, str] = dataclasses.field(repr=False)
    payload_hash: str
    timestamp: int


def signature_digest(secret_id: str, signature: str) -> bytes:
    """Return the 32-byte hash by which a signature of a key is recognised."""
    return hashlib.sha256(f"{secret_id}\0{signature}".encode()).digest()


def parse_authorization(text: str) -> Authorization:
    """Return the parts of an Authorization header.

    Raises:
        InvalidAuthorization: the header breaks the grammar; the detail says where.
    """
    algorithm, _, rest = text.strip(" \t").partition(" ")
    if algorithm == "SKIP":
        raise InvalidAuthorization("It is `SKIP`, but every request here has to be signed.")
    members = _FORM.fullmatch(rest.strip(" \t"))
    if algorithm != ALGORITHM or members is None:
        raise InvalidAuthorization(_FORM_IN_WORDS)
    if not _HEX_DIGEST.fullmatch(members["signature"]):
        raise InvalidAuthorization("Its Signature should be 64 hexadecimal digits.")
    secret_id, date, service, terminator = _parse_credential(members["credential"])
    return Authorization(
        secret_id=secret_id,
        date=date,
        service=service,
        terminator=terminator,
        signed_headers=_parse_signed_headers(members["signed_headers"]),
        signature=members["signature"].lower(),
    )


def _parse_credential(text: str) -> tuple[str, str, str, str]:
    """Return the SecretId, date, service and terminator of a Credential."""
    match text.split("/"):
        case [secret_id, date, service, terminator] if secret_id and _DATE.fullmatch(date):
            return secret_id, date, service, terminator
    raise InvalidAuthorization(
        f"Its Credential should read `<SecretId>/<YYYY-MM-DD>/<service>/{TERMINATOR}`."
    )


def _parse_signed_headers(text: str) -> tuple[str, ...]:
    """Return the header names in SignedHeaders."""
    names = text.split(";")
    if not all(_HEADER_NAME.fullmatch(name) for name in names) or names != sorted(set(names)):
        raise InvalidAuthorization(
            "Its SignedHeaders should be header names in lower case, in order and each once, "
            "with `;` between them."
        )
    if not {"content-type", "host"}.issubset(names):
        raise InvalidAuthorization("Its SignedHeaders should hold `content-type` and `host`.")
    return tuple(names)


def check_scope(authorization: Authorization, timestamp: int, host: str) -> None:
    """Check that a signature was made for this day and this service.

    `timestamp` is in Unix seconds, `host` the Host header as sent.

    Raises:
        SignatureFailure: date, service or terminator of the scope is wrong.
    """
    if authorization.terminator != TERMINATOR:
        raise SignatureFailure(f"The credential scope should end in `{TERMINATOR}`.")
    if authorization.date != utc_date(timestamp):
        raise SignatureFailure(
            "The date in the credential scope should be the UTC date of the timestamp."
        )
    if authorization.service not in _services(host):
        raise SignatureFailure(
            f"The service in the credential scope should be `{SERVICE}` "
            "or the first label of the host."
        )


def _services(host: str) -> set[str]:
    """Return the names that clients give to the service behind `host`.

    Node cuts the endpoint at its first dot, which leaves the port on a host without a dot.
    """
    endpoint = _SCHEME.sub("", host)
    return {SERVICE, endpoint.partition(".")[0], _PORT.sub("", endpoint).partition(".")[0]}


def check_time(timestamp: str, now: datetime) -> int:
    """Return X-TC-Timestamp in Unix seconds, after comparing it with the clock.

    Raises:
        InvalidParameter: it is not a number in decimal digits.
        SignatureExpire: it is more than `TOLERANCE` seconds from `now`.
    """
    if not (timestamp.isascii() and timestamp.isdecimal()):
        raise InvalidParameter("It should be Unix seconds in decimal digits.", subject="Timestamp")
    if len(timestamp) > _TIMESTAMP_DIGITS:
        raise SignatureExpire("The timestamp should be in seconds.")
    seconds = int(timestamp)
    skew = seconds - math.floor(now.timestamp())
    if abs(skew) > TOLERANCE:
        side = "ahead of" if skew > 0 else "behind"
        raise SignatureExpire(
            f"The timestamp is {abs(skew)} seconds {side} the server's clock; "
            f"up to {TOLERANCE} are accepted."
        )
    return seconds


def utc_date(timestamp: int) -> str:
    """Return the UTC date of a time in Unix seconds, as `YYYY-MM-DD`; "" for impossible times."""
    try:
        return (_EPOCH + timedelta(seconds=timestamp)).date().isoformat()
    except OverflowError:
        return ""


def hmac_sha256(key: bytes, text: str) -> bytes:
    """Return the 32 bytes of HMAC-SHA256; `text` holds only Latin-1 characters."""
    return hmac.digest(key, text.encode("latin-1"), "sha256")


def derive_key(secret_key: Secret, date: str, service: str) -> bytes:
    """Return the key that signs on one day for one service.

    It may be kept in memory for that day.
    """
    date_key = hmac_sha256(b"TC3" + secret_key.reveal(), date)
    return hmac_sha256(hmac_sha256(date_key, service), TERMINATOR)


def hash_payload(payload: bytes) -> str:
    """Return the SHA-256 of a body as lower-case hexadecimal digits."""
    return hashlib.sha256(payload).hexdigest()


def canonical_request(
    method: str, query: str, headers: Mapping[str, str], payload_hash: str
) -> str:
    """Return a request in the form that is hashed; `headers` are the signed ones, in order."""
    lines = [f"{name}:{value}\n" for name, value in headers.items()]
    return f"{method}\n/\n{query}\n{''.join(lines)}\n{';'.join(headers)}\n{payload_hash}"


def string_to_sign(timestamp: int, date: str, service: str, canonical: str) -> str:
    """Return the text that is signed for a canonical request."""
    digest = hash_payload(canonical.encode("latin-1"))
    return f"{ALGORITHM}\n{timestamp}\n{date}/{service}/{TERMINATOR}\n{digest}"


def verify(authorization: Authorization, signed: SignedRequest, key: bytes) -> None:
    """Check that the holder of `key` (see `derive_key`) signed this request.

    `check_scope` checks the scope.

    Raises:
        SignatureFailure: the signature belongs to something else, or a signed header is absent.
    """
    names, given = authorization.signed_headers, bytes.fromhex(authorization.signature)
    absent = [name for name in names if name not in signed.headers]
    if absent:
        raise SignatureFailure(f"The signed header `{absent[0]}` is missing.")
    headers = {name: signed.headers[name].strip(" \t") for name in names}
    for query, meant in _readings(signed.query, headers):
        canonical = canonical_request(signed.method, query, meant, signed.payload_hash)
        text = string_to_sign(
            signed.timestamp, authorization.date, authorization.service, canonical
        )
        if hmac.compare_digest(hmac_sha256(key, text), given):
            return
    raise SignatureFailure


def _orders(query: str) -> list[str]:
    """Return a query as sent, and in the order in which it may have been signed."""
    in_order = "&".join(sorted(query.split("&")))
    return [query] if in_order == query else [query, in_order]


def _readings(query: str, headers: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield query and signed headers in every way that a client may have meant them.

    The first is as sent and the second with the action in lower case: nearly all are one of these.
    """
    yield query, headers
    if "x-tc-action" in headers:
        yield query, {**headers, "x-tc-action": headers["x-tc-action"].lower()}
    for order in _orders(query):
        for reading in _readings_of_headers(headers):
            yield order, reading


def _readings_of_headers(headers: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield the signed headers in every way.

    Headers beyond those that clients sign are lower-cased all or none, which limits the readings to
    64, however many headers a caller claims to have signed.
    """
    others = headers.copy()
    hosts = [{"host": host} for host in host_readings(others.pop("host"))]
    kinds = _cases({"content-type": others.pop("content-type")})
    actions = _cases({name: others.pop(name) for name in ("x-tc-action",) if name in others})
    for reading in itertools.product(hosts, kinds, actions, _cases(others)):
        values = {name: value for part in reading for name, value in part.items()}
        yield {name: values[name] for name in headers}


def host_readings(host: str) -> list[str]:
    """Return what a client that sends `host` may have signed, as sent first.

    That is the host as sent, without its port, its scheme, and both; also in lower case.
    """
    bare = _SCHEME.sub("", host)
    readings = dict.fromkeys([host, _PORT.sub("", host), bare, _PORT.sub("", bare)])
    return list(readings | {reading.lower(): None for reading in readings})


def _cases(headers: dict[str, str]) -> list[dict[str, str]]:
    """Return headers as sent and, if that differs, with lower-case values."""
    lowered = {name: value.lower() for name, value in headers.items()}
    return [headers] if lowered == headers else [headers, lowered]


def authorize(
    *,
    secret_id: str,
    secret_key: Secret,
    action: str,
    payload: bytes,
    timestamp: int,
    host: str,
) -> dict[str, str]:
    """Return all headers for a signed POST of JSON to `host` (with its port, as sent).

    The action is signed too, so that a captured signature is of no use for another action.
    """
    signed = {"content-type": "application/json", "host": host, "x-tc-action": action.lower()}
    canonical = canonical_request("POST", "", signed, hash_payload(payload))
    date = utc_date(timestamp)
    text = string_to_sign(timestamp, date, SERVICE, canonical)
    signature = hmac_sha256(derive_key(secret_key, date, SERVICE), text).hex()
    return {
        "Authorization": (
            f"{ALGORITHM} Credential={secret_id}/{date}/{SERVICE}/{TERMINATOR}, "
            f"SignedHeaders={';'.join(signed)}, Signature={signature}"
        ),
        "Content-Type": "application/json",
        "Host": host,
        "X-TC-Action": action,
        "X-TC-Timestamp": str(timestamp),
        "X-TC-Version": VERSION,
    }
