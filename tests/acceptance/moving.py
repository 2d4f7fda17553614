"""A sandbox whose clock is moved while it runs."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from certdesk.world.nameserver import NameServer
from tests.acceptance.processes import Served, keys_in, serving
from tests.acceptance.test_sandbox import knobs
from tests.acceptance.watching import Page, sample, told, until
from tests.running import Client, Keys

HOUR, DAY = 3600, 86400
DV = 104


def write(clock: Path, text: str) -> None:
    """Write a clock file as a careful program does."""
    draft = clock.with_name("draft")
    draft.write_text(text)
    draft.replace(clock)


@dataclasses.dataclass(frozen=True)
class MovingDesk:
    """A sandbox whose clock is moved by a file, and a name server for its proofs."""

    served: Served
    keys: Keys
    names: NameServer
    clock: Path

    @property
    def client(self) -> Client:
        """The account that the sandbox began with."""
        return self.of(self.keys)

    def of(self, keys: Keys) -> Client:
        """Give the client of an account."""
        return Client(self.served.endpoint, keys)

    def move(self, seconds: int) -> None:
        """Move the clock to so many seconds from the machine's time."""
        write(self.clock, f"{seconds:+d}\n")

    def be(self, moment: str) -> None:
        """Make it a moment, in ISO 8601."""
        write(self.clock, f"{moment}\n")

    def health(self) -> Page:
        """Ask how it is."""
        return told(self.served.url)

    def kept_time(self) -> None:
        """Wait until it has kept the time that its clock shows, by which it knows one gone back.

        A write that is under way now may have the time before; the next one has not.
        """
        before = self._writes()
        until(lambda: self._writes() >= before + 2)

    def _writes(self) -> float:
        page = told(self.served.url, "/metrics").text
        return sample(page, "certdesk_database_write_seconds_count") or 0

    def ordered(self, name: str, years: int = 1) -> str:
        """Order a certificate for a name that is still to be proved."""
        bought = self.client.buy(DV, years=years)
        self.client.submit(bought, CertCommonName=name)
        self.client.call("CertificateOrderSubmit", CertId=bought)
        return bought

    def publish(self, bought: str) -> None:
        """Publish what proves the name of an order."""
        wanted = self.client.detail(bought)["DvAuthDetail"]
        self.names.add(wanted["DvAuthKey"], "TXT", wanted["DvAuthValue"])

    def proved(self, name: str, years: int = 1) -> str:
        """Order a certificate and publish what proves its name."""
        bought = self.ordered(name, years)
        self.publish(bought)
        return bought

    def listed(self) -> dict[str, int]:
        """Give the status of every order by its certificate, as the list of orders has it."""
        found = self.client.call("DescribeCertificates", Limit=1000)["Certificates"]
        return {str(each["CertificateId"]): int(each["Status"]) for each in found}


@contextlib.contextmanager
def moving(
    folder: Path, names: NameServer, begin: str = "+0", settings: str = ""
) -> Iterator[MovingDesk]:
    """Run a sandbox on the data in a folder, with its clock at `begin` and more `settings`."""
    config, clock, data = folder / "knobs.toml", folder / "clock", folder / "data"
    write(clock, begin)
    words = ["sandbox", "--config", str(config), "--clock-file", str(clock), "--data", str(data)]
    config.write_text(f"rate.limit = 0\n{settings}{knobs(names)}")
    with serving(folder / "log", *words, "--listen", "127.0.0.1:0") as served:
        yield MovingDesk(served, keys_in(json.loads(served.lines[0])), names, clock)
