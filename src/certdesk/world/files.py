"""A name server and a web server that answer from the current files of a folder.

`records` has one DNS record a line, as in a zone file, and each `www/HOST/PATH` is a page.
`desk.toml` is a settings file for a desk that asks these servers. A changed file is used for the
next question.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import dns.zonefile

from certdesk.world.nameserver import NameServer, nameserver
from certdesk.world.webserver import Line, Request, WebServer, serving

MARK = "# For a desk that asks `certdesk world`, and whose certificates nobody may trust."
SETTINGS = f"""\
{MARK}
[dns]
resolvers = ["{{names.endpoint}}"]
dnssec = "off"

[proof]
interval = 1
http_port = {{pages.port}}
allow_networks = ["{{pages.address}}/32"]
"""

PAGE_BYTES = 1024 * 1024
"""The most bytes of a page; a desk reads far less of a validation file."""

Complain = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class World:
    """The files that the servers answer from, and the settings for a desk."""

    folder: Path

    @property
    def records(self) -> Path:
        """DNS records, one a line."""
        return self.folder / "records"

    @property
    def settings(self) -> Path:
        """Settings for a desk, written once the servers run."""
        return self.folder / "desk.toml"

    def page(self, host: str, path: str) -> Path:
        """The file for a page."""
        return self.folder / "www" / host / path.lstrip("/")


class NotOurs(Exception):
    """The folder is in use, or its settings were written by something else; the text says which."""


class BadRecord(Exception):
    """A line is not a DNS record; the text says which and why."""


class RecordFile:
    """A file with one record a line, indexed by name.

    Only added lines are read, and a line is parsed when its name is asked for: parsing 100,000
    lines takes seconds, and each order adds one.
    """

    def __init__(self, file: Path, complain: Complain) -> None:
        """Read nothing yet; `complain` is called with lines that are not records."""
        self._file = file
        self._complain = complain
        self._read = b""
        self._number = 0
        self._lines: dict[str, list[tuple[int, str]]] = {}
        self._nodes: set[str] = set()

    def refresh(self) -> None:
        """Read the changes of the file.

        Raises:
            OSError, UnicodeDecodeError: it cannot be read.
        """
        content = self._file.read_bytes()
        if content == self._read:
            return
        added = content.removeprefix(self._read)
        if not (content.startswith(self._read) and self._read[-1:] in (b"", b"\n")):
            self._forget()
            added = content
        for line in added.decode().splitlines():
            self._number += 1
            self._add(line)
        self._read = content

    def records(self, name: str) -> list[dns.rrset.RRset]:
        """The records of a name.

        Raises:
            BadRecord: one of its lines is not a record.
        """
        found: list[dns.rrset.RRset] = []
        for number, line in self._lines.get(name, []):
            try:
                found += dns.zonefile.read_rrsets(line, rdclass=None, default_ttl=0)
            except (dns.exception.DNSException, ValueError) as error:
                raise BadRecord(f"{self._file}, line {number}: {error}") from error
        return found

    def has(self, name: str) -> bool:
        """Whether there is a record of a name, or of a name below it."""
        return name in self._nodes

    def _forget(self) -> None:
        self._read, self._number = b"", 0
        self._lines, self._nodes = {}, set()

    def _add(self, line: str) -> None:
        if not line.strip() or line.lstrip().startswith(";"):
            return
        if line[0].isspace() or line[0] == "$":
            self._complain(
                f"{self._file}, line {self._number}: the line must begin with the record's name"
            )
            return
        name = line.split(None, 1)[0].lower().removesuffix(".")
        self._lines.setdefault(name, []).append((self._number, line))
        while name and name not in self._nodes:
            self._nodes.add(name)
            name = name.partition(".")[2]


class FileNames(NameServer):
    """A name server that answers from a file of records."""

    def __init__(self, file: Path, complain: Complain) -> None:
        """Answer from `file`."""
        super().__init__()
        self._file = RecordFile(file, complain)
        self._complain = complain
        self._told = ""
        # One question at a time, since a file that is being reread has no records meanwhile.
        self._lock = threading.Lock()

    def response(self, query: dns.message.Message) -> dns.message.Message:
        """Answer from the file; on an error answer SERVFAIL and report it."""
        try:
            with self._lock:
                self._file.refresh()
                return super().response(query)
        except (BadRecord, OSError, UnicodeDecodeError) as error:
            if str(error) != self._told:
                self._told = str(error)
                self._complain(self._told)
            failed = dns.message.make_response(query)
            failed.set_rcode(dns.rcode.SERVFAIL)
            return failed

    def note(self, name: str, rdtype: str) -> None:
        """Store nothing: the server may run for weeks, and a desk asks every few seconds."""

    def records(self, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> list[dns.rdata.Rdata]:
        """The records of a name and a type."""
        found = self._file.records(_text(name))
        return [record for rrset in found if rrset.rdtype == kind for record in rrset]

    def exists(self, name: dns.name.Name) -> bool:
        """Whether anything is at a name or below it."""
        return self._file.has(_text(name))


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


class FilePages(WebServer):
    """A web server whose pages are the files of a folder."""

    def __init__(self, world: World) -> None:
        """Serve the world's pages."""
        super().__init__()
        self._world = world

    def note(self, request: Request) -> None:
        """Store nothing, as with DNS questions."""

    def answer(self, request: Request, line: Line) -> None:
        """Answer with a file, or with 404."""
        file = self._world.page(request.host, request.path).resolve()
        inside = file.is_relative_to(self._world.page("", "").resolve())
        if inside and file.is_file() and file.stat().st_size <= PAGE_BYTES:
            self.put(request.host, request.path, file.read_bytes())
        else:
            self.remove(request.host, request.path)
        super().answer(request, line)


