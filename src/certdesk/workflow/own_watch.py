"""Checks repeatedly whether one of several serving processes can do its work.

Their parent watches the desk, but not their files, connections and parsers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from certdesk.domain.operation.probe_result import NOTHING_READ
from certdesk.domain.pki import clock_guard
from certdesk.ports import Store, StoreUnavailable
from certdesk.workflow.repeating import Repeating

WATCH_SECONDS = 5


class OwnWatch(Repeating):
    """Keeps what it found, which the process tells its parent."""

    def __init__(self, store: Store, further: Callable[[], Iterable[str]]) -> None:
        """Prepare; nothing is checked before `start`. `further` yields what else is wrong."""
        self._store = store
        self._further = further
        self._found: tuple[str, ...] = ()
        super().__init__("own watch", self.check, WATCH_SECONDS)

    def check(self) -> None:
        """Check once."""
        self._found = (*self._of_reads(), *self._further())

    def faults(self) -> tuple[str, ...]:
        """Return what is wrong with this process, in plain words, without waiting."""
        refusing = self._store.refusing()
        return (refusing, *self._found) if refusing else self._found

    def _of_reads(self) -> Iterator[str]:
        # Writes are not tried: one that waits for its turn would keep this process from ending.
        try:
            self._store.read(lambda unit: unit.marks.get(clock_guard.MARK))
        except StoreUnavailable as error:
            reason = str(error).partition("\n")[0]
            yield f"{NOTHING_READ}: {reason}"
