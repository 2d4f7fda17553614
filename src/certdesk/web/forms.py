"""The forms in which a request may come, one class each.

They differ in where the common parameters are (in headers, or in pairs with the action's own), in
what is signed, and in how the action's parameters are written. A form reads a request's claim: what
the request says about itself. The claim can be trusted once `verify` has accepted it. Numbers are
those of the vendor's documentation: https://cloud.tencent.com/document/product/1278/46710
"""

from __future__ import annotations

import abc
import dataclasses
import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

from certdesk.catalog import Action
from certdesk.domain.errors import (
    InvalidParameter,
    InvalidRequest,
    MissingParameter,
    RequestSizeLimitExceeded,
    ServiceError,
    SignatureFailure,
    UnsupportedProtocol,
)
from certdesk.domain.values.redaction import redacted_bare
from certdesk.domain.values.secret import Secret
from certdesk.wire import signature, signature_v1
from certdesk.wire.forms import peek, read_pairs, unflatten
from certdesk.wire.multipart import boundary_of, read_multipart
from certdesk.wire.signature import Authorization, SignedRequest, hash_payload
from certdesk.wire.signature_v1 import COMMON, SignedForm
from certdesk.wire.strict_json import BadJson, parse_object

KIB = 1024
V1_LIMIT = KIB * KIB
"""The largest form, in bytes, that HmacSHA1 or HmacSHA256 signs."""

UNKNOWN_ACTION_LIMIT = 256 * KIB

CHEAP_BODY = 64 * KIB
CHEAP_TEXT = 4 * KIB
"""Hashing or reading up to this many bytes takes well under a millisecond."""

DayKey = Callable[[str, str], bytes]
"""A function that returns the signing key for a date (`YYYY-MM-DD`) and a service."""

_UNSIGNED = "UNSIGNED-PAYLOAD"
_NAMES_V1 = ("Action", "Version", "Timestamp", "SecretId", "Signature", "Nonce")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A request without its body; `headers` have lower-case names and Latin-1 values."""

    method: str
    query: bytes
    headers: Mapping[str, str] = dataclasses.field(repr=False)

    @property
    def kind(self) -> str:
        """The media type of the body, in lower case and without its fields."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim(abc.ABC):
    """What a request says about itself, complete and well formed.

    `timestamp` is in Unix seconds and near the clock. `signature` is normalised, so that a replay
    is recognised. `action_signed` and `payload_signed` say what it covers. `language` is the
    requested language of messages, or "".
    """

    action: str
    version: str
    timestamp: int
    secret_id: str
    token: str = dataclasses.field(repr=False)
    language: str
    signature: str = dataclasses.field(repr=False)
    action_signed: bool
    payload_signed: bool

    @abc.abstractmethod
    def is_cheap(self, body: bytes) -> bool:
        """Return whether `verify` takes well under a millisecond."""

    @abc.abstractmethod
    def verify(self, body: bytes, secret_key: Secret, day_key: DayKey) -> None:
        """Check that the holder of the key signed this request.

        Raises:
            SignatureFailure: the signature does not match.
            InvalidParameter, UnknownParameter: the pairs cannot be signed (`signature_v1`).
        """

    @abc.abstractmethod
    def for_host(self, host: str) -> Claim:
        """Return the same claim for another Host."""

    @abc.abstractmethod
    def parameters(self, body: bytes) -> dict[str, object]:
        """Read the action's parameters.

        Raises:
            InvalidParameter: they are malformed.
            InvalidRequest: a multipart body is malformed.
        """


class Form(abc.ABC):
    """One request's form; `body_first` is true if its claim is in the body."""

    body_first: ClassVar[bool] = False

    def __init__(self, head: Head) -> None:
        """Read the request that has this head."""
        self.head = head

    @abc.abstractmethod
    def claim(self, body: bytes, now: datetime) -> Claim:
        """Read what the request says about itself; `body` is empty unless `body_first`.

        Raises:
            MissingParameter: a common parameter is missing.
            InvalidParameter, InvalidAuthorization: one is malformed.
            SignatureExpire: the timestamp is too far from `now`.
            SignatureFailure: the signature was made for another day or service.
        """

    def limit(self, action: Action | None) -> int:
        """Return the most bytes of the body, for an action or before one is known.

        A GET has no body; its query is limited like every request line.
        """
        del action
        return 0

    def too_large(self, limit: int) -> ServiceError:
        """Return the refusal of a larger body."""
        del limit
        return InvalidRequest("The parameters of a GET belong in its query, not in a body.")


