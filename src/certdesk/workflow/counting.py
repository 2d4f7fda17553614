"""Counting where nobody watches."""

from __future__ import annotations


class Uncounted:
    """`ports.Counts` that forgets at once."""

    def request(self, action: str, code: str, seconds: float) -> None:
        """Forget it."""

    def step(self, kind: str, result: str) -> None:
        """Forget it."""

    def look(self, kind: str, result: str) -> None:
        """Forget it."""

    def renewal(self, kind: str) -> None:
        """Forget it."""

    def warning(self, days: int) -> None:
        """Forget it."""
