"""One process that parses, as the desk sees it."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys

from certdesk.parsing.frames import receive, send

PATIENCE = 12
"""How many times the seconds of CPU that it may take a parser is waited for, on a busy machine."""

KEPT_VARIABLES = ("LD_LIBRARY_PATH", "PATH", "TZ")
"""Of the environment: others may be the desk's settings, which hold passwords."""


class ProcessLost(Exception):
    """The process ended, or was ended, while it parsed."""


class ParserProcess:
    """A process that is started when it is needed, and again when it is gone."""

    def __init__(self, seconds: float) -> None:
        """Wait for an answer as long as a parser of so many seconds of CPU may need."""
        self._wait = seconds * PATIENCE
        self._over = False
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def ask(self, request: bytes) -> bytes:
        """Have a request carried out, and return the answer.

        Raises:
            ProcessLost: the process ended meanwhile.
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
        """End the process, if there is one."""
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._socket = None

    def kill(self) -> None:
        """End the process for good, from another thread; whoever waits for it is told so."""
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
            # Isolated, so that nothing in a folder or a variable is imported in place of ours.
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
