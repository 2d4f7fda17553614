"""One request in each of the forms in which clients send it, put together and signed by hand."""

from __future__ import annotations

import dataclasses
import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlencode

from certdesk.domain.values.secret import Secret
from certdesk.wire.signature import hash_payload
from certdesk.wire.signature_v1 import sign, string_to_sign
from tests.conformance.raw import Answer, Call, encode, send

FORM = "application/x-www-form-urlencoded"
NONCE = itertools.count(10_000_000)
"""All of one length, so that the size of a form is known before it is written."""

Send = Callable[[Call, Mapping[str, object]], Answer]
"""Sends the action of a call, with the keys and to the desk of the call, and parameters."""


def flatten(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Give parameters by their dotted names, as Go and Node write them."""
    if isinstance(value, (dict, list)):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for part, member in members:
            yield from flatten(member, f"{name}.{part}" if name else str(part))
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)


def by_json(call: Call, parameters: Mapping[str, object]) -> Answer:
    """Send a JSON body."""
    return dataclasses.replace(call, body=encode(parameters)).send()


def by_query(call: Call, parameters: Mapping[str, object]) -> Answer:
    """Send a query with the newer signature."""
    query = urlencode(list(flatten(parameters)))
    return dataclasses.replace(call, method="GET", query=query, content_type=FORM, body=b"").send()


def by_parts(call: Call, parameters: Mapping[str, object]) -> Answer:
    """Send a multipart body: lists and structures as JSON, all else as text."""
    body = b""
    for name, value in parameters.items():
        nested = isinstance(value, (dict, list))
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n'
        head += "Content-Type: application/json\r\n" if nested else ""
        text = value if isinstance(value, str) else json.dumps(value)
        body += f"{head}\r\n{text}\r\n".encode()
    kind = "multipart/form-data; boundary=b"
    return dataclasses.replace(call, content_type=kind, body=body + b"--b--\r\n").send()


def older(call: Call, method: str, parameters: Mapping[str, object], spelt: str = "{}") -> bytes:
    """Sign parameters with HmacSHA256 and write them as pairs, the signature as it is `spelt`."""
    pairs = dict(flatten(parameters)) | {
        "Action": call.action,
        "Nonce": str(next(NONCE)),
        "SecretId": call.keys.secret_id,
        "SignatureMethod": "HmacSHA256",
        "Timestamp": str(call.timestamp or int(time.time())),
        "Version": "2019-12-05",
    }
    text = string_to_sign(method, call.endpoint, pairs)
    pairs["Signature"] = spelt.format(sign(text, Secret(call.keys.secret_key), "HmacSHA256"))
    return urlencode(pairs).encode()


def by_older_query(call: Call, parameters: Mapping[str, object]) -> Answer:
    """Send a query with the older signature."""
    target = f"/?{older(call, 'GET', parameters).decode()}"
    return send(call.endpoint, {"Host": call.endpoint}, b"", method="GET", target=target)


def by_older_form(call: Call, parameters: Mapping[str, object]) -> Answer:
    """Send a form with the older signature."""
    headers = {"Host": call.endpoint, "Content-Type": FORM}
    return send(call.endpoint, headers, older(call, "POST", parameters))


def unsigned(call: Call) -> Call:
    """Give a call whose body is left out of the signature."""
    return dataclasses.replace(
        call,
        payload_hash=hash_payload(b"UNSIGNED-PAYLOAD"),
        extra={**call.extra, "X-TC-Content-SHA256": "UNSIGNED-PAYLOAD"},
    )


def by_unsigned_json(call: Call, parameters: Mapping[str, object]) -> Answer:
    """Send a JSON body that is not signed."""
    return by_json(unsigned(call), parameters)


OTHER_FORMS: dict[str, Send] = {
    "query": by_query,
    "multipart": by_parts,
    "older query": by_older_query,
    "older form": by_older_form,
}
"""All forms but the usual one."""
