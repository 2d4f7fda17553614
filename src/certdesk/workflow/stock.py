"""Private keys made in advance, and on demand when the stock is empty.

Making an RSA key takes 50 ms to a second of CPU time; a submission that takes one from the stock
does not wait for that. The stock is in the database, sealed for the desk; which of its keys are
free is known in memory, here.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from concurrent.futures import Future

import structlog

from certdesk.domain.pki.records import StockedKey
from certdesk.domain.values import keys
from certdesk.domain.values.keys import KeyKind
from certdesk.domain.values.record import Record
from certdesk.domain.values.retry import Failures
from certdesk.domain.values.secret import Secret
from certdesk.ports import Clock, KeysBusy, Store, Vault
from certdesk.workflow.cores import use_all_cores
from certdesk.workflow.lending import KeyLender, place_of
from certdesk.workflow.repeating import step_back

PAUSE_SECONDS = 5
"""How long to leave the stock alone after a key could not be stored."""

log = structlog.get_logger()


class Wanted(Record, gc=True):
    """A key to be made; `made` receives it for the request that waits, if there is one."""

    kind: KeyKind
    made: Future[None]


class KeyStock(KeyLender):
    """`ports.Keys` from a stock that `makers` threads keep filled to `sizes`.

    Requests that find the stock empty are served before it is filled; at most `queue` of them wait.
    """

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Clock,
        *,
        sizes: Mapping[KeyKind, int],
        makers: int,
        queue: int,
    ) -> None:
        """Prepare; no key is made before `start`."""
        super().__init__(store, vault)
        self._clock = clock
        self._sizes = sizes
        self._queue = queue
        self._free: dict[KeyKind, deque[int]] = {kind: deque() for kind in KeyKind}
        self._demand: deque[Wanted] = deque()
        self._coming: Counter[KeyKind] = Counter()
        self._change = threading.Condition()
        self._stopping = False
        self._failures = Failures()
        self._makers = [
            threading.Thread(target=self._work, name=f"key maker {number}", daemon=True)
            for number in range(1, makers + 1)
        ]
        for stocked in store.read(lambda unit: unit.key_stock.where()):
            self._free[KeyKind[stocked.kind]].append(stocked.stock_id)

    def start(self) -> None:
        """Start filling the stock."""
        for maker in self._makers:
            maker.start()

    def stop(self) -> None:
        """Finish the keys in progress, and tell waiting requests that they get none."""
        with self._change:
            self._stopping = True
            self._change.notify_all()
        for maker in self._makers:
            maker.join()
        self._refuse_waiting(KeysBusy())

    @property
    def alive(self) -> bool:
        """Whether all makers are running."""
        return all(maker.is_alive() for maker in self._makers)

    @property
    def trouble(self) -> str:
        """Why no key can be made; empty if keys can be made."""
        reason = self._failures.standing(time.monotonic())
        return f"no key can be made: {reason}" if reason else ""

    def ready(self) -> dict[KeyKind, int]:
        """Return how many keys of each kind are in stock."""
        with self._change:
            return {kind: len(free) for kind, free in self._free.items()}

    def take(self, kind: KeyKind) -> int | None:
        """Return the number of a free key, which is not free any more; None if there is none."""
        with self._change:
            self._change.notify()
            return self._free[kind].popleft() if self._free[kind] else None

    def give_back(self, kind: KeyKind, stock_id: int) -> None:
        """Make a key free again."""
        with self._change:
            self._free[kind].append(stock_id)

    def used(self, stock_id: int) -> None:
        """Do nothing: a key that was taken is remembered nowhere."""

    def order(self, kind: KeyKind) -> Future[None]:
        """Have a key made before the stock is filled; see `KeyLender`."""
        with self._change:
            if len(self._demand) >= self._queue or self._stopping:
                raise KeysBusy
            wanted = Wanted(kind, Future())
            self._demand.append(wanted)
            self._change.notify()
            return wanted.made

    def _work(self) -> None:
        step_back()
        use_all_cores()
        while (wanted := self._next()) is not None:
            # The request may have stopped waiting; one that still waits now is served.
            if wanted.made.set_running_or_notify_cancel():
                self._serve(wanted)
            with self._change:
                self._coming[wanted.kind] -= 1

    def _serve(self, wanted: Wanted) -> None:
        try:
            self.give_back(wanted.kind, self._make(wanted.kind))
        except Exception as error:
            if self._failures.failed(error, time.monotonic()):
                log.exception("the desk could not make a key")
            wanted.made.set_exception(error)
            # Each waiting request would meet the same failure, one pause after the other.
            self._refuse_waiting(error)
            self._pause()
        else:
            self._failures.succeeded()
            wanted.made.set_result(None)

    def _refuse_waiting(self, error: Exception) -> None:
        """Fail all requests that wait for a key."""
        with self._change:
            waiting = list(self._demand)
            self._demand.clear()
        for wanted in waiting:
            if wanted.made.set_running_or_notify_cancel():
                wanted.made.set_exception(error)

    def _next(self) -> Wanted | None:
        """Wait until a key is wanted: by a request first, then by the stock."""
        with self._change:
            while not self._stopping:
                wanted = self._demand.popleft() if self._demand else self._shortage()
                if wanted is not None:
                    self._coming[wanted.kind] += 1
                    return wanted
                self._change.wait()
            return None

    def _shortage(self) -> Wanted | None:
        for kind, size in self._sizes.items():
            if len(self._free[kind]) + self._coming[kind] < size:
                return Wanted(kind, Future())
        return None

    def _make(self, kind: KeyKind) -> int:
        key = keys.generate(kind)
        spki = keys.spki_sha256(key.public_key())
        sealed = self._vault.seal(Secret(keys.private_key_pem(key)), place_of(spki))
        stocked = StockedKey(
            kind=kind.name, spki_sha256=spki, sealed=sealed, created_at=self._clock.now()
        )
        return self._store.write(lambda unit: unit.key_stock.add(stocked)).stock_id

    def _pause(self) -> None:
        with self._change:
            self._change.wait_for(lambda: self._stopping, PAUSE_SECONDS)
