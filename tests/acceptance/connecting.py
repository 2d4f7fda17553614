"""The servers that a desk asks, and the way from an order's proofs to a TLS connection."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import io
import ssl
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from certdesk.world.nameserver import NameServer, nameserver
from certdesk.world.webserver import WebServer, webserver
from tests import nginx
from tests.running import Client, RunningDesk, running

SECONDS = 60


@dataclasses.dataclass(frozen=True)
class World:
    """A desk, and the servers that it asks."""

    desk: RunningDesk
    names: NameServer
    web: WebServer


@contextlib.contextmanager
def world(
    folder: Path, settings: str = "", clock: Path | None = None, under: Sequence[str] = ()
) -> Iterator[World]:
    """Run servers on loopback and a desk that is told to ask them, with further settings.

    What is written to `clock` moves the desk's own. `under` is as in `RunningDesk`.
    """
    with nameserver() as names, webserver() as web:
        settings += f"""
            dns.resolvers = ["{names.endpoint}"]
            dns.dnssec = "off"
            proof.interval = 1
            proof.allow_networks = ["127.0.0.0/8"]
            proof.http_port = {web.port}
            keys.stock.rsa_2048 = 1
            keys.stock.rsa_4096 = 0
        """
        with running(folder, settings=settings, clock=clock, under=under) as desk:
            yield World(desk, names, web)


def publish(world: World, detail: dict[str, Any]) -> list[str]:
    """Publish what DescribeCertificateDetail asks for; give the kinds."""
    kinds = []
    for auth in detail["DvAuthDetail"]["DvAuths"]:
        kind, key, value = auth["DvAuthVerifyType"], auth["DvAuthKey"], auth["DvAuthValue"]
        kinds.append(kind)
        if kind != "FILE":
            world.names.add(key, kind, f"{value}." if kind == "CNAME" else value)
            continue
        name = detail["Domain"]
        for host in (name, f"www.{name}"):
            world.names.add(host, "A", "127.0.0.1")
            world.web.put(host, f"{auth['DvAuthPath']}{key}", value.encode())
    return kinds


def waited(client: Client, certificate_id: str, **members: object) -> dict[str, Any]:
    """Wait until an order has these members; give its detail."""
    end = time.monotonic() + SECONDS
    while not (detail := client.detail(certificate_id)).items() >= members.items():
        assert time.monotonic() < end, detail
        time.sleep(0.05)
    return detail


def issued(client: Client, certificate_id: str) -> dict[str, Any]:
    """Wait until an order is issued."""
    return waited(client, certificate_id, Status=1)


def unpacked(client: Client, certificate_id: str, folder: Path) -> list[str]:
    """Download the zip and unpack it; give the names in it."""
    reply = client.call("DownloadCertificate", CertificateId=certificate_id)
    assert reply["ContentType"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(reply["Content"]))) as archive:
        archive.extractall(folder)
        return archive.namelist()


def served(folder: Path, key: Path, host: str, root: str) -> bytes:
    """Serve an unpacked bundle by nginx, and connect as a client that trusts the root alone.

    Gives the certificate that it showed.
    """
    (bundle,) = folder.glob("Nginx/1_*_bundle.crt")
    port = nginx.configure(folder, bundle, key)
    trust = ssl.create_default_context(cadata=root)
    with (
        nginx.serving(folder, port) as plain,
        trust.wrap_socket(plain, server_hostname=host) as secure,
    ):
        shown = secure.getpeercert(binary_form=True)
    assert shown is not None
    return shown
