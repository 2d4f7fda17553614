"""Lending keys from the stock, wherever it is known which of them are free."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Iterator
from concurrent.futures import Future

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certdesk.domain.pki.records import StockedKey
from certdesk.domain.values.keys import KeyKind, PrivateKey
from certdesk.domain.values.secret import Secret
from certdesk.ports import DESK, KeyUsedUp, Pending, Place, ReadyKey, Store, Vault


class KeyLender(abc.ABC):
    """`ports.Keys`, from numbers of stocked keys that a subclass has."""

    def __init__(self, store: Store, vault: Vault) -> None:
        """Read keys from `store`, and open them with `vault`."""
        self._store = store
        self._vault = vault

    @abc.abstractmethod
    def take(self, kind: KeyKind) -> int | None:
        """Return the number of a free key, which is not free any more; None if there is none."""

    @abc.abstractmethod
    def give_back(self, kind: KeyKind, stock_id: int) -> None:
        """Make a key free again."""

    @abc.abstractmethod
    def used(self, stock_id: int) -> None:
        """Note that a key that was taken is used up."""

    @abc.abstractmethod
    def order(self, kind: KeyKind) -> Future[None]:
        """Have a key made, and return what is done when it is free.

        Raises:
            KeysBusy: too many are waiting for a key. Where another process makes the keys, the
                future has this error instead.
        """

    @contextlib.contextmanager
    def lend(self, kind: KeyKind) -> Iterator[ReadyKey]:
        """Lend a key; see `ports.Keys`."""
        ready = self._from_stock(kind)
        if ready is None:
            raise Pending(self.order(kind))
        try:
            yield ready
        except KeyUsedUp:
            self.used(ready.stock_id)
            raise
        except BaseException:
            self.give_back(kind, ready.stock_id)
            raise
        self.used(ready.stock_id)

    def _from_stock(self, kind: KeyKind) -> ReadyKey | None:
        while (stock_id := self.take(kind)) is not None:
            stocked = self._stocked(stock_id)
            # Another process may have used the key already.
            if stocked is not None:
                pem = self._vault.open(stocked.sealed, place_of(stocked.spki_sha256))
                return ReadyKey(_load(pem), stock_id)
            self.used(stock_id)
        return None

    def _stocked(self, stock_id: int) -> StockedKey | None:
        return self._store.read(lambda unit: unit.key_stock.get(stock_id))


def place_of(spki_sha256: bytes) -> Place:
    """Return the place of a stocked key in the database."""
    return Place(uin=DESK, table="key_stock", row=spki_sha256.hex(), column="sealed")


def _load(pem: Secret) -> PrivateKey:
    """Load a key that this program made, whose consistency was checked then."""
    key = load_pem_private_key(pem.reveal(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, PrivateKey):
        msg = "the stock holds RSA and ECC keys only"
        raise TypeError(msg)
    return key
