"""The desk of the demo: a real `certdesk serve`, in its own process and folder."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-P", "-m", "certdesk")
"""The same program that runs the demo, not a module of the current folder."""

PATIENCE_SECONDS = 20
LOG_LINES = 40
READY = "certdesk ready on http://"


ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Delay signals that would end the demo while a process is being started.

    An interruption in the middle would leave an unknown process running.
    """
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number)) for number in ENDING
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


class StepFailed(Exception):
    """A step did not do what it should; the text says what came instead."""


class DeskProcess:
    """A desk that can be started, killed and restarted on the same data."""

    def __init__(self, folder: Path, settings: Path) -> None:
        """Use `folder`, which exists and is empty, and a settings file; `start` starts the desk."""
        self.folder = folder
        self.data = folder / "data"
        self._options = ("--data", str(self.data), "--config", str(settings))
        self.endpoint = ""
        self._output = folder / "output"
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; 0 if there is no process."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start the desk on a free port and wait until it answers.

        Raises:
            StepFailed: it ended instead, or took too long.
        """
        with self._output.open("wb") as output, self._log.open("ab") as log, signals_held():
            self._process = subprocess.Popen(  # noqa: S603 -- the desk, with words of the demo
                [*PROGRAM, "serve", *self._options, "--listen", "127.0.0.1:0"],
                stdout=output,
                stderr=log,
                env=_environment(),
            )
        self.endpoint = self._wait_until_ready(self._process)

    def kill(self) -> None:
        """Kill the desk as a power cut would, with no chance to save anything."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """Leave no process."""
        self._end(signal.SIGTERM)

    def log(self) -> str:
        """Return the last lines that the desk wrote to stderr."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-LOG_LINES:])

    def operate(self, *words: str) -> dict[str, Any]:
        """Run an operator's command; return the JSON object that it prints.

        Raises:
            StepFailed: the command refused.
        """
        output = self.ask(*words)
        printed = json.loads(output)
        if not isinstance(printed, dict):
            raise StepFailed(f"certdesk {' '.join(words)} printed no JSON object: {output}")
        return printed

    def ask(self, *words: str) -> str:
        """Run an operator's command; return what it prints.

        Raises:
            StepFailed: the command refused.
        """
        command = None
        try:
            with signals_held():
                command = subprocess.Popen(  # noqa: S603 -- the same
                    [*PROGRAM, *words, *self._options],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=_environment(),
                )
            output, complaints = command.communicate(timeout=2 * PATIENCE_SECONDS)
        except BaseException:
            if command is not None:
                command.kill()
                command.communicate()
            raise
        if command.returncode != 0:
            raise StepFailed(f"certdesk {' '.join(words)}: {complaints.strip()}")
        return output

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> str:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            line, newline, _ = self._output.read_text().partition("\n")
            if newline and line.startswith(READY):
                return line.removeprefix(READY)
            if process.poll() is not None:
                raise StepFailed(f"certdesk serve ended at once, with exit code {process.poll()}")
            time.sleep(0.02)
        raise StepFailed(f"certdesk serve was not ready after {PATIENCE_SECONDS} s")

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _environment() -> dict[str, str]:
    """Return the environment without the settings of another desk."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CERTDESK_")}
