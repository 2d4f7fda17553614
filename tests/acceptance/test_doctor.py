"""`certdesk doctor` on a desk with real faults: what it says, and that it can be believed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from certdesk.vault.local_keyset import LocalKeyset
from certdesk.world.nameserver import NameServer, nameserver
from tests.acceptance.processes import NO_RSA_STOCK
from tests.ports import free_port
from tests.running import RunningDesk


@pytest.fixture
def names() -> Iterator[NameServer]:
    """A resolver."""
    with nameserver() as started:
        yield started


def desk_at(folder: Path, resolver: str) -> RunningDesk:
    """Give a desk that asks a resolver; it does not run yet."""
    dns = f'[dns]\nresolvers = ["{resolver}"]\ndnssec = "off"\n'
    return RunningDesk(folder / "data", settings=f"{NO_RSA_STOCK}p_256 = 0\n{dns}")


def failing(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Name the checks that fail, of what `doctor --json` printed; its exit code agrees."""
    told = json.loads(done.stdout)
    found = [each["Check"] for each in told["Findings"] if each["State"] == "fail"]
    assert (told["State"] == "fail", done.returncode) == (bool(found), 1 if found else 0)
    assert all(each["Remedy"] for each in told["Findings"] if each["State"] != "ok")
    return found


def test_a_desk_that_is_well_is_told_so(tmp_path: Path, names: NameServer) -> None:
    """Beside a running server and without one; a line for each thing, a remedy below it."""
    desk = desk_at(tmp_path, names.endpoint)
    desk.start()
    try:
        assert failing(desk.run("doctor", "--json")) == []
        done = desk.run("doctor")
    finally:
        desk.stop()
    assert failing(desk.run("doctor", "--json")) == []
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert any(line.startswith("ok    clock") for line in lines)
    after = lines[lines.index("warn  resolver      DNSSEC signatures are not validated") + 1]
    assert after.strip().startswith("-> set dns.dnssec to validate")


def test_a_desk_whose_authorities_were_just_made_lacks_nothing(
    tmp_path: Path, names: NameServer
) -> None:
    """Each has its CRL from the beginning, also where no server runs that would make it."""
    desk = desk_at(tmp_path, names.endpoint)
    made = desk.certdesk("ca", "show", "--json")
    told = json.loads(desk.run("doctor", "--json").stdout)
    well = [each["What"] for each in told["Findings"] if each["State"] == "ok"]
    for authority in made:
        assert any(what.startswith(f"{authority['Name']} is valid until ") for what in well)


def test_a_resolver_that_stopped_is_found(tmp_path: Path) -> None:
    """Beside a running server and without one; it is well once the resolver is back."""
    port = free_port()
    desk = desk_at(tmp_path, f"127.0.0.1:{port}")
    desk.start()
    try:
        assert failing(desk.run("doctor", "--json")) == ["resolver"]
    finally:
        desk.stop()
    assert failing(desk.run("doctor", "--json")) == ["resolver"]
    with nameserver(port=port):
        assert failing(desk.run("doctor", "--json")) == []


def test_another_key_file_or_none_is_found(tmp_path: Path, names: NameServer) -> None:
    """The text names the file; with its own key file the desk is well again."""
    desk = desk_at(tmp_path, names.endpoint)
    desk.account()
    own = desk.folder / "kek.json"
    kept = own.rename(tmp_path / "kept.json")
    assert failing(desk.run("doctor", "--json")) == ["keys"]
    LocalKeyset.open(own, create=True)
    done = desk.run("doctor")
    assert done.returncode == 1
    assert str(own) in done.stdout
    assert "-> put back the key file" in done.stdout
    own.unlink()
    shutil.move(kept, own)
    assert failing(desk.run("doctor", "--json")) == []


def test_a_database_that_is_none_is_found(tmp_path: Path, names: NameServer) -> None:
    """It says which file, and nothing is overwritten."""
    desk = desk_at(tmp_path, names.endpoint)
    desk.folder.mkdir()
    database = desk.folder / "certdesk.db"
    database.write_bytes(b"not a database " * 1000)
    assert failing(desk.run("doctor", "--json")) == ["database"]
    assert database.read_bytes() == b"not a database " * 1000


def test_a_folder_without_a_desk_is_found(tmp_path: Path, names: NameServer) -> None:
    """As where a path was mistyped; no desk is made there to be found well."""
    desk = desk_at(tmp_path, names.endpoint)
    assert failing(desk.run("doctor", "--json")) == ["desk"]
    assert not desk.folder.exists()


def test_a_setting_that_cannot_be_is_found(tmp_path: Path) -> None:
    """As one that names another kind of database."""
    desk = desk_at(tmp_path, "127.0.0.1:53")
    done = desk.run("doctor", "--json", "--database", "mysql://localhost/x")
    assert failing(done) == ["settings"]
