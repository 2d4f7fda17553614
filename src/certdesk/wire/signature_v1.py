"""Signing with HmacSHA1 or HmacSHA256 in a parameter, and the check of such signatures.

Pure. The scheme is the vendor's signature of version 1
(https://cloud.tencent.com/document/api/614/42762), which its Node client uses by default. All that
a client says is in parameters, of the query of a GET or of the form of a POST. The method, the host
and all parameters but the signature are signed, sorted by name.

The signed text has no escapes, so it could be split in several ways: `a=1&b=2` is also one
parameter `a` with the value `1&b=2`. An attacker who has a signed request could turn it into
another one without the key. `verify` therefore refuses a text that can be split in more than one
way.
"""

from __future__ import annotations

import base64
import dataclasses
import hmac
import re
from collections.abc import Mapping

from certdesk.domain.errors import InvalidParameter, SignatureFailure, UnknownParameter
from certdesk.domain.values.redaction import redacted_name
from certdesk.domain.values.secret import Secret
from certdesk.wire.signature import ALGORITHM, host_readings

METHODS: Mapping[str, str] = {"": "sha1", "HmacSHA1": "sha1", "HmacSHA256": "sha256"}
"""The hash function of each SignatureMethod; without one it is HmacSHA1."""

COMMON = frozenset(
    {
        "Action",
        "Language",
        "Nonce",
        "Region",
        "RequestClient",
        "SecretId",
        "Signature",
        "SignatureMethod",
        "Timestamp",
        "Token",
        "Version",
    }
)
"""Parameters of the request itself; all others are the action's."""

_NAME = re.compile(r"[A-Za-z0-9_.]+")
_NEXT_PARAMETER = re.compile(r"&[A-Za-z0-9_.]++=")
_HOST = re.compile(r"(https?://)?[A-Za-z0-9._:\[\]-]+")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SignedForm:
    """The parts of a request that a signature of version 1 covers, as they were received.

    `host` is the Host header. `parameters` are all of them, decoded and not nested (`DnsNames.0`),
    including Signature and SignatureMethod.
    """

    method: str
    host: str
    parameters: Mapping[str, str] = dataclasses.field(repr=False)


def verify(form: SignedForm, secret_key: Secret) -> None:
    """Check that the holder of `secret_key` signed this form.

    Raises:
        SignatureFailure: the signature belongs to something else, or there is none.
        InvalidParameter: SignatureMethod is none of `METHODS`, or a value looks like a further
            parameter.
        UnknownParameter: no parameter can have such a name.
    """
    method = form.parameters.get("SignatureMethod", "")
    if method not in METHODS:
        raise InvalidParameter(
            "It should be `HmacSHA1` or `HmacSHA256`.", subject="SignatureMethod"
        )
    _check_cuts(form)
    # The signature is compared as text: it has only one spelling.
    given = form.parameters.get("Signature", "").encode()
    signed = _in_order(form.parameters)
    for host in host_readings(form.host):
        text = f"{form.method}{host}/?{signed}"
        if hmac.compare_digest(sign(text, secret_key, method).encode(), given):
            return
    raise SignatureFailure


def bare(signature: str) -> str:
    """Return the one spelling of a signature: without the white space around it.

    Ruby's SDK writes base64 as MIME does, with a line end behind it (RFC 2045, 6.8).
    """
    return signature.strip(" \t\r\n")


def string_to_sign(method: str, host: str, parameters: Mapping[str, str]) -> str:
    """Return the text that is signed; a Signature among the parameters is left out."""
    return f"{method}{host}/?{_in_order(parameters)}"


def sign(text: str, secret_key: Secret, method: str) -> str:
    """Return the signature of a text in base64, by `method`, one of `METHODS`."""
    return base64.b64encode(
        hmac.digest(secret_key.reveal(), text.encode(), METHODS[method])
    ).decode()


def _in_order(parameters: Mapping[str, str]) -> str:
    """Return the parameters in the order of their names' bytes."""
    names = sorted(parameters.keys() - {"Signature"})
    return "&".join(f"{name}={parameters[name]}" for name in names)


def _check_cuts(form: SignedForm) -> None:
    """Refuse a form whose signed text could also be read as another form."""
    if not _HOST.fullmatch(form.host):
        raise SignatureFailure("The host has invalid characters.")
    for name, value in form.parameters.items():
        if not _NAME.fullmatch(name):
            raise UnknownParameter(subject=redacted_name(name))
        if _NEXT_PARAMETER.search(value):
            raise InvalidParameter(
                "It contains text that could be another parameter (`&`, a name, `=`). This "
                "kind of signature cannot tell these apart. Sign the request with "
                f"{ALGORITHM}.",
                subject=name,
            )