# --- TC3-HMAC-SHA256: the common parameters are headers ------------------------------------------


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tc3Claim(Claim):
    """A claim in headers."""

    form: Tc3
    authorization: Authorization

    def is_cheap(self, body: bytes) -> bool:
        """Judge by what is hashed: the body once, and the query on every check."""
        return len(body) <= CHEAP_BODY and len(self.form.head.query) <= CHEAP_TEXT

    def verify(self, body: bytes, secret_key: Secret, day_key: DayKey) -> None:
        """Check the Authorization header."""
        del secret_key
        head, authorization = self.form.head, self.authorization
        signed = SignedRequest(
            method=head.method,
            query=head.query.decode("latin-1"),
            headers=head.headers,
            payload_hash=hash_payload(body if self.payload_signed else _UNSIGNED.encode()),
            timestamp=self.timestamp,
        )
        key = day_key(authorization.date, authorization.service)
        signature.verify(authorization, signed, key)

    def for_host(self, host: str) -> Tc3Claim:
        """Return the claim with another Host in its signed head."""
        head = self.form.head
        other = dataclasses.replace(head, headers={**head.headers, "host": host})
        return dataclasses.replace(self, form=type(self.form)(other))

    def parameters(self, body: bytes) -> dict[str, object]:
        """Read the parameters with the form."""
        return self.form.parameters(body)


class Tc3(Form):
    """The base of the forms of TC3-HMAC-SHA256."""

    def claim(self, body: bytes, now: datetime) -> Tc3Claim:
        """Read the headers."""
        del body
        headers = self.head.headers
        for parameter in ("Action", "Version", "Timestamp"):
            if not headers.get(f"x-tc-{parameter.lower()}"):
                raise MissingParameter(subject=parameter)
        if not headers.get("authorization"):
            raise MissingParameter(subject="SecretId")
        authorization = signature.parse_authorization(headers["authorization"])
        timestamp = signature.check_time(headers["x-tc-timestamp"], now)
        signature.check_scope(authorization, timestamp, headers["host"])
        return Tc3Claim(
            form=self,
            action=headers["x-tc-action"],
            version=headers["x-tc-version"],
            timestamp=timestamp,
            secret_id=authorization.secret_id,
            token=headers.get("x-tc-token", ""),
            language=headers.get("x-tc-language", ""),
            signature=authorization.signature,
            action_signed="x-tc-action" in authorization.signed_headers,
            payload_signed=headers.get("x-tc-content-sha256") != _UNSIGNED,
            authorization=authorization,
        )

    @abc.abstractmethod
    def parameters(self, body: bytes) -> dict[str, object]:
        """Read the action's parameters (see `Claim`)."""


class Tc3Query(Tc3):
    """GET with flattened parameters in the query."""

    def parameters(self, body: bytes) -> dict[str, object]:
        """Read the query."""
        del body
        return unflatten(read_pairs(self.head.query))


class Tc3Body(Tc3):
    """The base of the forms with a body."""

    def limit(self, action: Action | None) -> int:
        """Return the limit that the action declares."""
        return UNKNOWN_ACTION_LIMIT if action is None else action.body_limit

    def too_large(self, limit: int) -> ServiceError:
        """Return a refusal that says how much the action takes."""
        action = self.head.headers["x-tc-action"]
        return RequestSizeLimitExceeded(f"{redacted_bare(action)} takes at most {limit} bytes.")


class Tc3Json(Tc3Body):
    """POST with a JSON body: what most clients send."""

    def parameters(self, body: bytes) -> dict[str, object]:
        """Read the body."""
        try:
            return parse_object(body)
        except BadJson as bad:
            raise InvalidParameter(
                f"The body is not valid JSON: {bad.rule}.", subject="body"
            ) from None


class Tc3Multipart(Tc3Body):
    """POST with one part for each parameter."""

    def parameters(self, body: bytes) -> dict[str, object]:
        """Read the parts."""
        return read_multipart(body, boundary_of(self.head.headers["content-type"]))


# --- HmacSHA1 and HmacSHA256: the common parameters are parameters -------------------------------


