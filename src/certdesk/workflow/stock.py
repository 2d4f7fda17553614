"""Private keys made ahead of need, and made on the spot when there are none.

An RSA key costs 50 ms to a second of CPU; a submission that finds one ready costs none of that.
The stock is in the database, sealed for the desk; which of its keys are free is known here.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certdesk.domain import keys
from certdesk.domain.keys import KeyKind, PrivateKey
from certdesk.domain.records import StockedKey
from certdesk.domain.secret import Secret
from certdesk.ports import DESK, Clock, KeysBusy, Place, ReadyKey, Store, Unit, Vault
from certdesk.workflow.repeating import Repeating

REFILL_SECONDS = 60


class KeyStock:
    """`ports.Keys` from a stock that a background thread keeps filled to `sizes`.

    `makers` keys are made at once on the spot, and `queue` more may wait for it.
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
        """Know what is in stock; nothing is made before `start`."""
        self._store = store
        self._vault = vault
        self._clock = clock
        self._sizes = sizes
        self._room = threading.Semaphore(makers + queue)
        self._making = threading.Semaphore(makers)
        self._free: dict[KeyKind, deque[int]] = {kind: deque() for kind in KeyKind}
        self._filling = Repeating("key stock", self._fill, REFILL_SECONDS)
        self._stopping = threading.Event()
        for stocked in store.read(lambda unit: unit.key_stock.where()):
            self._free[KeyKind[stocked.kind]].append(stocked.stock_id)

    def start(self) -> None:
        """Begin to fill the stock."""
        self._filling.start()

    def stop(self) -> None:
        """Stop filling, after the key in hand."""
        self._stopping.set()
        self._filling.stop()

    @contextlib.contextmanager
    def lend(self, kind: KeyKind) -> Iterator[ReadyKey]:
        """Lend a key; see `ports.Keys`."""
        ready = self._from_stock(kind) or ReadyKey(self._make(kind), None)
        try:
            yield ready
        except BaseException:
            if ready.stock_id is not None:
                self._free[kind].append(ready.stock_id)
            raise
        finally:
            self._filling.wake()

    def _from_stock(self, kind: KeyKind) -> ReadyKey | None:
        while True:
            try:
                stock_id = self._free[kind].popleft()
            except IndexError:
                return None
            stocked = self._stocked(stock_id)
            if stocked is not None:
                pem = self._vault.open(stocked.sealed, _place(stocked.spki_sha256))
                return ReadyKey(_load(pem), stock_id)

    def _stocked(self, stock_id: int) -> StockedKey | None:
        return self._store.read(lambda unit: unit.key_stock.get(stock_id))

    def _make(self, kind: KeyKind) -> PrivateKey:
        if not self._room.acquire(blocking=False):
            raise KeysBusy
        try:
            with self._making:
                return keys.generate(kind)
        finally:
            self._room.release()

    def _fill(self) -> None:
        for kind in sorted(self._sizes, key=lambda kind: kind.name):
            while len(self._free[kind]) < self._sizes[kind] and not self._stopping.is_set():
                self._free[kind].append(self._store.write(self._new(kind)).stock_id)

    def _new(self, kind: KeyKind) -> Callable[[Unit], StockedKey]:
        key = keys.generate(kind)
        spki = keys.spki_sha256(key.public_key())
        sealed = self._vault.seal(Secret(keys.private_key_pem(key)), _place(spki))
        stocked = StockedKey(
            kind=kind.name, spki_sha256=spki, sealed=sealed, created_at=self._clock.now()
        )
        return lambda unit: unit.key_stock.add(stocked)


def _place(spki_sha256: bytes) -> Place:
    return Place(uin=DESK, table="key_stock", row=spki_sha256.hex(), column="sealed")


def _load(pem: Secret) -> PrivateKey:
    """Read a key that this program made; its arithmetic was checked then."""
    key = load_pem_private_key(pem.reveal(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, PrivateKey):
        msg = "the stock holds RSA and ECC keys only"
        raise TypeError(msg)
    return key
