"""Private keys for orders."""

from __future__ import annotations

import contextlib
from typing import Protocol

from certdesk.domain.errors import FailedOperation
from certdesk.domain.values.keys import KeyKind, PrivateKey
from certdesk.domain.values.record import Record
from certdesk.ports.collections import Stale


class ReadyKey(Record):
    """A private key for an order; `stock_id` is its number in the stock."""

    private_key: PrivateKey
    stock_id: int


class KeyUsedUp(Stale):
    """Another process has used the key that was lent; ask for another one."""


class KeysBusy(FailedOperation):
    """The queue for new keys is full: another one would have to wait too long."""

    def __init__(self) -> None:
        """Say what helps."""
        super().__init__("The desk is making too many keys. Try again in a minute, or send a CSR.")


class Keys(Protocol):
    """Private keys when one is needed."""

    def lend(self, kind: KeyKind) -> contextlib.AbstractContextManager[ReadyKey]:
        """Lend a key from the stock.

        The borrower removes `stock_id` from the stock in the transaction that stores the key, and
        raises `KeyUsedUp` if it is not there any more. If the context ends with any other
        exception, the key goes back to the stock.

        Raises:
            Pending: the stock is empty; one is being made, or waiting for it raises `KeysBusy`.
            KeysBusy: the stock is empty and the queue for new keys is full.
        """
        ...
