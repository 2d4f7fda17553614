"""Takes the commands out of a page and types them, as a reader at a few terminals would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
SERVES = re.compile(r'make serve(?: ARGS="(?P<options>.*)")?|\.venv/bin/certdesk serve .*')
NO_STOCK = {"CERTDESK_KEYS_STOCK_RSA_2048": "0", "CERTDESK_KEYS_STOCK_RSA_4096": "0"}


def steps(page: str) -> Iterator[str]:
    """Give the blocks of commands of a page in order, and `Ctrl-C` where it says to press that."""
    for found in re.finditer(
        r"^```sh\n(.*?)^```|(press Ctrl-C)", page, re.IGNORECASE | re.MULTILINE | re.DOTALL
    ):
        yield found[1] or "Ctrl-C"


def recipe(target: str) -> str:
    """Give what `make` runs for a target, which itself would make .venv as well."""
    (found,) = re.findall(
        rf"^{target}: .*; @(.+) \$\(ARGS\)", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    return str(found)


class Reader:
    """One who types what a page says, in a folder of their own that looks like a clone.

    One terminal has the server, one the servers that stand for the Internet, one everything else.
    """

    def __init__(self, folder: Path) -> None:
        """Sit down in `folder`, with `.venv` where a clone has it."""
        (folder / ".venv").symlink_to(sys.prefix)
        self._folder = folder
        (folder / ".gitignore").write_bytes((ROOT / ".gitignore").read_bytes())
        # What belongs to these terminals, and not to what a reader has at the end.
        self._beside = folder.with_name(f"{folder.name}-terminals")
        self._beside.mkdir()
        self._ports = {port: str(free_port()) for port in ("8080", "8443")}
        mine = {name: value for name, value in os.environ.items() if "CERTDESK" not in name}
        self._world = mine | NO_STOCK | {"HOME": str(self._beside), "PYTHONUNBUFFERED": "1"}
        self._log = (self._beside / "log").open("w")
        self._server: subprocess.Popen[str] | None = None
        self._world_outside: subprocess.Popen[str] | None = None
        self._shell = self._start("/bin/bash", "-eu", stdin=subprocess.PIPE)

    def __enter__(self) -> Self:
        """Begin to type."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the terminals."""
        self.press_ctrl_c()
        self._pipe(self._shell.stdin).close()
        self._shell.wait()
        self._pipe(self._shell.stdout).close()
        if self._world_outside is not None:
            self._interrupt(self._world_outside)
        self._log.close()

    def do(self, step: str) -> str:
        """Take one step of a page; give what commands printed that come to an end."""
        step = step.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - the very thing not to do here
        for port, free in self._ports.items():
            step = step.replace(f":{port}", f":{free}")
        if step == "Ctrl-C":
            self.press_ctrl_c()
            return ""
        if SERVES.match(step):
            self._serve(step.strip())
            return ""
        if step == "make world\n":
            self._world_outside = self._running(recipe("world"), "world ready for: ")
            return ""
        return self._type(step)

    def press_ctrl_c(self) -> None:
        """End the server, if there is one, in good order."""
        if self._server is not None:
            self._interrupt(self._server)
            self._server = None

    @property
    def log(self) -> str:
        """What the terminals showed of errors and logs."""
        return (self._beside / "log").read_text()

    @property
    def untracked(self) -> list[str]:
        """What `git status` shows to a reader who has a clone."""
        git = ["git", "-C", str(self._folder)]
        subprocess.run([*git, "init", "--quiet"], check=True)
        done = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=all"],
            check=True,
            capture_output=True,
            text=True,
        )
        return [line for line in done.stdout.splitlines() if line != "?? .gitignore"]

    def _serve(self, step: str) -> None:
        made = SERVES.fullmatch(step)
        assert made is not None, step
        if step.startswith("make"):
            listen = f"--listen 127.0.0.1:{self._ports['8080']}"
            step = f"{recipe('serve')} {listen} {made['options'] or ''}"
        self._server = self._running(step, "certdesk ready on ")

    def _running(self, command: str, said: str) -> subprocess.Popen[str]:
        """Start what goes on until Ctrl-C, and wait for a line that begins so."""
        process = self._start("/bin/bash", "-c", f"exec {command}")
        for line in self._pipe(process.stdout):
            if line.startswith(said):
                return process
        raise AssertionError(f"{command}\n{self.log}")

    def _interrupt(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, self.log
        self._pipe(process.stdout).close()

    def _type(self, step: str) -> str:
        script = self._beside / "typed.sh"
        script.write_text(step)
        self._pipe(self._shell.stdin).write(f". {script} < /dev/null; echo typed: done\n")
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
