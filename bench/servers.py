"""Servers under measurement, each in a process of its own, and what they cost."""

from __future__ import annotations

import contextlib
import functools
import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

from bench.load import Load
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.secret import Secret
from certdesk.storage.session import Library
from certdesk.wire.signature import authorize
from tests.running import Keys, RunningDesk

ORDER = {"ProductId": 18, "DomainNum": 1, "TimeSpan": 1}
"""An order for one name, of a product that takes a company's material."""


def cpu_seconds(pid: int) -> float:
    """Give the CPU time of a process so far, of threads that have ended as well (Linux).

    Its clock's number is what `clock_getcpuclockid(3)` makes of the process's.
    """
    return time.clock_gettime((~pid << 3) | 2)


@contextlib.contextmanager
def echo_up() -> Iterator[tuple[str, int]]:
    """Run the bare application; give its endpoint and its process id."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        command = [sys.executable, "-m", "bench.echo", str(number)]
        with subprocess.Popen(command, pass_fds=[number]) as process:
            try:
                yield f"127.0.0.1:{listener.getsockname()[1]}", process.pid
            finally:
                process.terminate()


class Customer:
    """An account of a running desk, with a company, a vetted manager and orders to come."""

    def __init__(self, desk: RunningDesk, load: Load, keys: Keys | None = None) -> None:
        """Open an account, or take the one whose keys are given; `load` sends its requests."""
        self.desk = desk
        self._load = load
        self.keys: Keys = keys or desk.account()

    @functools.cached_property
    def company(self) -> int:
        """The id of its company."""
        return self.desk.company(self.keys)

    @functools.cached_property
    def manager(self) -> int:
        """The id of its manager, who is vetted."""
        return self.desk.manager(self.keys, self.company, status="ok")

    def signed(self, action: str, parameters: Mapping[str, object]) -> bytes:
        """Write a whole request, head and body, as it goes over the wire."""
        return signed(self.keys, self.desk.endpoint, action, parameters)

    def purchases(self, count: int) -> list[bytes]:
        """Write requests that buy an order each."""
        return [self.signed("CreateCertificate", ORDER)] * count

    def send(self, requests: list[bytes]) -> list[bytes]:
        """Send requests outside of any measurement; give the bodies of the replies."""
        return self._load.run(self.desk.endpoint, requests)[1]

    def buy(self, count: int) -> list[str]:
        """Buy orders; give their ids."""
        bodies = self.send(self.purchases(count))
        return [json.loads(body)["Response"]["CertificateIds"][0] for body in bodies]


def signed(
    keys: Keys, host: str, action: str, parameters: Mapping[str, object], *, blanks: int = 0
) -> bytes:
    """Write a whole request, signed with `keys`, as it goes over the wire.

    `blanks` behind the parameters give a request that asks the same another signature.
    """
    body = json.dumps(parameters).encode() + b" " * blanks
    headers = authorize(
        secret_id=keys.secret_id,
        secret_key=Secret(keys.secret_key),
        action=action,
        payload=body,
        timestamp=int(time.time()),
        host=host,
    )
    return whole(headers, body)


def read(load: Load, desk: RunningDesk, keys: Keys, certificate_id: str, count: int) -> float:
    """Return the seconds of one read of an order, of `count` at once.

    Each has a signature of its own: beside much work all of them take longer than the few seconds
    for which a read that shows a secret may be repeated.
    """
    detail = {"CertificateId": certificate_id}
    requests = [
        signed(keys, desk.endpoint, "DescribeCertificateDetail", detail, blanks=number)
        for number in range(count)
    ]
    return load.run(desk.endpoint, requests)[0] / count


def whole(headers: Mapping[str, str], body: bytes) -> bytes:
    """Write a POST as it goes over the wire."""
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    head = f"POST / HTTP/1.1\r\n{''.join(lines)}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def wait_for_stock(desk: RunningDesk, wanted: Mapping[KeyKind, int]) -> None:
    """Wait until the desk has made its keys."""
    labels = {kind.label: number for kind, number in wanted.items()}
    while not labels.items() <= desk.certdesk("vault", "status")["KeyStock"].items():
        time.sleep(0.5)


def wait_for_inspection(desk: RunningDesk) -> None:
    """Wait until every submission's key has had its second check, which follows the answer."""
    with database_of(desk) as database:
        while database.execute("SELECT 1 FROM submissions WHERE NOT inspected").fetchone():
            time.sleep(0.02)


def last_submission(desk: RunningDesk) -> list[object]:
    """Give the values that a submission stores: its own row, and that of the audit log."""
    with database_of(desk) as database:
        submission = database.execute("SELECT * FROM submissions ORDER BY rowid DESC").fetchone()
        audit = database.execute("SELECT * FROM audit ORDER BY rowid DESC").fetchone()
        return [*submission, *audit]


@contextlib.contextmanager
def database_of(desk: RunningDesk) -> Iterator[sqlite3.Connection]:
    """Open a desk's database for reading, with the desk's own library: others may be too old."""
    address = f"file:{desk.folder / 'certdesk.db'}?mode=ro"
    with contextlib.closing(Library.find().module.connect(address, uri=True)) as database:
        yield database