@contextlib.contextmanager
def world(folder: Path, complain: Complain) -> Iterator[World]:
    """Run both servers on a folder's files while the context lasts.

    If possible they listen on the same ports as the last time, so that a desk's settings stay
    valid.

    Raises:
        NotOurs: another world runs in the folder, or something else wrote its settings.
        OSError: a file cannot be made.
    """
    made = World(folder)
    if made.settings.exists() and not made.settings.read_bytes().startswith(MARK.encode()):
        raise NotOurs(f"{made.settings} was not written by this command. Name another folder")
    made.page("", "").mkdir(parents=True, exist_ok=True)
    names, pages = FileNames(made.records, complain), FilePages(made)
    with contextlib.ExitStack() as opened:
        opened.enter_context(_alone(folder))
        made.records.touch()
        names_port, pages_port = _ports(made.settings)
        _listen(opened, lambda port: nameserver(names, port), names_port)
        _listen(opened, lambda port: serving(pages, port=port), pages_port)
        # It replaces what is there, so that no link is followed.
        fresh = made.settings.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.write_text(SETTINGS.format(names=names, pages=pages))
        fresh.replace(made.settings)
        yield made


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Lock the folder: a second world would write other ports into the first one's settings."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotOurs(f"certdesk world is already running in {folder}") from None
        yield
    finally:
        os.close(descriptor)


def _ports(settings: Path) -> tuple[int, int]:
    """Return the two servers' ports from the settings; 0 if there are none."""
    try:
        read = tomllib.loads(settings.read_text("utf-8"))
        return int(read["dns"]["resolvers"][0].rpartition(":")[2]), int(read["proof"]["http_port"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return 0, 0


def _listen(
    opened: contextlib.ExitStack,
    start: Callable[[int], contextlib.AbstractContextManager[object]],
    port: int,
) -> None:
    """Start a server on a port, or on a free one if that is taken."""
    try:
        opened.enter_context(start(port))
    except (OSError, OverflowError):
        opened.enter_context(start(0))