@dataclasses.dataclass(frozen=True, kw_only=True)
class V1Claim(Claim):
    """A claim in pairs, which include the action's parameters; `raw` is their text."""

    method: str
    host: str
    raw: bytes = dataclasses.field(repr=False)

    @functools.cached_property
    def pairs(self) -> dict[str, str]:
        """All pairs; they are not read before the sender's key is known."""
        return read_pairs(self.raw)

    def is_cheap(self, body: bytes) -> bool:
        """Judge by the length of the pairs, which are read and sorted."""
        del body
        return len(self.raw) <= CHEAP_TEXT

    def verify(self, body: bytes, secret_key: Secret, day_key: DayKey) -> None:
        """Check the parameter Signature."""
        del body, day_key
        parameters = self.pairs | {"Signature": self.signature}
        form = SignedForm(method=self.method, host=self.host, parameters=parameters)
        signature_v1.verify(form, secret_key)

    def for_host(self, host: str) -> V1Claim:
        """Return the claim with another Host."""
        return dataclasses.replace(self, host=host)

    def parameters(self, body: bytes) -> dict[str, object]:
        """Return the parameters, unflattened and without the common ones."""
        del body
        pairs = self.pairs.items()
        return unflatten({name: value for name, value in pairs if name not in COMMON})


class V1(Form):
    """The base of the forms of HmacSHA1 and HmacSHA256."""

    def claim(self, body: bytes, now: datetime) -> V1Claim:
        """Read only the common parameters, so that a stranger's form costs little."""
        raw = self.pairs(body)
        common = peek(raw, (*_NAMES_V1, "Token", "Language"))
        for name in _NAMES_V1:
            if not common.get(name):
                raise MissingParameter(subject=name)
        if not (common["Nonce"].isascii() and common["Nonce"].isdecimal()):
            raise InvalidParameter(subject="Nonce", sentence="Parameter `Nonce` type error.")
        return V1Claim(
            method=self.head.method,
            host=self.head.headers["host"],
            raw=raw,
            action=common["Action"],
            version=common["Version"],
            timestamp=signature.check_time(common["Timestamp"], now),
            secret_id=common["SecretId"],
            token=common.get("Token", ""),
            language=common.get("Language", ""),
            signature=signature_v1.bare(common["Signature"]),
            action_signed=True,
            payload_signed=True,
        )

    @abc.abstractmethod
    def pairs(self, body: bytes) -> bytes:
        """Return the text of all pairs."""


class V1Query(V1):
    """GET with everything in the query."""

    def pairs(self, body: bytes) -> bytes:
        """Return the query."""
        del body
        return self.head.query


class V1Form(V1):
    """POST with everything in a form: what the Node client sends unless told otherwise."""

    body_first = True

    def limit(self, action: Action | None) -> int:
        """Return the same limit for every action, since none is known before the body is read."""
        del action
        return V1_LIMIT

    def too_large(self, limit: int) -> ServiceError:
        """Return it in the vendor's words, which differ from those of a wrong signature."""
        del limit
        return SignatureFailure(
            sentence="The provided credentials could not be validated because of exceeding "
            f"request size limit, please use new signature method `{signature.ALGORITHM}`."
        )

    def pairs(self, body: bytes) -> bytes:
        """Return the body; JSON counts as empty, so that its sender learns what is missing."""
        return b"" if body.startswith(b"{") else body


def form_of(head: Head) -> Form:
    """Return the form of a request.

    Raises:
        UnsupportedProtocol: the method is neither GET nor POST.
        InvalidRequest: it has none of the forms.
    """
    if head.method not in ("GET", "POST"):
        raise UnsupportedProtocol(f"Use POST or GET, not {redacted_bare(head.method)}.")
    if head.headers.get("content-encoding", "identity").lower() != "identity":
        raise InvalidRequest("Content-Encoding must be identity.")
    if head.method == "POST" and head.query:
        raise InvalidRequest("The parameters of a POST belong in its body, not in its query.")
    # One of these headers without the other is a mistake, not an older signature.
    if "authorization" in head.headers or "x-tc-action" in head.headers:
        return _tc3_form(head)
    if head.method == "GET":
        return V1Query(head)
    return V1Form(head) if head.kind in _V1_KINDS else Tc3Json(head)


def _tc3_form(head: Head) -> Form:
    if head.method == "GET":
        return Tc3Query(head)
    if head.kind not in _TC3_KINDS:
        raise InvalidRequest(f"Content-Type must be {' or '.join(_TC3_KINDS)}.")
    return _TC3_KINDS[head.kind](head)


_TC3_KINDS: Mapping[str, type[Form]] = {
    "application/json": Tc3Json,
    "multipart/form-data": Tc3Multipart,
}
_V1_KINDS = (
    "application/x-www-form-urlencoded",
    "application/json",  # what `@tencent-sdk/capi` says of its form
)
