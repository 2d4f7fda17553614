"""Requests put together and signed by hand, to send what the official clients would not.

The signature is made of the same primitives with which the server checks it; those are tested
against the vendor's own vectors.
"""

from __future__ import annotations

import dataclasses
import http.client
import json
import time
from collections.abc import Mapping
from typing import Any

from certdesk.domain.values.secret import Secret
from certdesk.wire.signature import (
    canonical_request,
    derive_key,
    hash_payload,
    hmac_sha256,
    string_to_sign,
    utc_date,
)
from tests.running import Keys

SECONDS = 60


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def response(self) -> dict[str, Any]:
        """The members of `Response`."""
        envelope = json.loads(self.body)
        assert envelope.keys() == {"Response"}
        members = envelope["Response"]
        assert isinstance(members, dict)
        return members

    @property
    def code(self) -> str:
        """The error's code; `ok` where there is none."""
        error = self.response.get("Error")
        return str(error["Code"]) if error else "ok"

    @property
    def message(self) -> str:
        """The error's message; empty where there is none."""
        error = self.response.get("Error")
        return str(error["Message"]) if error else ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, all of whose parts may be changed with `dataclasses.replace`.

    `host` is what is sent, `signed_host` what is signed (the same if empty). `extra` headers are
    sent, and those of them that `signed` holds are signed with the values that it gives.
    """

    endpoint: str
    keys: Keys
    action: str
    body: bytes = b"{}"
    method: str = "POST"
    path: str = "/"
    query: str = ""
    host: str = ""
    signed_host: str = ""
    content_type: str = "application/json"
    signed_content_type: str = ""
    service: str = "ssl"
    timestamp: int = 0
    signed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    extra: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    payload_hash: str = ""

    def headers(self) -> dict[str, str]:
        """Give all headers, signed; a header whose `extra` value is None is left out."""
        timestamp = self.timestamp or int(time.time())
        host = self.host or self.endpoint
        signed = {
            "content-type": self.signed_content_type or self.content_type,
            "host": self.signed_host or host,
            **self.signed,
        }
        signed = dict(sorted(signed.items()))
        digest = self.payload_hash or hash_payload(self.body)
        canonical = canonical_request(self.method, self.query, signed, digest)
        date = utc_date(timestamp)
        text = string_to_sign(timestamp, date, self.service, canonical)
        key = derive_key(Secret(self.keys.secret_key), date, self.service)
        scope = f"{self.keys.secret_id}/{date}/{self.service}/tc3_request"
        headers: dict[str, str | None] = {
            "Host": host,
            "Content-Type": self.content_type,
            "X-TC-Action": self.action,
            "X-TC-Version": "2019-12-05",
            "X-TC-Timestamp": str(timestamp),
            "Authorization": f"TC3-HMAC-SHA256 Credential={scope}, "
            f"SignedHeaders={';'.join(signed)}, Signature={hmac_sha256(key, text).hex()}",
        }
        headers |= self.extra
        return {name: value for name, value in headers.items() if value is not None}

    def send(self) -> Answer:
        """Send the request as it is and read the answer."""
        return send(
            self.endpoint,
            self.headers(),
            self.body,
            method=self.method,
            target=self.path + (f"?{self.query}" if self.query else ""),
        )


def send(
    endpoint: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    method: str = "POST",
    target: str = "/",
) -> Answer:
    """Send exactly these headers, in this spelling, and Content-Length."""
    connection = http.client.HTTPConnection(endpoint, timeout=SECONDS)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode())
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=response.read(),
        )
    finally:
        connection.close()


def encode(parameters: Mapping[str, object]) -> bytes:
    """Write parameters as the Go and Node clients do: compact, in raw UTF-8."""
    return json.dumps(parameters, ensure_ascii=False, separators=(",", ":")).encode()
