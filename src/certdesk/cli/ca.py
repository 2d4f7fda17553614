"""`certdesk ca`."""

from __future__ import annotations

from collections.abc import Iterator
from ssl import PEM_cert_to_DER_cert
from typing import Any

import click

from certdesk.cli.common import REFUSED, desk_options, fail, show_reply
from certdesk.cli.group import Group
from certdesk.cli.operator import ask
from certdesk.cli.printing import emit, local_time, say, show
from certdesk.settings import Settings

SUMMARY = (
    "{Name}: {Kind}, {Key}",
    "  subject      {Subject}",
    "  valid        {From} to {Until}",
    "  SHA-256      {Sha256}",
    "  certificate  {CertificateUrl}",
)


@click.group(cls=Group)
def ca() -> None:
    """The private CA: its authorities, certificates and CRLs."""


@ca.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, with certificates.")
@desk_options
def ca_show(settings: Settings, *, as_json: bool) -> None:
    """Show the authorities: subject, validity, fingerprint, URLs. Creates them if needed."""
    found = _authorities(settings)
    if as_json:
        show(found)
        return
    for authority in found:
        valid = {
            "From": local_time(authority["BeginsAt"]),
            "Until": local_time(authority["EndsAt"]),
        }
        for line in SUMMARY:
            say(line.format_map(authority | valid))
        if authority["CrlUrl"]:
            say(f"  CRL          {authority['CrlUrl']}")


@ca.command("export")
@click.argument("name", required=False)
@click.option("--chain", is_flag=True, help="Add the certificates above it, up to the root.")
@click.option("--der", is_flag=True, help="Print one certificate in DER instead of PEM.")
@desk_options
def ca_export(settings: Settings, name: str | None, *, chain: bool, der: bool) -> None:
    """Print the certificate of the authority NAME in PEM, or those of all roots without NAME.

    Programs need the roots to trust the CA. Names are those of `certdesk ca show`.
    """
    if der and (name is None or chain):
        raise click.UsageError(
            "--der prints one certificate: name the authority, and leave out --chain"
        )
    found = {authority["Name"]: authority for authority in _authorities(settings)}
    if name is not None and name not in found:
        fail(f"there is no authority {name}; the authorities are {', '.join(found)}", REFUSED)
    if der and name is not None:
        emit(PEM_cert_to_DER_cert(found[name]["Certificate"]))
        return
    roots = [each for each in found.values() if each["Signer"] is None]
    for authority in roots if name is None else _path(found, name, whole=chain):
        emit(authority["Certificate"])


def _path(found: dict[str, dict[str, Any]], name: str, *, whole: bool) -> Iterator[dict[str, Any]]:
    yield found[name]
    signer = found[name]["Signer"]
    if whole and signer is not None:
        yield from _path(found, signer, whole=True)


def _authorities(settings: Settings) -> list[dict[str, Any]]:
    response = ask(settings, "DescribeAuthorities")
    if "Error" in response:
        show_reply(response)
    found: list[dict[str, Any]] = response["Authorities"]
    return found
