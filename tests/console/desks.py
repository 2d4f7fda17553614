"""A running desk as people see it: its address, and visitors who are signed in."""

from __future__ import annotations

from tests.console.visitor import Visitor
from tests.running import RunningDesk


class ConsoleDesk:
    """A desk and its console."""

    def __init__(self, desk: RunningDesk) -> None:
        """Visit the console of `desk`."""
        self.desk = desk

    @property
    def origin(self) -> str:
        """What a browser calls the desk."""
        return f"http://localhost:{self.desk.endpoint.rpartition(':')[2]}"

    def url(self, path: str = "/console/") -> str:
        """The address of a page."""
        return f"{self.origin}{path}"

    def visitor(self) -> Visitor:
        """Return somebody who has never been here."""
        return Visitor(self.origin)
