"""The ports for observers of the desk: metrics, and the check-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from certdesk.domain.operation.checkup import Observation
from certdesk.domain.operation.figures import Counted

Examiner = Callable[[], Iterable[Observation]]
"""A function that checks a part of the desk, and returns observations; it may take some seconds."""


class Resolvers(Protocol):
    """Which resolvers answer, by their addresses. Safe to ask from several threads."""

    def check(self) -> None:
        """Ask each of them; takes seconds where one does not answer."""
        ...

    def silent(self) -> Mapping[str, str]:
        """Return those that did not answer the last checks, each with the reason."""
        ...

    def answering(self) -> Mapping[str, bool]:
        """Return for each of them whether it answers."""
        ...


class Counts(Protocol):
    """Counts what the desk does, for its observers, without naming a tenant.

    Safe to use from several threads, and never blocks.
    """

    def request(self, action: str, code: str, seconds: float) -> None:
        """Count a request of the API: its action, its answer's code (`ok` or an error's)."""
        ...

    def count(self, counted: Counted, **labels: str) -> None:
        """Count something once; `labels` are those of its declaration."""
        ...
