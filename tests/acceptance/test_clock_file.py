"""A tester moves the clock of a sandbox that runs."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.processes import Served, certdesk, keys_in, serving
from tests.acceptance.test_sandbox import issued, knobs
from tests.acceptance.watching import RED, Told, told, until
from tests.nameserver import NameServer, nameserver
from tests.running import Client, Keys

HOUR, DAY = 3600, 86400
EXPIRED = 3


def moved(clock: Path, seconds: int) -> None:
    """Move the clock to so many seconds from the machine's time."""
    draft = clock.with_name("draft")
    draft.write_text(f"{seconds:+d}\n")
    draft.replace(clock)


def refusals(log: Path) -> str:
    """Give the lines of a log in which the gate refused."""
    return "".join(line for line in log.read_text().splitlines() if "at the gate" in line)


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
        moved(self.clock, seconds)

    def health(self) -> Told:
        """Ask how it is."""
        return told(self.served.url)

    def proved(self, name: str) -> str:
        """Order a certificate and publish what proves its name."""
        bought = self.client.buy(104)
        self.client.submit(bought, CertCommonName=name)
        self.client.call("CertificateOrderSubmit", CertId=bought)
        wanted = self.client.detail(bought)["DvAuthDetail"]
        self.names.add(wanted["DvAuthKey"], "TXT", wanted["DvAuthValue"])
        return bought


@pytest.fixture
def names() -> Iterator[NameServer]:
    """Where proofs are published."""
    with nameserver() as names:
        yield names


@contextlib.contextmanager
def moving(folder: Path, names: NameServer, seconds: int = 0) -> Iterator[MovingDesk]:
    """Run a sandbox on the data in a folder, with its clock so many seconds ahead."""
    config, clock, data = folder / "knobs.toml", folder / "clock", folder / "data"
    moved(clock, seconds)
    words = ["sandbox", "--config", str(config), "--clock-file", str(clock), "--data", str(data)]
    config.write_text(knobs(names))
    with serving(folder / "log", *words, "--listen", "127.0.0.1:0") as served:
        keys = keys_in(json.loads(served.lines[0]))
        yield MovingDesk(served, keys, names, clock)


def listed(client: Client, certificate: str) -> int:
    """Give an order's status as the list of orders has it."""
    (order,) = client.call("DescribeCertificates", CertIds=[certificate])["Certificates"]
    return int(order["Status"])


def test_a_certificate_expires_when_the_clock_is_moved(tmp_path: Path, names: NameServer) -> None:
    """By 200 days; the SDK signs by its own clock all the while."""
    with moving(tmp_path, names) as desk:
        bought = desk.proved("shop.example.com")
        issued(desk.client, bought)
        assert listed(desk.client, bought) == 1

        desk.move(200 * DAY)

        until(lambda: listed(desk.client, bought) == EXPIRED)
        assert "moved by a file, which is for tests alone" in desk.served.errors.read_text()


def test_nothing_is_signed_while_the_clock_is_behind(tmp_path: Path, names: NameServer) -> None:
    """By an hour, also after a new start; what waited goes on once the time is reached."""
    with moving(tmp_path, names) as desk:
        until(lambda: desk.health() == (200, "ok\n"))
        desk.move(-HOUR)
        until(lambda: desk.health()[0] == RED)
        assert desk.health()[1].startswith("the clock is behind: it was ")
        waiting = desk.proved("late.example.com")
        until(lambda: "the clock is behind" in refusals(desk.served.errors))
        assert desk.client.detail(waiting)["Status"] != 1
        buyer = desk.keys

    with moving(tmp_path, names, -HOUR) as desk:
        until(lambda: desk.health()[0] == RED)
        assert desk.of(buyer).detail(waiting)["Status"] != 1

        desk.move(0)

        issued(desk.of(buyer), waiting)
        assert desk.health() == (200, "ok\n")


@pytest.mark.parametrize("text", [None, "tomorrow"])
def test_a_clock_file_that_is_none_is_told_at_the_start(
    tmp_path: Path, data: str, text: str | None
) -> None:
    """Missing, or without a time: exit code 3."""
    clock = tmp_path / "clock"
    if text is not None:
        clock.write_text(text)

    done = certdesk("serve", "--data", data, "--clock-file", str(clock))

    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("certdesk: --clock-file: ")
