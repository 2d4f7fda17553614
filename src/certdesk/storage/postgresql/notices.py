"""Notices between the processes of a PostgreSQL database, by LISTEN and NOTIFY."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from certdesk.ports import StoreUnavailable
from certdesk.storage.driver import Driver
from certdesk.storage.postgresql.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable

CHANNEL = "certdesk_due"

CHECK_SECONDS = 30.0
"""How long a silent connection counts as good; then it is asked."""

PAUSE_SECONDS = 1.0
"""The pause before the next attempt to connect."""


class PostgresNotices:
    """A `ports.Notices`, and a thread that listens on a connection of its own.

    The thread connects again if the connection is lost, and then calls back as for a notice, since
    it may have missed one.
    """

    alive = True
    trouble = ""
    """Nothing depends on notices, so the desk is healthy without them."""

    def __init__(self, url: str) -> None:
        """Use the database at `url`."""
        self._pool = Pool(url, 1)
        self._received: Callable[[], None] = _nothing
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._asked, self._ask = socket.socketpair()
        # Neither waits: the thread waits for both sockets at once.
        self._asked.settimeout(0)
        self._ask.settimeout(0)

    def call(self, received: Callable[[], None]) -> None:
        """Call `received` after each notice of another process, once started."""
        self._received = received

    def start(self) -> None:
        """Start listening."""
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._ended.set()
        self._wake()
        if self._thread is not None:
            self._thread.join()

    def send(self) -> None:
        """Send a notice; several at once become one."""
        if self._thread is not None:
            self._wake()
            return
        # A command does no background work, and ends soon.
        with (
            contextlib.suppress(DBAPIError, StoreUnavailable),
            self._pool.connection() as connection,
        ):
            Driver(connection).run(f"NOTIFY {CHANNEL}")

    def close(self) -> None:
        """Close the connection; call after `stop`."""
        self._pool.close()
        self._asked.close()
        self._ask.close()

    def _wake(self) -> None:
        # If it is full, the thread has been woken.
        with contextlib.suppress(BlockingIOError):
            self._ask.send(b".")

    def _run(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(DBAPIError, StoreUnavailable):
                with self._pool.connection() as connection:
                    self._listen(Driver(connection))
                return
            self._ended.wait(PAUSE_SECONDS)

    def _listen(self, driver: Driver) -> None:
        """Send and receive until the end, or until the connection is lost."""
        others: list[int] = []

        def note(notice: Any) -> None:  # noqa: ANN401 -- the driver's, which is imported late
            if notice.pid != driver.connection.info.backend_pid:
                others.append(notice.pid)

        driver.connection.add_notify_handler(note)
        driver.run(f"LISTEN {CHANNEL}")
        self._received()
        with selectors.DefaultSelector() as ready:
            ready.register(driver.connection.fileno(), selectors.EVENT_READ)
            ready.register(self._asked, selectors.EVENT_READ)
            while not self._ended.is_set():
                found = {key.fileobj for key, _ in ready.select(CHECK_SECONDS)}
                if self._asked in found:
                    self._asked.recv(4096)
                    driver.run(f"NOTIFY {CHANNEL}")
                else:
                    # The driver hands over what has arrived when it runs a statement.
                    driver.run("SELECT 1")
                if others:
                    others.clear()
                    self._received()


def _nothing() -> None:
    """Do nothing."""
