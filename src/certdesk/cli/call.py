"""`certdesk call`: a signed request from the command line, signed by the server's own code."""

from __future__ import annotations

import os

import click

from certdesk.cli.common import REFUSED, UNREACHABLE, fail, read_json
from certdesk.cli.printing import show
from certdesk.domain.values.secret import Secret
from certdesk.web import client
from certdesk.web.client import Credentials, NoAnswer


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
    credentials = Credentials(secret_id, Secret(secret_key), os.environ.get("CERTDESK_TOKEN", ""))
    try:
        response = client.call(endpoint, credentials, action, read_json(json))
    except ValueError as error:
        fail(f"--endpoint: {error}", UNREACHABLE)
    except NoAnswer as error:
        fail(str(error), UNREACHABLE)
    show({"Response": response})
    if "Error" in response:
        raise SystemExit(REFUSED)
