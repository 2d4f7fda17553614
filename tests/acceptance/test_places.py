"""A desk whose files others may change: refused at the start, by commands and by the doctor."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.processes import NO_RSA_STOCK
from tests.running import PROGRAM, RunningDesk


@pytest.fixture
def desk(tmp_path: Path) -> RunningDesk:
    """A desk that was begun and does not run."""
    made = RunningDesk(tmp_path / "data", settings=f"{NO_RSA_STOCK}p_256 = 0\n")
    made.account()
    return made


def refused(desk: RunningDesk, *words: str) -> str:
    """Run a command that must not work; give what it says."""
    command = [str(PROGRAM), *words, "--data", str(desk.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (3, "")
    return done.stderr


def failing(desk: RunningDesk) -> list[str]:
    """Give what `doctor` finds of the files."""
    told = json.loads(desk.run("doctor", "--json").stdout)
    return [
        each["What"]
        for each in told["Findings"]
        if each["Check"] == "files" and each["State"] == "fail"
    ]


def test_a_folder_that_others_may_write_is_served_from_by_nobody(desk: RunningDesk) -> None:
    """Neither by a server nor by a command; the text says what to run."""
    desk.folder.chmod(0o777)
    mend = f"other users may write to {desk.folder} (mode 0777): run `chmod go-w {desk.folder}`"
    assert refused(desk, "serve") == refused(desk, "account", "list") == f"certdesk: {mend}\n"
    assert failing(desk) == [mend]
    desk.folder.chmod(0o755)
    assert len(desk.certdesk("account", "list")) == 1
    assert failing(desk) == []


def test_a_folder_above_that_others_may_write_is_as_bad(desk: RunningDesk) -> None:
    """They could put another folder in the place of the desk's; but not in a sticky one."""
    above = desk.folder.parent
    above.chmod(0o777)
    assert f"chmod go-w {above}`" in refused(desk, "serve")
    above.chmod(0o1777)
    assert len(desk.certdesk("account", "list")) == 1


def test_a_desk_that_runs_is_not_spoken_to_where_others_may_put_a_socket(desk: RunningDesk) -> None:
    """What an operator says is for the desk alone; the doctor tells of it."""
    desk.start()
    try:
        desk.folder.chmod(0o777)
        assert "chmod go-w" in refused(desk, "account", "list")
        assert len(failing(desk)) == 1
    finally:
        desk.folder.chmod(0o700)
        desk.stop()


@pytest.mark.parametrize("setting", ["vault.key_file", "database", "config", "clock"])
def test_files_elsewhere_are_looked_at_too(desk: RunningDesk, tmp_path: Path, setting: str) -> None:
    """The key file's folder, the database's, the settings file and the clock's file."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    file = shared / "file"
    file.write_text("+0" if setting == "clock" else "")
    config = tmp_path / "own.toml"
    config.write_text(f'vault.key_file = "{file}"\n')
    words = {
        "vault.key_file": ("--config", str(config)),
        "database": ("--database", f"sqlite:///{file}"),
        "config": ("--config", str(file)),
        "clock": ("--clock-file", str(file)),
    }
    assert f"chmod go-w {shared}`" in refused(desk, "serve", *words[setting])


def test_a_key_of_tls_is_for_the_desk_to_read(desk: RunningDesk, tmp_path: Path) -> None:
    """Whoever reads it can be the server for others."""
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    for file in (key, chain):
        file.write_text("x")
        file.chmod(0o644)
    config = tmp_path / "own.toml"
    config.write_text(f'tls.key = "{key}"\ntls.cert = "{chain}"\n')
    assert f"run `chmod o-rwx {key}`" in refused(desk, "serve", "--config", str(config))
