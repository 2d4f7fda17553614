"""Knot DNS on the loopback with zones that take updates signed with a key.

with knot(folder, "example.com") as server:
    run("zone", "add", "example.com", "--server", server.endpoint, "--key-file", server.key_file)
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from tests.ports import free_port
from tests.programs import path_of

KEY = "desk.key"
START_SECONDS = 20


@dataclasses.dataclass
class Knot:
    """A server that can be stopped and started again; its zones stay as they were changed."""

    folder: Path
    port: int
    secret: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Where it listens, host:port."""
        return f"127.0.0.1:{self.port}"

    @property
    def key(self) -> str:
        """The key that it takes, as BIND writes it."""
        return _bind_form(self.secret)

    @property
    def wrong_key(self) -> str:
        """The key with another secret."""
        return _bind_form(_secret())

    @property
    def key_file(self) -> Path:
        """A file with the key."""
        return self.folder / "key.conf"

    def values(self, name: str, kind: str = "TXT") -> set[str]:
        """Give the values of the records that it answers with."""
        query = dns.message.make_query(name, kind)
        answer = dns.query.tcp(query, "127.0.0.1", timeout=START_SECONDS, port=self.port).answer
        return {
            b"".join(record.strings).decode() if kind == "TXT" else str(record).removesuffix(".")
            for rrset in answer
            if rrset.rdtype == dns.rdatatype.from_text(kind)
            for record in rrset
        }

    def start(self) -> None:
        """Run it, and wait until it answers."""
        with (self.folder / "knotd.out").open("ab") as output:
            self.process = subprocess.Popen(
                [path_of("knotd"), "-c", str(self.folder / "knot.conf")],
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, dns.exception.DNSException):
                query = dns.message.make_query(".", "SOA")
                dns.query.udp(query, "127.0.0.1", timeout=0.5, port=self.port)
                return
            time.sleep(0.02)
        raise AssertionError(f"knotd does not answer: {(self.folder / 'knotd.out').read_text()}")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(START_SECONDS)
            self.process = None


@contextlib.contextmanager
def knot(folder: Path, *zones: str) -> Iterator[Knot]:
    """Serve empty zones as long as the context lasts."""
    (folder / "db").mkdir(parents=True, exist_ok=True)
    server = Knot(folder, free_port(), _secret())
    for zone in zones:
        (folder / f"{zone}.zone").write_text(
            f"$ORIGIN {zone}.\n@ 60 SOA ns hostmaster 1 60 60 60 1\n@ 60 NS ns\nns 60 A 127.0.0.1\n"
        )
    (folder / "knot.conf").write_text(_config(server, zones))
    server.key_file.write_text(server.key)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _config(server: Knot, zones: tuple[str, ...]) -> str:
    folder = server.folder
    return (
        f"server:\n  listen: 127.0.0.1@{server.port}\n  rundir: {folder}\n"
        f"  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
        f"log:\n  - target: stderr\n    any: info\n"
        f"database:\n  storage: {folder}/db\n  journal-db-max-size: 16M\n"
        f"key:\n  - id: {KEY}\n    algorithm: hmac-sha256\n    secret: {server.secret}\n"
        f"acl:\n  - id: desk\n    key: {KEY}\n    action: update\n    update-type: [TXT, CNAME]\n"
        f"template:\n  - id: default\n    storage: {folder}\n    acl: desk\n    zonefile-sync: 0\n"
        "zone:\n" + "".join(f"  - domain: {zone}\n    file: {zone}.zone\n" for zone in zones)
    )


def _secret() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _bind_form(secret: str) -> str:
    return f'key "{KEY}" {{\n\talgorithm hmac-sha256;\n\tsecret "{secret}";\n}};\n'
