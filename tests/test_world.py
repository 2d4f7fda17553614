"""The little world of the demo, as somebody meets it who edits its files by hand."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest

from certdesk.world.files import MARK, FileNames, FilePages, NotOurs, World, world
from certdesk.world.nameserver import nameserver
from certdesk.world.webserver import serving
from tests.running import PROGRAM

SECONDS = 20


@pytest.fixture
def told() -> list[str]:
    """What the person at the terminal is told."""
    return []


@pytest.fixture
def around(tmp_path: Path, told: list[str]) -> Iterator[World]:
    """A world of its own."""
    with world(tmp_path / "world", complain=told.append) as around:
        yield around


def asked(around: World, name: str, rdtype: str) -> dns.message.Message:
    """Ask the name server that the settings name."""
    (host, port) = re.findall(r'resolvers = \["(.+):(\d+)"\]', around.settings.read_text())[0]
    return dns.query.udp(dns.message.make_query(name, rdtype), host, SECONDS, int(port))


def fetched(around: World, host: str, path: str) -> tuple[int, bytes]:
    """Fetch from the web server that the settings name."""
    (port,) = re.findall(r"http_port = (\d+)", around.settings.read_text())
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
    connection.request("GET", path, headers={"Host": host})
    reply = connection.getresponse()
    told = reply.status, reply.read()
    connection.close()
    return told


def test_a_record_counts_as_soon_as_it_is_written(around: World) -> None:
    """No restart, and none that is taken away is left."""
    around.records.write_text('shop.example.com TXT "one two"\n')
    assert str(asked(around, "shop.example.com", "TXT").answer[0][0]) == '"one two"'
    around.records.write_text("www.example.com A 127.0.0.1\n")
    assert asked(around, "shop.example.com", "TXT").rcode() == dns.rcode.NXDOMAIN
    assert str(asked(around, "www.example.com", "A").answer[0][0]) == "127.0.0.1"


def test_a_record_that_is_none_is_told_of(around: World, told: list[str]) -> None:
    """With its line, once, to the person at the terminal; a desk gets SERVFAIL."""
    around.records.write_text("www.example.com A 127.0.0.1\nshop.example.com TYXT oops\n")
    for _ in range(2):
        assert asked(around, "shop.example.com", "TXT").rcode() == dns.rcode.SERVFAIL
    assert asked(around, "www.example.com", "A").rcode() == dns.rcode.NOERROR
    (line,) = told
    assert line.startswith(f"{around.records}, line 2: ")


def test_a_line_without_a_name_is_told_of(around: World, told: list[str]) -> None:
    """A zone file may leave the name out, or set an origin; here each line stands for itself.

    Once, also where the last line has no end, and so is read again with each change.
    """
    around.records.write_text("; a comment\n\n$ORIGIN example.com.\n  A 127.0.0.1")
    for _ in range(2):
        assert asked(around, "example.com", "A").rcode() == dns.rcode.NXDOMAIN
    assert told == [
        (f"{around.records}, line {n}: the line must begin with the record's name") for n in (3, 4)
    ]


def test_a_hundred_thousand_records_are_answered_from(around: World, told: list[str]) -> None:
    """And so is one that is added to them, or put in the place of another."""
    names = [f"host{number}.example.com" for number in range(100_000)]
    lines = [f'_dnsauth.{name}. TXT "{name}"\n' for name in names]
    around.records.write_text("".join(lines))
    for name in (names[0], names[50_000], names[-1]):
        assert str(asked(around, f"_DNSAUTH.{name}", "TXT").answer[0][0]) == f'"{name}"'
    assert asked(around, names[7], "TXT").rcode() == dns.rcode.NOERROR
    assert asked(around, f"www.{names[7]}", "TXT").rcode() == dns.rcode.NXDOMAIN
    with around.records.open("a") as records:
        records.write('new.example.com TXT "added"\n')
    assert str(asked(around, "new.example.com", "TXT").answer[0][0]) == '"added"'
    around.records.write_text("".join(lines).replace('"host7.example.com"', '"other"'))
    assert str(asked(around, "_dnsauth.host7.example.com", "TXT").answer[0][0]) == '"other"'
    assert asked(around, "new.example.com", "TXT").rcode() == dns.rcode.NXDOMAIN
    assert told == []


def test_settings_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    """The guide's own settings file has that name."""
    mine = 'listen = "0.0.0.0:443"\n'
    (tmp_path / "desk.toml").write_text(mine)
    refused = subprocess.run(
        [PROGRAM, "world", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (3, "")
    assert "was not written by this command. Name another folder" in refused.stderr
    assert (tmp_path / "desk.toml").read_text() == mine


def test_a_folder_that_others_may_write_to_is_no_world(tmp_path: Path) -> None:
    """They could put links there, which would be followed."""
    tmp_path.chmod(0o777)
    refused = subprocess.run(
        [PROGRAM, "world", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (refused.returncode, refused.stdout) == (3, "")
    assert f"chmod go-w {tmp_path}`" in refused.stderr


def test_settings_that_are_a_link_are_replaced_and_not_written_through(tmp_path: Path) -> None:
    """Where it leads to stays as it is."""
    elsewhere = tmp_path / "elsewhere"
    with world(tmp_path / "world", complain=print) as first:
        before = first.settings.read_text()
    elsewhere.write_text(before)
    first.settings.unlink()
    for link in (first.settings, first.settings.with_suffix(".new")):
        link.symlink_to(elsewhere)
    with world(tmp_path / "world", complain=print) as second:
        assert not second.settings.is_symlink()
    assert elsewhere.read_text() == before


def test_a_page_is_the_file_of_its_host_and_path(around: World) -> None:
    """And nothing outside of the folder of pages is one."""
    page = around.page("shop.example.com", "/.well-known/proof.txt")
    page.parent.mkdir(parents=True)
    page.write_text("proof")
    assert fetched(around, "shop.example.com", "/.well-known/proof.txt") == (200, b"proof")
    assert fetched(around, "www.example.com", "/.well-known/proof.txt")[0] == 404
    assert fetched(around, "..", "/desk.toml")[0] == 404
    assert fetched(around, "shop.example.com", "/../../desk.toml")[0] == 404
    page.write_bytes(bytes(1024 * 1024 + 1))
    assert fetched(around, "shop.example.com", "/.well-known/proof.txt")[0] == 404
    page.unlink()
    assert fetched(around, "shop.example.com", "/.well-known/proof.txt")[0] == 404


def test_what_was_asked_is_not_kept(tmp_path: Path, told: list[str]) -> None:
    """The servers may run for weeks, and a desk asks every few seconds."""
    around = World(tmp_path)
    around.records.touch()
    names, pages = FileNames(around.records, told.append), FilePages(around)
    with nameserver(names), serving(pages):
        around.settings.write_text(f'resolvers = ["{names.endpoint}"]\nhttp_port = {pages.port}\n')
        assert asked(around, "shop.example.com", "A").rcode() == dns.rcode.NXDOMAIN
        assert fetched(around, "shop.example.com", "/")[0] == 404
    assert (names.questions, pages.requests) == ([], [])


def test_a_world_that_is_started_again_answers_where_it_did(tmp_path: Path) -> None:
    """So that a desk that runs goes on with it; where the ports are taken, it takes free ones."""
    with world(tmp_path, complain=print) as first:
        before = first.settings.read_text()
    with world(tmp_path, complain=print) as again:
        assert again.settings.read_text() == before
        assert asked(again, "shop.example.com", "A").rcode() == dns.rcode.NXDOMAIN
    taken = socket.create_server(("127.0.0.1", int(before.split("http_port = ")[1].split()[0])))
    with taken, world(tmp_path, complain=print) as other:
        assert other.settings.read_text() != before
        assert fetched(other, "shop.example.com", "/")[0] == 404


def test_settings_in_another_code_are_somebody_elses(tmp_path: Path) -> None:
    """They are not read as text."""
    (tmp_path / "desk.toml").write_bytes(b"# f\xfcr uns\n")
    with pytest.raises(NotOurs), world(tmp_path, complain=print):
        pass


@pytest.mark.parametrize("text", ["", "[dns", "[dns]\nresolvers = 5\n", "[proof]\nhttp_port = 9\n"])
def test_settings_that_were_spoilt_are_written_anew(tmp_path: Path, text: str) -> None:
    """A person may have begun to edit them."""
    (tmp_path / "desk.toml").write_text(f"{MARK}\n{text}")
    with world(tmp_path, complain=print) as made:
        assert fetched(made, "shop.example.com", "/")[0] == 404


def test_one_world_runs_in_a_folder(around: World) -> None:
    """A second one would send the next desk to its own ports."""
    before = around.settings.read_text()
    with (
        pytest.raises(NotOurs, match="already"),
        world(around.folder, complain=print),
    ):
        pass
    assert around.settings.read_text() == before
