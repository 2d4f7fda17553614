"""Every form in which a request may come: how it writes parameters, and how it is signed.

A form is signed as it stands, so that what is wrong in it is the reader's to find, and not the
signature's.
"""

from __future__ import annotations

import base64
import dataclasses
import hmac
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import parse_qsl, quote

from tests.conformance.raw import Call
from tests.running import Keys

BOUNDARY = "a-line-between-parts"
FORM = "application/x-www-form-urlencoded"
NONCES = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Form:
    """A form's name, how it writes parameters, and how it sends what was written.

    `send` gives a whole HTTP request for a host, keys and an action. `in_query` tells whether what
    was written stands in the request line, which has a limit of its own.
    """

    name: str
    write: Callable[[Mapping[str, object]], bytes]
    send: Callable[[str, Keys, str, bytes], bytes]
    in_query: bool = False


def to_bytes(text: str) -> bytes:
    """Write text in UTF-8; halves of surrogate pairs become the bytes that they would have."""
    return text.encode("utf-8", "surrogatepass")


def write_json(parameters: Mapping[str, object]) -> bytes:
    """Write as clients do, with escapes only for what UTF-8 does not have."""
    try:
        return json.dumps(parameters, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(parameters).encode()


def write_pairs(parameters: Mapping[str, object]) -> bytes:
    """Write `DnsNames.0=…&Tags.0.TagKey=…`."""
    pairs = (f"{quote(to_bytes(name))}={quote(to_bytes(text))}" for name, text in flat(parameters))
    return "&".join(pairs).encode()


def write_parts(parameters: Mapping[str, object]) -> bytes:
    """Write a part for each parameter, lists and structures in JSON."""
    parts = []
    for name, value in parameters.items():
        nested = isinstance(value, list | dict)
        kind = "\r\nContent-Type: application/json" if nested else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'
        content = json.dumps(value).encode() if nested else to_bytes(plain(value))
        parts.append(to_bytes(head) + content + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def flat(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Give the pairs of a value; of an empty list there are none."""
    if isinstance(value, Mapping):
        for member, inner in value.items():
            yield from flat(inner, f"{name}.{member}" if name else member)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from flat(inner, f"{name}.{place}")
    else:
        yield name, plain(value)


def plain(value: object) -> str:
    """Write a value without quotes."""
    return "" if value is None else str(value)


def http(method: str, target: bytes, headers: Mapping[str, str], body: bytes) -> bytes:
    """Put a request together."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    head = f"{method} ".encode() + target + b" HTTP/1.1\r\n" + "\r\n".join(lines).encode()
    return head + b"\r\n\r\n" + body


def send_body(kind: str) -> Callable[[str, Keys, str, bytes], bytes]:
    """Give what signs a body of that type with TC3-HMAC-SHA256."""

    def send(endpoint: str, keys: Keys, action: str, written: bytes) -> bytes:
        call = Call(endpoint=endpoint, keys=keys, action=action, body=written, content_type=kind)
        return http("POST", b"/", call.headers(), written)

    return send


def send_query(endpoint: str, keys: Keys, action: str, written: bytes) -> bytes:
    """Sign a query with TC3-HMAC-SHA256."""
    call = Call(
        endpoint=endpoint,
        keys=keys,
        action=action,
        method="GET",
        query=written.decode("latin-1"),
        body=b"",
        content_type=FORM,
    )
    return http("GET", b"/?" + written, call.headers(), b"")


def send_v1_query(endpoint: str, keys: Keys, action: str, written: bytes) -> bytes:
    """Sign a query with HmacSHA256."""
    return http(
        "GET", b"/?" + with_v1(endpoint, keys, action, written, "GET"), {"Host": endpoint}, b""
    )


def send_v1_form(endpoint: str, keys: Keys, action: str, written: bytes) -> bytes:
    """Sign a form with HmacSHA256."""
    body = with_v1(endpoint, keys, action, written, "POST")
    return http("POST", b"/", {"Host": endpoint, "Content-Type": FORM}, body)


def with_v1(endpoint: str, keys: Keys, action: str, written: bytes, method: str) -> bytes:
    """Add the common parameters and the signature to pairs."""
    common = {
        "Action": action,
        "Nonce": str(next(NONCES)),
        "SecretId": keys.secret_id,
        "SignatureMethod": "HmacSHA256",
        "Timestamp": str(int(time.time())),
        "Version": "2019-12-05",
    }
    pairs = dict(
        parse_qsl(
            written.decode("utf-8", "surrogateescape"),
            keep_blank_values=True,
            errors="surrogateescape",
        )
    )
    signed = "&".join(f"{name}={value}" for name, value in sorted((pairs | common).items()))
    # The host is signed without its port.
    text = f"{method}{endpoint.partition(':')[0]}/?{signed}".encode("utf-8", "surrogateescape")
    digest = hmac.digest(keys.secret_key.encode(), text, "sha256")
    added = write_pairs(common | {"Signature": base64.b64encode(digest).decode()})
    return b"&".join(each for each in (written, added) if each)


FORMS = (
    Form("JSON", write_json, send_body("application/json")),
    Form("multipart", write_parts, send_body(f"multipart/form-data; boundary={BOUNDARY}")),
    Form("query", write_pairs, send_query, in_query=True),
    Form("older query", write_pairs, send_v1_query, in_query=True),
    Form("older form", write_pairs, send_v1_form),
)
