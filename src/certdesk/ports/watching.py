"""Who watches the desk: figures, and the check-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from certdesk.domain.checkup import Observation

Examiner = Callable[[], Iterable[Observation]]
"""Looks at a part of the desk, and tells what it found; it may take some seconds."""


class Resolvers(Protocol):
    """Which resolvers answer, by their addresses. Safe to ask from several threads."""

    def look(self) -> None:
        """Ask each of them; takes seconds where one does not answer."""
        ...

    def silent(self) -> Mapping[str, str]:
        """Return those that did not answer the last looks, each with the reason."""
        ...

    def answering(self) -> Mapping[str, bool]:
        """Return for each of them whether it answers."""
        ...


class Counts(Protocol):
    """Counts what the desk does, for whoever watches it; of nothing that names a tenant.

    Safe to use from several threads, and waits for nothing.
    """

    def request(self, action: str, code: str, seconds: float) -> None:
        """Count a request of the API: its action, its answer's code (`ok` or an error's)."""
        ...

    def step(self, kind: str, result: str) -> None:
        """Count a step of the background work on an order: `done`, `overtaken` or `failed`."""
        ...

    def look(self, kind: str, result: str) -> None:
        """Count a look at a name: `TXT`, `CNAME`, `FILE` or `CAA`, and what came of it.

        That is `good`, `bad`, or `unanswered` where nobody gave an answer to rely on.
        """
        ...

    def renewal(self, kind: str) -> None:
        """Count a certificate that the desk had succeeded by itself: `reissue` or `renewal`."""
        ...

    def warning(self, days: int) -> None:
        """Count a warning that a certificate ends so many days from now without a successor."""
        ...
