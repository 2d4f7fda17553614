"""A counter for programs that nobody monitors."""

from __future__ import annotations

from certdesk.domain.operation.figures import Counted


class Uncounted:
    """Implements `ports.Counts` and stores nothing."""

    def request(self, action: str, code: str, seconds: float) -> None:
        """Do nothing."""

    def count(self, counted: Counted, **labels: str) -> None:
        """Do nothing."""
