"""Servers under measurement, each in processes of its own, and an account at one."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from bench.databases import Database, postgresql, sqlite
from bench.load import Load, connect, exchange
from bench.machine import ALL, on, serving
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.secret import Secret
from certdesk.wire.signature import authorize
from tests.running import PROGRAM, Keys, RunningDesk

ORDER = {"ProductId": 18, "DomainNum": 1, "TimeSpan": 1}
"""An order for one name, of a product that takes a company's material."""

WORKERS = 2
"""Serving processes of a desk that has more than one."""

KINDS = (KeyKind.RSA_2048, KeyKind.RSA_4096, KeyKind.P_256)

LINES = 5
"""So many of the last lines of a log are shown."""

Fetch: TypeAlias = Callable[[str], Any]
"""A function that runs a query on a desk's database and returns the first row, or None."""


class Answering(Protocol):
    """A server's address and its process."""

    @property
    def endpoint(self) -> str:
        """HOST:PORT."""
        ...

    @property
    def pid(self) -> int:
        """The process; others may be below it."""
        ...


@dataclasses.dataclass(frozen=True)
class Program:
    """A server that is no desk."""

    endpoint: str
    pid: int


@dataclasses.dataclass(frozen=True)
class Server:
    """A server, and how it is run.

    `processes` is the number that serve, each on a core of its own where it is `pinned`;
    `database` is the process of the database server that works for it.
    """

    of: Answering
    processes: int = 1
    pinned: bool = True
    database: int | None = None


class MeasuredDesk(RunningDesk):
    """A desk on the cores that it is measured on, with the database that it is measured with."""

    def __init__(
        self,
        folder: Path,
        settings: str,
        *,
        processes: int = 1,
        pinned: bool = True,
        database: Database | None = None,
        code: Path | None = None,
    ) -> None:
        """Serve from `folder`; `code` is where Python finds the desk of another commit."""
        self.code = code
        under = [] if code is None else ["env", f"PYTHONPATH={code}"]
        if processes > 1:
            # The words of the desk's command follow as those of the shell's.
            under = ["sh", "-c", f'exec "$@" --workers {processes}', "sh"]
        url = "" if database is None else f'database = "{database.url}"\n'
        super().__init__(folder, settings=url + settings, under=under)
        self._cores = serving(processes) if pinned else ALL
        self._database = database
        self.server = Server(self, processes, pinned, None if database is None else database.pid)

    def start(self) -> None:
        """Start it on its cores, and wait until it says that it answers."""
        with on(self._cores):
            super().start()

    @contextlib.contextmanager
    def records(self) -> Iterator[Fetch]:
        """Have a function that reads from the desk's database as long as the context lasts."""
        kept = self._database
        with sqlite(self.folder) if kept is None else postgresql(kept.url) as connection:
            yield lambda query: connection.execute(query).fetchone()


@contextlib.contextmanager
def up(desk: MeasuredDesk) -> Iterator[MeasuredDesk]:
    """Run a desk as long as the context lasts.

    An error then has what the desk wrote of errors as a note: its log does not outlive the bench.
    """
    try:
        desk.start()
        yield desk
    except (RuntimeError, TimeoutError) as error:
        troubles = [line for line in desk.log.splitlines() if '"code": "ok"' not in line]
        error.add_note("\n".join([f"{desk.folder.name} wrote:", *troubles[-LINES:]]))
        raise
    finally:
        desk.stop()


@functools.cache
def has_workers() -> bool:
    """Tell whether `certdesk serve` can have more than one serving process."""
    told = subprocess.run([PROGRAM, "serve", "--help"], capture_output=True, text=True, check=True)
    return "--workers" in told.stdout


def settings_of(stock: Mapping[KeyKind, int] | None = None, more: str = "") -> str:
    """Write the settings of a stock (of none), and that requests come at any pace."""
    sizes = dict.fromkeys(KINDS, 0) | dict(stock or {})
    lines = (f"keys.stock.{kind.name.lower()} = {size}\n" for kind, size in sizes.items())
    return f"rate.limit = 0\n{''.join(lines)}{more}"


@contextlib.contextmanager
def echo_up() -> Iterator[Server]:
    """Run the bare application."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.fileno()
        command = [sys.executable, "-m", "bench.echo", str(number)]
        with on(serving()), subprocess.Popen(command, pass_fds=[number]) as process:
            try:
                endpoint = f"127.0.0.1:{listener.getsockname()[1]}"
                with connect(endpoint) as line:
                    exchange(line, whole({"Host": endpoint}, b""))
                yield Server(Program(endpoint, process.pid))
            finally:
                process.terminate()


class Customer:
    """An account of a running desk, with a company, a vetted manager and orders to come."""

    def __init__(self, desk: MeasuredDesk, load: Load, keys: Keys | None = None) -> None:
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

    def signed(self, action: str, parameters: Mapping[str, object], number: int = 0) -> bytes:
        """Write a whole request, head and body, as it goes over the wire."""
        return signed(self.keys, self.desk.endpoint, action, parameters, number)

    def send(self, requests: list[bytes]) -> list[bytes]:
        """Send requests outside of any measurement; return the bodies of the replies."""
        return self._load.run(self.desk.endpoint, requests).bodies

    def purchases(self, count: int) -> list[bytes]:
        """Write requests that buy an order each."""
        return [self.signed("CreateCertificate", ORDER, number) for number in range(count)]

    def buy(self, count: int) -> list[str]:
        """Buy orders; return their ids."""
        bodies = self.send(self.purchases(count))
        return [json.loads(body)["Response"]["CertificateIds"][0] for body in bodies]


def signed(
    keys: Keys, host: str, action: str, parameters: Mapping[str, object], number: int = 0
) -> bytes:
    """Write a whole request, signed with `keys`, as it goes over the wire.

    Requests that ask the same have another signature if their `number` is another: one signature
    is good for a few seconds only if its request changes something or shows a secret.
    """
    blanks = f"{number:016b}".translate({ord("0"): " ", ord("1"): "\t"})
    body = json.dumps(parameters).encode() + blanks.encode()
    headers = authorize(
        secret_id=keys.secret_id,
        secret_key=Secret(keys.secret_key),
        action=action,
        payload=body,
        timestamp=int(time.time()),
        host=host,
    )
    return whole(headers, body)


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


def wait_for_inspection(desk: MeasuredDesk) -> None:
    """Wait until every submission's key has had its second check, which follows the answer."""
    with desk.records() as fetch:
        while fetch("SELECT 1 FROM submissions WHERE NOT inspected"):
            time.sleep(0.02)


def last_submission(desk: MeasuredDesk) -> list[object]:
    """Return the values that a submission stores: its own row, and that of the audit log."""
    with desk.records() as fetch:
        rows = (f"SELECT * FROM {table} ORDER BY rowid DESC" for table in ("submissions", "audit"))  # noqa: S608 - two tables of the desk's
        return [value for row in rows for value in fetch(row)]
