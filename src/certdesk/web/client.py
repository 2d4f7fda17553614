"""A client of the API: it signs a request, sends it and reads the answer."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import ssl
import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

from certdesk.domain.values.redaction import error_text
from certdesk.domain.values.secret import Secret
from certdesk.wire.signature import authorize

WAIT_SECONDS = 60


class NoAnswer(Exception):
    """No desk answered at the endpoint; the text says what did."""


@dataclasses.dataclass(frozen=True, slots=True)
class Credentials:
    """The keys to sign requests with, and the token of temporary ones."""

    secret_id: str
    secret_key: Secret
    token: str = dataclasses.field(default="", repr=False)


def call(
    endpoint: str, credentials: Credentials, action: str, parameters: Mapping[str, object]
) -> dict[str, Any]:
    """Call an action of the API at a URL; return the members of `Response`, including `Error`.

    Raises:
        ValueError: `endpoint` is not the URL of a server.
        NoAnswer: no desk answered there.
    """
    # In ASCII, so that any text can be sent and checked.
    payload = json.dumps(parameters).encode()
    headers = authorize(
        secret_id=credentials.secret_id,
        secret_key=credentials.secret_key,
        action=action,
        payload=payload,
        timestamp=int(time.time()),
        host=_host(endpoint),
    )
    status, body = _post(endpoint, payload, headers | {"X-TC-Token": credentials.token})
    with contextlib.suppress(ValueError):
        reply = json.loads(body)
        if isinstance(reply, dict) and isinstance(reply.get("Response"), dict):
            response: dict[str, Any] = reply["Response"]
            return response
    raise NoAnswer(f"{endpoint} is not a desk: it answered {status}")


def _post(endpoint: str, payload: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    secure = endpoint.lower().startswith("https:")
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        with contextlib.closing(kind(headers["Host"], timeout=WAIT_SECONDS)) as connection:
            connection.request("POST", "/", payload, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
    except ssl.SSLCertVerificationError as error:
        raise NoAnswer(
            f"the certificate of {endpoint} is not trusted: {error.verify_message}; if it "
            "comes from a private CA, set SSL_CERT_FILE to the file with its root"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{endpoint} does not answer: {_why(error, secure=secure)}") from error


def _why(error: Exception, *, secure: bool) -> str:
    """Return what failed, and a hint if the other side seems to use TLS or plain HTTP instead."""
    if secure and isinstance(error, ssl.SSLError):
        return f"{error.reason or error}; a desk without TLS answers at http://"
    if not secure and isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed; a desk with TLS answers at https://"
    return error_text(error)


def _host(endpoint: str) -> str:
    url = urllib.parse.urlsplit(endpoint)
    if url.scheme not in ("http", "https") or not url.netloc:
        raise ValueError("must be a URL such as http://127.0.0.1:8080")
    if "@" in url.netloc:  # and not repeat it: it has a password
        raise ValueError("must be a URL without a user name and password")
    return url.netloc
