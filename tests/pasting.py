"""Takes the commands out of a page and types them, as a reader with two terminals would."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

ROOT = Path(__file__).resolve().parents[1]
SERVES = re.compile(r"make serve|\.venv/bin/certdesk serve")
NO_STOCK = {"CERTDESK_KEYS_STOCK_RSA_2048": "0", "CERTDESK_KEYS_STOCK_RSA_4096": "0"}


def steps(page: str) -> Iterator[str]:
    """Give the blocks of commands of a page in order, and `Ctrl-C` where it says to press that."""
    for found in re.finditer(
        r"^```sh\n(.*?)^```|(press Ctrl-C)", page, re.IGNORECASE | re.MULTILINE | re.DOTALL
    ):
        yield found[1] or "Ctrl-C"


def free_port() -> int:
    """Find a port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Reader:
    """One who types what a page says, in a folder of their own that looks like a clone.

    The first terminal has the server, the second one everything else.
    """

    def __init__(self, folder: Path) -> None:
        """Sit down in `folder`, with `.venv` where a clone has it."""
        (folder / ".venv").symlink_to(sys.prefix)
        self._folder = folder
        self._ports = {port: str(free_port()) for port in ("8080", "8443")}
        mine = {name: value for name, value in os.environ.items() if "CERTDESK" not in name}
        self._world = mine | NO_STOCK | {"HOME": str(folder), "PYTHONUNBUFFERED": "1"}
        self._log = (folder / "terminals.log").open("w")
        self._server: subprocess.Popen[str] | None = None
        self._shell = self._start("/bin/bash", "-eu", stdin=subprocess.PIPE)

    def __enter__(self) -> Self:
        """Begin to type."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close both terminals."""
        self.press_ctrl_c()
        self._pipe(self._shell.stdin).close()
        self._shell.wait()
        self._pipe(self._shell.stdout).close()
        self._log.close()

    def do(self, step: str) -> str:
        """Take one step of a page; give what was printed in the second terminal."""
        step = step.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - the very thing not to do here
        for port, free in self._ports.items():
            step = step.replace(f":{port}", f":{free}")
        if step == "Ctrl-C":
            self.press_ctrl_c()
            return ""
        if SERVES.match(step):
            self._serve(step)
            return ""
        return self._type(step)

    def press_ctrl_c(self) -> None:
        """End the server, if there is one, in good order."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            assert self._server.wait(30) == 0, self.log
            self._pipe(self._server.stdout).close()
            self._server = None

    @property
    def log(self) -> str:
        """What both terminals showed of errors and logs."""
        return (self._folder / "terminals.log").read_text()

    def _serve(self, step: str) -> None:
        # What `make serve` runs, for the Makefile makes .venv as well.
        (recipe,) = re.findall(
            r"^serve: .*; @(.+) \$\(ARGS\)", (ROOT / "Makefile").read_text(), re.MULTILINE
        )
        listen = f" --listen 127.0.0.1:{self._ports['8080']}"
        command = step.strip().replace("make serve", recipe + listen)
        self._server = self._start("/bin/bash", "-c", f"exec {command}")
        ready = self._pipe(self._server.stdout).readline()
        assert ready.startswith("certdesk ready on "), self.log

    def _type(self, step: str) -> str:
        script = self._folder / "typed.sh"
        script.write_text(step)
        self._pipe(self._shell.stdin).write(". ./typed.sh < /dev/null; echo typed: done\n")
        self._pipe(self._shell.stdin).flush()
        printed: list[str] = []
        for line in self._pipe(self._shell.stdout):
            if line == "typed: done\n":
                return "".join(printed)
            printed.append(line)
        raise AssertionError(f"{step}\n{self.log}")

    def _start(self, *command: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self._folder,
            env=self._world,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe
