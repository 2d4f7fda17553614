"""A name server and a web server on this machine, for whoever has no domain to try the desk with.

    make world

They say what is in a folder (`./world` unless one is named), and whatever is changed there counts
at once: `records` has a DNS record a line, as a zone file has, and `www/HOST/PATH` is a page each.
`desk.toml` there is a settings file for a desk that asks them instead of the Internet. Everything
is on loopback and on free ports, so a desk that is to use it starts after it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.message
import dns.rcode
import dns.zonefile

from tests.nameserver import NameServer, nameserver
from tests.webserver import Line, Request, WebServer, serving

SETTINGS = """\
# For a desk that asks the servers of demo.world. Not for one whose certificates anybody trusts.
[dns]
resolvers = ["{names.endpoint}"]
dnssec = "off"

[proof]
interval = 1
http_port = {pages.port}
allow_networks = ["{pages.address}/32"]
"""

ENDING = (signal.SIGINT, signal.SIGTERM)


@dataclasses.dataclass(frozen=True)
class World:
    """The files that the servers speak from, and the settings for a desk."""

    folder: Path

    @property
    def records(self) -> Path:
        """DNS records, one a line."""
        return self.folder / "records"

    @property
    def settings(self) -> Path:
        """Settings for a desk, written once the servers are there."""
        return self.folder / "desk.toml"

    def page(self, host: str, path: str) -> Path:
        """Give the file for a page."""
        return self.folder / "www" / host / path.lstrip("/")


class FileNames(NameServer):
    """A name server that reads the file again for each question."""

    def __init__(self, world: World) -> None:
        """Say what the world's records are."""
        super().__init__()
        self._file = world.records

    def response(self, query: dns.message.Message) -> dns.message.Message:
        """Answer from the file, or tell what is wrong with it."""
        try:
            text = self._file.read_text("utf-8")
            self.replace(dns.zonefile.read_rrsets(text, rdclass=None, default_ttl=0))
        except (dns.exception.DNSException, OSError, ValueError) as error:
            print(f"{self._file}: {error}", file=sys.stderr)
            failed = dns.message.make_response(query)
            failed.set_rcode(dns.rcode.SERVFAIL)
            return failed
        return super().response(query)


class FilePages(WebServer):
    """A web server whose pages are the files of a folder, as they are when they are asked for."""

    def __init__(self, world: World) -> None:
        """Serve the world's pages."""
        super().__init__()
        self._world = world

    def answer(self, request: Request, line: Line) -> None:
        """Answer with a file, or with 404."""
        file = self._world.page(request.host, request.path).resolve()
        if file.is_file() and file.is_relative_to(self._world.page("", "").resolve()):
            self.put(request.host, request.path, file.read_bytes())
        else:
            self.remove(request.host, request.path)
        super().answer(request, line)


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Run both servers on a folder's files as long as the context lasts."""
    made = World(folder)
    made.page("", "").mkdir(parents=True, exist_ok=True)
    made.records.touch()
    with nameserver(FileNames(made)) as names, serving(FilePages(made)) as pages:
        made.settings.write_text(SETTINGS.format(names=names, pages=pages))
        yield made


def main() -> None:
    """Run until Ctrl-C."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    with world(Path(*sys.argv[1:2] or ["world"])) as made:
        print(f"DNS records are in {made.records}, pages in {made.page('HOST', 'PATH')}.")
        print(f"world ready for: certdesk serve --config {made.settings}", flush=True)
        signal.sigwait(ENDING)


if __name__ == "__main__":
    main()
