"""`certdesk call`: a signed request from the command line, signed by the server's own code."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import time
import urllib.parse

import click

from certdesk.cli.common import REFUSED, UNREACHABLE, fail, read_json
from certdesk.cli.printing import show
from certdesk.domain.secret import Secret
from certdesk.wire.signature import authorize

WAIT_SECONDS = 60


@click.command()
@click.argument("action")
@click.argument("json", default="{}")
@click.option(
    "--endpoint",
    envvar="CERTDESK_ENDPOINT",
    required=True,
    metavar="URL",
    help="Where the desk answers, such as http://127.0.0.1:8080 (or CERTDESK_ENDPOINT).",
)
def call(action: str, json: str, endpoint: str) -> None:
    """Call ACTION of the API with the parameters in JSON, and print the reply.

    JSON is the object itself, @FILE, or - for standard input. The keys come from the environment
    variables CERTDESK_SECRET_ID and CERTDESK_SECRET_KEY, and the token of a temporary key from
    CERTDESK_TOKEN. Exit code 1 if the reply is an error.
    """
    secret_id = os.environ.get("CERTDESK_SECRET_ID")
    secret_key = os.environ.get("CERTDESK_SECRET_KEY")
    if not secret_id or not secret_key:
        fail("set CERTDESK_SECRET_ID and CERTDESK_SECRET_KEY", UNREACHABLE)
    payload = _encode(read_json(json))
    headers = authorize(
        secret_id=secret_id,
        secret_key=Secret(secret_key),
        action=action,
        payload=payload,
        timestamp=int(time.time()),
        host=_host(endpoint),
    )
    reply = _post(endpoint, payload, headers | {"X-TC-Token": os.environ.get("CERTDESK_TOKEN", "")})
    show(reply)
    if "Error" in reply["Response"]:
        raise SystemExit(REFUSED)


def _encode(parameters: dict[str, object]) -> bytes:
    """Write parameters as JSON; in ASCII, so that every text can be sent and judged."""
    return json.dumps(parameters).encode()


def _post(endpoint: str, payload: bytes, headers: dict[str, str]) -> dict[str, dict[str, object]]:
    secure = endpoint.lower().startswith("https:")
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        with contextlib.closing(kind(headers["Host"], timeout=WAIT_SECONDS)) as connection:
            connection.request("POST", "/", payload, headers)
            response = connection.getresponse()
            body = response.read()
    except (OSError, http.client.HTTPException) as error:
        fail(f"{endpoint} does not answer: {error}", UNREACHABLE)
    return _envelope(body) or fail(
        f"{endpoint} is no desk: it answered {response.status}", UNREACHABLE
    )


def _host(endpoint: str) -> str:
    url = urllib.parse.urlsplit(endpoint)
    if url.scheme not in ("http", "https") or not url.netloc:
        fail("--endpoint: give a URL such as http://127.0.0.1:8080", UNREACHABLE)
    if "@" in url.netloc:  # and not repeat it: it has a pass word
        fail("--endpoint: give a URL without a user's name and pass word", UNREACHABLE)
    return url.netloc


def _envelope(body: bytes) -> dict[str, dict[str, object]]:
    """Read an API's answer; nothing where it is none."""
    try:
        reply = json.loads(body)
    except ValueError:
        return {}
    answered = isinstance(reply, dict) and isinstance(reply.get("Response"), dict)
    return reply if answered else {}
