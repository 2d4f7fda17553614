"""`certdesk demo`, as a newcomer runs it."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from certdesk.demo import stage
from tests.running import PROGRAM
from tools.picture import PICTURE, read, shown

ROOT = Path(__file__).parents[2]
DEMO = (str(PROGRAM), "demo")
PATIENCE_SECONDS = 100
SCREEN = 65536


def started(
    folder: Path,
    *,
    command: Sequence[str] = DEMO,
    terminal: int = subprocess.PIPE,
    **environment: str,
) -> subprocess.Popen[str]:
    """Start the demo with `folder` for its temporary files."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)} | environment,
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
    )


def endpoints(printed: str) -> list[tuple[str, int]]:
    """Find where the desk answered while the demo ran."""
    found = re.findall(r"http://([0-9.]+):([0-9]+)", printed)
    return [(host, int(port)) for host, port in found]


def shape(lines: Sequence[str]) -> list[str]:
    """Leave out of lines what differs from run to run: ids, dates, and seconds."""
    drawn = r'(?<=Id": ")\w{8}|\d{4}-\d\d-\d\d|\d+\.\d s|(?<=validation/)\w{32}'
    return [re.sub(drawn, "#", line) for line in lines]


def assert_nothing_left(folder: Path, printed: str) -> None:
    """Check that no file is left, and no desk where one answered."""
    assert list(folder.iterdir()) == []
    for endpoint in endpoints(printed):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(endpoint)


@pytest.mark.needs("openssl")
def test_it_shows_the_main_job_in_plain_lines_and_leaves_nothing(tmp_path: Path) -> None:
    """Without a terminal: no colours, no animation, no broken lines."""
    with started(tmp_path) as demo:
        printed, complaints = demo.communicate(timeout=PATIENCE_SECONDS)
    assert demo.returncode == 0, complaints
    for telling in (
        "[1/14] Start a desk\n",
        '      $ certdesk account add "Web team"\n',
        "      CompanyId 1, ManagerId 1.\n",
        '      > CreateCertificate {"ProductId": 98, "DomainNum": 1, "TimeSpan": 1}\n',
        "[4/14] Send the material of example 1: CFCA OV",
        "[5/14] Send the material of example 2: WoTrus DV",
        "[6/14] Send the material of example 3: GlobalSign OV",
        "(never shown)",
        "13*******34",
        "your CSR",
        "      Never unencrypted: SecretKey, ",
        "      FailedOperation.InvalidParam: Incorrect parameters. Csr: the common name",
        "      $ kill -9 ",
        "all three orders are there.\n",
        "      TXT _dnsauth.shop.example.com\n",
        "      FILE files.example.com/.well-known/pki-validation/",
        "      Issued: shop.example.com, until ",
        "      Issued: files.example.com, until ",
        "Nginx/1_shop.example.com_bundle.crt",
        "      shop.example.com.pem: OK\n",
        "      files.example.com.pem: OK\n",
        "All 14 steps worked, in ",
    ):
        assert telling in printed
    assert shape(read(PICTURE.read_text("utf-8"))) == shape(shown(printed)), "make picture"
    assert "\x1b" not in printed
    assert "13112341234" not in printed
    assert len(endpoints(printed)) == 2
    assert_nothing_left(tmp_path, printed)


def test_it_fits_a_narrow_terminal_without_colours_and_without_openssl(tmp_path: Path) -> None:
    """Lines are broken to the width, a bar is drawn with what is waited for, and no colour is set.

    Where nothing on the path is called openssl, a library verifies, and that is said.
    """
    keyboard, terminal = pty.openpty()
    options = {"COLUMNS": "40", "TERM": "xterm", "NO_COLOR": "1", "PATH": ""}
    printed = b""
    with started(tmp_path, terminal=terminal, **options) as demo:
        os.close(terminal)
        while chunk := read_screen(keyboard):
            printed += chunk
    os.close(keyboard)
    text = printed.decode()
    assert demo.returncode == 0
    assert "\x1b[?25l" in text
    assert not re.findall(r"\x1b\[[0-9;]*3[0-9]m", text)
    assert "Example 3" in text
    assert "waiting: shop" in text
    assert "There is no OpenSSL" in text
    assert "shop.example.com: OK" in text
    drawn = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    assert max(len(line) for line in re.split(r"[\r\n]+", drawn)) <= 40


def read_screen(keyboard: int) -> bytes:
    """Read what was drawn; nothing once the program has ended (Linux makes that an error)."""
    try:
        return os.read(keyboard, SCREEN)
    except OSError:
        return b""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_leaves_nothing_when_it_is_interrupted(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C in the middle of it ends the desk too."""
    with started(tmp_path) as demo:
        assert demo.stdout is not None
        printed = ""
        while "It answers on" not in printed:
            printed += demo.stdout.readline()
        demo.send_signal(how)
        rest, complaints = demo.communicate(timeout=PATIENCE_SECONDS)
    assert (demo.returncode, complaints) == (128 + how, "")
    assert "steps worked" not in rest
    assert_nothing_left(tmp_path, printed)


def test_it_fails_readably_when_the_desk_cannot_start(tmp_path: Path) -> None:
    """A disk that takes no more than 50 KiB a file: the desk's own words, and exit code 1."""
    limited = ("sh", "-c", 'ulimit -f 100; exec "$@"', "sh", *DEMO)
    with started(tmp_path, command=limited) as demo:
        printed, complaints = demo.communicate(timeout=PATIENCE_SECONDS)
    assert demo.returncode == 1
    assert "[1/14] Start a desk\n" in printed
    assert "[2/14]" not in printed
    assert complaints.startswith("Step 1 failed: certdesk serve ended at once, with exit code 3\n")
    assert "The desk's log:\n" in complaints
    assert "\ncertdesk: " in complaints
    assert "certdesk.db cannot be opened" in complaints
    assert "Traceback" not in complaints
    assert_nothing_left(tmp_path, printed)


def test_the_demo_needs_no_script_beside_the_interpreter(tmp_path: Path) -> None:
    """As where `certdesk` was installed for one user; nor is it misled by a folder of that name."""
    (tmp_path / "certdesk").mkdir()
    (tmp_path / "certdesk" / "__init__.py").write_text("raise SystemExit(9)")
    done = subprocess.run(
        [*stage.PROGRAM, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert stage.PROGRAM[0] == sys.executable
    assert done.stdout.startswith("certdesk, version ")
