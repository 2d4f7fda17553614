"""A tester moves the clock of a sandbox that runs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certdesk.world.nameserver import NameServer, nameserver
from tests.acceptance.database import rows
from tests.acceptance.moving import DAY, HOUR, moving
from tests.acceptance.processes import certdesk, printed
from tests.acceptance.test_sandbox import issued
from tests.acceptance.watching import RED, WELL, sample, told, until

EXPIRED = 3
MINUTE = 60
ISSUED = 1
FAILED = 2


def refusals(log: Path) -> str:
    """Give the lines of a log in which the gate refused."""
    return "".join(line for line in log.read_text().splitlines() if "before it was signed" in line)


def looks(folder: Path, certificate_id: str) -> int:
    """Tell how often the name of an order was looked for."""
    (found,) = rows(
        folder / "data", "SELECT looks FROM proofs WHERE certificate_id = ?", certificate_id
    )
    return int(found[0])


@pytest.fixture
def names() -> Iterator[NameServer]:
    """Where proofs are published."""
    with nameserver() as names:
        yield names


def test_a_certificate_expires_when_the_clock_is_moved(tmp_path: Path, names: NameServer) -> None:
    """By 200 days; the SDK signs by its own clock all the while."""
    with moving(tmp_path, names) as desk:
        bought = desk.proved("shop.example.com")
        issued(desk.client, bought)
        assert desk.listed()[bought] == 1

        desk.move(200 * DAY)

        until(lambda: desk.listed()[bought] == EXPIRED)
        assert "a file moves the clock, which is only for tests" in desk.served.errors.read_text()


def test_the_day_of_issue_decides_how_long_a_certificate_lasts(
    tmp_path: Path, names: NameServer
) -> None:
    """On both sides of the days when less is allowed, and on days of other kinds."""
    lasted: dict[str, int] = {}
    with moving(tmp_path, names, "2027-03-14T20:00:00Z") as desk:
        for moment in (
            "2027-03-14T23:00:00Z",
            "2027-03-15T00:00:00Z",
            "2027-12-31T23:59:58Z",
            "2028-02-29T12:00:00Z",
            "2029-03-14T23:00:00Z",
            "2029-03-15T00:00:00Z",
            "2032-02-29T12:00:00Z",
        ):
            desk.be(moment)
            years = 2 if moment.startswith("2028") else 1
            bought = desk.proved(f"on-{moment[:10]}.example.com", years)
            leaf = issued(desk.client, bought)
            life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
            lasted[moment] = (life + timedelta(seconds=1)).days
            if moment == "2028-02-29T12:00:00Z":
                (until_when,) = rows(
                    tmp_path / "data", "SELECT ends_by FROM orders WHERE certificate_id = ?", bought
                )
                assert re.match(r"2030-02-28.11:\d\d", str(until_when[0]))

    assert list(lasted.values()) == [199, 99, 99, 99, 99, 46, 46]


def test_a_jump_of_a_year_lets_certificates_expire_and_makes_no_herd(
    tmp_path: Path, names: NameServer
) -> None:
    """Nobody renews what has ended; the desk goes on, and back it signs nothing until then."""
    with moving(tmp_path, names) as desk:
        first = [desk.proved(f"shop-{number}.example.com") for number in range(4)]
        for each in first:
            issued(desk.client, each)

        desk.move(365 * DAY)

        until(lambda: desk.listed() == dict.fromkeys(first, EXPIRED))
        until(lambda: desk.health().status == WELL)
        issued(desk.client, desk.proved("after.example.com"))
        assert len(desk.listed()) == len(first) + 1

        desk.kept_time()
        desk.move(0)

        until(lambda: desk.health().status == RED)
        late = desk.proved("back.example.com")
        until(lambda: "the clock is behind" in refusals(desk.served.errors))
        assert desk.listed()[late] != ISSUED

        desk.move(365 * DAY + HOUR)

        issued(desk.client, desk.proved("again.example.com"))
        assert desk.health().status == WELL


def test_what_is_due_at_once_after_a_jump_is_renewed_in_turn(
    tmp_path: Path, names: NameServer
) -> None:
    """Two in a minute, as the setting says; nobody has to publish anything again."""
    with moving(tmp_path, names, settings="renewal.per_minute = 2\n") as desk:
        first = {desk.proved(f"shop-{number}.example.com") for number in range(5)}
        for each in first:
            issued(desk.client, each)

        # The last of them is due a third of its life before its end, and a tenth of that later.
        desk.move(190 * DAY)
        until(lambda: len(desk.listed()) > len(first))
        time.sleep(5)
        assert len(desk.listed()) - len(first) <= 3

        for minutes in range(1, 5):
            desk.move(190 * DAY + minutes * MINUTE)
            time.sleep(2)
        until(lambda: len(desk.listed()) == 2 * len(first))
        for each in desk.listed().keys() - first:
            issued(desk.client, each)
        page = told(desk.served.url, "/metrics").text
        assert sample(page, "certdesk_renewals_total", kind="reissue") == len(first)


def test_nothing_is_signed_while_the_clock_is_behind(tmp_path: Path, names: NameServer) -> None:
    """By an hour, also after a new start; what waited goes on once the time is reached."""
    with moving(tmp_path, names) as desk:
        desk.kept_time()
        desk.move(-HOUR)
        until(lambda: desk.health()[0] == RED)
        assert desk.health()[1].startswith("the clock is behind: it showed ")
        waiting = desk.proved("late.example.com")
        until(lambda: "the clock is behind" in refusals(desk.served.errors))
        assert desk.client.detail(waiting)["Status"] != 1
        buyer = desk.keys

    with moving(tmp_path, names, f"-{HOUR}") as desk:
        until(lambda: desk.health()[0] == RED)
        assert desk.of(buyer).detail(waiting)["Status"] != 1

        desk.move(0)

        issued(desk.of(buyer), waiting)
        assert desk.health().status == WELL


def test_a_name_that_was_not_looked_for_in_time_is_looked_for_once_more(
    tmp_path: Path, names: NameServer
) -> None:
    """The desk was off until the deadline was over: what is not there then closes the order."""
    with moving(tmp_path, names) as desk:
        there, missing = desk.ordered("there.example.com"), desk.ordered("missing.example.com")
        until(lambda: not [each for each in (there, missing) if not looks(tmp_path, each)])
        wanted = desk.client.detail(there)["DvAuthDetail"]
        buyer = desk.keys
    names.add(wanted["DvAuthKey"], "TXT", wanted["DvAuthValue"])
    before = looks(tmp_path, missing)

    with moving(tmp_path, names, f"+{4 * DAY}") as desk:
        issued(desk.of(buyer), there)
        until(lambda: desk.of(buyer).detail(missing)["Status"] == FAILED)
    assert looks(tmp_path, missing) == before + 1


def test_a_clock_that_was_ahead_by_mistake_is_believed_when_the_operator_says_so(
    tmp_path: Path, names: NameServer
) -> None:
    """Else the desk would wait for years; an audit row tells who said it."""
    with moving(tmp_path, names, f"+{3650 * DAY}") as desk:
        desk.kept_time()
        desk.move(0)
        until(lambda: desk.health().status == RED)

        said = printed(certdesk("clock", "accept", "--data", str(tmp_path / "data")))

        assert said["Seen"][:4] > said["Now"][:4]
        until(lambda: desk.health().status == WELL)
        issued(desk.client, desk.proved("right.example.com"))
    assert rows(tmp_path / "data", "SELECT actor FROM audit WHERE action = 'AcceptClock'") == [
        ("operator",)
    ]


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
