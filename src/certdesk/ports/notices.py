"""Notices between the processes that share a database."""

from __future__ import annotations

from typing import Protocol


class Notices(Protocol):
    """Tells the other processes of a database that there is work for them now.

    A notice may be lost. So those who wait for one also look from time to time.
    """

    def send(self) -> None:
        """Send a notice soon; failures are not told, since nobody relies on it."""
        ...
