"""The desk's side of one parser process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys

from certdesk.parsing.frames import receive, send

PATIENCE = 12
"""How long to wait for a parser on a busy machine, as a multiple of its seconds of CPU."""

KEPT_VARIABLES = ("LD_LIBRARY_PATH", "PATH", "TZ")
"""The environment variables passed on; others may be settings with passwords."""


class ProcessLost(Exception):
    """The process ended, or was killed, while it parsed."""


class ParserProcess:
    """A process that is started when needed, and restarted when it is gone."""

    def __init__(self, seconds: float) -> None:
        """Allow each job `seconds` of CPU, and wait for its answer accordingly."""
        self._wait = seconds * PATIENCE
        self._over = False
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> bytes:
        """Send a request to the process, and return the answer.

        Raises:
            ProcessLost: the process ended in the meantime.
            OSError: no process can be started.
        """
        if self._process is not None and self._process.poll() is not None:
            self.end()
        try:
            answer = self._exchanged(self._started(), request)
        except OSError as error:
            self.end()
            raise ProcessLost from error
        if answer is None:
            self.end()
            raise ProcessLost
        return answer

    def end(self) -> None:
        """End the process, if it runs."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._socket = None

    def kill(self) -> None:
        """End the process for good, from another thread; a waiting `ask` raises."""
        self._over = True
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    def _started(self) -> socket.socket:
        if self._socket is not None:
            return self._socket
        ours, theirs = socket.socketpair()
        ours.settimeout(self._wait)
        with theirs:
            # Isolated, so that no module from a folder or variable is imported in place of ours.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "certdesk.parsing"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ},
                start_new_session=True,
            )
        self._socket = ours
        if self._over:
            self._process.kill()
        return ours

    @staticmethod
    def _exchanged(connection: socket.socket, request: bytes) -> bytes | None:
        send(connection, request)
        return receive(connection)
