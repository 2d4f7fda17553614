"""Checks repeatedly for work that makes no progress while the desk itself runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import structlog

from certdesk.domain.operation.census import Census, WaitsFor
from certdesk.ports import Resolvers
from certdesk.workflow.census import CensusTaker
from certdesk.workflow.repeating import Repeating

WATCH_SECONDS = 5

NEED_DNS = (WaitsFor.PROOF, WaitsFor.ISSUE, WaitsFor.REVOCATION)
"""What orders wait for that needs a resolver."""

log = structlog.get_logger()


class Watching(Repeating):
    """Stores its findings for the health endpoint and `doctor`, and logs what has changed.

    `faults` are of the desk as a whole; `notes` are of single orders and certificates.
    """

    def __init__(
        self,
        census: CensusTaker,
        resolvers: Resolvers,
        *,
        named: bool,
        further: Callable[[], Iterable[str]],
    ) -> None:
        """Prepare; nothing is checked before `start`.

        A missing resolver is a fault once an order needs it, or from the start if the operator has
        `named` it. `further` yields other faults.
        """
        self._census = census
        self._resolvers = resolvers
        self._named = named
        self._further = further
        self._faults: tuple[str, ...] = ()
        self._notes: tuple[str, ...] = ()
        self._silent: Mapping[str, str] = {}
        super().__init__("watching", self.check, WATCH_SECONDS)

    def check(self) -> None:
        """Check once.

        Raises:
            StoreUnavailable: the database cannot be read; the probe reports that.
        """
        self._resolvers.check()
        self._tell_of_resolvers(self._resolvers.silent())
        census = self._census.take()
        self._faults = (*self._of_resolvers(census), *self._further())
        self._tell_of_notes(tuple(census.notes()))

    def faults(self) -> tuple[str, ...]:
        """Return what is wrong with the desk, in plain words."""
        return self._faults

    def notes(self) -> tuple[str, ...]:
        """Return what makes no progress while the desk is well; the text names no tenant."""
        return self._notes

    def _of_resolvers(self, census: Census) -> Iterable[str]:
        if self._named or any(census.waiting[wait] for wait in NEED_DNS):
            yield from none_answers(self._resolvers)

    def _tell_of_resolvers(self, silent: Mapping[str, str]) -> None:
        for server, reason in silent.items():
            if server not in self._silent:
                log.warning("a resolver does not answer", resolver=server, reason=reason)
        for server in self._silent:
            if server not in silent:
                log.warning("a resolver answers again", resolver=server)
        self._silent = silent

    def _tell_of_notes(self, notes: tuple[str, ...]) -> None:
        for note in notes:
            if note not in self._notes:
                log.warning("work makes no progress", what=note)
        if self._notes and not notes:
            log.warning("all work makes progress again")
        self._notes = notes


def none_answers(resolvers: Resolvers) -> Iterator[str]:
    """Yield a fault if no resolver has answered the last checks."""
    silent = resolvers.silent()
    if silent and len(silent) == len(resolvers.answering()):
        yield "no resolver answers: " + "; ".join(
            f"{server}: {reason}" for server, reason in silent.items()
        )
